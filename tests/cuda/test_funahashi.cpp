// Funahashi networks by each method, run by the emulator, against the library for the CPU.
#include <doctest/doctest.h>
#include <kousei/cuda/funahashi.hpp>
#include <kousei/funahashi_unit.hpp>

#include <algorithm>
#include <cmath>
#include <complex>
#include <cstdint>
#include <vector>

#include "kernels.hpp"

namespace {

using namespace kousei;
using funahashi::Method;

constexpr double pi = 3.14159265358979323846;

/// A network with arrays of its own.
template <class Real>
struct Net {
    std::vector<Real> frequencies, amplitudes, thresholds, phases, center;
    std::vector<std::int64_t> bumps, starts;
    funahashi::View<Real> view;

    Net(std::int64_t n, std::int64_t thresholds_, std::int64_t dim, std::int64_t merged, bool ranges,
        Activation activation, double h = pi / 3)
        : frequencies(random<Real>(static_cast<std::size_t>(n * dim), 8)),
          amplitudes(random<Real>(static_cast<std::size_t>(2 * n))),
          center(random<Real>(static_cast<std::size_t>(dim))) {
        const double delta = 0.9, alpha = (merged > 0 ? static_cast<double>(merged) * h : pi) / 2 / delta;
        for (std::int64_t k = 0; k < thresholds_; ++k) {
            const double t = h * (static_cast<double>(k) - static_cast<double>(thresholds_ - 1) / 2);
            thresholds.push_back(static_cast<Real>(t));
            phases.push_back(static_cast<Real>(std::cos(t)));
            phases.push_back(static_cast<Real>(std::sin(t)));
        }
        view = {frequencies.data(),
                amplitudes.data(),
                thresholds.data(),
                phases.data(),
                center.data(),
                n,
                thresholds_,
                dim,
                h,
                static_cast<Real>(1 / delta),
                static_cast<Real>(alpha),
                activation,
                Real(0.5),
                merged};
        if (!ranges) return;
        starts.push_back(0);
        for (std::int64_t w = 0; w < n; ++w) {
            const std::int64_t less = w % (thresholds_ / 4), first = less / 2, last = thresholds_ - less;
            bumps.insert(bumps.end(), {first, last});
            starts.push_back(starts.back() + funahashi::units_of(last - first, merged));
        }
        view.ranges = {bumps.data(), starts.data(), starts.back()};
    }
    double sum_of_weights() const { return static_cast<double>(2 * view.frequency_count * view.threshold_count); }
};

}  // namespace

TEST_CASE_TEMPLATE("every method on the device", Real, float, double) {
    for (const Activation activation : {Activation::logistic, Activation::tanh}) {
        for (const std::int64_t merged : {0, 3}) {
            for (const bool ranges : {false, true}) {
                for (const std::int64_t dim : {1, 2, 3, 4}) {
                    const std::int64_t points = dim == 2 ? 700 : 30;
                    const Net<Real> net(dim == 1 ? 40 : 17, 36, dim, merged, ranges, activation);
                    const auto x = random<Real>(static_cast<std::size_t>(points * dim), 3);
                    for (const Method method : {Method::dense, Method::shared, Method::window}) {
                        if (funahashi::work(net.view, method) == 0) continue;
                        CAPTURE(static_cast<int>(method));
                        CAPTURE(merged);
                        CAPTURE(ranges);
                        CAPTURE(dim);
                        CHECK(difference<Real>(
                                  points, net.sum_of_weights(),
                                  [&](auto on) { return funahashi::workspace_bytes(on, net.view, method, points); },
                                  [&](auto on, Real* out, Workspace workspace) {
                                      funahashi::evaluate(on, net.view, method, x.data(), points, out, workspace);
                                  }) < tolerance<Real>);
                    }
                }
            }
        }
    }
}

TEST_CASE_TEMPLATE("thresholds far apart, and points beyond them", Real, float, double) {
    for (const double h : {0.02, 1.0, 2.5, 5.0, 9.0, 15.0, 30.0, 100.0, 700.0}) {
        for (const Activation activation : {Activation::logistic, Activation::tanh}) {
            const Net<Real> net(5, 20, 1, 0, false, activation, h);
            auto x = random<Real>(60, 4 * h);
            x.insert(x.end(), {Real(1e9), Real(-1e9)});
            const auto points = static_cast<std::int64_t>(x.size());
            const auto evaluated = [&](auto on, Method method) {
                return values<Real>(
                    on, points,
                    [&](auto where) { return funahashi::workspace_bytes(where, net.view, method, points); },
                    [&](auto where, Real* out, Workspace workspace) {
                        funahashi::evaluate(where, net.view, method, x.data(), points, out, workspace);
                    });
            };
            const auto expected = evaluated(Cpu{}, Method::dense);
            for (const Method method : {Method::shared, Method::window}) {
                if (funahashi::work(net.view, method) == 0) continue;
                CAPTURE(h);
                CAPTURE(static_cast<int>(method));
                const auto host = evaluated(Cpu{}, method), device = evaluated(Cuda{}, method);
                for (std::size_t i = 0; i < x.size(); ++i) {
                    const double limit = (sizeof(Real) == 8 ? 1e-13 : 1e-4) * net.sum_of_weights();
                    // Phases of many digits are rounded differently.
                    if (std::abs(static_cast<double>(x[i])) > 1e6 && sizeof(Real) == 4) continue;
                    CHECK(std::abs(static_cast<double>(host[i] - expected[i])) < limit);
                    CHECK(std::abs(static_cast<double>(device[i] - expected[i])) < limit);
                }
            }
        }
    }
    CHECK(funahashi::work(Net<Real>(5, 20, 1, 0, false, Activation::logistic, 1).view, Method::window) > 0);
    CHECK(funahashi::work(Net<Real>(5, 20, 1, 0, false, Activation::logistic, 700).view, Method::window) == 0);
}

TEST_CASE_TEMPLATE("gradients on the device", Real, float, double) {
    for (const Activation activation :
         {Activation::logistic, Activation::tanh, Activation::erf, Activation::arctan}) {
        for (const std::int64_t dim : {1, 2, 3, 5}) {
            const std::int64_t points = 40;
            const Net<Real> net(17, 36, dim, 3, true, activation);
            const auto x = random<Real>(static_cast<std::size_t>(points * dim), 3);
            CHECK(difference<Real>(
                      points * dim, 10 * net.sum_of_weights(),
                      [&](auto on) { return funahashi::gradient_workspace_bytes(on, net.view, points); },
                      [&](auto on, Real* out, Workspace workspace) {
                          funahashi::evaluate_gradient(on, net.view, x.data(), points, out, workspace);
                      }) < tolerance<Real>);
        }
    }
}

TEST_CASE_TEMPLATE("groups of 1, 2 and 4, and more groups than a tile", Real, float, double) {
    // Fewer thresholds, further apart, have smaller exponentials.
    for (const std::int64_t count : {8, 40, 90, 170, 400, 1200}) {
        const Net<Real> net(5, count, 1, 0, false, Activation::logistic,
                            sizeof(Real) == 8 && count == 1200 ? 0.3 : 1);
        if (funahashi::work(net.view, Method::shared) == 0) continue;
        const auto x = random<Real>(20, 5);
        CHECK(difference<Real>(
                  20, net.sum_of_weights(),
                  [&](auto on) { return funahashi::workspace_bytes(on, net.view, Method::shared, 20); },
                  [&](auto on, Real* out, Workspace workspace) {
                      funahashi::evaluate(on, net.view, Method::shared, x.data(), 20, out, workspace);
                  }) < tolerance<Real>);
    }
}

TEST_CASE_TEMPLATE("a table on the device", Real, float, double) {
    const Net<Real> net(33, 36, 2, 0, false, Activation::logistic);
    const std::int64_t cells = 50, points = 200;
    const auto coefficients = random<Real>(static_cast<std::size_t>(cells * 2 * (funahashi::table_degree + 1)));
    const funahashi::Table<Real> table{coefficients.data(), cells, Real(-20), Real(1.25)};
    const auto x = random<Real>(static_cast<std::size_t>(2 * points), 3);
    CHECK(difference<Real>(
              points, 33.0, [&](auto on) { return funahashi::workspace_bytes(on, net.view, table, points); },
              [&](auto on, Real* out, Workspace workspace) {
                  funahashi::evaluate(on, net.view, table, x.data(), points, out, workspace);
              }) < (sizeof(Real) == 8 ? 1e-13 : 1e-4));
}

TEST_CASE_TEMPLATE("Fourier sums on the device", Real, float, double) {
    const std::int64_t shapes[][3] = {{1, 1, 34}, {1, 1, 1300}, {1, 18, 10}, {6, 5, 8}, {2, 2, 600}, {1, 90, 2}};
    for (const auto& shape : shapes) {
        const std::int64_t dim = shape[0] > 1 ? 3 : shape[1] > 1 ? 2 : 1, points = 300;
        const auto size = static_cast<std::size_t>(shape[0] * shape[1] * shape[2]);
        const auto grid_values = random<Real>(2 * size);
        const auto angles = random<Real>(static_cast<std::size_t>(dim * points), pi);
        const funahashi::Grid<Real> grid{grid_values.data(), {shape[0], shape[1], shape[2]}};
        const auto summed = [&] {
            return values<Real>(
                Cuda{}, 2 * points, [&](Cuda on) { return funahashi::workspace_bytes(on, grid, points); },
                [&](Cuda on, Real* out, Workspace workspace) {
                    funahashi::fourier_sum(on, grid, angles.data(), points, dim, out, workspace);
                });
        };
        const auto found = summed();
        emulator::reversed = true;
        CHECK(summed() == found);
        emulator::reversed = false;
        double largest = 0;
        for (std::int64_t i = 0; i < points; ++i) {
            std::complex<double> sum = 0;
            for (std::int64_t k = 0; k < static_cast<std::int64_t>(size); ++k) {
                const std::int64_t index[3] = {k / (shape[1] * shape[2]), k / shape[2] % shape[1], k % shape[2]};
                double angle = 0;
                for (std::int64_t d = 0; d < dim; ++d) {
                    const std::int64_t axis = 3 - dim + d;
                    angle += static_cast<double>(index[axis] - shape[axis] / 2) *
                             static_cast<double>(angles[static_cast<std::size_t>(i * dim + d)]);
                }
                const auto at = static_cast<std::size_t>(2 * k);
                sum += std::complex<double>(grid_values[at], grid_values[at + 1]) * std::polar(1.0, angle);
            }
            const auto at = static_cast<std::size_t>(2 * i);
            largest = std::max(largest, std::abs(std::complex<double>(found[at], found[at + 1]) - sum));
        }
        CAPTURE(size);
        CHECK(largest / static_cast<double>(size) < (sizeof(Real) == 8 ? 1e-14 : 1e-5));
    }
}
