#pragma once
#include <type_traits>

#include <kousei/activation_unit.hpp>
#include <kousei/cuda/execution.hpp>

namespace kousei::cuda {

/// Relative error 2^-11 in device code; elsewhere exact.
KOUSEI_HD inline float approximate_tanh(float x) {
#if defined(__CUDA_ARCH__)
    float result;
    asm("tanh.approx.f32 %0, %1;" : "=f"(result) : "f"(x));
    return result;
#else
    return ::tanhf(x);
#endif
}

/// See Precision::fast.
struct FastTanh {
    template <class V>
    static constexpr double scale = 1;
    template <math::Range, class V>
    KOUSEI_HD static V of_scaled(V z) {
        return approximate_tanh(z);
    }
};

/// 1/(1 + e^-z) = 1/2 + tanh(z/2)/2.
struct FastLogistic {
    template <class V>
    static constexpr double scale = 0.5;
    template <math::Range, class V>
    KOUSEI_HD static V of_scaled(V z) {
        return V(0.5) * approximate_tanh(z) + V(0.5);
    }
};

/// As activation::with_formula, for a kind of network and minding the precision; or with the formula of the
/// derivative.
template <class Net, class Real, class F>
void with_formula(Cuda on, Activation activation, F&& f) {
    if constexpr (activation::is_of_derivatives<Net>) {
        activation::with_bounded_formula(activation, [&]<class Formula>(Formula) { f(math::Derivative<Formula>{}); });
    } else {
        if constexpr (sizeof(Real) == sizeof(float)) {
            if (on.precision == Precision::fast && activation == Activation::logistic) return f(FastLogistic{});
            if (on.precision == Precision::fast && activation == Activation::tanh) return f(FastTanh{});
        }
        if constexpr (activation::is_of_bounded<Net>) {
            activation::with_bounded_formula(activation, f);
        } else {
            activation::with_formula(activation, f);
        }
    }
}

/// activation(z) of a unit of a kind of network, or its derivative, chosen while the kernel runs.
template <class Net, class Real>
__device__ inline Real value_of(Activation activation, Precision precision, Real z) {
    constexpr bool derivative = activation::is_of_derivatives<Net>;
    if constexpr (sizeof(Real) == sizeof(float) && !derivative) {
        if (precision == Precision::fast && activation == Activation::logistic)
            return math::value_at<FastLogistic>(z);
        if (precision == Precision::fast && activation == Activation::tanh) return math::value_at<FastTanh>(z);
    }
    const auto value = [z]<class Formula>(Formula) {
        return math::value_at<std::conditional_t<derivative, math::Derivative<Formula>, Formula>>(z);
    };
    if constexpr (!activation::is_of_bounded<Net>) {
        switch (activation) {
            case Activation::relu:
                return value(math::Relu{});
            case Activation::gelu:
                return value(math::Gelu{});
            case Activation::silu:
                return value(math::Silu{});
            case Activation::softplus:
                return value(math::Softplus{});
            default:
                break;
        }
    }
    switch (activation) {
        case Activation::logistic:
            return value(math::Logistic{});
        case Activation::tanh:
            return value(math::Tanh{});
        case Activation::erf:
            return value(math::Erf{});
        default:
            return value(math::Arctan{});
    }
}

}  // namespace kousei::cuda
