#pragma once
#include <stdexcept>

#include <kousei/activation.hpp>
#include <kousei/math/arctan.hpp>
#include <kousei/math/erf.hpp>
#include <kousei/math/formula.hpp>
#include <kousei/math/gelu.hpp>
#include <kousei/math/logistic.hpp>
#include <kousei/math/relu.hpp>
#include <kousei/math/silu.hpp>
#include <kousei/math/softplus.hpp>
#include <kousei/math/tanh.hpp>

namespace kousei::activation {

/// Whether the units of a kind of network apply the derivative of its activation instead.
template <class Net>
inline constexpr bool is_of_derivatives = false;

/// Whether a kind of network has bounded activations alone: for the others nothing is compiled.
template <class Net>
inline constexpr bool is_of_bounded = false;

/// Calls f with the formula of a bounded activation: f(math::Logistic{}), ...
template <class F>
decltype(auto) with_bounded_formula(Activation activation, F&& f) {
    switch (activation) {
        case Activation::logistic:
            return f(math::Logistic{});
        case Activation::tanh:
            return f(math::Tanh{});
        case Activation::erf:
            return f(math::Erf{});
        case Activation::arctan:
            return f(math::Arctan{});
        default:
            throw std::invalid_argument("activation is not bounded; logistic, tanh, erf and arctan are accepted");
    }
}

/// The same for every activation without parameters.
template <class F>
decltype(auto) with_formula(Activation activation, F&& f) {
    switch (activation) {
        case Activation::relu:
            return f(math::Relu{});
        case Activation::gelu:
            return f(math::Gelu{});
        case Activation::silu:
            return f(math::Silu{});
        case Activation::softplus:
            return f(math::Softplus{});
        case Activation::repu:
        case Activation::piecewise_linear:
        case Activation::homogeneous:
            throw std::invalid_argument("activation has parameters; one without is accepted");
        default:
            return with_bounded_formula(activation, f);
    }
}

}  // namespace kousei::activation
