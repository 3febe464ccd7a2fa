#include <doctest/doctest.h>
#include <kousei/binary.hpp>
#include <kousei/errors.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <memory>
#include <random>
#include <stdexcept>
#include <vector>

#include "numbers.hpp"
#include "workspace.hpp"

namespace {

using kousei::Activation;
using kousei::Cpu;
namespace binary = kousei::binary;
namespace packed = kousei::packed;

/// A chain with its arrays, of random ranks among at most `distinct` values; and its signs.
struct OwnedChain {
    std::vector<std::uint16_t> ranks;
    std::vector<std::uint32_t> wide, words;
    std::vector<std::int8_t> signs;
    std::vector<std::int64_t> starts;
    binary::Chain view;

    OwnedChain(std::int64_t rows, std::int64_t sources, std::int64_t distinct, std::mt19937_64& random,
               bool is_wide = false)
        : ranks(index(rows * sources)), signs(index(sources)) {
        for (auto& rank : ranks) {
            rank = static_cast<std::uint16_t>(random() % static_cast<std::uint64_t>(std::min(distinct, rows)));
        }
        for (auto& sign : signs) sign = static_cast<std::int8_t>(static_cast<int>(random() % 3) - 1);
        wide.assign(ranks.begin(), ranks.end());
        view = {
            is_wide ? nullptr : ranks.data(), is_wide ? wide.data() : nullptr, signs.data(), nullptr, rows, sources};
        starts = binary::starts_of(view);
        view.starts = starts.data();
        words.assign(index(rows * packed::stride_of(view.columns())), 0xffffffff);
        binary::signs_of(Cpu{2}, view, words.data());
    }

    /// By the definition.
    int sign(std::int64_t row, std::int64_t column) const {
        const auto source = std::upper_bound(starts.begin(), starts.end(), column) - starts.begin() - 1;
        const std::int64_t unit = column - starts[index(source)], one = signs[index(source)] != 0;
        if (unit < one) return signs[index(source)];
        return ranks[index(row * view.sources + source)] <= unit - one ? 1 : -1;
    }
    bool packed_sign(std::int64_t row, std::int64_t column) const {
        return words[index(row * packed::stride_of(view.columns()) + column / 32)] >> (column % 32) & 1;
    }
};

/// A network of chains: `rows` of the first layer, and rows of each layer after it, of whose values the units are
/// multiples where they are more than rows.
template <class Real>
struct Network {
    std::vector<Real> weight, bias;
    std::vector<std::vector<Real>> factors;  ///< of the units before each layer
    std::vector<std::vector<std::int32_t>> sources;
    std::vector<std::unique_ptr<OwnedChain>> chains;
    std::vector<std::vector<Real>> biases, parameters;
    std::vector<std::vector<kousei::activation::Part<Real>>> parts;
    std::vector<binary::Layer<Real>> layers;
    binary::View<Real> view;

    /// Layer i runs by its bits where bit i of `by_bits` is set.
    Network(std::int64_t dim, std::int64_t rows, const std::vector<std::int64_t>& units, std::int64_t columns,
            std::int64_t distinct, unsigned by_bits = 0, bool wide = false, std::int64_t taken = 0) {
        std::mt19937_64 random(5);
        std::normal_distribution<double> normal;
        const auto fill = [&](std::vector<Real>& to, std::int64_t count) {
            for (std::int64_t i = 0; i < count; ++i) to.push_back(static_cast<Real>(normal(random)));
        };
        fill(weight, rows * dim), fill(bias, rows);
        biases.resize(units.size()), parameters.resize(units.size() + 1), parts.resize(units.size() + 1);
        add_parts(0, rows);
        // From the outputs: the rows of a layer are the columns of the next, or `taken` of which these are multiples.
        std::int64_t height = units.empty() ? rows : units.back();
        chains.resize(units.size()), sources.resize(units.size() + 1), factors.resize(units.size() + 1);
        const auto add_multiples = [&](std::size_t layer, std::int64_t of) {
            for (std::int64_t k = 0; k < height; ++k) {
                sources[layer].push_back(static_cast<std::int32_t>(random() % static_cast<std::uint64_t>(of)));
                factors[layer].push_back(static_cast<Real>(std::abs(normal(random)) + 0.1));
            }
        };
        for (std::size_t i = units.size(); i-- > 0;) {
            if (taken > 0 && i + 1 < units.size()) {
                add_multiples(i + 1, taken);
                height = taken;
            }
            chains[i] = std::make_unique<OwnedChain>(height, columns, distinct, random, wide);
            fill(biases[i], height);
            if (i + 1 < units.size()) add_parts(i + 1, height);
            height = chains[i]->view.columns();
        }
        add_multiples(0, rows);
        for (std::size_t i = 0; i < units.size(); ++i) {
            const auto& chain = *chains[i];
            layers.push_back({{{chain.words.data(), chain.view.rows, chain.view.columns()}},
                              biases[i].data(),
                              parts[i + 1],
                              by_bits >> i & 1 ? nullptr : &chain.view});
            if (!sources[i + 1].empty()) layers.back().multiples = multiples(i + 1);
        }
        view = {{weight.data(), bias.data(), rows, dim, parts[0]}, multiples(0), layers};
    }

    binary::Multiples<Real> multiples(std::size_t layer) const {
        return {sources[layer].data(), factors[layer].data(), std::ssize(sources[layer])};
    }

    void add_parts(std::size_t layer, std::int64_t units) {
        const std::int64_t leaky = units / 2;
        parameters[layer].assign(index(leaky), Real(0.25));
        parameters[layer].resize(index(2 * leaky), Real(1));
        parts[layer] = {{Activation::homogeneous, parameters[layer].data(), 0, leaky},
                        {Activation::relu, nullptr, 0, units - leaky}};
    }

    std::vector<Real> operator()(int threads, const std::vector<Real>& x) const {
        const Cpu on{threads};
        const std::int64_t points = static_cast<std::int64_t>(x.size()) / view.first.inputs;
        std::vector<Real> out(index(points * view.outputs()), std::numeric_limits<Real>::quiet_NaN());
        OwnedWorkspace workspace(binary::workspace_bytes(on, view, points));
        binary::evaluate(on, view, x.data(), points, out.data(), workspace.lent());
        return out;
    }

    /// The values at one point in double, and the sums of magnitudes that the error is measured by.
    void exact(const Real* x, std::vector<double>& values, std::vector<double>& sizes) const {
        std::vector<double> hidden, magnitudes;
        const auto activate = [&](std::int64_t unit, std::int64_t of, double z) {
            return z >= 0 ? z : unit < of / 2 ? 0.25 * z : 0.0;
        };
        for (std::int64_t r = 0; r < view.first.units; ++r) {
            double z = static_cast<double>(bias[index(r)]), size = std::abs(z);
            for (std::int64_t k = 0; k < view.first.inputs; ++k) {
                const double term =
                    static_cast<double>(weight[index(r * view.first.inputs + k)]) * static_cast<double>(x[k]);
                z += term, size += std::abs(term);
            }
            hidden.push_back(activate(r, view.first.units, z));
            magnitudes.push_back(size);
        }
        values = hidden, sizes = magnitudes;
        for (std::size_t i = 0; i <= layers.size(); ++i) {
            if (i == 0 || layers[i - 1].multiples.sources) {
                hidden = values, magnitudes = sizes;
                values.clear(), sizes.clear();
                for (std::size_t k = 0; k < sources[i].size(); ++k) {
                    values.push_back(static_cast<double>(factors[i][k]) * hidden[index(sources[i][k])]);
                    sizes.push_back(static_cast<double>(factors[i][k]) * magnitudes[index(sources[i][k])]);
                }
            }
            if (i == layers.size()) break;
            std::vector<double> next, next_sizes;
            for (std::int64_t row = 0; row < chains[i]->view.rows; ++row) {
                double z = static_cast<double>(biases[i][index(row)]), size = std::abs(z);
                for (std::size_t k = 0; k < values.size(); ++k) {
                    z += chains[i]->sign(row, static_cast<std::int64_t>(k)) * values[k];
                    size += sizes[k];
                }
                next.push_back(i + 1 < layers.size() ? activate(row, chains[i]->view.rows, z) : z);
                next_sizes.push_back(size);
            }
            values = next, sizes = next_sizes;
        }
    }
};

template <class Real>
void agrees(const Network<Real>& net, std::int64_t points) {
    const auto x = points_of<Real>(points, net.view.first.inputs);
    const auto out = net(1, x);
    std::vector<double> value, size;
    for (std::int64_t i = 0; i < points; i += i + 9 < points ? 7 : 1) {
        net.exact(x.data() + i * net.view.first.inputs, value, size);
        for (std::int64_t o = 0; o < net.view.outputs(); ++o) {
            const double error =
                std::abs(static_cast<double>(out[index(i * net.view.outputs() + o)]) - value[index(o)]);
            const double bound = 64 * static_cast<double>(std::numeric_limits<Real>::epsilon()) * size[index(o)];
            if (!(error <= bound)) {
                CAPTURE(i);
                CAPTURE(o);
                REQUIRE(error <= bound);
            }
        }
    }
}

}  // namespace

TEST_CASE("the signs of a chain") {
    std::mt19937_64 random(1);
    for (const std::int64_t rows : {1, 2, 5, 40, 300}) {
        for (const std::int64_t sources : {0, 1, 3, 8, 50}) {
            for (const bool wide : {false, true}) {
                const OwnedChain chain(rows, sources, 1 + rows / 2, random, wide);
                const std::int64_t columns = chain.view.columns();
                bool good = true;
                for (std::int64_t i = 0; i < rows; ++i) {
                    for (std::int64_t j = 0; j < 32 * packed::stride_of(columns); ++j) {
                        good = good && chain.packed_sign(i, j) == (j < columns && chain.sign(i, j) > 0);
                    }
                }
                CHECK(good);
            }
        }
    }
}

TEST_CASE("the chain of 3, 1, -2") {
    const std::uint16_t ranks[] = {0, 1, 2};
    const std::int8_t sign = 1;
    binary::Chain chain{ranks, nullptr, &sign, nullptr, 3, 1};
    const auto starts = binary::starts_of(chain);
    CHECK(starts == std::vector<std::int64_t>{0, 3});
    chain.starts = starts.data();
    std::vector<std::uint32_t> words(12, 1);
    binary::signs_of(Cpu{1}, chain, words.data());
    CHECK(words == std::vector<std::uint32_t>{7, 0, 0, 0, 5, 0, 0, 0, 1, 0, 0, 0});
}

TEST_CASE_TEMPLATE("by ranks and by bits, at every edge of a block", Real, float, double) {
    for (const std::int64_t columns : {1, 2, 3, 4, 5, 9}) {
        for (const std::int64_t height : {1, 2, 7, 33}) {
            for (const unsigned by_bits : {0u, 1u, 2u, 3u}) {
                for (const std::int64_t taken : {0, 3}) {
                    const Network<Real> net(3, 5, {0, height}, columns, 1 + height, by_bits, false, taken);
                    for (const std::int64_t points : {0, 1, 4, 5, 16, 17, 40}) agrees(net, points);
                }
            }
        }
    }
    agrees(Network<Real>(4, 6, {0, 3}, 5, 3, 0, true), 70);
    agrees(Network<Real>(4, 6, {0, 0, 3}, 4, 3, 0), 70);
    agrees(Network<Real>(4, 6, {0, 0, 3}, 4, 3, 2), 70);
    for (unsigned by_bits = 0; by_bits < 8; ++by_bits) {
        agrees(Network<Real>(4, 6, {0, 0, 3}, 4, 3, by_bits, false, 5), 70);
    }
    agrees(Network<Real>(4, 6, {}, 0, 1), 9);
    agrees(Network<Real>(300, 20, {200}, 6, 150), 20);
}

TEST_CASE_TEMPLATE("a layer of which nothing is left", Real, float, double) {
    for (const unsigned by_bits : {0u, 1u}) {
        const Network<Real> net(3, 5, {4}, 0, 1, by_bits);
        CHECK(net.view.multiples.units == 0);
        for (const std::int64_t points : {1, 20}) {
            const auto out = net(2, points_of<Real>(points, 3));
            for (std::size_t i = 0; i < out.size(); ++i) CHECK(out[i] == net.biases[0][i % 4]);
        }
    }
}

TEST_CASE_TEMPLATE("the same bits on any number of threads, and for any neighbours", Real, float, double) {
    for (const unsigned by_bits : {0u, 1u, 2u}) {
        const Network<Real> net(10, 12, {0, 30}, 9, 20, by_bits);
        for (const std::int64_t points : {1, 4, 5, 100, 5000}) {
            const auto x = points_of<Real>(points, 10);
            const auto out = net(1, x);
            for (const int threads : {2, 4}) CHECK(net(threads, x) == out);
            if (points < 5000) continue;
            const std::int64_t outputs = net.view.outputs();
            const std::vector<Real> some(x.begin() + 10 * 33, x.begin() + 10 * 71);
            CHECK(net(2, some) == std::vector<Real>(out.begin() + outputs * 33, out.begin() + outputs * 71));
        }
    }
}

TEST_CASE_TEMPLATE("NaN stays at its point", Real, float, double) {
    const Network<Real> net(3, 5, {7}, 4, 5);
    auto x = points_of<Real>(21, 3);
    const auto before = net(1, x);
    x[3 * 20] = std::numeric_limits<Real>::quiet_NaN();
    const auto out = net(1, x);
    CHECK(std::equal(out.begin(), out.begin() + 20 * 7, before.begin()));
    CHECK(std::all_of(out.begin() + 20 * 7, out.end(), [](Real value) { return std::isnan(value); }));
}

TEST_CASE("workspaces that cannot be are refused, and memory is bounded") {
    const Network<double> net(3, 5, {0, 7}, 4, 5);
    const Cpu on{1};
    const std::int64_t bytes = binary::workspace_bytes(on, net.view, 10);
    OwnedWorkspace workspace(bytes);
    kousei::Workspace lent = workspace.lent();
    lent.bytes = bytes - 1;
    std::vector<double> x(30), out(70);
    CHECK_THROWS_AS(binary::evaluate(on, net.view, x.data(), 10, out.data(), lent), std::invalid_argument);
    CHECK(binary::workspace_bytes(Cpu{4}, net.view, std::int64_t{1} << 40) <= std::int64_t{1} << 28);
    auto huge = net.view;
    huge.first.units = std::int64_t{1} << 62;
    CHECK_THROWS_AS(binary::workspace_bytes(on, huge, 1), kousei::SizeError);
}
