#pragma once
#include <cstdint>

namespace kousei::simd {

/// The first layer of rho in panels, see LayerKernels and attribution::argument: lanes are coalitions.
template <class Real>
struct PooledTerms {
    const Real* terms;    ///< (units, lanes)
    const Real* weights;  ///< (lanes), nullptr where sums are not divided
    const Real* context;  ///< (units), what all lanes have besides
    Real context_weight;
    const Real* bias;  ///< (units)
    std::int64_t units;
};

/// z (units, lanes).
template <class Real>
using Pool = void (*)(const PooledTerms<Real>& pooled, std::int64_t lanes, Real* z);

/// Numbers to which rows of the next are padded: a multiple of every vector of them.
inline constexpr std::int64_t equation_lanes = 8;

/// equations[a, b] += sum_r weight[r] rows[r, a] rows[r, b] for b >= a, and some b below: rows is (count, stride),
/// equations (unknowns, stride), the stride a multiple of equation_lanes.
using AddToNormal = void (*)(const double* rows, const double* weight, std::int64_t count, std::int64_t unknowns,
                             std::int64_t stride, double* equations);

}  // namespace kousei::simd
