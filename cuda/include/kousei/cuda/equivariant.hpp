#pragma once
#include <kousei/cuda/execution.hpp>
#include <kousei/equivariant.hpp>

namespace kousei::equivariant {

/// As the Cpu overloads; every pointer, those of labels and values included, is a device pointer. Sums are the same
/// from run to run.
template <class Real, class Labels>
std::int64_t workspace_bytes(Cuda on, const Labels& labels, std::int64_t batch);

template <class Real, class Labels>
void sum_over_points(Cuda on, const Labels& labels, const Values<Real>& values, const Real* f, std::int64_t batch,
                     Real* out, Workspace workspace);

template <class Real, class Labels>
void sum_over_units(Cuda on, const Labels& labels, const Values<Real>& values, const Real* c, std::int64_t batch,
                    Real* out, Workspace workspace);

}  // namespace kousei::equivariant
