#pragma once
#include <cstdint>

#include <kousei/equivariant.hpp>

namespace kousei::simd {

/// found[i] = the value of labels[i], i < count, a multiple of `widest`.
template <class Real>
using LookUpLabels = void (*)(const equivariant::Values<Real>& values, const std::int32_t* labels, std::int64_t count,
                              Real* found);

}  // namespace kousei::simd
