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

    /// The step from 0 to 1, 0 at 0.
    template <Range, class V>
    KOUSEI_HD static V derivative_of_scaled(V z) {
        const V rest = z <= V{} ? V{} : z;  // NaN stays
        return z > V{} ? splat<V>(1) : rest;
    }
};

}  // namespace KOUSEI_ISA
}  // namespace kousei::math
