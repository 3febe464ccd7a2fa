#pragma once
#include <kousei/math/exp2.hpp>

namespace kousei::math {
inline namespace KOUSEI_ISA {

namespace detail {

/// See Erf::scale.
template <class V>
inline constexpr double erf_scale = 1;

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
inline ErfTerms<V> erf_terms(V x) {
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

template <class V>
inline V erf_of_scaled(V z) {
    using T = scalar_t<V>;
    // From here on erf rounds to 1.
    const V largest = splat<V>(6);
    V x = abs(z);
    x = x > largest ? largest : x;
    const auto [n, m] = erf_terms(x);
    const V square = x * x;
    const auto [power, fraction] = exp2_split<0, Range::finite>(square * T(-1.4426950408889634074));
    // e^(-x^2) - 1, as in Tanh.
    const V difference = power * (fraction * exp2_slope<0>(fraction)) + (power - T(1));
    // (x M - difference N)/(x M + N), summed in an order that leaves few roundings near 0. The denominator is the
    // numerator + e^(-x^2) N; where that is 0 for good, n0 with its few bits cancels and the quotient is exactly 1.
    const V product = difference * (x * n + T(erf_n0));
    const V numerator = x * T(erf_m0) + (square * m - product);
    return with_sign_of(z, numerator / ((numerator + (x * n + product)) + T(erf_n0)));
}

#if defined(__AVX512F__) && !defined(__CUDACC__)
// A look-up in two vectors is one instruction: here erf is a polynomial with other coefficients in each of as many
// cells as two vectors have lanes. The last cell is centred where erf rounds to 1.
template <>
inline constexpr double erf_scale<Doubles64> = 2.53125;
template <>
inline constexpr double erf_scale<Floats64> = 7.875;

/// coef[i][k] belongs to t^i in the polynomial for erf((k + t)/scale), |t| <= 1/2. It agrees with erf at Chebyshev
/// points, moved a little to the left because the relative error counts. In cell 0, where t >= 0, it is t times a
/// polynomial for erf/t. Error below 0.2 eps (float: 0.5 eps).
template <class T, int cells, int terms>
struct ErfTable {
    alignas(64) T coef[terms][cells];

    constexpr explicit ErfTable(long double scale) : coef{} {
        for (int k = 0; k < cells; ++k) {
            const int first = k == 0 ? 1 : 0;
            const int n = terms - first;
            long double t[terms]{}, difference[terms]{}, sum[terms]{};
            for (int i = 0; i < n; ++i) {
                t[i] = __builtin_cosl(3.14159265358979323846L * (2 * i + 1) / (2 * n)) / 2;
                t[i] = k == 0 ? t[i] / 2 + 0.25L : t[i] - (0.25L - t[i] * t[i]) / (5 * k);
                difference[i] = __builtin_erfl((k + t[i]) / scale) / (k == 0 ? t[i] : 1);
            }
            // Newton's interpolation, then expanded into powers of t.
            for (int j = 1; j < n; ++j) {
                for (int i = n - 1; i >= j; --i) {
                    difference[i] = (difference[i] - difference[i - 1]) / (t[i] - t[i - j]);
                }
            }
            for (int i = n - 1; i >= 0; --i) {
                for (int j = n - 1; j > 0; --j) sum[j] = sum[j - 1] - t[i] * sum[j];
                sum[0] = difference[i] - t[i] * sum[0];
            }
            for (int i = 0; i < n; ++i) coef[i + first][k] = static_cast<T>(sum[i]);
        }
    }
};
inline constexpr ErfTable<double, 16, 13> erf_doubles(erf_scale<Doubles64>);
inline constexpr ErfTable<float, 32, 5> erf_floats(erf_scale<Floats64>);

template <class V, class T, int cells, int terms>
inline V erf_by_table(const ErfTable<T, cells, terms>& table, V z) {
    const V last = splat<V>(cells - 1);
    const V shift = splat<V>(is_double<V> ? 0x1.8p52 : 0x1.8p23);  // as in exp2_split
    V x = abs(z);
    x = x > last ? last : x;
    const V shifted = x + shift;
    const V t = x - (shifted - shift);
    const integer_t<V> cell = to_bits(shifted);
    V sum = from_bits<V>(look_up<V>(table.coef[terms - 1], cell));
#pragma GCC unroll 16
    for (int i = terms - 2; i >= 0; --i) sum = sum * t + from_bits<V>(look_up<V>(table.coef[i], cell));
    return with_sign_of(z, sum);
}

template <>
inline Doubles64 erf_of_scaled<Doubles64>(Doubles64 z) {
    return erf_by_table(erf_doubles, z);
}
template <>
inline Floats64 erf_of_scaled<Floats64>(Floats64 z) {
    return erf_by_table(erf_floats, z);
}
#endif

}  // namespace detail

/// Error function, relative error at most 2 eps also near 0.
struct Erf {
    /// The cells of a table, where there is one, are 1 wide.
    template <class V>
#if defined(__CUDACC__)
    static constexpr double scale = 1;
#else
    static constexpr double scale = detail::erf_scale<V>;
#endif

    template <Range, class V>
    KOUSEI_HD static V of_scaled(V z) {
#if defined(__CUDACC__)
        return ::erf(z);
#else
        return detail::erf_of_scaled(z);
#endif
    }
};

}  // namespace KOUSEI_ISA
}  // namespace kousei::math
