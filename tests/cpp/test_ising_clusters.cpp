#include <cstdint>
#include <stdexcept>
#include <vector>

#include <doctest/doctest.h>

#include <kousei/ising_clusters.hpp>
#include <kousei/ising_counts.hpp>
#include <kousei/packed.hpp>

#include "workspace.hpp"

using namespace kousei;

namespace {

using Words = std::vector<std::uint32_t>;

/// Chains that begin with all spins down.
struct Chains {
    std::vector<std::int64_t> sides;
    double coupling, field;
    std::int64_t count;
    std::uint64_t seed = 5;
    std::int64_t first = 0;
    Words words = Words(static_cast<std::size_t>(count * packed::stride_of(model().sites())));
    std::vector<std::int64_t> visited = std::vector<std::int64_t>(static_cast<std::size_t>(count));

    ising::Clusters model() const {
        return {sides.data(), static_cast<int>(sides.size()), coupling, field, seed, first};
    }

    void swendsen_wang(std::int64_t sweep, std::int64_t sweeps, Cpu on = {}) {
        const OwnedWorkspace workspace(ising::workspace_bytes(on, model(), count));
        ising::swendsen_wang(on, model(), count, words.data(), sweep, sweeps, workspace.lent());
    }
    void wolff(std::int64_t sweep, std::int64_t sweeps, std::int64_t clusters, Cpu on = {}) {
        wolff(sweep, sweeps, std::vector<std::int64_t>(static_cast<std::size_t>(count), clusters), on);
    }
    void wolff(std::int64_t sweep, std::int64_t sweeps, const std::vector<std::int64_t>& clusters, Cpu on = {}) {
        const OwnedWorkspace workspace(ising::workspace_bytes(on, model(), count));
        ising::wolff(on, model(), count, words.data(), sweep, sweeps, clusters.data(), visited.data(),
                     workspace.lent());
    }

    ising::Configurations configurations() const {
        return {{words.data(), count, model().sites()}, sides.data(), static_cast<int>(sides.size())};
    }
    std::vector<std::int64_t> unlike() const { return counts(0); }
    std::vector<std::int64_t> up() const { return counts(1); }

 private:
    std::vector<std::int64_t> counts(std::size_t which) const {
        std::vector<std::int64_t> both[2] = {visited, visited};
        ising::count(Cpu{}, configurations(), both[0].data(), both[1].data());
        return both[which];
    }
};

}  // namespace

TEST_CASE("chains by clusters depend on their counters alone") {
    for (const std::vector<std::int64_t>& sides : {std::vector<std::int64_t>{50}, {6, 10}, {2, 4, 6}}) {
        for (const double coupling : {0.2, -0.3}) {
            Chains whole{sides, coupling, 0.1, 5}, parts = whole, few = whole, single = whole, singles = whole;
            whole.swendsen_wang(0, 7, {1});
            parts.swendsen_wang(0, 3, {4});
            parts.swendsen_wang(3, 4, {2});
            CHECK(whole.words == parts.words);
            // A chain does not know how many others there are.
            few.count = 3;
            few.swendsen_wang(0, 7);
            const auto end = static_cast<std::ptrdiff_t>(3 * packed::stride_of(few.model().sites()));
            CHECK(Words(few.words.begin(), few.words.begin() + end) ==
                  Words(whole.words.begin(), whole.words.begin() + end));
            single.wolff(0, 6, 4, {1});
            const auto visited = single.visited;
            singles.wolff(0, 2, 4, {4});
            const auto first = singles.visited;
            singles.wolff(2, 4, 4, {2});
            CHECK(single.words == singles.words);
            for (std::size_t chain = 0; chain < 5; ++chain)
                CHECK(visited[chain] == first[chain] + singles.visited[chain]);
            CHECK(single.words != whole.words);
            single.seed = 6;
            const Words before = single.words;
            single.wolff(0, 6, 4);
            CHECK(single.words != before);
        }
    }
}

TEST_CASE("chains by clusters that are advanced apart") {
    const std::vector<std::int64_t> numbers{3, 1, 4, 1, 5};
    for (const std::vector<std::int64_t>& sides : {std::vector<std::int64_t>{50}, {6, 10}, {2, 4, 6}}) {
        Chains whole{sides, 0.2, 0.1, 5}, single = whole;
        whole.swendsen_wang(0, 7);
        single.wolff(0, 7, numbers);
        const std::int64_t stride = packed::stride_of(whole.model().sites());
        for (const std::int64_t first : {0, 2, 3}) {
            Chains part{sides, 0.2, 0.1, 2}, part_single = part;
            const auto its = [&](const Words& words) {
                return Words(words.begin() + first * stride, words.begin() + (first + 2) * stride);
            };
            part.first = part_single.first = first;
            part.swendsen_wang(0, 7);
            CHECK(part.words == its(whole.words));
            part_single.wolff(0, 7, {numbers.begin() + first, numbers.begin() + first + 2});
            CHECK(part_single.words == its(single.words));
            CHECK(part_single.visited[0] == single.visited[static_cast<std::size_t>(first)]);
        }
    }
}

TEST_CASE("clusters at the ends of the scale of couplings") {
    // Bonds that always hold make one cluster, which is in one of two states, of either sign of the coupling.
    for (const double coupling : {40.0, -40.0}) {
        Chains cold{{4, 6, 2}, coupling, 0, 64};
        if (coupling < 0) {
            for (std::size_t word = 0; word < cold.words.size(); word += 4) {
                // Planes (y, z) of 12 sites, of which those with y + z odd are up; the next one is turned over.
                const std::uint64_t even = 0b011001100110, odd = ~even & 0xfff;
                const std::uint64_t bits = even | odd << 12 | even << 24 | odd << 36;
                cold.words[word] = static_cast<std::uint32_t>(bits);
                cold.words[word + 1] = static_cast<std::uint32_t>(bits >> 32);
            }
        }
        const std::int64_t unlike = coupling > 0 ? 0 : 3 * 48;
        const auto check = [&] {
            int turned = 0;
            for (std::size_t word = 4; word < cold.words.size(); word += 4) {
                turned += cold.words[word] != cold.words[0];
            }
            for (const std::int64_t bonds : cold.unlike()) CHECK(bonds == unlike);
            return turned;
        };
        CHECK(check() == 0);
        cold.swendsen_wang(0, 1);
        CHECK(check() > 10);
        cold.wolff(1, 1, 1);
        for (const std::int64_t sites : cold.visited) CHECK(sites == 48);
        CHECK(check() > 10);
    }
    // Without a coupling each spin is drawn for itself, or turns over for itself.
    Chains hot{{20, 20}, 0, 0, 50};
    hot.wolff(0, 1, 3);
    for (const std::int64_t sites : hot.visited) CHECK(sites == 3);
    hot.swendsen_wang(1, 1);
    std::int64_t up = 0, unlike = 0;
    for (const std::int64_t spins : hot.up()) up += spins;
    for (const std::int64_t bonds : hot.unlike()) unlike += bonds;
    CHECK(std::abs(up - 10000) < 5 * 71);       // of 20000
    CHECK(std::abs(unlike - 20000) < 5 * 100);  // of 40000
    // What a strong field favours it holds.
    Chains held{{6, 6}, 0.3, 40, 8};
    held.swendsen_wang(0, 30);
    for (const std::int64_t spins : held.up()) CHECK(spins == 36);
    held.wolff(30, 5, 5);
    for (const std::int64_t spins : held.up()) CHECK(spins == 36);
}

TEST_CASE("chains by clusters refuse what they cannot count") {
    Chains chains{{4, 4}, 0.3, 0, 2};
    CHECK_THROWS_AS(chains.swendsen_wang((std::int64_t{1} << 32) - 1, 2), std::invalid_argument);
    CHECK_THROWS_AS(chains.wolff(-1, 1, 1), std::invalid_argument);
    for (const std::int64_t first : {std::int64_t{-1}, (std::int64_t{1} << 32) - 1}) {
        Chains far = chains;
        far.first = first;
        CHECK_THROWS_AS(far.swendsen_wang(0, 1), std::invalid_argument);
    }
    const Words before = chains.words;
    chains.swendsen_wang(3, 0);
    CHECK(chains.words == before);
    Chains deep{{2, 2, 2, 2}, 0.3, 0, 1};
    CHECK_THROWS_AS(deep.swendsen_wang(0, 1), std::invalid_argument);
    Chains large{{2}, 0.3, 0, 1};
    large.sides = {std::int64_t{1} << 20, 1 << 20};
    CHECK_THROWS_AS(ising::swendsen_wang(Cpu{}, large.model(), 1, large.words.data(), 0, 1, {}),
                    std::invalid_argument);
}
