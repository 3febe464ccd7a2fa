#pragma once
#include <cstdint>

#include <kousei/ising_unit.hpp>

namespace kousei::simd {

/// Words of a row of one colour. Those up to the next multiple of `widest` can be read and written too.
struct SpinRow {
    std::uint32_t* spins;
    const std::uint32_t* neighbours[6];  ///< two for each axis: word i is beside word i of the spins
    const std::uint32_t* sites;          ///< of each word, from the first on
    const std::uint32_t* groups;         ///< of each word
    std::int64_t words;
    std::uint32_t first_site;
    std::uint32_t sweep;
    std::uint64_t seed;
    const ising::Rule* rule;
};

struct IsingKernels {
    /// Offers each spin to flip; by the dimension less 1, without and with a field.
    void (*update[3][2])(const SpinRow& row);
    /// Bit r of word (i, lane) of 32 x `widest` words becomes bit i of word (r, lane).
    void (*transpose)(std::uint32_t* words);
};

}  // namespace kousei::simd
