#pragma once
#include <kousei/math/exp2.hpp>
#include <kousei/math/quotient.hpp>

namespace kousei::math {
inline namespace KOUSEI_ISA {

/// 1/(1 + e^-z), between 0 and 1. Error at most eps and 1.5 eps (1 + |z|) of it; below 2^-990 (float 2^-124) maybe 0.
struct Logistic {
    /// An activation is evaluated at `scale` z: weights are multiplied by it once, instead of z at every point.
    template <class V>
    static constexpr double scale = -log2_e;

    template <Range range, class V>
    KOUSEI_HD static V of_scaled(V z) {
        return quotient(splat<V>(1), exp2<range>(z) + scalar_t<V>(1));
    }

    /// s (1 - s), which is even in z: on the side where s <= 1/2 nothing cancels.
    template <Range range, class V>
    KOUSEI_HD static V derivative_of_scaled(V z) {
        const V s = of_scaled<range>(abs(z));
        return s * (scalar_t<V>(1) - s);
    }

    /// -s (1 - s) (1 - 2s) for z >= 0 with s = 1/(1 + e^|z|), and odd; the scaled z has the other sign.
    template <Range range, class V>
    KOUSEI_HD static V second_derivative_of_scaled(V z) {
        using T = scalar_t<V>;
        const V s = of_scaled<range>(abs(z));
        return with_sign_of(z, s * (T(1) - s) * (T(1) - s * T(2)));
    }
};

}  // namespace KOUSEI_ISA
}  // namespace kousei::math
