#include "activation.hpp"
#include "attribution.hpp"
#include "binary.hpp"
#include "equivariant.hpp"
#include "funahashi.hpp"
#include "host_array.hpp"
#include "ising.hpp"
#include "ising_clusters.hpp"
#include "ising_counts.hpp"
#include "layers.hpp"
#include "network.hpp"
#include "packed.hpp"
#include "rbm.hpp"
#include "recommend.hpp"
#include "ridgelet.hpp"
#include "submodules.hpp"

namespace py = pybind11;

namespace kousei::python {
namespace {

template <class Real>
void bind(py::module_& m) {
    bind_activation<HostSide, Real>(m);
    bind_network<HostSide, Real>(m);
    bind_funahashi<HostSide, Real>(m);
    bind_signs<HostSide, Real>(m);
    bind_packed_matmul<HostSide, Real>(m);
    bind_packed_interleave<Real>(m);
    bind_ridgelet<HostSide, Real>(m);
    bind_ridgelet_sums<HostSide, Real>(m);
    bind_equivariant<HostSide, Real>(m);
    bind_attribution<HostSide, Real>(m);
}

}  // namespace

void bind_cpu(py::module_& m) {
    py::class_<Cpu>(m, "Cpu", "On at most `threads` threads (0: as set by set_num_threads).")
        .def(py::init([](int threads) { return Cpu{threads, nullptr}; }), py::arg("threads") = 0);
    bind<float>(m);
    bind<double>(m);
    bind_signs<HostSide, std::int8_t>(m);
    bind_signs<HostSide, std::int16_t>(m);
    bind_signs<HostSide, std::int32_t>(m);
    bind_signs<HostSide, std::int64_t>(m);
    bind_packed_dot<HostSide>(m);
    bind_ising<HostSide>(m);
    bind_rbm<HostSide>(m);
    bind_rbm_sums(m);
    bind_recommend<HostSide>(m);
    bind_ridgelet_tabulate(m);
    bind_layers<float>(m, "Float32Layers");
    bind_layers<double>(m, "Float64Layers");
    bind_binary<float>(m, "Float32Binary");
    bind_binary<double>(m, "Float64Binary");
    bind_chain<std::uint16_t>(m);
    bind_chain<std::uint32_t>(m);
    bind_ising_clusters(m);
    bind_ising_counts<HostSide>(m);
    bind_least_squares<HostSide>(m);
}

}  // namespace kousei::python
