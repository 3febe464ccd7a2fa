#include <pybind11/native_enum.h>
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <new>
#include <string_view>

#include <kousei/activation.hpp>
#include <kousei/errors.hpp>
#include <kousei/funahashi.hpp>
#include <kousei/network_file.hpp>
#include <kousei/packed.hpp>
#include <kousei/rbm.hpp>
#include <kousei/ridgelet.hpp>
#include <kousei/threads.hpp>

#include "safetensors.hpp"
#include "submodules.hpp"

namespace py = pybind11;

// Free-threaded Python need not turn its GIL on: kernels run without it, and what they keep is of one thread or has
// a lock.
PYBIND11_MODULE(_core, m, py::mod_gil_not_used()) {
    m.doc() = "Compiled kernels of kousei; one submodule for each kind of memory.";
    m.attr("__version__") = KOUSEI_VERSION;
    // Now, and not at the first call: pybind11 gives the GIL away meanwhile, and a daemon thread that takes it back
    // at exit would end the process (see gil.hpp).
    py::detail::npy_api::get();
    py::register_exception<kousei::SizeError>(m, "SizeError", PyExc_ValueError).attr("__doc__") =
        "A network, grid or workspace has more elements than 64 bits can count.";
    py::register_exception<kousei::CudaError>(m, "CudaError", PyExc_RuntimeError).attr("__doc__") =
        "CUDA memory cannot be computed on: no build, driver or device for it, or an error of the CUDA runtime.";
    py::native_enum<kousei::Activation> activations(m, "Activation", "enum.Enum");
    py::list names;
    for (const std::string_view name : kousei::activation::names) {
        activations.value(name.data(), static_cast<kousei::Activation>(py::len(names)));
        names.append(name);
    }
    activations.value("repu", kousei::Activation::repu)
        .value("piecewise_linear", kousei::Activation::piecewise_linear)
        .value("homogeneous", kousei::Activation::homogeneous)
        .finalize();
    m.attr("activation_names") = py::tuple(names);
    m.attr("largest_power") = kousei::activation::largest_power;

    py::native_enum<kousei::funahashi::Method>(m, "FunahashiMethod", "enum.Enum")
        .value("dense", kousei::funahashi::Method::dense)
        .value("shared", kousei::funahashi::Method::shared)
        .value("window", kousei::funahashi::Method::window)
        .finalize();

    m.def(
        "funahashi_work",
        [](std::int64_t thresholds, double spacing, double delta, double alpha, kousei::Activation activation,
           std::int64_t merged, kousei::funahashi::Method method, bool single) {
            const auto work = [&]<class Real>(Real) {
                kousei::funahashi::View<Real> net{};
                net.threshold_count = thresholds, net.spacing = spacing, net.merged = merged;
                net.inverse_delta = static_cast<Real>(1 / delta), net.alpha = static_cast<Real>(alpha);
                net.activation = activation;
                return kousei::funahashi::work(net, method);
            };
            return single ? work(0.0F) : work(0.0);
        },
        py::arg("thresholds"), py::arg("spacing"), py::arg("delta"), py::arg("alpha"), py::arg("activation"),
        py::arg("merged"), py::arg("method"), py::arg("single"));
    m.attr("funahashi_table_degree") = kousei::funahashi::table_degree;
    m.def("num_threads", &kousei::num_threads);
    m.def("set_num_threads", &kousei::set_num_threads, py::arg("count"));
    m.def("instruction_set_name", &kousei::instruction_set_name);
    m.def("funahashi_unit_count", &kousei::funahashi::unit_count, py::arg("order"), py::arg("dim"),
          py::arg("thresholds"));
    m.def("packed_stride", &kousei::packed::stride_of, py::arg("columns"));
    m.attr("file_format") = kousei::file_format;
    m.attr("packed_few_points") = kousei::packed::few_points;
    m.attr("rbm_rows_of_sum") = kousei::rbm::rows_of_sum;
    m.attr("ridgelet_largest_power") = kousei::ridgelet::largest_power;

    kousei::python::bind_safetensors(m);

    py::module_ cpu = m.def_submodule("cpu", "Kernels for arrays in host memory.");
    kousei::python::bind_cpu(cpu);
#if defined(KOUSEI_WITH_CUDA)
    py::module_ cuda = m.def_submodule("cuda", "Kernels for arrays in CUDA memory.");
    kousei::python::bind_cuda(cuda);
#endif
}
