#pragma once
#include <cstdint>

namespace kousei::simd {

/// Consecutive rows of a matrix of signs, and `columns` of its columns from the beginning of a word on.
template <class Real>
struct SignBlock {
    const std::uint32_t* words;  ///< (rows, stride), see packed::View
    std::int64_t rows;
    std::int64_t stride;
    std::int64_t columns;
    const Real* scales;  ///< one for each row, `scale_stride` apart, of all these columns; nullptr: 1
    std::int64_t scale_stride;
    bool more;  ///< the sums of the columns before are there
};

/// out[i, r] = scales[r] sum_j +-x[i, j] in rows of the given strides, the signs those of row r. Each sum is formed
/// in the same order, however many rows and points there are.
template <class Real>
using MultiplySigns = void (*)(const SignBlock<Real>& block, const Real* x, std::int64_t points,
                               std::int64_t x_stride, Real* out, std::int64_t out_stride);

}  // namespace kousei::simd
