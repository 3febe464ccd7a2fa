// The derivatives of a layer on a device, run by the emulator, against the formula on the host.
#include <doctest/doctest.h>
#include <kousei/cuda/jet.hpp>
#include <kousei/jet_unit.hpp>

#include <cmath>
#include <cstdint>
#include <stdexcept>
#include <vector>

#include "kernels.hpp"

using namespace kousei;

TEST_CASE_TEMPLATE("the derivatives of a layer on the device", Real, float, double) {
    const std::vector<Real> kinks{-0.25, 0.5, 1, -2, 3, 0, -0.75, -3.25}, slopes{0.5, -1, 2, 0.25, 3, 1};
    const std::vector<activation::Part<Real>> smooth{
        {Activation::tanh, nullptr, 0, 5},     {Activation::logistic, nullptr, 0, 3},
        {Activation::erf, nullptr, 0, 3},      {Activation::arctan, nullptr, 0, 2},
        {Activation::gelu, nullptr, 0, 4},     {Activation::silu, nullptr, 0, 4},
        {Activation::softplus, nullptr, 0, 4}, {Activation::repu, nullptr, 2, 4},
        {Activation::repu, nullptr, 3, 4},     {Activation::tanh, nullptr, 0, 1}};
    std::vector<activation::Part<Real>> kinked = smooth;
    kinked.push_back({Activation::relu, nullptr, 0, 3});
    kinked.push_back({Activation::piecewise_linear, kinks.data(), 2, 4});
    kinked.push_back({Activation::homogeneous, slopes.data(), 0, 3});
    kinked.push_back({Activation::repu, nullptr, 1, 3});
    for (const bool laplacian : {false, true}) {
        for (const std::int64_t directions : {0, 1, 3}) {
            const auto& parts = laplacian ? smooth : kinked;
            const std::int64_t points = 7, count = 1 + directions + (laplacian ? 1 : 0);
            std::int64_t units = 0;
            for (const auto& part : parts) units += part.units;
            const auto bias = random<Real>(static_cast<std::size_t>(units));
            const auto before = random<Real>(static_cast<std::size_t>(count * points * units), 2);
            const std::int64_t next = points * units;
            auto expected = before;
            for (std::int64_t i = 0; i < points; ++i) {
                std::int64_t column = 0;
                for (const auto& part : parts) {
                    for (std::int64_t u = 0; u < part.units; ++u, ++column) {
                        Real* at = expected.data() + i * units + column;
                        const Real z = *at + bias[static_cast<std::size_t>(column)];
                        const auto jet =
                            laplacian ? activation::jet_at<true>(part, u, z) : activation::jet_at<false>(part, u, z);
                        *at = jet.value;
                        Real squares = 0;
                        for (std::int64_t k = 1; k <= directions; ++k) {
                            squares += at[k * next] * at[k * next];
                            at[k * next] *= jet.first;
                        }
                        if (laplacian) {
                            Real& last = at[(directions + 1) * next];
                            last = last * jet.first + squares * jet.second;
                        }
                    }
                }
            }
            auto found = before;
            network::derive<Real>(Cuda{}, parts, bias.data(), found.data(), points, directions, laplacian);
            for (std::size_t i = 0; i < found.size(); ++i) {
                CHECK(std::abs(static_cast<double>(found[i] - expected[i])) <= 20 * tolerance<Real>);
            }
        }
    }
    std::vector<Real> none;
    CHECK_THROWS_AS(network::derive<Real>(Cuda{}, kinked, none.data(), none.data(), 0, 1, true),
                    std::invalid_argument);
}
