#pragma once
#include <kousei/attribution.hpp>
#include <kousei/cuda/execution.hpp>

/// The Cpu functions of kousei/attribution.hpp; every pointer, those of sets, tables, layers and problems included,
/// is a device pointer, and the arrays of layers and parts are not on the device. Results are the same from run to
/// run.
namespace kousei::attribution {

template <class Real>
void masked_sets(Cuda on, const Set<Real>& set, const std::uint8_t* present, std::int64_t coalitions, Real* x,
                 std::uint8_t* mask);

template <class Real>
std::int64_t workspace_bytes(Cuda on, const Tables<Real>& tables, Layers<Real> rho);

/// Hidden values are held for a block of the coalitions.
template <class Real>
void evaluate(Cuda on, const Tables<Real>& tables, Layers<Real> rho, const std::uint8_t* present,
              std::int64_t coalitions, Real* out, Workspace workspace);

template <class Real>
std::int64_t owen_workspace_bytes(Cuda on, const Tables<Real>& tables, Layers<Real> rho, Some some);

template <class Real>
void owen_values(Cuda on, const Tables<Real>& tables, Layers<Real> rho, Some some, double* out, Workspace workspace);

/// None.
std::int64_t workspace_bytes(Cuda on, const Problems& problems);

/// Of at most most_columns columns.
void solve(Cuda on, const Problems& problems, double* beta, std::int32_t* outcomes, Workspace workspace);

inline constexpr std::int64_t most_columns = 64;

}  // namespace kousei::attribution
