// Machines of a device, run by the emulator, are those of the CPU bit for bit.
#include <doctest/doctest.h>
#include <kousei/cuda/rbm.hpp>

#include <array>
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
    rbm::update(on, machine.parameters(), machine.data_sample(), machine.model_sample(), {0.1f, 0.5f, 0.01f},
                centered ? machine.centers() : rbm::Centers{}, workspace.lent());
}

}  // namespace

TEST_CASE("answers and updates on the device") {
    for (const auto units : {rbm::Units::spin, rbm::Units::binary}) {
        for (const auto& [visible, hidden, rows] :
             {std::array{1, 1, 1}, {70, 130, 33}, {64, 64, 32}, {37, 200, 40}}) {
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
