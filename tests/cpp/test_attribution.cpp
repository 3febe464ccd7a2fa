#include <doctest/doctest.h>
#include <kousei/attribution.hpp>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <random>
#include <vector>

#include "layers.hpp"
#include "workspace.hpp"

namespace {

namespace attribution = kousei::attribution;
using kousei::Activation, kousei::Cpu;

/// Tables of random terms, and a rho of two hidden layers.
template <class Real>
struct Game : RandomLayers<Real> {
    std::int64_t items, features;
    std::vector<Real> raw, weights, terms;  ///< raw: without the first weight

    static void add_tanh(typename RandomLayers<Real>::Arrays& own, std::int64_t units) {
        own.parts = {{Activation::tanh, nullptr, 0, units}};
    }

    Game(std::int64_t items_, std::int64_t features_, bool divides, const std::vector<std::int64_t>& sizes)
        : RandomLayers<Real>(sizes, 0, add_tanh),
          items(items_),
          features(features_),
          raw(points_of<Real>(items << features, sizes.front())) {
        if (divides) divide(sizes.front());
        const auto& layer = this->layers.front();
        for (std::int64_t at = 0; at < items << features; ++at) {
            for (std::int64_t u = 0; u < layer.units; ++u) {
                double sum = 0;
                for (std::int64_t k = 0; k < layer.inputs; ++k) {
                    sum += static_cast<double>(layer.weight[u * layer.inputs + k]) *
                           static_cast<double>(raw[index(at * layer.inputs + k)]);
                }
                terms.push_back(static_cast<Real>(sum));
            }
        }
    }

    void divide(std::int64_t width) {
        weights = points_of<Real>(items << features, 1);
        for (Real& weight : weights) weight = 2 + weight;
        for (std::int64_t i = 0; i < items; ++i) {  // an item without features leaves
            std::fill_n(raw.begin() + (i << features) * width, width, Real(0));
            weights[index(i << features)] = 0;
        }
    }

    attribution::Tables<Real> tables() const {
        return {terms.data(), weights.empty() ? nullptr : weights.data(), items, features};
    }
    attribution::Layers<Real> rho() const { return this->layers; }
    std::int64_t outputs() const { return this->layers.back().units; }

    /// The values of coalitions given by the version of each item, one after the other.
    std::vector<Real> values(Cpu on, const std::vector<std::int64_t>& versions) const {
        std::vector<std::uint8_t> present;
        for (const std::int64_t version : versions) {
            for (std::int64_t d = 0; d < features; ++d)
                present.push_back(static_cast<std::uint8_t>(version >> d & 1));
        }
        const auto coalitions = static_cast<std::int64_t>(versions.size()) / items;
        std::vector<Real> out(index(coalitions * outputs()));
        OwnedWorkspace workspace(attribution::workspace_bytes(on, tables(), rho()));
        attribution::evaluate(on, tables(), rho(), present.data(), coalitions, out.data(), workspace.lent());
        return out;
    }

    std::vector<double> owen(Cpu on) const { return owen(on, {0, items}); }
    std::vector<double> owen(Cpu on, attribution::Some some) const {
        std::vector<double> out(index(outputs() * some.count * features), NAN);
        OwnedWorkspace workspace(attribution::owen_workspace_bytes(on, tables(), rho(), some));
        attribution::owen_values(on, tables(), rho(), some, out.data(), workspace.lent());
        return out;
    }

    /// The same by its definition, from the values.
    std::vector<double> owen_by_definition() const {
        const std::int64_t all = (std::int64_t{1} << features) - 1;
        std::vector<std::int64_t> versions;
        for (std::int64_t i = 0; i < items; ++i) {
            for (std::int64_t others = 0; others < std::int64_t{1} << items; ++others) {
                if (others >> i & 1) continue;
                for (std::int64_t version = 0; version <= all; ++version) {
                    for (std::int64_t j = 0; j < items; ++j) {
                        versions.push_back(j == i ? version : (others >> j & 1) * all);
                    }
                }
            }
        }
        const std::vector<Real> value = values(Cpu{1}, versions);
        const auto factorial = [](std::int64_t k) { return std::tgamma(static_cast<double>(k) + 1); };
        std::vector<double> owen(index(outputs() * items * features), 0);
        std::int64_t at = 0;
        for (std::int64_t i = 0; i < items; ++i) {
            for (std::int64_t others = 0; others < std::int64_t{1} << items; ++others) {
                if (others >> i & 1) continue;
                const auto r = static_cast<std::int64_t>(std::popcount(static_cast<std::uint64_t>(others)));
                for (std::int64_t version = 0; version <= all; ++version, ++at) {
                    const auto t = static_cast<std::int64_t>(std::popcount(static_cast<std::uint64_t>(version)));
                    for (std::int64_t d = 0; d < features; ++d) {
                        const bool is_there = version >> d & 1;
                        const std::int64_t before = is_there ? t - 1 : t;
                        const double weight = factorial(r) * factorial(items - r - 1) / factorial(items) *
                                              factorial(before) * factorial(features - before - 1) /
                                              factorial(features);
                        for (std::int64_t k = 0; k < outputs(); ++k) {
                            owen[index((k * items + i) * features + d)] +=
                                (is_there ? weight : -weight) * static_cast<double>(value[index(at * outputs() + k)]);
                        }
                    }
                }
            }
        }
        return owen;
    }
};

}  // namespace

TEST_CASE_TEMPLATE("values of coalitions are rho of the sums of their terms", Real, float, double) {
    for (const bool divides : {false, true}) {
        const Game<Real> game(3, 4, divides, {5, 600, 7, 2});
        std::vector<std::int64_t> versions;
        for (std::int64_t c = 0; c < 333; ++c) {
            for (std::int64_t i = 0; i < 3; ++i) versions.push_back(c == 0 ? 0 : (c * 7 + i * 5) % 16);
        }
        std::vector<Real> sums(333 * 5);
        for (std::int64_t c = 0; c < 333; ++c) {
            for (std::int64_t m = 0; m < 5; ++m) {
                double sum = 0, weight = 0;
                for (std::int64_t i = 0; i < 3; ++i) {
                    const std::int64_t at = i * 16 + versions[index(3 * c + i)];
                    sum += static_cast<double>(game.raw[index(at * 5 + m)]);
                    if (divides) weight += static_cast<double>(game.weights[index(at)]);
                }
                sums[index(c * 5 + m)] = static_cast<Real>(!divides ? sum : weight > 0 ? sum / weight : 0);
            }
        }
        std::vector<Real> expected(333 * 2);
        OwnedWorkspace workspace(kousei::network::workspace_bytes(Cpu{1}, game.rho(), 333));
        kousei::network::evaluate(Cpu{1}, game.rho(), sums.data(), 333, expected.data(), workspace.lent());
        const std::vector<Real> found = game.values(Cpu{1}, versions);
        const double tolerance = sizeof(Real) == 8 ? 2e-15 : 1e-6;
        for (std::size_t i = 0; i < found.size(); ++i) {
            CHECK(std::abs(static_cast<double>(found[i]) - static_cast<double>(expected[i])) < 8 * tolerance);
        }
        CHECK(game.values(Cpu{4}, versions) == found);
    }
}

TEST_CASE_TEMPLATE("Owen values are the sums that define them", Real, float, double) {
    struct Size {
        std::int64_t items, features;
    };
    for (const auto& [items, features] : {Size{1, 1}, Size{1, 5}, Size{6, 1}, Size{3, 2}, Size{2, 10}, Size{5, 3}}) {
        for (const bool divides : {false, true}) {
            const Game<Real> game(items, features, divides, {3, 9, 2});
            const std::vector<double> expected = game.owen_by_definition(), found = game.owen(Cpu{1});
            const double tolerance = sizeof(Real) == 8 ? 1e-14 : 3e-6;
            for (std::size_t i = 0; i < found.size(); ++i) CHECK(std::abs(found[i] - expected[i]) < tolerance);
            CHECK(game.owen(Cpu{2}) == found);
            CHECK(game.owen(Cpu{4}) == found);
            for (std::int64_t first = 0; first < items; ++first) {
                const std::int64_t count = std::min<std::int64_t>(2, items - first);
                const std::vector<double> some = game.owen(Cpu{2}, {first, count});
                for (std::int64_t at = 0; at < std::ssize(some); ++at) {
                    const std::int64_t each = count * features, k = at / each;
                    CHECK(some[index(at)] == found[index((k * items + first) * features + at % each)]);
                }
            }
        }
    }
    const Game<Real> affine(3, 3, false, {4, 1});
    const std::vector<double> expected = affine.owen_by_definition(), found = affine.owen(Cpu{1});
    for (std::size_t i = 0; i < found.size(); ++i) CHECK(std::abs(found[i] - expected[i]) < 3e-6);
}

TEST_CASE("tables that do not fit are refused") {
    const Game<double> game(2, 2, false, {3, 4, 1});
    attribution::Tables<double> tables = game.tables();
    CHECK_THROWS_AS(attribution::workspace_bytes(Cpu{}, tables, {}), std::invalid_argument);
    tables.items = attribution::most_items + 1;
    CHECK_THROWS_AS(attribution::owen_workspace_bytes(Cpu{}, tables, game.rho(), {0, 1}), std::invalid_argument);
    for (const attribution::Some some : {attribution::Some{-1, 1}, {0, -1}, {1, 2}, {INT64_MAX, 1}}) {
        CHECK_THROWS_AS(attribution::owen_workspace_bytes(Cpu{}, game.tables(), game.rho(), some),
                        std::invalid_argument);
    }
    tables.features = attribution::most_features + 1;
    CHECK_THROWS_AS(attribution::workspace_bytes(Cpu{}, tables, game.rho()), std::invalid_argument);
    CHECK_THROWS_AS(attribution::owen_values(Cpu{}, game.tables(), game.rho(), {0, 2}, nullptr, {}),
                    std::invalid_argument);
}

TEST_CASE_TEMPLATE("masked sets", Real, float, double) {
    const std::vector<Real> values{1, 2, 3, 4, 5, 6}, baseline{-1, -2, -3};
    const std::vector<std::int32_t> groups{1, 0, 1};
    const std::vector<std::uint8_t> present{1, 0, 0, 0, 0, 0, 1, 1};
    for (const bool removes : {false, true}) {
        std::vector<Real> x(12);
        std::vector<std::uint8_t> mask(4, 7);
        const attribution::Set<Real> set{values.data(), baseline.data(), groups.data(), 2, 3, 2, removes};
        attribution::masked_sets(Cpu{1}, set, present.data(), 2, x.data(), mask.data());
        CHECK(x == std::vector<Real>{-1, 2, -3, -1, -2, -3, -1, -2, -3, 4, 5, 6});
        const std::uint8_t gone = removes ? 0 : 1;
        CHECK(mask == std::vector<std::uint8_t>{1, gone, gone, 1});
    }
}

TEST_CASE("least squares with a given sum") {
    for (const std::int64_t columns : {1, 2, 3, 8, 21, 64}) {
        const std::int64_t problems = 5, rows = 3 * columns + 70;
        std::mt19937_64 engine(7);
        const auto random = [&](std::int64_t count) {
            std::vector<double> numbers(index(count));
            for (double& number : numbers) number = std::uniform_real_distribution<double>(0.1, 2)(engine);
            return numbers;
        };
        const std::vector<double> x = random(problems * rows * columns), y = random(problems * rows),
                                  total = random(problems), weight = random(problems * rows);
        for (const double ridge : {0.0, 0.3}) {
            const auto solve = [&](Cpu on) {
                std::vector<double> beta(index(problems * columns), NAN);
                std::vector<std::int32_t> outcomes(index(problems), -1);
                const attribution::Problems given{x.data(), y.data(), weight.data(), total.data(),
                                                  problems, rows,     columns,       ridge};
                OwnedWorkspace workspace(attribution::workspace_bytes(on, given));
                attribution::solve(on, given, beta.data(), outcomes.data(), workspace.lent());
                for (const std::int32_t outcome : outcomes) CHECK(outcome == attribution::solved);
                return beta;
            };
            const std::vector<double> beta = solve(Cpu{1});
            CHECK(solve(Cpu{4}) == beta);
            // At the solution the gradient is the same in all columns.
            for (std::int64_t p = 0; p < problems; ++p) {
                std::vector<double> gradient(index(columns));
                double sum = 0;
                for (std::int64_t c = 0; c < columns; ++c) {
                    sum += beta[index(p * columns + c)];
                    gradient[index(c)] = ridge * beta[index(p * columns + c)];
                }
                CHECK(std::abs(sum - total[index(p)]) < 1e-13 * static_cast<double>(columns));
                for (std::int64_t r = 0; r < rows; ++r) {
                    const double* const row = &x[index((p * rows + r) * columns)];
                    double residual = -y[index(p * rows + r)];
                    for (std::int64_t c = 0; c < columns; ++c) residual += row[c] * beta[index(p * columns + c)];
                    for (std::int64_t c = 0; c < columns; ++c) {
                        gradient[index(c)] += weight[index(p * rows + r)] * residual * row[c];
                    }
                }
                for (const double slope : gradient) CHECK(std::abs(slope - gradient[0]) < 1e-9);
            }
        }
    }
}

TEST_CASE("least squares without a solution say so") {
    // Two columns that are the same; then a y that is NaN; then a good one.
    std::vector<double> x{1, 1, 0, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 1, 0, 0, 0, 1, 1, 0, 0, 0, 1, 0, 0, 0, 1};
    std::vector<double> y{1, 2, 3, 1, NAN, 3, 1, 2, 3};
    const std::vector<double> weight(9, 1), total{1, 1, 9};
    std::vector<double> beta(9);
    std::vector<std::int32_t> outcomes(3);
    const attribution::Problems given{x.data(), y.data(), weight.data(), total.data(), 3, 3, 3, 0};
    OwnedWorkspace workspace(attribution::workspace_bytes(Cpu{1}, given));
    attribution::solve(Cpu{1}, given, beta.data(), outcomes.data(), workspace.lent());
    CHECK(outcomes == std::vector<std::int32_t>{attribution::singular, attribution::not_finite, attribution::solved});
    for (std::size_t c = 0; c < 3; ++c) CHECK(std::abs(beta[6 + c] - static_cast<double>(c + 2)) < 1e-14);
}
