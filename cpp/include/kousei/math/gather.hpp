#pragma once
#include <cmath>

#include <kousei/math/exp2.hpp>  // the types of the vectors

/// What tables need of the argument type of a formula, beside math/lanes.hpp.
namespace kousei::math {
inline namespace KOUSEI_ISA {

/// x as integers, towards 0; in range.
template <class V>
KOUSEI_HD inline integer_t<V> truncated(V x) {
    if constexpr (std::floating_point<V>) {
        return static_cast<integer_t<V>>(x);
    } else {
        return __builtin_convertvector(x, integer_t<V>);
    }
}

template <class V>
KOUSEI_HD inline V from_integer(integer_t<V> x) {
    if constexpr (std::floating_point<V>) {
        return static_cast<V>(x);
    } else {
        return __builtin_convertvector(x, V);
    }
}

/// Whether a comparison of V holds in some lane.
template <class Mask>
KOUSEI_HD inline bool any(Mask mask) {
    if constexpr (std::integral<Mask>) {
        return mask;
    } else {
        auto found = mask[0];
        for (int lane = 1; lane < static_cast<int>(sizeof mask / sizeof mask[0]); ++lane) found |= mask[lane];
        return found != 0;
    }
}

/// table[index] in every lane.
template <class V>
KOUSEI_HD inline V gather(const scalar_t<V>* table, integer_t<V> index) {
    if constexpr (std::floating_point<V>) {
        return table[index];
#if defined(__AVX512F__) && !defined(__CUDACC__)
        // All lanes of the mask, as in detail::scale_by_exp2.
    } else if constexpr (std::same_as<V, detail::Doubles64>) {
        return _mm512_mask_i64gather_pd(V{}, 0xff, __builtin_bit_cast(__m512i, index), table, sizeof(double));
    } else if constexpr (std::same_as<V, detail::Floats64>) {
        return _mm512_mask_i32gather_ps(V{}, 0xffff, __builtin_bit_cast(__m512i, index), table, sizeof(float));
#endif
    } else {
        V v{};
        for (int lane = 0; lane < static_cast<int>(sizeof v / sizeof v[0]); ++lane) v[lane] = table[index[lane]];
        return v;
    }
}

/// x^exponent, x > 0, by the library.
template <class V>
KOUSEI_HD inline V power(V x, scalar_t<V> exponent) {
    if constexpr (std::floating_point<V>) {
        return std::pow(x, exponent);
    } else {
        for (int lane = 0; lane < static_cast<int>(sizeof x / sizeof x[0]); ++lane)
            x[lane] = std::pow(x[lane], exponent);
        return x;
    }
}

}  // namespace KOUSEI_ISA
}  // namespace kousei::math
