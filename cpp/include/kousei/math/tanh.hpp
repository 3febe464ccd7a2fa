#pragma once
#include <kousei/math/exp2.hpp>

namespace kousei::math {
inline namespace KOUSEI_ISA {

/// Hyperbolic tangent, relative error at most 4 eps also near 0.
struct Tanh {
    /// log2(e^(2z)) on the host; CUDA has a tanh of its own.
    template <class V>
#if defined(__CUDACC__)
    static constexpr double scale = 1;
#else
    static constexpr double scale = 2 * 1.4426950408889634074;
#endif

    template <Range range, class V>
    KOUSEI_HD static V of_scaled(V z) {
#if defined(__CUDACC__)
        return ::tanh(z);
#else
        // e^(2z) - 1 = power (1 + p) - 1, without the cancellation of subtracting 1 last.
        const auto [power, fraction] = detail::exp2_split<0, range>(z);
        const V difference = power * (fraction * detail::exp2_slope<0>(fraction)) + (power - scalar_t<V>(1));
        return difference / (difference + scalar_t<V>(2));
#endif
    }
};

}  // namespace KOUSEI_ISA
}  // namespace kousei::math
