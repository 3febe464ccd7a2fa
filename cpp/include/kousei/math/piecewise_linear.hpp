#pragma once
#include <cstdint>

#include <kousei/math/lanes.hpp>

namespace kousei::math {
inline namespace KOUSEI_ISA {

/// slope z, which at slope 0 is 0 for infinities too; NaN stays.
template <class V>
KOUSEI_HD inline V line(V slope, V z) {
    const auto level = (slope == V{}) & (z == z);  // NOLINT(misc-redundant-expression): false for NaN
    return level ? V{} : slope * z;
}

/// On piece i, that of the i kinks which are at most z, slope[i] z + intercept[i].
template <class Real>
struct PiecewiseLinear {
    const Real* kinks;  ///< increasing; the slopes and the intercepts of the pieces follow
    std::int64_t count;

    template <class V>
    KOUSEI_HD V operator()(V z) const {
        const Real *const slopes = kinks + count, *const intercepts = slopes + count + 1;
        V slope = slopes[0] - V{}, intercept = intercepts[0] - V{};
        for (std::int64_t i = 0; i < count; ++i) {
            const auto right = z >= kinks[i] - V{};
            slope = right ? slopes[i + 1] - V{} : slope;
            intercept = right ? intercepts[i + 1] - V{} : intercept;
        }
        return line(slope, z) + intercept;
    }

    /// At a kink that of the piece on its left; NaN for NaN.
    template <class V>
    KOUSEI_HD V slope_at(V z) const {
        const Real* const slopes = kinks + count;
        V slope = slopes[0] - V{};
        for (std::int64_t i = 0; i < count; ++i) slope = z > kinks[i] - V{} ? slopes[i + 1] - V{} : slope;
        return z == z ? slope : z;  // NOLINT(misc-redundant-expression): false for NaN
    }
};

/// below z for z < 0, above z from 0 on.
template <class V>
KOUSEI_HD inline V homogeneous(V below, V above, V z) {
    return line(z < V{} ? below : above, z);
}

/// Its slope, at 0 that on the left; NaN for NaN.
template <class V>
KOUSEI_HD inline V homogeneous_slope(V below, V above, V z) {
    const V slope = z > V{} ? above : below;
    return z == z ? slope : z;  // NOLINT(misc-redundant-expression): false for NaN
}

}  // namespace KOUSEI_ISA
}  // namespace kousei::math
