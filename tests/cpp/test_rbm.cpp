#include <doctest/doctest.h>
#include <kousei/rbm.hpp>
#include <kousei/rbm_unit.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <stdexcept>
#include <tuple>
#include <vector>

#include "rbm_machine.hpp"
#include "simd/kernels.hpp"
#include "workspace.hpp"

namespace {

using namespace kousei::rbm;
using kousei::Cpu;

struct Answer {
    std::vector<float> fields, means;
    std::vector<std::uint32_t> drawn;
    bool operator==(const Answer&) const = default;

    Answer(std::int64_t rows, std::int64_t outputs)
        : fields(static_cast<std::size_t>(rows * outputs), 7),
          means(fields),
          drawn(static_cast<std::size_t>(rows * kousei::packed::stride_of(outputs)), 7) {}
    Wanted wanted() { return {fields.data(), means.data(), drawn.data()}; }
};

Answer respond_to(const Machine& machine, Cpu on = {1}) {
    Answer answer(machine.data_rows, machine.hidden);
    const Side side = machine.side();
    const OwnedWorkspace workspace(workspace_bytes(on, side, machine.data_rows));
    respond(on, side, machine.data.data(), machine.data_rows, machine.beta.data(), {5, 9}, answer.wanted(),
            workspace.lent());
    return answer;
}

void train(Machine& machine, Cpu on = {1}) {
    const Parameters parameters = machine.parameters();
    const OwnedWorkspace workspace(workspace_bytes(on, parameters, machine.data_rows, machine.model_rows));
    update(on, parameters, machine.data_sample(), machine.model_sample(), {0.1f, 0.7f, 0.01f}, machine.centers(),
           workspace.lent());
}

auto trained_numbers(const Machine& m) {
    return std::tie(m.weight, m.visible_bias, m.hidden_bias, m.weight_velocity, m.visible_velocity, m.hidden_velocity,
                    m.hidden_center);
}

}  // namespace

TEST_CASE("probabilities are those of the logistic function") {
    double largest = 0;
    for (float x = -130; x < 130; x += 0.0137f) {
        const double exact = 1 / (1 + std::exp2(static_cast<double>(x)));
        largest = std::max(largest, std::abs(static_cast<double>(probability_of(x)) - exact));
    }
    CHECK(largest < 0x1p-23);
    CHECK(probability_of(HUGE_VALF) < 1e-37f);
    CHECK(probability_of(-HUGE_VALF) == 1);
    CHECK(std::isnan(probability_of(NAN)));
}

TEST_CASE("fields of hidden units, and draws that come up as often as their means") {
    for (const Units units : {Units::spin, Units::binary}) {
        const Machine machine(70, 200, 300, units);
        const Answer answer = respond_to(machine);
        double largest = 0, excess = 0, variance = 0;
        for (std::int64_t r = 0; r < machine.data_rows; ++r) {
            for (std::int64_t j = 0; j < machine.hidden; ++j) {
                double field = static_cast<double>(machine.hidden_bias.at(static_cast<std::size_t>(j)));
                for (std::int64_t i = 0; i < machine.visible; ++i) {
                    const float weight = machine.weight.at(static_cast<std::size_t>(i * machine.hidden + j));
                    field += machine.value(machine.data, r, i) * static_cast<double>(weight);
                }
                const auto at = static_cast<std::size_t>(r * machine.hidden + j);
                largest = std::max(largest, std::abs(static_cast<double>(answer.fields.at(at)) - field));
                const double mean = static_cast<double>(answer.means.at(at));
                const double p = units == Units::spin ? (1 + mean) / 2 : mean;
                const std::int64_t stride = kousei::packed::stride_of(machine.hidden);
                excess += (answer.drawn.at(static_cast<std::size_t>(r * stride + j / 32)) >> j % 32 & 1) - p;
                variance += p * (1 - p);
            }
        }
        CHECK(largest < 1e-5);
        CHECK(std::abs(excess) < 4 * std::sqrt(variance));
    }
}

TEST_CASE("an update is the same for 1, 2 and 4 threads") {
    for (const Units units : {Units::spin, Units::binary}) {
        Machine one(300, 200, 100, units), two(300, 200, 100, units), four(300, 200, 100, units);
        train(one), train(two, {2}), train(four, {4});
        CHECK(trained_numbers(one) == trained_numbers(two));
        CHECK(trained_numbers(one) == trained_numbers(four));
        CHECK(respond_to(one) == respond_to(one, {4}));
    }
}

TEST_CASE("an update by the sums of blocks is the update, and they are those of all rows") {
    constexpr std::int64_t visible = 37, hidden = 70, rows = 2 * rows_of_sum - 1, blocks = 3;
    for (const Units units : {Units::spin, Units::binary}) {
        Machine whole(visible, hidden, rows, units), parts = whole;
        const std::int64_t model_rows = whole.model_rows;
        std::vector<float> products(visible * hidden), means(2 * hidden), more_products = products,
                                                                          more_means = means;
        std::vector<std::int64_t> values(2 * visible), more_values = values;
        const auto sums_in = [&](std::vector<float>& of_products, std::vector<float>& of_means,
                                 std::vector<std::int64_t>& of_values) {
            return Sums{of_products.data(), of_means.data(), of_values.data(), visible, hidden, units, rows,
                        model_rows};
        };
        const Sums sums = sums_in(products, means, values), more = sums_in(more_products, more_means, more_values);
        for (std::int64_t block = 0; block < blocks; ++block) {
            const std::int64_t first = block * rows_of_sum;
            const auto rows_of = [&](const Sample& sample) {
                const std::int64_t count = rows_of_block(sample, first), at = count ? first : 0;
                return Sample{sample.states + at * kousei::packed::stride_of(visible), sample.means + at * hidden,
                              count};
            };
            const Sample data = rows_of(parts.data_sample()), model = rows_of(parts.model_sample());
            const Sums& to = block == 0 ? sums : more;
            const OwnedWorkspace workspace(workspace_bytes(Cpu{1}, to, data.rows, model.rows));
            sum_block(Cpu{1}, to, data, model, workspace.lent());
            if (block == 0) continue;
            std::ranges::transform(products, more_products, products.begin(), std::plus<>{});
            std::ranges::transform(means, more_means, means.begin(), std::plus<>{});
            std::ranges::transform(values, more_values, values.begin(), std::plus<>{});
        }
        double largest = 0;
        for (std::int64_t i = 0; i < visible; ++i) {
            for (std::int64_t j = 0; j < hidden; ++j) {
                double exact = 0;
                const auto add = [&](const Machine::Words& states, const Machine::Numbers& of, std::int64_t count,
                                     double scale) {
                    for (std::int64_t r = 0; r < count; ++r) {
                        const float mean = of.at(static_cast<std::size_t>(r * hidden + j));
                        exact += scale * whole.value(states, r, i) * static_cast<double>(mean);
                    }
                };
                add(whole.data, whole.data_means, rows, 1.0 / static_cast<double>(rows));
                add(whole.model, whole.model_means, model_rows, -1.0 / static_cast<double>(model_rows));
                const float found = products.at(static_cast<std::size_t>(i * hidden + j));
                largest = std::max(largest, std::abs(static_cast<double>(found) - exact));
            }
        }
        CHECK(largest < 1e-6);

        train(whole);
        const OwnedWorkspace workspace(workspace_bytes(Cpu{1}, parts.parameters()));
        update_by(Cpu{1}, parts.parameters(), sums, {0.1f, 0.7f, 0.01f}, parts.centers(), workspace.lent());
        CHECK(trained_numbers(parts) == trained_numbers(whole));
    }
}

TEST_CASE("rows of a batch are drawn for by their place in it") {
    const Machine machine(70, 61, 40, Units::spin);
    const Side side = machine.side();
    const OwnedWorkspace workspace(workspace_bytes(Cpu{1}, side, machine.data_rows));
    Answer all(40, 61), last(23, 61);
    respond(Cpu{1}, side, machine.data.data(), 40, nullptr, {5, 9}, all.wanted(), workspace.lent());
    const std::uint32_t* const from = machine.data.data() + 17 * kousei::packed::stride_of(70);
    respond(Cpu{1}, side, from, 23, nullptr, {5, 9, nullptr, 17}, last.wanted(), workspace.lent());
    CHECK(std::equal(last.drawn.begin(), last.drawn.end(), all.drawn.begin() + 17 * kousei::packed::stride_of(61)));
}

TEST_CASE("every instruction set forms and rounds the same sums") {
    using kousei::simd::rbm_columns;
    for (const Units units : {Units::spin, Units::binary}) {
        std::vector<Answer> answers;
        std::vector<Machine> machines;
        for (const auto* const* set = kousei::simd::instruction_sets; *set; ++set) {
            if (!(*set)->supported()) continue;
            const auto kernels = (*set)->rbm;
            Machine machine(70, 61, 40, units);
            std::vector<float> table(static_cast<std::size_t>(kousei::simd::rbm_table));
            std::vector<float> sums(static_cast<std::size_t>(machine.visible * rbm_columns));
            const kousei::simd::StateBlock block{machine.data.data(),
                                                 kousei::packed::stride_of(70),
                                                 40,
                                                 machine.weight.data(),
                                                 61,
                                                 false,
                                                 70,
                                                 61,
                                                 0.3f,
                                                 units};
            kernels.add_states(block, table.data(), sums.data(), false);
            Answer answer(40, 61);
            kernels.respond(machine.side(), {sums.data(), 40, 0, 0, 61, machine.beta.data()}, {1, 2},
                            answer.wanted());
            kernels.update(machine.parameters(),
                           {sums.data(), 0, 40, 0, 61, machine.visible_bias.data(), machine.hidden_bias.data()},
                           {0.1f, 0.7f, 0.01f}, machine.centers());
            kernels.shift_centers(machine.parameters(), machine.centers(), machine.visible_bias.data(),
                                  machine.hidden_bias.data());
            answers.push_back(answer), machines.push_back(machine);
        }
        for (std::size_t i = 1; i < answers.size(); ++i) {
            CAPTURE(i);
            CHECK(answers[i] == answers[0]);
            CHECK(trained_numbers(machines[i]) == trained_numbers(machines[0]));
        }
    }
}

TEST_CASE("a workspace that is too small is refused") {
    Machine machine(70, 200, 300, Units::spin);
    const OwnedWorkspace workspace(64);
    CHECK_THROWS_AS(respond(Cpu{1}, machine.side(), machine.data.data(), machine.data_rows, nullptr, {},
                            {nullptr, nullptr, nullptr}, workspace.lent()),
                    std::invalid_argument);
    CHECK_THROWS_AS(
        update(Cpu{1}, machine.parameters(), machine.data_sample(), machine.model_sample(), {}, {}, workspace.lent()),
        std::invalid_argument);
}
