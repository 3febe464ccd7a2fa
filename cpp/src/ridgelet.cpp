#include <kousei/ridgelet.hpp>

#include <algorithm>
#include <cmath>
#include <numbers>

#include <kousei/ridgelet_unit.hpp>
#include <kousei/sizes.hpp>

#include "parallel.hpp"

namespace kousei::ridgelet {
namespace {

// Wider than the table where the machine has it, so that the sums do not show in it.
using Wide = long double;

constexpr Wide peak = 0.79788456080286535588L;  // sqrt(2/pi)

/// Adds the Taylor coefficients at 0, 1/cells_per_unit, ... table_end, of sqrt(2/pi) times the integral of
/// w^s e^(-w^2/2) cos(w t) over w > 0, or of its derivative: by the trapezoidal rule in log w, which converges
/// exponentially and whose weights are positive, so that it errs by rounding relative to the value at t = 0.
void tabulate_cells(Wide s, bool derivative, double* table) {
    constexpr int cells = table_end * cells_per_unit + 1, steps_per_unit = 48;
    constexpr int first = -23 * steps_per_unit, last = 3 * steps_per_unit;  // w^2 is 0 to rounding, and e^(-w^2/2)
    constexpr Wide step = Wide(1) / steps_per_unit;
    for (int cell = 0; cell < cells; ++cell) {
        const Wide t = static_cast<Wide>(cell) / cells_per_unit;
        Wide sum[terms] = {};
        // What lies left of the first node is a geometric series.
        if (!derivative) sum[0] = peak * step * std::exp((s + 1) * (first - 1) * step) / -std::expm1(-(s + 1) * step);
        for (int i = first; i <= last; ++i) {
            const Wide w = std::exp(i * step);
            const Wide cosine = std::cos(w * t), sine = std::sin(w * t);
            const Wide derivatives[] = {cosine, -sine, -cosine, sine};
            Wide factor = peak * step * std::exp((s + 1) * i * step - w * w / 2) * (derivative ? w : 1);
            for (int k = 0; k < terms; ++k) {
                sum[k] += factor * derivatives[(k + (derivative ? 1 : 0)) % 4];
                factor *= w / (cells_per_unit * (k + 1));
            }
        }
        for (int k = 0; k < terms; ++k) table[cell * terms + terms - 1 - k] = static_cast<double>(sum[k]);
    }
}

/// Writes the coefficients in (table_end/t)^2 of the asymptotic series, divided by (table_end/t)^(s + 1) (of the
/// derivative s + 2): each power |w|^(s + 2j) of the transform that is not smooth at 0 has a term
/// -sqrt(2/pi) sin(pi s/2) Gamma(s + 1 + 2j)/(j! 2^j) t^-(s + 1 + 2j). There is none for an even s, whose functions
/// are below 1e-30 of their maximum here.
void tabulate_beyond(Wide s, bool derivative, double* beyond) {
    const Wide halves = std::nearbyint(s / 2);
    const Wide sine = std::sin(std::numbers::pi_v<Wide> * (s / 2 - halves)) * (std::fmod(halves, 2) == 0 ? 1 : -1);
    const Wide power = s + (derivative ? 2 : 1);
    Wide term = peak * (derivative ? sine : -sine) * std::tgamma(power) * std::pow(Wide(table_end), -power);
    for (int j = 0; j < terms; ++j) {
        beyond[terms - 1 - j] = static_cast<double>(term);
        term *= (power + 2 * j) * (power + 2 * j + 1) / (2 * (j + 1) * Wide(table_end * table_end));
    }
}

}  // namespace

void tabulate(double s, bool derivative, double* table) {
    tabulate_cells(s, derivative, table);
    tabulate_beyond(s, derivative, table + table_size - terms);
}

template <class Real>
void evaluate(Cpu on, const Kernel<Real>& kernel, const Real* t, std::int64_t count, Real* out) {
    constexpr std::int64_t block = 1 << 14;
    const auto task = [&](std::int64_t index, int) {
        for (std::int64_t i = index * block; i < std::min(count, (index + 1) * block); ++i) {
            out[i] = value_at(kernel, t[i]);
        }
    };
    kousei::detail::parallel_for(on, blocks_of(count, block), task);
}

template void evaluate(Cpu, const Kernel<float>&, const float*, std::int64_t, float*);
template void evaluate(Cpu, const Kernel<double>&, const double*, std::int64_t, double*);

}  // namespace kousei::ridgelet
