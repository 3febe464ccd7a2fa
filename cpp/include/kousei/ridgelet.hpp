#pragma once
#include <cstdint>

#include <kousei/activation.hpp>
#include <kousei/execution.hpp>

/// Ridgelets: Lambda^s of the Gaussian G(t) = e^(-t^2/2), which multiplies its Fourier transform by |w|^s, and the
/// derivative of that; and sums of them, or of activations, over points and over hidden units.
namespace kousei::ridgelet {

/// The powers s are above -1 and at most this.
inline constexpr double largest_power = 32;

/// The table: at |t| <= table_end, polynomials of degree terms - 1 around the multiples of 1/cells_per_unit, and one
/// in 1/t^2 beyond.
inline constexpr int table_end = 16, cells_per_unit = 4, terms = 16;
inline constexpr std::int64_t table_size = (std::int64_t{table_end} * cells_per_unit + 2) * terms;

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

/// max(t, 0)^power, and for the power 0 the step, 1 for t > 0; at most activation::largest_power.
struct Power {
    int power;
};

/// The arguments t = a_i . x_j - b_l of the functions that are summed, by points x, directions a and biases b;
/// borrowed, row-major and finite. They are float64 also where float32 is summed: a . x - b cancels.
struct Arguments {
    const double* points;      ///< (point_count, dim)
    const double* directions;  ///< (direction_count, dim)
    const double* biases;      ///< (bias_count), increasing
    std::int64_t point_count, direction_count, bias_count, dim;
};

/// Bytes of workspace that the sums of `batch` functions or spectra need. Function is Kernel<Real>, or Activation,
/// one without parameters.
template <class Real, class Function>
std::int64_t workspace_bytes(Cpu on, const Arguments& at, const Function& function, std::int64_t batch);

/// out[k, i, l] = sum_j g[k, j] function(a_i . x_j - b_l); g is (batch, points), out (batch, directions, biases).
/// A value of the function serves the whole batch, and points x directions x biases are never stored. The result does
/// not depend on the number of threads.
template <class Real, class Function>
void sum_over_points(Cpu on, const Arguments& at, const Function& function, const Real* g, std::int64_t batch,
                     Real* out, Workspace workspace);

/// The transpose: out[k, j] = sum_il c[k, i, l] function(a_i . x_j - b_l); c is (batch, directions, biases), out
/// (batch, points).
template <class Real, class Function>
void sum_over_units(Cpu on, const Arguments& at, const Function& function, const Real* c, std::int64_t batch,
                    Real* out, Workspace workspace);

template <class Real>
std::int64_t workspace_bytes(Cpu on, const Arguments& at, Power function, std::int64_t batch);

/// The same for a power, by prefix sums over the biases and one look-up for a point: directions x (biases + points)
/// instead of their product.
template <class Real>
void sum_over_units(Cpu on, const Arguments& at, Power function, const Real* c, std::int64_t batch, Real* out,
                    Workspace workspace);

}  // namespace kousei::ridgelet
