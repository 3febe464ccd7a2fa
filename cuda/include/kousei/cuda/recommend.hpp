#pragma once
#include <kousei/cuda/execution.hpp>
#include <kousei/recommend.hpp>

/// As the Cpu functions of kousei/recommend.hpp; every pointer is a device one. Sums are the same from run to run.
namespace kousei::recommend {

std::int64_t workspace_bytes(Cuda on, const Preferences& preferences);

void prefer(Cuda on, const Preferences& preferences, const double* z, double* to, Workspace workspace);

template <class Real>
void unit_rows(Cuda on, const std::int64_t* begin, const Real* values, std::int64_t rows, Real* out);

template <class Real>
std::int64_t workspace_bytes(Cuda on, const SparseRows<Real>& matrix, std::int64_t k);

template <class Real>
void top_products(Cuda on, const SparseRows<Real>& matrix, std::int64_t k, std::int32_t* indices, Real* products,
                  Workspace workspace);

}  // namespace kousei::recommend
