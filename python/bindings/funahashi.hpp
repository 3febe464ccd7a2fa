#pragma once
#include <kousei/funahashi.hpp>

#include "checks.hpp"

namespace kousei::python {

template <class Real, class Array>
funahashi::View<Real> funahashi_view(const Array& frequencies, const Array& amplitudes, const Array& thresholds,
                                     const Array& phases, const Array& center, Real delta, Real alpha,
                                     Activation activation) {
    require_axes("frequencies", frequencies, 2);
    require_axes("thresholds", thresholds, 1);
    require_shape("amplitudes", amplitudes, {frequencies.shape(0), 2});
    require_shape("phases", phases, {thresholds.shape(0), 2});
    require_shape("center", center, {frequencies.shape(1)});
    return {frequencies.data(),  amplitudes.data(),
            thresholds.data(),   phases.data(),
            center.data(),       frequencies.shape(0),
            thresholds.shape(0), frequencies.shape(1),
            1 / delta,           alpha,
            activation};
}

template <class Side, class Real>
void bind_funahashi(pybind11::module_& m) {
    using namespace pybind11::literals;
    using Array = typename Side::template Array<Real>;
    m.def(
        "funahashi_evaluate",
        [](const Array& frequencies, const Array& amplitudes, const Array& thresholds, const Array& phases,
           const Array& center, Real delta, Real alpha, Activation activation, const Array& x, Array& out,
           const typename Side::Execution& on) {
            const auto net =
                funahashi_view(frequencies, amplitudes, thresholds, phases, center, delta, alpha, activation);
            const Shape batch = batch_of("x", x, net.dim);
            require_shape("out", out, batch);
            const std::int64_t points = size_of(batch);
            const Real* from = x.data();
            Real* to = out.mutable_data();
            Side::run(on, from, [&](auto where, auto lend) {
                funahashi::evaluate(where, net, from, points, to,
                                    lend(funahashi::workspace_bytes(where, net, points)));
            });
        },
        "frequencies"_a.noconvert(), "amplitudes"_a.noconvert(), "thresholds"_a.noconvert(), "phases"_a.noconvert(),
        "center"_a.noconvert(), "delta"_a, "alpha"_a, "activation"_a, "x"_a.noconvert(), "out"_a.noconvert(), "on"_a);
    m.def(
        "funahashi_bump_transform",
        [](Activation activation, Real delta, Real alpha, const Array& omega, Array& out,
           const typename Side::Execution& on) {
            require_shape("out", out, shape_of(omega));
            const std::int64_t count = size_of(shape_of(omega));
            const Real* from = omega.data();
            Real* to = out.mutable_data();
            Side::run(on, from, [&](auto where, auto) {
                funahashi::bump_transform(where, activation, delta, alpha, from, count, to);
            });
        },
        "activation"_a, "delta"_a, "alpha"_a, "omega"_a.noconvert(), "out"_a.noconvert(), "on"_a);
}

}  // namespace kousei::python
