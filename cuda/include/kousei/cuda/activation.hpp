#pragma once
#include <kousei/activation.hpp>
#include <kousei/cuda/execution.hpp>

namespace kousei::activation {

/// As the Cpu overload; `bias`, `z`, `out` and the parameters of the parts are device pointers, `parts` is not.
template <class Real>
void apply(Cuda on, const Part<Real>* parts, std::int64_t part_count, const Real* bias, const Real* z,
           std::int64_t rows, Real* out);

}  // namespace kousei::activation
