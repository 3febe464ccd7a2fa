#pragma once
#include <kousei/math/exp2.hpp>

namespace kousei::math {
inline namespace KOUSEI_ISA {

/// max(z, 0), NaN for NaN.
struct Relu {
    template <class V>
    static constexpr double scale = 1;

    template <Range, class V>
    KOUSEI_HD static V of_scaled(V z) {
        return z < V{} ? V{} : z;
    }
};

}  // namespace KOUSEI_ISA
}  // namespace kousei::math
