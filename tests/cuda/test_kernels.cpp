// Every CUDA kernel, run by the emulator, against the library for the CPU.
#include <doctest/doctest.h>
#include <kousei/cuda/activation.hpp>
#include <kousei/cuda/equivariant.hpp>
#include <kousei/cuda/funahashi.hpp>
#include <kousei/cuda/network.hpp>
#include <kousei/cuda/ridgelet.hpp>
#include <kousei/funahashi_unit.hpp>
#include <kousei/network.hpp>

#include <algorithm>
#include <cmath>
#include <complex>
#include <cstdint>
#include <stdexcept>
#include <utility>
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

TEST_CASE_TEMPLATE("kernels of ridgelets on the device", Real, float, double) {
    const auto t = random<Real>(1000, 20);
    std::vector<double> exact(ridgelet::table_size);
    for (const bool derivative : {false, true}) {
        ridgelet::tabulate(3.5, derivative, exact.data());
        std::vector<Real> table, expected(1000), found(1000);
        for (const double c : exact) table.push_back(static_cast<Real>(c));
        const ridgelet::Kernel<Real> kernel{table.data(), Real(3.5), derivative};
        ridgelet::evaluate(Cpu{}, kernel, t.data(), 1000, expected.data());
        ridgelet::evaluate(Cuda{}, kernel, t.data(), 1000, found.data());
        CHECK(expected == found);
    }
}

/// Points, directions and biases of sums, the biases uniform or not.
struct Arguments {
    std::vector<double> points, directions, biases;
    ridgelet::Arguments view;

    Arguments(std::int64_t n, std::int64_t directions_, std::int64_t biases_, std::int64_t dim, bool uniform = true)
        : points(random<double>(static_cast<std::size_t>(n * dim))),
          directions(random<double>(static_cast<std::size_t>(directions_ * dim), 6)),
          biases(static_cast<std::size_t>(biases_)) {
        for (std::int64_t l = 0; l < biases_; ++l) {
            const double place = (static_cast<double>(l) + 0.5) / static_cast<double>(biases_);
            biases[static_cast<std::size_t>(l)] = 12 * (uniform ? place : place * place) - 6;
        }
        view = {points.data(), directions.data(), biases.data(), n, directions_, biases_, dim};
    }
    std::int64_t cells() const { return view.direction_count * view.bias_count; }
};

TEST_CASE_TEMPLATE("sums of ridgelets on the device", Real, float, double) {
    // Fewer biases than a thread has, several directions in a block and several blocks for one, points and biases
    // beyond a tile, several segments.
    const std::int64_t shapes[][4] = {{1, 1, 1, 1},    {40, 3, 5, 2},  {7, 150, 1, 3}, {150, 2, 140, 2},
                                      {2, 1, 1100, 5}, {600, 3, 9, 1}, {0, 3, 4, 2}};
    std::vector<double> exact(ridgelet::table_size);
    for (const auto& [n, directions, biases, dim] : shapes) {
        CAPTURE(n);
        const Arguments at(n, directions, biases, dim);
        for (const std::int64_t batch : {1, 5}) {
            const auto g = random<Real>(static_cast<std::size_t>(batch * n));
            const auto c = random<Real>(static_cast<std::size_t>(batch * at.cells()));
            const auto check = [&](const auto& function, double peak) {
                const auto bytes = [&](auto on) {
                    return ridgelet::workspace_bytes<Real>(on, at.view, function, batch);
                };
                CHECK(difference<Real>(batch * at.cells(), peak * static_cast<double>(n + 1), bytes,
                                       [&](auto on, Real* out, Workspace workspace) {
                                           ridgelet::sum_over_points(on, at.view, function, g.data(), batch, out,
                                                                     workspace);
                                       }) < tolerance<Real>);
                CHECK(difference<Real>(batch * n, peak * static_cast<double>(at.cells()), bytes,
                                       [&](auto on, Real* out, Workspace workspace) {
                                           ridgelet::sum_over_units(on, at.view, function, c.data(), batch, out,
                                                                    workspace);
                                       }) < tolerance<Real>);
            };
            // Of even s with an order of its own and without, and of any other.
            for (const auto& [s, derivative] : {std::pair(4.0, false), {2.0, true}, {10.0, false}, {3.0, false}}) {
                CAPTURE(s);
                ridgelet::tabulate(s, derivative, exact.data());
                std::vector<Real> table(exact.begin(), exact.end());
                check(ridgelet::Kernel<Real>{table.data(), static_cast<Real>(s), derivative},
                      std::max(1.0, static_cast<double>(table[ridgelet::terms - 1])));
            }
            check(Activation::tanh, 1);
        }
    }
}

TEST_CASE_TEMPLATE("differences of large projections and biases on the device", Real, float, double) {
    const double point = 1, direction = 4096.3, biases[] = {4095.3, 4096.0, 4097.1};
    const ridgelet::Arguments at{&point, &direction, biases, 1, 1, 3, 1};
    std::vector<double> exact(ridgelet::table_size);
    ridgelet::tabulate(4, false, exact.data());
    const std::vector<Real> table(exact.begin(), exact.end()), weights{1, 2, -1};
    const ridgelet::Kernel<Real> kernel{table.data(), 4, false};
    const auto bytes = [&](auto on) { return ridgelet::workspace_bytes<Real>(on, at, kernel, 1); };
    CHECK(difference<Real>(3, 3, bytes, [&](auto on, Real* out, Workspace workspace) {
              ridgelet::sum_over_points(on, at, kernel, weights.data(), 1, out, workspace);
          }) < tolerance<Real>);
    CHECK(difference<Real>(1, 6, bytes, [&](auto on, Real* out, Workspace workspace) {
              ridgelet::sum_over_units(on, at, kernel, weights.data(), 1, out, workspace);
          }) < tolerance<Real>);
}

TEST_CASE_TEMPLATE("sums of powers on the device", Real, float, double) {
    const std::int64_t shapes[][4] = {{1, 1, 1, 1}, {40, 3, 5, 2}, {300, 20, 70, 2}, {130, 1, 1300, 5}, {9, 0, 4, 1}};
    for (const auto& [n, directions, biases, dim] : shapes) {
        CAPTURE(n);
        for (const bool uniform : {true, false}) {
            Arguments at(n, directions, biases, dim, uniform);
            // On a bias, where the step is 0.
            if (directions > 0) std::fill_n(at.directions.data(), dim, 0.0), at.biases[biases / 2] = 0;
            std::sort(at.biases.begin(), at.biases.end());
            for (const int power : {0, 1, 3}) {
                for (const std::int64_t batch : {1, 2}) {
                    const auto c = random<Real>(static_cast<std::size_t>(batch * at.cells()));
                    const ridgelet::Power function{power};
                    CHECK(difference<Real>(
                              batch * n, static_cast<double>(at.cells() + 1) * std::pow(18.0, power),
                              [&](auto on) { return ridgelet::workspace_bytes<Real>(on, at.view, function, batch); },
                              [&](auto on, Real* out, Workspace workspace) {
                                  ridgelet::sum_over_units(on, at.view, function, c.data(), batch, out, workspace);
                              }) < tolerance<Real>);
                }
            }
        }
    }
}

TEST_CASE_TEMPLATE("sums of features on the device", Real, float, double) {
    const auto check = [](const auto& labels, std::int64_t count) {
        const auto values = random<Real>(static_cast<std::size_t>(count));
        const equivariant::Values<Real> feature{values.data(), count};
        for (const std::int64_t batch : {1, 6}) {
            const auto f = random<Real>(static_cast<std::size_t>(batch * labels.points));
            const auto c = random<Real>(static_cast<std::size_t>(batch * labels.units));
            const auto bytes = [&](auto on) { return equivariant::workspace_bytes<Real>(on, labels, batch); };
            CHECK(difference<Real>(batch * labels.units, static_cast<double>(labels.points + 1), bytes,
                                   [&](auto on, Real* out, Workspace workspace) {
                                       equivariant::sum_over_points(on, labels, feature, f.data(), batch, out,
                                                                    workspace);
                                   }) < tolerance<Real>);
            CHECK(difference<Real>(batch * labels.points, static_cast<double>(labels.units + 1), bytes,
                                   [&](auto on, Real* out, Workspace workspace) {
                                       equivariant::sum_over_units(on, labels, feature, c.data(), batch, out,
                                                                   workspace);
                                   }) < tolerance<Real>);
        }
    };
    // One of each, less and more than a tile and a block, several segments, and none.
    const std::pair<std::int64_t, std::int64_t> shapes[] = {{1, 1}, {5, 300}, {700, 3}, {0, 4}, {4, 0}};
    for (const auto& [points, units] : shapes) {
        std::vector<std::int32_t> labels;
        for (std::int64_t i = 0; i < points * units; ++i) labels.push_back(static_cast<std::int32_t>(i * i % 7));
        check(equivariant::Orbits{labels.data(), points, units}, 7);
    }
    for (const auto& [p, dim] : {std::pair(2, 1), {2, 5}, {3, 3}, {7, 2}, {71, 1}}) {
        equivariant::Ridges ridges(p, dim);
        check(ridges, p);
        ridges.first = ridges.points / 2 * p;
        ridges.units -= ridges.first;
        check(ridges, p);
    }
}

TEST_CASE("a label that is none makes the sums NaN on the device") {
    const std::int32_t labels[] = {0, 1, 2, -1};
    const double values[] = {3, 4}, f[] = {1, 1};
    double out[2] = {};
    equivariant::sum_over_points(Cuda{}, equivariant::Orbits{labels, 2, 2}, equivariant::Values<double>{values, 2}, f,
                                 1, out, {});
    CHECK(std::isnan(out[0]));
    CHECK(std::isnan(out[1]));
}

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
