#pragma once
#include <cstdint>

/// Over the lanes of a warp, and for all of them.
namespace kousei::cuda {

__device__ inline std::uint32_t max_of_warp(std::uint32_t x) {
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 800
    return __reduce_max_sync(~0u, x);
#else
#pragma unroll
    for (int step = 16; step > 0; step /= 2) x = max(x, __shfl_xor_sync(~0u, x, step));
    return x;
#endif
}

__device__ inline std::int32_t sum_of_warp(std::int32_t x) {
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 800
    return __reduce_add_sync(~0u, x);
#else
#pragma unroll
    for (int step = 16; step > 0; step /= 2) x += __shfl_xor_sync(~0u, x, step);
    return x;
#endif
}

}  // namespace kousei::cuda
