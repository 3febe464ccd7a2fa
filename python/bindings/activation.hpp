#pragma once
#include <pybind11/stl.h>

#include <optional>
#include <tuple>
#include <vector>

#include <kousei/activation.hpp>

#include "checks.hpp"

namespace kousei::python {

/// (activation, units, count) of a part of a layer; see activation::Part.
using PartOf = std::tuple<Activation, std::int64_t, std::int64_t>;

/// The parts of a layer, whose parameters lie one after the other in `parameters`; `units`, all of them together.
template <class Real, class Array>
std::vector<activation::Part<Real>> parts_of(const std::vector<PartOf>& parts, const Array& parameters,
                                             std::int64_t units) {
    require_axes("parameters", parameters, 1);
    std::vector<activation::Part<Real>> views;
    std::int64_t total = 0, read = 0;
    for (const auto& [which, of_part, count] : parts) {
        constexpr std::int64_t most = std::int64_t{1} << 40;  // what is below it can be added up
        if (of_part < 0 || of_part > most || count < (which == Activation::repu ? 1 : 0) || count > most) {
            throw pybind11::value_error("a part has " + std::to_string(of_part) + " units and the count " +
                                        std::to_string(count) + "; sizes are accepted");
        }
        views.push_back({which, parameters.data() + read, count, of_part});
        total += of_part;
        read += activation::parameters_of(which, count, of_part);
    }
    if (total != units) {
        throw pybind11::value_error("the parts have " + std::to_string(total) + " units; " + std::to_string(units) +
                                    " are accepted");
    }
    require_shape("parameters", parameters, {read});
    return views;
}

template <class Side, class Real>
void bind_activation(pybind11::module_& m) {
    using namespace pybind11::literals;
    using Array = typename Side::template Array<Real>;
    m.def(
        "activation_apply",
        [](const std::vector<PartOf>& parts, const Array& parameters, const std::optional<Array>& bias,
           const Array& z, Array& out, const typename Side::Execution& on) {
            const Shape shape = shape_of(z);
            require_shape("out", out, shape);
            const std::int64_t units = shape.empty() ? 1 : shape.back(), count = size_of(shape);
            const auto views = parts_of<Real>(parts, parameters, units);
            if (bias) require_shape("bias", *bias, {units});
            const Real *const from = z.data(), *const added = bias ? bias->data() : nullptr;
            Real* const to = out.mutable_data();
            Side::run(on, from, [&](auto where, auto) {
                activation::apply(where, views.data(), static_cast<std::int64_t>(views.size()), added, from,
                                  units == 0 ? 0 : count / units, to);
            });
        },
        "parts"_a, "parameters"_a.noconvert(), "bias"_a.noconvert(), "z"_a.noconvert(), "out"_a.noconvert(), "on"_a);
}

}  // namespace kousei::python
