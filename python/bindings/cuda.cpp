#include <kousei/cuda/activation.hpp>
#include <kousei/cuda/attribution.hpp>
#include <kousei/cuda/device.hpp>
#include <kousei/cuda/equivariant.hpp>
#include <kousei/cuda/funahashi.hpp>
#include <kousei/cuda/graph.hpp>
#include <kousei/cuda/ising.hpp>
#include <kousei/cuda/ising_counts.hpp>
#include <kousei/cuda/jet.hpp>
#include <kousei/cuda/network.hpp>
#include <kousei/cuda/packed.hpp>
#include <kousei/cuda/rbm.hpp>
#include <kousei/cuda/recommend.hpp>
#include <kousei/cuda/ridgelet.hpp>

#include "activation.hpp"
#include "attribution.hpp"
#include "device_array.hpp"
#include "equivariant.hpp"
#include "funahashi.hpp"
#include "ising.hpp"
#include "ising_counts.hpp"
#include "network.hpp"
#include "packed.hpp"
#include "rbm.hpp"
#include "recommend.hpp"
#include "ridgelet.hpp"
#include "submodules.hpp"

namespace py = pybind11;

namespace kousei::python {
namespace {

/// A graph and its device.
class RecordedWork {
 public:
    RecordedWork(int device, const py::function& enqueue) : device_(device) {
        const cuda::DeviceScope scope(device_);
        graph_.emplace([&](std::uintptr_t stream) { enqueue(stream); });
    }
    void launch(std::uintptr_t stream) const {
        // A stream that is far behind makes a launch wait.
        without_gil([&] {
            const cuda::DeviceScope scope(device_);
            graph_->launch(stream);
        });
    }

 private:
    int device_;
    std::optional<cuda::Graph> graph_;
};

template <class Real>
void bind_fourier_sum(py::module_& m) {
    using namespace pybind11::literals;
    using Array = DeviceArray<Real>;
    m.def(
        "funahashi_fourier_sum",
        [](const Array& values, const Array& angles, Array& out, const Launch& on) {
            const Shape shape = shape_of(values);
            const auto dim = static_cast<std::int64_t>(shape.size()) - 1;
            if (dim < 1 || dim > 3 || shape.back() != 2) {
                throw py::value_error("values has shape " + text(shape) + "; (..., 2), 1 to 3 axes, is accepted");
            }
            if (size_of(shape) == 0)
                throw py::value_error("values has shape " + text(shape) + "; no axis of 0 is accepted");
            funahashi::Grid<Real> grid{values.data(), {1, 1, 1}};
            std::copy_n(shape.begin(), dim, grid.extents + 3 - dim);
            Shape batch = batch_of("angles", angles, dim);
            const std::int64_t points = size_of(batch);
            batch.push_back(2);
            require_shape("out", out, batch);
            const Real* from = angles.data();
            Real* to = out.mutable_data();
            DeviceSide::run(on, from, [&](Cuda where, auto lend) {
                funahashi::fourier_sum(where, grid, from, points, dim, to,
                                       lend(funahashi::workspace_bytes(where, grid, points)));
            });
        },
        "values"_a.noconvert(), "angles"_a.noconvert(), "out"_a.noconvert(), "on"_a);
}

template <class Real>
void bind_layer(py::module_& m) {
    using namespace pybind11::literals;
    using Array = DeviceArray<Real>;
    m.def(
        "network_layer",
        [](const Array& weight, const Array& bias, const std::vector<PartOf>& parts, const Array& parameters,
           const Array& x, Array& out, const Launch& on) {
            require_axes("weight", weight, 2);
            const std::int64_t units = weight.shape(0), inputs = weight.shape(1);
            require_shape("bias", bias, {units});
            const auto views =
                parts.empty() ? std::vector<activation::Part<Real>>{} : parts_of<Real>(parts, parameters, units);
            const network::Layer<Real> layer{weight.data(), bias.data(), units, inputs, views};
            require_axes("x", x, 2);
            require_shape("x", x, {x.shape(0), inputs});
            require_shape("out", out, {x.shape(0), units});
            const Real* from = x.data();
            Real* to = out.mutable_data();
            DeviceSide::run(on, from,
                            [&](Cuda where, auto) { network::evaluate(where, layer, from, x.shape(0), to); });
        },
        "weight"_a.noconvert(), "bias"_a.noconvert(), "parts"_a, "parameters"_a.noconvert(), "x"_a.noconvert(),
        "out"_a.noconvert(), "on"_a);
}

template <class Real>
void bind_derive(py::module_& m) {
    using namespace pybind11::literals;
    using Array = DeviceArray<Real>;
    m.def(
        "network_derive",
        [](const std::vector<PartOf>& parts, const Array& parameters, const Array& bias, Array& streams,
           bool laplacian, const Launch& on) {
            require_axes("streams", streams, 3);
            const std::int64_t count = streams.shape(0), points = streams.shape(1), units = streams.shape(2);
            const std::int64_t directions = count - (laplacian ? 2 : 1);
            if (directions < 0) {
                throw py::value_error("streams has shape " + text(shape_of(streams)) + "; (" +
                                      (laplacian ? "2" : "1") + " or more, points, units) is accepted");
            }
            const auto views = parts_of<Real>(parts, parameters, units);
            require_shape("bias", bias, {units});
            const Real* const added = bias.data();
            Real* const to = streams.mutable_data();
            DeviceSide::run(on, to, [&](Cuda where, auto) {
                network::derive<Real>(where, views, added, to, points, directions, laplacian);
            });
        },
        "parts"_a, "parameters"_a.noconvert(), "bias"_a.noconvert(), "streams"_a.noconvert(), "laplacian"_a, "on"_a);
}

template <class Real>
void bind(py::module_& m) {
    bind_activation<DeviceSide, Real>(m);
    bind_network<DeviceSide, Real>(m);
    bind_funahashi<DeviceSide, Real>(m);
    bind_fourier_sum<Real>(m);
    bind_layer<Real>(m);
    bind_derive<Real>(m);
    bind_signs<DeviceSide, Real>(m);
    bind_packed_matmul<DeviceSide, Real>(m);
    bind_ridgelet<DeviceSide, Real>(m);
    bind_ridgelet_sums<DeviceSide, Real>(m);
    bind_equivariant<DeviceSide, Real>(m);
    bind_attribution<DeviceSide, Real>(m);
}

}  // namespace

void bind_cuda(py::module_& m) {
    m.doc() = R"(Kernels for arrays in CUDA memory: the low-level route.

A kernel takes borrowed arrays, `Array(pointer, shape, dtype)` or `Array.borrow(name, object, stream)`, and a
launch, `Cuda(stream, allocate)`; it enqueues on the stream and returns. The caller keeps the memory alive until the
stream has passed the kernel. `allocate(bytes)` returns scratch memory, an Array of "u1".

    w, b, c, o, x, out = (Array(pointer, shape, "f4") for pointer, shape in ...)
    network_evaluate(w, b, c, o, Activation.logistic, x, out, Cuda(stream, allocate)))";
    m.def("runtime_version", &cuda::runtime_version);
    m.def("driver_version", &cuda::driver_version);
    m.def("device_count", &cuda::device_count);
    m.def("device_name", &cuda::device_name, py::arg("device"));
    m.def(
        "device_of", [](std::uintptr_t pointer) { return cuda::device_of(reinterpret_cast<const void*>(pointer)); },
        py::arg("pointer"));

    py::class_<DeviceView>(m, "Array", "A C-contiguous array in CUDA memory, borrowed.")
        .def(py::init([](std::uintptr_t pointer, std::vector<std::int64_t> shape, std::string dtype, bool read_only) {
                 DeviceView view{pointer, std::move(shape), std::move(dtype), read_only, py::none()};
                 require_memory("array", view);
                 return view;
             }),
             py::arg("pointer"), py::arg("shape"), py::arg("dtype"), py::arg("read_only") = false)
        .def_static("borrow", &DeviceView::borrow, py::arg("name"), py::arg("source"), py::arg("stream") = 0)
        .def("as_real", &DeviceView::as_real)
        .def_readonly("pointer", &DeviceView::pointer)
        .def_readonly("dtype", &DeviceView::dtype)
        .def_readonly("read_only", &DeviceView::read_only)
        .def_property_readonly("shape", [](const DeviceView& view) { return py::tuple(py::cast(view.extents)); });

    py::class_<Launch>(m, "Cuda", "On `stream`, with scratch memory; `fast` allows approximate float32 activations.")
        .def(py::init([](std::uintptr_t stream, py::object allocate, bool fast) {
                 return Launch{{stream, fast ? Precision::fast : Precision::full}, std::move(allocate)};
             }),
             py::arg("stream") = 0, py::arg("allocate") = py::none(), py::arg("fast") = false);

    py::class_<RecordedWork>(
        m, "Graph",
        "What `enqueue(stream)` puts on that stream, recorded for a device. The caller keeps the "
        "memory alive, that from `allocate` too, as long as the graph is launched.")
        .def(py::init<int, const py::function&>(), py::arg("device"), py::arg("enqueue"))
        .def("launch", &RecordedWork::launch, py::arg("stream"));

    bind<float>(m);
    bind<double>(m);
    bind_signs<DeviceSide, std::int8_t>(m);
    bind_signs<DeviceSide, std::int16_t>(m);
    bind_signs<DeviceSide, std::int32_t>(m);
    bind_signs<DeviceSide, std::int64_t>(m);
    bind_ising<DeviceSide>(m);
    bind_packed_dot<DeviceSide>(m);
    bind_ising_counts<DeviceSide>(m);
    bind_least_squares<DeviceSide>(m);
    bind_rbm<DeviceSide>(m);
    bind_recommend<DeviceSide>(m);
}

}  // namespace kousei::python
