#include <doctest/doctest.h>
#include <kousei/packed.hpp>

#include <algorithm>
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

/// A random matrix of signs, packed and not.
template <class Number>
struct Signs {
    std::int64_t rows, columns;
    std::vector<Number> entries;
    std::vector<std::uint32_t> words;

    Signs(std::int64_t row_count, std::int64_t column_count) : rows(row_count), columns(column_count) {
        std::mt19937_64 random(1);
        for (std::int64_t i = 0; i < rows * columns; ++i) entries.push_back(random() % 2 ? Number{1} : Number{-1});
        words.assign(static_cast<std::size_t>(rows * packed::stride_of(columns)), 0xffffffff);
        REQUIRE(packed::pack(Cpu{1}, entries.data(), rows, columns, words.data()) == rows * columns);
    }
    packed::View view() const { return {words.data(), rows, columns}; }
};

template <class Real>
std::vector<Real> product(Cpu on, const packed::View& matrix, const std::vector<Real>& x, std::int64_t points) {
    std::vector<Real> out(static_cast<std::size_t>(points * matrix.rows), std::numeric_limits<Real>::quiet_NaN());
    const packed::Matrix<Real> whole{matrix};
    const OwnedWorkspace workspace(packed::workspace_bytes(on, whole, points));
    packed::matmul(on, whole, x.data(), points, out.data(), workspace.lent());
    return out;
}

}  // namespace

TEST_CASE("a row fills a multiple of four words") {
    CHECK(packed::stride_of(0) == 0);
    CHECK(packed::stride_of(1) == 4);
    CHECK(packed::stride_of(128) == 4);
    CHECK(packed::stride_of(129) == 8);
    CHECK(packed::stride_of(std::numeric_limits<std::int64_t>::max()) == std::int64_t{1} << 58);
}

TEST_CASE("bits are the least significant first, and those past the last column 0") {
    std::vector<double> row(40, 1);
    row[0] = row[3] = row[33] = -1;
    std::vector<std::uint32_t> words(4, 0xffffffff);
    CHECK(packed::pack(Cpu{1}, row.data(), 1, 40, words.data()) == 40);
    CHECK(words == std::vector<std::uint32_t>{0xfffffff6, 0x000000fd, 0, 0});
}

TEST_CASE_TEMPLATE("signs are the same unpacked", Number, std::int8_t, std::int16_t, std::int32_t, std::int64_t,
                   float, double) {
    for (const std::int64_t columns : {1, 31, 32, 33, 128, 300, 70000}) {
        const Signs<Number> signs(7, columns);
        std::vector<Number> entries(signs.entries.size());
        packed::unpack(Cpu{3}, signs.view(), entries.data());
        CHECK(entries == signs.entries);
    }
}

TEST_CASE("the first wrong entry is found by any number of threads") {
    constexpr std::int64_t rows = 5000, columns = 100;
    std::vector<float> entries(rows * columns, 1);
    std::vector<std::uint32_t> words(static_cast<std::size_t>(rows * packed::stride_of(columns)));
    entries[499999] = 0;
    entries[300123] = std::numeric_limits<float>::quiet_NaN();
    entries[300124] = 2;
    for (const int threads : {1, 2, 5}) {
        CHECK(packed::pack(Cpu{threads}, entries.data(), rows, columns, words.data()) == 300123);
    }
}

TEST_CASE_TEMPLATE("golden product", Real, float, double) {
    const std::vector<Real> entries = {1, -1, 1, 1, -1, -1, 1, -1};
    std::vector<std::uint32_t> words(8);
    packed::pack(Cpu{1}, entries.data(), 2, 4, words.data());
    CHECK(words == std::vector<std::uint32_t>{0xd, 0, 0, 0, 0x4, 0, 0, 0});
    CHECK(product<Real>(Cpu{1}, {words.data(), 2, 4}, {1, 2, 4, 8}, 1) == std::vector<Real>{11, -7});
}

TEST_CASE_TEMPLATE("every instruction set multiplies with signs", Real, float, double) {
    for (const auto* const* set = kousei::simd::instruction_sets; *set; ++set) {
        if (!(*set)->supported()) continue;
        CAPTURE((*set)->name);
        const auto multiply = (*set)->template of<Real>().multiply_signs;
        for (const std::int64_t columns : {1, 2, 7, 15, 16, 17, 31, 32, 33, 63, 100, 128, 129, 300}) {
            for (const std::int64_t rows : {1, 2, 3, 4, 5, 9}) {
                const Signs<Real> signs(rows, columns);
                for (const std::int64_t points : {1, 2, 3, 4, 5, 9}) {
                    // Rows of the arrays are apart, and nothing between is touched; x ends where its last row does.
                    const std::int64_t x_stride = columns + 3, out_stride = rows + 2;
                    const auto x = normals<Real>((points - 1) * x_stride + columns);
                    std::vector<Real> out(static_cast<std::size_t>(points * out_stride), Real(0.5));
                    for (const bool more : {false, true}) {
                        const kousei::simd::SignBlock<Real> block{
                            signs.words.data(), rows, packed::stride_of(columns), columns, nullptr, 0, more};
                        multiply(block, x.data(), points, x_stride, out.data(), out_stride);
                        for (std::int64_t i = 0; i < points; ++i) {
                            for (std::int64_t r = 0; r < rows; ++r) {
                                double expected = 0, size = 0;
                                for (std::int64_t j = 0; j < columns; ++j) {
                                    const auto value =
                                        static_cast<double>(x[static_cast<std::size_t>(i * x_stride + j)]);
                                    const auto at = static_cast<std::size_t>(r * columns + j);
                                    expected += value * static_cast<double>(signs.entries[at]);
                                    size += std::abs(value);
                                }
                                const auto got =
                                    static_cast<double>(out[static_cast<std::size_t>(i * out_stride + r)]);
                                CHECK(std::abs(got - (more ? 2 : 1) * expected) <=
                                      16 * std::numeric_limits<Real>::epsilon() * size);
                            }
                            CHECK(out[static_cast<std::size_t>(i * out_stride + rows)] == Real(0.5));
                        }
                    }
                }
            }
        }
    }
}

TEST_CASE_TEMPLATE("a product is the same on any number of threads and for each of a few points alone", Real, float,
                   double) {
    for (const std::int64_t columns : {3, 200, 9000}) {
        const std::int64_t rows = 150, points = packed::few_points;
        const Signs<std::int8_t> signs(rows, columns);
        const auto x = normals<Real>(points * columns);
        const auto one = product(Cpu{1}, signs.view(), x, points);
        for (const int threads : {2, 3, 8}) CHECK(product(Cpu{threads}, signs.view(), x, points) == one);
        for (const std::int64_t i : {0, 5, 7}) {
            const std::vector<Real> point(x.begin() + i * columns, x.begin() + (i + 1) * columns);
            const auto alone = product(Cpu{1}, signs.view(), point, 1);
            CHECK(std::equal(alone.begin(), alone.end(), one.begin() + i * rows));
        }
    }
}

TEST_CASE_TEMPLATE("many columns lose few digits", Real, float, double) {
    const std::int64_t columns = 81920;
    std::vector<std::uint32_t> words(static_cast<std::size_t>(packed::stride_of(columns)), 0xffffffff);
    std::vector<Real> x = normals<Real>(columns);
    double expected = 0;
    for (Real& value : x) {
        value = std::abs(value);
        expected += static_cast<double>(value);
    }
    const auto out = product<Real>(Cpu{1}, {words.data(), 1, columns}, x, 1);
    CHECK(std::abs(static_cast<double>(out[0]) - expected) <= 64 * std::numeric_limits<Real>::epsilon() * expected);
}

TEST_CASE_TEMPLATE("infinities are answered", Real, float, double) {
    const std::vector<Real> entries = {1, -1, 1, -1, 1, 1};
    std::vector<std::uint32_t> words(8);
    packed::pack(Cpu{1}, entries.data(), 2, 3, words.data());
    const Real infinity = std::numeric_limits<Real>::infinity();
    const packed::View view{words.data(), 2, 3};
    CHECK(product<Real>(Cpu{1}, view, {infinity, 1, 2}, 1) == std::vector<Real>{infinity, -infinity});
    CHECK(std::isnan(product<Real>(Cpu{1}, view, {infinity, infinity, 2}, 1)[0]));
}

TEST_CASE("empty matrices and no points") {
    const packed::View no_columns{nullptr, 2, 0}, no_rows{nullptr, 0, 5};
    CHECK(product<float>(Cpu{1}, no_columns, {}, 3) == std::vector<float>(6, 0));
    CHECK(product<float>(Cpu{1}, no_rows, std::vector<float>(15, 1), 3).empty());
    CHECK(product<float>(Cpu{1}, no_columns, {}, 0).empty());
}
