#pragma once
#include <cstdint>

#include <kousei/execution.hpp>

/// Ridgelets: Lambda^s of the Gaussian G(t) = e^(-t^2/2), which multiplies its Fourier transform by |w|^s, and the
/// derivative of that.
namespace kousei::ridgelet {

/// The powers s are above -1 and at most this.
inline constexpr double largest_power = 32;

/// The table: at |t| <= table_end, polynomials of degree terms - 1 around the multiples of 1/cells_per_unit, and one
/// in 1/t^2 beyond.
inline constexpr int table_end = 16, cells_per_unit = 4, terms = 16;
inline constexpr std::int64_t table_size = (table_end * cells_per_unit + 2) * terms;

/// One function, by its table; borrowed.
template <class Real>
struct Kernel {
    const Real* table;  ///< (table_size), what `tabulate` wrote, rounded
    Real s;
    bool derivative;
};

/// Writes the table (table_size) of Lambda^s G or its derivative.
void tabulate(double s, bool derivative, double* table);

/// out[i] = Lambda^s G(t[i]), or its derivative there; `out` may be `t`. Error at most 8 eps of the largest absolute
/// value on the line. Infinities give 0, NaN gives NaN.
template <class Real>
void evaluate(Cpu on, const Kernel<Real>& kernel, const Real* t, std::int64_t count, Real* out);

}  // namespace kousei::ridgelet
