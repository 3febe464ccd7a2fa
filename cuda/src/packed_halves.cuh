#pragma once
#include <cmath>
#include <cstdint>

#include "mma.cuh"

/// Points as float16, for the products of signs with many points. Of 16 columns that are multiplied together, lane t
/// of four has those whose signs are places `bit`, `bit` + 1 and 16 more of its word.
namespace kousei::packed {

/// Columns whose signs are read at a time, a word of a row for each of 4 lanes.
constexpr int block = 128;
/// Columns of a point that are scaled together, and the most that are summed together.
constexpr int chunk = 512;

__device__ inline bool is_finite(float x) {
    return fabsf(x) < INFINITY;
}

/// The shift of a chunk: of an element x, where the largest is below 2^e, is written the float16 nearest to
/// x 2^(15 - e), and in a second pass, if there is one, what that leaves. 2^-149 is the smallest float.
__device__ inline int shift_for(float largest) {
    int exponent = 0;
    static_cast<void>(frexpf(largest, &exponent));
    return min(15 - exponent, 149);
}

/// The signs of a word's places `bit` and `bit` + 16 as two float16.
__device__ inline std::uint32_t signs_at(std::uint32_t word, int bit) {
    return (~(word << (15 - bit)) & 0x80008000u) | 0x3C003C00u;
}

template <int passes>
__device__ inline void write(float x, int place, std::uint32_t (&planes)[passes]) {
#pragma unroll
    for (std::uint32_t& plane : planes) {
        const std::uint16_t half = cuda::to_half(x);
        plane |= std::uint32_t{half} << 16 * place;
        x = is_finite(x) ? x - cuda::from_half(half) : 0;
    }
}

}  // namespace kousei::packed
