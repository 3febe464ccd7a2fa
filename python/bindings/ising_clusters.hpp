#pragma once
#include <pybind11/stl.h>

#include <cstdint>
#include <string>
#include <vector>

#include <kousei/ising_clusters.hpp>
#include <kousei/packed.hpp>

#include "checks.hpp"
#include "host_array.hpp"

namespace kousei::python {

/// Chains by clusters, which are for the host alone.
inline void bind_ising_clusters(pybind11::module_& m) {
    using namespace pybind11::literals;
    using Words = HostSide::Array<std::uint32_t>;
    using Counts = HostSide::Array<std::int64_t>;
    const auto model = [](const std::vector<std::int64_t>& sides, double coupling, double field, std::uint64_t seed,
                          std::int64_t first_chain) {
        if (sides.empty() || sides.size() > 3) {
            throw pybind11::value_error("sides were " + std::to_string(sides.size()) + "; 1 to 3 are accepted");
        }
        for (const std::int64_t side : sides) {
            if (side >= 2 && side % 2 == 0) continue;
            throw pybind11::value_error("sides has " + std::to_string(side) +
                                        "; even sides of at least 2 are accepted");
        }
        return ising::Clusters{sides.data(), static_cast<int>(sides.size()), coupling, field, seed, first_chain};
    };
    m.def(
        "ising_swendsen_wang",
        [model](Words& words, const std::vector<std::int64_t>& sides, double coupling, double field,
                std::uint64_t seed, std::int64_t sweep, std::int64_t sweeps, std::int64_t first_chain,
                const Cpu& on) {
            const auto clusters = model(sides, coupling, field, seed, first_chain);
            require_axes("words", words, 2);
            const std::int64_t chains = words.shape(0);
            require_shape("words", words, {chains, packed::stride_of(clusters.sites())});
            std::uint32_t* const to = words.mutable_data();
            HostSide::run(on, to, [&](auto where, auto lend) {
                ising::swendsen_wang(where, clusters, chains, to, sweep, sweeps,
                                     lend(ising::workspace_bytes(where, clusters, chains)));
            });
        },
        "words"_a.noconvert(), "sides"_a, "coupling"_a, "field"_a, "seed"_a, "sweep"_a, "sweeps"_a, "first_chain"_a,
        "on"_a);
    m.def(
        "ising_wolff",
        [model](Words& words, const std::vector<std::int64_t>& sides, double coupling, double field,
                std::uint64_t seed, std::int64_t sweep, std::int64_t sweeps, std::int64_t first_chain,
                const Counts& clusters_of_sweep, Counts& visited, const Cpu& on) {
            const auto clusters = model(sides, coupling, field, seed, first_chain);
            require_axes("words", words, 2);
            const std::int64_t chains = words.shape(0);
            require_shape("words", words, {chains, packed::stride_of(clusters.sites())});
            require_shape("clusters", clusters_of_sweep, {chains});
            require_shape("visited", visited, {chains});
            const std::int64_t* const numbers = clusters_of_sweep.data();
            std::uint32_t* const to = words.mutable_data();
            std::int64_t* const counts = visited.mutable_data();
            HostSide::run(on, to, [&](auto where, auto lend) {
                ising::wolff(where, clusters, chains, to, sweep, sweeps, numbers, counts,
                             lend(ising::workspace_bytes(where, clusters, chains)));
            });
        },
        "words"_a.noconvert(), "sides"_a, "coupling"_a, "field"_a, "seed"_a, "sweep"_a, "sweeps"_a, "first_chain"_a,
        "clusters"_a.noconvert(), "visited"_a.noconvert(), "on"_a);
}

}  // namespace kousei::python
