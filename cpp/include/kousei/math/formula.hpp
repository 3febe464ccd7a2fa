#pragma once
#include <kousei/math/exp2.hpp>

namespace kousei::math {
inline namespace KOUSEI_ISA {

/// An activation at z.
template <class Formula, Range range = Range::any, class V>
KOUSEI_HD inline V value_at(V z) {
    return Formula::template of_scaled<range>(z * static_cast<scalar_t<V>>(Formula::template scale<V>));
}

/// The derivative of an activation, in the form of an activation. Absolute error at most 4 eps.
template <class Formula>
struct Derivative {
    template <class V>
    static constexpr double scale = Formula::template scale<V>;

    template <Range range, class V>
    KOUSEI_HD static V of_scaled(V z) {
        return Formula::template derivative_of_scaled<range>(z);
    }
};

}  // namespace KOUSEI_ISA
}  // namespace kousei::math
