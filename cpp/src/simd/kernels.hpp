#pragma once
#include <cstdint>

#include <kousei/activation.hpp>
#include <kousei/funahashi.hpp>

#include "attribution.hpp"
#include "binary.hpp"
#include "equivariant.hpp"
#include "ising.hpp"
#include "jets.hpp"
#include "layers.hpp"
#include "packed.hpp"
#include "random.hpp"
#include "rbm.hpp"
#include "recommend.hpp"
#include "ridgelet.hpp"

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

/// One activation, or its derivative, compiled for one instruction set.
template <class Real>
struct Kernels {
    double scale;
    /// sum[i, o] += sum_k coef[o, k] activation(weight[:, k] . x[i] + bias[k]); x is (points, dim).
    void (*accumulate)(const Tile<Real>& tile, const Real* x, std::int64_t points, double* sum);
};

/// out[i, j] = f_j(z[i, j] + bias[j]) on the units j of a part, in rows of the given strides. `out` may be `z`, and
/// `bias` nullptr for 0.
template <class Real>
using ApplyPart = void (*)(const activation::Part<Real>& part, const Real* bias, const Real* z, std::int64_t rows,
                           std::int64_t z_stride, Real* out, std::int64_t out_stride);

/// One frequency w at the points of a chunk: points are x[d * stride + i], s = origin + sum_d weight[d] x[d, i].
template <class Real>
struct Phase {
    const Real* weight;  ///< (dim)
    const Real* x;
    std::int64_t dim;
    std::int64_t stride;
    std::int64_t points;
    Real origin;
};

/// What the faster ways to evaluate a network of one frequency after the other take. Lanes are points, but in
/// `window` units. Arrays of points are padded to a multiple of `widest`.
template <class Real>
struct PhaseKernels {
    /// z[i] = 2^max(-limit, min(limit, -s)).
    void (*powers)(const Phase<Real>& phase, Real limit, Real* z);
    /// sum[i] += the rational functions of z[i] with top[k] + top[k + 1] z + ... above and 1 + bottom[k group] z +
    /// bottom[k group + 1] z^2 + ... below, for k = 0, group, 2 group, ... < count; of degree group - 1 over group,
    /// 1, 2 or 4.
    void (*rationals)(const Real* top, const Real* bottom, std::int64_t count, int group, const Real* z,
                      std::int64_t points, double* sum);
    /// cell[i] = max(0, min(most, floor(s))) and z[i] = 2^(log_spacing (cell[i] - s)), |cell[i] - s| <= 1 at most.
    void (*places)(const Phase<Real>& phase, std::int64_t most, Real log_spacing, std::int64_t* cell, Real* z);
    /// lanes[i] += coef[cell[i] + k] / (1 + growth[k] z[i]) over k < length, 4 vectors of fractions to a division;
    /// lanes is (points, widest), length a multiple of `widest`.
    void (*window)(const Real* growth, const Real* coef, std::int64_t length, const std::int64_t* cell, const Real* z,
                   std::int64_t points, Real* lanes);
    /// sum[i] += Re[a T(s)]; complex numbers are pairs, and T is a polynomial on each cell floor(s) = 0 ... most:
    /// (most + 1, funahashi::table_degree + 1, 2), the highest power of s - cell - 1/2 first. `cell` and `distance`
    /// are scratch.
    void (*table)(const Phase<Real>& phase, std::int64_t most, const Real* values, const Real* a, std::int64_t* cell,
                  Real* distance, double* sum);
};

/// Everything that is compiled for float, and for double.
template <class Real>
struct KernelsFor {
    /// Of an activation without parameters, or of the derivative of a bounded one.
    Kernels<Real> (*of_activation)(Activation, bool derivative);
    PhaseKernels<Real> phases;
    ApplyPart<Real> apply_part;
    DerivePart<Real> derive_part;
    LayerKernels<Real> layers;
    MultiplySigns<Real> multiply_signs;
    SignTables<Real> sign_tables;  ///< of no tables where it is not the faster way
    MultiplyPanel<Real> multiply_panel;
    AddChains<Real> add_chains;
    RidgeletKernels<Real> ridgelet;
    LookUpLabels<Real> look_up_labels;
    Pool<Real> pool;
    RecommendKernels<Real> recommend;
};

struct InstructionSet {
    const char* name;
    bool (*supported)();
    KernelsFor<float> for_float;
    KernelsFor<double> for_double;
    DotSigns dot_signs;
    IsingKernels ising;
    RandomWords random_words;
    RbmKernels rbm;
    AddToNormal add_to_normal;

    template <class Real>
    const KernelsFor<Real>& of() const {
        if constexpr (sizeof(Real) == sizeof(float)) {
            return for_float;
        } else {
            return for_double;
        }
    }
};

/// Compiled instruction sets, the widest first, ended by a nullptr.
extern const InstructionSet* const instruction_sets[];

/// The one in use.
const InstructionSet& instruction_set();

}  // namespace kousei::simd
