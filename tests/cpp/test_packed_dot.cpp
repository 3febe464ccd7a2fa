#include <doctest/doctest.h>
#include <kousei/errors.hpp>
#include <kousei/packed.hpp>

#include <array>
#include <cstdint>
#include <random>
#include <stdexcept>
#include <vector>

#include "simd/kernels.hpp"

namespace {

using kousei::Cpu;
namespace packed = kousei::packed;

std::size_t at(std::int64_t i) {
    return static_cast<std::size_t>(i);
}

struct Signs {
    std::int64_t rows, columns;
    std::vector<std::int8_t> entries;
    std::vector<std::uint32_t> words;

    Signs(std::int64_t row_count, std::int64_t column_count, std::uint64_t seed)
        : rows(row_count), columns(column_count), words(at(rows * packed::stride_of(columns))) {
        std::mt19937_64 random(seed);
        for (std::int64_t i = 0; i < rows * columns; ++i) entries.push_back(random() % 3 ? 1 : -1);
        packed::pack(Cpu{1}, entries.data(), rows, columns, words.data());
    }
    packed::View view() const { return {words.data(), rows, columns}; }
};

std::vector<std::int32_t> expected(const Signs& a, const Signs& b) {
    std::vector<std::int32_t> sums;
    for (std::int64_t i = 0; i < a.rows; ++i) {
        for (std::int64_t j = 0; j < b.rows; ++j) {
            std::int32_t sum = 0;
            for (std::int64_t k = 0; k < a.columns; ++k) {
                sum += a.entries[at(i * a.columns + k)] * b.entries[at(j * a.columns + k)];
            }
            sums.push_back(sum);
        }
    }
    return sums;
}

}  // namespace

TEST_CASE("every instruction set counts where signs differ") {
    for (const std::int64_t columns : {1, 31, 32, 128, 129, 256, 300, 512, 640, 1000, 4096, 8191, 20000, 40000}) {
        const Signs a(3, columns, 1), b(5, columns, 2);
        const auto sums = expected(a, b);
        for (const auto* const* set = kousei::simd::instruction_sets; *set; ++set) {
            if (!(*set)->supported()) continue;
            CAPTURE((*set)->name);
            CAPTURE(columns);
            std::vector<std::int32_t> out(18, 7);
            (*set)->dot_signs({a.words.data(), 3, b.words.data(), 5, packed::stride_of(columns), columns}, out.data(),
                              6);
            for (std::int64_t i = 0; i < 3; ++i) {
                for (std::int64_t j = 0; j < 5; ++j) CHECK(out[at(i * 6 + j)] == sums[at(i * 5 + j)]);
                CHECK(out[at(i * 6 + 5)] == 7);
            }
        }
    }
}

TEST_CASE("rows that agree and rows that are opposite") {
    for (const std::int64_t columns : {1, 100, 100000}) {
        std::vector<std::int8_t> entries(at(2 * columns), 1);
        for (std::int64_t k = 0; k < columns; ++k) entries[at(columns + k)] = -1;
        std::vector<std::uint32_t> words(at(2 * packed::stride_of(columns)));
        packed::pack(Cpu{1}, entries.data(), 2, columns, words.data());
        const auto all = static_cast<std::int32_t>(columns);
        for (const auto* const* set = kousei::simd::instruction_sets; *set; ++set) {
            if (!(*set)->supported()) continue;
            CAPTURE((*set)->name);
            std::vector<std::int32_t> out(4);
            (*set)->dot_signs({words.data(), 2, words.data(), 2, packed::stride_of(columns), columns}, out.data(), 2);
            CHECK(out == std::vector<std::int32_t>{all, -all, -all, all});
        }
    }
}

TEST_CASE("signs times signs on any number of threads") {
    for (const auto& [a_rows, b_rows, columns] :
         {std::array<std::int64_t, 3>{200, 700, 130}, {1, 2500, 33}, {130, 1, 5000}, {70, 70, 20000}}) {
        const Signs a(a_rows, columns, 3), b(b_rows, columns, 4);
        const auto sums = expected(a, b);
        for (const int threads : {1, 2, 5}) {
            std::vector<std::int32_t> out(sums.size());
            packed::dot(Cpu{threads}, a.view(), b.view(), out.data());
            CHECK(out == sums);
        }
    }
}

TEST_CASE("no columns, no rows, and columns that do not fit") {
    std::vector<std::int32_t> out(6, 1);
    packed::dot(Cpu{2}, {nullptr, 2, 0}, {nullptr, 3, 0}, out.data());
    CHECK(out == std::vector<std::int32_t>(6, 0));
    packed::dot(Cpu{2}, {nullptr, 0, 5}, {nullptr, 3, 5}, nullptr);
    CHECK_THROWS_AS(packed::dot(Cpu{1}, {nullptr, 0, 4}, {nullptr, 0, 5}, nullptr), std::invalid_argument);
    CHECK_THROWS_AS(
        packed::dot(Cpu{1}, {nullptr, 0, std::int64_t{1} << 31}, {nullptr, 0, std::int64_t{1} << 31}, nullptr),
        kousei::SizeError);
}
