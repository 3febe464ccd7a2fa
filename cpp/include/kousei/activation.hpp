#pragma once
#include <cstdint>
#include <string_view>

#include <kousei/execution.hpp>

namespace kousei {

/// Functions a hidden unit can apply. The last three have parameters.
enum class Activation {
    logistic,
    tanh,
    erf,
    arctan,
    relu,
    gelu,
    silu,
    softplus,
    repu,
    piecewise_linear,
    homogeneous
};

namespace activation {

/// Names of those without parameters, in the order of the enumeration.
inline constexpr std::string_view names[] = {"logistic", "tanh", "erf", "arctan", "relu", "gelu", "silu", "softplus"};
/// Of repu by name: repu1 to repu32.
inline constexpr int largest_power = 32;

/// Consecutive units of a layer that apply one activation; borrowed.
template <class Real>
struct Part {
    Activation which;
    /// piecewise_linear: the kinks, increasing, then the count + 1 slopes and the count + 1 intercepts of the pieces.
    /// homogeneous: the slope of each unit for z < 0, then that of each for z >= 0. Of the others nothing is read.
    const Real* parameters;
    std::int64_t count;  ///< piecewise_linear: of kinks; repu: the power p >= 1 in max(z, 0)^p; others: not read
    std::int64_t units;
};

/// How many numbers `Part::parameters` has.
constexpr std::int64_t parameters_of(Activation which, std::int64_t count, std::int64_t units) {
    return which == Activation::piecewise_linear ? 3 * count + 2 : which == Activation::homogeneous ? 2 * units : 0;
}

/// Whether it has a second derivative, other than at a point.
constexpr bool has_second_derivative(Activation which, std::int64_t count) {
    return which != Activation::relu && which != Activation::piecewise_linear && which != Activation::homogeneous &&
           (which != Activation::repu || count > 1);
}

/// out[i, j] = f_j(z[i, j] + bias[j]), where the parts say f; z and out are (rows, units of the parts). `out` may be
/// `z`, and `bias` nullptr for 0. Absolute error of the bounded activations: at most 2 eps, of the others at most
/// 2 eps max(1, |z|).
template <class Real>
void apply(Cpu on, const Part<Real>* parts, std::int64_t part_count, const Real* bias, const Real* z,
           std::int64_t rows, Real* out);

}  // namespace activation
}  // namespace kousei
