#pragma once
#include <cuda_runtime_api.h>

#include <new>
#include <string>

#include <kousei/errors.hpp>

namespace kousei::cuda {

/// Throws std::bad_alloc when the device is out of memory, CudaError for any other failure.
inline void check(cudaError_t code) {
    if (code == cudaSuccess) return;
    static_cast<void>(cudaGetLastError());  // or the next launch would report it again
    if (code == cudaErrorMemoryAllocation) throw std::bad_alloc();
    throw CudaError(std::string(cudaGetErrorName(code)) + ": " + cudaGetErrorString(code));
}

}  // namespace kousei::cuda
