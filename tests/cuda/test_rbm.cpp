// Machines of a device, run by the emulator, are those of the CPU bit for bit.
#include <doctest/doctest.h>
#include <kousei/cuda/rbm.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <stdexcept>
#include <utility>
#include <vector>

#include "../cpp/rbm_machine.hpp"
#include "kernels.hpp"

using namespace kousei;

namespace {

struct Answer {
    std::vector<float> fields, means;
    std::vector<std::uint32_t> drawn;
    bool operator==(const Answer&) const = default;
};

template <class On>
Answer respond_to(On on, const rbm::Side& side, const Machine::Words& states, std::int64_t rows, const float* beta) {
    Answer answer{std::vector<float>(static_cast<std::size_t>(rows * side.outputs), 7), {}, {}};
    answer.means = answer.fields;
    answer.drawn.assign(static_cast<std::size_t>(rows * packed::stride_of(side.outputs)), 7);
    OwnedWorkspace workspace(rbm::workspace_bytes(on, side, rows));
    rbm::respond(on, side, states.data(), rows, beta, {5, 9 + (std::uint64_t{3} << 32)},
                 {answer.fields.data(), answer.means.data(), answer.drawn.data()}, workspace.lent());
    return answer;
}

template <class On>
void train(On on, Machine& machine, bool centered) {
    OwnedWorkspace workspace(rbm::workspace_bytes(on, machine.parameters(), machine.data_rows, machine.model_rows));
    rbm::update(on, machine.parameters(), machine.data_sample(), machine.model_sample(), {0.1f, 0.7f, 0.01f},
                centered ? machine.centers() : rbm::Centers{}, workspace.lent());
}

}  // namespace

TEST_CASE("answers and updates on the device") {
    for (const auto units : {rbm::Units::spin, rbm::Units::binary}) {
        for (const auto& [visible, hidden, rows] :
             {std::array{1, 1, 1}, {70, 130, 33}, {64, 64, 32}, {37, 200, 40}, {5, 3, 2 * rbm::rows_of_sum - 1}}) {
            Machine expected(visible, hidden, rows, units);
            CAPTURE(visible);
            const auto side = expected.side();
            rbm::Side turned = side;
            std::vector<float> weight(expected.weight.size());
            for (std::int64_t i = 0; i < visible; ++i) {
                for (std::int64_t j = 0; j < hidden; ++j) {
                    weight.at(static_cast<std::size_t>(j * visible + i)) =
                        expected.weight.at(static_cast<std::size_t>(i * hidden + j));
                }
            }
            turned.weight = weight.data(), turned.transposed = true;
            for (const float* beta : {static_cast<const float*>(nullptr), std::as_const(expected.beta).data()}) {
                const Answer answer = respond_to(Cpu{1}, side, expected.data, rows, beta);
                CHECK(respond_to(Cuda{}, side, expected.data, rows, beta) == answer);
                emulator::reversed = true;
                CHECK(respond_to(Cuda{}, turned, expected.data, rows, beta) == answer);
                emulator::reversed = false;
            }
            for (const bool centered : {false, true}) {
                Machine found = expected;
                train(Cpu{1}, expected, centered);
                emulator::reversed = centered;
                train(Cuda{}, found, centered);
                emulator::reversed = false;
                CHECK(found.weight == expected.weight);
                CHECK(found.visible_bias == expected.visible_bias);
                CHECK(found.hidden_bias == expected.hidden_bias);
                CHECK(found.weight_velocity == expected.weight_velocity);
                CHECK(found.visible_velocity == expected.visible_velocity);
                CHECK(found.hidden_velocity == expected.hidden_velocity);
                CHECK(found.hidden_center == expected.hidden_center);
            }
        }
    }
    Machine machine(70, 130, 33, rbm::Units::spin);
    CHECK_THROWS_AS(
        rbm::update(Cuda{}, machine.parameters(), machine.data_sample(), machine.model_sample(), {}, {}, {}),
        std::invalid_argument);
}

TEST_CASE("by the tensor cores: means, draws and steps of one float16 for each factor") {
    const Cuda fast{0, Precision::fast};
    for (const auto units : {rbm::Units::spin, rbm::Units::binary}) {
        for (const auto& [visible, hidden, rows] :
             {std::array{1, 1, 1}, {70, 130, 33}, {300, 64, 64}, {37, 200, 140}}) {
            Machine expected(visible, hidden, rows, units);
            CAPTURE(visible);
            Answer answer{{}, std::vector<float>(static_cast<std::size_t>(rows * hidden), 7), {}};
            answer.drawn.assign(static_cast<std::size_t>(rows * packed::stride_of(hidden)), 7);
            OwnedWorkspace workspace(rbm::workspace_bytes(fast, expected.side(), rows));
            rbm::respond(fast, expected.side(), expected.data.data(), rows, expected.beta.data(),
                         {5, 9 + (std::uint64_t{3} << 32)}, {nullptr, answer.means.data(), answer.drawn.data()},
                         workspace.lent());
            const Answer exact = respond_to(Cpu{1}, expected.side(), expected.data, rows, expected.beta.data());
            double largest = 0, moved = 0;
            for (std::size_t i = 0; i < exact.means.size(); ++i) {
                const double change =
                    std::abs(static_cast<double>(answer.means[i]) - static_cast<double>(exact.means[i]));
                largest = std::max(largest, change), moved += change;
            }
            int flipped = 0;
            for (std::size_t i = 0; i < exact.drawn.size(); ++i)
                flipped += std::popcount(answer.drawn[i] ^ exact.drawn[i]);
            CHECK(largest < 2e-3);
            CHECK(flipped <= moved + 4 * std::sqrt(moved) + 2);

            Machine found = expected;
            train(Cpu{1}, expected, true);
            emulator::reversed = true;
            train(fast, found, true);
            emulator::reversed = false;
            for (std::size_t i = 0; i < found.weight.size(); ++i) {
                CHECK(std::abs(found.weight[i] - expected.weight[i]) < 1e-4f);
            }
            CHECK(found.visible_velocity == expected.visible_velocity);
            CHECK(found.hidden_velocity == expected.hidden_velocity);
        }
    }
    Machine large(64, 3, 8, rbm::Units::spin);
    std::fill(large.weight.begin(), large.weight.end(), 1e6f);
    Answer answer{{}, std::vector<float>(24), {}};
    OwnedWorkspace workspace(rbm::workspace_bytes(fast, large.side(), 8));
    rbm::respond(fast, large.side(), large.data.data(), 8, nullptr, {}, {nullptr, answer.means.data(), nullptr},
                 workspace.lent());
    for (const float mean : answer.means) CHECK(std::abs(mean) == 1);
}
