#pragma once
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <stdexcept>

#include <kousei/config.hpp>
#include <kousei/funahashi.hpp>
#include <kousei/funahashi_unit.hpp>
#include <kousei/math/exp2.hpp>
#include <kousei/sizes.hpp>

/// Formulas of the ways to evaluate a network frequency by frequency: every point has one phase s = w . (x - center)
/// for each, from which all the units of the frequency follow.
namespace kousei::funahashi {

/// Arguments of the logistic function beyond which it is 0 or 1 to rounding.
template <class Real>
inline constexpr double saturated = sizeof(Real) == sizeof(double) ? 37 : 17;

/// Throws std::invalid_argument where a method is not for the network.
template <class Real>
void require_method(const View<Real>& net, Method method) {
    if (work(net, method) == 0) throw std::invalid_argument("method is not for this network");
}

/// Of 2 that a product of 1 + E z may reach.
template <class Real>
inline constexpr double highest_power = sizeof(Real) == sizeof(double) ? 1020 : 124;

/// Units of one frequency whose thresholds are spaced evenly, with the bump each opens or closes.
struct Row {
    double shift;  ///< of the first threshold from that of the first bump
    std::int64_t count;
    bool opens, closes;
    std::int64_t closes_after;  ///< unit k closes bump k - closes_after
};

/// How a network looks to the logistic function: tanh(u) = 2 logistic(2u) - 1, and output weights add up to 0.
template <class Real>
struct Rows {
    double spacing;
    double slope;  ///< of the argument of the logistic function in s
    Real factor;   ///< of output weights
    Row row[2];
    int count;

    explicit Rows(const View<Real>& net) {
        const bool is_tanh = net.activation == Activation::tanh;
        const double reach = static_cast<double>(net.alpha) / static_cast<double>(net.inverse_delta);
        spacing = net.spacing;
        slope = static_cast<double>(net.inverse_delta) * (is_tanh ? 2 : 1);
        factor = is_tanh ? 2 : 1;
        if (net.merged > 0) {
            row[0] = {-reach, net.threshold_count + net.merged, true, true, net.merged};
            count = 1;
        } else {
            row[0] = {-reach, net.threshold_count, true, false, 0};
            row[1] = {reach, net.threshold_count, false, true, 0};
            count = 2;
        }
    }

    KOUSEI_HD std::int64_t longest() const { return row[0].count; }
    /// Of the argument in s as a power of 2.
    KOUSEI_HD double scale() const { return slope * math::log2_e; }
};

template <class Real>
KOUSEI_HD inline double first_threshold(const View<Real>& net) {
    return static_cast<double>(net.thresholds[0]);
}

/// Output weight of unit k of a row of one frequency, whose amplitude is a + ib times the factor of the rows.
template <class Real>
KOUSEI_HD inline Real coef_in_row(const View<Real>& net, const Row& row, Real a, Real b, std::int64_t first,
                                  std::int64_t bumps, std::int64_t k) {
    Real coef = 0;
    if (row.opens && k >= 0 && k < bumps) coef += real_part(net, a, b, first + k);
    const std::int64_t closed = k - row.closes_after;
    if (row.closes && closed >= 0 && closed < bumps) coef -= real_part(net, a, b, first + closed);
    return coef;
}

/// Sum of the output weights of the units of a row before `unit`, from sums of the phases before each bump.
template <class Real>
KOUSEI_HD inline Real sum_before(const Real* before, const Row& row, Real a, Real b, std::int64_t first,
                                 std::int64_t last, std::int64_t unit) {
    const auto of_bumps = [&](std::int64_t bump) {
        const std::int64_t end = bump < first ? first : bump > last ? last : bump;
        return a * (before[2 * end] - before[2 * first]) - b * (before[2 * end + 1] - before[2 * first + 1]);
    };
    Real sum = 0;
    if (row.opens) sum += of_bumps(first + unit);
    if (row.closes) sum -= of_bumps(first + unit - row.closes_after);
    return sum;
}

/// Method::shared. With z = e^(-s/delta) the unit of threshold tau is 1/(1 + E z), E = e^(tau/delta); `group` of them
/// are one rational function of z, and take one division. Below it has the same coefficients for every frequency, all
/// positive; above they are linear in the output weights.
template <class Real>
struct Shares {
    int group = 0;     ///< 4, 2 or 1; 0: exponentials overflow
    double limit = 0;  ///< largest power of 2 taken for z

    explicit Shares(const Rows<Real>& rows) {
        constexpr double highest = highest_power<Real>;
        const double half = rows.scale() * rows.spacing * static_cast<double>(rows.longest() + 6) / 2;
        for (const int candidate : {4, 2, 1}) {
            limit = highest / candidate - half;
            if (limit >= half + saturated<Real> * math::log2_e) {
                group = candidate;
                limit = std::min(limit, highest - 30);
                return;
            }
        }
    }

    /// `f.operator()<group>()`.
    template <class F>
    auto with_group(F&& f) const {
        if (group == 4) return f.template operator()<4>();
        if (group == 2) return f.template operator()<2>();
        return f.template operator()<1>();
    }

    /// Threshold, counted from the first of its row, for which E is 1.
    KOUSEI_HD static double middle(const Rows<Real>& rows) { return static_cast<double>(rows.longest() - 1) / 2; }
    /// E of unit k of a row.
    KOUSEI_HD static double growth(const Rows<Real>& rows, std::int64_t k) {
        return std::exp2(rows.scale() * rows.spacing * (static_cast<double>(k) - middle(rows)));
    }
};

/// A polynomial of `terms` terms times 1 + growth z.
template <class T>
KOUSEI_HD inline void multiply_factor(T* polynomial, int terms, T growth) {
    polynomial[terms] = 0;
    for (int m = terms; m > 0; --m) polynomial[m] += polynomial[m - 1] * growth;
}

/// Coefficients of z, z^2 ... in prod_j (1 + growth_j z) over `group` units.
template <int group, class Real>
KOUSEI_HD inline void denominator(const Real* growth, Real* bottom) {
    double product[group + 1] = {1};
    for (int j = 0; j < group; ++j) multiply_factor(product, j + 1, static_cast<double>(growth[j]));
    for (int m = 0; m < group; ++m) bottom[m] = static_cast<Real>(product[m + 1]);
}

/// Turns output weights c of a group into the coefficients of sum_i c_i prod_(j != i) (1 + growth_j z).
template <int group, class Real>
KOUSEI_HD inline void numerator(Real* c, const Real* growth) {
    Real top[group + 1] = {c[0]}, product[group + 1] = {1};
    for (int j = 1; j < group; ++j) {
        multiply_factor(product, j, growth[j - 1]);
        multiply_factor(top, j, growth[j]);
        for (int m = 0; m <= j; ++m) top[m] += c[j] * product[m];
    }
    for (int m = 0; m < group; ++m) c[m] = top[m];
}

/// Method::window: units of a row from one that is 1 to one that is 0, to rounding, at a point in the middle. In the
/// window that starts at unit cell - length, unit k is 1/(1 + E_k z), E_k = 2^(log_spacing (k - length/2)).
template <class Real>
struct Near {
    std::int64_t length;  ///< of the window, in units
    double log_spacing;

    /// `multiple`: of which the length is one.
    Near(const Rows<Real>& rows, std::int64_t multiple) : log_spacing(rows.scale() * rows.spacing) {
        const double half = std::ceil(saturated<Real> / (rows.slope * rows.spacing)) + 1;
        length = blocks_of(static_cast<std::int64_t>(std::min(2 * half, 1e9)), multiple) * multiple;
    }

    /// Whether the product of four units that are `stride` apart, and more, does not overflow.
    bool fits(std::int64_t stride) const {
        double power = 0;
        for (int j = 0; j < 4; ++j) {
            power += std::max(0.0, static_cast<double>(length - middle() - j * stride)) * log_spacing;
        }
        return power <= highest_power<Real>;
    }

    KOUSEI_HD std::int64_t middle() const { return length / 2; }
    KOUSEI_HD double growth(std::int64_t k) const {
        return std::exp2(log_spacing * static_cast<double>(k - middle()));
    }
    /// Where, in thresholds from the first bump, a window of the frequency whose first bump this is has cell 0.
    KOUSEI_HD double origin(const Rows<Real>& rows, const Row& row, std::int64_t first) const {
        return row.shift / rows.spacing + static_cast<double>(first - middle());
    }
};

}  // namespace kousei::funahashi
