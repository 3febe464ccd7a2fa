#pragma once
#include <concepts>
#include <cstdint>
#include <limits>
#include <type_traits>
#include <utility>

#include <kousei/config.hpp>

/// What a formula may ask of its argument type V: float, double, or a GCC vector of either. Arithmetic, comparison
/// and `a < b ? x : y` are spelled alike for all of them; this header adds the rest.
namespace kousei::math {
inline namespace KOUSEI_ISA {

namespace detail {
template <class V>
struct Lanes {
    using scalar = std::remove_cvref_t<decltype(std::declval<V&>()[0])>;
    using integer = decltype(std::declval<V>() < std::declval<V>());
};
template <>
struct Lanes<float> {
    using scalar = float;
    using integer = std::int32_t;
};
template <>
struct Lanes<double> {
    using scalar = double;
    using integer = std::int64_t;
};
}  // namespace detail

template <class V>
using scalar_t = typename detail::Lanes<V>::scalar;

/// Signed integers as wide as the lanes of V.
template <class V>
using integer_t = typename detail::Lanes<V>::integer;

template <class V>
inline constexpr bool is_double = std::same_as<scalar_t<V>, double>;

/// All lanes equal to `value`, which is rounded to the precision of V.
template <class V>
KOUSEI_HD constexpr V splat(double value) {
    return V{} + static_cast<scalar_t<V>>(value);
}

/// x as it is rounded: a product that several expressions take is fused with none of them. The compiler would fuse it
/// with all or none, as the code around them happens to stand, and bits would depend on that.
template <class V>
KOUSEI_HD inline V rounded(V x) {
#if defined(__FMA__) && !defined(__CUDACC__)
    asm("" : "+v"(x));  // __builtin_assoc_barrier takes vectors of 64 bytes apart
#endif
    return x;
}

// The builtin, since std::bit_cast is not for device code.
template <class V>
KOUSEI_HD inline integer_t<V> to_bits(V x) {
    return __builtin_bit_cast(integer_t<V>, x);
}

template <class V>
KOUSEI_HD inline V from_bits(integer_t<V> bits) {
    return __builtin_bit_cast(V, bits);
}

/// a + b modulo 2^bits, as vectors add.
template <class I>
KOUSEI_HD inline I wrapping_add(I a, int b) {
    if constexpr (std::integral<I>) {
        using U = std::make_unsigned_t<I>;
        return static_cast<I>(static_cast<U>(a) + static_cast<U>(b));
    } else {
        return a + b;
    }
}

namespace detail {
/// All bits but the sign.
template <class V>
inline constexpr auto magnitude_bits =
    std::numeric_limits<std::conditional_t<is_double<V>, std::int64_t, std::int32_t>>::max();
}  // namespace detail

/// |x|. On bits, this and the next are one operation each; GCC makes three of a comparison.
template <class V>
KOUSEI_HD inline V abs(V x) {
    return from_bits<V>(to_bits(x) & detail::magnitude_bits<V>);
}

/// `magnitude`, which is not negative, with the sign of `x`.
template <class V>
KOUSEI_HD inline V with_sign_of(V x, V magnitude) {
    return from_bits<V>(to_bits(magnitude) | (to_bits(x) & ~detail::magnitude_bits<V>));
}

/// x, at least `least` and at most `most`; NaN stays.
template <class V>
KOUSEI_HD inline V clamp(V x, scalar_t<V> least, scalar_t<V> most) {
    const V low = least - V{}, high = most - V{};
    x = x < low ? low : x;
    return x > high ? high : x;
}

/// c[0] + c[1] x + ... + c[N-1] x^(N-1) by Horner's rule.
template <class V, int N>
KOUSEI_HD inline V polynomial(const double (&c)[N], V x) {
    V sum = splat<V>(c[N - 1]);
    for (int i = N - 2; i >= 0; --i) sum = sum * x + static_cast<scalar_t<V>>(c[i]);
    return sum;
}

}  // namespace KOUSEI_ISA
}  // namespace kousei::math
