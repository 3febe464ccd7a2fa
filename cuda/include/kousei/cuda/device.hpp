#pragma once
#include <cstdint>
#include <string>

/// What the CUDA runtime knows; every function throws CudaError where the runtime reports an error.
namespace kousei::cuda {

int runtime_version();
/// 0 without a driver.
int driver_version();
int device_count();
/// Name and compute capability.
std::string device_name(int device);

/// Device whose memory a pointer is in.
int device_of(const void* pointer);

/// Makes `device` current until the end of a scope.
class DeviceScope {
 public:
    explicit DeviceScope(int device);
    ~DeviceScope();
    DeviceScope(const DeviceScope&) = delete;
    DeviceScope& operator=(const DeviceScope&) = delete;

 private:
    int before_ = 0;
};

/// What is enqueued on `later` from now on waits for what `earlier` holds now; the host does not.
void order_streams(std::uintptr_t earlier, std::uintptr_t later);

}  // namespace kousei::cuda
