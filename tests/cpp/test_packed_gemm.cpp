#include <doctest/doctest.h>
#include <kousei/packed.hpp>

#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <vector>

#include "numbers.hpp"
#include "simd/kernels.hpp"
#include "workspace.hpp"

namespace {

using kousei::Cpu;
namespace packed = kousei::packed;
namespace simd = kousei::simd;

std::size_t at(std::int64_t i) {
    return static_cast<std::size_t>(i);
}

/// A random matrix of signs with scales, as packed and as numbers. A group of 0 columns: no scales.
template <class Real>
struct Scaled {
    std::int64_t rows, columns, group, groups;
    std::vector<double> entries;
    std::vector<std::uint32_t> words;
    std::vector<Real> scales;

    Scaled(std::int64_t row_count, std::int64_t column_count, std::int64_t group_size = 0)
        : rows(row_count),
          columns(column_count),
          group(group_size),
          groups(group > 0 ? kousei::blocks_of(columns, group) : 0),
          words(at(rows * packed::stride_of(columns))) {
        std::mt19937_64 random(3);
        for (std::int64_t i = 0; i < rows * columns; ++i) entries.push_back(random() % 2 ? 1 : -1);
        packed::pack(Cpu{1}, entries.data(), rows, columns, words.data());
        for (std::int64_t i = 0; i < rows * groups; ++i) {
            scales.push_back(static_cast<Real>(random() % 1000) / Real(500) - Real(1));
        }
        for (std::int64_t i = 0; group > 0 && i < rows * columns; ++i) {
            entries[at(i)] *= static_cast<double>(scales[at(i / columns * groups + i % columns / group)]);
        }
    }

    packed::Matrix<Real> matrix() const {
        return {{words.data(), rows, columns}, nullptr, group > 0 ? scales.data() : nullptr, group};
    }

    std::vector<Real> times(Cpu on, const std::vector<Real>& x, std::int64_t points) const {
        std::vector<Real> out(at(points * rows), std::numeric_limits<Real>::quiet_NaN());
        const OwnedWorkspace workspace(packed::workspace_bytes(on, matrix(), points));
        packed::matmul(on, matrix(), x.data(), points, out.data(), workspace.lent());
        return out;
    }

    /// Checks out (points, out_stride) at some of the points.
    void check(const std::vector<Real>& x, std::int64_t x_stride, std::int64_t points, const std::vector<Real>& out,
               std::int64_t out_stride) const {
        for (std::int64_t i = 0; i < points; i += i + 5 < points ? 5 : 1) {
            for (std::int64_t r = 0; r < rows; ++r) {
                double expected = 0, size = 0;
                for (std::int64_t j = 0; j < columns; ++j) {
                    const double term = static_cast<double>(x[at(i * x_stride + j)]) * entries[at(r * columns + j)];
                    expected += term;
                    size += std::abs(term);
                }
                const double error = std::abs(static_cast<double>(out[at(i * out_stride + r)]) - expected);
                const double bound = 16 * static_cast<double>(std::numeric_limits<Real>::epsilon()) * size;
                if (!(error <= bound)) {
                    CAPTURE(i);
                    CAPTURE(r);
                    CHECK(error <= bound);
                }
            }
        }
    }
};

/// What a kernel writes between and beside, so that a sanitizer sees one number too many.
template <class Real>
struct Scratch {
    std::vector<Real> inputs, tables, sums;
    std::vector<std::uint64_t> pairs;

    explicit Scratch(std::int64_t rows)
        : inputs(at(64 * simd::panel_lanes<Real>)),
          tables(at(2 * simd::most_word_entries * simd::panel_lanes<Real>)),
          sums(at(rows * simd::panel_lanes<Real>)),
          pairs(at(rows * simd::gathered_pairs)) {}
    simd::PanelScratch<Real> lent() { return {inputs.data(), tables.data(), sums.data(), pairs.data()}; }
};

}  // namespace

TEST_CASE_TEMPLATE("every instruction set multiplies panels", Real, float, double) {
    constexpr std::int64_t lanes = simd::panel_lanes<Real>;
    for (const auto* const* set = simd::instruction_sets; *set; ++set) {
        if (!(*set)->supported()) continue;
        CAPTURE((*set)->name);
        const auto multiply = (*set)->template of<Real>().multiply_panel;
        for (const std::int64_t columns :
             {1, 31, 32, 33, 63, 64, 65, 96, 128, 129, 300, 512, 513, 1000, 4096, 4133}) {
            for (const std::int64_t group : {std::int64_t{0}, std::int64_t{32}, std::int64_t{96}, columns}) {
                for (const std::int64_t rows :
                     columns > 1000 ? std::vector<std::int64_t>{17} : std::vector<std::int64_t>{1, 3, 8, 16, 21}) {
                    CAPTURE(columns);
                    CAPTURE(group);
                    CAPTURE(rows);
                    const Scaled<Real> matrix(rows, columns, group);
                    for (const std::int64_t points : {std::int64_t{1}, lanes - 1, lanes}) {
                        // Rows of the arrays are apart, and nothing between is touched; x ends where its last row
                        // does.
                        const std::int64_t x_stride = columns + 3, out_stride = rows + 2;
                        const auto x = normals<Real>((points - 1) * x_stride + columns);
                        std::vector<Real> out(at(points * out_stride), Real(0.5));
                        Scratch<Real> scratch(rows);
                        multiply({matrix.words.data(), rows, packed::stride_of(columns), columns,
                                  group > 0 ? matrix.scales.data() : nullptr, matrix.groups, group},
                                 x.data(), points, x_stride, out.data(), out_stride, scratch.lent());
                        matrix.check(x, x_stride, points, out, out_stride);
                        for (std::int64_t i = 0; i < points; ++i) {
                            CHECK(out[at(i * out_stride + rows)] == Real(0.5));
                            CHECK(out[at(i * out_stride + rows + 1)] == Real(0.5));
                        }
                    }
                }
            }
        }
    }
}

TEST_CASE_TEMPLATE("many points, however rows and panels are cut", Real, float, double) {
    for (const auto& [rows, columns, group] : std::vector<std::array<std::int64_t, 3>>{
             {5, 70, 0}, {700, 40, 32}, {2100, 65, 65}, {300, 4200, 128}, {1, 100000, 0}}) {
        const Scaled<Real> matrix(rows, columns, group);
        for (const std::int64_t points : {packed::few_points + 1, std::int64_t{16}, std::int64_t{53}}) {
            const auto x = normals<Real>(points * columns);
            const auto one = matrix.times(Cpu{1}, x, points);
            matrix.check(x, columns, points, one, rows);
            for (const int threads : {2, 4, 7}) CHECK(matrix.times(Cpu{threads}, x, points) == one);
            // Each point is summed alike among others, as long as they are many.
            if (points < 50) continue;
            const std::vector<Real> some(x.begin() + 20 * columns, x.begin() + 40 * columns);
            CHECK(matrix.times(Cpu{1}, some, 20) ==
                  std::vector<Real>(one.begin() + 20 * rows, one.begin() + 40 * rows));
        }
    }
}

TEST_CASE_TEMPLATE("infinities and large numbers of many points are answered", Real, float, double) {
    constexpr std::int64_t rows = 40, columns = 200, points = 20;
    constexpr Real infinity = std::numeric_limits<Real>::infinity(), largest = std::numeric_limits<Real>::max();
    const Scaled<Real> matrix(rows, columns);
    for (const std::int64_t column : {0, 5, 6, 31, 32, 63, 64, 199}) {
        std::vector<Real> x(at(points * columns), 1);
        x[at(3 * columns + column)] = infinity;
        x[at(4 * columns + column)] = -largest;
        x[at(5 * columns + column)] = std::numeric_limits<Real>::quiet_NaN();
        x[at(6 * columns + column)] = infinity;
        x[at(6 * columns + (column + 1) % columns)] = infinity;
        const auto out = matrix.times(Cpu{1}, x, points);
        for (std::int64_t r = 0; r < rows; ++r) {
            const auto sign = static_cast<Real>(matrix.entries[at(r * columns + column)]);
            const auto next = static_cast<Real>(matrix.entries[at(r * columns + (column + 1) % columns)]);
            CHECK(out[at(3 * rows + r)] == sign * infinity);
            CHECK(out[at(4 * rows + r)] == -sign * largest);
            CHECK(std::isnan(out[at(5 * rows + r)]));
            CHECK((sign == next ? out[at(6 * rows + r)] == sign * infinity : std::isnan(out[at(6 * rows + r)])));
            CHECK(std::abs(out[at(7 * rows + r)]) <= columns);
        }
    }
}

TEST_CASE("many columns of many points lose few digits") {
    constexpr std::int64_t columns = 81920, points = 16;
    const std::vector<std::uint32_t> words(at(packed::stride_of(columns)), 0xffffffff);
    auto x = normals<float>(points * columns);
    for (float& value : x) value = std::abs(value);
    const packed::Matrix<float> matrix{{words.data(), 1, columns}};
    std::vector<float> out(points);
    const OwnedWorkspace workspace(packed::workspace_bytes(Cpu{1}, matrix, points));
    packed::matmul(Cpu{1}, matrix, x.data(), points, out.data(), workspace.lent());
    for (std::int64_t i = 0; i < points; ++i) {
        double expected = 0;
        for (std::int64_t j = 0; j < columns; ++j) expected += static_cast<double>(x[at(i * columns + j)]);
        CHECK(std::abs(static_cast<double>(out[at(i)]) - expected) <= 1e-6 * expected);
    }
}

TEST_CASE("sizes beyond memory are told, not reached") {
    const packed::Matrix<float> wide{{nullptr, std::int64_t{1} << 40, std::int64_t{1} << 50}};
    CHECK(packed::workspace_bytes(Cpu{4}, wide, 1000) < std::int64_t{1} << 24);
}
