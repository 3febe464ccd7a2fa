#pragma once
#include <algorithm>
#include <cstdint>
#include <type_traits>

#include <kousei/cuda/execution.hpp>

#include "check.hpp"

namespace kousei::cuda {

inline cudaStream_t stream_of(Cuda on) {
    return reinterpret_cast<cudaStream_t>(on.stream);
}

/// Enqueues a kernel with so much dynamic shared memory on the stream.
template <class... Parameters>
void launch_with(Cuda on, dim3 grid, unsigned threads, std::size_t shared_bytes, void (*kernel)(Parameters...),
                 const std::type_identity_t<Parameters>&... arguments) {
    void* pointers[] = {const_cast<void*>(static_cast<const void*>(&arguments))...};
    check(cudaLaunchKernel(kernel, grid, dim3(threads), pointers, shared_bytes, stream_of(on)));
}

/// Enqueues a kernel on the stream.
template <class... Parameters>
void launch(Cuda on, dim3 grid, unsigned threads, void (*kernel)(Parameters...),
            const std::type_identity_t<Parameters>&... arguments) {
    launch_with(on, grid, threads, 0, kernel, arguments...);
}

template <class F>
__global__ void __launch_bounds__(256) for_each_kernel(std::int64_t count, F f) {
    const std::int64_t stride = std::int64_t{gridDim.x} * blockDim.x;
    for (std::int64_t i = blockIdx.x * std::int64_t{blockDim.x} + threadIdx.x; i < count; i += stride) f(i);
}

/// f(0) ... f(count - 1), each by one thread.
template <class F>
void for_each(Cuda on, std::int64_t count, F f) {
    if (count == 0) return;
    constexpr std::int64_t block = 256, most_blocks = 1 << 16;
    const auto blocks = static_cast<unsigned>(std::min((count + block - 1) / block, most_blocks));
    launch(on, dim3(blocks), block, for_each_kernel<F>, count, f);
}

}  // namespace kousei::cuda
