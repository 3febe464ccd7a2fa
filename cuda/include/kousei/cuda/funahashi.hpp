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
std::int64_t workspace_bytes(Cuda on, const View<Real>& net, Method method, std::int64_t points);

template <class Real>
void evaluate(Cuda on, const View<Real>& net, Method method, const Real* x, std::int64_t points, Real* out,
              Workspace workspace);

template <class Real>
std::int64_t workspace_bytes(Cuda on, const View<Real>& net, const Table<Real>& table, std::int64_t points);

template <class Real>
void evaluate(Cuda on, const View<Real>& net, const Table<Real>& table, const Real* x, std::int64_t points, Real* out,
              Workspace workspace);

/// Coefficients on a grid of up to three axes, the last of them contiguous; axes in front have extent 1.
template <class Real>
struct Grid {
    const Real* values;  ///< complex, (extents[0], extents[1], extents[2], 2)
    std::int64_t extents[3];
};

template <class Real>
std::int64_t workspace_bytes(Cuda on, const Grid<Real>& grid, std::int64_t points);

/// out[i] = sum_k values[k] e^(i (k - extents/2) . angles[i]), complex: phases are multiplied axis by axis, and no
/// term takes a sine. `angles` is (points, dim), for the last dim axes.
template <class Real>
void fourier_sum(Cuda on, const Grid<Real>& grid, const Real* angles, std::int64_t points, std::int64_t dim,
                 Real* out, Workspace workspace);

template <class Real>
std::int64_t gradient_workspace_bytes(Cuda on, const View<Real>& net, std::int64_t points);

template <class Real>
void evaluate_gradient(Cuda on, const View<Real>& net, const Real* x, std::int64_t points, Real* out,
                       Workspace workspace);

template <class Real>
void bump_transform(Cuda on, Activation activation, Real delta, Real alpha, const Real* omega, std::int64_t count,
                    Real* out);

}  // namespace kousei::funahashi
