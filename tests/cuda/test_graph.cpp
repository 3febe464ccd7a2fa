// Steps of training that are recorded and launched again are those that are enqueued one by one.
#include <doctest/doctest.h>
#include <kousei/cuda/graph.hpp>
#include <kousei/cuda/rbm.hpp>

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <stdexcept>
#include <vector>

#include "../cpp/rbm_machine.hpp"
#include "kernels.hpp"

using namespace kousei;

namespace {

constexpr std::int64_t batch_rows = 12;

/// A machine in training by contrastive divergence on batches of its data, all memory of a step beside it.
struct Training {
    Machine machine;
    std::vector<std::int64_t> order;
    rbm::Clock clock{5, 0, 0};
    Machine::Words data, hidden, model;
    Machine::Numbers data_means, model_means;

    explicit Training(rbm::Units units) : machine(70, 130, 3 * batch_rows, units), order(3 * batch_rows) {
        std::iota(order.rbegin(), order.rend(), 0);
        std::swap(order[3], order[20]);
        data.resize(static_cast<std::size_t>(batch_rows * packed::stride_of(machine.visible)));
        hidden.resize(static_cast<std::size_t>(batch_rows * packed::stride_of(machine.hidden)));
        data_means.resize(static_cast<std::size_t>(batch_rows * machine.hidden));
        model = data, model_means = data_means;
    }

    template <class On>
    void step(On on, Workspace workspace) {
        const rbm::Side to_hidden = machine.side();
        const rbm::Side to_visible{machine.weight.data(), true,         machine.visible_bias.data(), machine.hidden,
                                   machine.visible,       machine.units};
        const rbm::Epoch epoch{machine.data.data(), order.data(), machine.data_rows,
                               packed::stride_of(machine.visible)};
        rbm::next_rows(on, epoch, &clock, batch_rows, data.data());
        rbm::respond(on, to_hidden, data.data(), batch_rows, nullptr, {7, 0, &clock},
                     {nullptr, data_means.data(), hidden.data()}, workspace);
        rbm::respond(on, to_visible, hidden.data(), batch_rows, nullptr, {7, 1, &clock},
                     {nullptr, nullptr, model.data()}, workspace);
        rbm::respond(on, to_hidden, model.data(), batch_rows, nullptr, {}, {nullptr, model_means.data(), nullptr},
                     workspace);
        rbm::update(on, machine.parameters(), {data.data(), data_means.data(), batch_rows},
                    {model.data(), model_means.data(), batch_rows}, {0.1f, 0.7f, 0.01f}, machine.centers(),
                    workspace);
        rbm::advance(on, &clock, {2, batch_rows, epoch.words, data.data(), model.data()});
    }

    auto state() const {
        return std::tuple(machine.weight, machine.visible_bias, machine.hidden_bias, machine.hidden_center, data,
                          model, clock.draws, clock.rows, clock.changed);
    }
};

}  // namespace

TEST_CASE("steps of a graph are those of the CPU") {
    for (const auto units : {rbm::Units::spin, rbm::Units::binary}) {
        Training expected(units);
        OwnedWorkspace host(1 << 20), device(1 << 20);
        expected.step(Cpu{1}, host.lent());

        Training found(units);
        found.step(Cuda{}, device.lent());
        CHECK(found.state() == expected.state());
        CHECK(found.clock.changed > 0);
        const auto before = found.state();
        const cuda::Graph graph(
            [&](std::uintptr_t stream) { found.step(Cuda{stream, Precision::full}, device.lent()); });
        CHECK(found.state() == before);  // it was recorded alone
        for (int i = 0; i < 3; ++i) {
            // The last one finds no rows any more, which are 0.
            expected.step(Cpu{1}, host.lent());
            emulator::reversed = i == 1;
            graph.launch(0);
            emulator::reversed = false;
            CHECK(found.state() == expected.state());
        }
        CHECK(found.clock.draws == 5 + 2 * 4);
        CHECK(std::ranges::all_of(found.data, [](std::uint32_t word) { return word == 0; }));
    }
}

TEST_CASE("draws after a clock are those of the sum") {
    Training training(rbm::Units::spin);
    const rbm::Clock clock{std::int64_t{3} << 32, 0, 0};
    const auto drawn = [&](auto on, rbm::Draw draw) {
        Machine::Words words(training.hidden.size());
        OwnedWorkspace workspace(1 << 20);
        rbm::respond(on, training.machine.side(), training.machine.data.data(), batch_rows, nullptr, draw,
                     {nullptr, nullptr, words.data()}, workspace.lent());
        return words;
    };
    const auto expected = drawn(Cpu{1}, {7, 9 + (std::uint64_t{3} << 32)});
    CHECK(drawn(Cpu{1}, {7, 9, &clock}) == expected);
    CHECK(drawn(Cuda{}, {7, 9, &clock}) == expected);
    CHECK(drawn(Cuda{0, Precision::fast}, {7, 9, &clock}) ==
          drawn(Cuda{0, Precision::fast}, {7, 9 + (std::uint64_t{3} << 32)}));
    CHECK(drawn(Cpu{1}, {7, 9}) != expected);
}

TEST_CASE("bits that changed are counted without a limit of a block") {
    const std::int64_t rows = 700, words = 12;
    Machine::Words data(static_cast<std::size_t>(rows * words)), model = data;
    for (std::size_t i = 0; i < data.size(); i += 3) model[i] = 0x80000001u << i % 7;
    rbm::Clock expected{1, 2, 3}, found{1, 2, 3};
    const rbm::Passed passed{4, rows, words, data.data(), model.data()};
    rbm::advance(Cpu{}, &expected, passed);
    rbm::advance(Cuda{}, &found, passed);
    for (const rbm::Clock& clock : {expected, found}) {
        CHECK(clock.draws == 5);
        CHECK(clock.rows == 702);
        CHECK(clock.changed == expected.changed);
    }
    rbm::advance(Cuda{}, &found, {1, rows, words, data.data(), nullptr});
    CHECK(found.changed == expected.changed);
    CHECK(found.rows == 1402);
    rbm::advance(Cuda{}, &found, {1, 0, words, data.data(), model.data()});
    CHECK(found.draws == 7);
    CHECK(found.rows == 1402);
}

TEST_CASE("a recording that fails leaves nothing behind") {
    CHECK_THROWS_AS(cuda::Graph([](std::uintptr_t) { throw std::runtime_error("no"); }), std::runtime_error);
}
