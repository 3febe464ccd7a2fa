#include <kousei/cuda/activation.hpp>
#include <kousei/cuda/device.hpp>
#include <kousei/cuda/funahashi.hpp>
#include <kousei/cuda/network.hpp>

#include "activation.hpp"
#include "device_array.hpp"
#include "funahashi.hpp"
#include "network.hpp"
#include "submodules.hpp"

namespace py = pybind11;

namespace kousei::python {
namespace {

template <class Real>
void bind(py::module_& m) {
    bind_activation<DeviceSide, Real>(m);
    bind_network<DeviceSide, Real>(m);
    bind_funahashi<DeviceSide, Real>(m);
}

}  // namespace

void bind_cuda(py::module_& m) {
    m.doc() = R"(Kernels for arrays in CUDA memory: the low-level route.

A kernel takes borrowed arrays, `Array(pointer, shape, dtype)` or `Array.borrow(name, object, stream)`, and a
launch, `Cuda(stream, workspace)`; it enqueues on the stream and returns. The caller keeps the memory alive until the stream
has passed the kernel. `workspace_bytes(...)` tells how much scratch memory the sum over hidden units needs.

    w, b, c, o, x, out = (Array(pointer, shape, "f4") for pointer, shape in ...)
    scratch = Array(pointer, (workspace_bytes(units, dim, 1, points),), "u1")
    network_evaluate(w, b, c, o, Activation.logistic, x, out, Cuda(stream, scratch)))";
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
        .def(py::init([](std::uintptr_t stream, std::optional<DeviceArray<std::uint8_t>> workspace, bool fast) {
                 return Launch{{stream, fast ? Precision::fast : Precision::full}, std::move(workspace)};
             }),
             py::arg("stream") = 0, py::arg("workspace") = py::none(), py::arg("fast") = false);

    m.def(
        "workspace_bytes",
        [](std::int64_t units, std::int64_t dim, std::int64_t outputs, std::int64_t points) {
            const network::View<float> net{nullptr, nullptr, nullptr, nullptr, units, dim, outputs, Activation::relu};
            return network::workspace_bytes(Cuda{}, net, points);
        },
        py::arg("units"), py::arg("dim"), py::arg("outputs"), py::arg("points"));
    bind<float>(m);
    bind<double>(m);
}

}  // namespace kousei::python
