#pragma once
#include <kousei/math/piecewise_linear.hpp>
#include <kousei/math/repu.hpp>

#include "formulas.cuh"

namespace kousei::cuda {

/// Some parts of a layer, in the arguments of a kernel; none: the identity.
template <class Real>
struct Parts {
    static constexpr std::int64_t most = 8;
    activation::Part<Real> part[most];
    std::int64_t count;
};

/// Unit `unit` of a part at z.
template <class Real>
__device__ inline Real value_of(const activation::Part<Real>& part, Precision precision, std::int64_t unit, Real z) {
    switch (part.which) {
        case Activation::repu:
            return math::repu(part.count, z);
        case Activation::piecewise_linear:
            return math::PiecewiseLinear<Real>{part.parameters, part.count}(z);
        case Activation::homogeneous:
            return math::homogeneous(part.parameters[unit], part.parameters[part.units + unit], z);
        default:
            return value_of<Parts<Real>>(part.which, precision, z);
    }
}

/// The same, of all parts one after the other.
template <class Real>
__device__ inline Real value_of(const Parts<Real>& parts, Precision precision, std::int64_t unit, Real z) {
    if (parts.count == 0) return z;
    int p = 0;
    while (unit >= parts.part[p].units) unit -= parts.part[p++].units;
    return value_of(parts.part[p], precision, unit, z);
}

}  // namespace kousei::cuda
