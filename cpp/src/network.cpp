#include <kousei/network.hpp>
#include <kousei/network_unit.hpp>

#include "sum_of_units.hpp"

namespace kousei::network {
namespace {

template <class Real>
detail::Blocks blocks(const View<Real>& net, std::int64_t points) {
    return {net.units, net.dim, net.outputs, points};
}

}  // namespace

template <class Real>
std::int64_t workspace_bytes(Cpu on, const View<Real>& net, std::int64_t points) {
    return detail::workspace_bytes<Real>(on, blocks(net, points));
}

template <class Real>
void evaluate(Cpu on, const View<Real>& net, const Real* x, std::int64_t points, Real* out, Workspace workspace) {
    detail::sum_of_units(on, net, blocks(net, points), x, out, workspace);
}

template std::int64_t workspace_bytes(Cpu, const View<float>&, std::int64_t);
template std::int64_t workspace_bytes(Cpu, const View<double>&, std::int64_t);
template void evaluate(Cpu, const View<float>&, const float*, std::int64_t, float*, Workspace);
template void evaluate(Cpu, const View<double>&, const double*, std::int64_t, double*, Workspace);

}  // namespace kousei::network
