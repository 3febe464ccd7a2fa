#pragma once
#include <kousei/cuda/execution.hpp>
#include <kousei/ridgelet.hpp>

namespace kousei::ridgelet {

/// As the Cpu overload; the table, `t` and `out` are device pointers.
template <class Real>
void evaluate(Cuda on, const Kernel<Real>& kernel, const Real* t, std::int64_t count, Real* out);

/// As the Cpu overloads; every pointer, those of the arguments included, is a device pointer. Sums are the same from
/// run to run.
template <class Real, class Function>
std::int64_t workspace_bytes(Cuda on, const Arguments& at, const Function& function, std::int64_t batch);

template <class Real, class Function>
void sum_over_points(Cuda on, const Arguments& at, const Function& function, const Real* g, std::int64_t batch,
                     Real* out, Workspace workspace);

template <class Real, class Function>
void sum_over_units(Cuda on, const Arguments& at, const Function& function, const Real* c, std::int64_t batch,
                    Real* out, Workspace workspace);

template <class Real>
std::int64_t workspace_bytes(Cuda on, const Arguments& at, Power function, std::int64_t batch);

template <class Real>
void sum_over_units(Cuda on, const Arguments& at, Power function, const Real* c, std::int64_t batch, Real* out,
                    Workspace workspace);

}  // namespace kousei::ridgelet
