#pragma once
#include <cmath>
#include <cstddef>

#if defined(__AVX512F__) && !defined(__CUDACC__)
#include <immintrin.h>
#endif

#include <kousei/math/lanes.hpp>

namespace kousei::math {
inline namespace KOUSEI_ISA {

/// What is known of an argument z. `finite`: |z| < 2^20, as every unit of a network on a bounded box has it;
/// `any`: everything, infinities and NaN included.
enum class Range { finite, any };

namespace detail {

/// 2^x, in CUDA with relative error 2^-22.5, and 0 below 2^-126.
KOUSEI_HD inline float approximate_exp2(float x) {
#if defined(__CUDA_ARCH__)
    float result;
    asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(result) : "f"(x));
    return result;
#else
    return std::exp2(x);
#endif
}

/// (2^f - 1)/f on |f| <= 2^-(log_steps + 1): polynomials that agree with it at Chebyshev points; the error they leave
/// in 2^f is below 0.2 ulp.
template <int log_steps, class V>
KOUSEI_HD inline V exp2_slope(V f) {
    static_assert(log_steps == 0 || log_steps == (is_double<V> ? 4 : 5));
    if constexpr (is_double<V> && log_steps == 0) {
        constexpr double c[] = {0x1.62e42fefa39efp-1,  0x1.ebfbdff82c598p-3,  0x1.c6b08d704a0c2p-5,
                                0x1.3b2ab6fba1ddap-7,  0x1.5d87fe78a5276p-10, 0x1.430913096fd9fp-13,
                                0x1.ffcbfc670dcd4p-17, 0x1.62bfd47773353p-20, 0x1.b524fae627834p-24,
                                0x1.e6063f7217bc6p-28, 0x1.e9d3fe3952179p-32};
        return polynomial(c, f);
    } else if constexpr (is_double<V>) {
        constexpr double c[] = {0x1.62e42fefa39f3p-1, 0x1.ebfbdff82c590p-3,  0x1.c6b08d6f2a289p-5,
                                0x1.3b2ab6fb41213p-7, 0x1.5d897e525c216p-10, 0x1.430a1d08ec681p-13};
        return polynomial(c, f);
    } else if constexpr (log_steps == 0) {
        constexpr double c[] = {0x1.62e430p-1, 0x1.ebfbe0p-3,  0x1.c6af6cp-5,
                                0x1.3b2a54p-7, 0x1.5f0890p-10, 0x1.44138ap-13};
        return polynomial(c, f);
    } else {
        constexpr double c[] = {0x1.62e430p-1, 0x1.ebfcccp-3, 0x1.c6b110p-5};
        return polynomial(c, f);
    }
}

/// 2^x = power (1 + fraction exp2_slope(fraction)), power a power of 2 and |fraction| <= 1/2.
template <class V>
struct Exp2Parts {
    V power;
    V fraction;
};

template <class V>
inline constexpr int exp2_lowest = is_double<V> ? -1022 : -126;
// Below what detail::device_quotient can divide by.
template <class V>
inline constexpr int exp2_highest = is_double<V> ? 990 : 124;

/// The number that, added to x, leaves round(2^log_steps x) in the lowest bits of the significand.
template <int log_steps, class V>
inline constexpr double exp2_shift = (is_double<V> ? 0x1.8p52 : 0x1.8p23) / (1 << log_steps);

/// Arguments beyond the lowest and the highest power are taken as these.
template <Range range, class V>
KOUSEI_HD inline Exp2Parts<V> exp2_split(V x) {
    using I = integer_t<V>;
    const V lowest = splat<V>(exp2_lowest<V>), highest = splat<V>(exp2_highest<V>),
            shift = splat<V>(exp2_shift<0, V>);
    x = rounded(x);
    if constexpr (range == Range::any) {
        x = x < lowest ? lowest : x;
        x = x > highest ? highest : x;
    }
    const V shifted = x + shift;
    const V fraction = x - (shifted - shift);
    I count = to_bits(shifted);
    if constexpr (range == Range::finite) {
        const I least = to_bits<V>(lowest + shift), most = to_bits<V>(highest + shift);
        count = count < least ? least : count;
        count = count > most ? most : count;
    }
    // What stands above the exponent leaves at the top.
    constexpr int bias = is_double<V> ? 1023 : 127, significand = is_double<V> ? 52 : 23;
    return {from_bits<V>(wrapping_add(count, bias) << significand), fraction};
}

#if defined(__AVX512F__) && !defined(__CUDACC__)
// Here a look-up in two registers is one instruction, and so is the multiplication by a power of 2 with its limits 0
// and infinity: a table of the powers between 1 and 2 saves half of the polynomial.
typedef double Doubles64 __attribute__((vector_size(64)));
typedef float Floats64 __attribute__((vector_size(64)));

/// 2^(j/16) and 2^(j/32).
struct Exp2Table {
    alignas(64) double doubles[16];
    alignas(64) float floats[32];

    constexpr Exp2Table() : doubles{}, floats{} {
        constexpr double power[32] = {
            0x1.0000000000000p+0, 0x1.059b0d3158574p+0, 0x1.0b5586cf9890fp+0, 0x1.11301d0125b51p+0,
            0x1.172b83c7d517bp+0, 0x1.1d4873168b9aap+0, 0x1.2387a6e756238p+0, 0x1.29e9df51fdee1p+0,
            0x1.306fe0a31b715p+0, 0x1.371a7373aa9cbp+0, 0x1.3dea64c123422p+0, 0x1.44e086061892dp+0,
            0x1.4bfdad5362a27p+0, 0x1.5342b569d4f82p+0, 0x1.5ab07dd485429p+0, 0x1.6247eb03a5585p+0,
            0x1.6a09e667f3bcdp+0, 0x1.71f75e8ec5f74p+0, 0x1.7a11473eb0187p+0, 0x1.82589994cce13p+0,
            0x1.8ace5422aa0dbp+0, 0x1.93737b0cdc5e5p+0, 0x1.9c49182a3f090p+0, 0x1.a5503b23e255dp+0,
            0x1.ae89f995ad3adp+0, 0x1.b7f76f2fb5e47p+0, 0x1.c199bdd85529cp+0, 0x1.cb720dcef9069p+0,
            0x1.d5818dcfba487p+0, 0x1.dfc97337b9b5fp+0, 0x1.ea4afa2a490dap+0, 0x1.f50765b6e4540p+0};
        for (std::size_t j = 0; j < 16; ++j) doubles[j] = power[2 * j];
        for (std::size_t j = 0; j < 32; ++j) floats[j] = static_cast<float>(power[j]);
    }
};
inline constexpr Exp2Table exp2_table;

inline Doubles64 look_up(const Exp2Table& table, integer_t<Doubles64> index) {
    return _mm512_permutex2var_pd(_mm512_load_pd(table.doubles), __builtin_bit_cast(__m512i, index),
                                  _mm512_load_pd(table.doubles + 8));
}
inline Floats64 look_up(const Exp2Table& table, integer_t<Floats64> index) {
    return _mm512_permutex2var_ps(_mm512_load_ps(table.floats), __builtin_bit_cast(__m512i, index),
                                  _mm512_load_ps(table.floats + 16));
}

// All lanes of the mask: GCC 12 warns of the uninitialized operand inside the form without one.
inline Doubles64 scale_by_exp2(Doubles64 x, Doubles64 count) {
    return _mm512_mask_scalef_pd(x, 0xff, x, count);
}
inline Floats64 scale_by_exp2(Floats64 x, Floats64 count) {
    return _mm512_mask_scalef_ps(x, 0xffff, x, count);
}

template <int log_steps, Range range, class V>
inline V exp2_by_table(V x) {
    const V shift = splat<V>(exp2_shift<log_steps, V>);
    x = rounded(x);
    if constexpr (range == Range::any) {
        const V least = splat<V>(2 * exp2_lowest<V>), most = splat<V>(2 * exp2_highest<V>);
        x = x < least ? least : x;
        x = x > most ? most : x;
    }
    const V shifted = x + shift;
    const V count = shifted - shift;
    const V fraction = x - count;
    const V step = look_up(exp2_table, to_bits(shifted));
    // The multiplication takes the whole part of the count.
    return scale_by_exp2(step * (fraction * exp2_slope<log_steps>(fraction)) + step, count);
}
#endif

}  // namespace detail

/// 2^x to 1 ulp: 0 below 2^-1022 (float: 2^-126) and infinity above 2^990 (2^124), give or take a few powers. With
/// Range::finite those two powers may stand for what lies beyond.
template <Range range, class V>
KOUSEI_HD inline V exp2(V x) {
#if defined(__CUDA_ARCH__)
    if constexpr (!is_double<V>) return detail::approximate_exp2(x);
#endif
    const auto [power, fraction] = detail::exp2_split<range>(x);
    const V result = power * (fraction * detail::exp2_slope<0>(fraction)) + power;
    if constexpr (range == Range::finite) {
        return result;
    } else {
        const V bounded = x > splat<V>(detail::exp2_highest<V>) ? splat<V>(HUGE_VAL) : result;
        return x < splat<V>(detail::exp2_lowest<V>) ? V{} : bounded;
    }
}

#if defined(__AVX512F__) && !defined(__CUDACC__)
template <Range range>
inline detail::Doubles64 exp2(detail::Doubles64 x) {
    return detail::exp2_by_table<4, range>(x);
}
template <Range range>
inline detail::Floats64 exp2(detail::Floats64 x) {
    return detail::exp2_by_table<5, range>(x);
}
#endif

/// 2^x - 1, relative error at most 3 eps also near 0; from 2^990 (float: 2^124) on it stays there.
template <Range range, class V>
KOUSEI_HD inline V exp2m1(V x) {
    const auto [power, fraction] = detail::exp2_split<range>(x);
    // Without the cancellation of subtracting 1 last.
    return power * (fraction * detail::exp2_slope<0>(fraction)) + (power - scalar_t<V>(1));
}

/// Turns the argument of e^x into that of 2^x.
inline constexpr double log2_e = 1.4426950408889634074;

}  // namespace KOUSEI_ISA
}  // namespace kousei::math
