#pragma once
#include <kousei/config.hpp>
#include <kousei/network.hpp>

namespace kousei::network {

/// Hidden unit `index` of a network. The sum over units asks every kind of network for these.
template <class Real>
struct Unit {
    const View<Real>& net;
    std::int64_t index;

    KOUSEI_HD Real weight(std::int64_t d) const { return net.weight[index * net.dim + d]; }
    KOUSEI_HD Real bias() const { return net.bias[index]; }
    KOUSEI_HD Real coef(std::int64_t output) const { return net.coef[output * net.units + index]; }
    /// Becomes the next unit.
    KOUSEI_HD void advance() { ++index; }
};

template <class Real>
KOUSEI_HD inline Unit<Real> unit_at(const View<Real>& net, std::int64_t index) {
    return {net, index};
}

/// Coordinate d of a point as the units see it.
template <class Real>
KOUSEI_HD inline Real coordinate(const View<Real>&, const Real* point, std::int64_t d) {
    return point[d];
}

template <class Real>
KOUSEI_HD inline Real offset(const View<Real>& net, std::int64_t output) {
    return net.offset[output];
}

}  // namespace kousei::network
