#include <kousei/packed.hpp>

#include <algorithm>
#include <array>
#include <atomic>

#include <kousei/sizes.hpp>

#include "interleaved_signs.hpp"
#include "packed_dot.hpp"
#include "parallel.hpp"
#include "sign_panels.hpp"
#include "simd/kernels.hpp"

namespace kousei::packed {
namespace {

constexpr std::int64_t work = 1 << 18;  // signs of one task, where there are as many

/// The signs of eight columns, for each byte of their bits.
template <class Number>
constexpr auto signs_of_byte = [] {
    std::array<std::array<Number, 8>, 256> table{};
    for (std::size_t byte = 0; byte < table.size(); ++byte) {
        for (std::size_t j = 0; j < 8; ++j) table[byte][j] = byte >> j & 1 ? Number{1} : Number{-1};
    }
    return table;
}();

/// Rows of one task, at least `fewest`.
std::int64_t rows_together(std::int64_t columns, std::int64_t fewest) {
    return std::max(fewest, work / std::max<std::int64_t>(columns, 1));
}

/// matmul with the rows in place.
template <class Real>
void multiply_in_rows(Cpu on, const Matrix<Real>& matrix, const Real* x, std::int64_t points, Real* out) {
    constexpr std::int64_t depth = simd::panel_depth;  // so many bits of the rows of a task are in cache
    constexpr std::int64_t fewest = 64;                // rows, and points, of a task
    const std::uint32_t* words = matrix.signs.words;
    const std::int64_t rows = matrix.signs.rows, columns = matrix.signs.columns;
    const std::int64_t stride = stride_of(columns);
    const std::int64_t group = matrix.scales ? std::min(matrix.group, columns) : columns;
    const std::int64_t groups = columns > 0 ? blocks_of(columns, group) : 0;
    const std::int64_t rows_each = std::min(std::max<std::int64_t>(rows, 1), rows_together(columns, fewest));
    const std::int64_t points_each =
        std::max(fewest, work / checked_mul(rows_each, std::max<std::int64_t>(columns, 1)));
    const std::int64_t bands = blocks_of(rows, rows_each);
    const auto multiply = simd::instruction_set().of<Real>().multiply_signs;
    const auto task = [&](std::int64_t index, int) {
        const std::int64_t row = index % bands * rows_each, point = index / bands * points_each;
        const std::int64_t height = std::min(rows_each, rows - row), count = std::min(points_each, points - point);
        std::int64_t column = 0;
        do {
            const std::int64_t in_group = columns > 0 ? column / group : 0;
            const std::int64_t width = std::min({depth, (in_group + 1) * group - column, columns - column});
            const simd::SignBlock<Real> block{words + row * stride + column / 32,
                                              height,
                                              stride,
                                              width,
                                              matrix.scales ? matrix.scales + row * groups + in_group : nullptr,
                                              groups,
                                              column > 0};
            multiply(block, x + point * columns + column, count, columns, out + point * rows + row, rows);
            column += width;
        } while (column < columns);
    };
    kousei::detail::parallel_for(on, checked_mul(bands, blocks_of(points, points_each)), task);
}

template <class Real>
bool looks_up(const Matrix<Real>& matrix, std::int64_t points) {
    return points <= few_points && matrix.interleaved && interleaved_words(matrix) > 0;
}

template <class Real>
bool in_panels(const Matrix<Real>& matrix, std::int64_t points) {
    return points > few_points && matrix.signs.rows > 0 && matrix.signs.columns > 0;
}

}  // namespace

template <class Number>
std::int64_t pack(Cpu on, const Number* signs, std::int64_t rows, std::int64_t columns, std::uint32_t* words) {
    const std::int64_t stride = stride_of(columns), together = rows_together(columns, 1);
    std::atomic<std::int64_t> first_wrong = checked_mul(rows, columns);
    const auto task = [&](std::int64_t index, int) {
        const std::int64_t end = std::min(rows, (index + 1) * together);
        for (std::int64_t row = index * together; row < end; ++row) {
            for (std::int64_t word = 0; word < stride; ++word) {
                std::uint32_t bits = 0;
                const std::int64_t begin = 32 * word, count = std::min<std::int64_t>(32, columns - begin);
                for (std::int64_t j = 0; j < count; ++j) {
                    const std::int64_t at = row * columns + begin + j;
                    if (signs[at] == Number{1}) {
                        bits |= std::uint32_t{1} << j;
                    } else if (signs[at] != Number{-1}) {
                        std::int64_t before = first_wrong;
                        while (at < before && !first_wrong.compare_exchange_weak(before, at)) {
                        }
                    }
                }
                words[row * stride + word] = bits;
            }
        }
    };
    kousei::detail::parallel_for(on, blocks_of(rows, together), task);
    return first_wrong;
}

template <class Number>
void unpack(Cpu on, const View& matrix, Number* signs) {
    const std::int64_t columns = matrix.columns, stride = stride_of(columns), together = rows_together(columns, 1);
    const auto task = [&](std::int64_t index, int) {
        const std::int64_t end = std::min(matrix.rows, (index + 1) * together);
        for (std::int64_t row = index * together; row < end; ++row) {
            const std::uint32_t* const words = matrix.words + row * stride;
            Number* const to = signs + row * columns;
            const auto at = [&](std::int64_t j) {
                return signs_of_byte<Number>[words[j / 32] >> (j % 32) & 255].data();
            };
            std::int64_t j = 0;
            for (; j + 8 <= columns; j += 8) std::copy_n(at(j), 8, to + j);
            if (j < columns) std::copy_n(at(j), columns - j, to + j);
        }
    };
    kousei::detail::parallel_for(on, blocks_of(matrix.rows, together), task);
}

template <class Real>
std::int64_t interleaved_words(const Matrix<Real>& matrix) {
    constexpr std::int64_t fewest = 32;  // rows: fewer would be padded to a multiple of themselves
    if (matrix.signs.rows < fewest || simd::instruction_set().of<Real>().sign_tables.word_tables == 0) return 0;
    return detail::InterleavedSigns<Real>(matrix).words();
}

template <class Real>
void interleave(Cpu on, const Matrix<Real>& matrix, std::uint32_t* words) {
    if (interleaved_words(matrix) > 0) detail::InterleavedSigns<Real>(matrix).write(on, words);
}

template <class Real>
std::int64_t workspace_bytes(Cpu on, const Matrix<Real>& matrix, std::int64_t points) {
    if (looks_up(matrix, points)) return detail::LookUp<Real>(on, matrix, points).bytes();
    return in_panels(matrix, points) ? detail::SignPanels<Real>(on, matrix, points).bytes() : 0;
}

template <class Real>
void matmul(Cpu on, const Matrix<Real>& matrix, const Real* x, std::int64_t points, Real* out, Workspace workspace) {
    on.threads = kousei::detail::thread_limit(on);  // once: another thread may change the number that stands for 0
    require_workspace(workspace, workspace_bytes(on, matrix, points));
    if (looks_up(matrix, points)) {
        detail::LookUp<Real>(on, matrix, points).run(x, out, workspace);
    } else if (in_panels(matrix, points)) {
        detail::SignPanels<Real>(on, matrix, points).run(x, out, workspace);
    } else {
        multiply_in_rows(on, matrix, x, points, out);
    }
}

void dot(Cpu on, const View& a, const View& b, std::int32_t* out) {
    // Rows of b stay in cache while rows of a pass.
    constexpr std::int64_t cached_words = 1 << 12, fewest = 16, together = 64;
    detail::require_sums(a, b);
    const std::int64_t stride = stride_of(a.columns);
    const std::int64_t b_each = std::max(cached_words / std::max<std::int64_t>(stride, 1), fewest);
    const std::int64_t bands = blocks_of(b.rows, b_each);
    const auto multiply = simd::instruction_set().dot_signs;
    kousei::detail::parallel_for(on, checked_mul(bands, blocks_of(a.rows, together)), [&](std::int64_t index, int) {
        const std::int64_t i = index / bands * together, j = index % bands * b_each;
        const simd::SignPairs pairs{a.words + i * stride,
                                    std::min(together, a.rows - i),
                                    b.words + j * stride,
                                    std::min(b_each, b.rows - j),
                                    stride,
                                    a.columns};
        multiply(pairs, out + i * b.rows + j, b.rows);
    });
}

template std::int64_t pack(Cpu, const std::int8_t*, std::int64_t, std::int64_t, std::uint32_t*);
template std::int64_t pack(Cpu, const std::int16_t*, std::int64_t, std::int64_t, std::uint32_t*);
template std::int64_t pack(Cpu, const std::int32_t*, std::int64_t, std::int64_t, std::uint32_t*);
template std::int64_t pack(Cpu, const std::int64_t*, std::int64_t, std::int64_t, std::uint32_t*);
template std::int64_t pack(Cpu, const float*, std::int64_t, std::int64_t, std::uint32_t*);
template std::int64_t pack(Cpu, const double*, std::int64_t, std::int64_t, std::uint32_t*);
template void unpack(Cpu, const View&, std::int8_t*);
template void unpack(Cpu, const View&, std::int16_t*);
template void unpack(Cpu, const View&, std::int32_t*);
template void unpack(Cpu, const View&, std::int64_t*);
template void unpack(Cpu, const View&, float*);
template void unpack(Cpu, const View&, double*);
template std::int64_t interleaved_words(const Matrix<float>&);
template std::int64_t interleaved_words(const Matrix<double>&);
template void interleave(Cpu, const Matrix<float>&, std::uint32_t*);
template void interleave(Cpu, const Matrix<double>&, std::uint32_t*);
template std::int64_t workspace_bytes(Cpu, const Matrix<float>&, std::int64_t);
template std::int64_t workspace_bytes(Cpu, const Matrix<double>&, std::int64_t);
template void matmul(Cpu, const Matrix<float>&, const float*, std::int64_t, float*, Workspace);
template void matmul(Cpu, const Matrix<double>&, const double*, std::int64_t, double*, Workspace);

}  // namespace kousei::packed
