#pragma once
#include <cstdint>

#include <kousei/execution.hpp>
#include <kousei/sizes.hpp>

/// Sums of joint-invariant features. Such a feature phi(x, xi), which a group leaves as it is when it moves x and xi
/// together, has one value for each of a few labels of the pairs: of the orbits of a finite group, or of the residues
/// a . x - b over Z_p^d. So phi is never stored, and the labels only where no formula gives them.
namespace kousei::equivariant {

/// Labels of pairs that are stored; borrowed.
struct Orbits {
    const std::int32_t* labels;  ///< (points, units)
    std::int64_t points, units;
};

/// The label (a . x - b) mod p of the point x and the unit (a, b) of Z_p^dim x Z_p, both counted row-major.
struct Ridges {
    std::int64_t p;    ///< at most largest_modulus
    std::int64_t dim;  ///< such that p^dim is below 2^31
    std::int64_t points, units;
    std::int64_t first = 0;  ///< units are counted from this one of all, a multiple of p

    Ridges(std::int64_t p_, std::int64_t dim_) : p(p_), dim(dim_), points(1), units(p_) {
        for (std::int64_t d = 0; d < dim; ++d) points = checked_mul(points, p);
        units = checked_mul(points, p);
    }
};

inline constexpr std::int64_t largest_modulus = (1 << 16) - 1, largest_points = (std::int64_t{1} << 31) - 1;

/// The value of a feature for each label, borrowed. Labels are 0 to count - 1; in CUDA memory, where a caller may not
/// know them, another has the value NaN.
template <class Real>
struct Values {
    const Real* of;  ///< (count)
    std::int64_t count;
};

/// Bytes of workspace that the sums of `batch` functions need. Labels is Orbits or Ridges.
template <class Real, class Labels>
std::int64_t workspace_bytes(Cpu on, const Labels& labels, std::int64_t batch);

/// out[k, xi] = sum_x f[k, x] value(label(x, xi)); f is (batch, points), out (batch, units). A label serves the whole
/// batch. The result does not depend on the number of threads.
template <class Real, class Labels>
void sum_over_points(Cpu on, const Labels& labels, const Values<Real>& values, const Real* f, std::int64_t batch,
                     Real* out, Workspace workspace);

/// The transpose: out[k, x] = sum_xi c[k, xi] value(label(x, xi)); c is (batch, units), out (batch, points).
template <class Real, class Labels>
void sum_over_units(Cpu on, const Labels& labels, const Values<Real>& values, const Real* c, std::int64_t batch,
                    Real* out, Workspace workspace);

}  // namespace kousei::equivariant
