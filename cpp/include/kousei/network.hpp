#pragma once
#include <cstdint>

#include <kousei/activation.hpp>
#include <kousei/execution.hpp>

/// Networks given by their weights.
namespace kousei::network {

/// A network with one hidden layer, borrowed; arrays are row-major.
template <class Real>
struct View {
    const Real* weight;  ///< (units, dim)
    const Real* bias;    ///< (units)
    const Real* coef;    ///< (outputs, units)
    const Real* offset;  ///< (outputs)
    std::int64_t units;
    std::int64_t dim;
    std::int64_t outputs;
    Activation activation;
};

/// Bytes of workspace that evaluate needs for `points` points.
template <class Real>
std::int64_t workspace_bytes(Cpu on, const View<Real>& net, std::int64_t points);

/// out[i, o] = offset[o] + sum_k coef[o, k] activation(weight[k] . x[i] + bias[k]); x is (points, dim), out
/// (points, outputs). Points x units are never stored. The result of a point does not depend on the number of
/// threads. Other points count only where some |weight . x + bias| reaches 2^20 or is not finite: what they change is
/// below 2^-124 (double: 2^-990) of an output weight.
template <class Real>
void evaluate(Cpu on, const View<Real>& net, const Real* x, std::int64_t points, Real* out, Workspace workspace);

}  // namespace kousei::network
