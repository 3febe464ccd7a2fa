#pragma once
#include <cstdint>

namespace kousei::simd {

/// words[k][i] = word k of math/philox.hpp of the counter (first + i, rest[0], rest[1], rest[2]), for `count` of
/// them, a multiple of 2 `widest`; words is (4, count).
using RandomWords = void (*)(std::uint64_t key, std::uint32_t first, const std::uint32_t* rest, std::int64_t count,
                             std::uint32_t* words);

}  // namespace kousei::simd
