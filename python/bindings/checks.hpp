#pragma once
#include <pybind11/pybind11.h>

#include <cstdint>
#include <string>
#include <vector>

#include <kousei/sizes.hpp>

namespace kousei::python {

using Shape = std::vector<std::int64_t>;

inline std::string text(const Shape& shape) {
    std::string s = "(";
    for (std::size_t axis = 0; axis < shape.size(); ++axis) s += (axis ? ", " : "") + std::to_string(shape[axis]);
    return s + (shape.size() == 1 ? ",)" : ")");
}

template <class Array>
Shape shape_of(const Array& array) {
    Shape shape;
    for (std::int64_t axis = 0; axis < array.ndim(); ++axis) shape.push_back(array.shape(axis));
    return shape;
}

template <class Array>
void require_axes(const char* name, const Array& array, std::int64_t axes) {
    if (array.ndim() == axes) return;
    throw pybind11::value_error(std::string(name) + " has shape " + text(shape_of(array)) + "; " +
                                std::to_string(axes) + " axes are accepted");
}

/// Kernels read and write by these extents: an array that is shorter would be read past its end.
template <class Array>
void require_shape(const char* name, const Array& array, const Shape& wanted) {
    if (shape_of(array) == wanted) return;
    throw pybind11::value_error(std::string(name) + " has shape " + text(shape_of(array)) + "; " + text(wanted) +
                                " is accepted");
}

/// Shape (...) of points (..., dim).
template <class Array>
Shape batch_of(const char* name, const Array& points, std::int64_t dim) {
    Shape shape = shape_of(points);
    if (shape.empty() || shape.back() != dim) {
        throw pybind11::value_error(std::string(name) + " has shape " + text(shape) + "; (..., " +
                                    std::to_string(dim) + ") is accepted");
    }
    shape.pop_back();
    return shape;
}

inline std::int64_t size_of(const Shape& shape) {
    std::int64_t size = 1;
    for (const std::int64_t extent : shape) size = checked_mul(size, extent);
    return size;
}

/// f(where, from, points, to, lend) with the points x (..., dim) and values out (...), or (..., outputs) where there
/// are several, on the side of the arrays; lend(bytes) is a workspace.
template <class Side, class Array, class F>
void run_on_points(const Array& x, std::int64_t dim, std::int64_t outputs, Array& out,
                   const typename Side::Execution& on, F&& f) {
    Shape batch = batch_of("x", x, dim);
    const std::int64_t points = size_of(batch);
    if (outputs != 1) batch.push_back(outputs);
    require_shape("out", out, batch);
    const auto* from = x.data();
    auto* to = out.mutable_data();
    Side::run(on, from, [&](auto where, auto lend) { f(where, from, points, to, lend); });
}

}  // namespace kousei::python
