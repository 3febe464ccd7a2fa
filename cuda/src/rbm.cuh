#pragma once
#include <kousei/cuda/rbm.hpp>

#include <kousei/math/philox.hpp>
#include <kousei/rbm_unit.hpp>

/// What the kernels of machines share: what becomes of a sum, whichever way it was formed.
namespace kousei::rbm {

/// Outputs of a thread block: two words of bits.
constexpr int columns = 64;

/// Of each lane of the warp a bit.
__device__ inline std::uint32_t bits_of_warp(bool up) {
#if !defined(__CUDACC__)
    static bool of_thread[1024];
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

/// What `respond` is asked for.
struct Response {
    Side side;
    const std::uint32_t* states;
    std::int64_t rows, states_stride;
    const float* beta;
    Draw draw;
    Wanted wanted;
    std::int64_t drawn_stride;

    __device__ float weight(std::int64_t input, std::int64_t output) const {
        return side.weight[side.transposed ? output * side.inputs + input : input * side.outputs + output];
    }

    /// The random words of some rows and of the outputs of a block, by all its threads.
    template <int rows_of_block>
    __device__ void write_random(std::int64_t first_row, std::int64_t first_output,
                                 std::uint32_t (&random)[rows_of_block][columns]) const {
        const std::uint64_t count = count_of(draw);
        for (int k = static_cast<int>(threadIdx.x); k < 16 * rows_of_block; k += static_cast<int>(blockDim.x)) {
            const int counter = k % 16, row = k / 16;
            std::uint64_t word[4] = {static_cast<std::uint64_t>(first_output / 4 + counter),
                                     static_cast<std::uint64_t>(draw.first_row + first_row + row),
                                     count & 0xFFFFFFFFu, count >> 32};
            math::philox(word, draw.key);
#pragma unroll
            for (int w = 0; w < 4; ++w) random[row][16 * w + counter] = static_cast<std::uint32_t>(word[w]);
        }
    }

    /// The answer of one output, by all lanes of a warp, which have 32 of them in one row.
    template <Units units>
    __device__ void answer(std::int64_t row, std::int64_t first_output, std::int64_t output, float field,
                           std::uint32_t random) const {
        const std::int64_t at = row * side.outputs + output;
        const bool there = row < rows && output < side.outputs;
        const float slope = slope_of(units) * (beta && row < rows ? beta[row] : 1.0f);
        const float p = probability_of(product(slope, field));
        if (there && wanted.fields) wanted.fields[at] = field;
        if (there && wanted.means) wanted.means[at] = mean_of(units, p);
        if (!wanted.drawn) return;
        const std::uint32_t bits = bits_of_warp(there && static_cast<float>(random >> 8) * 0x1p-24f < p);
        if (threadIdx.x % 32 != 0 || row >= rows) return;
        std::uint32_t* const word = wanted.drawn + row * drawn_stride + output / 32;
        *word = bits;
        // A row ends with whole fours of words, of which the blocks of outputs may leave two.
        if (first_output + columns >= side.outputs && output / 32 + 2 < drawn_stride) word[2] = 0;
    }
};

/// What `update` is asked for, and what its kernels leave for one another.
struct Step {
    Parameters parameters;
    Sample data, model;
    Rates rates;
    Centers centers;
    std::uint32_t *data_states, *model_states;  ///< transposed: (visible, words of their rows)
    std::int64_t data_stride, model_stride;
    float *visible_change, *hidden_change;  ///< the mean of the data less that of the model
    float* data_hidden;                     ///< the mean of the data

    /// The step of a weight, of the gradient without centres.
    __device__ void of_weight(std::int64_t row, std::int64_t output, float gradient) const {
        const std::int64_t at = row * parameters.hidden + output;
        if (centers.visible) {
            gradient -= product(centers.visible[row], hidden_change[output]) +
                        product(visible_change[row], centers.hidden[output]);
        }
        const float old = parameters.weight[at];
        const float velocity = velocity_of(rates, parameters.weight_velocity[at], gradient - shrinkage(rates, old));
        parameters.weight_velocity[at] = velocity;
        parameters.weight[at] = old + velocity;
    }
};

/// The same by the tensor cores, from the weights and the means as one float16 each: in rbm_mma.cu.
namespace mma {

std::int64_t workspace_bytes(const Side& side);
void respond(Cuda on, const Response& response, Workspace workspace);

/// The steps of the weights alone.
std::int64_t workspace_bytes(const Parameters& parameters, std::int64_t data_rows, std::int64_t model_rows);
void update(Cuda on, const Step& step, Workspace workspace);

}  // namespace mma

}  // namespace kousei::rbm
