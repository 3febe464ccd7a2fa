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

/// Many points lie in panels: a number of each of them makes a line, one of the cache on every instruction set.
inline constexpr std::int64_t panel_bytes = 64;
template <class Real>
inline constexpr std::int64_t panel_lanes = panel_bytes / std::int64_t{sizeof(Real)};

/// Columns of a panel that are summed at a time.
inline constexpr std::int64_t panel_depth = 4096;

/// Lines in the tables of a word, at most.
inline constexpr std::int64_t most_word_entries = 448;

/// Pairs of words of a row that are gathered at a time: a line of the cache.
inline constexpr std::int64_t gathered_pairs = 8;

/// Consecutive rows of a matrix of signs, with all their columns.
template <class Real>
struct SignRows {
    const std::uint32_t* words;  ///< (rows, stride), see packed::View
    std::int64_t rows;
    std::int64_t stride;
    std::int64_t columns;  ///< not 0
    const Real* scales;    ///< (rows, scale_stride), see packed::Matrix; nullptr: 1
    std::int64_t scale_stride;
    std::int64_t group;
};

/// Each at the beginning of a line.
template <class Real>
struct PanelScratch {
    Real* inputs;          ///< 64 lines
    Real* tables;          ///< 2 most_word_entries lines
    Real* sums;            ///< as many lines as there are rows
    std::uint64_t* pairs;  ///< (gathered_pairs, rows)
};

/// out[i, r] = sum_j x[i, j] matrix[r, j] for up to panel_lanes points, in rows of the given strides: the sums of a
/// few columns with all signs are written into tables, a point in a lane, and each row looks up its own. Each sum is
/// formed in the same order, however many rows and points there are.
template <class Real>
using MultiplyPanel = void (*)(const SignRows<Real>& matrix, const Real* x, std::int64_t points,
                               std::int64_t x_stride, Real* out, std::int64_t out_stride,
                               const PanelScratch<Real>& scratch);
/// Rows that lie interleaved together, and the most words of a block of their columns.
inline constexpr std::int64_t band_rows = 64, block_words = 8;

/// A block of columns of consecutive bands of rows, interleaved: (bands, count, band_rows) words.
template <class Real>
struct InterleavedBlock {
    const std::uint32_t* words;
    std::int64_t rows;   ///< in all; what the last band has beyond is not written
    std::int64_t count;  ///< words of a row
    const Real* scales;  ///< (groups, scale_stride), from the group of the first word on; nullptr: 1
    std::int64_t scale_stride;
    std::int64_t group;   ///< words of a group
    std::int64_t before;  ///< words of the first group before these
    bool more;            ///< the sums of the columns before are there
};

/// A few points, up to `points_together`, times interleaved rows: the sums of a few columns with all signs are
/// written into tables, and looked up.
template <class Real>
struct SignTables {
    std::int64_t word_tables = 0;  ///< numbers in the tables of a word; 0: there are no such kernels
    /// The tables of up to block_words words.
    void (*write)(const Real* x, std::int64_t columns, Real* tables) = nullptr;
    /// out[i, r] = sum_j x[i, j] matrix[r, j]; tables are (points, block_words, word_tables). Each sum is formed in
    /// the same order, however many rows and points there are.
    void (*multiply)(const InterleavedBlock<Real>& block, const Real* tables, std::int64_t points, Real* out,
                     std::int64_t out_stride) = nullptr;
};

/// See SignTables.
inline constexpr std::int64_t points_together = 4;

/// Rows of two matrices of signs; bits past the last column are the same in both.
struct SignPairs {
    const std::uint32_t* a;  ///< (a_rows, stride), see packed::View
    std::int64_t a_rows;
    const std::uint32_t* b;  ///< (b_rows, stride)
    std::int64_t b_rows;
    std::int64_t stride;
    std::int64_t columns;
};

/// out[i, j] = sum_k a[i, k] b[j, k], which is the columns less twice the bits in which two rows differ.
using DotSigns = void (*)(const SignPairs& pairs, std::int32_t* out, std::int64_t out_stride);

}  // namespace kousei::simd
