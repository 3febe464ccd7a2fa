// Sums of features, run by the emulator, against the library for the CPU.
#include <doctest/doctest.h>
#include <kousei/cuda/equivariant.hpp>

#include <cmath>
#include <cstdint>
#include <utility>
#include <vector>

#include "kernels.hpp"

using namespace kousei;

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
