#pragma once
#include <kousei/network.hpp>

#include "checks.hpp"

namespace kousei::python {

template <class Real, class Array>
network::View<Real> network_view(const Array& weight, const Array& bias, const Array& coef, const Array& offset,
                                 Activation activation) {
    require_axes("weight", weight, 2);
    require_axes("coef", coef, 2);
    require_shape("bias", bias, {weight.shape(0)});
    require_shape("coef", coef, {coef.shape(0), weight.shape(0)});
    require_shape("offset", offset, {coef.shape(0)});
    return {weight.data(),   bias.data(),     coef.data(),   offset.data(),
            weight.shape(0), weight.shape(1), coef.shape(0), activation};
}

template <class Side, class Real>
void bind_network(pybind11::module_& m) {
    using namespace pybind11::literals;
    using Array = typename Side::template Array<Real>;
    m.def(
        "network_evaluate",
        [](const Array& weight, const Array& bias, const Array& coef, const Array& offset, Activation activation,
           const Array& x, Array& out, const typename Side::Execution& on) {
            const auto net = network_view<Real>(weight, bias, coef, offset, activation);
            run_on_points<Side>(x, net.dim, net.outputs, out, on,
                                [&](auto where, const Real* from, std::int64_t points, Real* to, auto lend) {
                                    network::evaluate(where, net, from, points, to,
                                                      lend(network::workspace_bytes(where, net, points)));
                                });
        },
        "weight"_a.noconvert(), "bias"_a.noconvert(), "coef"_a.noconvert(), "offset"_a.noconvert(), "activation"_a,
        "x"_a.noconvert(), "out"_a.noconvert(), "on"_a);
}

}  // namespace kousei::python
