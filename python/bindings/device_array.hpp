#pragma once
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <kousei/cuda/device.hpp>
#include <kousei/cuda/execution.hpp>

#include "checks.hpp"
#include "gil.hpp"

namespace kousei::python {

/// A C-contiguous array in CUDA memory, borrowed.
struct DeviceView {
    std::uintptr_t pointer = 0;
    std::vector<std::int64_t> extents;
    std::string dtype;  ///< kind and bytes as in a typestr, "f4"
    bool read_only = false;
    pybind11::object owner;  ///< keeps the memory alive as long as the view lives

    /// From __cuda_array_interface__ (version 2 or 3) or, without it, __dlpack__. What the producer has enqueued
    /// on a stream of its own is waited for by `stream`, never by the host.
    static DeviceView borrow(const std::string& name, const pybind11::object& source, std::uintptr_t stream);

    /// A complex array as real pairs, one axis more.
    DeviceView as_real() const;
};

/// Throws ValueError where a view has elements and no pointer, or extents that cannot be.
void require_memory(const std::string& name, const DeviceView& view);

/// A DeviceView whose elements are T.
template <class T>
class DeviceArray {
 public:
    /// Kind and bytes.
    static constexpr char dtype[] = {std::is_floating_point_v<T> ? 'f'
                                     : std::is_signed_v<T>       ? 'i'
                                                                 : 'u',
                                     static_cast<char>('0' + sizeof(T)), '\0'};

    DeviceView view;

    std::int64_t ndim() const { return static_cast<std::int64_t>(view.extents.size()); }
    std::int64_t shape(std::int64_t axis) const { return view.extents.at(static_cast<std::size_t>(axis)); }
    const T* data() const { return reinterpret_cast<const T*>(view.pointer); }
    T* mutable_data() const {
        if (view.read_only) throw pybind11::value_error("out is read-only; a writeable array is accepted");
        return reinterpret_cast<T*>(view.pointer);
    }
};

/// Where a kernel runs, and what gives it scratch memory: a callable that takes bytes and returns an Array, or None.
struct Launch {
    Cuda cuda;
    pybind11::object allocate;
};

}  // namespace kousei::python

namespace pybind11::detail {

template <class T>
struct type_caster<kousei::python::DeviceArray<T>> {
    PYBIND11_TYPE_CASTER(kousei::python::DeviceArray<T>, const_name("kousei._lib._core.cuda.Array"));

    bool load(handle source, bool) {
        if (!isinstance<kousei::python::DeviceView>(source)) return false;
        const auto& view = source.cast<const kousei::python::DeviceView&>();
        if (view.dtype != kousei::python::DeviceArray<T>::dtype) return false;
        value.view = view;
        return true;
    }
};

}  // namespace pybind11::detail

namespace kousei::python {

/// What the bindings need to know of CUDA memory.
struct DeviceSide {
    static constexpr bool readable = false;
    template <class T>
    using Array = DeviceArray<T>;
    using Execution = Launch;

    /// f(on, lend) on the device of `pointer`, without the GIL; lend(bytes) is a workspace, kept until f has
    /// returned.
    template <class F>
    static void run(const Launch& launch, const void* pointer, F&& f) {
        pybind11::object kept;
        without_gil([&] {
            std::optional<cuda::DeviceScope> scope;
            if (pointer) scope.emplace(cuda::device_of(pointer));
            f(launch.cuda, [&](std::int64_t bytes) {
                Workspace workspace;
                if (bytes == 0 || launch.allocate.is_none()) return workspace;
                with_gil([&] {
                    kept = launch.allocate(bytes);
                    pybind11::detail::make_caster<DeviceArray<std::uint8_t>> array;
                    if (!array.load(kept, false)) {
                        throw pybind11::type_error("allocate returned " + pybind11::repr(kept).cast<std::string>() +
                                                   "; an Array of u1 is accepted");
                    }
                    const DeviceArray<std::uint8_t>& bytes_of = array;
                    require_axes("workspace", bytes_of, 1);
                    workspace = {bytes_of.mutable_data(), bytes_of.shape(0)};
                });
                return workspace;
            });
        });
    }
};

}  // namespace kousei::python
