#pragma once
#include <cmath>

#include <kousei/math/lanes.hpp>
#include <kousei/ridgelet.hpp>

namespace kousei::ridgelet {

/// c[0] x^(terms - 1) + ... + c[terms - 1].
template <class Real>
KOUSEI_HD inline Real polynomial_at(const Real* c, Real x) {
    Real sum = c[0];
    for (int k = 1; k < terms; ++k) sum = sum * x + c[k];
    return sum;
}

/// Lambda^s G(t), or its derivative.
template <class Real>
KOUSEI_HD inline Real value_at(const Kernel<Real>& kernel, Real t) {
    const Real size = math::abs(t);
    Real value;
    if (size < Real(table_end)) {
        const Real place = size * cells_per_unit;
        const int cell = static_cast<int>(place + Real(0.5));
        value = polynomial_at(kernel.table + cell * terms, place - static_cast<Real>(cell));
    } else {  // NaN too
        const Real ratio = Real(table_end) / size;
        const Real* const beyond = kernel.table + table_size - terms;
        value = polynomial_at(beyond, ratio * ratio) * std::pow(ratio, kernel.s + (kernel.derivative ? 2 : 1));
    }
    return kernel.derivative && t < 0 ? -value : value;
}

}  // namespace kousei::ridgelet
