#pragma once
#include <kousei/math/exp2.hpp>
#include <kousei/math/quotient.hpp>

namespace kousei::math {
inline namespace KOUSEI_ISA {

namespace detail {

/// (log((1 + s)/(1 - s))/s - 2)/s^2 as a polynomial in s^2 on |s| <= 1/3, from the Remez exchange (in mpmath); the
/// error it leaves in the logarithm is 0.02 eps (float: 0.12 eps).
template <class V>
KOUSEI_HD inline V log_slope(V square) {
    if constexpr (is_double<V>) {
        constexpr double c[] = {0x1.5555555555555p-1, 0x1.999999999a406p-2, 0x1.24924923d1d78p-2,
                                0x1.c71c72730d02bp-3, 0x1.745cf05d86b3bp-3, 0x1.3b18bb1887677p-3,
                                0x1.10abf329d906fp-3, 0x1.eb997f608c4a7p-4, 0x1.684e72a9628bcp-4,
                                0x1.4b3648a2d51abp-3};
        return polynomial(c, square);
    } else {
        constexpr double c[] = {0x1.55554cp-1, 0x1.99ad98p-2, 0x1.21206ap-2, 0x1.130ef4p-2};
        return polynomial(c, square);
    }
}

}  // namespace detail

/// log(1 + y) for 0 <= y <= 1, relative error at most 2 eps.
template <class V>
KOUSEI_HD inline V log1p(V y) {
    const V s = quotient(y, y + scalar_t<V>(2));
    return s * scalar_t<V>(2) + s * (s * s * detail::log_slope(s * s));
}

}  // namespace KOUSEI_ISA
}  // namespace kousei::math
