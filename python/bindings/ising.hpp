#pragma once
#include <pybind11/stl.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <kousei/ising.hpp>
#include <kousei/packed.hpp>

#include "checks.hpp"

namespace kousei::python {

inline ising::Lattice ising_lattice(const Shape& shape) {
    ising::Lattice lattice{static_cast<int>(std::min<std::size_t>(shape.size(), 4)), {}};
    std::copy_n(shape.begin(), std::min<std::size_t>(shape.size(), 3), lattice.lengths);
    ising::require_lattice(lattice);
    return lattice;
}

/// Of words (weights, sites, groups).
template <class Words>
ising::Chains ising_chains(const ising::Lattice& lattice, const Words& words, std::uint32_t* data) {
    require_axes("words", words, 3);
    require_shape("words", words, {words.shape(0), lattice.sites(), words.shape(2)});
    return {data, words.shape(2)};
}

/// Rows of count chains, of each of some samples.
template <class Words>
std::int64_t ising_samples(const ising::Lattice& lattice, const ising::Chains& chains, std::int64_t count,
                           const Words& rows) {
    if (count < 1 || blocks_of(count, 32) > chains.groups) {
        throw pybind11::value_error("chains was " + std::to_string(count) + "; 1 to " +
                                    std::to_string(32 * chains.groups) + " are accepted");
    }
    require_axes("rows", rows, 2);
    const std::int64_t samples = rows.shape(0) / count;
    require_shape("rows", rows, {samples * count, packed::stride_of(lattice.sites())});
    return samples;
}

template <class Side>
void bind_ising(pybind11::module_& m) {
    using namespace pybind11::literals;
    using Words = typename Side::template Array<std::uint32_t>;
    using Execution = typename Side::Execution;
    m.def(
        "ising_metropolis",
        [](const Shape& shape, const std::vector<std::pair<double, double>>& weights, Words& words,
           std::uint64_t seed, std::int64_t sweep, std::int64_t sweeps, std::int64_t first_group, std::int64_t groups,
           const Execution& on) {
            const auto lattice = ising_lattice(shape);
            const auto chains = ising_chains(lattice, words, words.mutable_data());
            const auto count = static_cast<std::int64_t>(weights.size());
            require_shape("words", words, {count, lattice.sites(), chains.groups});
            std::vector<ising::Weight> each;
            for (const auto& [coupling, field] : weights) each.push_back({coupling, field});
            Side::run(on, chains.words, [&](auto where, auto lend) {
                ising::metropolis(where, lattice, each, chains, {seed, sweep, first_group, groups}, sweeps,
                                  lend(ising::workspace_bytes(where, lattice, count, chains.groups)));
            });
        },
        "shape"_a, "weights"_a, "words"_a.noconvert(), "seed"_a, "sweep"_a, "sweeps"_a, "first_group"_a, "groups"_a,
        "on"_a);
    // Of the first weight, `thin` sweeps before each sample.
    m.def(
        "ising_sample",
        [](const Shape& shape, std::pair<double, double> weight, Words& words, std::uint64_t seed, std::int64_t sweep,
           std::int64_t thin, std::int64_t first_group, std::int64_t groups, std::int64_t chain_count, Words& rows,
           const Execution& on) {
            const auto lattice = ising_lattice(shape);
            const auto chains = ising_chains(lattice, words, words.mutable_data());
            require_shape("words", words, {1, lattice.sites(), chains.groups});
            const std::int64_t samples = ising_samples(lattice, chains, chain_count, rows);
            std::uint32_t* to = rows.mutable_data();
            const ising::Weight each[] = {{weight.first, weight.second}};
            Side::run(on, chains.words, [&](auto where, auto lend) {
                const Workspace workspace = lend(ising::workspace_bytes(where, lattice, 1, chains.groups));
                for (std::int64_t i = 0; i < samples; ++i) {
                    ising::metropolis(where, lattice, each, chains, {seed, sweep + i * thin, first_group, groups},
                                      thin, workspace);
                    ising::pack(where, lattice, 1, chains, chain_count, to);
                    to += chain_count * packed::stride_of(lattice.sites());
                }
            });
        },
        "shape"_a, "weight"_a, "words"_a.noconvert(), "seed"_a, "sweep"_a, "thin"_a, "first_group"_a, "groups"_a,
        "chains"_a, "rows"_a.noconvert(), "on"_a);
    m.def(
        "ising_pack",
        [](const Shape& shape, Words& words, std::int64_t chain_count, Words& rows, const Execution& on) {
            const auto lattice = ising_lattice(shape);
            const auto chains = ising_chains(lattice, words, words.mutable_data());
            const std::int64_t weights = words.shape(0);
            if (ising_samples(lattice, chains, chain_count, rows) != weights) {
                require_shape("rows", rows, {weights * chain_count, rows.shape(1)});
            }
            std::uint32_t* const to = rows.mutable_data();
            Side::run(on, to,
                      [&](auto where, auto) { ising::pack(where, lattice, weights, chains, chain_count, to); });
        },
        "shape"_a, "words"_a.noconvert(), "chains"_a, "rows"_a.noconvert(), "on"_a);
    m.def(
        "ising_exchange",
        [](const Shape& shape, Words& words, std::int64_t first, const Words& chosen, const Execution& on) {
            const auto lattice = ising_lattice(shape);
            const auto chains = ising_chains(lattice, words, words.mutable_data());
            const std::int64_t weights = words.shape(0);
            if (first < 0) throw pybind11::value_error("first was " + std::to_string(first) + "; 0 or 1 is accepted");
            require_shape("chosen", chosen, {weights - 1, chains.groups});
            const std::uint32_t* const bits = chosen.data();
            Side::run(on, chains.words,
                      [&](auto where, auto) { ising::exchange(where, lattice, weights, chains, first, bits); });
        },
        "shape"_a, "words"_a.noconvert(), "first"_a, "chosen"_a.noconvert(), "on"_a);
}

}  // namespace kousei::python
