#include <kousei/cuda/ridgelet.hpp>
#include <kousei/ridgelet_unit.hpp>

#include <algorithm>

#include "segments.cuh"

namespace kousei::ridgelet {
namespace {

using cuda::block_threads;
using cuda::Blocks;
using cuda::Target;

/// A number as the sum of two, so that a difference of float32 has the digits that cancel in it: see Arguments.
template <class Real>
struct Split {
    Real high, low;
    Split() = default;
    KOUSEI_HD explicit Split(double t)
        : high(static_cast<Real>(t)), low(static_cast<Real>(t - static_cast<double>(high))) {}
    KOUSEI_HD Real operator-(const Split& other) const { return (high - other.high) + (low - other.low); }
};

template <>
struct Split<double> {
    double value;
    Split() = default;
    KOUSEI_HD explicit Split(double t) : value(t) {}
    KOUSEI_HD double operator-(const Split& other) const { return value - other.value; }
};

/// One number of each function of a batch, which are read at once.
template <class Real, int together>
struct alignas(sizeof(Real) * together) Weights {
    Real of[together];
};

/// The weights at `index` of functions [first, first + together) of a batch, `stride` apart; 0 beyond the last.
template <int together, class Real>
__device__ inline Weights<Real, together> weights_at(const Real* g, std::int64_t first, std::int64_t batch,
                                                     std::int64_t stride, std::int64_t index) {
    Weights<Real, together> weights;
#pragma unroll
    for (int k = 0; k < together; ++k) weights.of[k] = first + k < batch ? g[(first + k) * stride + index] : Real(0);
    return weights;
}

/// Sums of a thread: of the numbers of a tile, and of all tiles.
template <class Real, int together, int each>
struct Sums {
    Real tile[together][each] = {};
    double total[together][each] = {};

    __device__ void add(const Weights<Real, together>& weights, int e, Real value) {
#pragma unroll
        for (int k = 0; k < together; ++k) tile[k][e] += weights.of[k] * value;
    }
    __device__ void end_tile() {
#pragma unroll
        for (int k = 0; k < together; ++k) {
#pragma unroll
            for (int e = 0; e < each; ++e) {
                total[k][e] += static_cast<double>(tile[k][e]);
                tile[k][e] = 0;
            }
        }
    }
};

template <int together, int each>
struct Sums<double, together, each> {
    double total[together][each] = {};

    __device__ void add(const Weights<double, together>& weights, int e, double value) {
#pragma unroll
        for (int k = 0; k < together; ++k) total[k][e] += weights.of[k] * value;
    }
    __device__ void end_tile() {}
};

/// Whether a value costs so much that sums of functions beyond the last of a batch do not show.
template <class Formula>
constexpr bool is_costly = true;
template <class Real, int order>
constexpr bool is_costly<Hermite<Real, order>> = order < 0;

/// Of a loop over values of a formula.
template <class Formula, class Real>
constexpr int unrolled = is_costly<Formula> || sizeof(Real) == sizeof(double) ? 1 : 2;

/// f.operator()<together>() with how many functions of a batch are summed with one value.
template <class Formula, class F>
void with_together(std::int64_t batch, F&& f) {
    if constexpr (!is_costly<Formula>) {
        if (batch == 1) return f.template operator()<1>();
    }
    f.template operator()<4>();
}

std::int64_t groups_of(std::int64_t batch) {
    return blocks_of(batch, 4);
}

dim3 grid_of(const Blocks& blocks, std::int64_t batch) {
    dim3 grid = blocks.grid();
    // What is beyond this limit of the grid the kernels do in turns.
    grid.z = static_cast<unsigned>(std::min<std::int64_t>(groups_of(batch), 65535));
    return grid;
}

/// Biases of a thread, which follow one another.
constexpr int biases_per_thread = 8;
/// Points staged at a time at most, and arguments of all directions that a block has.
constexpr int most_points = 128, staged_arguments = 2048;

/// How the cells (direction, bias) are cut: a slot of a direction is what one thread has of its biases.
struct Slots {
    std::int64_t each, count;  ///< of a direction, and of all
    int points;                ///< staged at a time

    explicit Slots(const Arguments& at)
        : each(blocks_of(at.bias_count, biases_per_thread)), count(checked_mul(at.direction_count, each)) {
        const std::int64_t directions = (block_threads - 1) / std::max<std::int64_t>(each, 1) + 2;
        points = static_cast<int>(std::min<std::int64_t>(most_points, staged_arguments / directions - 1));
    }
    Blocks blocks(const Arguments& at, std::int64_t batch) const {
        return {at.point_count, points, count, block_threads, 1, groups_of(batch)};
    }
};

template <int together, class Formula, class Real>
__global__ void __launch_bounds__(block_threads, 1)
    sum_of_points(const __grid_constant__ Arguments at, const __grid_constant__ Slots slots,
                  const __grid_constant__ Blocks blocks, const __grid_constant__ Formula formula, const Real* g,
                  const __grid_constant__ Target<Real> target) {
    __shared__ Split<Real> arguments[staged_arguments];
    __shared__ Weights<Real, together> weights[most_points];
    const std::int64_t first_slot = blockIdx.x * std::int64_t{block_threads};
    const std::int64_t first_direction = first_slot / slots.each;
    // Slots of the block, counted from the first one of that direction; threads past the end repeat the last.
    const auto each = static_cast<unsigned>(slots.each);
    const auto before = static_cast<unsigned>(first_slot - first_direction * slots.each);
    const auto last = static_cast<unsigned>(min(std::int64_t{block_threads}, slots.count - first_slot)) - 1;
    const unsigned place = before + min(threadIdx.x, last), row_of_thread = place / each;
    const int directions = static_cast<int>((before + last) / each) + 1;
    // One row for each direction; one number more keeps them in different banks.
    const int stride = slots.points + 1;
    const Split<Real>* const own = arguments + static_cast<int>(row_of_thread) * stride;

    const std::int64_t first_bias = std::int64_t{place % each} * biases_per_thread;
    const double origin = at.biases[first_bias];
    Real biases[biases_per_thread];
#pragma unroll
    for (int l = 0; l < biases_per_thread; ++l) {
        biases[l] = static_cast<Real>(at.biases[min(first_bias + l, at.bias_count - 1)] - origin);
    }
    const Split<Real> base(origin);
    const std::int64_t begin = blocks.first(blockIdx.y), end = blocks.last(blockIdx.y);
    for (std::int64_t k = blockIdx.z * std::int64_t{together}; k < target.batch; k += gridDim.z * together) {
        Sums<Real, together, biases_per_thread> sums;
        for (std::int64_t from = begin; from < end; from += slots.points) {
            const int count = static_cast<int>(min(std::int64_t{slots.points}, end - from));
            __syncthreads();
            for (int i = static_cast<int>(threadIdx.x); i < directions * count; i += block_threads) {
                const int row = i / count, j = i % count;
                arguments[row * stride + j] = Split<Real>(projection(at, first_direction + row, from + j));
            }
            for (int j = static_cast<int>(threadIdx.x); j < count; j += block_threads) {
                weights[j] = weights_at<together>(g, k, target.batch, at.point_count, from + j);
            }
            __syncthreads();
#pragma unroll(unrolled<Formula, Real>)
            for (int j = 0; j < count; ++j) {
                const Real t = own[j] - base;
                const Weights<Real, together> weight = weights[j];
#pragma unroll
                for (int l = 0; l < biases_per_thread; ++l) sums.add(weight, l, formula(t - biases[l]));
            }
            sums.end_tile();
        }
        if (threadIdx.x > last) continue;
        const std::int64_t first_cell = (first_direction + row_of_thread) * at.bias_count + first_bias;
#pragma unroll
        for (int m = 0; m < together; ++m) {
#pragma unroll
            for (int l = 0; l < biases_per_thread; ++l) {
                if (k + m >= target.batch || first_bias + l >= at.bias_count) continue;
                target.put(blockIdx.y, k + m, first_cell + l, sums.total[m][l]);
            }
        }
    }
}

/// Biases staged at a time, those with one origin, and the points of a thread.
constexpr int tile_biases = block_threads, run_biases = 8, points_per_thread = 4;

/// Terms are tiles of the biases of each direction.
Blocks blocks_of_units(const Arguments& at, std::int64_t batch) {
    const std::int64_t tiles = checked_mul(at.direction_count, blocks_of(at.bias_count, tile_biases));
    return {tiles, 1, at.point_count, block_threads * points_per_thread, 1, groups_of(batch)};
}

template <int together, class Formula, class Real>
__global__ void __launch_bounds__(block_threads, 1)
    sum_of_units(const __grid_constant__ Arguments at, const __grid_constant__ Blocks blocks,
                 const __grid_constant__ Formula formula, const Real* c,
                 const __grid_constant__ Target<Real> target) {
    __shared__ Real biases[tile_biases];
    __shared__ Split<Real> origins[tile_biases / run_biases];
    __shared__ Weights<Real, together> weights[tile_biases];
    const std::int64_t first_point = blockIdx.x * std::int64_t{block_threads * points_per_thread} + threadIdx.x;
    const std::int64_t tiles = (at.bias_count + tile_biases - 1) / tile_biases;
    const std::int64_t cells = at.direction_count * at.bias_count;
    const std::int64_t begin = blocks.first(blockIdx.y), end = blocks.last(blockIdx.y);
    for (std::int64_t k = blockIdx.z * std::int64_t{together}; k < target.batch; k += gridDim.z * together) {
        Sums<Real, together, points_per_thread> sums;
        for (std::int64_t tile = begin; tile < end; ++tile) {
            const std::int64_t direction = tile / tiles, from = tile % tiles * tile_biases;
            const int count = static_cast<int>(min(std::int64_t{tile_biases}, at.bias_count - from));
            const int own = static_cast<int>(threadIdx.x), first_of_run = own / run_biases * run_biases;
            __syncthreads();
            // Past the end the last bias is repeated, with weights of 0.
            const double origin = at.biases[from + min(first_of_run, count - 1)];
            biases[own] = static_cast<Real>(at.biases[from + min(own, count - 1)] - origin);
            if (own == first_of_run) origins[own / run_biases] = Split<Real>(origin);
            weights[own] = weights_at<together>(c, k, own < count ? target.batch : 0, cells,
                                                direction * at.bias_count + from + own);
            __syncthreads();
            Split<Real> arguments[points_per_thread];
#pragma unroll
            for (int p = 0; p < points_per_thread; ++p) {
                // Threads past the end repeat the last point.
                const std::int64_t j = min(first_point + p * block_threads, at.point_count - 1);
                arguments[p] = Split<Real>(projection(at, direction, j));
            }
            for (int run = 0; run * run_biases < count; ++run) {
                Real t[points_per_thread];
#pragma unroll
                for (int p = 0; p < points_per_thread; ++p) t[p] = arguments[p] - origins[run];
#pragma unroll(unrolled<Formula, Real>)
                for (int e = 0; e < run_biases; ++e) {
                    const int l = run * run_biases + e;
                    const Real bias = biases[l];
                    const Weights<Real, together> weight = weights[l];
#pragma unroll
                    for (int p = 0; p < points_per_thread; ++p) sums.add(weight, p, formula(t[p] - bias));
                }
            }
            sums.end_tile();
        }
#pragma unroll
        for (int m = 0; m < together; ++m) {
#pragma unroll
            for (int p = 0; p < points_per_thread; ++p) {
                const std::int64_t j = first_point + p * block_threads;
                if (k + m >= target.batch || j >= at.point_count) continue;
                target.put(blockIdx.y, k + m, j, sums.total[m][p]);
            }
        }
    }
}

}  // namespace

template <class Real, class Function>
std::int64_t workspace_bytes(Cuda, const Arguments& at, const Function&, std::int64_t batch) {
    const std::int64_t cells = checked_mul(at.direction_count, at.bias_count);
    return std::max(cuda::bytes_of_segments(Slots(at).blocks(at, batch).segments, batch, cells),
                    cuda::bytes_of_segments(blocks_of_units(at, batch).segments, batch, at.point_count));
}

template <class Real, class Function>
void sum_over_points(Cuda on, const Arguments& at, const Function& function, const Real* g, std::int64_t batch,
                     Real* out, Workspace workspace) {
    require_workspace(workspace, workspace_bytes<Real>(on, at, function, batch));
    const Slots slots(at);
    const Blocks blocks = slots.blocks(at, batch);
    const Target<Real> target{batch, checked_mul(at.direction_count, at.bias_count), blocks.segments,
                              static_cast<double*>(workspace.data), out};
    if (batch == 0 || target.cells == 0) return;
    with_formula(function, [&]<class Formula>(const Formula& formula) {
        with_together<Formula>(batch, [&]<int together>() {
            cuda::launch(on, grid_of(blocks, batch), block_threads, sum_of_points<together, Formula, Real>, at, slots,
                         blocks, formula, g, target);
        });
    });
    add_segments(on, target);
}

template <class Real, class Function>
void sum_over_units(Cuda on, const Arguments& at, const Function& function, const Real* c, std::int64_t batch,
                    Real* out, Workspace workspace) {
    require_workspace(workspace, workspace_bytes<Real>(on, at, function, batch));
    const Blocks blocks = blocks_of_units(at, batch);
    const Target<Real> target{batch, at.point_count, blocks.segments, static_cast<double*>(workspace.data), out};
    if (batch == 0 || target.cells == 0) return;
    with_formula(function, [&]<class Formula>(const Formula& formula) {
        with_together<Formula>(batch, [&]<int together>() {
            cuda::launch(on, grid_of(blocks, batch), block_threads, sum_of_units<together, Formula, Real>, at, blocks,
                         formula, c, target);
        });
    });
    add_segments(on, target);
}

#define KOUSEI_INSTANTIATE(Real, Function)                                                                   \
    template std::int64_t workspace_bytes<Real>(Cuda, const Arguments&, const Function&, std::int64_t);      \
    template void sum_over_points(Cuda, const Arguments&, const Function&, const Real*, std::int64_t, Real*, \
                                  Workspace);                                                                \
    template void sum_over_units(Cuda, const Arguments&, const Function&, const Real*, std::int64_t, Real*,  \
                                 Workspace);
KOUSEI_INSTANTIATE(float, Kernel<float>)
KOUSEI_INSTANTIATE(double, Kernel<double>)
KOUSEI_INSTANTIATE(float, Activation)
KOUSEI_INSTANTIATE(double, Activation)
#undef KOUSEI_INSTANTIATE

}  // namespace kousei::ridgelet
