#pragma once
#include <kousei/math/formula.hpp>
#include <kousei/math/logistic.hpp>

namespace kousei::math {
inline namespace KOUSEI_ISA {

/// z logistic(z), absolute error at most 1.5 eps max(1, |z|).
struct Silu {
    template <class V>
    static constexpr double scale = 1;

    template <Range range, class V>
    KOUSEI_HD static V of_scaled(V z) {
        // Below it rounds to 0; at -infinity it would be NaN.
        const V least = splat<V>(is_double<V> ? -750 : -110);
        z = z < least ? least : z;
        return z * value_at<Logistic, range>(z);
    }

    /// s + z s (1 - s) with s = logistic(z).
    template <Range range, class V>
    KOUSEI_HD static V derivative_of_scaled(V z) {
        const V x = bounded(z);
        return value_at<Logistic, range>(z) + x * value_at<Derivative<Logistic>, range>(x);
    }

    /// 2 s' + z s''.
    template <Range range, class V>
    KOUSEI_HD static V second_derivative_of_scaled(V z) {
        const V x = bounded(z);
        return value_at<Derivative<Logistic>, range>(x) * scalar_t<V>(2) +
               x * value_at<SecondDerivative<Logistic>, range>(x);
    }

 private:
    /// The derivatives are constant to rounding beyond; at infinity they would be NaN.
    template <class V>
    KOUSEI_HD static V bounded(V z) {
        return clamp(z, is_double<V> ? -750 : -110, is_double<V> ? 750 : 110);
    }
};

}  // namespace KOUSEI_ISA
}  // namespace kousei::math
