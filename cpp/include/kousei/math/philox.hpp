#pragma once
#include <concepts>
#include <cstdint>
#if defined(__SSE2__) && !defined(__CUDACC__)
#include <immintrin.h>
#endif

#include <kousei/config.hpp>

/// Random numbers by counting, Philox4x32-10 of J. K. Salmon, M. A. Moraes, R. O. Dror and D. E. Shaw, "Parallel
/// random numbers: as easy as 1, 2, 3" (SC 2011): a number is a function of a key and of what it is for, so that it
/// depends on neither the order of the draws, nor on threads, vectors or devices.
///
/// What is counted, version 1 of a contract (another would be another chain for the same seed): the key is the seed,
/// its low half first, and the counter is (site, sweep, block + 8 stream, group). Of the 32 replicas of a group each
/// has a bit, so that the words of 8 blocks are 32 planes of bits: word k & 3 of block k >> 2 is plane k, the most
/// significant first, and its bit r belongs to replica 32 group + r. A stream is a purpose.
namespace kousei::math {
inline namespace KOUSEI_ISA {

/// a b, exact. The compiler for devices would add the products of high halves, which are 0.
KOUSEI_HD inline std::uint64_t wide_product(std::uint32_t a, std::uint32_t b) {
#if defined(__CUDA_ARCH__)
    std::uint64_t product;
    asm("mul.wide.u32 %0, %1, %2;" : "=l"(product) : "r"(a), "r"(b));
    return product;
#else
    return std::uint64_t{a} * b;
#endif
}

/// The low half of x, in each lane of 64 bits, times m.
template <class W>
KOUSEI_HD inline W low_product(W x, std::uint32_t m) {
    if constexpr (std::integral<W>) {
        return wide_product(static_cast<std::uint32_t>(x), m);
#if defined(__SSE2__) && !defined(__CUDACC__)
#if defined(__AVX512F__)
    } else if constexpr (sizeof(W) == 64) {
        // All lanes of the mask, as in detail::scale_by_exp2.
        return (W)_mm512_maskz_mul_epu32(0xff, (__m512i)x, _mm512_set1_epi64(m));
#endif
#if defined(__AVX2__)
    } else if constexpr (sizeof(W) == 32) {
        return (W)_mm256_mul_epu32((__m256i)x, _mm256_set1_epi64x(m));
#endif
    } else if constexpr (sizeof(W) == 16) {
        return (W)_mm_mul_epu32((__m128i)x, _mm_set1_epi64x(m));
#endif
    } else {
        return (x & 0xffffffff) * m;
    }
}

/// What each round of a key is mixed with, in words as wide as those of a counter: for many draws, since adding up is
/// as much work as multiplying.
struct PhiloxKeys {
    std::uint64_t low[10], high[10];

    KOUSEI_HD explicit PhiloxKeys(std::uint64_t key) {
        auto first = static_cast<std::uint32_t>(key), second = static_cast<std::uint32_t>(key >> 32);
        for (int round = 0; round < 10; ++round) {
            low[round] = first, high[round] = second;
            first += 0x9E3779B9, second += 0xBB67AE85;
        }
    }
};

/// Turns a counter into four random words. W is std::uint64_t, or a vector of it whose lanes are counters; of a lane
/// its low half counts, and the high one is left with anything.
template <class W>
KOUSEI_HD inline void philox(W (&word)[4], const PhiloxKeys& keys) {
    for (int round = 0; round < 10; ++round) {
        const W p = low_product(word[0], 0xD2511F53), q = low_product(word[2], 0xCD9E8D57);
        word[0] = (q >> 32) ^ word[1] ^ keys.low[round];
        word[1] = q;
        word[2] = (p >> 32) ^ word[3] ^ keys.high[round];
        word[3] = p;
    }
}

template <class W>
KOUSEI_HD inline void philox(W (&word)[4], std::uint64_t key) {
    philox(word, PhiloxKeys(key));
}

/// u < t for numbers of which each plane of bits comes after the other, the most significant first: lane by lane of
/// words. Where no bit of `equal` is left the answer is known, and no plane changes it.
template <class W>
struct Less {
    W less{};
    W equal = ~W{};

    KOUSEI_HD void compare(W u, W t) {
        less |= equal & ~u & t;
        equal &= ~(u ^ t);
    }
};

}  // namespace KOUSEI_ISA
}  // namespace kousei::math
