#pragma once
#include <cmath>

#include <kousei/activation_unit.hpp>
#include <kousei/math/gather.hpp>
#include <kousei/math/repu.hpp>
#include <kousei/ridgelet.hpp>

namespace kousei::ridgelet {
inline namespace KOUSEI_ISA {

/// Lambda^s G or its derivative, by the table.
template <class Real>
struct Tabulated {
    Kernel<Real> kernel;

    template <class V>
    KOUSEI_HD V operator()(V t) const {
        const V size = math::abs(t), end = math::splat<V>(table_end);
        V value{};
        if (math::any(size < end)) {
            const V place = (size < end ? size : V{}) * Real(cells_per_unit);
            const auto cell = math::truncated<V>(place + Real(0.5));
            const V x = place - math::from_integer<V>(cell);
            value = math::gather<V>(kernel.table, cell * terms);
            for (int k = 1; k < terms; ++k) value = value * x + math::gather<V>(kernel.table + k, cell * terms);
        }
        if (math::any(!(size < end))) {  // NaN too
            const V far = beyond(end / (size < end ? end : size));
            value = size < end ? value : far;
        }
        return kernel.derivative ? (t < V{} ? -value : value) : value;
    }

 private:
    /// The series at table_end/ratio.
    template <class V>
    KOUSEI_HD V beyond(V ratio) const {
        const Real* const c = kernel.table + table_size - terms;
        V sum = math::splat<V>(0) + c[0];
        for (int k = 1; k < terms; ++k) sum = sum * (ratio * ratio) + c[k];
        const Real power = kernel.s + (kernel.derivative ? 2 : 1);
        const auto whole = static_cast<std::int64_t>(power);
        if (whole > 0) sum = sum * math::repu(whole, ratio);
        const Real rest = power - static_cast<Real>(whole);
        return rest == 0 ? sum : sum * math::power(ratio, rest);
    }
};

/// The largest order of Hermite's functions that is taken, beyond which the recurrence comes near 8 eps and more, and
/// the largest that is compiled by itself.
inline constexpr int largest_order = 9, fixed_orders = 8;

/// Lambda^s G of an even s or its derivative: up to the sign He_order(t) e^(-t^2/2), He_order Hermite's polynomial.
/// fixed_order -1: `order`.
template <class Real, int fixed_order>
struct Hermite {
    int order;

    /// The largest t^2 that is not taken as this, or for an odd order as 0. There the value is far below the rounding
    /// of the largest one; smaller ones would make subnormal products, which are slow.
    static constexpr int end = sizeof(Real) == sizeof(double) ? 700 : 100;

    /// Of finite t.
    template <class V>
    KOUSEI_HD V operator()(V t) const {
        const V most = math::splat<V>(end);
        V square = t * t;
        const V odd = square < most ? t : V{};
        square = square < most ? square : most;
        // He_{m+2} = (t^2 - 2m - 1) He_m - m (m - 1) He_{m-2}, which errs less than powers of t added up.
        const int n = fixed_order < 0 ? order : fixed_order;
        V before{}, value = n % 2 == 0 ? math::splat<V>(1) : odd;
        value = n % 4 == 1 || n % 4 == 2 ? -value : value;
        for (int m = n % 2; m < n; m += 2) {
            const V next = value * (square - Real(2 * m + 1)) - before * Real(m * (m - 1));
            before = value, value = next;
        }
        return value * math::exp2<math::Range::finite>(square * Real(-math::log2_e / 2));
    }
};

/// An activation.
template <class Formula>
struct Applied {
    template <class V>
    KOUSEI_HD V operator()(V t) const {
        return math::value_at<Formula>(t);
    }
};

/// The order of a kernel that is one of Hermite's functions, or -1.
template <class Real>
KOUSEI_HD inline int hermite_order(const Kernel<Real>& kernel) {
    const int s = static_cast<int>(kernel.s), order = s + (kernel.derivative ? 1 : 0);
    return kernel.s == static_cast<Real>(s) && s % 2 == 0 && order <= largest_order ? order : -1;
}

/// One of Hermite's functions; `fixed_order` is its order, or -1.
template <int fixed_order, class Real>
KOUSEI_HD inline Hermite<Real, fixed_order> hermite(const Kernel<Real>& kernel) {
    return {hermite_order(kernel)};
}

namespace detail {
template <int fixed_order, class Real, class F>
void with_hermite(const Kernel<Real>& kernel, F&& f) {
    if constexpr (fixed_order > fixed_orders) {
        f(hermite<-1>(kernel));
    } else if (hermite_order(kernel) == fixed_order) {
        f(hermite<fixed_order>(kernel));
    } else {
        with_hermite<fixed_order + 1>(kernel, f);
    }
}
}  // namespace detail

/// f(formula) with what computes a kernel, formula(t) for a number or a vector.
template <class Real, class F>
void with_formula(const Kernel<Real>& kernel, F&& f) {
    if (hermite_order(kernel) < 0) {
        f(Tabulated<Real>{kernel});
    } else {
        detail::with_hermite<0>(kernel, f);
    }
}

/// The same for an activation without parameters.
template <class F>
void with_formula(Activation activation, F&& f) {
    activation::with_formula(activation, [&]<class Formula>(Formula) { f(Applied<Formula>{}); });
}

/// Lambda^s G(t), or its derivative.
template <class Real>
KOUSEI_HD inline Real value_at(const Kernel<Real>& kernel, Real t) {
    const bool near = t * t < Real(Hermite<Real, -1>::end);  // NaN is not
    return near && hermite_order(kernel) >= 0 ? hermite<-1>(kernel)(t) : Tabulated<Real>{kernel}(t);
}

/// Increasing biases, one at least, among which places are looked for.
class Biases {
 public:
    KOUSEI_HD explicit Biases(const Arguments& at) : biases_(at.biases), count_(at.bias_count) {
        const double reach = biases_[count_ - 1] - biases_[0];
        density_ = reach > 0 ? static_cast<double>(count_ - 1) / reach : 0;
    }

    /// How many are below t: found at once where they are uniform.
    KOUSEI_HD std::int64_t below(double t) const {
        const double place = (t - biases_[0]) * density_, most = static_cast<double>(count_ - 1);
        const auto guess = static_cast<std::int64_t>(place < most ? (place > 0 ? place : 0) : most);
        const std::int64_t found = guess + (biases_[guess] < t ? 1 : 0);
        const bool right = (found == 0 || biases_[found - 1] < t) && (found == count_ || !(biases_[found] < t));
        return right ? found : searched(t);
    }

 private:
    KOUSEI_HD std::int64_t searched(double t) const {
        const double* first = biases_;
        for (std::int64_t count = count_; count > 1;) {
            const std::int64_t half = count / 2;
            first += first[half - 1] < t ? half : 0;
            count -= half;
        }
        return first - biases_ + (*first < t ? 1 : 0);
    }

    const double* biases_;
    std::int64_t count_;
    double density_;
};

/// Sums of c_b max(t - b, 0)^power over the biases below t are polynomials in t from each bias to the next. This goes
/// from the coefficients in t - b, the constant first, to those in t - b - step: all weights are positive, so that
/// nothing cancels but the c_b themselves.
KOUSEI_HD inline void shift_polynomial(double* coefs, int power, double step) {
    for (int k = 0; k < power; ++k) {
        for (int m = power - 1; m >= k; --m) coefs[m] += step * coefs[m + 1];
    }
}

/// coefs[0] + coefs[1] x + ... + coefs[power] x^power.
KOUSEI_HD inline double polynomial_at(const double* coefs, int power, double x) {
    double sum = coefs[power];
    for (int m = power - 1; m >= 0; --m) sum = sum * x + coefs[m];
    return sum;
}

/// a_i . x_j. Each product and each sum is rounded, and never fused: a step whose argument is 0 lies on the same side
/// wherever a_i . x_j is computed.
KOUSEI_HD inline double projection(const Arguments& at, std::int64_t direction, std::int64_t point) {
    double sum = 0;
    for (std::int64_t d = 0; d < at.dim; ++d) {
        const double a = at.directions[direction * at.dim + d], x = at.points[point * at.dim + d];
#if defined(__CUDA_ARCH__)
        sum = __dadd_rn(sum, __dmul_rn(a, x));
#else
        sum += a * x;
#endif
    }
    return sum;
}

}  // namespace KOUSEI_ISA
}  // namespace kousei::ridgelet
