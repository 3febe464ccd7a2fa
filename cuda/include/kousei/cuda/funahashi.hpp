#pragma once
#include <kousei/cuda/execution.hpp>
#include <kousei/funahashi.hpp>

/// The Cpu functions of kousei/funahashi.hpp; every pointer, those of a view included, is a device pointer.
namespace kousei::funahashi {

template <class Real>
std::int64_t workspace_bytes(Cuda on, const View<Real>& net, std::int64_t points);

template <class Real>
void evaluate(Cuda on, const View<Real>& net, const Real* x, std::int64_t points, Real* out, Workspace workspace);

template <class Real>
std::int64_t gradient_workspace_bytes(Cuda on, const View<Real>& net, std::int64_t points);

template <class Real>
void evaluate_gradient(Cuda on, const View<Real>& net, const Real* x, std::int64_t points, Real* out,
                       Workspace workspace);

template <class Real>
void bump_transform(Cuda on, Activation activation, Real delta, Real alpha, const Real* omega, std::int64_t count,
                    Real* out);

}  // namespace kousei::funahashi
