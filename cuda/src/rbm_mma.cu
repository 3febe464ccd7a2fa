#include <kousei/packed.hpp>
#include <kousei/sizes.hpp>

#include "launch.cuh"
#include "mma.cuh"
#include "rbm.cuh"
#include "workspace.hpp"

namespace kousei::rbm::mma {
namespace {

using kousei::detail::Carver;

/// Two warps have the rows of a block and two its outputs, each 32 of them: products of 16 rows and of 8 outputs.
/// Four times as many share the inputs, since there are few blocks.
constexpr int parts = 4, part_threads = 128, threads = parts * part_threads;
constexpr int block_rows = 64, row_tiles = 2, tiles = 4;
/// Inputs whose states a warp reads at a time, a word of a row for each of 4 lanes, and the products of these.
constexpr int block = 128, steps = 8;

/// A weight of 4094 is the largest, and anything above is as certain; means are scaled below the largest float16.
constexpr float weight_scale = 16, mean_scale = 0x1p14f, largest_half = 65504;

/// Registers of a lane for 8 outputs: of input 32 t + 2 step + i of a block in half i, with the one 16 behind it.
struct alignas(8) Fragment {
    std::uint32_t half[2];
};

/// A matrix of factors (inputs, outputs) as it is multiplied: fragments (tiles, blocks, steps, 32), with zeros beyond
/// its sizes; an even number of warps has its tiles.
struct Factors {
    Fragment* fragments;
    std::int64_t tile_count, block_count;

    Factors(std::int64_t inputs, std::int64_t outputs, Carver* carver)
        : fragments(nullptr),
          tile_count(blocks_of(outputs, columns) * (columns / 8)),
          block_count(blocks_of(inputs, block)) {
        if (carver) fragments = carver->take<Fragment>(count());
    }
    std::int64_t count() const { return checked_mul(checked_mul(tile_count, block_count), 32 * steps); }
    std::int64_t bytes() const { return Carver::padded_bytes<Fragment>(count()); }
};

/// Fragment k of factor(input, output), times a scale that leaves them finite.
template <class Factor>
__device__ inline void write(const Factors& to, std::int64_t k, std::int64_t inputs, std::int64_t outputs,
                             float scale, const Factor& factor) {
    const int lane = static_cast<int>(k % 32), at_step = static_cast<int>(k / 32 % steps);
    const std::int64_t at_block = k / 32 / steps % to.block_count, tile = k / 32 / steps / to.block_count;
    const std::int64_t output = 8 * tile + lane / 4, first = block * at_block + 32 * (lane % 4) + 2 * at_step;
    Fragment fragment{};
#pragma unroll
    for (int i = 0; i < 4; ++i) {
        const std::int64_t input = first + i / 2 + 16 * (i % 2);
        float value = input < inputs && output < outputs ? factor(input, output) * scale : 0;
        value = value > largest_half ? largest_half : value < -largest_half ? -largest_half : value;
        fragment.half[i / 2] |= std::uint32_t{cuda::to_half(value)} << 16 * (i % 2);
    }
    to.fragments[k] = fragment;
}

/// The states in bits `bit` and `bit` + 16 of a word as float16.
template <Units units>
__device__ inline std::uint32_t halves_of(std::uint32_t word, int bit) {
    if constexpr (units == Units::spin) return (~(word << (15 - bit)) & 0x80008000u) | 0x3C003C00u;
    return (word >> bit & 0x00010001u) * 0x3C00u;
}

/// Where a warp stands, and what it sums.
struct Warp {
    int lane = static_cast<int>(threadIdx.x) % 32, part = static_cast<int>(threadIdx.x) / part_threads;
    int row = static_cast<int>(threadIdx.x) / 64 % 2 * 32, output = static_cast<int>(threadIdx.x) / 32 % 2 * 32;
    float sum[row_tiles][tiles][4] = {};

    /// sum += states from first_row on times factors from tile first_tile on, of every parts-th block of inputs.
    template <Units units>
    __device__ void add(const std::uint32_t* states, std::int64_t stride, std::int64_t rows, std::int64_t first_row,
                        const Factors& factors, std::int64_t first_tile) {
        const Fragment* from =
            factors.fragments + (first_tile + output / 8) * factors.block_count * steps * 32 + lane;
        // Every part has as many turns; past the end there are zeros.
        for (std::int64_t at = part; at - part < factors.block_count; at += parts) {
            const bool within = at < factors.block_count;
            std::uint32_t words[2 * row_tiles];
#pragma unroll
            for (int i = 0; i < 2 * row_tiles; ++i) {
                const std::int64_t r = first_row + row + 8 * i + lane / 4;
                words[i] = within && r < rows ? states[r * stride + 4 * at + lane % 4] : 0;
            }
#pragma unroll 4
            for (int step = 0; step < steps; ++step) {
                Fragment b[tiles];
#pragma unroll
                for (int n = 0; n < tiles; ++n) {
                    b[n] = within ? from[((n * factors.block_count + at) * steps + step) * 32] : Fragment{};
                }
#pragma unroll
                for (int r = 0; r < row_tiles; ++r) {
                    std::uint32_t a[4];
#pragma unroll
                    for (int i = 0; i < 4; ++i) a[i] = halves_of<units>(words[2 * r + i % 2], 2 * step + i / 2);
#pragma unroll
                    for (int n = 0; n < tiles; ++n) cuda::multiply(sum[r][n], a, b[n].half);
                }
            }
        }
    }

    /// The sums of all parts, in their order.
    __device__ void write(float (&sums)[block_rows][columns]) const {
        for (int turn = 0; turn < parts; ++turn) {
#pragma unroll
            for (int r = 0; r < row_tiles; ++r) {
#pragma unroll
                for (int n = 0; n < tiles; ++n) {
#pragma unroll
                    for (int i = 0; i < 4; ++i) {
                        float& to = sums[row + 16 * r + lane / 4 + i / 2 * 8][output + 8 * n + lane % 4 * 2 + i % 2];
                        if (turn == part) to = turn == 0 ? sum[r][n][i] : to + sum[r][n][i];
                    }
                }
            }
            __syncthreads();
        }
    }
};

template <Units units>
__global__ void __launch_bounds__(threads, 1)
    respond_kernel(const __grid_constant__ Response response, const __grid_constant__ Factors factors) {
    __shared__ float sums[block_rows][columns];
    __shared__ std::uint32_t random[block_rows][columns];
    const Side& side = response.side;
    const std::int64_t output_blocks = (side.outputs + columns - 1) / columns;
    const std::int64_t first_output = blockIdx.x % output_blocks * columns;
    const std::int64_t first_row = blockIdx.x / output_blocks * block_rows;
    Warp warp;
    warp.add<units>(response.states, response.states_stride, response.rows, first_row, factors, first_output / 8);
    if (response.wanted.drawn) response.write_random(first_row, first_output, random);
    warp.write(sums);
    const int j = static_cast<int>(threadIdx.x) % columns;
    const std::int64_t output = first_output + j;
    const float bias = output < side.outputs ? side.bias[output] : 0;
    for (int r = static_cast<int>(threadIdx.x) / columns; r < block_rows; r += threads / columns) {
        response.answer<units>(first_row + r, first_output, output, sums[r][j] / weight_scale + bias, random[r][j]);
    }
}

/// 1/(rows mean_scale) is taken from the sums, `rows` of the sample that has fewer.
template <Units units>
__global__ void __launch_bounds__(threads, 1)
    update_kernel(const __grid_constant__ Step step, const __grid_constant__ Factors data,
                  const __grid_constant__ Factors model, float scale) {
    __shared__ float sums[block_rows][columns];
    const std::int64_t visible = step.parameters.visible, hidden = step.parameters.hidden;
    const std::int64_t output_blocks = (hidden + columns - 1) / columns;
    const std::int64_t first_output = blockIdx.x % output_blocks * columns;
    const std::int64_t first_row = blockIdx.x / output_blocks * block_rows;
    Warp warp;
    warp.add<units>(step.data_states, step.data_stride, visible, first_row, data, first_output / 8);
    warp.add<units>(step.model_states, step.model_stride, visible, first_row, model, first_output / 8);
    warp.write(sums);
    for (int k = static_cast<int>(threadIdx.x); k < block_rows * columns; k += threads) {
        const std::int64_t row = first_row + k / columns, output = first_output + k % columns;
        if (row < visible && output < hidden) step.of_weight(row, output, sums[k / columns][k % columns] * scale);
    }
}

dim3 blocks_for(std::int64_t rows, std::int64_t outputs) {
    return dim3(static_cast<unsigned>(checked_mul(blocks_of(rows, block_rows), blocks_of(outputs, columns))));
}

}  // namespace

std::int64_t workspace_bytes(const Side& side) {
    return Factors(side.inputs, side.outputs, nullptr).bytes();
}

void respond(Cuda on, const Response& response, Workspace workspace) {
    const Side& side = response.side;
    Carver carver(workspace);
    const Factors factors(side.inputs, side.outputs, &carver);
    cuda::for_each(on, factors.count(), [response, factors] __device__(std::int64_t k) {
        write(factors, k, response.side.inputs, response.side.outputs, weight_scale,
              [&](std::int64_t i, std::int64_t j) { return response.weight(i, j); });
    });
    cuda::launch(on, blocks_for(response.rows, side.outputs), threads,
                 side.units == Units::spin ? respond_kernel<Units::spin> : respond_kernel<Units::binary>, response,
                 factors);
}

std::int64_t workspace_bytes(const Parameters& parameters, std::int64_t data_rows, std::int64_t model_rows) {
    return Factors(data_rows, parameters.hidden, nullptr).bytes() +
           Factors(model_rows, parameters.hidden, nullptr).bytes();
}

void update(Cuda on, const Step& step, Workspace workspace) {
    const std::int64_t hidden = step.parameters.hidden;
    const auto fewer = static_cast<float>(std::min(step.data.rows, step.model.rows));
    Carver carver(workspace);
    const Factors data(step.data.rows, hidden, &carver), model(step.model.rows, hidden, &carver);
    const std::int64_t of_data = data.count();
    cuda::for_each(on, of_data + model.count(), [=] __device__(std::int64_t k) {
        const bool first = k < of_data;
        const Sample& sample = first ? step.data : step.model;
        const float scale = (first ? mean_scale : -mean_scale) * (fewer / static_cast<float>(sample.rows));
        write(first ? data : model, first ? k : k - of_data, sample.rows, hidden, scale,
              [&](std::int64_t i, std::int64_t j) { return sample.means[i * hidden + j]; });
    });
    cuda::launch(on, blocks_for(step.parameters.visible, hidden), threads,
                 step.parameters.units == Units::spin ? update_kernel<Units::spin> : update_kernel<Units::binary>,
                 step, data, model, 1 / (fewer * mean_scale));
}

}  // namespace kousei::rbm::mma
