#include <doctest/doctest.h>
#include <kousei/equivariant.hpp>
#include <kousei/equivariant_unit.hpp>

#include <cmath>
#include <cstdint>
#include <functional>
#include <random>
#include <stdexcept>
#include <utility>
#include <vector>

#include "workspace.hpp"

namespace {

using namespace kousei::equivariant;
using kousei::Cpu;

/// Whole numbers, whose sums are exact.
template <class Real>
std::vector<Real> whole_numbers(std::int64_t count, unsigned seed) {
    std::mt19937 random(seed);
    std::uniform_int_distribution<int> uniform(-8, 8);
    std::vector<Real> numbers(static_cast<std::size_t>(count));
    for (Real& number : numbers) number = static_cast<Real>(uniform(random));
    return numbers;
}

template <class T>
auto& at(T& numbers, std::int64_t index) {
    return numbers.at(static_cast<std::size_t>(index));
}

template <class Real, class Labels>
std::vector<Real> over_points(Cpu on, const Labels& labels, const std::vector<Real>& values,
                              const std::vector<Real>& f, std::int64_t batch) {
    std::vector<Real> out(static_cast<std::size_t>(batch * labels.units), Real(-1));
    const OwnedWorkspace workspace(workspace_bytes<Real>(on, labels, batch));
    sum_over_points(on, labels, Values<Real>{values.data(), std::ssize(values)}, f.data(), batch, out.data(),
                    workspace.lent());
    return out;
}

template <class Real, class Labels>
std::vector<Real> over_units(Cpu on, const Labels& labels, const std::vector<Real>& values,
                             const std::vector<Real>& c, std::int64_t batch) {
    std::vector<Real> out(static_cast<std::size_t>(batch * labels.points), Real(-1));
    const OwnedWorkspace workspace(workspace_bytes<Real>(on, labels, batch));
    sum_over_units(on, labels, Values<Real>{values.data(), std::ssize(values)}, c.data(), batch, out.data(),
                   workspace.lent());
    return out;
}

/// Both sums against those of label(x, xi), and for 1, 2 and 4 threads.
template <class Real, class Labels>
void check_sums(const Labels& labels, std::int64_t count,
                const std::function<std::int64_t(std::int64_t, std::int64_t)>& label) {
    const auto values = whole_numbers<Real>(count, 1);
    for (const std::int64_t batch : {1, 6}) {
        const auto f = whole_numbers<Real>(batch * labels.points, 2),
                   c = whole_numbers<Real>(batch * labels.units, 3);
        std::vector<Real> spectrum(static_cast<std::size_t>(batch * labels.units));
        std::vector<Real> function(static_cast<std::size_t>(batch * labels.points));
        for (std::int64_t k = 0; k < batch; ++k) {
            for (std::int64_t x = 0; x < labels.points; ++x) {
                for (std::int64_t xi = 0; xi < labels.units; ++xi) {
                    const Real value = at(values, label(x, xi));
                    at(spectrum, k * labels.units + xi) += at(f, k * labels.points + x) * value;
                    at(function, k * labels.points + x) += at(c, k * labels.units + xi) * value;
                }
            }
        }
        for (const int threads : {1, 2, 4}) {
            CHECK(over_points(Cpu{threads, nullptr}, labels, values, f, batch) == spectrum);
            CHECK(over_units(Cpu{threads, nullptr}, labels, values, c, batch) == function);
        }
    }
}

}  // namespace

TEST_CASE_TEMPLATE("sums over orbits", Real, float, double) {
    // Less and more than a tile of rows and of columns, more than threads wait for, and more than a segment.
    const std::pair<std::int64_t, std::int64_t> shapes[] = {{1, 1}, {33, 65}, {5, 200},    {300, 70},
                                                            {0, 4}, {4, 0},   {300000, 2}, {64, 32}};
    for (const auto& [points, units] : shapes) {
        CAPTURE(points);
        std::vector<std::int32_t> labels;
        for (std::int64_t i = 0; i < points * units; ++i) labels.push_back(static_cast<std::int32_t>(i * i % 11));
        check_sums<Real>(Orbits{labels.data(), points, units}, 11,
                         [&](std::int64_t x, std::int64_t xi) { return at(labels, x * units + xi); });
    }
}

TEST_CASE_TEMPLATE("sums over ridges", Real, float, double) {
    // The sums do not ask that p be prime.
    for (const auto& [p, dim] : {std::pair(1, 2), {2, 1}, {2, 5}, {3, 3}, {4, 2}, {5, 2}, {7, 2}, {11, 2}, {67, 1}}) {
        CAPTURE(p);
        Ridges ridges(p, dim);
        const auto label = [&](std::int64_t x, std::int64_t xi) {
            std::int64_t a = (ridges.first + xi) / ridges.p, sum = 0;
            for (std::int64_t d = 0; d < ridges.dim; ++d, a /= ridges.p, x /= ridges.p) {
                sum += (a % ridges.p) * (x % ridges.p);
            }
            return (sum + ridges.p - xi % ridges.p) % ridges.p;
        };
        check_sums<Real>(ridges, p, label);
        // Some of the units, of a numbered from the middle on.
        ridges.first = ridges.points / 2 * p;
        ridges.units = (ridges.points + 3) / 4 * p;
        check_sums<Real>(ridges, p, label);
    }
}

TEST_CASE("the spectrum of i^2 + 3j + ij over Z_5^2") {
    std::vector<double> f, r(5), g(5);
    for (int i = 0; i < 5; ++i) {
        for (int j = 0; j < 5; ++j) f.push_back((i * i + 3 * j + i * j) % 5);
    }
    for (int s = 0; s < 5; ++s) g[static_cast<std::size_t>(s)] = std::max(s - 2, 0);
    for (std::size_t s = 0; s < 5; ++s) r[s] = g[s] - 0.6;
    const Ridges ridges(5, 2);
    const auto sums = over_points(Cpu{1, nullptr}, ridges, r, f, 1);
    // R has 1/5 before the sum.
    CHECK(sums[35] / 5 == doctest::Approx(-1.2).epsilon(1e-15));
    const double row[] = {1.8, -0.2, -1.2, -1.2, 0.8};
    for (std::size_t b = 0; b < 5; ++b) CHECK(std::abs(sums[5 + b] / 5 - row[b]) < 1e-15);
    const auto found = over_units(Cpu{1, nullptr}, ridges, g, sums, 1);
    for (std::size_t x = 0; x < 25; ++x) CHECK(std::abs(found[x] / 25 / 3.2 - f[x]) < 1e-14);
}

TEST_CASE("labels at the largest modulus") {
    const Ridges ridges(65521, 1);
    const std::int64_t last = 65520;
    CHECK(label_at(ridges, last, last * 65521 + last) == 2);
    CHECK(label_at(ridges, last, last * 65521) == 1);
    CHECK(label_at(ridges, 0, last) == 1);
    Walk<Ridges, true> down(ridges, last * 65521, last);
    Walk<Ridges, false> along(ridges, 1, last * 65521);
    CHECK(down.label(ridges) == 1);
    CHECK(along.label(ridges) == 65520);
    down.next(ridges), along.next(ridges);
    CHECK(down.label(ridges) == 0);
    CHECK(along.label(ridges) == 65519);
    CHECK_THROWS_AS(Ridges(65521, 4), kousei::SizeError);
}

TEST_CASE("a workspace that is too small for sums of features") {
    const std::vector<double> values{3}, f{1};
    const std::vector<std::int32_t> labels{0};
    double out = 0;
    CHECK_THROWS_AS(
        sum_over_points(Cpu{}, Orbits{labels.data(), 1, 1}, Values<double>{values.data(), 1}, f.data(), 1, &out, {}),
        std::invalid_argument);
}
