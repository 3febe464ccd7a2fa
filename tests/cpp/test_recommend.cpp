#include <doctest/doctest.h>
#include <kousei/recommend.hpp>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <random>
#include <utility>
#include <vector>

#include "recommend_tables.hpp"
#include "simd/kernels.hpp"
#include "workspace.hpp"

namespace {

using namespace kousei::recommend;
using kousei::Cpu;
namespace simd = kousei::simd;

/// Many enough that several threads take part.
constexpr std::int64_t many = 1100;

struct Shape {
    std::int64_t rows, columns;
    int most;
};

/// Of rows that share most columns, few of them, and none.
const std::vector<Shape> shapes{{1, 4, 7},    {5, 0, 7},       {60, 3, 7},   {50, 12, 7},
                                {300, 20, 7}, {300, 200, 500}, {90, 4, 5000}};

template <class Real>
struct Found {
    std::vector<std::int32_t> indices;
    std::vector<Real> products;

    Found(std::int64_t rows, std::int64_t k)
        : indices(static_cast<std::size_t>(rows * k), 7), products(static_cast<std::size_t>(rows * k), Real(7)) {}
};

/// The k first products of each row r with rows s for which are_pair(r, s), by the definition.
template <class Real, class ArePair>
Found<Real> first_products(Matrix<Real>& matrix, std::int64_t k, ArePair are_pair) {
    Found<Real> first(0, 0);
    for (std::int64_t r = 0; r < matrix.rows; ++r) {
        std::vector<std::pair<Real, std::int32_t>> all;
        for (std::int64_t s = 0; s < matrix.rows; ++s) {
            const Real product = matrix.product(r, s);
            if (are_pair(r, s) && product > 0) all.emplace_back(-product, static_cast<std::int32_t>(s));
        }
        std::ranges::sort(all);
        all.resize(static_cast<std::size_t>(k), {Real(0), -1});
        for (const auto& [product, index] : all) {
            first.products.push_back(-product);
            first.indices.push_back(index);
        }
    }
    return first;
}

}  // namespace

TEST_CASE("what users prefer is what the pairs of their ratings say") {
    for (const auto& [users, shops] : {std::pair<std::int64_t, std::int64_t>{1, 1}, {7, 9}, {40, 3}, {many, 600}}) {
        Ratings ratings(users, shops, 1);
        std::vector<double> z;
        for (std::int64_t s = 0; s < shops; ++s) z.push_back(static_cast<double>(s % 5));
        const OwnedPreferences owned(ratings);
        const Preferences& preferences = owned.view;
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
    for (const auto& [rows, columns, most] : shapes) {
        Matrix<Real> matrix(rows, columns, 2, most);
        for (const std::int64_t k : {0, 1, 7, 70}) {
            const auto expected = first_products(matrix, k, [](std::int64_t r, std::int64_t s) { return r != s; });
            for (const int threads : {1, 2, 4}) {
                const Cpu on{threads, nullptr};
                Found<Real> found(rows, k);
                const OwnedWorkspace workspace(workspace_bytes(on, matrix.view(), k));
                top_products(on, matrix.view(), k, found.indices.data(), found.products.data(), workspace.lent());
                CHECK(found.indices == expected.indices);
                CHECK(found.products == expected.products);
            }
        }
    }
}

TEST_CASE_TEMPLATE("the first products between two blocks of rows", Real, float, double) {
    for (const auto& [rows, columns, most] : shapes) {
        Matrix<Real> matrix(rows, columns, 2, most);
        for (const std::int64_t first : {std::int64_t{0}, rows / 3, rows - 1, rows}) {
            const auto expected = first_products(
                matrix, 7, [first = first](std::int64_t r, std::int64_t s) { return (r < first) != (s < first); });
            for (const int threads : {1, 4}) {
                const Cpu on{threads, nullptr};
                Found<Real> found(rows, 7);
                const OwnedWorkspace workspace(workspace_bytes(on, matrix.view(), 7));
                top_products_between(on, matrix.view(), first, 7, found.indices.data(), found.products.data(),
                                     workspace.lent());
                CHECK(found.indices == expected.indices);
                CHECK(found.products == expected.products);
            }
        }
    }
}

TEST_CASE_TEMPLATE("every instruction set finds the products that reach a bound", Real, float, double) {
    constexpr std::int64_t strip = simd::strip<Real>, block = simd::strips_block<Real>;
    std::mt19937 random(3);
    std::uniform_int_distribution<int> one_of(-99, 99);
    const auto number = [&] { return static_cast<Real>(one_of(random)); };
    for (const std::int64_t blocks : {1, 2, 7}) {
        std::vector<Real> products, reach, lowest, expected_lanes, expected_groups;
        for (std::int64_t i = 0; i < blocks * block; ++i) {
            products.push_back(number());
            reach.push_back(number() + 40);
        }
        for (std::int64_t i = 0; i < blocks * strip; ++i) {
            const auto of_lane = [&](std::vector<Real>& numbers) {
                std::vector<Real> four;
                for (int s = 0; s < 4; ++s) four.push_back(at(numbers, i / strip * block + s * strip + i % strip));
                return std::ranges::minmax(four);
            };
            lowest.push_back(of_lane(reach).min);
            expected_lanes.push_back(of_lane(products).max);
        }
        for (const std::int64_t groups : {1, 3}) {
            expected_groups.assign(static_cast<std::size_t>(groups * strip), 0);
            for (std::int64_t i = 0; i < blocks * strip; ++i) {
                Real& of_group = at(expected_groups, i / strip % groups * strip + i % strip);
                of_group = std::max(of_group, at(expected_lanes, i));
            }
            for (const auto* const* set = simd::instruction_sets; *set; ++set) {
                if (!(*set)->supported()) continue;
                CAPTURE((*set)->name);
                std::vector<Real> largest(expected_lanes.size(), Real(-1)),
                    of_groups(expected_groups.size(), Real(-1));
                const simd::Products<Real> row{products.data(), largest.data(), reach.data(), lowest.data(), blocks};
                const auto& kernels = (*set)->template of<Real>().recommend;
                kernels.find_largest(row, groups, of_groups.data());
                CHECK(largest == expected_lanes);
                CHECK(of_groups == expected_groups);
                for (const Real own : {Real(0), Real(1), Real(60), Real(99), Real(500)}) {
                    std::vector<std::int32_t> found(products.size() + 1), expected;
                    for (std::int64_t i = 0; i < blocks * block; ++i) {
                        const Real product = at(products, i);
                        if (product > 0 && (product >= own || product >= at(reach, i)))
                            expected.push_back(static_cast<std::int32_t>(i));
                    }
                    found.resize(static_cast<std::size_t>(kernels.find_reaching(row, own, found.data())));
                    std::ranges::sort(found);
                    CHECK(found == expected);
                }
            }
        }
    }
}

TEST_CASE_TEMPLATE("columns of sparse rows", Real, float, double) {
    for (const auto& [rows, columns] : {std::pair<std::int64_t, std::int64_t>{0, 3}, {5, 0}, {1, 1}, {40, 30}}) {
        const Matrix<Real> matrix(rows, columns, 4);
        std::vector<std::int64_t> begin(matrix.column_begin.size(), -1);
        std::vector<std::int32_t> rows_of(matrix.rows_of.size(), -1);
        std::vector<Real> values(matrix.values_of.size());
        transpose(Cpu{}, matrix.begin.data(), matrix.columns_in.data(), matrix.values.data(), rows, columns,
                  begin.data(), rows_of.data(), values.data());
        CHECK(begin == matrix.column_begin);
        CHECK(rows_of == matrix.rows_of);
        CHECK(values == matrix.values_of);
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
