#pragma once
#include <kousei/math/exp2.hpp>
#include <kousei/math/quotient.hpp>

namespace kousei::math {
inline namespace KOUSEI_ISA {

namespace detail {

/// N/(N + x M), N = n0 + x n, M = m0 + x m, stands for e^(x^2) erfc(x).
template <class V>
struct ErfTerms {
    V n;
    V m;
};

/// m0/n0 = 2/sqrt(pi). Of the n0 with few bits for which m0 is nearly a float and a double, this one gives the
/// smallest errors.
inline constexpr double erf_n0 = 1.484375;
inline constexpr double erf_m0 = 0x1.acc8b9b22deb6p+0;

/// From the Remez exchange (in mpmath) for the relative error of erf, which they make at most 0.08 eps for x <= 5.94
/// (float: 0.02 eps for x <= 3.94).
template <class V>
KOUSEI_HD inline ErfTerms<V> erf_terms(V x) {
    if constexpr (is_double<V>) {
        constexpr double n[] = {0x1.012b3fdacd887p+1, 0x1.6429a448c1db5p+0, 0x1.257cb14dc90a3p-1,
                                0x1.2bf7d717c41d9p-3, 0x1.647891868bf45p-6, 0x1.81a6354c1ac8dp-10};
        constexpr double m[] = {0x1.56197ed0f60c5p+1, 0x1.02540f5d0689bp+1, 0x1.c757b5aa98647p-1,
                                0x1.e9a4f7c52bc5fp-3, 0x1.2febd4364814bp-5, 0x1.55b60fc55edd5p-9,
                                0x1.057086fc6616cp-26};
        return {polynomial(n, x), polynomial(m, x)};
    } else {
        constexpr double n[] = {0x1.386262p+0, 0x1.fa293cp-2, 0x1.406208p-4};
        constexpr double m[] = {0x1.c851aep+0, 0x1.94bebap-1, 0x1.1d28d4p-3};
        return {polynomial(n, x), polynomial(m, x)};
    }
}

}  // namespace detail

/// Error function, relative error at most 2 eps also near 0.
struct Erf {
    template <class V>
    static constexpr double scale = 1;

    template <Range, class V>
    KOUSEI_HD static V of_scaled(V z) {
        using T = scalar_t<V>;
        // From here on erf rounds to 1.
        const V largest = splat<V>(6);
        V x = abs(z);
        x = x > largest ? largest : x;
        const auto [n, m] = detail::erf_terms(x);
        const V square = x * x;
        const V decay = exp2m1<Range::finite>(square * T(-log2_e));
        // (x M - decay N)/(x M + N), summed in an order that leaves few roundings near 0. The denominator is the
        // numerator + e^(-x^2) N; where that is 0 for good, n0 with its few bits cancels and the quotient is
        // exactly 1.
        const V product = decay * (x * n + T(detail::erf_n0));
        const V numerator = x * T(detail::erf_m0) + (square * m - product);
        return with_sign_of(z, quotient(numerator, (numerator + (x * n + product)) + T(detail::erf_n0)));
    }

    /// (2/sqrt(pi)) e^(-z^2).
    template <Range, class V>
    KOUSEI_HD static V derivative_of_scaled(V z) {
        const V x = bounded(abs(z));
        return exp2<Range::finite>(x * x * scalar_t<V>(-log2_e)) * scalar_t<V>(1.12837916709551257390);
    }

    /// -2z (2/sqrt(pi)) e^(-z^2).
    template <Range range, class V>
    KOUSEI_HD static V second_derivative_of_scaled(V z) {
        return with_sign_of(-z, bounded(abs(z)) * scalar_t<V>(2) * derivative_of_scaled<range>(z));
    }

 private:
    /// The derivatives are 0 to rounding from the limit on.
    template <class V>
    KOUSEI_HD static V bounded(V x) {
        const V largest = splat<V>(28);
        return x > largest ? largest : x;
    }
};

}  // namespace KOUSEI_ISA
}  // namespace kousei::math
