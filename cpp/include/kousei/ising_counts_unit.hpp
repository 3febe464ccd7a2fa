#pragma once
#include <cstdint>

#include <kousei/config.hpp>
#include <kousei/ising_counts.hpp>

namespace kousei::ising {
inline namespace KOUSEI_ISA {

KOUSEI_HD inline int bits_set(std::uint32_t x) {
#if defined(__CUDA_ARCH__)
    return __popc(x);
#else
    return __builtin_popcount(x);
#endif
}

/// One configuration.
struct Configuration {
    const std::uint32_t* words;
    std::int64_t stride;

    KOUSEI_HD std::int64_t up() const {
        std::int64_t count = 0;
        for (std::int64_t word = 0; word < stride; ++word) count += bits_set(words[word]);
        return count;
    }

    /// How many of `count` spins from site a on are unlike those from site b on.
    KOUSEI_HD std::int64_t unlike(std::int64_t a, std::int64_t b, std::int64_t count) const {
        std::int64_t sum = 0;
        for (; count >= 32; a += 32, b += 32, count -= 32) sum += bits_set(from(a) ^ from(b));
        if (count > 0) sum += bits_set((from(a) ^ from(b)) << (32 - count));
        return sum;
    }

 private:
    /// The bits of 32 sites from one on; any past the last word.
    KOUSEI_HD std::uint32_t from(std::int64_t site) const {
        const std::int64_t word = site / 32, next = word + 1 < stride ? word + 1 : word;
        return static_cast<std::uint32_t>((words[word] | std::uint64_t{words[next]} << 32) >> site % 32);
    }
};

/// Bonds with unlike spins, of a configuration; a site has one forward along each axis.
KOUSEI_HD inline std::int64_t unlike_bonds(const Configurations& spins, std::int64_t row) {
    const Configuration one{spins.rows.words + row * spins.stride, spins.stride};
    std::int64_t sum = 0, step = 1;
    for (int axis = spins.axes - 1; axis >= 0; --axis) {
        const std::int64_t block = step * spins.sides[axis];
        for (std::int64_t first = 0; first < spins.rows.columns; first += block) {
            sum += one.unlike(first, first + step, block - step) + one.unlike(first, first + block - step, step);
        }
        step = block;
    }
    return sum;
}

KOUSEI_HD inline std::int64_t spins_up(const Configurations& spins, std::int64_t row) {
    return Configuration{spins.rows.words + row * spins.stride, spins.stride}.up();
}

}  // namespace KOUSEI_ISA
}  // namespace kousei::ising
