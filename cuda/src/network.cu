#include <kousei/cuda/network.hpp>
#include <kousei/network_unit.hpp>

#include "sum_of_units.cuh"

namespace kousei::network {
namespace {

template <class Real>
cuda::Blocks blocks(const View<Real>& net, std::int64_t points) {
    return cuda::blocks_of_units(net.units, net.outputs, points);
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

template std::int64_t workspace_bytes(Cuda, const View<float>&, std::int64_t);
template std::int64_t workspace_bytes(Cuda, const View<double>&, std::int64_t);
template void evaluate(Cuda, const View<float>&, const float*, std::int64_t, float*, Workspace);
template void evaluate(Cuda, const View<double>&, const double*, std::int64_t, double*, Workspace);

}  // namespace kousei::network
