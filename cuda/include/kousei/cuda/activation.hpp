#pragma once
#include <kousei/activation.hpp>
#include <kousei/cuda/execution.hpp>

namespace kousei::activation {

/// As the Cpu overload; `z` and `out` are device pointers.
template <class Real>
void apply(Cuda on, Activation activation, const Real* z, std::int64_t count, Real* out);

}  // namespace kousei::activation
