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

/// out[i, r] = sum_j +-x[i, j], with the sign in row r and column j; x is (points, columns), out (points, rows).
/// Columns are summed by 4096 at a time. The result of a point depends neither on the number of threads nor on the
/// other points.
template <class Real>
void matmul(Cpu on, const View& matrix, const Real* x, std::int64_t points, Real* out);

}  // namespace kousei::packed
