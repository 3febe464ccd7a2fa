#include <doctest/doctest.h>
#include <kousei/ridgelet.hpp>
#include <kousei/ridgelet_unit.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <random>
#include <utility>
#include <vector>

#include "simd/kernels.hpp"
#include "workspace.hpp"

namespace {

using namespace kousei::ridgelet;
using kousei::Activation, kousei::Cpu;
namespace simd = kousei::simd;

template <class Real>
std::vector<Real> normal_numbers(std::int64_t count, double scale, unsigned seed) {
    std::mt19937_64 random(seed);
    std::normal_distribution<double> normal(0, scale);
    std::vector<Real> numbers(static_cast<std::size_t>(count));
    for (Real& number : numbers) number = static_cast<Real>(normal(random));
    return numbers;
}

template <class T>
T& at(std::vector<T>& numbers, std::int64_t index) {
    return numbers.at(static_cast<std::size_t>(index));
}

/// A kernel by its rounded table, and its reference.
template <class Real>
struct OwnKernel {
    std::vector<double> exact;
    std::vector<Real> rounded;
    Kernel<Real> kernel;
    Kernel<double> reference;

    OwnKernel(double s, bool derivative) : exact(table_size), rounded(table_size) {
        tabulate(s, derivative, exact.data());
        std::transform(exact.begin(), exact.end(), rounded.begin(), [](double c) { return static_cast<Real>(c); });
        kernel = {rounded.data(), static_cast<Real>(s), derivative};
        reference = {exact.data(), s, derivative};
    }
    OwnKernel(const OwnKernel&) = delete;

    /// The largest absolute value.
    double largest() const {
        double most = 0;
        for (int i = 0; i < 600; ++i) most = std::max(most, std::abs(value_at(reference, 0.01 * i)));
        return most;
    }
};

/// s and whether it is the derivative: Hermite's functions of fixed orders and of others, and those of the table.
constexpr std::pair<double, bool> powers[] = {{0, false},  {0, true},  {2, false}, {2, true},    {4, false},
                                              {6, true},   {8, false}, {8, true},  {12, true},   {16, false},
                                              {20, false}, {3, false}, {1, true},  {-0.5, false}};

const std::vector<std::pair<Activation, std::function<double(double)>>> activations = {
    {Activation::tanh, [](double t) { return std::tanh(t); }},
    {Activation::logistic, [](double t) { return 1 / (1 + std::exp(-t)); }},
    {Activation::erf, [](double t) { return std::erf(t); }},
    {Activation::arctan, [](double t) { return std::atan(t); }},
    {Activation::relu, [](double t) { return std::max(t, 0.0); }},
    {Activation::gelu, [](double t) { return t * std::erfc(-t / std::sqrt(2.0)) / 2; }},
    {Activation::silu, [](double t) { return t / (1 + std::exp(-t)); }},
    {Activation::softplus, [](double t) { return std::max(t, 0.0) + std::log1p(std::exp(-std::abs(t))); }}};

/// Holds a block of an instruction set against the sum of the reference's values, which err by 8 eps `largest` each,
/// times |t| for the activations that grow.
template <class Real, class Function>
void check_block(const simd::InstructionSet& set, const Function& function,
                 const std::function<double(double)>& reference, double largest) {
    constexpr std::int64_t width = simd::ridgelet_columns, most = simd::ridgelet_rows;
    for (const std::int64_t columns : {std::int64_t{1}, std::int64_t{15}, std::int64_t{33}, width}) {
        for (const std::int64_t rows : {std::int64_t{1}, std::int64_t{5}, most}) {
            for (const std::int64_t batch : {1, 4, 6}) {
                auto column = normal_numbers<Real>(width, 9, 1), row = normal_numbers<Real>(rows, 9, 2);
                auto weight = normal_numbers<Real>(batch * 40, 1, 3);
                at(column, 0) = 0, at(row, 0) = 0;
                std::vector<Real> values(static_cast<std::size_t>(width * most));
                std::vector<double> sums(static_cast<std::size_t>(width * batch), 0.5);
                const simd::ProductBlock<Real> block{weight.data(), 40,         columns, rows, batch,
                                                     values.data(), sums.data()};
                set.of<Real>().ridgelet.add(function)(function, {block, column.data(), row.data()});
                for (std::int64_t k = 0; k < batch; ++k) {
                    for (std::int64_t c = 0; c < columns; ++c) {
                        double expected = 0.5, size = 1;
                        for (std::int64_t r = 0; r < rows; ++r) {
                            const double t = static_cast<double>(at(column, c) - at(row, r));
                            const double g = static_cast<double>(at(weight, k * 40 + r));
                            expected += g * reference(t);
                            size += std::abs(g) * std::max(largest, std::abs(reference(t)));
                        }
                        const double error = std::abs(at(sums, k * width + c) - expected);
                        CHECK(error <= 8 * std::numeric_limits<Real>::epsilon() * size);
                    }
                }
            }
        }
    }
}

/// Points, directions and biases of their own.
struct OwnArguments {
    std::vector<double> points, directions, biases;
    Arguments arguments;

    OwnArguments(std::int64_t n, std::int64_t a, std::int64_t b, std::int64_t dim)
        : points(normal_numbers<double>(n * dim, 1, 4)),
          directions(normal_numbers<double>(a * dim, 3, 5)),
          biases(normal_numbers<double>(b, 6, 6)),
          arguments{points.data(), directions.data(), biases.data(), n, a, b, dim} {
        std::sort(biases.begin(), biases.end());
    }
    OwnArguments(const OwnArguments&) = delete;
};

/// A spectrum (batch, directions, biases) of functions (batch, points), and the other way round.
template <class Real, class Function>
std::vector<Real> over_points(Cpu on, const Arguments& all, const Function& function, const std::vector<Real>& g,
                              std::int64_t batch) {
    std::vector<Real> out(static_cast<std::size_t>(batch * all.direction_count * all.bias_count), Real(-1));
    const OwnedWorkspace workspace(workspace_bytes<Real>(on, all, function, batch));
    sum_over_points(on, all, function, g.data(), batch, out.data(), workspace.lent());
    return out;
}

template <class Real, class Function>
std::vector<Real> over_units(Cpu on, const Arguments& all, const Function& function, const std::vector<Real>& c,
                             std::int64_t batch) {
    std::vector<Real> out(static_cast<std::size_t>(batch * all.point_count), Real(-1));
    const OwnedWorkspace workspace(workspace_bytes<Real>(on, all, function, batch));
    sum_over_units(on, all, function, c.data(), batch, out.data(), workspace.lent());
    return out;
}

/// out[k, j] of sum_over_units in float64, one by one; `sizes`, the same of the absolute values.
template <class Real>
std::vector<double> slowly(const Arguments& all, const std::function<double(double)>& f, const std::vector<Real>& c,
                           std::int64_t batch, std::vector<double>& sizes) {
    std::vector<double> out;
    sizes.clear();
    for (std::int64_t k = 0; k < batch; ++k) {
        for (std::int64_t j = 0; j < all.point_count; ++j) {
            double sum = 0, size = 0;
            for (std::int64_t i = 0; i < all.direction_count; ++i) {
                for (std::int64_t l = 0; l < all.bias_count; ++l) {
                    const std::int64_t index = (k * all.direction_count + i) * all.bias_count + l;
                    const double value = static_cast<double>(c.at(static_cast<std::size_t>(index))) *
                                         f(projection(all, i, j) - all.biases[l]);
                    sum += value, size += std::abs(value);
                }
            }
            out.push_back(sum), sizes.push_back(size);
        }
    }
    return out;
}

}  // namespace

TEST_CASE_TEMPLATE("every instruction set sums ridgelets", Real, float, double) {
    for (const auto* const* set = simd::instruction_sets; *set; ++set) {
        if (!(*set)->supported()) continue;
        CAPTURE((*set)->name);
        for (const auto& [s, derivative] : powers) {
            CAPTURE(s);
            CAPTURE(derivative);
            const OwnKernel<Real> own(s, derivative);
            const auto reference = [&](double t) { return value_at(own.reference, t); };
            check_block<Real>(**set, own.kernel, reference, own.largest());
        }
        for (const auto& [activation, reference] : activations) {
            CAPTURE(static_cast<int>(activation));
            check_block<Real>(**set, activation, reference, 1);
        }
    }
}

TEST_CASE_TEMPLATE("kernels are 0 at the largest arguments", Real, float, double) {
    const std::vector<double> point{1}, direction{1e160}, bias{0};
    const Arguments all{point.data(), direction.data(), bias.data(), 1, 1, 1, 1};
    const std::vector<Real> one{1};
    for (const auto& [s, derivative] : powers) {
        CAPTURE(s);
        CAPTURE(derivative);
        const OwnKernel<Real> own(s, derivative);
        const double tiny = std::numeric_limits<Real>::epsilon() * std::numeric_limits<Real>::epsilon();
        const double over = static_cast<double>(over_points(Cpu{}, all, own.kernel, one, 1).front());
        const double under = static_cast<double>(over_units(Cpu{}, all, own.kernel, one, 1).front());
        CHECK(std::abs(over) <= tiny * own.largest());
        CHECK(std::abs(under) <= tiny * own.largest());
    }
}

TEST_CASE_TEMPLATE("sums over points and over units, on any number of threads", Real, float, double) {
    const OwnKernel<Real> fourth(4, false), third(3, false);
    const double eps = std::numeric_limits<Real>::epsilon();
    constexpr std::int64_t batch = 3;
    for (const std::int64_t dim : {1, 2, 5}) {
        const OwnArguments own(203, 9, 77, dim);
        const Arguments& all = own.arguments;
        const std::int64_t cells = all.direction_count * all.bias_count;
        const auto g = normal_numbers<Real>(batch * all.point_count, 1, 7),
                   c = normal_numbers<Real>(batch * cells, 1, 8);
        const auto check = [&](const auto& function, const std::function<double(double)>& f, double largest) {
            const auto spectrum = over_points(Cpu{1, nullptr}, all, function, g, batch);
            const auto values = over_units(Cpu{1, nullptr}, all, function, c, batch);
            for (const int threads : {2, 4}) {
                CHECK(over_points(Cpu{threads, nullptr}, all, function, g, batch) == spectrum);
                CHECK(over_units(Cpu{threads, nullptr}, all, function, c, batch) == values);
            }
            std::vector<double> sizes;
            const auto expected = slowly(all, f, c, batch, sizes);
            double product = 0, adjoint = 0, size = 0;
            for (std::int64_t i = 0; i < batch * all.point_count; ++i) {
                const auto k = static_cast<std::size_t>(i);
                CHECK(std::abs(static_cast<double>(values[k]) - expected[k]) <=
                      4 * eps * (sizes[k] + static_cast<double>(cells) * largest));
                adjoint += static_cast<double>(values[k]) * static_cast<double>(g[k]);
                size += sizes[k] * std::abs(static_cast<double>(g[k]));
            }
            for (std::size_t k = 0; k < c.size(); ++k) {
                product += static_cast<double>(c[k]) * static_cast<double>(spectrum[k]);
            }
            CHECK(std::abs(product - adjoint) <= 4 * eps * size);
        };
        check(fourth.kernel, [&](double t) { return value_at(fourth.reference, t); }, fourth.largest());
        check(third.kernel, [&](double t) { return value_at(third.reference, t); }, third.largest());
        check(Activation::tanh, [](double t) { return std::tanh(t); }, 1);
    }
}

TEST_CASE_TEMPLATE("differences of large projections and biases keep their digits", Real, float, double) {
    const OwnKernel<Real> own(4, false);
    const double point = 1, direction = 4096.3, biases[] = {4095.3, 4096.0, 4097.1};
    const Arguments all{&point, &direction, biases, 1, 1, 3, 1};
    const auto spectrum = over_points(Cpu{1, nullptr}, all, own.kernel, std::vector<Real>{1}, 1);
    for (std::size_t l = 0; l < 3; ++l) {
        CHECK(std::abs(static_cast<double>(spectrum[l]) - value_at(own.reference, direction - biases[l])) <=
              40 * std::numeric_limits<Real>::epsilon());
    }
}

TEST_CASE_TEMPLATE("sums of powers by prefix sums", Real, float, double) {
    const double eps = std::numeric_limits<Real>::epsilon();
    for (const std::int64_t count : {1, 2, 64, 300}) {
        OwnArguments own(281, 5, count, 2);
        // On a bias the step is 0.
        own.directions[0] = 1, own.directions[1] = 0, own.points[0] = own.biases[0];
        const Arguments& all = own.arguments;
        for (const std::int64_t batch : {1, 3}) {
            const auto c = normal_numbers<Real>(batch * all.direction_count * count, 1, 9);
            for (const int power : {0, 1, 2, 7}) {
                CAPTURE(power);
                const auto values = over_units(Cpu{1, nullptr}, all, Power{power}, c, batch);
                CHECK(over_units(Cpu{3, nullptr}, all, Power{power}, c, batch) == values);
                std::vector<double> sizes;
                const auto f = [&](double t) { return t > 0 ? std::pow(t, power) : 0; };
                const auto expected = slowly(all, f, c, batch, sizes);
                for (std::size_t k = 0; k < values.size(); ++k) {
                    CHECK(std::abs(static_cast<double>(values[k]) - expected[k]) <= 8 * eps * sizes[k]);
                }
            }
        }
    }
}

TEST_CASE("sums of nothing") {
    const OwnKernel<double> own(4, false);
    const OwnArguments some(3, 2, 4, 2);
    Arguments none = some.arguments;
    none.point_count = 0;
    const std::vector<double> zeros(8), empty;
    CHECK(over_points(Cpu{}, none, own.kernel, empty, 1) == zeros);
    CHECK(over_units(Cpu{}, none, own.kernel, zeros, 1).empty());
    CHECK(over_points(Cpu{}, some.arguments, own.kernel, empty, 0).empty());
    Arguments no_biases = some.arguments;
    no_biases.bias_count = 0;
    const std::vector<double> three(3);
    CHECK(over_units(Cpu{}, no_biases, own.kernel, empty, 1) == three);
    CHECK(over_units(Cpu{}, no_biases, Power{1}, empty, 1) == three);
    CHECK(over_points(Cpu{}, no_biases, own.kernel, three, 1).empty());
}

TEST_CASE("the workspace of sums does not grow with points, directions or biases") {
    const OwnKernel<double> own(4, false);
    const std::int64_t many = std::int64_t{1} << 30;
    const Arguments all{nullptr, nullptr, nullptr, many, many, 1000, 2};
    CHECK(workspace_bytes<double>(Cpu{1, nullptr}, all, own.kernel, 1) < 1 << 16);
    CHECK(workspace_bytes<float>(Cpu{1, nullptr}, all, Activation::tanh, 8) < 1 << 16);
    CHECK(workspace_bytes<double>(Cpu{1, nullptr}, all, Power{2}, 1) < 1 << 24);
    CHECK_THROWS_AS(workspace_bytes<double>(Cpu{1, nullptr}, all, own.kernel, std::int64_t{1} << 60),
                    kousei::SizeError);
    CHECK_THROWS_AS(workspace_bytes<double>(Cpu{1, nullptr}, all, Power{2}, std::int64_t{1} << 60),
                    kousei::SizeError);
}
