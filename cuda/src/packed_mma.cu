#include "packed_mma.hpp"

#include <cmath>

#include "mma.cuh"
#include "packed_products.cuh"
#include "workspace.hpp"

namespace kousei::packed::mma {
namespace {

constexpr int threads = 128, warps = threads / 32;
/// Products of 16 rows that a warp has below one another, and the rows of it and of its thread block.
constexpr int row_tiles = 4, warp_rows = 16 * row_tiles, block_rows = warps * warp_rows;
/// Columns whose signs a warp reads at a time, a word of a row for each of 4 lanes.
constexpr int block = 128;
/// Columns of a point that are scaled together, and the most that are summed together.
constexpr int chunk = 512;

__device__ inline bool is_finite(float x) {
    return fabsf(x) < INFINITY;
}

/// What a point is written as before it is multiplied. Of an element x of a chunk whose largest is below 2^e it is
/// x 2^(bits - e), in registers whose elements are columns 32 / elements apart: so the signs of a word, from bit
/// `bit` on, become a register by a shift.
///
/// Whole numbers of 23 bits as three signed bytes, each in a column of its own of the product.
struct Limbs {
    using Sum = std::int32_t;
    static constexpr int columns = 3, passes = 1, elements = 4, bits = 22;
    /// Infinities and NaN are none of them, and leave NaN.
    static constexpr bool finite_only = true;

    __device__ static std::uint32_t signs(std::uint32_t word, int bit) {
        return 0xFFFFFFFFu - (word >> bit & 0x01010101u) * 0xFEu;
    }
    __device__ static void write(float x, int place, std::uint32_t (&planes)[columns]) {
        auto number = static_cast<std::int32_t>(rintf(x));
#pragma unroll
        for (std::uint32_t& plane : planes) {
            const auto limb = static_cast<std::int8_t>(number);
            plane |= std::uint32_t{static_cast<std::uint8_t>(limb)} << 8 * place;
            number = (number - limb) >> 8;
        }
    }
    /// Power of 2 that a column of the product stands for.
    __device__ static int exponent(int column) { return 8 * column; }
};

/// Two float16, of which the second is what the first leaves; or the first alone.
template <int passes_>
struct Halves {
    using Sum = float;
    static constexpr int columns = 1, passes = passes_, elements = 2, bits = 15;
    static constexpr bool finite_only = false;

    __device__ static std::uint32_t signs(std::uint32_t word, int bit) {
        return (~(word << (15 - bit)) & 0x80008000u) | 0x3C003C00u;
    }
    __device__ static void write(float x, int place, std::uint32_t (&planes)[passes]) {
#pragma unroll
        for (std::uint32_t& plane : planes) {
            const std::uint16_t half = cuda::to_half(x);
            plane |= std::uint32_t{half} << 16 * place;
            x = is_finite(x) ? x - cuda::from_half(half) : 0;
        }
    }
    __device__ static int exponent(int) { return 0; }
};

/// Registers of a lane for 8 columns of the product.
template <class Format>
struct alignas(8 * Format::passes) Fragment {
    std::uint32_t word[2 * Format::passes];
};

/// Products of one block of signs.
template <class Format>
constexpr int steps = 16 / Format::elements;

/// Where the points lie as they are multiplied: fragments (tiles, blocks, steps, 32) and factors (chunks, 8 tiles),
/// what a column of the product counts for.
template <class Format>
struct Written {
    Fragment<Format>* fragments;
    float* factors;
    std::int64_t tiles, blocks;
};

template <class Format>
__global__ void __launch_bounds__(threads)
    write_kernel(const __grid_constant__ Written<Format> to, const float* x, std::int64_t columns) {
    static_assert(chunk % threads == 0 && Format::columns * Format::passes <= 3);
    __shared__ float values[chunk], largest[threads];
    const std::int64_t chunks = (columns + chunk - 1) / chunk;
    const std::int64_t number = blockIdx.x % chunks, point = blockIdx.x / chunks;
    const int thread = static_cast<int>(threadIdx.x);
    largest[thread] = 0;
    for (int k = thread; k < chunk; k += threads) {
        const std::int64_t column = number * chunk + k;
        values[k] = column < columns ? x[point * columns + column] : 0;
        if (is_finite(values[k])) {
            largest[thread] = fmaxf(largest[thread], fabsf(values[k]));
        } else if (Format::finite_only) {
            largest[thread] = INFINITY;
        }
    }
    for (int half = threads / 2; half > 0; half /= 2) {
        __syncthreads();
        if (thread < half) largest[thread] = fmaxf(largest[thread], largest[thread + half]);
    }
    __syncthreads();
    int exponent = 0;
    const bool known = is_finite(largest[0]);
    if (known) static_cast<void>(frexpf(largest[0], &exponent));
    // 2^-149 is the smallest float.
    const int shift = min(Format::bits - exponent, 149);
    const std::int64_t first_column = point * Format::columns;
    if (thread < Format::columns) {
        to.factors[number * 8 * to.tiles + first_column + thread] =
            known ? ldexpf(1, Format::exponent(thread) - shift) : NAN;
    }
    // Registers of the lanes: the two of a lane, then the lanes, then the products.
    for (int k = thread; k < chunk / Format::elements; k += threads) {
        const int half = k % 2, t = k / 2 % 4, step = k / 8 % steps<Format>, part = k / 8 / steps<Format>;
        const std::int64_t at_block = number * (chunk / block) + part;
        if (at_block >= to.blocks) break;
        std::uint32_t planes[Format::columns * Format::passes] = {};
#pragma unroll
        for (int i = 0; i < Format::elements; ++i) {
            const float value = values[part * block + 32 * t + 2 * step + half + 32 / Format::elements * i];
            Format::write(known ? ldexpf(value, shift) : 0, i, planes);
        }
#pragma unroll
        for (int plane = 0; plane < Format::columns * Format::passes; ++plane) {
            const std::int64_t column = first_column + plane % Format::columns;
            const std::int64_t products = (column / 8 * to.blocks + at_block) * steps<Format> + step;
            to.fragments[products * 32 + column % 8 * 4 + t].word[plane / Format::columns * 2 + half] = planes[plane];
        }
    }
}

/// The sum at one point of the columns [first, last).
__device__ float sum_at(const Signs<float>& signs, std::int64_t row, const float* x, std::int64_t first,
                        std::int64_t last) {
    float sum = 0;
    for (std::int64_t column = first; column < last; ++column) {
        const std::int64_t word = column / 32;
        const float sign = sign_at<float>(signs.words[row * signs.stride + word], static_cast<int>(column % 32));
        sum += signs.scale(row, word) * (sign * x[column]);
    }
    return sum;
}

/// Points of a thread block.
template <class Format, int tiles>
constexpr int block_points = 8 * tiles / Format::columns;

template <class Format, int tiles>
__global__ void __launch_bounds__(threads, 2)
    multiply_kernel(const __grid_constant__ Signs<float> signs, const __grid_constant__ cuda::Blocks blocks,
                    const __grid_constant__ Written<Format> from, const float* x, double* sums, float* out) {
    // The sums lie in shared memory, which leaves registers for the products; the padding is for its banks.
    __shared__ float totals[warps][8 * tiles][warp_rows + 4];
    const int warp = static_cast<int>(threadIdx.x) / 32, lane = static_cast<int>(threadIdx.x) % 32;
    const int g = lane / 4, t = lane % 4;
    const std::int64_t row_blocks = (signs.rows + block_rows - 1) / block_rows;
    const std::int64_t first_row = blockIdx.x % row_blocks * block_rows + warp * warp_rows;
    const std::int64_t first_tile = blockIdx.x / row_blocks * tiles;
    const std::int64_t first = blocks.first(blockIdx.y) / block;
    const std::int64_t last = (blocks.last(blockIdx.y) + block - 1) / block;
    // Blocks whose sums have a scale together.
    const int together = signs.groups > 1 ? 1 : chunk / block;

    // The last rows are tiled from the end; those that another warp has are not written.
    const std::int64_t tiled_row = min(first_row, signs.rows - warp_rows);
    const auto read = [&](std::int64_t at, std::uint32_t (&words)[2 * row_tiles]) {
        const std::uint32_t* word = signs.words + (tiled_row + g) * signs.stride + 4 * at + t;
#pragma unroll
        for (int i = 0; i < 2 * row_tiles; ++i, word += 8 * signs.stride) words[i] = *word;
    };
    const auto total = [&](int r, int n, int i) -> float& {
        return totals[warp][8 * n + 2 * t + i % 2][16 * r + g + i / 2 * 8];
    };
    typename Format::Sum sum[row_tiles][tiles][4] = {};
#pragma unroll
    for (int r = 0; r < row_tiles; ++r) {
#pragma unroll
        for (int n = 0; n < tiles; ++n) {
#pragma unroll
            for (int i = 0; i < 4; ++i) total(r, n, i) = 0;
        }
    }
    std::uint32_t words[2 * row_tiles], next[2 * row_tiles];
    if (first < last) read(first, next);
    for (std::int64_t at = first; at < last; ++at) {
#pragma unroll
        for (int i = 0; i < 2 * row_tiles; ++i) words[i] = next[i];
        if (at + 1 < last) read(at + 1, next);
#pragma unroll 2
        for (int step = 0; step < steps<Format>; ++step) {
            Fragment<Format> b[tiles];
#pragma unroll
            for (int n = 0; n < tiles; ++n) {
                b[n] = from.fragments[(((first_tile + n) * from.blocks + at) * steps<Format> + step) * 32 + lane];
            }
#pragma unroll
            for (int r = 0; r < row_tiles; ++r) {
                std::uint32_t a[4];
#pragma unroll
                for (int i = 0; i < 4; ++i) a[i] = Format::signs(words[2 * r + i % 2], 2 * step + i / 2);
#pragma unroll
                for (int n = 0; n < tiles; ++n) {
#pragma unroll
                    for (int pass = 0; pass < Format::passes; ++pass) {
                        cuda::multiply(sum[r][n], a, {b[n].word[2 * pass], b[n].word[2 * pass + 1]});
                    }
                }
            }
        }
        if ((at + 1) % together != 0 && at + 1 < last) continue;
        const float* const factors = from.factors + (at / (chunk / block) * from.tiles + first_tile) * 8;
#pragma unroll
        for (int r = 0; r < row_tiles; ++r) {
            const float scales[2] = {signs.scale(tiled_row + g + 16 * r, 4 * at),
                                     signs.scale(tiled_row + g + 16 * r + 8, 4 * at)};
#pragma unroll
            for (int n = 0; n < tiles; ++n) {
#pragma unroll
                for (int i = 0; i < 4; ++i) {
                    const float factor = factors[8 * n + 2 * t + i % 2];
                    total(r, n, i) += scales[i / 2] * (factor * static_cast<float>(sum[r][n][i]));
                    sum[r][n][i] = 0;
                }
            }
        }
    }
    __syncthreads();
    constexpr int points = block_points<Format, tiles>;
    for (int k = lane; k < points * warp_rows; k += 32) {
        const std::int64_t row = tiled_row + k % warp_rows;
        const std::int64_t point = blockIdx.x / row_blocks * points + k / warp_rows;
        if (row < first_row || point >= blocks.points) continue;
        float value = 0;
#pragma unroll
        for (int c = 0; c < Format::columns; ++c) {
            value += totals[warp][k / warp_rows * Format::columns + c][k % warp_rows];
        }
        if (Format::finite_only && value != value) {
            value = sum_at(signs, row, x + point * signs.columns, blocks.first(blockIdx.y), blocks.last(blockIdx.y));
        }
        cuda::put(Products{}, blocks, blockIdx.y, point * signs.rows + row, value, sums, out);
    }
}

/// The products of a format and size: how they are cut, their workspace, and how they are run.
template <class Format, int tiles>
struct Plan {
    std::int64_t row_blocks, columns, points;
    cuda::Blocks blocks;
    Written<Format> written;

    Plan(const Matrix<float>& matrix, std::int64_t points_)
        : row_blocks(blocks_of(matrix.signs.rows, block_rows)),
          columns(matrix.signs.columns),
          points(points_),
          blocks(columns, chunk, points, block_points<Format, tiles>, matrix.signs.rows, row_blocks),
          written{nullptr, nullptr, checked_mul(blocks.point_blocks, tiles), blocks_of(columns, block)} {}

    std::int64_t fragments() const {
        return checked_mul(checked_mul(written.tiles, written.blocks), 32 * steps<Format>);
    }
    std::int64_t factors() const { return checked_mul(blocks_of(columns, chunk), 8 * written.tiles); }

    std::int64_t bytes() const {
        using detail::Carver;
        return Carver::padded_bytes<Fragment<Format>>(fragments()) + Carver::padded_bytes<float>(factors()) +
               Carver::padded_bytes<double>(blocks.sums());
    }

    void run(Cuda on, const Matrix<float>& matrix, const float* x, float* out, Workspace workspace) {
        require_workspace(workspace, bytes());
        detail::Carver carver(workspace);
        written.fragments = carver.take<Fragment<Format>>(fragments());
        written.factors = carver.take<float>(factors());
        double* const sums = carver.take<double>(blocks.sums());
        // Columns of the product beyond those of the points are whatever lies there; their sums are not written.
        const dim3 writers(static_cast<unsigned>(checked_mul(points, blocks_of(columns, chunk))));
        cuda::launch(on, writers, threads, write_kernel<Format>, written, x, columns);
        dim3 grid = blocks.grid();
        grid.x = static_cast<unsigned>(checked_mul(blocks.point_blocks, row_blocks));
        cuda::launch(on, grid, threads, multiply_kernel<Format, tiles>, Signs<float>(matrix), blocks, written, x,
                     sums, out);
        cuda::add_segments(on, Products{}, blocks, sums, out);
    }
};

template <class Format, class F>
auto with_halves(const Matrix<float>& matrix, std::int64_t points, F&& f) {
    return points <= 16 ? f(Plan<Format, 2>(matrix, points)) : f(Plan<Format, 4>(matrix, points));
}

/// f(the plan for so many points).
template <class F>
auto with_plan(Cuda on, const Matrix<float>& matrix, std::int64_t points, F&& f) {
    if (points > few_points) {
        return on.precision == Precision::fast ? with_halves<Halves<1>>(matrix, points, f)
                                               : with_halves<Halves<2>>(matrix, points, f);
    }
    static_assert(few_points <= block_points<Limbs, 3>);
    if (points <= block_points<Limbs, 1>) return f(Plan<Limbs, 1>(matrix, points));
    if (points <= block_points<Limbs, 2>) return f(Plan<Limbs, 2>(matrix, points));
    return f(Plan<Limbs, 3>(matrix, points));
}

}  // namespace

bool takes(const Matrix<float>& matrix) {
    const auto& [words, rows, columns] = matrix.signs;
    return (matrix.scales == nullptr || matrix.group >= columns || matrix.group % block == 0) && columns >= chunk &&
           rows >= chunk;
}

std::int64_t workspace_bytes(Cuda on, const Matrix<float>& matrix, std::int64_t points) {
    return with_plan(on, matrix, points, [](const auto& plan) { return plan.bytes(); });
}

void matmul(Cuda on, const Matrix<float>& matrix, const float* x, std::int64_t points, float* out,
            Workspace workspace) {
    with_plan(on, matrix, points, [&](auto plan) { plan.run(on, matrix, x, out, workspace); });
}

}  // namespace kousei::packed::mma
