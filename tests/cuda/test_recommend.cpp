// What recommenders compute on the device, run by the emulator, against the library for the CPU.
#include <doctest/doctest.h>
#include <kousei/cuda/recommend.hpp>

#include <cstdint>
#include <utility>
#include <vector>

#include "../cpp/recommend_tables.hpp"
#include "kernels.hpp"

using namespace kousei;
using namespace kousei::recommend;

TEST_CASE("what users prefer on the device") {
    for (const auto& [users, shops] : {std::pair<std::int64_t, std::int64_t>{1, 1}, {7, 90}, {90, 3}}) {
        Ratings ratings(users, shops, 1);
        const std::vector<double> z = random<double>(static_cast<std::size_t>(shops));
        const OwnedPreferences owned(ratings);
        const Preferences& preferences = owned.view;
        const auto bytes = [&](auto on) { return workspace_bytes(on, preferences); };
        const auto run = [&](auto on, double* to, Workspace workspace) {
            prefer(on, preferences, z.data(), to, workspace);
        };
        CHECK(difference<double>(shops, static_cast<double>(6 * users * shops), bytes, run) < tolerance<double>);
    }
}

TEST_CASE_TEMPLATE("the first products of a row on the device", Real, float, double) {
    for (const auto& [rows, columns] : {std::pair<std::int64_t, std::int64_t>{1, 4}, {5, 0}, {90, 3}, {50, 40}}) {
        const Matrix<Real> matrix(rows, columns, 2);
        for (const std::int64_t k : {0, 1, 7, 100}) {
            const auto run = [&](auto on) {
                const auto places = static_cast<std::size_t>(rows * k);
                std::pair<std::vector<std::int32_t>, std::vector<Real>> found{{}, {}};
                found.first.resize(places, 7);
                found.second.resize(places, Real(7));
                const OwnedWorkspace workspace(workspace_bytes(on, matrix.view(), k));
                top_products(on, matrix.view(), k, found.first.data(), found.second.data(), workspace.lent());
                return found;
            };
            const auto expected = run(Cpu{});
            CHECK(run(Cuda{}) == expected);
            emulator::reversed = true;
            CHECK(run(Cuda{}) == expected);
            emulator::reversed = false;
        }
    }
}

TEST_CASE_TEMPLATE("rows of norm 1 on the device", Real, float, double) {
    const std::vector<std::int64_t> begin{0, 40, 40, 300};
    const std::vector<Real> numbers = random<Real>(300);
    const auto run = [&](auto on, Real* out, Workspace) { unit_rows(on, begin.data(), numbers.data(), 3, out); };
    CHECK(difference<Real>(300, 1, [](auto) { return 0; }, run) == 0);
}
