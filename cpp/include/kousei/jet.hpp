#pragma once
#include <cstdint>
#include <span>

#include <kousei/network.hpp>

/// Networks with their derivatives.
namespace kousei::network {

/// Where the values and derivatives of a network are written.
template <class Real>
struct Jet {
    Real* value;      ///< (points, outputs)
    Real* jacobian;   ///< (points, outputs, dim)
    Real* laplacian;  ///< (points, outputs); nullptr: not asked for
};

/// Bytes of workspace that evaluate_jet needs for `points` points.
template <class Real>
std::int64_t jet_workspace_bytes(Cpu on, std::span<const Layer<Real>> layers, std::int64_t points, bool laplacian);

/// The layers one after the other, as evaluate, and by the chain rule their Jacobian J and Laplacian L: behind a
/// layer they are f'(z) (W J) and f'(z) (W L) + f''(z) sum_k (W J)_k^2, so that the cost is that of dim + 1 values,
/// or dim + 2. At a kink, f' is the slope on its left. The Laplacian is refused where an activation has no second
/// derivative, and f'' of repu 2 is 0 at 0. The result of a point depends on neither the other points nor the number
/// of threads.
template <class Real>
void evaluate_jet(Cpu on, std::span<const Layer<Real>> layers, const Real* x, std::int64_t points,
                  const Jet<Real>& out, Workspace workspace);

/// Bytes of workspace that evaluate_divergence needs for `points` points.
template <class Real>
std::int64_t divergence_workspace_bytes(Cpu on, std::span<const Layer<Real>> layers, std::int64_t points);

/// out[i] = sum_k d f_k/d x_k at x[i], of a network with as many outputs as inputs. Of exactly two hidden layers, all
/// of them dense, it is f'(z_2) . M f'(z_1) with M = W_2 o (W_1 W_3)^T: one product more than a value, for any dim.
template <class Real>
void evaluate_divergence(Cpu on, std::span<const Layer<Real>> layers, const Real* x, std::int64_t points, Real* out,
                         Workspace workspace);

}  // namespace kousei::network
