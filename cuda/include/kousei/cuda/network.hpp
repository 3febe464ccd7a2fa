#pragma once
#include <kousei/cuda/execution.hpp>
#include <kousei/network.hpp>

/// The Cpu functions of kousei/network.hpp; every pointer, those of a view included, is a device pointer.
namespace kousei::network {

template <class Real>
std::int64_t workspace_bytes(Cuda on, const View<Real>& net, std::int64_t points);

template <class Real>
void evaluate(Cuda on, const View<Real>& net, const Real* x, std::int64_t points, Real* out, Workspace workspace);

/// out[i, j] = f_j(weight[j] . x[i] + bias[j]) of one dense layer, in one kernel; `out` is not `x`, and the array of
/// the parts is not on the device. Meant for layers of few inputs: it reads and writes more than it computes.
template <class Real>
void evaluate(Cuda on, const Layer<Real>& layer, const Real* x, std::int64_t points, Real* out);

}  // namespace kousei::network
