// The chains of a device, run by the emulator, are those of the CPU bit for bit.
#include <doctest/doctest.h>
#include <kousei/cuda/ising.hpp>

#include <cstdint>
#include <stdexcept>
#include <vector>

#include "../cpp/ising_chains.hpp"
#include "kernels.hpp"

using namespace kousei;

TEST_CASE("sweeps on the device") {
    for (const auto& lattice : some_lattices) {
        for (const std::int64_t groups : {1, 3}) {
            SpinChains expected(lattice, static_cast<std::int64_t>(some_weights.size()), groups);
            SpinChains found = expected;
            OwnedWorkspace workspace(
                ising::workspace_bytes(Cpu{}, lattice, static_cast<std::int64_t>(some_weights.size()), groups));
            ising::metropolis(Cpu{}, lattice, some_weights, expected.view(), expected.run(7, 3), 3, workspace.lent());
            SpinChains last = found.part(groups - 1, 1);
            ising::metropolis(Cuda{}, lattice, some_weights, found.view(), found.run(7, 3), 2, {});
            emulator::reversed = true;
            ising::metropolis(Cuda{}, lattice, some_weights, found.view(), found.run(7, 5), 1, {});
            emulator::reversed = false;
            ising::metropolis(Cuda{}, lattice, some_weights, last.view(), {7, 3, groups - 1, groups}, 3, {});
            CAPTURE(lattice.dim);
            CAPTURE(lattice.sites());
            CAPTURE(groups);
            CHECK(found.words == expected.words);
            CHECK(last.words == expected.part(groups - 1, 1).words);
        }
    }
}

TEST_CASE("rows and exchanges on the device") {
    for (const auto& lattice : some_lattices) {
        const std::int64_t groups = 3;
        SpinChains chains(lattice, 4, groups);
        for (const std::int64_t count : {1, 40, 96}) {
            const auto expected = chains.rows(count);
            std::vector<std::uint32_t> rows(expected.size(), 7);
            ising::pack(Cuda{}, lattice, 4, chains.view(), count, rows.data());
            CHECK(rows == expected);
        }
        const SpinChains chosen(lattice, 4, groups);
        for (const std::int64_t first : {0, 1}) {
            SpinChains expected = chains;
            expected.exchange(first, chosen.words);
            ising::exchange(Cuda{}, lattice, 4, chains.view(), first, chosen.words.data());
            CHECK(chains.words == expected.words);
        }
    }
    CHECK_THROWS_AS(ising::metropolis(Cuda{}, {2, {4, 3}}, some_weights, {nullptr, 1}, {1, 0, 0, 1}, 1, {}),
                    std::invalid_argument);
}
