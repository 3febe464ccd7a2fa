#pragma once
#include <kousei/math/exp2.hpp>
#include <kousei/math/quotient.hpp>

namespace kousei::math {
inline namespace KOUSEI_ISA {

namespace detail {

/// (atan(t)/t - 1)/t^2 as a polynomial in t^2 on |t| <= tan(pi/8), from the Remez exchange (in mpmath) for the
/// relative error of atan; it leaves 0.2 eps.
template <class V>
KOUSEI_HD inline V arctan_slope(V square) {
    if constexpr (is_double<V>) {
        constexpr double c[] = {-0x1.5555555555318p-2, 0x1.9999999949772p-3,  -0x1.249249057e119p-3,
                                0x1.c71c65cff3b46p-4,  -0x1.745bc3398c992p-4, 0x1.3afc35edbf034p-4,
                                -0x1.1005340f23a61p-4, 0x1.d255327a8a733p-5,  -0x1.6518da35b785cp-5,
                                0x1.5c523c03beb67p-6};
        return polynomial(c, square);
    } else {
        constexpr double c[] = {-0x1.555454p-2, 0x1.9924bcp-3, -0x1.1c3700p-3, 0x1.49e162p-4};
        return polynomial(c, square);
    }
}

}  // namespace detail

/// Inverse tangent, relative error at most 2 eps also near 0.
struct Arctan {
    template <class V>
    static constexpr double scale = 1;

    template <Range, class V>
    KOUSEI_HD static V of_scaled(V z) {
        // atan(x) = offset + atan(t): t is x, (x - 1)/(x + 1) or -1/x, whichever is at most tan(pi/8).
        const V x = abs(z), one = splat<V>(1);
        const auto middle = x > splat<V>(0.41421356237309504880), large = x > splat<V>(2.4142135623730950488);
        const V numerator = large ? -one : (middle ? x - one : x);
        const V denominator = large ? x : (middle ? x + one : one);
        const V middle_offset = middle ? splat<V>(0.78539816339744830962) : V{};
        const V offset = large ? splat<V>(1.5707963267948966192) : middle_offset;
        const V t = quotient(numerator, denominator);
        const V square = t * t;
        return with_sign_of(z, offset + (t + t * (square * detail::arctan_slope(square))));
    }

    /// 1/(1 + z^2).
    template <Range, class V>
    KOUSEI_HD static V derivative_of_scaled(V z) {
        return quotient(splat<V>(1), z * z + scalar_t<V>(1));
    }

    /// -2z/(1 + z^2)^2.
    template <Range range, class V>
    KOUSEI_HD static V second_derivative_of_scaled(V z) {
        // From here on it is 0 to rounding; at infinity it would be NaN.
        const V x = clamp(z, -1e12f, 1e12f), slope = derivative_of_scaled<range>(x);
        return x * scalar_t<V>(-2) * slope * slope;
    }
};

}  // namespace KOUSEI_ISA
}  // namespace kousei::math
