#pragma once
#include <cstdint>

#include <kousei/binary.hpp>

namespace kousei::simd {

/// Columns of T that are taken together: their chains of additions hide each other's latency, and what is summed up
/// in a row of the matrix is read and written once for all of them.
inline constexpr int chains_together = 4;

/// `count` columns of T from `first` on, at most chains_together, at a vector of points or at one of them.
template <class Real>
struct ChainBlock {
    const binary::Chain* chain;
    std::int64_t first;
    std::int64_t count;
    const Real* hidden;  ///< (units, lanes): the units of these columns; with `places` what these are multiples of
    const std::int32_t* places;  ///< the row of `hidden` for each of the units, or nullptr
    const Real* factors;         ///< with it, the multiple
};

/// sums[i] += sum_j P_j[ranks[i, j]] over the columns j, and total += sum_j tot_j, see binary::evaluate; lanes is the
/// width of a vector or 1. `prefix` holds all P: one number more than units for each column and lane.
template <class Real>
using AddChains = void (*)(const ChainBlock<Real>& block, std::int64_t lanes, Real* prefix, Real* total, Real* sums);

}  // namespace kousei::simd
