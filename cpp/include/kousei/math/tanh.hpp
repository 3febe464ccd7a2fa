#pragma once
#include <kousei/math/exp2.hpp>
#include <kousei/math/logistic.hpp>
#include <kousei/math/quotient.hpp>

namespace kousei::math {
inline namespace KOUSEI_ISA {

/// Hyperbolic tangent, relative error at most 4 eps also near 0.
struct Tanh {
    template <class V>
    static constexpr double scale = 2 * log2_e;

    template <Range range, class V>
    KOUSEI_HD static V of_scaled(V z) {
        const V growth = exp2m1<range>(z);  // e^(2z) - 1
        return quotient(growth, growth + scalar_t<V>(2));
    }

    /// tanh(z) = 2 logistic(2z) - 1.
    template <Range range, class V>
    KOUSEI_HD static V derivative_of_scaled(V z) {
        return Logistic::derivative_of_scaled<range>(z) * scalar_t<V>(4);
    }

    template <Range range, class V>
    KOUSEI_HD static V second_derivative_of_scaled(V z) {
        return Logistic::second_derivative_of_scaled<range>(-z) * scalar_t<V>(8);
    }
};

}  // namespace KOUSEI_ISA
}  // namespace kousei::math
