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

/// As activation::with_formula, minding the precision; or with the formula of the derivative.
template <class Real, bool derivative, class F>
void with_formula(Cuda on, Activation activation, F&& f) {
    if constexpr (derivative) {
        return activation::with_formula(activation, [&]<class Formula>(Formula) { f(math::Derivative<Formula>{}); });
    } else if constexpr (sizeof(Real) == sizeof(float)) {
        if (on.precision == Precision::fast && activation == Activation::logistic) return f(FastLogistic{});
        if (on.precision == Precision::fast && activation == Activation::tanh) return f(FastTanh{});
        activation::with_formula(activation, f);
    } else {
        activation::with_formula(activation, f);
    }
}

template <class Formula, class Real>
__device__ inline Real value_of(Real z) {
    return Formula::template of_scaled<math::Range::any>(z * static_cast<Real>(Formula::template scale<Real>));
}

/// activation(z), or its derivative, chosen while the kernel runs.
template <bool derivative = false, class Real>
__device__ inline Real value_of(Activation activation, Precision precision, Real z) {
    if constexpr (sizeof(Real) == sizeof(float) && !derivative) {
        if (precision == Precision::fast && activation == Activation::logistic) return value_of<FastLogistic>(z);
        if (precision == Precision::fast && activation == Activation::tanh) return value_of<FastTanh>(z);
    }
    const auto value = [z]<class Formula>(Formula) {
        return value_of<std::conditional_t<derivative, math::Derivative<Formula>, Formula>>(z);
    };
    switch (activation) {
        case Activation::logistic:
            return value(math::Logistic{});
        case Activation::tanh:
            return value(math::Tanh{});
        case Activation::erf:
            return value(math::Erf{});
        case Activation::arctan:
            return value(math::Arctan{});
        case Activation::gelu:
            return value(math::Gelu{});
        case Activation::silu:
            return value(math::Silu{});
        case Activation::softplus:
            return value(math::Softplus{});
        default:
            return value(math::Relu{});
    }
}

}  // namespace kousei::cuda
