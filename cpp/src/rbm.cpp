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

/// A sample whose products are averaged with a scale.
struct Turned {
    const Sample& sample;
    float scale;
    std::uint32_t* states;  ///< (visible, stride_of(rows)), transposed

    static std::int64_t bytes(std::int64_t visible, std::int64_t rows) {
        return Carver::padded_bytes<std::uint32_t>(checked_mul(visible, packed::stride_of(rows)));
    }

    Turned(Carver& carver, const Sample& from, std::int64_t visible, std::int64_t batch_rows)
        : sample(from),
          scale(1 / static_cast<float>(batch_rows)),
          states(carver.take<std::uint32_t>(visible * packed::stride_of(from.rows))) {
        transpose_states(from.states, from.rows, visible, states);
    }
};

/// The values of visible units and the means of hidden ones, summed over the rows of a sample; parts are (mean_parts,
/// hidden).
void sum_units(const Turned& turned, const Sums& to, int of, float* parts) {
    const Sample& sample = turned.sample;
    const std::int64_t stride = packed::stride_of(sample.rows), width = to.hidden;
    for (std::int64_t i = 0; i < to.visible; ++i) {
        to.visible_values[of * to.visible + i] = sum_of_states(to.units, turned.states + i * stride, sample.rows);
    }
    float* const sum = to.hidden_means + of * width;
    std::fill_n(sum, width, 0.0f);
    for (std::int64_t first = 0; first < sample.rows; first += rows_of_sum) {
        std::fill_n(parts, mean_parts * width, 0.0f);
        for (std::int64_t row = first; row < first + rows_of_block(sample, first); ++row) {
            float* const part = parts + row % mean_parts * width;
            for (std::int64_t j = 0; j < width; ++j) part[j] += sample.means[row * width + j];
        }
        for (std::int64_t half = mean_parts / 2; half > 0; half /= 2) {
            for (std::int64_t i = 0; i < half * width; ++i) parts[i] += parts[half * width + i];
        }
        for (std::int64_t j = 0; j < width; ++j) sum[j] += parts[j];
    }
}

/// Some rows and columns of the weights.
struct Tile {
    std::int64_t row, height, column, width;
};

/// f(tile, worker) for all of them.
template <class F>
void each_tile(Cpu on, std::int64_t visible, std::int64_t hidden, const F& f) {
    const std::int64_t each = weight_rows_each(visible), bands = blocks_of(visible, each);
    parallel_for(on, checked_mul(bands, blocks_of(hidden, columns)), [&](std::int64_t index, int worker) {
        const std::int64_t row = index % bands * each, column = index / bands * columns;
        f(Tile{row, std::min(each, visible - row), column, std::min(columns, hidden - column)}, worker);
    });
}

/// sums = those of the products of a tile, over the rows of a block.
void sum_products(const Turned& data, const Turned& model, std::int64_t block, const Sums& of, const Tile& tile,
                  float* table, float* sums) {
    const std::int64_t first = block * rows_of_sum;
    bool more = false;
    const auto add = [&](const Turned& turned, float sign) {
        const std::int64_t stride = packed::stride_of(turned.sample.rows);
        const std::int64_t rows = rows_of_block(turned.sample, first);
        if (rows == 0) return;
        const simd::StateBlock states{turned.states + tile.row * stride + first / 32,
                                      stride,
                                      tile.height,
                                      turned.sample.means + first * of.hidden + tile.column,
                                      of.hidden,
                                      false,
                                      rows,
                                      tile.width,
                                      sign * turned.scale,
                                      of.units};
        simd::instruction_set().rbm.add_states(states, table, sums, more);
        more = true;
    };
    add(data, 1);
    add(model, -1);
}

/// What a step changes, beside the weights.
struct Changes {
    float* visible;      ///< (visible), the mean of the data less that of the model
    float* hidden;       ///< (hidden)
    float* data_hidden;  ///< (hidden), the mean of the data

    static std::int64_t bytes(std::int64_t visible, std::int64_t hidden) {
        return Carver::padded_bytes<float>(visible) + 2 * Carver::padded_bytes<float>(hidden);
    }

    Changes(Carver& carver, const Sums& sums)
        : visible(carver.take<float>(sums.visible)),
          hidden(carver.take<float>(sums.hidden)),
          data_hidden(carver.take<float>(sums.hidden)) {
        const auto data_rows = static_cast<float>(sums.data_rows), model_rows = static_cast<float>(sums.model_rows);
        for (std::int64_t i = 0; i < sums.visible; ++i) {
            visible[i] = static_cast<float>(sums.visible_values[i]) / data_rows -
                         static_cast<float>(sums.visible_values[sums.visible + i]) / model_rows;
        }
        for (std::int64_t j = 0; j < sums.hidden; ++j) {
            data_hidden[j] = sums.hidden_means[j] / data_rows;
            hidden[j] = data_hidden[j] - sums.hidden_means[sums.hidden + j] / model_rows;
        }
    }
};

/// Of the weights of a tile.
void step_tile(const Parameters& p, const Tile& tile, const float* sums, const Changes& changes, const Rates& rates,
               const Centers& centers) {
    simd::instruction_set().rbm.update(
        p, {sums, tile.row, tile.height, tile.column, tile.width, changes.visible, changes.hidden}, rates, centers);
}

/// The step of biases, which have no l1, and of the centres, once that of the weights is there.
void step_biases(const Parameters& p, const Changes& changes, const Rates& rates, const Centers& centers) {
    const auto step = [&](const float* change, std::int64_t count, float* velocity, float* bias) {
        for (std::int64_t i = 0; i < count; ++i) {
            velocity[i] = velocity_of(rates, velocity[i], change[i]);
            bias[i] += velocity[i];
        }
    };
    step(changes.visible, p.visible, p.visible_velocity, p.visible_bias);
    step(changes.hidden, p.hidden, p.hidden_velocity, p.hidden_bias);
    if (!centers.visible) return;
    simd::instruction_set().rbm.shift_centers(p, centers, changes.visible, changes.hidden);
    for (std::int64_t i = 0; i < p.visible; ++i) p.visible_bias[i] -= changes.visible[i];
    for (std::int64_t j = 0; j < p.hidden; ++j) {
        p.hidden_bias[j] -= changes.hidden[j];
        centers.hidden[j] += product(centers.slide, changes.data_hidden[j] - centers.hidden[j]);
    }
}

std::int64_t blocks_of_batch(std::int64_t data_rows, std::int64_t model_rows) {
    return blocks_of(std::max(data_rows, model_rows), rows_of_sum);
}

/// Rows of the sums of a tile in an update, of a block beside those of all where there are more of them.
std::int64_t rows_of_update(std::int64_t visible, std::int64_t blocks) {
    return checked_mul(weight_rows_each(visible), blocks > 1 ? 2 : 1);
}

std::int64_t bytes_of_samples(std::int64_t visible, std::int64_t hidden, std::int64_t data_rows,
                              std::int64_t model_rows) {
    return Turned::bytes(visible, data_rows) + Turned::bytes(visible, model_rows) +
           Carver::padded_bytes<float>(checked_mul(mean_parts, hidden));
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
    draw = {draw.key, count_of(draw), nullptr, draw.first_row};
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

std::int64_t workspace_bytes(Cpu on, const Sums& sums, std::int64_t data_rows, std::int64_t model_rows) {
    on = settled(on, data_rows + model_rows, sums.visible, sums.hidden);
    return bytes_of_samples(sums.visible, sums.hidden, data_rows, model_rows) +
           checked_mul(on.threads, Scratch::bytes(weight_rows_each(sums.visible)));
}

void sum_block(Cpu on, const Sums& sums, const Sample& data, const Sample& model, Workspace workspace) {
    on = settled(on, data.rows + model.rows, sums.visible, sums.hidden);
    require_workspace(workspace, workspace_bytes(on, sums, data.rows, model.rows));
    Carver carver(workspace);
    const Turned of_data(carver, data, sums.visible, sums.data_rows);
    const Turned of_model(carver, model, sums.visible, sums.model_rows);
    auto* const parts = carver.take<float>(mean_parts * sums.hidden);
    sum_units(of_data, sums, 0, parts);
    sum_units(of_model, sums, 1, parts);
    void* const scratches = carver.take<std::byte>(0);
    each_tile(on, sums.visible, sums.hidden, [&](const Tile& tile, int worker) {
        const Scratch scratch(scratches, weight_rows_each(sums.visible), worker);
        sum_products(of_data, of_model, 0, sums, tile, scratch.table, scratch.sums);
        for (std::int64_t r = 0; r < tile.height; ++r) {
            std::copy_n(scratch.sums + r * columns, tile.width,
                        sums.products + (tile.row + r) * sums.hidden + tile.column);
        }
    });
}

std::int64_t workspace_bytes(Cpu on, const Parameters& p) {
    on = settled(on, 1, p.visible, p.hidden);
    return Changes::bytes(p.visible, p.hidden) + checked_mul(on.threads, Scratch::bytes(weight_rows_each(p.visible)));
}

void update_by(Cpu on, const Parameters& p, const Sums& sums, const Rates& rates, const Centers& centers,
               Workspace workspace) {
    on = settled(on, 1, p.visible, p.hidden);
    require_workspace(workspace, workspace_bytes(on, p));
    Carver carver(workspace);
    const Changes changes(carver, sums);
    void* const scratches = carver.take<std::byte>(0);
    each_tile(on, p.visible, p.hidden, [&](const Tile& tile, int worker) {
        const Scratch scratch(scratches, weight_rows_each(p.visible), worker);
        for (std::int64_t r = 0; r < tile.height; ++r) {
            std::copy_n(sums.products + (tile.row + r) * p.hidden + tile.column, tile.width,
                        scratch.sums + r * columns);
        }
        step_tile(p, tile, scratch.sums, changes, rates, centers);
    });
    step_biases(p, changes, rates, centers);
}

std::int64_t workspace_bytes(Cpu on, const Parameters& p, std::int64_t data_rows, std::int64_t model_rows) {
    on = settled(on, data_rows + model_rows, p.visible, p.hidden);
    const std::int64_t rows = rows_of_update(p.visible, blocks_of_batch(data_rows, model_rows));
    return bytes_of_samples(p.visible, p.hidden, data_rows, model_rows) +
           Carver::padded_bytes<float>(checked_mul(2, p.hidden)) +
           Carver::padded_bytes<std::int64_t>(checked_mul(2, p.visible)) + Changes::bytes(p.visible, p.hidden) +
           checked_mul(on.threads, Scratch::bytes(rows));
}

void update(Cpu on, const Parameters& p, const Sample& data, const Sample& model, const Rates& rates,
            const Centers& centers, Workspace workspace) {
    on = settled(on, data.rows + model.rows, p.visible, p.hidden);
    require_workspace(workspace, workspace_bytes(on, p, data.rows, model.rows));
    Carver carver(workspace);
    const Turned of_data(carver, data, p.visible, data.rows);
    const Turned of_model(carver, model, p.visible, model.rows);
    auto* const parts = carver.take<float>(mean_parts * p.hidden);
    auto* const hidden_means = carver.take<float>(2 * p.hidden);
    auto* const visible_values = carver.take<std::int64_t>(2 * p.visible);
    const Sums sums{nullptr, hidden_means, visible_values, p.visible, p.hidden, p.units, data.rows, model.rows};
    sum_units(of_data, sums, 0, parts);
    sum_units(of_model, sums, 1, parts);
    const Changes changes(carver, sums);
    void* const scratches = carver.take<std::byte>(0);
    const std::int64_t blocks = blocks_of_batch(data.rows, model.rows), rows = rows_of_update(p.visible, blocks);
    each_tile(on, p.visible, p.hidden, [&](const Tile& tile, int worker) {
        const Scratch scratch(scratches, rows, worker);
        sum_products(of_data, of_model, 0, sums, tile, scratch.table, scratch.sums);
        const std::int64_t count = tile.height * columns;
        float* const of_block = scratch.sums + count;
        for (std::int64_t block = 1; block < blocks; ++block) {
            sum_products(of_data, of_model, block, sums, tile, scratch.table, of_block);
            for (std::int64_t i = 0; i < count; ++i) scratch.sums[i] += of_block[i];
        }
        step_tile(p, tile, scratch.sums, changes, rates, centers);
    });
    step_biases(p, changes, rates, centers);
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
