#include <doctest/doctest.h>
#include <kousei/errors.hpp>
#include <kousei/ising.hpp>

#include <cstdint>
#include <stdexcept>
#include <utility>
#include <vector>

#include "ising_chains.hpp"
#include "simd/kernels.hpp"
#include "workspace.hpp"

namespace {

using kousei::Cpu, kousei::SpinChains;
namespace ising = kousei::ising;

void advance(SpinChains& chains, const std::vector<ising::Weight>& weights, ising::Run run, std::int64_t sweeps,
             int threads) {
    const Cpu on{threads};
    OwnedWorkspace workspace(ising::workspace_bytes(on, chains.lattice, chains.weights, chains.groups));
    ising::metropolis(on, chains.lattice, weights, chains.view(), run, sweeps, workspace.lent());
}

}  // namespace

TEST_CASE("sweeps of many chains are those of one spin after the other") {
    // KOUSEI_SIMD and ctest: of each instruction set.
    const std::uint64_t seed = 0x0123456789abcdef;
    for (const auto& lattice : kousei::some_lattices) {
        for (const std::int64_t groups : {1, 3, 17}) {
            if (groups * lattice.sites() > 2000) continue;
            const auto& weights = kousei::some_weights;
            const auto count = static_cast<std::int64_t>(weights.size());
            SpinChains expected(lattice, count, groups);
            const SpinChains start = expected;
            for (std::int64_t sweep = 5; sweep < 8; ++sweep) expected.sweep(weights, seed, sweep);
            for (const int threads : {1, 2, 4}) {
                CAPTURE(lattice.dim);
                CAPTURE(lattice.sites());
                CAPTURE(groups);
                CAPTURE(threads);
                SpinChains found = start;
                advance(found, weights, found.run(seed, 5), 1, threads);
                advance(found, weights, found.run(seed, 6), 2, threads);
                CHECK(found.words == expected.words);
            }
        }
    }
}

TEST_CASE("groups of a run that are advanced apart") {
    for (const auto& lattice : kousei::some_lattices) {
        const auto& weights = kousei::some_weights;
        SpinChains whole(lattice, static_cast<std::int64_t>(weights.size()), 19);
        const SpinChains start = whole;
        advance(whole, weights, whole.run(3, 1), 2, 2);
        for (const auto& [first, count] : {std::pair{0L, 2L}, {2L, 1L}, {1L, 17L}, {18L, 1L}}) {
            CAPTURE(lattice.sites());
            CAPTURE(first);
            SpinChains part = start.part(first, count);
            advance(part, weights, {3, 1, first, 19}, 2, 2);
            CHECK(part.words == whole.part(first, count).words);
        }
    }
}

TEST_CASE("every instruction set turns squares of bits") {
    std::vector<std::uint32_t> words(32 * kousei::simd::widest);
    for (std::size_t i = 0; i < words.size(); ++i)
        words[i] = static_cast<std::uint32_t>(i * 0x9e3779b97f4a7c15 >> 20);
    for (const auto* const* set = kousei::simd::instruction_sets; *set; ++set) {
        if (!(*set)->supported()) continue;
        CAPTURE((*set)->name);
        auto turned = words;
        (*set)->ising.transpose(turned.data());
        const auto bit = [](const std::vector<std::uint32_t>& of, std::size_t row, std::size_t lane, std::size_t at) {
            return of[row * kousei::simd::widest + lane] >> at & 1;
        };
        int wrong = 0;
        for (std::size_t i = 0; i < 32; ++i) {
            for (std::size_t r = 0; r < 32; ++r) {
                for (std::size_t lane = 0; lane < kousei::simd::widest; ++lane) {
                    wrong += bit(turned, r, lane, i) != bit(words, i, lane, r);
                }
            }
        }
        CHECK(wrong == 0);
    }
}

TEST_CASE("configurations as rows, and exchanges") {
    for (const auto& lattice : kousei::some_lattices) {
        for (const std::int64_t groups : {1, 5, 18}) {
            CAPTURE(lattice.dim);
            CAPTURE(lattice.sites());
            CAPTURE(groups);
            SpinChains chains(lattice, 4, groups);
            for (const std::int64_t count : {1L, 32 * groups - 31, 32 * groups}) {
                const auto expected = chains.rows(count);
                std::vector<std::uint32_t> rows(expected.size(), 7);
                ising::pack(Cpu{2}, lattice, 4, chains.view(), count, rows.data());
                CHECK(rows == expected);
            }
            const SpinChains chosen(lattice, 4, groups);
            for (const std::int64_t first : {0, 1}) {
                SpinChains expected = chains;
                expected.exchange(first, chosen.words);
                ising::exchange(Cpu{2}, lattice, 4, chains.view(), first, chosen.words.data());
                CHECK(chains.words == expected.words);
            }
        }
    }
}

TEST_CASE("lattices and runs that are refused") {
    CHECK_THROWS_AS(ising::require_lattice({0, {}}), std::invalid_argument);
    CHECK_THROWS_AS(ising::require_lattice({4, {2, 2, 2}}), std::invalid_argument);
    CHECK_THROWS_AS(ising::require_lattice({2, {4, 3}}), std::invalid_argument);
    CHECK_THROWS_AS(ising::require_lattice({2, {0, 4}}), std::invalid_argument);
    CHECK_THROWS_AS(ising::require_lattice({2, {1 << 16, 1 << 16}}), std::invalid_argument);
    CHECK_THROWS_AS(ising::require_lattice({3, {1L << 40, 1L << 40, 2}}), kousei::SizeError);
    ising::require_lattice({2, {1 << 16, (1 << 16) - 2}});
    SpinChains chains({1, {4}}, 1, 1);
    CHECK_THROWS_AS(advance(chains, {{0.5, 0}}, {1, (1L << 32) - 1, 0, 1}, 2, 1), std::invalid_argument);
    CHECK_THROWS_AS(advance(chains, {{0.5, 0}}, {1, -1, 0, 1}, 2, 1), std::invalid_argument);
    advance(chains, {{0.5, 0}}, {1, (1L << 32) - 2, 0, 1}, 2, 1);
    CHECK_THROWS_AS(advance(chains, {{0.5, 0}}, {1, 0, 0, 0}, 2, 1), std::invalid_argument);
    CHECK_THROWS_AS(advance(chains, {{0.5, 0}}, {1, 0, 3, 3}, 2, 1), std::invalid_argument);
    CHECK_THROWS_AS(advance(chains, {{0.5, 0}}, {1, 0, -1, 3}, 2, 1), std::invalid_argument);
    CHECK_THROWS_AS(advance(chains, {{0.5, 0}}, {1, 0, 0, (1L << 32) + 1}, 2, 1), std::invalid_argument);
    advance(chains, {{0.5, 0}}, {1, 0, (1L << 32) - 1, 1L << 32}, 2, 1);
    CHECK_THROWS_AS(ising::metropolis(Cpu{1}, chains.lattice, {}, chains.view(), {1, 0, 0, 1}, -1, {}),
                    std::invalid_argument);
}
