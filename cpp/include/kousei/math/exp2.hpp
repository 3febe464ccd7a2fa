#pragma once
#include <bit>
#include <cmath>

#include <kousei/math/lanes.hpp>

namespace kousei::math {
inline namespace KOUSEI_ISA {

/// What is known of an argument z. `finite`: |z| < 2^20, as every unit of a network on a bounded box has it;
/// `any`: everything, infinities and NaN included.
enum class Range { finite, any };

namespace detail {

/// log2 of the number of table entries between two powers of two, for the vectors whose look-up is one instruction.
template <class V>
inline constexpr int exp2_log_steps = 0;

/// 2^(count/S) with S = 2^exp2_log_steps<V>, from a table.
template <class V>
V exp2_from_table(integer_t<V> count);

#if defined(__CUDA_ARCH__)
/// 2^x, relative error 2^-22.5; results below 2^-126 are 0.
__device__ inline float approximate_exp2(float x) {
    float result;
    asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(result) : "f"(x));
    return result;
}
#endif

#if defined(__AVX512F__) && !defined(__CUDACC__)
typedef double Doubles64 __attribute__((vector_size(64)));
typedef float Floats64 __attribute__((vector_size(64)));

template <>
inline constexpr int exp2_log_steps<Doubles64> = 4;
template <>
inline constexpr int exp2_log_steps<Floats64> = 5;

/// 2^(j/16) and 2^(j/32); bits, less j steps of the exponent that the caller adds again with the whole number.
struct Exp2Table {
    alignas(64) std::int64_t doubles[16];
    alignas(64) std::int32_t floats[32];

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
        for (std::int64_t j = 0; j < 16; ++j) doubles[j] = std::bit_cast<std::int64_t>(power[2 * j]) - (j << 48);
        for (std::int32_t j = 0; j < 32; ++j) {
            floats[j] = std::bit_cast<std::int32_t>(static_cast<float>(power[j])) - (j << 18);
        }
    }
};
inline constexpr Exp2Table exp2_table;

template <class V, class T>
inline integer_t<V> look_up(const T* table, integer_t<V> index) {
    constexpr int width = sizeof(V) / sizeof(T);
    integer_t<V> low, high;
    __builtin_memcpy(&low, table, sizeof low);
    __builtin_memcpy(&high, table + width, sizeof high);
    return __builtin_shuffle(low, high, index);
}

template <>
inline Doubles64 exp2_from_table<Doubles64>(integer_t<Doubles64> count) {
    typedef std::uint64_t Wrapping __attribute__((vector_size(64)));
    const auto step = std::bit_cast<Wrapping>(look_up<Doubles64>(exp2_table.doubles, count));
    return std::bit_cast<Doubles64>(step + std::bit_cast<Wrapping>(count << 48));
}
template <>
inline Floats64 exp2_from_table<Floats64>(integer_t<Floats64> count) {
    typedef std::uint32_t Wrapping __attribute__((vector_size(64)));
    const auto step = std::bit_cast<Wrapping>(look_up<Floats64>(exp2_table.floats, count));
    return std::bit_cast<Floats64>(step + std::bit_cast<Wrapping>(count << 18));
}
#endif

/// (2^(f/S) - 1)/f on |f| <= 1/2, S = 2^log_steps: polynomials that agree with it at Chebyshev points; the error
/// they leave in 2^(f/S) is below 0.2 ulp.
template <int log_steps, class V>
KOUSEI_HD inline V exp2_slope(V f) {
    if constexpr (is_double<V> && log_steps == 0) {
        constexpr double c[] = {0x1.62e42fefa39efp-1,  0x1.ebfbdff82c598p-3,  0x1.c6b08d704a0c2p-5,
                                0x1.3b2ab6fba1ddap-7,  0x1.5d87fe78a5276p-10, 0x1.430913096fd9fp-13,
                                0x1.ffcbfc670dcd4p-17, 0x1.62bfd47773353p-20, 0x1.b524fae627834p-24,
                                0x1.e6063f7217bc6p-28, 0x1.e9d3fe3952179p-32};
        return polynomial(c, f);
    } else if constexpr (is_double<V> && log_steps == 4) {
        constexpr double c[] = {0x1.62e42fefa39f3p-5,  0x1.ebfbdff82c590p-11, 0x1.c6b08d6f2a289p-17,
                                0x1.3b2ab6fb41213p-23, 0x1.5d897e525c216p-30, 0x1.430a1d08ec681p-37};
        return polynomial(c, f);
    } else if constexpr (log_steps == 0) {
        constexpr double c[] = {0x1.62e430p-1, 0x1.ebfbe0p-3,  0x1.c6af6cp-5,
                                0x1.3b2a54p-7, 0x1.5f0890p-10, 0x1.44138ap-13};
        return polynomial(c, f);
    } else {
        static_assert(log_steps == 5);
        constexpr double c[] = {0x1.62e430p-6, 0x1.ebfcccp-13, 0x1.c6b110p-20};
        return polynomial(c, f);
    }
}

/// 2^(x/S) = power (1 + fraction exp2_slope(fraction)), |fraction| <= 1/2.
template <class V>
struct Exp2Parts {
    V power;
    V fraction;
};

template <class V>
inline constexpr int exp2_lowest = is_double<V> ? -1022 : -126;
template <class V>
inline constexpr int exp2_highest = is_double<V> ? 1020 : 124;

/// Arguments beyond the lowest and the highest power are taken as these.
template <int log_steps, Range range, class V>
KOUSEI_HD inline Exp2Parts<V> exp2_split(V x) {
    using I = integer_t<V>;
    constexpr int significand = is_double<V> ? 52 : 23;
    const V lowest = splat<V>(exp2_lowest<V> * (1 << log_steps));
    const V highest = splat<V>(exp2_highest<V> * (1 << log_steps));
    // Added to x, it leaves round(x) in the lowest bits of the significand.
    const V shift = splat<V>(is_double<V> ? 0x1.8p52 : 0x1.8p23);

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
    if constexpr (log_steps == 0) {
        // What stands above the exponent leaves at the top.
        constexpr int bias = is_double<V> ? 1023 : 127;
        return {from_bits<V>((count + bias) << significand), fraction};
    } else {
        return {exp2_from_table<V>(count), fraction};
    }
}

}  // namespace detail

/// Factor that turns the argument of e^x into that of exp2_steps.
template <class V>
inline constexpr double exp_in_steps = 1.4426950408889634074 * (1 << detail::exp2_log_steps<V>);

/// 2^(x/S), S the number of table steps for V (1 without a table), to 1 ulp. 0 below 2^-1022 (float: 2^-126) and
/// infinity above 2^1020 (2^124); with Range::finite these two powers stand for what lies beyond them.
template <Range range, class V>
KOUSEI_HD inline V exp2_steps(V x) {
#if defined(__CUDA_ARCH__)
    if constexpr (!is_double<V>) return detail::approximate_exp2(x);
#endif
    constexpr int log_steps = detail::exp2_log_steps<V>;
    const auto [power, fraction] = detail::exp2_split<log_steps, range>(x);
    const V result = power * (fraction * detail::exp2_slope<log_steps>(fraction)) + power;
    if constexpr (range == Range::finite) {
        return result;
    } else {
        const V bounded = x > splat<V>(detail::exp2_highest<V> * (1 << log_steps)) ? splat<V>(HUGE_VAL) : result;
        return x < splat<V>(detail::exp2_lowest<V> * (1 << log_steps)) ? V{} : bounded;
    }
}

/// 2^x - 1, relative error at most 3 eps also near 0; from 2^1020 (float: 2^124) on it stays there.
template <Range range, class V>
KOUSEI_HD inline V exp2m1(V x) {
    const auto [power, fraction] = detail::exp2_split<0, range>(x);
    // Without the cancellation of subtracting 1 last.
    return power * (fraction * detail::exp2_slope<0>(fraction)) + (power - scalar_t<V>(1));
}

/// e^x to 1 ulp, plus |x| eps for the rounding of x log2(e); limits as exp2_steps.
template <Range range = Range::any, class V>
KOUSEI_HD inline V exp(V x) {
    return exp2_steps<range>(x * static_cast<scalar_t<V>>(exp_in_steps<V>));
}

}  // namespace KOUSEI_ISA
}  // namespace kousei::math
