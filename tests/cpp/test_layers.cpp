#include <doctest/doctest.h>
#include <kousei/errors.hpp>
#include <kousei/network.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <vector>

#include "layers.hpp"
#include "workspace.hpp"

namespace {

using kousei::Activation;

template <class Real>
struct Network : RandomLayers<Real> {
    using RandomLayers<Real>::arrays;
    using RandomLayers<Real>::layers;

    explicit Network(const std::vector<std::int64_t>& sizes, std::size_t sparse_step = 0)
        : RandomLayers<Real>(sizes, sparse_step, add_parts) {}

    /// A homogeneous part with slopes for each unit, one with kinks, a power and relu, where there are units for it.
    static void add_parts(typename RandomLayers<Real>::Arrays& own, std::int64_t units) {
        const std::int64_t homogeneous = (units + 2) / 3, kinked = std::min<std::int64_t>(units - homogeneous, 2);
        const std::int64_t powers = std::min<std::int64_t>(units - homogeneous - kinked, 3);
        for (std::int64_t u = 0; u < 2 * homogeneous; ++u) {
            own.parameters.push_back(static_cast<Real>(0.25) * static_cast<Real>(u % 7));
        }
        own.parameters.insert(own.parameters.end(), {Real(-1), Real(1), Real(0), Real(1), Real(0), Real(-1), Real(0),
                                                     Real(1)});  // hardtanh
        const Real* const at = own.parameters.data();
        own.parts = {{Activation::homogeneous, at, 0, homogeneous},
                     {Activation::piecewise_linear, at + 2 * homogeneous, 2, kinked},
                     {Activation::repu, nullptr, 2, powers},
                     {Activation::relu, nullptr, 0, units - homogeneous - kinked - powers}};
    }

    std::vector<Real> operator()(int threads, const std::vector<Real>& x, std::int64_t points) const {
        const kousei::Cpu on{threads};
        const std::span<const kousei::network::Layer<Real>> view(layers);
        std::vector<Real> out(index(points * layers.back().units), std::numeric_limits<Real>::quiet_NaN());
        OwnedWorkspace workspace(kousei::network::workspace_bytes(on, view, points));
        kousei::network::evaluate(on, view, x.data(), points, out.data(), workspace.lent());
        return out;
    }

    /// The values at one point, and how far those of Real may be from them, by the sums of magnitudes.
    void exact(const Real* x, std::vector<double>& value, std::vector<double>& bound) const {
        value.assign(x, x + layers.front().inputs);
        bound.assign(value.size(), 0);
        for (std::size_t i = 0; i < layers.size(); ++i) {
            const auto& layer = layers[i];
            std::vector<double> next, next_bound;
            std::int64_t part = 0, in_part = 0;
            for (std::int64_t u = 0; u < layer.units; ++u) {
                double z = static_cast<double>(layer.bias[u]), size = std::abs(z), error = 0;
                for (std::int64_t at = arrays[i].starts[index(u)]; at < arrays[i].starts[index(u + 1)]; ++at) {
                    const auto k = index(arrays[i].columns[index(at)]);
                    const double w = static_cast<double>(layer.weight[at]);
                    z += w * value[k];
                    size += std::abs(w * value[k]);
                    error += std::abs(w) * bound[k];
                }
                error += 8 * static_cast<double>(std::numeric_limits<Real>::epsilon()) * size;
                double slope = 1;
                if (!layer.parts.empty()) {
                    while (in_part == layer.parts[index(part)].units) ++part, in_part = 0;
                    const auto& of = layer.parts[index(part)];
                    switch (of.which) {
                        case Activation::homogeneous: {
                            const auto right = static_cast<double>(of.parameters[of.units + in_part]);
                            const auto left = static_cast<double>(of.parameters[in_part]);
                            z *= z < 0 ? left : right;
                            slope = std::max(left, right);
                            break;
                        }
                        case Activation::piecewise_linear:
                            z = std::min(std::max(z, -1.0), 1.0);
                            break;
                        case Activation::repu:
                            z = z > 0 ? z * z : 0;
                            slope = 2 * size + 1;
                            break;
                        default:
                            z = std::max(z, 0.0);
                    }
                    ++in_part;
                }
                next.push_back(z);
                next_bound.push_back(slope * error + 4 * static_cast<double>(std::numeric_limits<Real>::epsilon()));
            }
            value = next, bound = next_bound;
        }
    }
};

template <class Real>
void agrees(const Network<Real>& net, std::int64_t points) {
    const std::int64_t dim = net.layers.front().inputs, outputs = net.layers.back().units;
    const auto x = points_of<Real>(points, dim);
    const auto out = net(1, x, points);
    std::vector<double> value, bound;
    for (std::int64_t i = 0; i < points; i += i + 9 < points ? 7 : 1) {
        net.exact(x.data() + i * dim, value, bound);
        for (std::int64_t o = 0; o < outputs; ++o) {
            const double error = std::abs(static_cast<double>(out[index(i * outputs + o)]) - value[index(o)]);
            if (!(error <= bound[index(o)])) {
                CAPTURE(i);
                CAPTURE(o);
                REQUIRE(error <= bound[index(o)]);
            }
        }
    }
}

}  // namespace

TEST_CASE_TEMPLATE("layers follow one another, at every edge of a block", Real, float, double) {
    for (const std::int64_t units : {1, 2, 3, 5, 6, 7, 8, 9, 11, 13, 47, 48, 49, 97}) {
        for (const std::int64_t inputs : {1, 3, 8, 15, 16, 17, 33}) {
            for (const std::size_t sparse_step : {0, 1, 2}) {
                const Network<Real> net({inputs, units, units, 2}, sparse_step);
                for (const std::int64_t points : {0, 1, 2, 3, 4, 5, 70}) agrees(net, points);
            }
        }
    }
    const Network<Real> net({5, 20, 7}, 0);
    for (std::int64_t points = 0; points < 140; ++points) agrees(net, points);
    for (const std::int64_t points : {255, 256, 257, 512, 1100}) agrees(net, points);
}

TEST_CASE_TEMPLATE("many inputs are added up in several blocks", Real, float, double) {
    for (const std::int64_t inputs : {511, 512, 513, 1024, 1500}) {
        for (const std::size_t sparse_step : {0, 1}) {
            const Network<Real> net({inputs, 9, inputs, 3}, sparse_step);
            for (const std::int64_t points : {1, 3, 65, 300}) agrees(net, points);
        }
    }
}

TEST_CASE_TEMPLATE("the same bits on any number of threads, and for any neighbours", Real, float, double) {
    for (const std::size_t sparse_step : {0, 2}) {
        const Network<Real> net({40, 300, 200, 5}, sparse_step);
        for (const std::int64_t points : {1, 4, 5, 100, 700}) {
            const auto x = points_of<Real>(points, 40);
            const auto out = net(1, x, points);
            for (const int threads : {2, 3, 4}) CHECK(net(threads, x, points) == out);
            if (points < 100) continue;
            const std::vector<Real> some(x.begin() + 40 * 33, x.begin() + 40 * 71);
            CHECK(net(2, some, 38) == std::vector<Real>(out.begin() + 5 * 33, out.begin() + 5 * 71));
        }
    }
}

TEST_CASE_TEMPLATE("layers too wide for a vector of points run a few points at a time", Real, float, double) {
    const std::int64_t units = std::int64_t{1} << 20;
    const Network<Real> net({1, units, 1}, 0);
    const auto x = points_of<Real>(9, 1);
    const auto out = net(1, x, 9);
    CHECK(net(3, x, 9) == out);
    std::vector<double> value, bound;
    net.exact(x.data() + 8, value, bound);
    CHECK(std::abs(static_cast<double>(out[8]) - value[0]) <= bound[0]);
    CHECK(kousei::network::workspace_bytes<Real>(kousei::Cpu{4}, net.layers, 1000) <= (std::int64_t{1} << 25) + 128);
}

TEST_CASE_TEMPLATE("NaN and infinities go their way", Real, float, double) {
    const Real infinity = std::numeric_limits<Real>::infinity();
    for (const std::int64_t inputs : {3, 16, 21, 600}) {
        std::vector<Real> weight(index(2 * inputs), 0), bias{1, 2};
        weight[index(inputs - 1)] = -2;
        const std::vector<std::int64_t> starts{0, 1, 1};
        const std::vector<std::int32_t> columns{static_cast<std::int32_t>(inputs - 1)};
        const Real value = -2;
        for (const std::int64_t points : {1, 3, 70}) {
            for (const Real at_last : {infinity, std::numeric_limits<Real>::quiet_NaN()}) {
                std::vector<Real> x(index(points * inputs), 0), out(index(2 * points));
                x[index(points * inputs - 1)] = at_last;
                for (const bool sparse : {false, true}) {
                    const std::vector<kousei::network::Layer<Real>> layers{{sparse ? &value : weight.data(),
                                                                            bias.data(),
                                                                            2,
                                                                            inputs,
                                                                            {},
                                                                            sparse ? starts.data() : nullptr,
                                                                            sparse ? columns.data() : nullptr}};
                    const kousei::Cpu on{1};
                    OwnedWorkspace workspace(kousei::network::workspace_bytes<Real>(on, layers, points));
                    kousei::network::evaluate<Real>(on, layers, x.data(), points, out.data(), workspace.lent());
                    const Real first = out[index(2 * points - 2)], second = out[index(2 * points - 1)];
                    CHECK((std::isnan(at_last) ? std::isnan(first) : first == -infinity));
                    CHECK((sparse ? second == 2 : std::isnan(second)));  // 0 inf = NaN where the 0 is there
                    for (std::int64_t i = 0; i < points - 1; ++i) CHECK(out[index(2 * i)] == 1);
                }
            }
        }
    }
}

TEST_CASE("layers and workspaces that cannot be are refused") {
    const Network<double> net({4, 50, 2}, 0);
    const std::span<const kousei::network::Layer<double>> layers(net.layers);
    const kousei::Cpu on{1};
    CHECK_THROWS_AS(kousei::network::workspace_bytes(on, layers.first(0), 1), std::invalid_argument);
    const std::int64_t bytes = kousei::network::workspace_bytes(on, layers, 10);
    OwnedWorkspace workspace(bytes);
    kousei::Workspace lent = workspace.lent();
    lent.bytes = bytes - 1;
    std::vector<double> x(40), out(20);
    CHECK_THROWS_AS(kousei::network::evaluate(on, layers, x.data(), 10, out.data(), lent), std::invalid_argument);
    std::vector<kousei::network::Layer<double>> huge(layers.begin(), layers.end());
    huge[0].units = std::int64_t{1} << 62;
    CHECK_THROWS_AS(kousei::network::workspace_bytes<double>(on, huge, 1), kousei::SizeError);
}
