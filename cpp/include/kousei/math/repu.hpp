#pragma once
#include <cstdint>

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

}  // namespace KOUSEI_ISA
}  // namespace kousei::math
