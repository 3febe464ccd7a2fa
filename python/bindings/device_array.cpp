#include "device_array.hpp"

#include <utility>

#include "checks.hpp"

namespace py = pybind11;

namespace kousei::python {
namespace {

/// The part of the DLPack 1.0 ABI that is read here (dmlc/dlpack, dlpack.h).
namespace dlpack {
enum DeviceType : std::int32_t { cuda = 2, cuda_managed = 13 };
struct Device {
    std::int32_t type;
    std::int32_t id;
};
struct DataType {
    std::uint8_t code;
    std::uint8_t bits;
    std::uint16_t lanes;
};
struct Tensor {
    void* data;
    Device device;
    std::int32_t ndim;
    DataType dtype;
    std::int64_t* shape;
    std::int64_t* strides;
    std::uint64_t byte_offset;
};
struct Managed {
    Tensor tensor;
    void* context;
    void (*deleter)(Managed*);
};
struct Versioned {
    std::uint32_t major;
    std::uint32_t minor;
    void* context;
    void (*deleter)(Versioned*);
    std::uint64_t flags;
    Tensor tensor;
};
constexpr std::uint64_t read_only_flag = 1;
}  // namespace dlpack

void require_contiguous(const std::string& name, const Shape& shape, const std::int64_t* strides, std::int64_t step) {
    if (size_of(shape) == 0) return;
    for (std::size_t axis = shape.size(); axis-- > 0;) {
        if (shape[axis] > 1 && strides[axis] != step) {
            throw py::value_error(name + " is not C-contiguous; a C-contiguous CUDA array is accepted");
        }
        step *= shape[axis];
    }
}

DeviceView from_interface(const std::string& name, const py::object& source, std::uintptr_t stream) {
    const py::dict face = source.attr("__cuda_array_interface__");
    const int version = face["version"].cast<int>();
    if (version < 2) {
        throw py::value_error(name + " has __cuda_array_interface__ version " + std::to_string(version) +
                              "; 2 and 3 are accepted");
    }
    if (face.contains("mask") && !face["mask"].is_none()) {
        throw py::type_error(name + " is masked; an array without a mask is accepted");
    }
    const auto typestr = face["typestr"].cast<std::string>();
    const bool digits = typestr.find_first_not_of("0123456789", 2) == std::string::npos;
    if (typestr.size() < 3 || typestr.size() > 4 || typestr[0] == '>' || !digits) {
        throw py::type_error(name + " has typestr " + typestr + "; little-endian numbers are accepted");
    }
    DeviceView view;
    view.owner = source;
    view.dtype = typestr.substr(1);
    view.extents = face["shape"].cast<Shape>();
    std::tie(view.pointer, view.read_only) = face["data"].cast<std::pair<std::uintptr_t, bool>>();
    require_memory(name, view);
    if (face.contains("strides") && !face["strides"].is_none()) {
        const auto strides = face["strides"].cast<Shape>();
        if (strides.size() != view.extents.size()) {
            throw py::value_error(name + " has " + std::to_string(strides.size()) + " strides and shape " +
                                  text(view.extents));
        }
        require_contiguous(name, view.extents, strides.data(), std::stoll(view.dtype.substr(1)));
    }
    if (version >= 3 && face.contains("stream") && !face["stream"].is_none()) {
        constexpr std::uintptr_t legacy = 1;
        const auto producer = face["stream"].cast<std::uintptr_t>();
        if (producer == 0) {
            throw py::value_error(name +
                                  " names stream 0, which __cuda_array_interface__ forbids; 1 is the legacy "
                                  "default stream, 2 the per-thread one");
        }
        if (producer != (stream == 0 ? legacy : stream) && view.pointer != 0) {
            const cuda::DeviceScope scope(cuda::device_of(reinterpret_cast<const void*>(view.pointer)));
            cuda::order_streams(producer, stream);
        }
    }
    return view;
}

template <class Owner>
const dlpack::Tensor& take(py::capsule& capsule, const char* used, DeviceView& view) {
    auto* owner = static_cast<Owner*>(PyCapsule_GetPointer(capsule.ptr(), capsule.name()));
    capsule.set_name(used);
    view.owner = py::capsule(owner, [](void* pointer) {
        auto* taken = static_cast<Owner*>(pointer);
        if (taken->deleter) taken->deleter(taken);
    });
    return owner->tensor;
}

DeviceView from_dlpack(const std::string& name, const py::object& source, std::uintptr_t stream) {
    using namespace py::literals;
    // In DLPack 1 is the legacy default stream and 0 is not allowed.
    const py::int_ consumer(stream == 0 ? 1 : stream);
    py::capsule capsule;
    try {
        capsule = source.attr("__dlpack__")("stream"_a = consumer, "max_version"_a = py::make_tuple(1, 0));
    } catch (py::error_already_set& error) {
        // Producers older than DLPack 1.0 do not know max_version.
        if (!error.matches(PyExc_TypeError)) throw;
        capsule = source.attr("__dlpack__")("stream"_a = consumer);
    }
    DeviceView view;
    const dlpack::Tensor* tensor = nullptr;
    if (PyCapsule_IsValid(capsule.ptr(), "dltensor_versioned")) {
        tensor = &take<dlpack::Versioned>(capsule, "used_dltensor_versioned", view);
        const auto* versioned = view.owner.cast<py::capsule>().get_pointer<dlpack::Versioned>();
        if (versioned->major != 1) {
            throw py::buffer_error(name + " speaks DLPack " + std::to_string(versioned->major) + "; 1 is accepted");
        }
        view.read_only = (versioned->flags & dlpack::read_only_flag) != 0;
    } else if (PyCapsule_IsValid(capsule.ptr(), "dltensor")) {
        tensor = &take<dlpack::Managed>(capsule, "used_dltensor", view);
    } else {
        throw py::type_error(name + " gave no DLPack capsule");
    }
    if (tensor->device.type != dlpack::cuda && tensor->device.type != dlpack::cuda_managed) {
        throw py::value_error(name + " is not in CUDA memory");
    }
    constexpr char kinds[] = {'i', 'u', 'f', 'V', 'V', 'c', 'b'};
    const auto [code, bits, lanes] = tensor->dtype;
    if (code >= sizeof kinds || lanes != 1 || bits % 8 != 0) {
        throw py::type_error(name + " has a DLPack dtype of code " + std::to_string(code) + ", " +
                             std::to_string(bits) + " bits, " + std::to_string(lanes) +
                             " lanes; float32 and float64 are accepted");
    }
    view.dtype = kinds[code] + std::to_string(bits / 8);
    view.extents.assign(tensor->shape, tensor->shape + tensor->ndim);
    view.pointer = reinterpret_cast<std::uintptr_t>(tensor->data) + tensor->byte_offset;
    if (size_of(view.extents) == 0) view.pointer = 0;
    require_memory(name, view);
    if (tensor->strides) require_contiguous(name, view.extents, tensor->strides, 1);
    return view;
}

}  // namespace

void require_memory(const std::string& name, const DeviceView& view) {
    if (size_of(view.extents) > 0 && view.pointer == 0) {
        throw py::value_error(name + " has a null pointer and shape " + text(view.extents));
    }
}

DeviceView DeviceView::borrow(const std::string& name, const py::object& source, std::uintptr_t stream) {
    if (py::isinstance<DeviceView>(source)) return source.cast<DeviceView>();
    if (py::hasattr(source, "__cuda_array_interface__")) return from_interface(name, source, stream);
    if (py::hasattr(source, "__dlpack__")) return from_dlpack(name, source, stream);
    throw py::type_error(name + " was " + py::str(py::type::of(source)).cast<std::string>() +
                         "; an object with __cuda_array_interface__ or __dlpack__ is accepted");
}

DeviceView DeviceView::as_real() const {
    DeviceView pairs = *this;
    if (dtype == "c8") {
        pairs.dtype = "f4";
    } else if (dtype == "c16") {
        pairs.dtype = "f8";
    } else {
        throw py::type_error("an array of dtype " + dtype + " is not complex");
    }
    pairs.extents.push_back(2);
    return pairs;
}

}  // namespace kousei::python
