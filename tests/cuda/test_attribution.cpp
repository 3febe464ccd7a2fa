// Attribution of sets on the device, run by the emulator, against the library for the CPU.
#include <doctest/doctest.h>
#include <kousei/cuda/attribution.hpp>

#include <cstdint>
#include <random>
#include <vector>

#include "../cpp/layers.hpp"
#include "kernels.hpp"

namespace {

using namespace kousei;

std::vector<std::uint8_t> random_coalitions(std::int64_t count) {
    std::vector<std::uint8_t> present;
    for (const double number : random<double>(index(count))) present.push_back(number > 0);
    return present;
}

}  // namespace

TEST_CASE_TEMPLATE("sets with masked features on the device", Real, float, double) {
    const std::int64_t items = 3, columns = 5, features = 2, coalitions = 100;
    const std::vector<Real> given = random<Real>(index(items * columns)), baseline = random<Real>(index(columns));
    const std::vector<std::int32_t> groups{0, 1, 1, 0, 1};
    const std::vector<std::uint8_t> present = random_coalitions(coalitions * items * features);
    for (const bool removes : {false, true}) {
        const attribution::Set<Real> set{given.data(), baseline.data(), groups.data(), items,
                                         columns,      features,        removes};
        std::vector<std::uint8_t> mask(index(coalitions * items)), on_device = mask;
        std::vector<Real> x(index(coalitions * items * columns)), x_on_device = x;
        attribution::masked_sets(Cpu{}, set, present.data(), coalitions, x.data(), mask.data());
        attribution::masked_sets(Cuda{}, set, present.data(), coalitions, x_on_device.data(), on_device.data());
        CHECK(x == x_on_device);
        CHECK(mask == on_device);
    }
}

TEST_CASE_TEMPLATE("values of coalitions and Owen values on the device", Real, float, double) {
    struct Size {
        std::int64_t items, features;
        bool divides;
    };
    const auto add_tanh = [](auto& own, std::int64_t units) {
        own.parts = {{Activation::tanh, nullptr, 0, units - 2}, {Activation::relu, nullptr, 0, 2}};
    };
    for (const Size& size : {Size{1, 1, false}, Size{4, 3, true}, Size{3, 5, false}, Size{2, 8, true}}) {
        for (const std::vector<std::int64_t>& sizes : {std::vector<std::int64_t>{5, 2}, {5, 9, 1}, {5, 70, 33, 2}}) {
            const RandomLayers<Real> rho(sizes, 0, add_tanh);
            const attribution::Layers<Real> layers(rho.layers);
            const std::int64_t rows = size.items << size.features, units = layers.front().units;
            const std::vector<Real> terms = random<Real>(index(rows * units));
            std::vector<Real> weights = random<Real>(index(rows));
            for (Real& weight : weights) weight += 2;
            for (std::int64_t i = 0; i < size.items; ++i) weights[index(i << size.features)] = 0;
            const attribution::Tables<Real> tables{terms.data(), size.divides ? weights.data() : nullptr, size.items,
                                                   size.features};
            const std::int64_t coalitions = 77, outputs = layers.back().units;
            std::vector<std::uint8_t> present = random_coalitions(coalitions * size.items * size.features);
            std::fill_n(present.begin(), size.items * size.features, std::uint8_t{0});
            CHECK(difference<Real>(
                      coalitions * outputs, 20,
                      [&](auto on) { return attribution::workspace_bytes(on, tables, layers); },
                      [&](auto on, Real* out, Workspace workspace) {
                          attribution::evaluate(on, tables, layers, present.data(), coalitions, out, workspace);
                      }) < tolerance<Real>);
            for (const attribution::Some some : {attribution::Some{0, size.items}, {size.items - 1, 1}}) {
                CHECK(difference<double>(
                          outputs * some.count * size.features, 20,
                          [&](auto on) { return attribution::owen_workspace_bytes(on, tables, layers, some); },
                          [&](auto on, double* out, Workspace workspace) {
                              attribution::owen_values(on, tables, layers, some, out, workspace);
                          }) < tolerance<Real>);
            }
        }
    }
}

TEST_CASE("least squares with a given sum on the device") {
    for (const std::int64_t columns : {1, 2, 9, 64}) {
        const std::int64_t problems = 3, rows = 2 * columns + 21;
        std::vector<double> x = random<double>(index(problems * rows * columns)),
                            y = random<double>(index(problems * rows)),
                            weight = random<double>(index(problems * rows));
        const std::vector<double> total = random<double>(index(problems));
        for (double& w : weight) w += 1;
        const attribution::Problems given{x.data(), y.data(), weight.data(), total.data(),
                                          problems, rows,     columns,       0.1};
        std::vector<std::int32_t> outcomes(index(problems), -1);
        const auto solve = [&](auto on, double* out, Workspace workspace) {
            attribution::solve(on, given, out, outcomes.data(), workspace);
        };
        CHECK(difference<double>(
                  problems * columns, 1, [&](auto on) { return attribution::workspace_bytes(on, given); }, solve) <
              1e-11);
        CHECK(outcomes == std::vector<std::int32_t>(3, attribution::solved));
    }
    // The same column twice, and one that is no number.
    std::vector<double> x{1, 1, 0, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 1, 0, 0, 0, 1}, beta(6);
    const std::vector<double> y{1, 2, 3, 1, NAN, 3}, weight(6, 1), total{1, 1};
    std::vector<std::int32_t> outcomes(2);
    const attribution::Problems given{x.data(), y.data(), weight.data(), total.data(), 2, 3, 3, 0};
    attribution::solve(Cuda{}, given, beta.data(), outcomes.data(), {});
    CHECK(outcomes == std::vector<std::int32_t>{attribution::singular, attribution::not_finite});
    const attribution::Problems wide{x.data(), y.data(), weight.data(), total.data(), 1, 0, 65, 0};
    CHECK_THROWS_AS(attribution::solve(Cuda{}, wide, beta.data(), outcomes.data(), {}), std::invalid_argument);
}
