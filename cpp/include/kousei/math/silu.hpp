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
        const V bounded = clamp(z, is_double<V> ? -750 : -110, is_double<V> ? 750 : 110);
        return value_at<Logistic, range>(z) + bounded * value_at<Derivative<Logistic>, range>(bounded);
    }
};

}  // namespace KOUSEI_ISA
}  // namespace kousei::math
