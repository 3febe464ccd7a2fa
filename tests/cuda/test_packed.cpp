// Matrices of signs on the device, run by the emulator, against the library for the CPU.
#include <doctest/doctest.h>
#include <kousei/cuda/packed.hpp>

#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "kernels.hpp"

namespace {

using namespace kousei;

/// A matrix with arrays of its own; `group` 0: without scales.
template <class Real>
struct Signs {
    std::vector<std::uint32_t> words;
    std::vector<Real> scales;
    packed::Matrix<Real> matrix;

    Signs(std::int64_t rows, std::int64_t columns, std::int64_t group = 0)
        : words(static_cast<std::size_t>(rows * packed::stride_of(columns))) {
        std::vector<Real> signs = random<Real>(static_cast<std::size_t>(rows * columns));
        for (Real& sign : signs) sign = sign < 0 ? Real(-1) : Real(1);
        packed::pack(Cpu{}, signs.data(), rows, columns, words.data());
        matrix.signs = {words.data(), rows, columns};
        if (group == 0) return;
        scales = random<Real>(static_cast<std::size_t>(rows * blocks_of(columns, group)));
        matrix.scales = scales.data();
        matrix.group = group;
    }

    template <class On>
    std::vector<Real> times(On on, const std::vector<Real>& x, std::int64_t points) const {
        return values<Real>(
            on, points * matrix.signs.rows,
            [&](auto where) { return packed::workspace_bytes(where, matrix, points); },
            [&](auto where, Real* out, Workspace workspace) {
                packed::matmul(where, matrix, x.data(), points, out, workspace);
            });
    }

    /// Largest difference between the device and the CPU, relative to the largest of these points.
    double error(const std::vector<Real>& x, std::int64_t points, Precision precision = Precision::full) const {
        const auto expected = times(Cpu{}, x, points), found = times(Cuda{0, precision}, x, points);
        if (precision == Precision::full) {
            emulator::reversed = true;
            CHECK(times(Cuda{}, x, points) == found);
            emulator::reversed = false;
        }
        double largest = 0, scale = 0;
        for (std::size_t i = 0; i < x.size(); ++i) scale = std::max(scale, std::abs(static_cast<double>(x[i])));
        for (std::size_t i = 0; i < found.size(); ++i) {
            CHECK(!std::isnan(found[i]));
            largest = std::max(largest, std::abs(static_cast<double>(found[i]) - static_cast<double>(expected[i])));
        }
        return largest / (scale * std::sqrt(static_cast<double>(matrix.signs.columns)));
    }
};

template <class Real>
std::vector<Real> whole_numbers(std::int64_t count) {
    std::vector<Real> x = random<Real>(static_cast<std::size_t>(count), 9);
    for (Real& number : x) number = std::trunc(number);
    return x;
}

template <class Real>
void check_infinities(std::int64_t rows, std::int64_t columns, std::int64_t points) {
    const Signs<Real> signs(rows, columns);
    auto x = whole_numbers<Real>(points * columns);
    const Real infinity = std::numeric_limits<Real>::infinity();
    x[3] = infinity;
    if (points > 3) {
        const auto at = static_cast<std::size_t>(columns);
        x[at + 4] = -infinity, x[2 * at + 5] = x[3 * at - 1] = infinity, x[4 * at - 2] = Real(NAN);
    }
    const auto expected = signs.times(Cpu{}, x, points), found = signs.times(Cuda{}, x, points);
    for (std::size_t i = 0; i < expected.size(); ++i) {
        CAPTURE(i);
        CHECK((std::isnan(expected[i]) ? std::isnan(found[i]) : found[i] == expected[i]));
    }
}

}  // namespace

TEST_CASE_TEMPLATE("signs on the device", Number, std::int8_t, std::int16_t, std::int32_t, std::int64_t, float,
                   double) {
    for (const std::int64_t columns : {0, 1, 31, 32, 33, 128, 129, 300}) {
        const std::int64_t rows = 7, count = rows * columns;
        std::vector<Number> signs, unpacked(static_cast<std::size_t>(count));
        for (const double number : random<double>(static_cast<std::size_t>(count))) {
            signs.push_back(number < 0 ? Number(-1) : Number(1));
        }
        const auto words = static_cast<std::size_t>(rows * packed::stride_of(columns));
        std::vector<std::uint32_t> expected(words), found(words, 77);
        std::int64_t wrong = -1;
        packed::pack(Cpu{}, signs.data(), rows, columns, expected.data());
        packed::pack(Cuda{}, signs.data(), rows, columns, found.data(), &wrong);
        CHECK(found == expected);
        CHECK(wrong == count);
        packed::unpack(Cuda{}, {found.data(), rows, columns}, unpacked.data());
        CHECK(unpacked == signs);
        if (count < 40) continue;
        signs[39] = signs[22] = signs[30] = Number(2);
        packed::pack(Cuda{}, signs.data(), rows, columns, found.data(), &wrong);
        CHECK(wrong == 22);
    }
}

TEST_CASE_TEMPLATE("products of signs on the device", Real, float, double) {
    const std::int64_t shapes[][3] = {{1, 1, 1},     {3, 0, 2},   {0, 5, 2},    {4, 300, 0},  {129, 33, 1},
                                      {130, 200, 9}, {5, 129, 8}, {300, 70, 3}, {64, 257, 17}};
    for (const auto& [rows, columns, points] : shapes) {
        for (const std::int64_t group : {0, 32, 96, 128, 256, 1000}) {
            CAPTURE(rows);
            CAPTURE(columns);
            CAPTURE(group);
            const Signs<Real> signs(rows, columns, group);
            const auto x = random<Real>(static_cast<std::size_t>(points * columns));
            if (columns == 0) {
                CHECK(signs.times(Cuda{}, x, points) == std::vector<Real>(static_cast<std::size_t>(rows * points)));
            } else if (points > 0) {
                CHECK(signs.error(x, points) < tolerance<Real>);
            }
            if (group != 0) continue;
            const auto whole = whole_numbers<Real>(points * columns);
            CHECK(signs.times(Cuda{}, whole, points) == signs.times(Cpu{}, whole, points));
        }
    }
    check_infinities<Real>(70, 100, 1);
    check_infinities<Real>(70, 100, 5);
}

TEST_CASE("products of signs on the tensor cores") {
    struct Case {
        std::int64_t rows, columns, points, group;
    };
    // Every number of few points, two and four tiles of halves; with 518 rows the last are tiled from the end.
    for (const auto& [rows, columns, points, group] :
         {Case{518, 640, 1, 0}, Case{512, 1030, 2, 384}, Case{512, 700, 3, 0}, Case{512, 640, 4, 0},
          Case{518, 512, 5, 256}, Case{512, 530, 6, 0}, Case{512, 1000, 7, 0}, Case{512, 520, 8, 128},
          Case{518, 600, 9, 0}, Case{512, 768, 16, 128}, Case{512, 512, 17, 2000000}, Case{512, 530, 33, 0}}) {
        CAPTURE(points);
        const Signs<float> signs(rows, columns, group);
        const auto x = random<float>(static_cast<std::size_t>(points * columns));
        CHECK(signs.error(x, points) < 3e-6);
        if (points <= packed::few_points) {
            CHECK(signs.times(Cuda{0, Precision::fast}, x, points) == signs.times(Cuda{}, x, points));
        } else {
            const double fast = signs.error(x, points, Precision::fast);
            CHECK(fast > 3e-6);
            CHECK(fast < 6e-4);
        }
        if (group == 0) {
            const auto whole = whole_numbers<float>(points * columns);
            CHECK(signs.times(Cuda{}, whole, points) == signs.times(Cpu{}, whole, points));
        }
    }
    for (const std::int64_t points : {1, 4, 12}) check_infinities<float>(512, 530, points);
}

TEST_CASE("the smallest and the largest numbers on the tensor cores") {
    const std::int64_t columns = 640;
    const Signs<float> signs(512, columns);
    for (const std::int64_t points : {1, 9}) {
        for (const int exponent : {-147, -130, 117}) {
            CAPTURE(exponent);
            auto x = whole_numbers<float>(points * columns);
            for (float& number : x) number = std::ldexp(number, exponent - 2);
            CHECK(signs.times(Cuda{}, x, points) == signs.times(Cpu{}, x, points));
        }
    }
}

TEST_CASE("signs times signs on the device") {
    const std::int64_t shapes[][3] = {{1, 1, 1}, {3, 5, 40}, {40, 70, 130}, {33, 65, 1000}, {2, 3, 0}, {0, 3, 5}};
    for (const auto& [rows, others, columns] : shapes) {
        const Signs<float> left(rows, columns), right(others, columns);
        const auto count = static_cast<std::size_t>(rows * others);
        std::vector<std::int32_t> expected(count, -1), found(count, -1);
        packed::dot(Cpu{}, left.matrix.signs, right.matrix.signs, expected.data());
        packed::dot(Cuda{}, left.matrix.signs, right.matrix.signs, found.data());
        CHECK(found == expected);
    }
    const packed::View wide{nullptr, 1, std::int64_t{1} << 31};
    CHECK_THROWS_AS(packed::dot(Cuda{}, wide, wide, nullptr), SizeError);
}
