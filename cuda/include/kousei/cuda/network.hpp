#pragma once
#include <kousei/cuda/execution.hpp>
#include <kousei/network.hpp>

/// The Cpu functions of kousei/network.hpp; every pointer, those of a view included, is a device pointer.
namespace kousei::network {

template <class Real>
std::int64_t workspace_bytes(Cuda on, const View<Real>& net, std::int64_t points);

template <class Real>
void evaluate(Cuda on, const View<Real>& net, const Real* x, std::int64_t points, Real* out, Workspace workspace);

}  // namespace kousei::network
