#pragma once
#include <kousei/config.hpp>
#include <kousei/math/exp2.hpp>
#include <kousei/rbm.hpp>

namespace kousei::rbm {
inline namespace KOUSEI_ISA {

/// a b, rounded by itself: a compiler that made one operation of it and of an addition behind it would give another
/// chain on the instruction sets that have such an operation.
template <class V>
KOUSEI_HD inline V product(V a, V b) {
#if defined(__CUDA_ARCH__)
    return __fmul_rn(a, b);
#else
    V rounded = a * b;
    // __builtin_assoc_barrier does it too, but GCC 12 takes vectors apart for it.
#if defined(__x86_64__)
    asm("" : "+v"(rounded));
#elif defined(__aarch64__)
    asm("" : "+w"(rounded));
#else
    rounded = __builtin_assoc_barrier(rounded);
#endif
    return rounded;
#endif
}

/// What turns a field at the inverse temperature 1 into the argument of probability_of: the energy of a spin changes
/// by twice its field.
KOUSEI_HD inline float slope_of(Units units) {
    return static_cast<float>(units == Units::spin ? -2 * math::log2_e : -math::log2_e);
}

/// 1/(1 + 2^x), the same bits wherever it is computed; absolute error at most 2^-23.
template <class V>
KOUSEI_HD inline V probability_of(V x) {
    constexpr double c[] = {0x1.62e430p-1, 0x1.ebfbe0p-3,  0x1.c6af6cp-5,
                            0x1.3b2a54p-7, 0x1.5f0890p-10, 0x1.44138ap-13};  // as detail::exp2_slope
    const auto [power, fraction] = math::detail::exp2_split<math::Range::any>(x);
    V slope = math::splat<V>(c[5]);
    for (int i = 4; i >= 0; --i) slope = product(slope, fraction) + math::splat<V>(c[i]);
    return math::splat<V>(1) / (product(power, product(fraction, slope)) + power + math::splat<V>(1));
}

/// The number of a draw, as Philox counts it.
KOUSEI_HD inline std::uint64_t count_of(const Draw& draw) {
    return draw.count + (draw.since ? static_cast<std::uint64_t>(draw.since->draws) : 0);
}

/// A word of a row that comes next; 0 where there is none.
KOUSEI_HD inline std::uint32_t next_word(const Epoch& epoch, const Clock& clock, std::int64_t row,
                                         std::int64_t word) {
    const auto rows = static_cast<std::uint64_t>(epoch.rows), at = static_cast<std::uint64_t>(clock.rows + row);
    const std::uint64_t from = at < rows ? static_cast<std::uint64_t>(epoch.order[at]) : rows;
    return from < rows ? epoch.data[static_cast<std::int64_t>(from) * epoch.words + word] : 0;
}

/// Sums of means over the rows of a block are those of so many parts, each of every so many-th row, added by halves.
inline constexpr int mean_parts = 8;

/// How many rows of a sample are in the block that begins with this one; none where it is past its end.
KOUSEI_HD inline std::int64_t rows_of_block(const Sample& sample, std::int64_t first) {
    const std::int64_t left = sample.rows - first;
    return left < 0 ? 0 : left < rows_of_sum ? left : rows_of_sum;
}

/// The mean of a unit that is up with probability p.
template <class V>
KOUSEI_HD inline V mean_of(Units units, V p) {
    return units == Units::spin ? p + p - math::splat<V>(1) : p;
}

/// The step of a parameter, see update.
template <class V>
KOUSEI_HD inline V velocity_of(const Rates& rates, V velocity, V gradient) {
    return product(math::splat<V>(rates.momentum), velocity) + product(math::splat<V>(rates.learning_rate), gradient);
}

/// l1 sign(weight).
template <class V>
KOUSEI_HD inline V shrinkage(const Rates& rates, V weight) {
    const V none{}, one = math::splat<V>(rates.l1);
    return weight > none ? one : weight < none ? -one : none;
}

}  // namespace KOUSEI_ISA
}  // namespace kousei::rbm
