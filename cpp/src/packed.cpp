#include <kousei/packed.hpp>

#include <algorithm>
#include <atomic>

#include <kousei/sizes.hpp>

#include "parallel.hpp"
#include "simd/kernels.hpp"

namespace kousei::packed {
namespace {

constexpr std::int64_t work = 1 << 18;  // signs of one task, where there are as many

/// Rows of one task, at least `fewest`.
std::int64_t rows_together(std::int64_t columns, std::int64_t fewest) {
    return std::max(fewest, work / std::max<std::int64_t>(columns, 1));
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
    detail::parallel_for(on, blocks_of(rows, together), task);
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
            for (std::int64_t j = 0; j < columns; ++j) to[j] = words[j / 32] >> (j % 32) & 1 ? Number{1} : Number{-1};
        }
    };
    detail::parallel_for(on, blocks_of(matrix.rows, together), task);
}

template <class Real>
void matmul(Cpu on, const View& matrix, const Real* x, std::int64_t points, Real* out) {
    constexpr std::int64_t depth = 4096;  // columns summed at a time: so many bits of the rows of a task are in cache
    constexpr std::int64_t fewest = 64;   // rows, and points, of a task
    const std::int64_t rows = matrix.rows, columns = matrix.columns, stride = stride_of(columns);
    const std::int64_t rows_each = std::min(std::max<std::int64_t>(rows, 1), rows_together(columns, fewest));
    const std::int64_t points_each =
        std::max(fewest, work / checked_mul(rows_each, std::max<std::int64_t>(columns, 1)));
    const std::int64_t bands = blocks_of(rows, rows_each);
    const auto multiply = simd::instruction_set().multiply_signs<Real>();
    const auto task = [&](std::int64_t index, int) {
        const std::int64_t row = index % bands * rows_each, point = index / bands * points_each;
        const std::int64_t count = std::min(points_each, points - point);
        for (std::int64_t column = 0; column == 0 || column < columns; column += depth) {
            const simd::SignBlock block{matrix.words + row * stride + column / 32, std::min(rows_each, rows - row),
                                        stride, std::min(depth, columns - column), column > 0};
            multiply(block, x + point * columns + column, count, columns, out + point * rows + row, rows);
        }
    };
    detail::parallel_for(on, checked_mul(bands, blocks_of(points, points_each)), task);
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
template void matmul(Cpu, const View&, const float*, std::int64_t, float*);
template void matmul(Cpu, const View&, const double*, std::int64_t, double*);

}  // namespace kousei::packed
