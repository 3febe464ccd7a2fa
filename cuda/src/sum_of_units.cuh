#pragma once
#include "blocks.cuh"
#include "formulas.cuh"

/// The dense sum over hidden units on a GPU, for every kind of network that answers unit_at, coordinate and offset.
namespace kousei::cuda {

constexpr int points_per_thread = 4;
constexpr int tile_units = 256;
/// Outputs added up at a time where there are several, and dimensions that have a place in shared memory.
constexpr int outputs_together = 4, most_staged = 8;
/// Units added up at a time by the kernel for any dimension, for each reading of x.
constexpr int units_together = 8;

inline Blocks blocks_of_units(std::int64_t units, std::int64_t outputs, std::int64_t points) {
    const std::int64_t points_per_block = block_threads * points_per_thread;
    return {units, tile_units, points, points_per_block, outputs, blocks_of(outputs, outputs_together)};
}

/// A hidden unit in shared memory, read by all threads at once in 16-byte pieces.
template <class Real, int dim, int outputs>
struct alignas(16) StagedUnit {
    Real weight[dim];
    Real bias;
    Real coef[outputs];
};

/// sums[segment, i, o] = sum of the units of a segment at point i, for as many dimensions and outputs, or `padded`
/// for fewer dimensions, and for so many outputs at a time.
template <class Formula, int dim, int outputs, bool padded, class Net, class Real>
__global__ void __launch_bounds__(block_threads, 1)
    sum_of_staged_units(const __grid_constant__ Net net, const __grid_constant__ Blocks blocks, const Real* x,
                        double* sums, Real* out) {
    __shared__ StagedUnit<Real, dim, outputs> tile[tile_units];
    const std::int64_t first_point = blockIdx.x * std::int64_t{block_threads * points_per_thread} + threadIdx.x;
    const std::int64_t first_output = padded ? blockIdx.z * std::int64_t{outputs} : 0;
    const int its_dim = padded ? static_cast<int>(net.dim) : dim;
    const int its_outputs =
        padded ? static_cast<int>(min(blocks.outputs - first_output, std::int64_t{outputs})) : outputs;
    Real point[points_per_thread][dim];
    double total[points_per_thread][outputs] = {};
#pragma unroll
    for (int p = 0; p < points_per_thread; ++p) {
        // Threads past the end repeat the last point.
        const std::int64_t i = min(first_point + p * block_threads, blocks.points - 1);
#pragma unroll
        for (int d = 0; d < dim; ++d) point[p][d] = d < its_dim ? coordinate(net, x + i * its_dim, d) : Real(0);
    }

    const std::int64_t first = blocks.first(blockIdx.y), last = blocks.last(blockIdx.y);
    constexpr Real scale = static_cast<Real>(Formula::template scale<Real>);
    for (std::int64_t from = first; from < last; from += tile_units) {
        const int count = static_cast<int>(min(std::int64_t{tile_units}, last - from));
        __syncthreads();
#pragma unroll
        for (int k = threadIdx.x; k < tile_units; k += block_threads) {
            // Past the end the last unit is repeated, and not added up.
            const auto unit = unit_at(net, min(from + k, last - 1));
#pragma unroll
            for (int d = 0; d < dim; ++d) tile[k].weight[d] = d < its_dim ? unit.weight(d) * scale : Real(0);
            tile[k].bias = unit.bias() * scale;
#pragma unroll
            for (int o = 0; o < outputs; ++o) {
                tile[k].coef[o] = o < its_outputs ? unit.coef(first_output + o) : Real(0);
            }
        }
        __syncthreads();
        Real sum[points_per_thread][outputs] = {};
#pragma unroll(padded ? 1 : 4)
        for (int k = 0; k < count; ++k) {
            const StagedUnit<Real, dim, outputs> unit = tile[k];
#pragma unroll
            for (int p = 0; p < points_per_thread; ++p) {
                Real z = unit.bias;
#pragma unroll
                for (int d = 0; d < dim; ++d) z += unit.weight[d] * point[p][d];
                const Real hidden = Formula::template of_scaled<math::Range::any>(z);
#pragma unroll
                for (int o = 0; o < outputs; ++o) sum[p][o] += unit.coef[o] * hidden;
            }
        }
#pragma unroll
        for (int p = 0; p < points_per_thread; ++p) {
#pragma unroll
            for (int o = 0; o < outputs; ++o) total[p][o] += static_cast<double>(sum[p][o]);
        }
    }

#pragma unroll
    for (int p = 0; p < points_per_thread; ++p) {
        const std::int64_t i = first_point + p * block_threads;
        if (i >= blocks.points) continue;
#pragma unroll
        for (int o = 0; o < outputs; ++o) {
            if (o >= its_outputs) break;
            put(net, blocks, blockIdx.y, i * blocks.outputs + first_output + o, total[p][o], sums, out);
        }
    }
}

/// The same for any dimension and number of outputs; sums is (segments, points, outputs).
template <class Net, class Real>
__global__ void __launch_bounds__(block_threads, 1)
    sum_of_any_units(const __grid_constant__ Net net, const __grid_constant__ Blocks blocks, Precision precision,
                     const Real* x, double* sums, Real* out) {
    const std::int64_t first = blocks.first(blockIdx.y), last = blocks.last(blockIdx.y);
    const std::int64_t output_blocks = (blocks.outputs + outputs_together - 1) / outputs_together;
    const std::int64_t turns = (output_blocks + gridDim.z - 1) / gridDim.z;
    for (std::int64_t turn = 0; turn < turns * points_per_thread; ++turn) {
        const std::int64_t p = turn % points_per_thread;
        const std::int64_t first_output = (turn / points_per_thread * gridDim.z + blockIdx.z) * outputs_together;
        const std::int64_t i =
            blockIdx.x * std::int64_t{block_threads * points_per_thread} + p * block_threads + threadIdx.x;
        if (i >= blocks.points) continue;
        double total[outputs_together] = {};
        for (std::int64_t from = first; from < last; from += units_together) {
            const int count = static_cast<int>(min(std::int64_t{units_together}, last - from));
            Real z[units_together];
#pragma unroll
            for (int k = 0; k < units_together; ++k) z[k] = k < count ? unit_at(net, from + k).bias() : Real(0);
            for (std::int64_t d = 0; d < net.dim; ++d) {
                const Real value = coordinate(net, x + i * net.dim, d);
#pragma unroll
                for (int k = 0; k < units_together; ++k) {
                    if (k < count) z[k] += unit_at(net, from + k).weight(d) * value;
                }
            }
            Real sum[outputs_together] = {};
#pragma unroll
            for (int k = 0; k < units_together; ++k) {
                if (k >= count) break;
                const Real hidden = value_of<Net>(net.activation, precision, z[k]);
#pragma unroll
                for (int o = 0; o < outputs_together; ++o) {
                    if (first_output + o < blocks.outputs) {
                        sum[o] += unit_at(net, from + k).coef(first_output + o) * hidden;
                    }
                }
            }
#pragma unroll
            for (int o = 0; o < outputs_together; ++o) total[o] += static_cast<double>(sum[o]);
        }
#pragma unroll
        for (int o = 0; o < outputs_together; ++o) {
            const std::int64_t output = first_output + o;
            if (output >= blocks.outputs) break;
            put(net, blocks, blockIdx.y, i * blocks.outputs + output, total[o], sums, out);
        }
    }
}

inline std::int64_t workspace_bytes(const Blocks& blocks) {
    return checked_mul(blocks.sums(), sizeof(double));
}

/// out[i, o] = offset[o] + sum over all units.
template <class Net, class Real>
void sum_of_units(Cuda on, const Net& net, const Blocks& blocks, const Real* x, Real* out, Workspace workspace) {
    require_workspace(workspace, workspace_bytes(blocks));
    if (blocks.points == 0 || blocks.outputs == 0) return;
    double* const sums = static_cast<double*>(workspace.data);
    constexpr bool derivative = activation::is_of_derivatives<Net>;
    // Of a gradient there are as many as dimensions.
    const bool few = blocks.outputs == (derivative ? net.dim : 1);
    dim3 grid = blocks.grid();
    const auto staged = [&]<int dim, int outputs, bool padded = false>() {
        with_formula<Net, Real>(on, net.activation, [&]<class Formula>(Formula) {
            launch(on, grid, block_threads, sum_of_staged_units<Formula, dim, outputs, padded, Net, Real>, net,
                   blocks, x, sums, out);
        });
    };
    const std::int64_t output_blocks = blocks_of(blocks.outputs, outputs_together);
    if (few && net.dim == 1) {
        staged.template operator()<1, 1>();
    } else if (few && net.dim == 2) {
        staged.template operator()<2, derivative ? 2 : 1>();
    } else if (few && net.dim == 3) {
        staged.template operator()<3, derivative ? 3 : 1>();
    } else if (constexpr std::int64_t most = 65535; net.dim <= most_staged && output_blocks <= most) {
        grid.z = static_cast<unsigned>(output_blocks);
        staged.template operator()<most_staged, outputs_together, true>();
    } else {
        // What is beyond this limit of the grid the kernel does in turns.
        grid.z = static_cast<unsigned>(std::min(output_blocks, most));
        launch(on, grid, block_threads, sum_of_any_units<Net, Real>, net, blocks, on.precision, x, sums, out);
    }
    add_segments(on, net, blocks, sums, out);
}

}  // namespace kousei::cuda
