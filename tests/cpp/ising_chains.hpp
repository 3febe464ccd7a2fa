#pragma once
#include <cmath>
#include <cstdint>
#include <random>
#include <span>
#include <vector>

#include <kousei/ising.hpp>
#include <kousei/math/philox.hpp>
#include <kousei/packed.hpp>

/// Chains of a lattice, one spin after the other, which kernels are held against.
namespace kousei {

struct SpinChains {
    ising::Lattice lattice;
    std::int64_t weights, groups;
    std::vector<std::uint32_t> words;

    SpinChains(const ising::Lattice& of, std::int64_t weight_count, std::int64_t group_count)
        : lattice(of),
          weights(weight_count),
          groups(group_count),
          words(static_cast<std::size_t>(weight_count * of.sites() * group_count)) {
        std::mt19937_64 random(7);
        for (auto& word : words) word = static_cast<std::uint32_t>(random());
    }

    ising::Chains view() { return {words.data(), groups}; }
    ising::Run run(std::uint64_t seed, std::int64_t sweep) const { return {seed, sweep, 0, groups}; }

    /// Some of the groups.
    SpinChains part(std::int64_t first, std::int64_t count) const {
        SpinChains found(lattice, weights, count);
        for (std::size_t i = 0; i < found.words.size(); ++i) {
            const auto at = static_cast<std::int64_t>(i);
            found.words[i] = words[static_cast<std::size_t>(at / count * groups + first + at % count)];
        }
        return found;
    }

    std::int64_t length(int axis) const { return lattice.lengths[axis]; }

    /// The sites beside a site, two for each axis, numbered in the order of C.
    std::vector<std::int64_t> beside(std::int64_t site) const {
        std::vector<std::int64_t> found;
        std::int64_t step = 1;
        for (int axis = lattice.dim - 1; axis >= 0; --axis) {
            const std::int64_t at = site / step % length(axis);
            found.push_back(site + ((at + 1) % length(axis) - at) * step);
            found.push_back(site + ((at + length(axis) - 1) % length(axis) - at) * step);
            step *= length(axis);
        }
        return found;
    }

    int colour(std::int64_t site) const {
        std::int64_t sum = 0;
        for (int axis = lattice.dim - 1; axis >= 0; --axis) {
            sum += site % length(axis);
            site /= length(axis);
        }
        return static_cast<int>(sum % 2);
    }

    std::uint32_t& word(std::int64_t weight, std::int64_t site, std::int64_t group) {
        const std::int64_t at = (weight * 2 + colour(site)) * (lattice.sites() / 2) + site / 2;
        return words[static_cast<std::size_t>(at * groups + group)];
    }
    int spin(std::int64_t weight, std::int64_t site, std::int64_t chain) {
        return word(weight, site, chain / 32) >> chain % 32 & 1 ? 1 : -1;
    }

    void sweep(std::span<const ising::Weight> with, std::uint64_t seed, std::int64_t number) {
        for (int of = 0; of < 2; ++of) {
            for (std::int64_t w = 0; w < weights; ++w) {
                for (std::int64_t site = 0; site < lattice.sites(); ++site) {
                    if (colour(site) != of) continue;
                    for (std::int64_t chain = 0; chain < 32 * groups; ++chain) {
                        int sum = 0;
                        for (const std::int64_t other : beside(site)) sum += spin(w, other, chain);
                        const auto [coupling, field] = with[static_cast<std::size_t>(w)];
                        const double fall = 2 * spin(w, site, chain) * (coupling * sum + field);
                        const double chance = fall > 0 ? std::exp(-fall) : 1;
                        const std::uint32_t u = drawn(seed, site, number, w * groups + chain / 32, chain % 32);
                        if (u < std::rint(15 * 268435456.0 * chance)) {
                            word(w, site, chain / 32) ^= std::uint32_t{1} << chain % 32;
                        }
                    }
                }
            }
        }
    }

    static std::uint32_t drawn(std::uint64_t seed, std::int64_t site, std::int64_t sweep, std::int64_t group,
                               std::int64_t bit) {
        std::uint32_t u = 0;
        for (std::uint64_t block = 0; block < 8; ++block) {
            std::uint64_t word[4] = {static_cast<std::uint64_t>(site), static_cast<std::uint64_t>(sweep), block,
                                     static_cast<std::uint64_t>(group)};
            math::philox(word, seed);
            for (const std::uint64_t plane : word) u = u << 1 | (plane >> bit & 1);
        }
        return u;
    }

    std::vector<std::uint32_t> rows(std::int64_t count) {
        const std::int64_t stride = packed::stride_of(lattice.sites());
        std::vector<std::uint32_t> found(static_cast<std::size_t>(weights * count * stride));
        for (std::int64_t row = 0; row < weights * count; ++row) {
            for (std::int64_t site = 0; site < lattice.sites(); ++site) {
                if (spin(row / count, site, row % count) < 0) continue;
                found[static_cast<std::size_t>(row * stride + site / 32)] |= std::uint32_t{1} << site % 32;
            }
        }
        return found;
    }

    void exchange(std::int64_t first, const std::vector<std::uint32_t>& chosen) {
        for (std::int64_t w = first; w + 1 < weights; w += 2) {
            for (std::int64_t site = 0; site < lattice.sites(); ++site) {
                for (std::int64_t g = 0; g < groups; ++g) {
                    auto &low = word(w, site, g), &high = word(w + 1, site, g);
                    const std::uint32_t mask = chosen[static_cast<std::size_t>(w * groups + g)], was = low;
                    low = (low & ~mask) | (high & mask);
                    high = (high & ~mask) | (was & mask);
                }
            }
        }
    }
};

/// Of each dimension, with axes of two sites, and rows longer than a vector.
inline const std::vector<ising::Lattice> some_lattices{
    {1, {2}}, {1, {70}}, {2, {2, 2}}, {2, {4, 6}}, {2, {2, 140}}, {3, {2, 4, 6}}, {3, {4, 2, 2}}, {3, {6, 4, 10}}};
/// Ferromagnets and antiferromagnets, without coupling, without and in a field.
inline const std::vector<ising::Weight> some_weights{{0.4, 0},    {-0.3, 0},   {0, 0},  {0.25, 0.5},
                                                     {-0.4, 0.1}, {0.3, -0.2}, {0, -1}, {40, 0}};

}  // namespace kousei
