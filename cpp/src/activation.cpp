#include <kousei/activation.hpp>

#include <algorithm>

#include "parallel.hpp"
#include "simd/kernels.hpp"

namespace kousei::activation {

template <class Real>
void apply(Cpu on, Activation activation, const Real* z, std::int64_t count, Real* out) {
    const auto kernels = simd::instruction_set().kernels<Real>(activation);
    constexpr std::int64_t block = 1 << 16;
    const auto task = [&](std::int64_t index, int) {
        const std::int64_t first = index * block;
        kernels.apply(z + first, std::min(block, count - first), out + first);
    };
    detail::parallel_for(on, (count + block - 1) / block, task);
}

template void apply<float>(Cpu, Activation, const float*, std::int64_t, float*);
template void apply<double>(Cpu, Activation, const double*, std::int64_t, double*);

}  // namespace kousei::activation
