#include "packed_mma.hpp"

#include "mma.cuh"
#include "packed_halves.cuh"
#include "packed_products.cuh"
#include "packed_wgmma.hpp"
#include "workspace.hpp"

namespace kousei::packed::mma {
namespace {

constexpr int threads = 128, warps = threads / 32;
/// Products of 16 rows that a warp has below one another, and the rows of it and of its thread block.
constexpr int row_tiles = 4, warp_rows = 16 * row_tiles, block_rows = warps * warp_rows;
/// Registers of a lane for 8 columns of the product.
template <int passes>
struct alignas(8 * passes) Fragment {
    std::uint32_t word[2 * passes];
};

/// Products of one block of signs.
constexpr int steps = block / 16;

/// Where the points lie as they are multiplied: fragments (tiles, blocks, steps, 32) and factors (chunks, 8 tiles),
/// what a column of the product counts for.
template <int passes>
struct Written {
    Fragment<passes>* fragments;
    float* factors;
    std::int64_t tiles, blocks;
};

template <int passes>
__global__ void __launch_bounds__(threads)
    write_kernel(const __grid_constant__ Written<passes> to, const float* x, std::int64_t columns) {
    static_assert(chunk % threads == 0);
    __shared__ float values[chunk], largest[threads];
    const std::int64_t chunks = (columns + chunk - 1) / chunk;
    const std::int64_t number = blockIdx.x % chunks, point = blockIdx.x / chunks;
    const int thread = static_cast<int>(threadIdx.x);
    largest[thread] = 0;
    for (int k = thread; k < chunk; k += threads) {
        const std::int64_t column = number * chunk + k;
        values[k] = column < columns ? x[point * columns + column] : 0;
        if (is_finite(values[k])) largest[thread] = fmaxf(largest[thread], fabsf(values[k]));
    }
    for (int half = threads / 2; half > 0; half /= 2) {
        __syncthreads();
        if (thread < half) largest[thread] = fmaxf(largest[thread], largest[thread + half]);
    }
    __syncthreads();
    const int shift = shift_for(largest[0]);
    if (thread == 0) to.factors[number * 8 * to.tiles + point] = ldexpf(1, -shift);
    // Registers of the lanes: the two of a lane, then the lanes, then the products.
    for (int k = thread; k < chunk / 2; k += threads) {
        const int half = k % 2, t = k / 2 % 4, step = k / 8 % steps, part = k / 8 / steps;
        const std::int64_t at_block = number * (chunk / block) + part;
        if (at_block >= to.blocks) break;
        std::uint32_t planes[passes] = {};
#pragma unroll
        for (int i = 0; i < 2; ++i) {
            write(ldexpf(values[part * block + 32 * t + 2 * step + half + 16 * i], shift), i, planes);
        }
        const std::int64_t products = (point / 8 * to.blocks + at_block) * steps + step;
#pragma unroll
        for (int pass = 0; pass < passes; ++pass) {
            to.fragments[products * 32 + point % 8 * 4 + t].word[2 * pass + half] = planes[pass];
        }
    }
}

/// Points of a thread block.
template <int tiles>
constexpr int block_points = 8 * tiles;

template <int passes, int tiles>
__global__ void __launch_bounds__(threads, 2)
    multiply_kernel(const __grid_constant__ Signs<float> signs, const __grid_constant__ cuda::Blocks blocks,
                    const __grid_constant__ Written<passes> from, double* sums, float* out) {
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
    float sum[row_tiles][tiles][4] = {};
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
        for (int step = 0; step < steps; ++step) {
            Fragment<passes> b[tiles];
#pragma unroll
            for (int n = 0; n < tiles; ++n) {
                b[n] = from.fragments[(((first_tile + n) * from.blocks + at) * steps + step) * 32 + lane];
            }
#pragma unroll
            for (int r = 0; r < row_tiles; ++r) {
                std::uint32_t a[4];
#pragma unroll
                for (int i = 0; i < 4; ++i) a[i] = signs_at(words[2 * r + i % 2], 2 * step + i / 2);
#pragma unroll
                for (int n = 0; n < tiles; ++n) {
#pragma unroll
                    for (int pass = 0; pass < passes; ++pass) {
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
                    total(r, n, i) += scales[i / 2] * (factor * sum[r][n][i]);
                    sum[r][n][i] = 0;
                }
            }
        }
    }
    __syncthreads();
    constexpr int points = block_points<tiles>;
    for (int k = lane; k < points * warp_rows; k += 32) {
        const std::int64_t row = tiled_row + k % warp_rows;
        const std::int64_t point = blockIdx.x / row_blocks * points + k / warp_rows;
        if (row < first_row || point >= blocks.points) continue;
        const float value = totals[warp][k / warp_rows][k % warp_rows];
        cuda::put(Products{}, blocks, blockIdx.y, point * signs.rows + row, value, sums, out);
    }
}

/// The products of a format and size: how they are cut, their workspace, and how they are run.
template <int passes, int tiles>
struct Plan {
    std::int64_t row_blocks, columns, points;
    cuda::Blocks blocks;
    Written<passes> written;

    Plan(const Matrix<float>& matrix, std::int64_t points_)
        : row_blocks(blocks_of(matrix.signs.rows, block_rows)),
          columns(matrix.signs.columns),
          points(points_),
          blocks(columns, chunk, points, block_points<tiles>, matrix.signs.rows, row_blocks),
          written{nullptr, nullptr, checked_mul(blocks.point_blocks, tiles), blocks_of(columns, block)} {}

    std::int64_t fragments() const { return checked_mul(checked_mul(written.tiles, written.blocks), 32 * steps); }
    std::int64_t factors() const { return checked_mul(blocks_of(columns, chunk), 8 * written.tiles); }

    std::int64_t bytes() const {
        using detail::Carver;
        return Carver::padded_bytes<Fragment<passes>>(fragments()) + Carver::padded_bytes<float>(factors()) +
               Carver::padded_bytes<double>(blocks.sums());
    }

    void run(Cuda on, const Matrix<float>& matrix, const float* x, float* out, Workspace workspace) {
        require_workspace(workspace, bytes());
        detail::Carver carver(workspace);
        written.fragments = carver.take<Fragment<passes>>(fragments());
        written.factors = carver.take<float>(factors());
        double* const sums = carver.take<double>(blocks.sums());
        // Columns of the product beyond those of the points are whatever lies there; their sums are not written.
        const dim3 writers(static_cast<unsigned>(checked_mul(points, blocks_of(columns, chunk))));
        cuda::launch(on, writers, threads, write_kernel<passes>, written, x, columns);
        dim3 grid = blocks.grid();
        grid.x = static_cast<unsigned>(checked_mul(blocks.point_blocks, row_blocks));
        cuda::launch(on, grid, threads, multiply_kernel<passes, tiles>, Signs<float>(matrix), blocks, written, sums,
                     out);
        cuda::add_segments(on, Products{}, blocks, sums, out);
    }
};

template <int passes, class F>
auto with_passes(const Matrix<float>& matrix, std::int64_t points, F&& f) {
    return points <= 16 ? f(Plan<passes, 2>(matrix, points)) : f(Plan<passes, 4>(matrix, points));
}

/// f(the plan for so many points).
template <class F>
auto with_plan(Cuda on, const Matrix<float>& matrix, std::int64_t points, F&& f) {
    return on.precision == Precision::fast ? with_passes<1>(matrix, points, f) : with_passes<2>(matrix, points, f);
}

}  // namespace

bool takes(const Matrix<float>& matrix) {
    const auto& [words, rows, columns] = matrix.signs;
    return (matrix.scales == nullptr || matrix.group >= columns || matrix.group % block == 0) && columns >= chunk &&
           rows >= chunk;
}

std::int64_t workspace_bytes(Cuda on, const Matrix<float>& matrix, std::int64_t points) {
    if constexpr (wgmma::built) {
        if (wgmma::on_this_device()) return wgmma::workspace_bytes(on, matrix, points);
    }
    return with_plan(on, matrix, points, [](const auto& plan) { return plan.bytes(); });
}

void matmul(Cuda on, const Matrix<float>& matrix, const float* x, std::int64_t points, float* out,
            Workspace workspace) {
    if constexpr (wgmma::built) {
        if (wgmma::on_this_device()) return wgmma::matmul(on, matrix, x, points, out, workspace);
    }
    with_plan(on, matrix, points, [&](auto plan) { plan.run(on, matrix, x, out, workspace); });
}

}  // namespace kousei::packed::mma
