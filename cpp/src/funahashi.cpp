#include <kousei/funahashi.hpp>
#include <kousei/funahashi_unit.hpp>

#include "sum_of_units.hpp"

namespace kousei::funahashi {
namespace {

template <class Real>
detail::Blocks blocks(const View<Real>& net, std::int64_t points) {
    return {units(net), net.dim, 1, points};
}

template <class Real>
detail::Blocks gradient_blocks(const View<Real>& net, std::int64_t points) {
    return {units(net), net.dim, net.dim, points};
}

}  // namespace

std::int64_t unit_count(std::int64_t order, std::int64_t dim, std::int64_t thresholds) {
    std::int64_t units = checked_mul(2, thresholds);
    for (std::int64_t d = 0; d < dim; ++d) units = checked_mul(units, order);
    return units;
}

template <class Real>
std::int64_t workspace_bytes(Cpu on, const View<Real>& net, std::int64_t points) {
    return detail::workspace_bytes<Real>(on, blocks(net, points));
}

template <class Real>
void evaluate(Cpu on, const View<Real>& net, const Real* x, std::int64_t points, Real* out, Workspace workspace) {
    detail::sum_of_units(on, net, blocks(net, points), x, out, workspace);
}

template <class Real>
std::int64_t gradient_workspace_bytes(Cpu on, const View<Real>& net, std::int64_t points) {
    return detail::workspace_bytes<Real>(on, gradient_blocks(net, points));
}

template <class Real>
void evaluate_gradient(Cpu on, const View<Real>& net, const Real* x, std::int64_t points, Real* out,
                       Workspace workspace) {
    detail::sum_of_units(on, Gradient<Real>(net), gradient_blocks(net, points), x, out, workspace);
}

template <class Real>
void bump_transform(Cpu on, Activation activation, Real delta, Real alpha, const Real* omega, std::int64_t count,
                    Real* out) {
    constexpr std::int64_t block = 1 << 14;
    const auto task = [&](std::int64_t index, int) {
        for (std::int64_t i = index * block; i < std::min(count, (index + 1) * block); ++i) {
            out[i] = bump_transform_at(activation, delta, alpha, omega[i]);
        }
    };
    detail::parallel_for(on, blocks_of(count, block), task);
}

template std::int64_t workspace_bytes(Cpu, const View<float>&, std::int64_t);
template std::int64_t workspace_bytes(Cpu, const View<double>&, std::int64_t);
template void evaluate(Cpu, const View<float>&, const float*, std::int64_t, float*, Workspace);
template void evaluate(Cpu, const View<double>&, const double*, std::int64_t, double*, Workspace);
template std::int64_t gradient_workspace_bytes(Cpu, const View<float>&, std::int64_t);
template std::int64_t gradient_workspace_bytes(Cpu, const View<double>&, std::int64_t);
template void evaluate_gradient(Cpu, const View<float>&, const float*, std::int64_t, float*, Workspace);
template void evaluate_gradient(Cpu, const View<double>&, const double*, std::int64_t, double*, Workspace);
template void bump_transform(Cpu, Activation, float, float, const float*, std::int64_t, float*);
template void bump_transform(Cpu, Activation, double, double, const double*, std::int64_t, double*);

}  // namespace kousei::funahashi
