#pragma once
#include <cstdint>

#include <kousei/activation.hpp>
#include <kousei/execution.hpp>

/// Three-layer networks of Funahashi's theorem (Funahashi 1989; construction of Kakizaki and Akiba).
namespace kousei::funahashi {

/// Bumps that each frequency takes, where it does not take all of them.
struct Ranges {
    const std::int64_t* bumps = nullptr;   ///< first and one past the last: (frequency_count, 2)
    const std::int64_t* starts = nullptr;  ///< hidden units before those of a frequency: (frequency_count + 1)
    std::int64_t units = 0;                ///< all hidden units
};

/// offset + sum_w Re[a_w H(w . (x - center))] with H(s) = sum_k phase_k psi(s - t_k), borrowed; arrays are row-major
/// and complex numbers are (real, imaginary) pairs. The bump psi(u) = activation(u/delta + alpha) -
/// activation(u/delta - alpha) takes two hidden units, so there are 2 * frequency_count * threshold_count of them.
/// Where 2 alpha delta = merged * h, the unit that closes bump k is the one that opens bump k + merged, and they can
/// be one: threshold_count + merged for each frequency.
template <class Real>
struct View {
    const Real* frequencies;  ///< w: (frequency_count, dim)
    const Real* amplitudes;   ///< a: (frequency_count, 2)
    const Real* thresholds;   ///< t: (threshold_count), equally spaced by h
    const Real* phases;       ///< (h / Psi(1)) e^{it}: (threshold_count, 2)
    const Real* center;       ///< (dim)
    std::int64_t frequency_count;
    std::int64_t threshold_count;
    std::int64_t dim;
    double spacing;      ///< h
    Real inverse_delta;  ///< 1/delta
    Real alpha;
    Activation activation;  ///< bounded
    Real offset = 0;
    std::int64_t merged = 0;  ///< 0: two units for each bump
    Ranges ranges = {};       ///< without `bumps`: all of them
};

/// Hidden units of a network on an order^dim grid of frequencies, 2 * thresholds * order^dim; the paper's
/// 2 N^(D+1) where thresholds = order. Throws SizeError where it does not fit 64 bits.
std::int64_t unit_count(std::int64_t order, std::int64_t dim, std::int64_t thresholds);

/// Bytes of workspace that evaluate needs for `points` points.
template <class Real>
std::int64_t workspace_bytes(Cpu on, const View<Real>& net, std::int64_t points);

/// Adds up every unit of the network at each point; x is (points, dim), out (points). Units are written down block
/// by block and never all stored. On threads and on other points the result depends as that of network::evaluate
/// does.
template <class Real>
void evaluate(Cpu on, const View<Real>& net, const Real* x, std::int64_t points, Real* out, Workspace workspace);

/// Bytes of workspace that evaluate_gradient needs for `points` points.
template <class Real>
std::int64_t gradient_workspace_bytes(Cpu on, const View<Real>& net, std::int64_t points);

/// As `evaluate`, of the derivatives of every unit along each axis; out is (points, dim).
template <class Real>
void evaluate_gradient(Cpu on, const View<Real>& net, const Real* x, std::int64_t points, Real* out,
                       Workspace workspace);

/// Ways to evaluate the same network. `shared`: one exponential for each frequency and point, and a fraction for each
/// unit, several to a division. `window`: the same for the units near the point, sums prepared in advance for those
/// on one side, which are 1, and nothing for those on the other.
enum class Method { dense, shared, window };

/// Units that a method evaluates for each frequency and point, of those that take all bumps. 0 where it is not for
/// this network: `shared` and `window` are for logistic and tanh units, where the exponentials of all thresholds, or
/// of some thresholds apart, do not overflow, and `window` where that is not far longer than all thresholds. Arrays
/// are not read.
template <class Real>
std::int64_t work(const View<Real>& net, Method method);

template <class Real>
std::int64_t workspace_bytes(Cpu on, const View<Real>& net, Method method, std::int64_t points);

/// As `evaluate` without a method, which is dense; std::invalid_argument where `work` is 0.
template <class Real>
void evaluate(Cpu on, const View<Real>& net, Method method, const Real* x, std::int64_t points, Real* out,
              Workspace workspace);

/// Degree of the polynomials of a table.
inline constexpr int table_degree = 8;

/// H by a polynomial on each of `cells` cells of equal width from `first` on, with zeros in the first and the last,
/// which stand for all arguments beyond.
template <class Real>
struct Table {
    /// (cells, table_degree + 1, 2): complex coefficients, the highest power of (s - middle)/width first.
    const Real* values;
    std::int64_t cells;
    Real first;
    Real cells_per_unit;
};

template <class Real>
std::int64_t workspace_bytes(Cpu on, const View<Real>& net, const Table<Real>& table, std::int64_t points);

/// offset + sum_w Re[a_w H(w . (x - center))] with H from a table; of the network only frequencies, amplitudes,
/// centre and offset are read.
template <class Real>
void evaluate(Cpu on, const View<Real>& net, const Table<Real>& table, const Real* x, std::int64_t points, Real* out,
              Workspace workspace);

/// out[i] = Psi(omega[i]), the Fourier transform of the bump, see bump_transform_at in funahashi_unit.hpp.
template <class Real>
void bump_transform(Cpu on, Activation activation, Real delta, Real alpha, const Real* omega, std::int64_t count,
                    Real* out);

}  // namespace kousei::funahashi
