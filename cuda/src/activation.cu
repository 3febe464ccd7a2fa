#include <kousei/cuda/activation.hpp>

#include <algorithm>
#include <kousei/math/piecewise_linear.hpp>
#include <kousei/math/repu.hpp>

#include "formulas.cuh"
#include "launch.cuh"

namespace kousei::activation {
namespace {

/// Unit `unit` of a part at z.
template <class Real>
__device__ inline Real value_at(const Part<Real>& part, Precision precision, std::int64_t unit, Real z) {
    switch (part.which) {
        case Activation::repu:
            return math::repu(part.count, z);
        case Activation::piecewise_linear:
            return math::PiecewiseLinear<Real>{part.parameters, part.count}(z);
        case Activation::homogeneous:
            return math::homogeneous(part.parameters[unit], part.parameters[part.units + unit], z);
        default:
            return cuda::value_of(part.which, precision, z);
    }
}

}  // namespace

template <class Real>
void apply(Cuda on, const Part<Real>* parts, std::int64_t part_count, const Real* bias, const Real* z,
           std::int64_t rows, Real* out) {
    std::int64_t units = 0;
    for (std::int64_t p = 0; p < part_count; ++p) units += parts[p].units;
    const Precision precision = on.precision;
    std::int64_t first = 0;
    for (std::int64_t p = 0; p < part_count; first += parts[p].units, ++p) {
        const Part<Real> part = parts[p];
        cuda::for_each(on, rows * part.units, [=] __device__(std::int64_t i) {
            const std::int64_t unit = i % part.units, at = i / part.units * units + first + unit;
            out[at] = value_at(part, precision, unit, z[at] + (bias ? bias[first + unit] : Real(0)));
        });
    }
}

template void apply(Cuda, const Part<float>*, std::int64_t, const float*, const float*, std::int64_t, float*);
template void apply(Cuda, const Part<double>*, std::int64_t, const double*, const double*, std::int64_t, double*);

}  // namespace kousei::activation
