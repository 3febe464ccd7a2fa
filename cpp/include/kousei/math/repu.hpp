#pragma once
#include <cstdint>

#include <kousei/math/formula.hpp>
#include <kousei/math/relu.hpp>

namespace kousei::math {
inline namespace KOUSEI_ISA {

/// max(z, 0)^power, power >= 1; NaN stays. Relative error at most power eps / 2.
template <class V>
KOUSEI_HD inline V repu(std::int64_t power, V z) {
    V factor = z < V{} ? V{} : z, result = splat<V>(1);
    while (true) {
        if (power % 2 != 0) result = result * factor;
        power /= 2;
        if (power == 0) return result;
        factor = factor * factor;
    }
}

/// The same with its derivatives: step is 0 at 0, and stands for the derivative of max(z, 0) and for max(z, 0)^0.
/// For power 1 there is no second one, and 0 stands for it. Relative error at most power eps.
template <class V>
KOUSEI_HD inline Jet<V> repu_jet(std::int64_t power, V z) {
    using T = scalar_t<V>;
    const V base = value_at<Relu>(z), step = value_at<Derivative<Relu>>(z);
    if (power == 1) return {base, step, V{}};
    const V low = power == 2 ? step : repu(power - 2, z);
    return {base * base * low, base * low * static_cast<T>(power), low * static_cast<T>(power * (power - 1))};
}

}  // namespace KOUSEI_ISA
}  // namespace kousei::math
