// Signs times signs: included after packed.inl, once per instruction set.
#if defined(__AVX2__)
#include <immintrin.h>
#endif

namespace kousei::simd {
namespace KOUSEI_ISA {
namespace {

/// Of 32 bytes in the file for AVX-512 too, whose own instruction is dot_by_instruction.
constexpr int count_bytes = KOUSEI_VECTOR_BYTES < 32 ? KOUSEI_VECTOR_BYTES : 32;
typedef std::uint64_t Longs __attribute__((vector_size(count_bytes)));
typedef std::uint8_t Bytes __attribute__((vector_size(count_bytes)));

/// The number of bits that are set in each byte.
inline Bytes bits_of_bytes(Longs v) {
#if defined(__AVX2__)
    const __m256i in_half = _mm256_setr_epi8(0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4,  //
                                             0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4);
    const Longs half = Longs{} + 0x0f0f0f0f0f0f0f0f;
    return (Bytes)_mm256_shuffle_epi8(in_half, (__m256i)(v & half)) +
           (Bytes)_mm256_shuffle_epi8(in_half, (__m256i)(v >> 4 & half));
#else
    v -= (v >> 1) & 0x5555555555555555;
    v = (v & 0x3333333333333333) + (v >> 2 & 0x3333333333333333);
    return (Bytes)((v + (v >> 4)) & 0x0f0f0f0f0f0f0f0f);
#endif
}

/// Bits in which two rows differ.
inline std::int64_t differences(const std::uint32_t* a, const std::uint32_t* b, std::int64_t words) {
    constexpr std::int64_t step = count_bytes / 4, together = 31;  // counts up to 8 that fit a byte
    const std::int64_t whole = words / step * step;
    Longs total = {};
    std::int64_t k = 0;
    while (k < whole) {
        const std::int64_t end = k + together * step < whole ? k + together * step : whole;
        Bytes counts = {};
        for (; k < end; k += step) {
            Longs x, y;
            __builtin_memcpy(&x, a + k, sizeof x);
            __builtin_memcpy(&y, b + k, sizeof y);
            counts += bits_of_bytes(x ^ y);
        }
        Longs sum = (Longs)counts;
        sum = (sum & 0x00ff00ff00ff00ff) + (sum >> 8 & 0x00ff00ff00ff00ff);
        sum += sum >> 16;
        sum += sum >> 32;
        total += sum & 0xffff;
    }
    std::uint64_t count = 0;
    for (std::size_t lane = 0; lane < sizeof total / sizeof count; ++lane) count += total[lane];
    for (; k < words; k += 2) {
        std::uint64_t x, y;
        __builtin_memcpy(&x, a + k, sizeof x);
        __builtin_memcpy(&y, b + k, sizeof y);
        count += static_cast<std::uint64_t>(__builtin_popcountll(x ^ y));
    }
    return static_cast<std::int64_t>(count);
}

#if KOUSEI_VECTOR_BYTES == 64
/// dot_signs where the machine counts bits of vectors: so the compiler does.
__attribute__((target("avx512vpopcntdq"))) void dot_by_instruction(const SignPairs& pairs, std::int32_t* out,
                                                                   std::int64_t out_stride) {
    for (std::int64_t i = 0; i < pairs.a_rows; ++i) {
        for (std::int64_t j = 0; j < pairs.b_rows; ++j) {
            const std::uint32_t *const a = pairs.a + i * pairs.stride, *const b = pairs.b + j * pairs.stride;
            std::uint64_t count = 0;
            for (std::int64_t k = 0; k < pairs.stride; k += 2) {
                std::uint64_t x, y;
                __builtin_memcpy(&x, a + k, sizeof x);
                __builtin_memcpy(&y, b + k, sizeof y);
                count += static_cast<std::uint64_t>(__builtin_popcountll(x ^ y));
            }
            out[i * out_stride + j] = static_cast<std::int32_t>(pairs.columns - 2 * static_cast<std::int64_t>(count));
        }
    }
}
#endif

void dot_signs(const SignPairs& pairs, std::int32_t* out, std::int64_t out_stride) {
#if KOUSEI_VECTOR_BYTES == 64
    if (__builtin_cpu_supports("avx512vpopcntdq")) return dot_by_instruction(pairs, out, out_stride);
#endif
    for (std::int64_t i = 0; i < pairs.a_rows; ++i) {
        for (std::int64_t j = 0; j < pairs.b_rows; ++j) {
            const std::int64_t count =
                differences(pairs.a + i * pairs.stride, pairs.b + j * pairs.stride, pairs.stride);
            out[i * out_stride + j] = static_cast<std::int32_t>(pairs.columns - 2 * count);
        }
    }
}

}  // namespace
}  // namespace KOUSEI_ISA
}  // namespace kousei::simd
