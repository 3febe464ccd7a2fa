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
        case Activation::gelu:
            return x == -HUGE_VAL ? 0 : x / 2 * std::erfc(-x / std::sqrt(2.0));
        case Activation::silu:
            return x == -HUGE_VAL ? 0 : x / (1 + std::exp(-x));
        case Activation::softplus:
            return std::max(x, 0.0) + std::log1p(std::exp(-std::abs(x)));
        default:
            return NAN;
    }
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
        default:
            return NAN;
    }
}

template <class Real>
double exact(Activation activation, Real z, bool derivative) {
    return derivative ? exact_derivative(activation, z) : exact(activation, z);
}

/// Activations, and whether it is their derivative.
constexpr std::pair<Activation, bool> functions[] = {
    {Activation::logistic, false}, {Activation::logistic, true}, {Activation::tanh, false},
    {Activation::tanh, true},      {Activation::erf, false},     {Activation::erf, true},
    {Activation::arctan, false},   {Activation::arctan, true},   {Activation::relu, false},
    {Activation::gelu, false},     {Activation::silu, false},    {Activation::softplus, false}};

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
            const auto kernels = (*set)->template of<Real>().of_activation(activation, derivative);
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

TEST_CASE_TEMPLATE("every instruction set adds up the same alone and beside other points", Real, float, double) {
    const std::int64_t points = 7;
    std::mt19937_64 random(2);
    for (const auto* const* set = kousei::simd::instruction_sets; *set; ++set) {
        if (!(*set)->supported()) continue;
        for (const auto& [activation, derivative] : functions) {
            CAPTURE((*set)->name);
            CAPTURE(static_cast<int>(activation));
            const auto kernels = (*set)->template of<Real>().of_activation(activation, derivative);
            for (const std::int64_t dim : {1, 2, 3, 6}) {
                for (const std::int64_t outputs : {1, 3}) {
                    OwnedTile<Real> owned(100, dim, outputs, kernels.scale);
                    auto& tile = owned.tile;
                    std::vector<Real> x(static_cast<std::size_t>(points * dim));
                    for (Real& value : x) value = static_cast<Real>(std::normal_distribution<double>()(random));
                    std::vector<double> together(static_cast<std::size_t>(points * outputs));
                    kernels.accumulate(tile, x.data(), points, together.data());
                    for (const bool finite : {true, false}) {
                        tile.finite = finite;
                        std::vector<double> alone(together.size());
                        for (std::int64_t i = 0; i < points; ++i) {
                            kernels.accumulate(tile, x.data() + i * dim, 1, alone.data() + i * outputs);
                        }
                        CHECK(alone == together);
                    }
                }
            }
        }
    }
}

TEST_CASE_TEMPLATE("every instruction set applies activations elementwise", Real, float, double) {
    std::vector<Real> z(1003), out(1003);
    for (std::size_t i = 0; i < z.size(); ++i) z[i] = static_cast<Real>(0.05 * (static_cast<double>(i) - 500));
    z[0] = -std::numeric_limits<Real>::infinity();
    z[1] = std::numeric_limits<Real>::infinity();
    z[1001] = std::numeric_limits<Real>::quiet_NaN();
    for (const auto* const* set = kousei::simd::instruction_sets; *set; ++set) {
        if (!(*set)->supported()) continue;
        CAPTURE((*set)->name);
        for (const auto& [activation, derivative] : functions) {
            if (derivative) continue;
            CAPTURE(static_cast<int>(activation));
            const kousei::activation::Part<Real> part{activation, nullptr, 0, 1003};
            (*set)->template of<Real>().apply_part(part, nullptr, z.data(), 1, 1003, out.data(), 1003);
            for (std::size_t i = 0; i < z.size(); ++i) {
                const double expected = exact(activation, z[i], false);
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

TEST_CASE_TEMPLATE("every instruction set applies the parts of a layer in place", Real, float, double) {
    using kousei::activation::Part;
    constexpr std::int64_t rows = 3;
    for (const auto* const* set = kousei::simd::instruction_sets; *set; ++set) {
        if (!(*set)->supported()) continue;
        CAPTURE((*set)->name);
        for (const std::int64_t units : {1, 3, 4, 17, 40}) {
            // relu6, with a kink at each end of [0, 6]; slopes of units; and max(z, 0)^3.
            const std::vector<Real> relu6 = {0, 6, 0, 1, 0, 0, 0, 6};
            std::vector<Real> slopes;
            for (std::int64_t j = 0; j < 2 * units; ++j) slopes.push_back(static_cast<Real>(j % 3) - 1);
            const Part<Real> parts[] = {{Activation::piecewise_linear, relu6.data(), 2, units},
                                        {Activation::homogeneous, slopes.data(), 0, units},
                                        {Activation::repu, nullptr, 3, units},
                                        {Activation::tanh, nullptr, 0, units}};
            const std::int64_t stride = 4 * units + 5;
            std::mt19937_64 random(3);
            std::vector<Real> z(static_cast<std::size_t>(rows * stride)), bias;
            for (Real& value : z) value = static_cast<Real>(4 * std::normal_distribution<double>()(random));
            z[0] = std::numeric_limits<Real>::infinity();
            z[static_cast<std::size_t>(stride)] = std::numeric_limits<Real>::quiet_NaN();
            for (std::int64_t j = 0; j < 4 * units; ++j) bias.push_back(static_cast<Real>(j % 5) / 2);
            for (const bool biased : {true, false}) {
                std::vector<Real> out = z;
                for (std::int64_t p = 0; p < 4; ++p) {
                    Real* const at = out.data() + p * units;
                    (*set)->template of<Real>().apply_part(parts[p], biased ? bias.data() + p * units : nullptr, at,
                                                           rows, stride, at, stride);
                }
                for (std::int64_t i = 0; i < rows * stride; ++i) {
                    const auto at = static_cast<std::size_t>(i);
                    const std::int64_t unit = i % stride, j = unit % units;
                    const Real x = z[at] + (biased && unit < 4 * units ? bias[static_cast<std::size_t>(unit)] : 0);
                    if (unit >= 4 * units) {
                        CHECK(out[at] == z[at]);
                    } else if (std::isnan(x)) {
                        CHECK(std::isnan(out[at]));
                    } else if (unit < units) {
                        CHECK(out[at] == std::clamp<Real>(x, 0, 6));
                    } else if (unit < 2 * units) {
                        CHECK(out[at] == x * slopes[static_cast<std::size_t>(x < 0 ? j : j + units)]);
                    } else {
                        const double relu = std::max(static_cast<double>(x), 0.0);
                        const double expected = unit < 3 * units ? std::pow(relu, 3) : std::tanh(x);
                        CHECK(std::abs(static_cast<double>(out[at]) - expected) <=
                              4 * std::numeric_limits<Real>::epsilon() * std::abs(expected));
                    }
                }
            }
        }
    }
}
