#pragma once
#include <kousei/cuda/execution.hpp>
#include <kousei/ridgelet.hpp>

namespace kousei::ridgelet {

/// As the Cpu overload; the table, `t` and `out` are device pointers.
template <class Real>
void evaluate(Cuda on, const Kernel<Real>& kernel, const Real* t, std::int64_t count, Real* out);

}  // namespace kousei::ridgelet
