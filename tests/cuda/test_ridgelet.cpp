// Ridgelets and sums of them, run by the emulator, against the library for the CPU.
#include <doctest/doctest.h>
#include <kousei/cuda/ridgelet.hpp>

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "kernels.hpp"

namespace {

using namespace kousei;

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

}  // namespace

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
