#pragma once
#include <kousei/activation.hpp>
#include <kousei/math/arctan.hpp>
#include <kousei/math/erf.hpp>
#include <kousei/math/formula.hpp>
#include <kousei/math/gelu.hpp>
#include <kousei/math/logistic.hpp>
#include <kousei/math/piecewise_linear.hpp>
#include <kousei/math/relu.hpp>
#include <kousei/math/repu.hpp>
#include <kousei/math/silu.hpp>
#include <kousei/math/softplus.hpp>
#include <kousei/math/tanh.hpp>

namespace kousei::activation {
inline namespace KOUSEI_ISA {

/// Unit `unit` of a part at z, with its derivatives; `twice`: with the second one, which is 0 where there is none.
template <bool twice, class Real, class V>
KOUSEI_HD inline math::Jet<V> jet_at(const Part<Real>& part, std::int64_t unit, V z) {
    switch (part.which) {
        case Activation::logistic:
            return math::jet_at<math::Logistic, twice>(z);
        case Activation::tanh:
            return math::jet_at<math::Tanh, twice>(z);
        case Activation::erf:
            return math::jet_at<math::Erf, twice>(z);
        case Activation::arctan:
            return math::jet_at<math::Arctan, twice>(z);
        case Activation::relu:
            return math::jet_at<math::Relu, false>(z);
        case Activation::gelu:
            return math::jet_at<math::Gelu, twice>(z);
        case Activation::silu:
            return math::jet_at<math::Silu, twice>(z);
        case Activation::softplus:
            return math::jet_at<math::Softplus, twice>(z);
        case Activation::repu:
            return math::repu_jet(part.count, z);
        case Activation::piecewise_linear: {
            const math::PiecewiseLinear<Real> f{part.parameters, part.count};
            return {f(z), f.slope_at(z), V{}};
        }
        default: {
            const V below = part.parameters[unit] - V{}, above = part.parameters[part.units + unit] - V{};
            return {math::homogeneous(below, above, z), math::homogeneous_slope(below, above, z), V{}};
        }
    }
}

}  // namespace KOUSEI_ISA
}  // namespace kousei::activation
