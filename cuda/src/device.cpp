#include <kousei/cuda/device.hpp>

#include "check.hpp"

namespace kousei::cuda {

int runtime_version() {
    int version = 0;
    check(cudaRuntimeGetVersion(&version));
    return version;
}

int driver_version() {
    int version = 0;
    check(cudaDriverGetVersion(&version));
    return version;
}

int device_count() {
    int count = 0;
    check(cudaGetDeviceCount(&count));
    return count;
}

std::string device_name(int device) {
    cudaDeviceProp properties;
    check(cudaGetDeviceProperties(&properties, device));
    return std::string(properties.name) + " (" + std::to_string(properties.major) + "." +
           std::to_string(properties.minor) + ")";
}

int device_of(const void* pointer) {
    cudaPointerAttributes attributes;
    check(cudaPointerGetAttributes(&attributes, pointer));
    if (attributes.type != cudaMemoryTypeDevice && attributes.type != cudaMemoryTypeManaged) {
        throw CudaError("a pointer is not one of CUDA memory");
    }
    return attributes.device;
}

DeviceScope::DeviceScope(int device) {
    check(cudaGetDevice(&before_));
    check(cudaSetDevice(device));
}

DeviceScope::~DeviceScope() {
    // It was current before; and a destructor cannot throw.
    static_cast<void>(cudaSetDevice(before_));
}

void order_streams(std::uintptr_t earlier, std::uintptr_t later) {
    cudaEvent_t event;
    check(cudaEventCreateWithFlags(&event, cudaEventDisableTiming));
    const cudaError_t recorded = cudaEventRecord(event, reinterpret_cast<cudaStream_t>(earlier));
    const cudaError_t waited = cudaStreamWaitEvent(reinterpret_cast<cudaStream_t>(later), event);
    const cudaError_t destroyed = cudaEventDestroy(event);
    check(recorded);
    check(waited);
    check(destroyed);
}

}  // namespace kousei::cuda
