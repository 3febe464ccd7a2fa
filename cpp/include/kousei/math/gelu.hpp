#pragma once
#include <kousei/math/exp2.hpp>
#include <kousei/math/quotient.hpp>

namespace kousei::math {
inline namespace KOUSEI_ISA {

namespace detail {

/// From here on a Phi(-a) rounds to 0.
template <class V>
inline constexpr int normal_tail_end = is_double<V> ? 39 : 15;

/// e^(a^2/2) Phi(-a), Phi the distribution function of the normal distribution. From the Remez exchange (in mpmath)
/// for the relative error, which with rounded coefficients is at most 0.6 eps for 0 <= a <= 39 (float: 0.2 eps up to
/// 15). All coefficients are positive, so that nothing cancels.
template <class V>
KOUSEI_HD inline V normal_tail_ratio(V a) {
    if constexpr (is_double<V>) {
        constexpr double n[] = {0x1.0000000000000p-1, 0x1.8cbd26b51a2a0p-1,  0x1.302824eb270d2p-1,
                                0x1.2848be9de308fp-2, 0x1.9030c2b740bd4p-4,  0x1.830c1ddbcf3b6p-6,
                                0x1.0c0336b45edd8p-8, 0x1.01235dce89e8ep-11, 0x1.3889adbc8976cp-15,
                                0x1.7402f9b8dcd17p-20};
        constexpr double d[] = {0x1.0000000000000p+0,  0x1.2c7fa829ddecdp+1, 0x1.47d7763af1de5p+1,
                                0x1.b6e39f24d23f3p+0,  0x1.906a159f8bde9p-1, 0x1.0516813b4e9d1p-2,
                                0x1.ef1b2762e4a93p-5,  0x1.52f6d1f27f3edp-7, 0x1.432f7e2185113p-10,
                                0x1.87b542e9edc5fp-14, 0x1.d23f575477799p-19};
        return quotient(polynomial(n, a), polynomial(d, a));
    } else {
        constexpr double n[] = {0x1.000000p-1, 0x1.bfbe8ep-2, 0x1.75ae5ap-3, 0x1.4abb24p-5, 0x1.0b3ab8p-8};
        constexpr double d[] = {0x1.000000p+0, 0x1.ac2178p+0, 0x1.33049cp+0,
                                0x1.dea57ap-2, 0x1.9e89acp-4, 0x1.4eeb0ap-7};
        return quotient(polynomial(n, a), polynomial(d, a));
    }
}

}  // namespace detail

/// z Phi(z), Phi the distribution function of the normal distribution. Absolute error at most eps max(1, |z|), and
/// for z < 0 relative error at most (4 + z^2) eps.
struct Gelu {
    template <class V>
    static constexpr double scale = 1;

    template <Range range, class V>
    KOUSEI_HD static V of_scaled(V z) {
        const V a = bounded(abs(z));
        return (z < V{} ? V{} : z) - a * (decay<range>(a) * detail::normal_tail_ratio(a));
    }

    /// Phi(z) + z e^(-z^2/2)/sqrt(2 pi).
    template <Range range, class V>
    KOUSEI_HD static V derivative_of_scaled(V z) {
        using T = scalar_t<V>;
        const V a = bounded(abs(z));
        const V fall = decay<range>(a), tail = fall * detail::normal_tail_ratio(a);
        return (z < V{} ? tail : T(1) - tail) + with_sign_of(z, a) * (fall * T(0.39894228040143267794));
    }

    /// (2 - z^2) e^(-z^2/2)/sqrt(2 pi).
    template <Range range, class V>
    KOUSEI_HD static V second_derivative_of_scaled(V z) {
        using T = scalar_t<V>;
        const V a = bounded(abs(z));
        return (T(2) - a * a) * (decay<range>(a) * T(0.39894228040143267794));
    }

 private:
    template <class V>
    KOUSEI_HD static V bounded(V a) {
        const V end = splat<V>(detail::normal_tail_end<V>);
        return a > end ? end : a;
    }

    /// e^(-a^2/2).
    template <Range range, class V>
    KOUSEI_HD static V decay(V a) {
        return exp2<range>(a * a * scalar_t<V>(-log2_e / 2));
    }
};

}  // namespace KOUSEI_ISA
}  // namespace kousei::math
