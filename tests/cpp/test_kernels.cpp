#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <utility>
#include <vector>

#include "simd/kernels.hpp"

namespace {

using kousei::Activation;

template <class Real>
double exact(Activation activation, Real z) {
    const double x = static_cast<double>(z);
    switch (activation) {
        case Activation::logistic:
            return 1 / (1 + std::exp(-x));
        case Activation::tanh:
            return std::tanh(x);
        case Activation::erf:
            return std::erf(x);
        case Activation::arctan:
            return std::atan(x);
        case Activation::relu:
            return std::max(x, 0.0);
    }
    return NAN;
}

template <class Real>
double exact_derivative(Activation activation, Real z) {
    const double x = static_cast<double>(z);
    switch (activation) {
        case Activation::logistic:
            return 0.25 / std::pow(std::cosh(x / 2), 2);
        case Activation::tanh:
            return 1 / std::pow(std::cosh(x), 2);
        case Activation::erf:
            return 2 / std::sqrt(std::acos(-1.0)) * std::exp(-x * x);
        case Activation::arctan:
            return 1 / (1 + x * x);
        case Activation::relu:
            return std::isnan(x) ? x : x > 0;
    }
    return NAN;
}

template <class Real>
double exact(Activation activation, Real z, bool derivative) {
    return derivative ? exact_derivative(activation, z) : exact(activation, z);
}

/// Activations, and whether it is their derivative.
constexpr std::pair<Activation, bool> functions[] = {{Activation::logistic, false}, {Activation::logistic, true},
                                                     {Activation::tanh, false},     {Activation::tanh, true},
                                                     {Activation::erf, false},      {Activation::erf, true},
                                                     {Activation::arctan, false},   {Activation::arctan, true},
                                                     {Activation::relu, false},     {Activation::relu, true}};

/// A tile with its arrays.
template <class Real>
struct OwnedTile {
    std::vector<Real> weight, bias, coef, hidden;
    kousei::simd::Tile<Real> tile;

    OwnedTile(std::int64_t units, std::int64_t dim, std::int64_t outputs, double scale) {
        const std::int64_t stride = (units + kousei::simd::widest - 1) / kousei::simd::widest * kousei::simd::widest;
        std::mt19937_64 random(1);
        std::normal_distribution<double> normal;
        weight.assign(static_cast<std::size_t>(dim * stride), 0);
        bias.assign(static_cast<std::size_t>(stride), 0);
        coef.assign(static_cast<std::size_t>(outputs * stride), 0);
        hidden.assign(static_cast<std::size_t>(stride), 0);
        tile = {weight.data(), bias.data(), coef.data(), hidden.data(), units, stride, dim, outputs, true};
        for (std::int64_t k = 0; k < units; ++k) {
            for (std::int64_t d = 0; d < dim; ++d)
                tile.weight[d * stride + k] = static_cast<Real>(normal(random) * scale);
            tile.bias[k] = static_cast<Real>(normal(random) * scale);
            for (std::int64_t o = 0; o < outputs; ++o) tile.coef[o * stride + k] = static_cast<Real>(normal(random));
        }
    }
};

}  // namespace

TEST_CASE_TEMPLATE("every instruction set adds up the units of a tile", Real, float, double) {
    for (const auto* const* set = kousei::simd::instruction_sets; *set; ++set) {
        if (!(*set)->supported()) continue;
        CAPTURE((*set)->name);
        for (const auto& [activation, derivative] : functions) {
            const auto kernels = (*set)->template kernels<Real>(activation, derivative);
            for (const std::int64_t units : {1, 2, 15, 16, 17, 100, 512}) {
                for (const std::int64_t dim : {1, 2, 3, 6}) {
                    for (const std::int64_t outputs : {1, 3}) {
                        OwnedTile<Real> owned(units, dim, outputs, kernels.scale);
                        auto& tile = owned.tile;
                        const std::int64_t points = 7;
                        std::vector<Real> x(static_cast<std::size_t>(points * dim));
                        std::mt19937_64 random(2);
                        for (Real& value : x) value = static_cast<Real>(std::normal_distribution<double>()(random));
                        for (const bool finite : {true, false}) {
                            tile.finite = finite;
                            std::vector<double> sum(static_cast<std::size_t>(points * outputs), 0.5);
                            kernels.accumulate(tile, x.data(), points, sum.data());
                            for (std::int64_t i = 0; i < points; ++i) {
                                for (std::int64_t o = 0; o < outputs; ++o) {
                                    double expected = 0.5, size = 1;
                                    for (std::int64_t k = 0; k < units; ++k) {
                                        double z = static_cast<double>(tile.bias[k]);
                                        for (std::int64_t d = 0; d < dim; ++d) {
                                            z += static_cast<double>(tile.weight[d * tile.stride + k]) *
                                                 static_cast<double>(x[static_cast<std::size_t>(i * dim + d)]);
                                        }
                                        const double coef = static_cast<double>(tile.coef[o * tile.stride + k]);
                                        expected += coef * exact(activation, z / kernels.scale, derivative);
                                        size += std::abs(coef) * (1 + std::abs(z / kernels.scale));
                                    }
                                    const double error =
                                        std::abs(sum[static_cast<std::size_t>(i * outputs + o)] - expected);
                                    CHECK(error <= 8 * std::numeric_limits<Real>::epsilon() * size);
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

TEST_CASE_TEMPLATE("every instruction set applies activations and their derivatives elementwise", Real, float,
                   double) {
    std::vector<Real> z(1003), out(1003);
    for (std::size_t i = 0; i < z.size(); ++i) z[i] = static_cast<Real>(0.05 * (static_cast<double>(i) - 500));
    z[0] = -std::numeric_limits<Real>::infinity();
    z[1] = std::numeric_limits<Real>::infinity();
    z[1001] = std::numeric_limits<Real>::quiet_NaN();
    for (const auto* const* set = kousei::simd::instruction_sets; *set; ++set) {
        if (!(*set)->supported()) continue;
        CAPTURE((*set)->name);
        for (const auto& [activation, derivative] : functions) {
            (*set)->template kernels<Real>(activation, derivative).apply(z.data(), 1003, out.data());
            for (std::size_t i = 0; i < z.size(); ++i) {
                const double expected = exact(activation, z[i], derivative);
                if (std::isnan(expected) || std::isinf(expected)) {
                    CHECK(std::isnan(out[i]) == std::isnan(expected));
                } else {
                    CHECK(std::abs(static_cast<double>(out[i]) - expected) <=
                          2 * std::numeric_limits<Real>::epsilon() * std::max(1.0, std::abs(expected)));
                }
            }
        }
    }
}
