#pragma once
#include <cmath>

#include <kousei/activation_unit.hpp>
#include <kousei/config.hpp>
#include <kousei/funahashi.hpp>
#include <kousei/sizes.hpp>

namespace kousei::funahashi {

/// Bumps of a frequency: the first, and one past the last.
template <class Real>
KOUSEI_HD inline std::int64_t first_bump(const View<Real>& net, std::int64_t frequency) {
    return net.ranges.bumps ? net.ranges.bumps[2 * frequency] : 0;
}
template <class Real>
KOUSEI_HD inline std::int64_t last_bump(const View<Real>& net, std::int64_t frequency) {
    return net.ranges.bumps ? net.ranges.bumps[2 * frequency + 1] : net.threshold_count;
}

/// Hidden units that `bumps` bumps of one frequency take.
KOUSEI_HD inline std::int64_t units_of(std::int64_t bumps, std::int64_t merged) {
    return merged == 0 ? 2 * bumps : bumps + merged;
}

/// Re((a + ib) phase_k).
template <class Real>
KOUSEI_HD inline Real real_part(const View<Real>& net, Real a, Real b, std::int64_t bump) {
    return a * net.phases[2 * bump] - b * net.phases[2 * bump + 1];
}

/// Hidden unit of one frequency w. It opens a bump k (weight w/delta, bias alpha - t_k/delta, output weight
/// Re(a phase_k)), closes one (bias -alpha - t_k/delta, output weight -Re(a phase_k)), or, merged, does both.
template <class Real>
struct Unit {
    const View<Real>* net;
    std::int64_t frequency;
    std::int64_t first, last;  ///< bumps of the frequency
    std::int64_t index;        ///< among the units of the frequency

    KOUSEI_HD Unit(const View<Real>& of, std::int64_t w, std::int64_t unit)
        : net(&of), frequency(w), first(first_bump(of, w)), last(last_bump(of, w)), index(unit) {}

    /// Bump that the unit opens, or -1.
    KOUSEI_HD std::int64_t opens() const {
        if (net->merged == 0) return index % 2 == 0 ? first + index / 2 : -1;
        return first + index < last ? first + index : -1;
    }
    /// Bump that the unit closes, or -1.
    KOUSEI_HD std::int64_t closes() const {
        if (net->merged == 0) return index % 2 == 1 ? first + index / 2 : -1;
        return index >= net->merged ? first + index - net->merged : -1;
    }
    KOUSEI_HD Real weight(std::int64_t d) const {
        return net->frequencies[frequency * net->dim + d] * net->inverse_delta;
    }
    KOUSEI_HD Real bias() const {
        const std::int64_t opened = opens();
        if (opened >= 0) return net->alpha - net->thresholds[opened] * net->inverse_delta;
        return -net->alpha - net->thresholds[closes()] * net->inverse_delta;
    }
    KOUSEI_HD Real coef(std::int64_t) const {
        const std::int64_t opened = opens(), closed = closes();
        return (opened < 0 ? 0 : part(opened)) - (closed < 0 ? 0 : part(closed));
    }
    /// Becomes the next unit, without the search of unit_at.
    KOUSEI_HD void advance() {
        if (++index < units_of(last - first, net->merged) || frequency + 1 == net->frequency_count) return;
        *this = Unit(*net, frequency + 1, 0);
    }

 private:
    KOUSEI_HD Real part(std::int64_t bump) const {
        const Real* a = net->amplitudes + 2 * frequency;
        return real_part(*net, a[0], a[1], bump);
    }
};

/// Hidden units of a network.
template <class Real>
inline std::int64_t units(const View<Real>& net) {
    if (net.ranges.bumps) return net.ranges.units;
    return checked_mul(net.frequency_count, units_of(net.threshold_count, net.merged));
}

template <class Real>
KOUSEI_HD inline Unit<Real> unit_at(const View<Real>& net, std::int64_t unit) {
    if (!net.ranges.bumps) {
        const std::int64_t of_one = units_of(net.threshold_count, net.merged), frequency = unit / of_one;
        return {net, frequency, unit - frequency * of_one};
    }
    // The last frequency that starts at or before the unit.
    std::int64_t low = 0, high = net.frequency_count;
    while (high - low > 1) {
        const std::int64_t middle = (low + high) / 2;
        (net.ranges.starts[middle] <= unit ? low : high) = middle;
    }
    return {net, low, unit - net.ranges.starts[low]};
}

template <class Real>
KOUSEI_HD inline Real coordinate(const View<Real>& net, const Real* point, std::int64_t d) {
    return point[d] - net.center[d];
}

template <class Real>
KOUSEI_HD inline Real offset(const View<Real>& net, std::int64_t) {
    return net.offset;
}

/// The gradient of a network: a sum over the same units with one output for each axis, of derivatives.
template <class Real>
struct Gradient {
    View<Real> net;
    std::int64_t dim;
    Activation activation;

    explicit Gradient(const View<Real>& of) : net(of), dim(of.dim), activation(of.activation) {}
};

template <class Real>
struct GradientUnit {
    Unit<Real> unit;

    KOUSEI_HD Real weight(std::int64_t d) const { return unit.weight(d); }
    KOUSEI_HD Real bias() const { return unit.bias(); }
    KOUSEI_HD Real coef(std::int64_t axis) const { return unit.coef(0) * unit.weight(axis); }
    KOUSEI_HD void advance() { unit.advance(); }
};

template <class Real>
KOUSEI_HD inline GradientUnit<Real> unit_at(const Gradient<Real>& gradient, std::int64_t unit) {
    return {unit_at(gradient.net, unit)};
}

template <class Real>
KOUSEI_HD inline Real coordinate(const Gradient<Real>& gradient, const Real* point, std::int64_t d) {
    return coordinate(gradient.net, point, d);
}

template <class Real>
KOUSEI_HD inline Real offset(const Gradient<Real>&, std::int64_t) {
    return 0;
}

/// Fourier transform of the activation's derivative, phi'^(w) = int phi'(u) e^{-iwu} du. NaN for
/// activations that are not bounded.
template <class Real>
KOUSEI_HD inline Real derivative_transform(Activation activation, Real w) {
    using std::abs, std::exp, std::sinh;
    constexpr Real pi = Real(3.14159265358979323846);
    // Below it w/sinh(w) is 1, and w may be too small for a quotient.
    constexpr Real tiny = Real(1e-9);
    // All of them are even, and 0 to rounding from there on.
    w = abs(w) > 1000 ? Real(1000) : abs(w);
    switch (activation) {
        case Activation::logistic:
            return w < tiny ? Real(1) : pi * w / sinh(pi * w);
        case Activation::tanh:
            return w < tiny ? Real(2) : pi * w / sinh(pi * w / 2);
        case Activation::erf:
            return 2 * exp(-w * w / 4);
        case Activation::arctan:
            return pi * exp(-w);
        default:
            return Real(NAN);
    }
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

template <class Real>
inline constexpr bool kousei::activation::is_of_bounded<kousei::funahashi::View<Real>> = true;
template <class Real>
inline constexpr bool kousei::activation::is_of_bounded<kousei::funahashi::Gradient<Real>> = true;
template <class Real>
inline constexpr bool kousei::activation::is_of_derivatives<kousei::funahashi::Gradient<Real>> = true;
