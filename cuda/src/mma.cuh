#pragma once
#include <cstdint>

#include <kousei/config.hpp>

#if !defined(__CUDACC__)
#include <cstring>
#endif

/// Products of small matrices by a warp on the tensor cores. With g = lane / 4 and t = lane % 4, and elements as wide
/// as four, or two, fit a register: c[i] is row g + i / 2 * 8 and column 2 t + i % 2 of 16 x 8. Register i of a is
/// row g + i % 2 * 8 and element t of half i / 2 of a row; register i of b is column g and element t of half i of a
/// column.
namespace kousei::cuda {

#if !defined(__CUDACC__)
/// What the tensor cores do, by threads in turns: each leaves its registers where the others of its warp find them.
template <class Sum, class Element>
void multiply_in_turns(Sum (&c)[4], const std::uint32_t (&a)[4], const std::uint32_t (&b)[2]) {
    constexpr unsigned together = sizeof(std::uint32_t) / sizeof(Element);
    struct Registers {
        std::uint32_t a[4], b[2];
    };
    static Registers of_thread[1024];
    std::memcpy(of_thread[threadIdx.x].a, a, sizeof a);
    std::memcpy(of_thread[threadIdx.x].b, b, sizeof b);
    __syncthreads();
    const unsigned lane = threadIdx.x % 32, g = lane / 4, t = lane % 4;
    const Registers* const warp = of_thread + (threadIdx.x - lane);
    const auto product = [&](std::uint32_t left, std::uint32_t right) {
        Element x[together], y[together];
        std::memcpy(x, &left, sizeof left);
        std::memcpy(y, &right, sizeof right);
        Sum sum = 0;
        for (unsigned k = 0; k < together; ++k) sum += static_cast<Sum>(x[k]) * static_cast<Sum>(y[k]);
        return sum;
    };
    for (unsigned i = 0; i < 4; ++i) {
        for (unsigned from = 0; from < 4; ++from) {
            const Registers &row = warp[4 * g + from], &column = warp[4 * (2 * t + i % 2) + from];
            for (unsigned half = 0; half < 2; ++half) c[i] += product(row.a[i / 2 + 2 * half], column.b[half]);
        }
    }
    __syncthreads();
}
#endif

/// c += a b of signed bytes, exactly; a is 16 x 32 and b 32 x 8.
__device__ inline void multiply(std::int32_t (&c)[4], const std::uint32_t (&a)[4], const std::uint32_t (&b)[2]) {
#if !defined(__CUDACC__)
    multiply_in_turns<std::int32_t, std::int8_t>(c, a, b);
#elif !defined(__CUDA_ARCH__) || __CUDA_ARCH__ >= 800
    asm("mma.sync.aligned.m16n8k32.row.col.s32.s8.s8.s32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, "
        "{%0, %1, %2, %3};"
        : "+r"(c[0]), "+r"(c[1]), "+r"(c[2]), "+r"(c[3])
        : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
#else
#pragma unroll
    for (int i = 0; i < 4; ++i) {
        asm("mma.sync.aligned.m8n8k16.row.col.s32.s8.s8.s32 {%0, %1}, {%2}, {%3}, {%0, %1};"
            : "+r"(c[i % 2 * 2]), "+r"(c[i % 2 * 2 + 1])
            : "r"(a[i]), "r"(b[i / 2]));
    }
#endif
}

/// c += a b of float16, a 16 x 16 and b 16 x 8. Products are exact; a sum is cut off, not rounded, to float.
__device__ inline void multiply(float (&c)[4], const std::uint32_t (&a)[4], const std::uint32_t (&b)[2]) {
#if !defined(__CUDACC__)
    multiply_in_turns<float, _Float16>(c, a, b);
#elif !defined(__CUDA_ARCH__) || __CUDA_ARCH__ >= 800
    asm("mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, "
        "{%0, %1, %2, %3};"
        : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
        : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
#else
#pragma unroll
    for (int half = 0; half < 2; ++half) {
        asm("mma.sync.aligned.m16n8k8.row.col.f32.f16.f16.f32 {%0, %1, %2, %3}, {%4, %5}, {%6}, {%0, %1, %2, %3};"
            : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
            : "r"(a[2 * half]), "r"(a[2 * half + 1]), "r"(b[half]));
    }
#endif
}

/// The bits of the nearest float16.
__device__ inline std::uint16_t to_half(float x) {
    std::uint16_t bits;
#if !defined(__CUDACC__)
    const auto rounded = static_cast<_Float16>(x);
    std::memcpy(&bits, &rounded, sizeof bits);
#else
    asm("cvt.rn.f16.f32 %0, %1;" : "=h"(bits) : "f"(x));
#endif
    return bits;
}

/// Exact.
__device__ inline float from_half(std::uint16_t bits) {
    float x;
#if !defined(__CUDACC__)
    _Float16 half;
    std::memcpy(&half, &bits, sizeof bits);
    x = static_cast<float>(half);
#else
    asm("cvt.f32.f16 %0, %1;" : "=f"(x) : "h"(bits));
#endif
    return x;
}

}  // namespace kousei::cuda
