#include <kousei/cuda/ridgelet.hpp>
#include <kousei/ridgelet_unit.hpp>

#include "launch.cuh"

namespace kousei::ridgelet {

template <class Real>
void evaluate(Cuda on, const Kernel<Real>& kernel, const Real* t, std::int64_t count, Real* out) {
    cuda::for_each(on, count, [=] __device__(std::int64_t i) { out[i] = value_at(kernel, t[i]); });
}

template void evaluate(Cuda, const Kernel<float>&, const float*, std::int64_t, float*);
template void evaluate(Cuda, const Kernel<double>&, const double*, std::int64_t, double*);

}  // namespace kousei::ridgelet
