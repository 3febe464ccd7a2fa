// Random words of consecutive counters: included after kernels.inl, once per instruction set.
#include <kousei/math/philox.hpp>

#include "random.hpp"

namespace kousei::simd {
namespace KOUSEI_ISA {
namespace {

void random_words(std::uint64_t key, std::uint32_t first, const std::uint32_t* rest, std::int64_t count,
                  std::uint32_t* words) {
    using W = Vector<std::uint64_t>;
    typedef std::uint32_t Half __attribute__((vector_size(KOUSEI_VECTOR_BYTES / 2)));
    constexpr std::int64_t lanes = width<std::uint64_t>;
    W lane;
    for (std::int64_t i = 0; i < lanes; ++i) lane[i] = static_cast<std::uint64_t>(i);
    for (std::int64_t i = 0; i < count; i += 2 * lanes) {
        // Two at a time: each waits for its products.
        W one[4] = {lane + (first + static_cast<std::uint64_t>(i)), W{} + rest[0], W{} + rest[1], W{} + rest[2]};
        W two[4] = {one[0] + static_cast<std::uint64_t>(lanes), one[1], one[2], one[3]};
        math::philox(one, key);
        math::philox(two, key);
        for (std::int64_t k = 0; k < 4; ++k) {
            const Half both[2] = {__builtin_convertvector(one[k], Half), __builtin_convertvector(two[k], Half)};
            __builtin_memcpy(words + k * count + i, both, sizeof both);
        }
    }
}

}  // namespace
}  // namespace KOUSEI_ISA
}  // namespace kousei::simd
