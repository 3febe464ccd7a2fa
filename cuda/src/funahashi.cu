#include <kousei/cuda/funahashi.hpp>
#include <kousei/funahashi_unit.hpp>

#include "sum_of_units.cuh"

namespace kousei::funahashi {
namespace {

template <class Real>
cuda::Blocks blocks(const View<Real>& net, std::int64_t points) {
    return cuda::blocks_of_units(units(net), 1, points);
}

template <class Real>
cuda::Blocks gradient_blocks(const View<Real>& net, std::int64_t points) {
    return cuda::blocks_of_units(units(net), net.dim, points);
}

}  // namespace

template <class Real>
std::int64_t workspace_bytes(Cuda, const View<Real>& net, std::int64_t points) {
    return cuda::workspace_bytes(blocks(net, points));
}

template <class Real>
void evaluate(Cuda on, const View<Real>& net, const Real* x, std::int64_t points, Real* out, Workspace workspace) {
    cuda::sum_of_units(on, net, blocks(net, points), x, out, workspace);
}

template <class Real>
std::int64_t gradient_workspace_bytes(Cuda, const View<Real>& net, std::int64_t points) {
    return cuda::workspace_bytes(gradient_blocks(net, points));
}

template <class Real>
void evaluate_gradient(Cuda on, const View<Real>& net, const Real* x, std::int64_t points, Real* out,
                       Workspace workspace) {
    cuda::sum_of_units(on, Gradient<Real>(net), gradient_blocks(net, points), x, out, workspace);
}

template <class Real>
void bump_transform(Cuda on, Activation activation, Real delta, Real alpha, const Real* omega, std::int64_t count,
                    Real* out) {
    cuda::for_each(on, count, [=] __device__(std::int64_t i) {
        out[i] = bump_transform_at(activation, delta, alpha, omega[i]);
    });
}

template std::int64_t workspace_bytes(Cuda, const View<float>&, std::int64_t);
template std::int64_t workspace_bytes(Cuda, const View<double>&, std::int64_t);
template void evaluate(Cuda, const View<float>&, const float*, std::int64_t, float*, Workspace);
template void evaluate(Cuda, const View<double>&, const double*, std::int64_t, double*, Workspace);
template std::int64_t gradient_workspace_bytes(Cuda, const View<float>&, std::int64_t);
template std::int64_t gradient_workspace_bytes(Cuda, const View<double>&, std::int64_t);
template void evaluate_gradient(Cuda, const View<float>&, const float*, std::int64_t, float*, Workspace);
template void evaluate_gradient(Cuda, const View<double>&, const double*, std::int64_t, double*, Workspace);
template void bump_transform(Cuda, Activation, float, float, const float*, std::int64_t, float*);
template void bump_transform(Cuda, Activation, double, double, const double*, std::int64_t, double*);

}  // namespace kousei::funahashi
