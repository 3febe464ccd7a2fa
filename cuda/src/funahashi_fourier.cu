#include <kousei/cuda/funahashi.hpp>

#include <cmath>

#include "blocks.cuh"

namespace kousei::funahashi {
namespace {

using cuda::block_threads;
using cuda::Blocks;

template <class Real>
struct alignas(2 * sizeof(Real)) Complex {
    Real real, imaginary;
};

template <class Real>
__device__ inline Complex<Real> operator*(Complex<Real> a, Complex<Real> b) {
    return {a.real * b.real - a.imaginary * b.imaginary, a.real * b.imaginary + a.imaginary * b.real};
}

template <class Real>
__device__ inline Complex<Real> multiply_add(Complex<Real> a, Complex<Real> b, Complex<Real> c) {
    return {a.real * b.real + (c.real - a.imaginary * b.imaginary),
            a.real * b.imaginary + (c.imaginary + a.imaginary * b.real)};
}

/// e^(i angle).
template <class Real>
__device__ inline Complex<Real> wave(Real angle) {
    using std::cos, std::sin;
    return {cos(angle), sin(angle)};
}

/// Coefficients staged at a time, and points of a thread.
constexpr int tile_values = 512, points_per_thread = 2;

/// Rows along the last axis are polynomials in its phase, by Horner's rule; the phases of the others advance from row
/// to row. sums is (segments, points, 2).
template <class Real>
__global__ void __launch_bounds__(block_threads, 1)
    sum_of_rows(const __grid_constant__ Grid<Real> grid, const __grid_constant__ Blocks blocks, int dim,
                const Real* angles, double* sums) {
    __shared__ Complex<Real> tile[tile_values];
    const auto* const values = reinterpret_cast<const Real*>(grid.values);
    const std::int64_t length = grid.extents[2], width = grid.extents[1];
    const std::int64_t first_point = blockIdx.x * std::int64_t{block_threads * points_per_thread} + threadIdx.x;
    const std::int64_t begin = blocks.first(blockIdx.y), end = blocks.last(blockIdx.y);

    Complex<Real> step[3][points_per_thread], outer[points_per_thread], inner[points_per_thread],
        inner_start[points_per_thread], total[points_per_thread] = {};
#pragma unroll
    for (int p = 0; p < points_per_thread; ++p) {
        // Threads past the end repeat the last point.
        const std::int64_t i = min(first_point + p * block_threads, blocks.points - 1);
        Real angle[3];
#pragma unroll
        for (int axis = 0; axis < 3; ++axis) {
            angle[axis] = axis < 3 - dim ? Real(0) : angles[i * dim + axis - (3 - dim)];
            step[axis][p] = wave(angle[axis]);
        }
        outer[p] = wave(angle[0] * static_cast<Real>(begin / width - grid.extents[0] / 2));
        inner[p] = wave(angle[1] * static_cast<Real>(begin % width - width / 2));
        inner_start[p] = wave(angle[1] * static_cast<Real>(-(width / 2)));
    }
    const std::int64_t together = length < tile_values ? tile_values / length : 1;
    for (std::int64_t from = begin; from < end; from += together) {
        const int rows = static_cast<int>(min(together, end - from));
        Complex<Real> sum[points_per_thread] = {};
        // Tiles of a long row from its end on, which is where Horner's rule begins.
        for (std::int64_t last = length; last > 0; last -= tile_values) {
            const std::int64_t first = last > tile_values ? last - tile_values : 0;
            const int count = static_cast<int>(last - first);
            __syncthreads();
            for (int k = static_cast<int>(threadIdx.x); k < rows * count; k += block_threads) {
                const Real* const value = values + 2 * (from * length + first + k);
                tile[k] = {value[0], value[1]};
            }
            __syncthreads();
            for (int row = 0; row < rows; ++row) {
                for (int k = count - 1; k >= 0; --k) {
                    const Complex<Real> value = tile[row * count + k];
#pragma unroll
                    for (int p = 0; p < points_per_thread; ++p) sum[p] = multiply_add(sum[p], step[2][p], value);
                }
                if (first > 0) break;
                const bool wraps = (from + row + 1) % width == 0;
#pragma unroll
                for (int p = 0; p < points_per_thread; ++p) {
                    total[p] = multiply_add(sum[p], outer[p] * inner[p], total[p]);
                    sum[p] = {};
                    inner[p] = wraps ? inner_start[p] : inner[p] * step[1][p];
                    if (wraps) outer[p] = outer[p] * step[0][p];
                }
            }
        }
    }
#pragma unroll
    for (int p = 0; p < points_per_thread; ++p) {
        const std::int64_t i = first_point + p * block_threads;
        if (i >= blocks.points) continue;
        const Real angle = angles[i * dim + dim - 1];
        const Complex<Real> value = total[p] * wave(angle * static_cast<Real>(-(length / 2)));
        double* const to = sums + 2 * (blockIdx.y * blocks.points + i);
        to[0] = static_cast<double>(value.real), to[1] = static_cast<double>(value.imaginary);
    }
}

template <class Real>
Blocks blocks(const Grid<Real>& grid, std::int64_t points) {
    const std::int64_t rows = checked_mul(grid.extents[0], grid.extents[1]);
    const std::int64_t together = std::max<std::int64_t>(1, tile_values / std::max<std::int64_t>(grid.extents[2], 1));
    return {rows, together, points, block_threads * points_per_thread};
}

}  // namespace

template <class Real>
std::int64_t workspace_bytes(Cuda, const Grid<Real>& grid, std::int64_t points) {
    return checked_mul(checked_mul(blocks(grid, points).segments, points), 2 * sizeof(double));
}

template <class Real>
void fourier_sum(Cuda on, const Grid<Real>& grid, const Real* angles, std::int64_t points, std::int64_t dim,
                 Real* out, Workspace workspace) {
    require_workspace(workspace, workspace_bytes(on, grid, points));
    if (points == 0) return;
    auto* const sums = static_cast<double*>(workspace.data);
    const Blocks cut = blocks(grid, points);
    cuda::launch(on, cut.grid(), block_threads, sum_of_rows<Real>, grid, cut, static_cast<int>(dim), angles, sums);
    const std::int64_t segments = cut.segments, numbers = 2 * points;
    cuda::for_each(on, numbers, [=] __device__(std::int64_t i) {
        double total = 0;
        for (std::int64_t segment = 0; segment < segments; ++segment) total += sums[segment * numbers + i];
        out[i] = static_cast<Real>(total);
    });
}

#define KOUSEI_INSTANTIATE(Real)                                                  \
    template std::int64_t workspace_bytes(Cuda, const Grid<Real>&, std::int64_t); \
    template void fourier_sum(Cuda, const Grid<Real>&, const Real*, std::int64_t, std::int64_t, Real*, Workspace);
KOUSEI_INSTANTIATE(float)
KOUSEI_INSTANTIATE(double)
#undef KOUSEI_INSTANTIATE

}  // namespace kousei::funahashi
