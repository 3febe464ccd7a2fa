#include <kousei/cuda/rbm.hpp>

#include <kousei/math/philox.hpp>
#include <kousei/packed.hpp>
#include <kousei/rbm_unit.hpp>
#include <kousei/sizes.hpp>

#include "launch.cuh"
#include "workspace.hpp"

namespace kousei::rbm {
namespace {

constexpr int threads = 256, warps = threads / 32;
/// Outputs and rows of a thread block: a warp has 32 of the outputs, and a lane one of them in some rows.
constexpr int columns = 64, rows_of_lane = 8, block_rows = warps / (columns / 32) * rows_of_lane;

/// What the threads of a block share: the factors of 32 inputs, with a padding for the banks, and the states of
/// these in each row; or the random words of all its outputs.
union Shared {
    struct {
        float factors[32][columns + 1];
        std::uint32_t states[block_rows];
    };
    std::uint32_t random[block_rows][columns];
};

/// Where a thread stands.
struct Place {
    int output, first_row;  ///< in the block

    __device__ Place()
        : output(static_cast<int>(threadIdx.x) % columns),
          first_row(static_cast<int>(threadIdx.x) / columns * rows_of_lane) {}
};

/// Of each lane of the warp a bit.
__device__ inline std::uint32_t bits_of_warp(bool up) {
#if !defined(__CUDACC__)
    static bool of_thread[threads];
    of_thread[threadIdx.x] = up;
    __syncthreads();
    std::uint32_t bits = 0;
    for (unsigned lane = 0; lane < 32; ++lane) {
        bits |= std::uint32_t{of_thread[threadIdx.x / 32 * 32 + lane]} << lane;
    }
    __syncthreads();
    return bits;
#else
    return __ballot_sync(0xFFFFFFFFu, up);
#endif
}

__device__ inline float value_of(Units units, std::uint32_t word, int bit) {
    const bool up = word >> bit & 1;
    return units == Units::spin ? (up ? 1.0f : -1.0f) : (up ? 1.0f : 0.0f);
}

/// sum[r] += sum_i states[first_row + r, i] factor(i, output) in the order of the CPU; a product with a state is
/// exact, so that it may be one operation with the addition behind it.
template <Units units, class Factor>
__device__ inline void add_states(Shared& shared, const std::uint32_t* states, std::int64_t stride, std::int64_t rows,
                                  std::int64_t inputs, bool in_columns, const Factor& factor,
                                  float (&sum)[rows_of_lane]) {
    const Place place;
    for (std::int64_t input = 0; input < inputs; input += 32) {
        __syncthreads();
        for (int k = static_cast<int>(threadIdx.x); k < 32 * columns; k += threads) {
            const int i = in_columns ? k % 32 : k / columns, j = in_columns ? k / 32 : k % columns;
            shared.factors[i][j] = input + i < inputs ? factor(input + i, j) : 0;
        }
        if (threadIdx.x < block_rows) {
            shared.states[threadIdx.x] = threadIdx.x < rows ? states[threadIdx.x * stride + input / 32] : 0;
        }
        __syncthreads();
#pragma unroll
        for (int i = 0; i < 32; i += 4) {
            float w[4];
#pragma unroll
            for (int k = 0; k < 4; ++k) w[k] = shared.factors[i + k][place.output];
#pragma unroll
            for (int r = 0; r < rows_of_lane; ++r) {
                const std::uint32_t word = shared.states[place.first_row + r];
                const auto term = [&](int k) { return value_of(units, word, i + k) * w[k]; };
                sum[r] += (term(0) + term(1)) + (term(2) + term(3));
            }
        }
    }
    __syncthreads();
}

template <Units units>
__global__ void __launch_bounds__(threads)
    respond_kernel(const __grid_constant__ Side side, const std::uint32_t* states, std::int64_t rows,
                   const float* beta, const __grid_constant__ Draw draw, const __grid_constant__ Wanted wanted,
                   std::int64_t states_stride, std::int64_t drawn_stride) {
    __shared__ Shared shared;
    const Place place;
    const std::int64_t tiles = (side.outputs + columns - 1) / columns;
    const std::int64_t first_output = blockIdx.x % tiles * columns, first_row = blockIdx.x / tiles * block_rows;
    const std::int64_t output = first_output + place.output;
    float sum[rows_of_lane] = {};
    add_states<units>(
        shared, states + first_row * states_stride, states_stride, rows - first_row, side.inputs, side.transposed,
        [&](std::int64_t i, int j) {
            const std::int64_t at = first_output + j;
            if (at >= side.outputs) return 0.0f;
            return side.weight[side.transposed ? at * side.inputs + i : i * side.outputs + at];
        },
        sum);
    if (wanted.drawn) {
        for (int k = static_cast<int>(threadIdx.x); k < 16 * block_rows; k += threads) {
            const int counter = k % 16, row = k / 16;
            std::uint64_t word[4] = {static_cast<std::uint64_t>(first_output / 4 + counter),
                                     static_cast<std::uint64_t>(first_row + row), draw.count & 0xFFFFFFFFu,
                                     draw.count >> 32};
            math::philox(word, draw.key);
#pragma unroll
            for (int w = 0; w < 4; ++w) shared.random[row][16 * w + counter] = static_cast<std::uint32_t>(word[w]);
        }
        __syncthreads();
    }
    const float bias = output < side.outputs ? side.bias[output] : 0;
#pragma unroll
    for (int r = 0; r < rows_of_lane; ++r) {
        const std::int64_t row = first_row + place.first_row + r, at = row * side.outputs + output;
        const bool there = row < rows && output < side.outputs;
        const float field = sum[r] + bias;
        const float slope = slope_of(units) * (beta && row < rows ? beta[row] : 1.0f);
        const float p = probability_of(product(slope, field));
        if (there && wanted.fields) wanted.fields[at] = field;
        if (there && wanted.means) wanted.means[at] = mean_of(units, p);
        if (!wanted.drawn) continue;
        const std::uint32_t random = shared.random[place.first_row + r][place.output] >> 8;
        const std::uint32_t bits = bits_of_warp(there && static_cast<float>(random) * 0x1p-24f < p);
        if (threadIdx.x % 32 != 0 || row >= rows) continue;
        const std::int64_t word = output / 32;
        wanted.drawn[row * drawn_stride + word] = bits;
        // A row ends with whole fours of words, of which the blocks of outputs may leave two.
        if (first_output + columns >= side.outputs && word + 2 < drawn_stride) {
            wanted.drawn[row * drawn_stride + word + 2] = 0;
        }
    }
}

/// Both samples of a gradient as its kernels read them, and what they leave.
struct Statistics {
    Sample data, model;
    std::uint32_t *data_states, *model_states;  ///< transposed: (visible, words of their rows)
    std::int64_t data_stride, model_stride;
    float *visible_change, *hidden_change;  ///< the mean of the data less that of the model
    float* data_hidden;                     ///< the mean of the data
};

template <Units units>
__global__ void __launch_bounds__(threads)
    update_kernel(const __grid_constant__ Parameters p, const __grid_constant__ Statistics statistics,
                  const __grid_constant__ Rates rates, const __grid_constant__ Centers centers) {
    __shared__ Shared shared;
    const Place place;
    const std::int64_t tiles = (p.hidden + columns - 1) / columns;
    const std::int64_t first_output = blockIdx.x % tiles * columns, first_row = blockIdx.x / tiles * block_rows;
    const std::int64_t output = first_output + place.output;
    float sum[rows_of_lane] = {};
    const auto add = [&](const Sample& sample, const std::uint32_t* states, std::int64_t stride, float sign) {
        const float scale = sign / static_cast<float>(sample.rows);
        add_states<units>(
            shared, states + first_row * stride, stride, p.visible - first_row, sample.rows, false,
            [&](std::int64_t i, int j) {
                const std::int64_t at = first_output + j;
                return at < p.hidden ? product(sample.means[i * p.hidden + at], scale) : 0.0f;
            },
            sum);
    };
    add(statistics.data, statistics.data_states, statistics.data_stride, 1);
    add(statistics.model, statistics.model_states, statistics.model_stride, -1);
    if (output >= p.hidden) return;
#pragma unroll
    for (int r = 0; r < rows_of_lane; ++r) {
        const std::int64_t row = first_row + place.first_row + r, at = row * p.hidden + output;
        if (row >= p.visible) return;
        float gradient = sum[r];
        if (centers.visible) {
            gradient -= product(centers.visible[row], statistics.hidden_change[output]) +
                        product(statistics.visible_change[row], centers.hidden[output]);
        }
        const float old = p.weight[at];
        const float step = velocity_of(rates, p.weight_velocity[at], gradient - shrinkage(rates, old));
        p.weight_velocity[at] = step;
        p.weight[at] = old + step;
    }
}

/// to (width, to_stride) = the transpose of states (rows, width).
void transpose_states(Cuda on, const Sample& sample, std::int64_t width, std::uint32_t* to, std::int64_t to_stride) {
    const std::int64_t from_stride = packed::stride_of(width), rows = sample.rows;
    const std::uint32_t* const states = sample.states;
    cuda::for_each(on, checked_mul(width, to_stride), [=] __device__(std::int64_t k) {
        // Threads beside one another read one word.
        const std::int64_t i = k % width, word = k / width;
        std::uint32_t bits = 0;
        for (int r = 0; r < 32 && 32 * word + r < rows; ++r) {
            bits |= (states[(32 * word + r) * from_stride + i / 32] >> i % 32 & 1) << r;
        }
        to[i * to_stride + word] = bits;
    });
}

/// The mean value of unit i over rows of transposed states.
template <Units units>
__device__ float mean_of_states(const std::uint32_t* states, std::int64_t stride, std::int64_t rows, std::int64_t i) {
    std::int64_t up = 0;
    for (std::int64_t word = 0; word < stride; ++word) up += __popc(states[i * stride + word]);
    return static_cast<float>(units == Units::spin ? 2 * up - rows : up) / static_cast<float>(rows);
}

__device__ inline float mean_of_rows(const Sample& sample, std::int64_t width, std::int64_t j) {
    float sum = 0;
    for (std::int64_t row = 0; row < sample.rows; ++row) sum += sample.means[row * width + j];
    return sum / static_cast<float>(sample.rows);
}

/// The step of a bias, which has no l1.
__device__ inline void step(const Rates& rates, float change, float& velocity, float& bias) {
    velocity = velocity_of(rates, velocity, change);
    bias += velocity;
}

/// The changes of the means, and the steps of the biases by them.
template <Units units>
void step_biases(Cuda on, const Parameters& p, const Statistics& s, const Rates& rates) {
    cuda::for_each(on, p.visible, [=] __device__(std::int64_t i) {
        const float change = mean_of_states<units>(s.data_states, s.data_stride, s.data.rows, i) -
                             mean_of_states<units>(s.model_states, s.model_stride, s.model.rows, i);
        s.visible_change[i] = change;
        step(rates, change, p.visible_velocity[i], p.visible_bias[i]);
    });
    cuda::for_each(on, p.hidden, [=] __device__(std::int64_t j) {
        s.data_hidden[j] = mean_of_rows(s.data, p.hidden, j);
        const float change = s.data_hidden[j] - mean_of_rows(s.model, p.hidden, j);
        s.hidden_change[j] = change;
        step(rates, change, p.hidden_velocity[j], p.hidden_bias[j]);
    });
}

/// What the change of the weights takes from the biases, and the slide of the centres.
void shift_centers(Cuda on, const Parameters& p, const Statistics& s, const Centers& centers) {
    cuda::for_each(on, p.visible, [=] __device__(std::int64_t i) {
        // Sixteen lanes, as on the CPU.
        float part[16] = {};
        for (std::int64_t j = 0; j < p.hidden; j += 16) {
#pragma unroll
            for (int lane = 0; lane < 16; ++lane) {
                if (j + lane < p.hidden) {
                    part[lane] += product(p.weight_velocity[i * p.hidden + j + lane], centers.hidden[j + lane]);
                }
            }
        }
#pragma unroll
        for (int half = 8; half > 0; half /= 2) {
#pragma unroll
            for (int lane = 0; lane < half; ++lane) part[lane] += part[lane + half];
        }
        p.visible_bias[i] -= part[0];
    });
    cuda::for_each(on, p.hidden, [=] __device__(std::int64_t j) {
        float sum = 0;
        for (std::int64_t i = 0; i < p.visible; ++i) {
            sum += product(centers.visible[i], p.weight_velocity[i * p.hidden + j]);
        }
        p.hidden_bias[j] -= sum;
        centers.hidden[j] += product(centers.slide, s.data_hidden[j] - centers.hidden[j]);
    });
}

unsigned blocks_for(std::int64_t rows, std::int64_t outputs) {
    return static_cast<unsigned>(checked_mul(blocks_of(rows, block_rows), blocks_of(outputs, columns)));
}

template <Units units>
void update_units(Cuda on, const Parameters& p, const Statistics& s, const Rates& rates, const Centers& centers) {
    transpose_states(on, s.data, p.visible, s.data_states, s.data_stride);
    transpose_states(on, s.model, p.visible, s.model_states, s.model_stride);
    step_biases<units>(on, p, s, rates);
    cuda::launch(on, dim3(blocks_for(p.visible, p.hidden)), threads, update_kernel<units>, p, s, rates, centers);
    if (centers.visible) shift_centers(on, p, s, centers);
}

}  // namespace

std::int64_t workspace_bytes(Cuda, const Side&, std::int64_t) {
    return 0;
}

void respond(Cuda on, const Side& side, const std::uint32_t* states, std::int64_t rows, const float* beta, Draw draw,
             const Wanted& wanted, Workspace) {
    if (rows == 0 || side.outputs == 0) return;
    cuda::launch(on, dim3(blocks_for(rows, side.outputs)), threads,
                 side.units == Units::spin ? respond_kernel<Units::spin> : respond_kernel<Units::binary>, side,
                 states, rows, beta, draw, wanted, packed::stride_of(side.inputs), packed::stride_of(side.outputs));
}

std::int64_t workspace_bytes(Cuda, const Parameters& p, std::int64_t data_rows, std::int64_t model_rows) {
    using kousei::detail::Carver;
    return Carver::padded_bytes<std::uint32_t>(checked_mul(p.visible, packed::stride_of(data_rows))) +
           Carver::padded_bytes<std::uint32_t>(checked_mul(p.visible, packed::stride_of(model_rows))) +
           Carver::padded_bytes<float>(p.visible) + 2 * Carver::padded_bytes<float>(p.hidden);
}

void update(Cuda on, const Parameters& p, const Sample& data, const Sample& model, const Rates& rates,
            const Centers& centers, Workspace workspace) {
    require_workspace(workspace, workspace_bytes(on, p, data.rows, model.rows));
    kousei::detail::Carver carver(workspace);
    Statistics s{};
    s.data = data, s.model = model;
    s.data_stride = packed::stride_of(data.rows), s.model_stride = packed::stride_of(model.rows);
    s.data_states = carver.take<std::uint32_t>(p.visible * s.data_stride);
    s.model_states = carver.take<std::uint32_t>(p.visible * s.model_stride);
    s.visible_change = carver.take<float>(p.visible);
    s.hidden_change = carver.take<float>(p.hidden);
    s.data_hidden = carver.take<float>(p.hidden);
    (p.units == Units::spin ? update_units<Units::spin> : update_units<Units::binary>)(on, p, s, rates, centers);
}

}  // namespace kousei::rbm
