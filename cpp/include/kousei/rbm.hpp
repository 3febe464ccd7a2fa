#pragma once
#include <cstdint>

#include <kousei/execution.hpp>

/// Restricted Boltzmann machines: real weights, states in bits.
namespace kousei::rbm {

/// The values of a unit whose bit is not set, and is: -1 and +1, or 0 and 1.
enum class Units { spin, binary };

/// The units of one side as those of the other, the inputs, drive them: their fields are bias + input . weight, the
/// probability of a set bit is the logistic function of `slope` times the inverse temperature times the field.
struct Side {
    const float* weight;  ///< (inputs, outputs) row-major, or where `transposed` (outputs, inputs)
    bool transposed;
    const float* bias;  ///< (outputs)
    std::int64_t inputs;
    std::int64_t outputs;
    Units units;
};

/// How far an epoch of training has come, in the memory of the kernels: steps that are the same calls with the same
/// arguments go on from one another.
struct Clock {
    std::int64_t draws;    ///< that have been
    std::int64_t rows;     ///< of the data, that have had their turn
    std::int64_t changed;  ///< bits in which states of the model differed from the data they came from
};

/// Random numbers are those of Philox4x32-10 under the key: word (unit / 16) % 4 of the counter (16 (unit / 64) +
/// unit % 16, row, the low and the high half of `count`). A bit is set where the upper 24 bits of the word, times
/// 2^-24, are less than its probability.
struct Draw {
    std::uint64_t key;
    std::uint64_t count;
    const Clock* since = nullptr;  ///< nullptr, or whose draws are counted too
    std::int64_t first_row = 0;    ///< the first row is this one of those that are drawn for
};

/// What is wanted of the units of a side, nullptr where it is not.
struct Wanted {
    float* fields;         ///< (rows, outputs)
    float* means;          ///< (rows, outputs), at the inverse temperature
    std::uint32_t* drawn;  ///< (rows, packed::stride_of(outputs))
};

/// The bytes of workspace of `respond`.
std::int64_t workspace_bytes(Cpu on, const Side& side, std::int64_t rows);

/// The units of a side given states of the inputs, (rows, packed::stride_of(inputs)) words as packed::View has them;
/// beta, (rows) inverse temperatures, nullptr for 1. Sums are formed in an order that depends on nothing: the inputs
/// in groups of four, ((0 1) (2 3)), one group after the other, and the bias last.
void respond(Cpu on, const Side& side, const std::uint32_t* states, std::int64_t rows, const float* beta, Draw draw,
             const Wanted& wanted, Workspace workspace);

/// Sums over the rows of a batch are those of blocks of so many, added in their order.
inline constexpr std::int64_t rows_of_sum = 2048;

/// One side of the gradient: states of the visible units and means of the hidden ones, with their products averaged.
struct Sample {
    const std::uint32_t* states;  ///< (rows, packed::stride_of(visible))
    const float* means;           ///< (rows, hidden)
    std::int64_t rows;            ///< not 0 in `update`
};

/// The parameters as training changes them, and how fast they change.
struct Parameters {
    float* weight;           ///< (visible, hidden)
    float* visible_bias;     ///< (visible)
    float* hidden_bias;      ///< (hidden)
    float* weight_velocity;  ///< as the weights, and so on
    float* visible_velocity;
    float* hidden_velocity;
    std::int64_t visible;
    std::int64_t hidden;
    Units units;
};

/// Where the centred gradient is taken, nullptr for 0; the hidden ones slide towards the means of the data.
struct Centers {
    const float* visible;  ///< (visible)
    float* hidden;         ///< (hidden)
    float slide;
};

struct Rates {
    float learning_rate;
    float momentum;
    float l1;
};

/// The bytes of workspace of `update`.
std::int64_t workspace_bytes(Cpu on, const Parameters& parameters, std::int64_t data_rows, std::int64_t model_rows);

/// A step of gradient ascent: velocity = momentum velocity + learning_rate (gradient - l1 sign(weight)), which is
/// added to the weights; likewise the biases, without l1. With centres m and n the gradient is that by the weights of
/// (v - m) (h - n), and the change V of the weights takes V n and V^T m from the biases.
void update(Cpu on, const Parameters& parameters, const Sample& data, const Sample& model, const Rates& rates,
            const Centers& centers, Workspace workspace);

/// The sums that a step is made of: those of the blocks of a batch add up to those of the batch.
struct Sums {
    float* products;      ///< (visible, hidden), of states and means, of the data less of the model, averaged
    float* hidden_means;  ///< (2, hidden), of the data and of the model
    std::int64_t* visible_values;  ///< (2, visible)
    std::int64_t visible;
    std::int64_t hidden;
    Units units;
    std::int64_t data_rows;  ///< of the batch, which products are averaged over
    std::int64_t model_rows;
};

/// The bytes of workspace of `sum_block`.
std::int64_t workspace_bytes(Cpu on, const Sums& sums, std::int64_t data_rows, std::int64_t model_rows);

/// The sums of a block of a batch: up to rows_of_sum rows of the data, and of the model, and one side may have none.
void sum_block(Cpu on, const Sums& sums, const Sample& data, const Sample& model, Workspace workspace);

/// The bytes of workspace of `update_by`.
std::int64_t workspace_bytes(Cpu on, const Parameters& parameters);

/// `update` by the sums of a batch.
void update_by(Cpu on, const Parameters& parameters, const Sums& sums, const Rates& rates, const Centers& centers,
               Workspace workspace);

/// Data, and the order in which an epoch takes their rows.
struct Epoch {
    const std::uint32_t* data;  ///< (rows, words)
    const std::int64_t* order;  ///< (rows)
    std::int64_t rows;
    std::int64_t words;
};

/// batch (rows, words) = the rows of an epoch that come next.
void next_rows(Cpu on, const Epoch& epoch, const Clock* clock, std::int64_t rows, std::uint32_t* batch);

/// What a step leaves to the clock: its draws, its rows, and how these states (rows, words) of the model, nullptr for
/// none, differ from those of the data.
struct Passed {
    std::int64_t draws;
    std::int64_t rows;
    std::int64_t words;
    const std::uint32_t* data;
    const std::uint32_t* model;
};

void advance(Cpu on, Clock* clock, const Passed& passed);

}  // namespace kousei::rbm
