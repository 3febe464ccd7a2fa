// Spins of many chains: included after kernels.inl, once per instruction set.
#if defined(__SSE2__)
#include <immintrin.h>
#endif

#include "ising.hpp"

namespace kousei::simd {
namespace KOUSEI_ISA {
namespace {

typedef std::uint32_t Chains __attribute__((vector_size(KOUSEI_VECTOR_BYTES)));
typedef std::uint64_t Counters __attribute__((vector_size(KOUSEI_VECTOR_BYTES)));
constexpr std::int64_t chain_words = sizeof(Chains) / sizeof(std::uint32_t);

inline bool any_bit(Chains v) {
#if defined(__AVX512F__)
    return _mm512_test_epi32_mask((__m512i)v, (__m512i)v) != 0;
#elif defined(__AVX2__)
    return !_mm256_testz_si256((__m256i)v, (__m256i)v);
#elif defined(__SSE2__)
    return _mm_movemask_epi8(_mm_cmpeq_epi8((__m128i)v, __m128i{})) != 0xffff;
#else
    std::uint32_t bits = 0;
    for (std::int64_t lane = 0; lane < chain_words; ++lane) bits |= v[lane];
    return bits != 0;
#endif
}

inline Chains load_chains(const std::uint32_t* from) {
    Chains v;
    __builtin_memcpy(&v, from, sizeof v);
    return v;
}

template <int dim, bool field>
void update_row(const SpinRow& row) {
    const math::PhiloxKeys keys(row.seed);
    for (std::int64_t i = 0; i < row.words; i += chain_words) {
        const Chains sites = load_chains(row.sites + i) + row.first_site, groups = load_chains(row.groups + i);
        // A counter has a lane of 64 bits: words in even places have one, those in odd places another.
        const auto draw = [&](int block, Chains(&u)[4]) {
            const Counters which = Counters{} + static_cast<std::uint64_t>(block);
            const Counters sweep = Counters{} + row.sweep;
            Counters even[4] = {(Counters)sites, sweep, which, (Counters)groups};
            Counters odd[4] = {(Counters)sites >> 32, sweep, which, (Counters)groups >> 32};
            math::philox(even, keys);
            math::philox(odd, keys);
            for (int k = 0; k < 4; ++k) u[k] = (Chains)((even[k] & 0xffffffff) | odd[k] << 32);
        };
        Chains neighbour[2 * dim];
        for (int k = 0; k < 2 * dim; ++k) neighbour[k] = load_chains(row.neighbours[k] + i);
        Chains spin = load_chains(row.spins + i);
        spin ^= ising::flips<dim, field>(spin, neighbour, *row.rule, draw, any_bit);
        __builtin_memcpy(row.spins + i, &spin, sizeof spin);
    }
}

/// By swaps of ever smaller squares, after H. S. Warren, Hacker's Delight, 7-3.
void transpose_bits(std::uint32_t* words) {
    for (std::int64_t lane = 0; lane < widest; lane += chain_words) {
        Chains row[32];
        for (int i = 0; i < 32; ++i) row[i] = load_chains(words + i * widest + lane);
        std::uint32_t mask = 0x0000ffff;
        for (int half = 16; half > 0; half >>= 1, mask ^= mask << half) {
            for (int i = 0; i < 32; i = (i + half + 1) & ~half) {
                const Chains differ = ((row[i] >> half) ^ row[i + half]) & mask;
                row[i + half] ^= differ;
                row[i] ^= differ << half;
            }
        }
        for (int i = 0; i < 32; ++i) __builtin_memcpy(words + i * widest + lane, &row[i], sizeof row[i]);
    }
}

constexpr IsingKernels ising_kernels = {{{&update_row<1, false>, &update_row<1, true>},
                                         {&update_row<2, false>, &update_row<2, true>},
                                         {&update_row<3, false>, &update_row<3, true>}},
                                        &transpose_bits};

}  // namespace
}  // namespace KOUSEI_ISA
}  // namespace kousei::simd
