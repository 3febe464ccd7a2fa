#include "rbm.cuh"

#include <kousei/packed.hpp>
#include <kousei/sizes.hpp>

#include <algorithm>

#include "launch.cuh"
#include "workspace.hpp"

namespace kousei::rbm {
namespace {

using kousei::detail::Carver;

/// A warp has 32 of the outputs, and a lane one of them in some rows.
constexpr int threads = 256, rows_of_lane = 8, block_rows = threads / columns * rows_of_lane;

/// What the threads of a block share: the factors of 32 inputs, with a padding for the banks, and the states of
/// these in each row; or the random words of all its outputs.
union Shared {
    struct {
        float factors[32][columns + 1];
        std::uint32_t states[block_rows];
    };
    std::uint32_t random[block_rows][columns];
};

/// Where a thread stands: its output and its first row.
struct Place {
    int local_output, local_row;
    std::int64_t first_output, first_row;

    __device__ explicit Place(std::int64_t outputs)
        : local_output(static_cast<int>(threadIdx.x) % columns),
          local_row(static_cast<int>(threadIdx.x) / columns * rows_of_lane),
          first_output(blockIdx.x % ((outputs + columns - 1) / columns) * columns),
          first_row(blockIdx.x / ((outputs + columns - 1) / columns) * block_rows) {}

    __device__ std::int64_t output() const { return first_output + local_output; }
    __device__ std::int64_t row(int r) const { return first_row + local_row + r; }
};

template <Units units>
__device__ inline float value_of(std::uint32_t word, int bit) {
    const bool up = word >> bit & 1;
    return units == Units::spin ? (up ? 1.0f : -1.0f) : (up ? 1.0f : 0.0f);
}

/// sum[r] += sum_i states[row(r), i] factor(i, output) in the order of the CPU; a product with a state is exact, so
/// that it may be one operation with the addition behind it.
template <Units units, class Factor>
__device__ inline void add_states(Shared& shared, const Place& place, const std::uint32_t* states,
                                  std::int64_t stride, std::int64_t rows, std::int64_t inputs, bool in_columns,
                                  const Factor& factor, float (&sum)[rows_of_lane]) {
    for (std::int64_t input = 0; input < inputs; input += 32) {
        __syncthreads();
        for (int k = static_cast<int>(threadIdx.x); k < 32 * columns; k += threads) {
            const int i = in_columns ? k % 32 : k / columns, j = in_columns ? k / 32 : k % columns;
            shared.factors[i][j] = input + i < inputs ? factor(input + i, place.first_output + j) : 0;
        }
        if (threadIdx.x < block_rows) {
            const std::int64_t row = place.first_row + threadIdx.x;
            shared.states[threadIdx.x] = row < rows ? states[row * stride + input / 32] : 0;
        }
        __syncthreads();
#pragma unroll
        for (int i = 0; i < 32; i += 4) {
            float w[4];
#pragma unroll
            for (int k = 0; k < 4; ++k) w[k] = shared.factors[i + k][place.local_output];
#pragma unroll
            for (int r = 0; r < rows_of_lane; ++r) {
                const std::uint32_t word = shared.states[place.local_row + r];
                const auto term = [&](int k) { return value_of<units>(word, i + k) * w[k]; };
                sum[r] += (term(0) + term(1)) + (term(2) + term(3));
            }
        }
    }
    __syncthreads();
}

template <Units units>
__global__ void __launch_bounds__(threads) respond_kernel(const __grid_constant__ Response response) {
    __shared__ Shared shared;
    const Side& side = response.side;
    const Place place(side.outputs);
    float sum[rows_of_lane] = {};
    add_states<units>(
        shared, place, response.states, response.states_stride, response.rows, side.inputs, side.transposed,
        [&](std::int64_t i, std::int64_t j) { return j < side.outputs ? response.weight(i, j) : 0.0f; }, sum);
    if (response.wanted.drawn) {
        response.write_random(place.first_row, place.first_output, shared.random);
        __syncthreads();
    }
    const float bias = place.output() < side.outputs ? side.bias[place.output()] : 0;
#pragma unroll
    for (int r = 0; r < rows_of_lane; ++r) {
        response.answer<units>(place.row(r), place.first_output, place.output(), sum[r] + bias,
                               shared.random[place.local_row + r][place.local_output]);
    }
}

/// The kernel of samples of at most rows_of_sum rows, or of more: sums of blocks beside their total take twice the
/// registers.
template <Units units, bool blocks>
__global__ void __launch_bounds__(threads, blocks ? 1 : 2) update_kernel(const __grid_constant__ Step step) {
    __shared__ Shared shared;
    const std::int64_t visible = step.parameters.visible, hidden = step.parameters.hidden;
    const Place place(hidden);
    const auto add = [&](std::int64_t first, float (&sum)[rows_of_lane]) {
        const auto add_sample = [&](const Sample& sample, const std::uint32_t* states, std::int64_t stride,
                                    float sign) {
            const float scale = sign / static_cast<float>(sample.rows);
            const float* const means = sample.means + first * hidden;
            add_states<units>(
                shared, place, states + first / 32, stride, visible, rows_of_block(sample, first), false,
                [&](std::int64_t i, std::int64_t j) {
                    return j < hidden ? product(means[i * hidden + j], scale) : 0.0f;
                },
                sum);
        };
        add_sample(step.data, step.data_states, step.data_stride, 1);
        add_sample(step.model, step.model_states, step.model_stride, -1);
    };
    float total[rows_of_lane] = {};
    add(0, total);
    if constexpr (blocks) {
        for (std::int64_t first = rows_of_sum; first < step.data.rows || first < step.model.rows;
             first += rows_of_sum) {
            float sum[rows_of_lane] = {};
            add(first, sum);
#pragma unroll
            for (int r = 0; r < rows_of_lane; ++r) total[r] += sum[r];
        }
    }
#pragma unroll
    for (int r = 0; r < rows_of_lane; ++r) {
        if (place.row(r) < visible && place.output() < hidden) {
            step.of_weight(place.row(r), place.output(), total[r]);
        }
    }
}

/// The transposes of the states of both samples.
void transpose_states(Cuda on, const Step& s) {
    const std::int64_t visible = s.parameters.visible, stride = packed::stride_of(visible);
    cuda::for_each(on, checked_mul(visible, s.data_stride + s.model_stride), [=] __device__(std::int64_t k) {
        // Threads beside one another read one word.
        const std::int64_t i = k % visible, at = k / visible;
        const bool of_data = at < s.data_stride;
        const Sample& sample = of_data ? s.data : s.model;
        const std::int64_t word = of_data ? at : at - s.data_stride;
        std::uint32_t bits = 0;
#pragma unroll 8
        for (int r = 0; r < 32; ++r) {
            const std::int64_t row = 32 * word + r;
            if (row < sample.rows) bits |= (sample.states[row * stride + i / 32] >> i % 32 & 1) << r;
        }
        (of_data ? s.data_states : s.model_states)[i * (of_data ? s.data_stride : s.model_stride) + word] = bits;
    });
}

/// The mean value of unit i over the rows of transposed states.
template <Units units>
__device__ float mean_of_states(const std::uint32_t* states, std::int64_t stride, std::int64_t rows, std::int64_t i) {
    std::int64_t up = 0;
    for (std::int64_t word = 0; word < stride; ++word) up += __popc(states[i * stride + word]);
    return static_cast<float>(units == Units::spin ? 2 * up - rows : up) / static_cast<float>(rows);
}

/// The step of a bias, which has no l1.
__device__ inline void step_bias(const Rates& rates, float change, float& velocity, float& bias) {
    velocity = velocity_of(rates, velocity, change);
    bias += velocity;
}

/// The change of a visible mean, and the step of this bias.
template <Units units>
__device__ inline void step_visible(const Step& s, std::int64_t i) {
    const float change = mean_of_states<units>(s.data_states, s.data_stride, s.data.rows, i) -
                         mean_of_states<units>(s.model_states, s.model_stride, s.model.rows, i);
    s.visible_change[i] = change;
    step_bias(s.rates, change, s.parameters.visible_velocity[i], s.parameters.visible_bias[i]);
}

/// The same for 32 hidden units, by a block: a warp has a part of the rows, a lane an output.
__device__ inline void step_hidden(const Step& s, std::int64_t first) {
    __shared__ float sums[mean_parts][32];
    const int lane = static_cast<int>(threadIdx.x) % 32, part = static_cast<int>(threadIdx.x) / 32;
    const std::int64_t hidden = s.parameters.hidden, j = first + lane;
    const auto mean = [&](const Sample& sample) {
        float total = 0;
        for (std::int64_t begin = 0; begin < sample.rows; begin += rows_of_sum) {
            const std::int64_t end = begin + rows_of_block(sample, begin);
            float sum = 0;
            if (j < hidden) {
#pragma unroll 16
                for (std::int64_t row = begin + part; row < end; row += mean_parts) {
                    sum += sample.means[row * hidden + j];
                }
            }
            sums[part][lane] = sum;
            for (int half = mean_parts / 2; half > 0; half /= 2) {
                __syncthreads();
                if (part < half) sums[part][lane] += sums[part + half][lane];
            }
            __syncthreads();
            total += sums[0][lane];
            __syncthreads();
        }
        return total / static_cast<float>(sample.rows);
    };
    const float of_data = mean(s.data), change = of_data - mean(s.model);
    if (part != 0 || j >= hidden) return;
    s.data_hidden[j] = of_data;
    s.hidden_change[j] = change;
    step_bias(s.rates, change, s.parameters.hidden_velocity[j], s.parameters.hidden_bias[j]);
}

/// The changes of the means, and the steps of the biases by them: the first blocks have the hidden ones.
template <Units units>
__global__ void __launch_bounds__(32 * mean_parts) step_biases_kernel(const __grid_constant__ Step s) {
    const std::int64_t hidden_blocks = (s.parameters.hidden + 31) / 32;
    if (blockIdx.x < hidden_blocks) {
        step_hidden(s, blockIdx.x * std::int64_t{32});
    } else {
        const std::int64_t i = (blockIdx.x - hidden_blocks) * (32 * mean_parts) + threadIdx.x;
        if (i < s.parameters.visible) step_visible<units>(s, i);
    }
}

template <Units units>
void step_biases(Cuda on, const Step& s) {
    const std::int64_t blocks = blocks_of(s.parameters.hidden, 32) + blocks_of(s.parameters.visible, 32 * mean_parts);
    cuda::launch(on, dim3(static_cast<unsigned>(blocks)), 32 * mean_parts, step_biases_kernel<units>, s);
}

/// What the change of the weights takes from the biases, and the slide of the centres.
void shift_centers(Cuda on, const Step& s) {
    cuda::for_each(on, s.parameters.visible, [=] __device__(std::int64_t i) {
        // Sixteen lanes, as on the CPU.
        const std::int64_t hidden = s.parameters.hidden;
        float part[16] = {};
        for (std::int64_t j = 0; j < hidden; j += 16) {
#pragma unroll
            for (int lane = 0; lane < 16; ++lane) {
                if (j + lane >= hidden) continue;
                const float change = s.parameters.weight_velocity[i * hidden + j + lane];
                part[lane] += product(change, s.centers.hidden[j + lane]);
            }
        }
#pragma unroll
        for (int half = 8; half > 0; half /= 2) {
#pragma unroll
            for (int lane = 0; lane < half; ++lane) part[lane] += part[lane + half];
        }
        s.parameters.visible_bias[i] -= part[0];
    });
    cuda::for_each(on, s.parameters.hidden, [=] __device__(std::int64_t j) {
        float sum = 0;
        for (std::int64_t i = 0; i < s.parameters.visible; ++i) {
            sum += product(s.centers.visible[i], s.parameters.weight_velocity[i * s.parameters.hidden + j]);
        }
        s.parameters.hidden_bias[j] -= sum;
        s.centers.hidden[j] += product(s.centers.slide, s.data_hidden[j] - s.centers.hidden[j]);
    });
}

/// One thread passes what a step was; the bits that changed are whole numbers, whose sum has no order.
__global__ void __launch_bounds__(threads) advance_kernel(Clock* clock, Passed passed) {
    __shared__ unsigned long long sums[threads];
    const int thread = static_cast<int>(threadIdx.x);
    const std::int64_t stride = std::int64_t{gridDim.x} * threads, words = passed.rows * passed.words;
    unsigned long long changed = 0;
    if (passed.model) {
#pragma unroll 8
        for (std::int64_t i = blockIdx.x * std::int64_t{threads} + thread; i < words; i += stride) {
            changed += static_cast<unsigned>(__popc(passed.data[i] ^ passed.model[i]));
        }
    }
    sums[thread] = changed;
    for (int half = threads / 2; half > 0; half /= 2) {
        __syncthreads();
        if (thread < half) sums[thread] += sums[thread + half];
    }
    if (thread != 0) return;
    atomicAdd(reinterpret_cast<unsigned long long*>(&clock->changed), sums[0]);
    if (blockIdx.x != 0) return;
    clock->draws += passed.draws;
    clock->rows += passed.rows;
}

dim3 blocks_for(std::int64_t rows, std::int64_t outputs) {
    return dim3(static_cast<unsigned>(checked_mul(blocks_of(rows, block_rows), blocks_of(outputs, columns))));
}

template <Units units>
void update_units(Cuda on, const Step& step, Workspace rest) {
    const std::int64_t visible = step.parameters.visible;
    transpose_states(on, step);
    step_biases<units>(on, step);
    if (on.precision == Precision::fast) {
        mma::update(on, step, rest);
    } else {
        const bool blocks = std::max(step.data.rows, step.model.rows) > rows_of_sum;
        const auto kernel = blocks ? update_kernel<units, true> : update_kernel<units, false>;
        cuda::launch(on, blocks_for(visible, step.parameters.hidden), threads, kernel, step);
    }
    if (step.centers.visible) shift_centers(on, step);
}

/// Fields are asked for as they are, and formed in float.
bool by_tensor_cores(Cuda on, const Wanted& wanted) {
    return on.precision == Precision::fast && !wanted.fields;
}

std::int64_t bytes_of_step(const Parameters& p, std::int64_t data_rows, std::int64_t model_rows) {
    return Carver::padded_bytes<std::uint32_t>(checked_mul(p.visible, packed::stride_of(data_rows))) +
           Carver::padded_bytes<std::uint32_t>(checked_mul(p.visible, packed::stride_of(model_rows))) +
           Carver::padded_bytes<float>(p.visible) + 2 * Carver::padded_bytes<float>(p.hidden);
}

}  // namespace

std::int64_t workspace_bytes(Cuda on, const Side& side, std::int64_t) {
    return on.precision == Precision::fast ? mma::workspace_bytes(side) : 0;
}

void respond(Cuda on, const Side& side, const std::uint32_t* states, std::int64_t rows, const float* beta, Draw draw,
             const Wanted& wanted, Workspace workspace) {
    if (rows == 0 || side.outputs == 0) return;
    require_workspace(workspace, workspace_bytes(on, side, rows));
    const Response response{side, states, rows,   packed::stride_of(side.inputs),
                            beta, draw,   wanted, packed::stride_of(side.outputs)};
    if (by_tensor_cores(on, wanted)) return mma::respond(on, response, workspace);
    cuda::launch(on, blocks_for(rows, side.outputs), threads,
                 side.units == Units::spin ? respond_kernel<Units::spin> : respond_kernel<Units::binary>, response);
}

std::int64_t workspace_bytes(Cuda on, const Parameters& p, std::int64_t data_rows, std::int64_t model_rows) {
    const std::int64_t bytes = bytes_of_step(p, data_rows, model_rows);
    return on.precision == Precision::fast ? bytes + mma::workspace_bytes(p, data_rows, model_rows) : bytes;
}

void update(Cuda on, const Parameters& p, const Sample& data, const Sample& model, const Rates& rates,
            const Centers& centers, Workspace workspace) {
    require_workspace(workspace, workspace_bytes(on, p, data.rows, model.rows));
    Carver carver(workspace);
    Step step{};
    step.parameters = p, step.data = data, step.model = model, step.rates = rates, step.centers = centers;
    step.data_stride = packed::stride_of(data.rows), step.model_stride = packed::stride_of(model.rows);
    step.data_states = carver.take<std::uint32_t>(p.visible * step.data_stride);
    step.model_states = carver.take<std::uint32_t>(p.visible * step.model_stride);
    step.visible_change = carver.take<float>(p.visible);
    step.hidden_change = carver.take<float>(p.hidden);
    step.data_hidden = carver.take<float>(p.hidden);
    const std::int64_t used = bytes_of_step(p, data.rows, model.rows);
    const Workspace rest{static_cast<std::byte*>(workspace.data) + used, workspace.bytes - used};
    (p.units == Units::spin ? update_units<Units::spin> : update_units<Units::binary>)(on, step, rest);
}

void next_rows(Cuda on, const Epoch& epoch, const Clock* clock, std::int64_t rows, std::uint32_t* batch) {
    cuda::for_each(on, checked_mul(rows, epoch.words), [=] __device__(std::int64_t k) {
        batch[k] = next_word(epoch, *clock, k / epoch.words, k % epoch.words);
    });
}

void advance(Cuda on, Clock* clock, const Passed& passed) {
    constexpr std::int64_t words_of_thread = 8, most_blocks = 1 << 16;
    const std::int64_t words = passed.model ? checked_mul(passed.rows, passed.words) : 0;
    // One at least, which moves the clock on.
    const std::int64_t blocks = std::clamp<std::int64_t>(blocks_of(words, threads * words_of_thread), 1, most_blocks);
    cuda::launch(on, dim3(static_cast<unsigned>(blocks)), threads, advance_kernel, clock, passed);
}

}  // namespace kousei::rbm
