#include <doctest/doctest.h>
#include <kousei/recommend.hpp>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

#include "recommend_tables.hpp"
#include "workspace.hpp"

namespace {

using namespace kousei::recommend;
using kousei::Cpu;

/// Many enough that several threads take part.
constexpr std::int64_t many = 1100;

}  // namespace

TEST_CASE("what users prefer is what the pairs of their ratings say") {
    for (const auto& [users, shops] : {std::pair<std::int64_t, std::int64_t>{1, 1}, {7, 9}, {40, 3}, {many, 600}}) {
        Ratings ratings(users, shops, 1);
        std::vector<double> z;
        for (std::int64_t s = 0; s < shops; ++s) z.push_back(static_cast<double>(s % 5));
        const Lists rated(2 * users, ratings.rated), preferred(shops, ratings.preferred);
        const Preferences preferences{rated.begin.data(),
                                      rated.entries.data(),
                                      preferred.begin.data(),
                                      preferred.entries.data(),
                                      ratings.weight.data(),
                                      users,
                                      shops};
        const auto expected = ratings.product(z);
        for (const int threads : {1, 2, 4}) {
            const Cpu on{threads, nullptr};
            std::vector<double> to(static_cast<std::size_t>(shops), -1);
            const OwnedWorkspace workspace(workspace_bytes(on, preferences));
            prefer(on, preferences, z.data(), to.data(), workspace.lent());
            CHECK(to == expected);
        }
    }
}

TEST_CASE_TEMPLATE("the first products of a row, ties by number", Real, float, double) {
    for (const auto& [rows, columns] : {std::pair<std::int64_t, std::int64_t>{1, 4}, {5, 0}, {60, 3}, {50, 12}}) {
        Matrix<Real> matrix(rows, columns, 2);
        for (const std::int64_t k : {0, 1, 7, 70}) {
            std::vector<std::int32_t> indices;
            std::vector<Real> products;
            for (std::int64_t r = 0; r < rows; ++r) {
                std::vector<std::pair<Real, std::int32_t>> all;
                for (std::int64_t s = 0; s < rows; ++s) {
                    if (s != r && matrix.product(r, s) > 0) {
                        all.emplace_back(-matrix.product(r, s), static_cast<std::int32_t>(s));
                    }
                }
                std::ranges::sort(all);
                all.resize(static_cast<std::size_t>(k), {Real(0), -1});
                for (const auto& [product, index] : all) {
                    products.push_back(-product);
                    indices.push_back(index);
                }
            }
            for (const int threads : {1, 2, 4}) {
                const Cpu on{threads, nullptr};
                std::vector<std::int32_t> found_indices(indices.size(), 7);
                std::vector<Real> found(indices.size(), Real(7));
                const OwnedWorkspace workspace(workspace_bytes(on, matrix.view(), k));
                top_products(on, matrix.view(), k, found_indices.data(), found.data(), workspace.lent());
                CHECK(found_indices == indices);
                CHECK(found == products);
            }
        }
    }
}

TEST_CASE_TEMPLATE("rows of norm 1", Real, float, double) {
    const std::vector<std::int64_t> begin{0, 2, 2, 4, 6, 7};
    const Real huge = std::numeric_limits<Real>::max() / 4, tiny = std::numeric_limits<Real>::min();
    const std::vector<Real> values{3, -4, 0, 0, 3 * tiny, 4 * tiny, huge};
    std::vector<Real> out(values.size());
    unit_rows(Cpu{}, begin.data(), values.data(), 5, out.data());
    const std::vector<double> expected{0.6, -0.8, 0, 0, 0.6, 0.8, 1};
    for (std::size_t i = 0; i < out.size(); ++i) {
        CHECK(static_cast<double>(out.at(i)) == doctest::Approx(expected.at(i)).epsilon(1e-6));
    }
}
