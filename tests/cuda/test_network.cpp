// Networks, layers and activations, run by the emulator, against the library for the CPU.
#include <doctest/doctest.h>
#include <kousei/cuda/activation.hpp>
#include <kousei/cuda/funahashi.hpp>
#include <kousei/cuda/network.hpp>
#include <kousei/network.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <stdexcept>
#include <vector>

#include "kernels.hpp"

namespace {

using namespace kousei;

/// More parts than go into one launch, over `units` units, some of which have none.
template <class Real>
struct ManyParts {
    std::vector<Real> kinks = {-1, Real(0.5), 0, 1, -2, Real(0.25), Real(1.25), Real(2.75)}, slopes;
    std::vector<activation::Part<Real>> parts;

    explicit ManyParts(std::int64_t units, std::int64_t count = 11)
        : slopes(random<Real>(2 * static_cast<std::size_t>(units))) {
        const activation::Part<Real> kinds[] = {{Activation::piecewise_linear, kinks.data(), 2, 0},
                                                {Activation::homogeneous, slopes.data(), 0, 0},
                                                {Activation::repu, nullptr, 3, 0},
                                                {Activation::gelu, nullptr, 0, 0},
                                                {Activation::tanh, nullptr, 0, 0}};
        for (std::int64_t p = 0; p < count; ++p) {
            activation::Part<Real> part = kinds[p % 5];
            part.units = units * (p + 1) / count - units * p / count;
            parts.push_back(part);
        }
    }
};

}  // namespace

TEST_CASE_TEMPLATE("networks on the device", Real, float, double) {
    for (const Activation activation : {Activation::logistic, Activation::tanh, Activation::erf, Activation::arctan,
                                        Activation::relu, Activation::gelu, Activation::silu, Activation::softplus}) {
        for (const std::int64_t outputs : {1, 3, 6}) {
            for (const std::int64_t dim : {1, 2, 3, 5}) {
                const std::int64_t units = 300, points = 70;
                const auto weight = random<Real>(static_cast<std::size_t>(units * dim), 3);
                const auto bias = random<Real>(static_cast<std::size_t>(units));
                const auto coef = random<Real>(static_cast<std::size_t>(units * outputs));
                const auto offset = random<Real>(static_cast<std::size_t>(outputs));
                const auto x = random<Real>(static_cast<std::size_t>(points * dim));
                const network::View<Real> net{weight.data(), bias.data(), coef.data(), offset.data(),
                                              units,         dim,         outputs,     activation};
                CHECK(difference<Real>(
                          points * outputs, static_cast<double>(units),
                          [&](auto on) { return network::workspace_bytes(on, net, points); },
                          [&](auto on, Real* out, Workspace workspace) {
                              network::evaluate(on, net, x.data(), points, out, workspace);
                          }) < tolerance<Real>);
            }
        }
    }
}

TEST_CASE_TEMPLATE("functions of one argument on the device", Real, float, double) {
    const auto z = random<Real>(1000, 20);
    for (const Activation activation : {Activation::logistic, Activation::tanh, Activation::erf, Activation::arctan,
                                        Activation::relu, Activation::gelu, Activation::silu, Activation::softplus}) {
        CAPTURE(static_cast<int>(activation));
        std::vector<Real> expected(1000), found(1000);
        const activation::Part<Real> part{activation, nullptr, 0, 1000};
        activation::apply<Real>(Cpu{}, &part, 1, nullptr, z.data(), 1, expected.data());
        activation::apply<Real>(Cuda{}, &part, 1, nullptr, z.data(), 1, found.data());
        for (std::size_t i = 0; i < 1000; ++i) {
            // On their left tail these have an absolute accuracy alone, which on AVX-512 differs.
            const Real size = std::max(std::abs(expected[i]), activation > Activation::relu ? Real(1e-3) : Real(0));
            CHECK(std::abs(expected[i] - found[i]) <= 20 * size * tolerance<Real>);
        }
        if (activation >= Activation::relu) continue;
        funahashi::bump_transform(Cpu{}, activation, Real(0.7), Real(1), z.data(), 1000, expected.data());
        funahashi::bump_transform(Cuda{}, activation, Real(0.7), Real(1), z.data(), 1000, found.data());
        CHECK(expected == found);
    }
}

TEST_CASE_TEMPLATE("parts of layers on the device", Real, float, double) {
    for (const std::int64_t units : {1, 4, 11, 40, 300}) {
        for (const std::int64_t rows : {1, 7}) {
            const ManyParts<Real> many(units);
            const auto z = random<Real>(static_cast<std::size_t>(rows * units), 3);
            const auto bias = random<Real>(static_cast<std::size_t>(units));
            for (const Real* added : {bias.data(), static_cast<const Real*>(nullptr)}) {
                const auto none = [](auto) { return std::int64_t{0}; };
                CHECK(difference<Real>(rows * units, 64, none, [&](auto on, Real* out, Workspace) {
                          std::copy(z.begin(), z.end(), out);
                          activation::apply<Real>(on, many.parts.data(), std::ssize(many.parts), added, out, rows,
                                                  out);
                      }) < tolerance<Real>);
            }
        }
    }
    // More elements than threads: each goes on at another unit.
    const std::int64_t units = 37, rows = 15000;
    const ManyParts<Real> many(units, 3);
    const auto z = random<Real>(static_cast<std::size_t>(rows * units), 3);
    std::vector<Real> expected(z.size()), found(z.size());
    activation::apply<Real>(Cpu{}, many.parts.data(), 3, nullptr, z.data(), rows, expected.data());
    activation::apply<Real>(Cuda{}, many.parts.data(), 3, nullptr, z.data(), rows, found.data());
    double largest = 0;
    for (std::size_t i = 0; i < z.size(); ++i) {
        largest = std::max(largest, std::abs(static_cast<double>(expected[i]) - static_cast<double>(found[i])));
    }
    CHECK(largest < 64 * tolerance<Real>);
}

TEST_CASE_TEMPLATE("dense layers on the device", Real, float, double) {
    const std::int64_t shapes[][3] = {{1, 1, 1},    {3, 2, 5},    {64, 16, 32}, {65, 17, 33},
                                      {130, 5, 70}, {1, 100, 31}, {10, 0, 3},   {200, 33, 8}};
    for (const auto& [points, inputs, units] : shapes) {
        CAPTURE(units);
        for (const std::int64_t count : {0, 2, 11}) {
            const ManyParts<Real> many(units, count);
            const auto weight = random<Real>(static_cast<std::size_t>(units * inputs));
            const auto bias = random<Real>(static_cast<std::size_t>(units));
            const auto x = random<Real>(static_cast<std::size_t>(points * inputs));
            const network::Layer<Real> layer{weight.data(), bias.data(), units, inputs, many.parts};
            const auto found = [&] {
                std::vector<Real> out(static_cast<std::size_t>(points * units), static_cast<Real>(NAN));
                network::evaluate(Cuda{}, layer, x.data(), points, out.data());
                return out;
            };
            const auto values = found();
            emulator::reversed = true;
            CHECK(found() == values);
            emulator::reversed = false;
            std::vector<Real> expected(values.size());
            for (std::int64_t i = 0; i < points; ++i) {
                for (std::int64_t u = 0; u < units; ++u) {
                    double sum = static_cast<double>(bias[static_cast<std::size_t>(u)]);
                    for (std::int64_t k = 0; k < inputs; ++k) {
                        sum += static_cast<double>(weight[static_cast<std::size_t>(u * inputs + k)]) *
                               static_cast<double>(x[static_cast<std::size_t>(i * inputs + k)]);
                    }
                    expected[static_cast<std::size_t>(i * units + u)] = static_cast<Real>(sum);
                }
            }
            if (count > 0) {
                activation::apply<Real>(Cpu{}, many.parts.data(), count, nullptr, expected.data(), points,
                                        expected.data());
            }
            for (std::size_t i = 0; i < values.size(); ++i) {
                const double size = std::max(8.0, std::abs(static_cast<double>(expected[i])));
                CHECK(std::abs(static_cast<double>(values[i]) - static_cast<double>(expected[i])) <=
                      10 * size * tolerance<Real>);
            }
        }
    }
    const std::int64_t starts[] = {0, 0};
    const network::Layer<Real> sparse{nullptr, nullptr, 1, 1, {}, starts, nullptr};
    CHECK_THROWS_AS(network::evaluate<Real>(Cuda{}, sparse, nullptr, 1, nullptr), std::invalid_argument);
}
