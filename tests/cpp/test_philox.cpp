#include <array>
#include <cstdint>
#include <random>
#include <vector>

#include <doctest/doctest.h>

#include <kousei/math/philox.hpp>

#include "formulas.hpp"

namespace {

typedef std::uint64_t Longs __attribute__((vector_size(vector_bytes)));
typedef std::uint32_t Words __attribute__((vector_size(vector_bytes)));

template <class W>
std::array<std::uint32_t, 4> words_of(const std::array<std::uint32_t, 4>& counter, std::uint64_t key) {
    // What is in the high halves does not count.
    W word[4];
    for (std::size_t i = 0; i < 4; ++i) word[i] = W{} + (counter[i] | std::uint64_t{0x12345678} << 32);
    math::philox(word, key);
    std::array<std::uint32_t, 4> found;
    for (std::size_t i = 0; i < 4; ++i) {
        if constexpr (std::integral<W>) {
            found[i] = static_cast<std::uint32_t>(word[i]);
        } else {
            found[i] = static_cast<std::uint32_t>(word[i][0]);
            for (std::size_t lane = 1; lane < sizeof(W) / 8; ++lane) {
                CHECK(static_cast<std::uint32_t>(word[i][lane]) == found[i]);
            }
        }
    }
    return found;
}

}  // namespace

TEST_CASE_TEMPLATE("philox: vectors of the paper's library", W, std::uint64_t, Longs) {
    // Random123, kat_vectors.
    CHECK(words_of<W>({0, 0, 0, 0}, 0) ==
          std::array<std::uint32_t, 4>{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8});
    CHECK(words_of<W>({~0U, ~0U, ~0U, ~0U}, ~std::uint64_t{0}) ==
          std::array<std::uint32_t, 4>{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd});
    CHECK(words_of<W>({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, 0x299f31d0a4093822) ==
          std::array<std::uint32_t, 4>{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1});
}

TEST_CASE_TEMPLATE("numbers are compared by planes of their bits", W, std::uint32_t, Words) {
    std::mt19937 engine(7);
    const auto random = [&] { return static_cast<std::uint32_t>(engine()); };
    const auto lanes = sizeof(W) / 4;
    std::vector<std::uint32_t> u(32 * lanes), t(u.size());
    for (std::size_t i = 0; i < u.size(); ++i) {
        u[i] = random();
        t[i] = i % 3 == 0 ? u[i] + i % 2 : i % 3 == 1 ? random() : u[i] ^ 1U << i % 32;
    }
    math::Less<W> compared;
    for (int k = 31; k >= 0; --k) {
        std::vector<std::uint32_t> planes(2 * lanes);
        for (std::size_t i = 0; i < u.size(); ++i) {
            planes[i / 32] |= (u[i] >> k & 1) << i % 32;
            planes[lanes + i / 32] |= (t[i] >> k & 1) << i % 32;
        }
        W of_u, of_t;
        __builtin_memcpy(&of_u, planes.data(), sizeof of_u);
        __builtin_memcpy(&of_t, planes.data() + lanes, sizeof of_t);
        compared.compare(of_u, of_t);
    }
    std::vector<std::uint32_t> less(lanes), equal(lanes);
    __builtin_memcpy(less.data(), &compared.less, sizeof compared.less);
    __builtin_memcpy(equal.data(), &compared.equal, sizeof compared.equal);
    for (std::size_t i = 0; i < u.size(); ++i) {
        CHECK((less[i / 32] >> i % 32 & 1) == (u[i] < t[i]));
        CHECK((equal[i / 32] >> i % 32 & 1) == (u[i] == t[i]));
    }
}
