#pragma once
#include <cstdint>

#include <kousei/execution.hpp>

/// Matrices of -1 and +1, one bit for each entry.
namespace kousei::packed {

/// Words of a row: 128 columns fill 4, and a row begins at a multiple of these.
constexpr std::int64_t stride_of(std::int64_t columns) {
    return (columns / 128 + (columns % 128 != 0)) * 4;
}

/// A matrix of signs, borrowed. A bit that is set is +1, one that is not is -1; column j is bit j % 32, the least
/// significant first, of word j / 32 of its row. Bits past the last column are 0 as packed, and not read.
struct View {
    const std::uint32_t* words;  ///< (rows, stride_of(columns)) row-major
    std::int64_t rows;
    std::int64_t columns;
};

/// Packs signs (rows, columns) into words (rows, stride_of(columns)). Returns the index of the first entry that is
/// neither -1 nor +1, whose bit says nothing, or rows * columns where there is none. Of std::int8_t, int16_t,
/// int32_t, int64_t, float and double.
template <class Number>
std::int64_t pack(Cpu on, const Number* signs, std::int64_t rows, std::int64_t columns, std::uint32_t* words);

/// Writes the matrix out: signs (rows, columns), of the same types.
template <class Number>
void unpack(Cpu on, const View& matrix, Number* signs);

/// A matrix of signs as it is multiplied with, borrowed: the entry in row r and column j is that of `signs`, times
/// scales[r, j / group] where there are scales.
template <class Real>
struct Matrix {
    View signs;
    const std::uint32_t* interleaved = nullptr;  ///< the copy that interleave makes; none: rows are read in place
    const Real* scales = nullptr;                ///< (rows, blocks_of(columns, group)) row-major; none: all are 1
    std::int64_t group = 0;  ///< columns that have a scale together: a multiple of 32, or at least the columns
};

/// Words of the copy of a matrix that few points are multiplied by faster, its scales among them; 0: the instruction
/// set in use reads rows, or there are few.
template <class Real>
std::int64_t interleaved_words(const Matrix<Real>& matrix);

/// Writes that copy, interleaved_words(matrix) words; best aligned to 64 bytes.
template <class Real>
void interleave(Cpu on, const Matrix<Real>& matrix, std::uint32_t* words);

/// Bytes of workspace that matmul needs for `points` points.
template <class Real>
std::int64_t workspace_bytes(Cpu on, const Matrix<Real>& matrix, std::int64_t points);

/// out[i, r] = sum_j x[i, j] matrix[r, j]; x is (points, columns), out (points, rows). Columns are summed by at most
/// 4096 at a time. The result of a point does not depend on the number of threads. On the other points it depends by
/// their number alone: up to few_points of them are summed in another order than more. Infinities and NaN are
/// answered; where the sum over some of the columns overflows, so does the result.
template <class Real>
void matmul(Cpu on, const Matrix<Real>& matrix, const Real* x, std::int64_t points, Real* out, Workspace workspace);

/// See matmul.
inline constexpr std::int64_t few_points = 8;

/// out[i, j] = sum_k a[i, k] b[j, k], exact: the columns, less twice the bits in which two rows differ; out is
/// (a.rows, b.rows). Throws std::invalid_argument unless both have the same columns, SizeError where a sum might not
/// be representable.
void dot(Cpu on, const View& a, const View& b, std::int32_t* out);

}  // namespace kousei::packed
