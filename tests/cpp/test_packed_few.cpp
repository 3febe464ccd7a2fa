#include <doctest/doctest.h>
#include <kousei/packed.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <vector>

#include "numbers.hpp"
#include "workspace.hpp"

namespace {

using kousei::Cpu;
namespace packed = kousei::packed;

/// A random matrix of signs with scales, and its copy for few points. A group of 0 columns: no scales.
template <class Real>
struct Scaled {
    std::int64_t rows, columns, group, groups;
    std::vector<double> entries;
    std::vector<std::uint32_t> words, copy;
    std::vector<Real> scales;

    Scaled(std::int64_t row_count, std::int64_t column_count, std::int64_t group_size = 0)
        : rows(row_count),
          columns(column_count),
          group(group_size),
          groups(group ? kousei::blocks_of(columns, group) : 0) {
        std::mt19937_64 random(1);
        for (std::int64_t i = 0; i < rows * columns; ++i) entries.push_back(random() % 2 ? 1 : -1);
        words.resize(static_cast<std::size_t>(rows * packed::stride_of(columns)));
        packed::pack(Cpu{1}, entries.data(), rows, columns, words.data());
        for (std::int64_t i = 0; i < rows * groups; ++i) {
            scales.push_back(static_cast<Real>(random() % 1000) / Real(500) - Real(1));
        }
        for (std::int64_t i = 0; group && i < rows * columns; ++i) {
            const auto scale = static_cast<std::size_t>(i / columns * groups + i % columns / group);
            entries[static_cast<std::size_t>(i)] *= static_cast<double>(scales[scale]);
        }
        copy.assign(static_cast<std::size_t>(packed::interleaved_words(matrix())), 0xffffffff);
        packed::interleave(Cpu{2}, matrix(), copy.data());
    }

    packed::Matrix<Real> matrix() const {
        return {{words.data(), rows, columns},
                copy.empty() ? nullptr : copy.data(),
                group ? scales.data() : nullptr,
                group};
    }

    std::vector<Real> times(Cpu on, const std::vector<Real>& x, std::int64_t points) const {
        std::vector<Real> out(static_cast<std::size_t>(points * rows), std::numeric_limits<Real>::quiet_NaN());
        const OwnedWorkspace workspace(packed::workspace_bytes(on, matrix(), points));
        packed::matmul(on, matrix(), x.data(), points, out.data(), workspace.lent());
        return out;
    }

    /// The largest error, over the sum of the magnitudes of what is added up.
    double error(const std::vector<Real>& x, std::int64_t points, const std::vector<Real>& out) const {
        double worst = 0;
        for (std::int64_t i = 0; i < points; ++i) {
            for (std::int64_t r = 0; r < rows; ++r) {
                double expected = 0, size = 0;
                for (std::int64_t j = 0; j < columns; ++j) {
                    const double term = static_cast<double>(x[static_cast<std::size_t>(i * columns + j)]) *
                                        entries[static_cast<std::size_t>(r * columns + j)];
                    expected += term;
                    size += std::abs(term);
                }
                const double off =
                    std::abs(static_cast<double>(out[static_cast<std::size_t>(i * rows + r)]) - expected);
                if (!(off <= worst * size)) worst = off / size;
            }
        }
        return worst;
    }
};

}  // namespace

TEST_CASE_TEMPLATE("few points times packed signs of every size", Real, float, double) {
    constexpr double tolerance = 16 * static_cast<double>(std::numeric_limits<Real>::epsilon());
    for (const std::int64_t rows : {1, 31, 32, 33, 63, 64, 65, 127, 128, 129}) {
        for (const std::int64_t columns : {1, 4, 5, 31, 32, 33, 127, 128, 129, 255, 256, 257, 600}) {
            CAPTURE(rows);
            CAPTURE(columns);
            const Scaled<Real> signs(rows, columns);
            for (const std::int64_t points : {1, 2, 3, 4, 5, 8, 9}) {
                const auto x = normals<Real>(points * columns);
                CHECK(signs.error(x, points, signs.times(Cpu{1}, x, points)) <= tolerance);
            }
        }
    }
}

TEST_CASE_TEMPLATE("scales of rows and of groups of columns", Real, float, double) {
    constexpr double tolerance = 16 * static_cast<double>(std::numeric_limits<Real>::epsilon());
    for (const std::int64_t rows : {1, 33, 129}) {
        for (const std::int64_t columns : {1, 31, 32, 33, 129, 257, 5000}) {
            for (const std::int64_t group :
                 {std::int64_t{32}, std::int64_t{96}, std::int64_t{128}, std::int64_t{4160}, columns}) {
                CAPTURE(rows);
                CAPTURE(columns);
                CAPTURE(group);
                const Scaled<Real> signs(rows, columns, group);
                for (const std::int64_t points : {1, 3, 4, 9}) {
                    const auto x = normals<Real>(points * columns);
                    CHECK(signs.error(x, points, signs.times(Cpu{1}, x, points)) <= tolerance);
                }
            }
        }
    }
}

TEST_CASE_TEMPLATE("few points are the same on any number of threads and each alone", Real, float, double) {
    for (const std::int64_t group : {0, 32}) {
        const std::int64_t rows = 300, columns = 4500, points = packed::few_points;
        const Scaled<Real> signs(rows, columns, group);
        const auto x = normals<Real>(points * columns);
        const auto one = signs.times(Cpu{1}, x, points);
        for (const int threads : {2, 4, 7}) CHECK(signs.times(Cpu{threads}, x, points) == one);
        for (std::int64_t i = 0; i < points; ++i) {
            const std::vector<Real> point(x.begin() + i * columns, x.begin() + (i + 1) * columns);
            CHECK(std::equal(one.begin() + i * rows, one.begin() + (i + 1) * rows,
                             signs.times(Cpu{2}, point, 1).begin()));
        }
    }
}

TEST_CASE_TEMPLATE("an infinity in any column is answered to few points", Real, float, double) {
    constexpr Real infinity = std::numeric_limits<Real>::infinity();
    const Scaled<Real> signs(40, 70);
    const auto sign = [&](std::int64_t r, std::int64_t j) {
        return static_cast<Real>(signs.entries[static_cast<std::size_t>(r * 70 + j)]);
    };
    for (std::int64_t j = 0; j < 70; ++j) {
        auto x = normals<Real>(70);
        x[static_cast<std::size_t>(j)] = infinity;
        const auto out = signs.times(Cpu{1}, x, 1);
        x[static_cast<std::size_t>((j + 1) % 70)] = -infinity;
        const auto both = signs.times(Cpu{1}, x, 1);
        x[static_cast<std::size_t>(j)] = std::numeric_limits<Real>::quiet_NaN();
        const auto nan = signs.times(Cpu{1}, x, 1);
        for (std::int64_t r = 0; r < 40; ++r) {
            const auto at = static_cast<std::size_t>(r);
            CHECK(out[at] == sign(r, j) * infinity);
            const bool cancel = sign(r, j) == sign(r, (j + 1) % 70);
            CHECK((cancel ? std::isnan(both[at]) : both[at] == sign(r, j) * infinity));
            CHECK(std::isnan(nan[at]));
        }
    }
}

TEST_CASE("few points times many columns keep to the stated error") {
    const std::int64_t rows = 200, columns = 8192;
    const Scaled<float> signs(rows, columns);
    const auto x = normals<float>(columns);
    double square = 0;
    for (const float value : x) square += static_cast<double>(value) * static_cast<double>(value);
    const auto out = signs.times(Cpu{1}, x, 1);
    for (std::int64_t r = 0; r < rows; ++r) {
        double expected = 0;
        for (std::int64_t j = 0; j < columns; ++j) {
            expected += static_cast<double>(x[static_cast<std::size_t>(j)]) *
                        signs.entries[static_cast<std::size_t>(r * columns + j)];
        }
        CHECK(std::abs(static_cast<double>(out[static_cast<std::size_t>(r)]) - expected) <= 2e-6 * std::sqrt(square));
    }
}

TEST_CASE("whole numbers with all signs have exact sums") {
    const Scaled<float> signs(64, 3000);
    std::vector<float> x;
    for (int j = 0; j < 3000; ++j) x.push_back(static_cast<float>(j % 17 - 8));
    CHECK(signs.error(x, 1, signs.times(Cpu{1}, x, 1)) == 0);
}

TEST_CASE("matrices without columns, or of few rows, have no copy") {
    const std::uint32_t none = 0;
    CHECK(packed::interleaved_words(packed::Matrix<float>{{&none, 100, 0}}) == 0);
    CHECK(packed::interleaved_words(packed::Matrix<float>{{&none, 0, 100}}) == 0);
    CHECK(packed::interleaved_words(packed::Matrix<float>{{&none, 31, 100}}) == 0);
}
