#include <kousei/rbm.hpp>

#include <algorithm>
#include <bit>

#include <kousei/packed.hpp>
#include <kousei/rbm_unit.hpp>
#include <kousei/sizes.hpp>

#include "parallel.hpp"
#include "simd/kernels.hpp"
#include "workspace.hpp"

namespace kousei::rbm {
namespace {

using kousei::detail::Carver, kousei::detail::parallel_for, kousei::detail::thread_limit;

constexpr std::int64_t columns = simd::rbm_columns;
constexpr std::int64_t most_state_rows = 256, most_weight_rows = 2048;  // of a task: their sums stay in cache

/// What a worker has: a table, and the sums of `rows`.
struct Scratch {
    float* table;
    float* sums;

    static std::int64_t bytes(std::int64_t rows) {
        return Carver::padded_bytes<float>(simd::rbm_table) + Carver::padded_bytes<float>(checked_mul(rows, columns));
    }

    Scratch(void* workspace, std::int64_t rows, int worker) {
        Carver carver({static_cast<std::byte*>(workspace) + worker * bytes(rows), 0});
        table = carver.take<float>(simd::rbm_table);
        sums = carver.take<float>(rows * columns);
    }
};

/// `on` with the number of threads that a call has to the end; below some work waking them costs more than it saves.
Cpu settled(Cpu on, std::int64_t rows, std::int64_t inputs, std::int64_t outputs) {
    constexpr double serial_work = 1 << 21;
    const double work = static_cast<double>(rows) * static_cast<double>(inputs) * static_cast<double>(outputs);
    on.threads = work < serial_work ? 1 : thread_limit(on);
    return on;
}

std::int64_t rows_each(std::int64_t rows) {
    return std::min(std::max<std::int64_t>(rows, 1), most_state_rows);
}

std::int64_t weight_rows_each(std::int64_t visible) {
    return std::min(std::max<std::int64_t>(visible, 1), most_weight_rows);
}

/// Swaps the bits of a square: bit j of word i becomes bit i of word j.
void transpose_bits(std::uint32_t (&word)[32]) {
    std::uint32_t mask = 0x0000ffff;
    for (unsigned half = 16; half > 0; half /= 2, mask ^= mask << half) {
        for (unsigned i = 0; i < 32; ++i) {
            if (i & half) continue;
            const std::uint32_t changed = (word[i] >> half ^ word[i + half]) & mask;
            word[i] ^= changed << half;
            word[i + half] ^= changed;
        }
    }
}

/// to (columns, stride_of(rows)) = the transpose of states (rows, columns).
void transpose_states(const std::uint32_t* states, std::int64_t rows, std::int64_t width, std::uint32_t* to) {
    const std::int64_t from_stride = packed::stride_of(width), to_stride = packed::stride_of(rows);
    for (std::int64_t column = 0; column < width; column += 32) {
        for (std::int64_t word = 0; word < to_stride; ++word) {
            std::uint32_t square[32] = {};
            const std::int64_t count = std::clamp<std::int64_t>(rows - 32 * word, 0, 32);
            for (std::int64_t i = 0; i < count; ++i) square[i] = states[(32 * word + i) * from_stride + column / 32];
            transpose_bits(square);
            for (std::int64_t j = 0; j < std::min<std::int64_t>(32, width - column); ++j) {
                to[(column + j) * to_stride + word] = square[j];
            }
        }
    }
}

/// The sum of the values of a unit, exact.
std::int64_t sum_of_states(Units units, const std::uint32_t* words, std::int64_t rows) {
    std::int64_t up = 0;
    for (std::int64_t word = 0; word < blocks_of(rows, 32); ++word) up += std::popcount(words[word]);
    return units == Units::spin ? 2 * up - rows : up;
}

/// What update has beside its tiles.
struct Changes {
    std::uint32_t* data;   ///< (visible, words of data rows), the states transposed
    std::uint32_t* model;  ///< (visible, words of model rows)
    float* visible;        ///< (visible), the mean of the data less that of the model
    float* hidden;         ///< (mean_parts, hidden), of which the first is left
    float* data_hidden;    ///< the same for the mean of the data

    static std::int64_t bytes(const Parameters& p, std::int64_t data_rows, std::int64_t model_rows) {
        return Carver::padded_bytes<std::uint32_t>(checked_mul(p.visible, packed::stride_of(data_rows))) +
               Carver::padded_bytes<std::uint32_t>(checked_mul(p.visible, packed::stride_of(model_rows))) +
               Carver::padded_bytes<float>(p.visible) +
               2 * Carver::padded_bytes<float>(checked_mul(mean_parts, p.hidden));
    }

    Changes(void* workspace, const Parameters& p, std::int64_t data_rows, std::int64_t model_rows) {
        Carver carver({workspace, 0});
        data = carver.take<std::uint32_t>(p.visible * packed::stride_of(data_rows));
        model = carver.take<std::uint32_t>(p.visible * packed::stride_of(model_rows));
        visible = carver.take<float>(p.visible);
        hidden = carver.take<float>(mean_parts * p.hidden);
        data_hidden = carver.take<float>(mean_parts * p.hidden);
    }
};

/// mean[j] = the mean over the rows; mean has mean_parts rows.
void mean_of_rows(const Sample& sample, std::int64_t width, float* mean) {
    std::fill_n(mean, mean_parts * width, 0.0f);
    for (std::int64_t row = 0; row < sample.rows; ++row) {
        float* const part = mean + row % mean_parts * width;
        for (std::int64_t j = 0; j < width; ++j) part[j] += sample.means[row * width + j];
    }
    for (std::int64_t half = mean_parts / 2; half > 0; half /= 2) {
        for (std::int64_t i = 0; i < half * width; ++i) mean[i] += mean[half * width + i];
    }
    for (std::int64_t j = 0; j < width; ++j) mean[j] /= static_cast<float>(sample.rows);
}

/// The step of biases, which have no l1.
void step(const Rates& rates, const float* change, std::int64_t count, float* velocity, float* bias) {
    for (std::int64_t i = 0; i < count; ++i) {
        velocity[i] = velocity_of(rates, velocity[i], change[i]);
        bias[i] += velocity[i];
    }
}

}  // namespace

std::int64_t workspace_bytes(Cpu on, const Side& side, std::int64_t rows) {
    on = settled(on, rows, side.inputs, side.outputs);
    return checked_mul(on.threads, Scratch::bytes(rows_each(rows)));
}

void respond(Cpu on, const Side& side, const std::uint32_t* states, std::int64_t rows, const float* beta, Draw draw,
             const Wanted& wanted, Workspace workspace) {
    on = settled(on, rows, side.inputs, side.outputs);
    require_workspace(workspace, workspace_bytes(on, side, rows));
    draw = {draw.key, count_of(draw)};
    const std::int64_t stride = packed::stride_of(side.inputs), each = rows_each(rows);
    const std::int64_t bands = blocks_of(rows, each);
    const auto kernels = simd::instruction_set().rbm;
    const auto task = [&](std::int64_t index, int worker) {
        const Scratch scratch(workspace.data, each, worker);
        const std::int64_t row = index % bands * each, column = index / bands * columns;
        const std::int64_t height = std::min(each, rows - row), width = std::min(columns, side.outputs - column);
        if (side.inputs == 0) std::fill_n(scratch.sums, height * columns, 0.0f);
        const simd::StateBlock block{states + row * stride,
                                     stride,
                                     height,
                                     side.weight + (side.transposed ? column * side.inputs : column),
                                     side.transposed ? side.inputs : side.outputs,
                                     side.transposed,
                                     side.inputs,
                                     width,
                                     1,
                                     side.units};
        kernels.add_states(block, scratch.table, scratch.sums, false);
        const simd::ResponseTile tile{scratch.sums, height, row, column, width, beta ? beta + row : nullptr};
        kernels.respond(side, tile, draw, wanted);
    };
    parallel_for(on, checked_mul(bands, blocks_of(side.outputs, columns)), task);
}

std::int64_t workspace_bytes(Cpu on, const Parameters& parameters, std::int64_t data_rows, std::int64_t model_rows) {
    on = settled(on, data_rows + model_rows, parameters.visible, parameters.hidden);
    return Changes::bytes(parameters, data_rows, model_rows) +
           checked_mul(on.threads, Scratch::bytes(weight_rows_each(parameters.visible)));
}

void update(Cpu on, const Parameters& p, const Sample& data, const Sample& model, const Rates& rates,
            const Centers& centers, Workspace workspace) {
    on = settled(on, data.rows + model.rows, p.visible, p.hidden);
    require_workspace(workspace, workspace_bytes(on, p, data.rows, model.rows));
    const Changes changes(workspace.data, p, data.rows, model.rows);
    void* const scratches = static_cast<std::byte*>(workspace.data) + Changes::bytes(p, data.rows, model.rows);

    transpose_states(data.states, data.rows, p.visible, changes.data);
    transpose_states(model.states, model.rows, p.visible, changes.model);
    for (std::int64_t i = 0; i < p.visible; ++i) {
        const auto mean = [&](const std::uint32_t* words, std::int64_t rows) {
            const std::int64_t sum = sum_of_states(p.units, words + i * packed::stride_of(rows), rows);
            return static_cast<float>(sum) / static_cast<float>(rows);
        };
        changes.visible[i] = mean(changes.data, data.rows) - mean(changes.model, model.rows);
    }
    mean_of_rows(data, p.hidden, changes.data_hidden);
    mean_of_rows(model, p.hidden, changes.hidden);
    for (std::int64_t j = 0; j < p.hidden; ++j) changes.hidden[j] = changes.data_hidden[j] - changes.hidden[j];

    const std::int64_t each = weight_rows_each(p.visible), bands = blocks_of(p.visible, each);
    const auto kernels = simd::instruction_set().rbm;
    parallel_for(on, checked_mul(bands, blocks_of(p.hidden, columns)), [&](std::int64_t index, int worker) {
        const Scratch scratch(scratches, each, worker);
        const std::int64_t row = index % bands * each, column = index / bands * columns;
        const std::int64_t height = std::min(each, p.visible - row), width = std::min(columns, p.hidden - column);
        const auto add = [&](const std::uint32_t* states, const Sample& sample, float sign, bool more) {
            const std::int64_t stride = packed::stride_of(sample.rows);
            const simd::StateBlock block{states + row * stride,
                                         stride,
                                         height,
                                         sample.means + column,
                                         p.hidden,
                                         false,
                                         sample.rows,
                                         width,
                                         sign / static_cast<float>(sample.rows),
                                         p.units};
            kernels.add_states(block, scratch.table, scratch.sums, more);
        };
        add(changes.data, data, 1, false);
        add(changes.model, model, -1, true);
        kernels.update(p, {scratch.sums, row, height, column, width, changes.visible, changes.hidden}, rates,
                       centers);
    });

    step(rates, changes.visible, p.visible, p.visible_velocity, p.visible_bias);
    step(rates, changes.hidden, p.hidden, p.hidden_velocity, p.hidden_bias);
    if (!centers.visible) return;
    kernels.shift_centers(p, centers, changes.visible, changes.hidden);
    for (std::int64_t i = 0; i < p.visible; ++i) p.visible_bias[i] -= changes.visible[i];
    for (std::int64_t j = 0; j < p.hidden; ++j) {
        p.hidden_bias[j] -= changes.hidden[j];
        centers.hidden[j] += product(centers.slide, changes.data_hidden[j] - centers.hidden[j]);
    }
}

void next_rows(Cpu, const Epoch& epoch, const Clock* clock, std::int64_t rows, std::uint32_t* batch) {
    for (std::int64_t row = 0; row < rows; ++row) {
        for (std::int64_t word = 0; word < epoch.words; ++word) {
            batch[row * epoch.words + word] = next_word(epoch, *clock, row, word);
        }
    }
}

void advance(Cpu, Clock* clock, const Passed& passed) {
    clock->draws += passed.draws;
    clock->rows += passed.rows;
    if (!passed.model) return;
    for (std::int64_t i = 0; i < passed.rows * passed.words; ++i) {
        clock->changed += std::popcount(passed.data[i] ^ passed.model[i]);
    }
}

}  // namespace kousei::rbm
