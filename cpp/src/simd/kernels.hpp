#pragma once
#include <cstdint>

#include <kousei/activation.hpp>

namespace kousei::simd {

/// A block of hidden units laid out for vectors: lane k of every array belongs to unit k. `stride` >= units is a
/// multiple of every vector width; what lies between is zero. Weights and biases are already multiplied by the
/// `scale` of the activation.
template <class Real>
struct Tile {
    Real* weight;  ///< (dim, stride)
    Real* bias;    ///< (stride)
    Real* coef;    ///< (outputs, stride)
    Real* hidden;  ///< (stride), scratch
    std::int64_t units;
    std::int64_t stride;
    std::int64_t dim;
    std::int64_t outputs;
    bool finite;  ///< |weight . x + bias| < finite_limit at all points
};

/// See math::Range::finite.
inline constexpr double finite_limit = 1 << 20;

/// Units in a multiple of every vector width.
inline constexpr std::int64_t widest = 16;

/// One activation, compiled for one instruction set.
template <class Real>
struct Kernels {
    double scale;
    /// sum[i, o] += sum_k coef[o, k] activation(weight[:, k] . x[i] + bias[k]); x is (points, dim).
    void (*accumulate)(const Tile<Real>& tile, const Real* x, std::int64_t points, double* sum);
    /// out[i] = activation(z[i]).
    void (*apply)(const Real* z, std::int64_t count, Real* out);
};

struct InstructionSet {
    const char* name;
    bool (*supported)();
    Kernels<float> (*float_kernels)(Activation);
    Kernels<double> (*double_kernels)(Activation);

    template <class Real>
    Kernels<Real> kernels(Activation activation) const {
        if constexpr (sizeof(Real) == sizeof(float)) {
            return float_kernels(activation);
        } else {
            return double_kernels(activation);
        }
    }
};

/// Compiled instruction sets, the widest first, ended by a nullptr.
extern const InstructionSet* const instruction_sets[];

/// The one in use.
const InstructionSet& instruction_set();

}  // namespace kousei::simd
