#pragma once
#include <kousei/activation.hpp>

#include "checks.hpp"

namespace kousei::python {

template <class Side, class Real>
void bind_activation(pybind11::module_& m) {
    using namespace pybind11::literals;
    using Array = typename Side::template Array<Real>;
    m.def(
        "activation_apply",
        [](Activation activation, const Array& z, Array& out, const typename Side::Execution& on) {
            require_shape("out", out, shape_of(z));
            const std::int64_t count = size_of(shape_of(z));
            const Real* from = z.data();
            Real* to = out.mutable_data();
            Side::run(on, from, [&](auto where, auto) { activation::apply(where, activation, from, count, to); });
        },
        "activation"_a, "z"_a.noconvert(), "out"_a.noconvert(), "on"_a);
}

}  // namespace kousei::python
