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

/// The second derivative of an activation that has one, in the form of an activation. Absolute error at most 8 eps.
template <class Formula>
struct SecondDerivative {
    template <class V>
    static constexpr double scale = Formula::template scale<V>;

    template <Range range, class V>
    KOUSEI_HD static V of_scaled(V z) {
        return Formula::template second_derivative_of_scaled<range>(z);
    }
};

/// A function at z, its derivative and its second derivative, which is 0 where it is not asked for.
template <class V>
struct Jet {
    V value;
    V first;
    V second;
};

/// `twice`: with the second derivative.
template <class Formula, bool twice, class V>
KOUSEI_HD inline Jet<V> jet_at(V z) {
    Jet<V> jet{value_at<Formula>(z), value_at<Derivative<Formula>>(z), V{}};
    if constexpr (twice) jet.second = value_at<SecondDerivative<Formula>>(z);
    return jet;
}

}  // namespace KOUSEI_ISA
}  // namespace kousei::math
