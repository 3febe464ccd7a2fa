// Links the CUDA library without CUDA headers; without a device it reports the error of the runtime.
#include <kousei/cuda/device.hpp>
#include <kousei/cuda/network.hpp>
#include <kousei/errors.hpp>

#include <cstdio>

int main() {
    const kousei::network::View<float> net{nullptr, nullptr, nullptr, nullptr,
                                           1 << 20, 2,       1,       kousei::Activation::logistic};
    const kousei::Cuda on{};
    std::printf("%lld bytes of workspace\n", static_cast<long long>(kousei::network::workspace_bytes(on, net, 1000)));
    kousei::network::evaluate<float>(on, net, nullptr, 0, nullptr, {});
    try {
        std::printf("%d devices\n", kousei::cuda::device_count());
    } catch (const kousei::CudaError& error) {
        std::printf("%s\n", error.what());
    }
}
