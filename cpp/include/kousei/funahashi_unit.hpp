#pragma once
#include <cmath>

#include <kousei/config.hpp>
#include <kousei/funahashi.hpp>
#include <kousei/sizes.hpp>

namespace kousei::funahashi {

/// Hidden unit of one frequency w, one threshold t and one sign: weight w/delta, bias sign alpha - t/delta, output
/// weight sign Re(a phase). Unit 2 (w threshold_count + k) + (0 for the plus sign, 1 for the minus).
template <class Real>
struct Unit {
    const View<Real>& net;
    std::int64_t frequency;
    std::int64_t threshold;
    Real sign;

    KOUSEI_HD Real weight(std::int64_t d) const {
        return net.frequencies[frequency * net.dim + d] * net.inverse_delta;
    }
    KOUSEI_HD Real bias() const { return sign * net.alpha - net.thresholds[threshold] * net.inverse_delta; }
    KOUSEI_HD Real coef(std::int64_t) const {
        const Real* a = net.amplitudes + 2 * frequency;
        const Real* phase = net.phases + 2 * threshold;
        return sign * (a[0] * phase[0] - a[1] * phase[1]);
    }
    /// Becomes the next unit, without the division of unit_at.
    KOUSEI_HD void advance() {
        sign = -sign;
        if (sign < 0 || ++threshold < net.threshold_count) return;
        threshold = 0;
        ++frequency;
    }
};

/// Hidden units of a network.
template <class Real>
inline std::int64_t units(const View<Real>& net) {
    return checked_mul(2, checked_mul(net.frequency_count, net.threshold_count));
}

template <class Real>
KOUSEI_HD inline Unit<Real> unit_at(const View<Real>& net, std::int64_t index) {
    const std::int64_t pair = index / 2, frequency = pair / net.threshold_count;
    return {net, frequency, pair - frequency * net.threshold_count, index % 2 == 0 ? Real(1) : Real(-1)};
}

template <class Real>
KOUSEI_HD inline Real coordinate(const View<Real>& net, const Real* point, std::int64_t d) {
    return point[d] - net.center[d];
}

template <class Real>
KOUSEI_HD inline Real offset(const View<Real>&, std::int64_t) {
    return 0;
}

/// Fourier transform of the activation's derivative, phi'^(w) = int phi'(u) e^{-iwu} du. Relu has none: NaN.
template <class Real>
KOUSEI_HD inline Real derivative_transform(Activation activation, Real w) {
    using std::abs, std::exp, std::sinh;
    constexpr Real pi = Real(3.14159265358979323846);
    // Below it w/sinh(w) is 1, and w may be too small for a quotient.
    constexpr Real tiny = Real(1e-9);
    const Real half = w / 2;
    // All of them are 0 to rounding there, and sinh infinite.
    if (abs(w) > 1000 && activation != Activation::relu) return 0;
    switch (activation) {
        case Activation::logistic:
            return abs(w) < tiny ? Real(1) : pi * w / sinh(pi * w);
        case Activation::tanh:
            return abs(w) < tiny ? Real(2) : pi * w / sinh(pi * half);
        case Activation::erf:
            return 2 * exp(-half * half);
        case Activation::arctan:
            return pi * exp(-abs(w));
        case Activation::relu:
            break;
    }
    return Real(NAN);
}

/// Psi(omega) = int psi(u) e^{-i omega u} du = (2 sin(alpha delta omega)/omega) phi'^(delta omega); at 0 its limit.
template <class Real>
KOUSEI_HD inline Real bump_transform_at(Activation activation, Real delta, Real alpha, Real omega) {
    using std::abs, std::sin;
    const Real transform = derivative_transform(activation, delta * omega);
    // Also where omega is infinite, and the sine of it not a number.
    if (transform == 0) return 0;
    const Real angle = alpha * delta * omega;
    return transform * (abs(angle) < Real(1e-9) ? 2 * alpha * delta : 2 * sin(angle) / omega);
}

}  // namespace kousei::funahashi
