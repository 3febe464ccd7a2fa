#include <kousei/cuda/activation.hpp>

#include "formulas.cuh"
#include "launch.cuh"

namespace kousei::activation {

template <class Real>
void apply(Cuda on, Activation activation, const Real* z, std::int64_t count, Real* out) {
    const Precision precision = on.precision;
    cuda::for_each(on, count,
                   [=] __device__(std::int64_t i) { out[i] = cuda::value_of(activation, precision, z[i]); });
}

template void apply<float>(Cuda, Activation, const float*, std::int64_t, float*);
template void apply<double>(Cuda, Activation, const double*, std::int64_t, double*);

}  // namespace kousei::activation
