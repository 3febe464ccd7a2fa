#include <kousei/cuda/equivariant.hpp>
#include <kousei/equivariant_unit.hpp>

#include <algorithm>
#include <cmath>

#include "segments.cuh"

namespace kousei::equivariant {
namespace {

using cuda::block_threads;
using cuda::Blocks;
using cuda::Target;

/// Terms staged at a time, and functions of a batch that one label serves.
constexpr int tile_terms = 64, most_together = 4;

Blocks blocks_for(std::int64_t terms, std::int64_t cells, std::int64_t batch) {
    return {terms, tile_terms, cells, block_threads, 1, blocks_of(batch, most_together)};
}

/// Where the terms are units, a walk is along them. A thread has one cell, and sums up a tile in Real and the tiles
/// in double.
template <int together, bool to_points, class Labels, class Real>
__global__ void __launch_bounds__(block_threads, 1)
    sum_kernel(const __grid_constant__ Labels labels, const __grid_constant__ Blocks blocks,
               const __grid_constant__ Values<Real> values, const Real* f,
               const __grid_constant__ Target<Real> target) {
    __shared__ Real weights[tile_terms][together];
    const std::int64_t cell = blockIdx.x * std::int64_t{block_threads} + threadIdx.x;
    const std::int64_t begin = blocks.first(blockIdx.y), end = blocks.last(blockIdx.y);
    for (std::int64_t k = blockIdx.z * std::int64_t{together}; k < target.batch; k += gridDim.z * together) {
        double total[together] = {};
        // Threads past the end repeat the last cell.
        Walk<Labels, to_points> walk(labels, begin, min(cell, target.cells - 1));
        for (std::int64_t from = begin; from < end; from += tile_terms) {
            const int count = static_cast<int>(min(std::int64_t{tile_terms}, end - from));
            __syncthreads();
            for (int i = static_cast<int>(threadIdx.x); i < count * together; i += block_threads) {
                const int m = i / count, j = i % count;
                weights[j][m] = k + m < target.batch ? f[(k + m) * blocks.terms + from + j] : Real(0);
            }
            __syncthreads();
            Real tile[together] = {};
            for (int j = 0; j < count; ++j) {
                const std::int32_t label = walk.label(labels);
                const bool is_known = label >= 0 && label < values.count;
                const Real value = is_known ? value_at<Real>(values, static_cast<math::integer_t<Real>>(label))
                                            : static_cast<Real>(NAN);
                walk.next(labels);
#pragma unroll
                for (int m = 0; m < together; ++m) tile[m] += weights[j][m] * value;
            }
#pragma unroll
            for (int m = 0; m < together; ++m) total[m] += static_cast<double>(tile[m]);
        }
        if (cell >= target.cells) continue;
#pragma unroll
        for (int m = 0; m < together; ++m) {
            if (k + m < target.batch) target.put(blockIdx.y, k + m, cell, total[m]);
        }
    }
}

template <bool to_points, class Real, class Labels>
void sum(Cuda on, const Labels& labels, const Values<Real>& values, const Real* f, std::int64_t batch,
         std::int64_t terms, std::int64_t cells, Real* out, Workspace workspace) {
    require_workspace(workspace, workspace_bytes<Real>(on, labels, batch));
    const Blocks blocks = blocks_for(terms, cells, batch);
    const Target<Real> target{batch, cells, blocks.segments, static_cast<double*>(workspace.data), out};
    if (batch == 0 || cells == 0) return;
    dim3 grid = blocks.grid();
    // What is beyond this limit of the grid the kernel does in turns.
    grid.z = static_cast<unsigned>(std::min<std::int64_t>(blocks_of(batch, most_together), 65535));
    const auto kernel =
        batch == 1 ? sum_kernel<1, to_points, Labels, Real> : sum_kernel<most_together, to_points, Labels, Real>;
    cuda::launch(on, grid, block_threads, kernel, labels, blocks, values, f, target);
    add_segments(on, target);
}

}  // namespace

template <class Real, class Labels>
std::int64_t workspace_bytes(Cuda, const Labels& labels, std::int64_t batch) {
    const auto bytes = [batch](std::int64_t terms, std::int64_t cells) {
        return cuda::bytes_of_segments(blocks_for(terms, cells, batch).segments, batch, cells);
    };
    return std::max(bytes(labels.points, labels.units), bytes(labels.units, labels.points));
}

template <class Real, class Labels>
void sum_over_points(Cuda on, const Labels& labels, const Values<Real>& values, const Real* f, std::int64_t batch,
                     Real* out, Workspace workspace) {
    sum<false>(on, labels, values, f, batch, labels.points, labels.units, out, workspace);
}

template <class Real, class Labels>
void sum_over_units(Cuda on, const Labels& labels, const Values<Real>& values, const Real* c, std::int64_t batch,
                    Real* out, Workspace workspace) {
    sum<true>(on, labels, values, c, batch, labels.units, labels.points, out, workspace);
}

#define KOUSEI_INSTANTIATE(Real, Labels)                                                                      \
    template std::int64_t workspace_bytes<Real>(Cuda, const Labels&, std::int64_t);                           \
    template void sum_over_points(Cuda, const Labels&, const Values<Real>&, const Real*, std::int64_t, Real*, \
                                  Workspace);                                                                 \
    template void sum_over_units(Cuda, const Labels&, const Values<Real>&, const Real*, std::int64_t, Real*,  \
                                 Workspace);
KOUSEI_INSTANTIATE(float, Orbits)
KOUSEI_INSTANTIATE(double, Orbits)
KOUSEI_INSTANTIATE(float, Ridges)
KOUSEI_INSTANTIATE(double, Ridges)
#undef KOUSEI_INSTANTIATE

}  // namespace kousei::equivariant
