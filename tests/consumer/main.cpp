// |x| = relu(x) + relu(-x), as a network with two hidden units.
#include <kousei/network.hpp>
#include <kousei/threads.hpp>

#include <cstdio>
#include <memory>
#include <new>

int main() {
    const double weight[] = {1, -1}, bias[] = {0, 0}, coef[] = {1, 1}, offset[] = {0};
    const kousei::network::View<double> net{weight, bias, coef, offset, 2, 1, 1, kousei::Activation::relu};
    const double x[] = {-3, 0, 2};
    double y[3];

    const kousei::Cpu on{1};
    const std::int64_t bytes = kousei::network::workspace_bytes(on, net, 3);
    const std::align_val_t alignment{64};
    void* memory = ::operator new(static_cast<std::size_t>(bytes), alignment);
    kousei::network::evaluate(on, net, x, 3, y, {memory, bytes});
    ::operator delete(memory, alignment);

    std::printf("%g %g %g on %s\n", y[0], y[1], y[2], kousei::instruction_set_name());
    return y[0] == 3 && y[1] == 0 && y[2] == 2 ? 0 : 1;
}
