#pragma once
#include <cstdint>

namespace kousei::simd {

/// Numbers are looked at in blocks of 4 strips, as wide as the widest vector: lane l of a block are its numbers l,
/// strip + l, 2 strip + l and 3 strip + l.
template <class Real>
inline constexpr std::int64_t strip = 64 / static_cast<std::int64_t>(sizeof(Real));
template <class Real>
inline constexpr std::int64_t strips_block = 4 * strip<Real>;

/// The products of a row with others, in whole blocks, and from which on those are looked for.
template <class Real>
struct Products {
    const Real* products;  ///< (blocks, 4, strip)
    Real* largest;         ///< (blocks, strip), of each lane
    const Real* reach;     ///< (blocks, 4, strip), from which on a product counts for the other row
    const Real* lowest;    ///< (blocks, strip), of `reach`
    std::int64_t blocks;
};

template <class Real>
struct RecommendKernels {
    /// Writes `largest`, and the largest of each lane of the blocks g, g + groups, ..., at least 0, into of_groups
    /// (groups, strip).
    void (*find_largest)(const Products<Real>& row, std::int64_t groups, Real* of_groups);
    /// The places of all positive products that are at least `own` or their `reach`, in no order, and how many there
    /// are; one place more than these is written.
    std::int64_t (*find_reaching)(const Products<Real>& row, Real own, std::int32_t* found);
};

}  // namespace kousei::simd
