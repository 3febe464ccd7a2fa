// Included once per instruction set, by a file that says KOUSEI_VECTOR_BYTES. Nothing here may call a function that
// another instruction set shares: see KOUSEI_ISA in config.hpp.
#include <kousei/activation_unit.hpp>
#include <kousei/math/piecewise_linear.hpp>
#include <kousei/math/repu.hpp>

#include "kernels.hpp"

namespace kousei::simd {
namespace KOUSEI_ISA {
namespace {

using math::clamp, math::Range;

template <class Real>
struct VectorOf {
    typedef Real type __attribute__((vector_size(KOUSEI_VECTOR_BYTES)));
};
template <class Real>
using Vector = typename VectorOf<Real>::type;

template <class Real>
constexpr std::int64_t width = KOUSEI_VECTOR_BYTES / sizeof(Real);

template <class Real>
inline Vector<Real> load(const Real* from) {
    Vector<Real> v;
    __builtin_memcpy(&v, from, sizeof v);
    return v;
}

template <class Real>
inline void store(Vector<Real> v, Real* to) {
    __builtin_memcpy(to, &v, sizeof v);
}

/// Lanes 0 to count - 1 of v, zero in the others.
template <class Real>
inline Vector<Real> first_lanes(Vector<Real> v, std::int64_t count) {
    Real lane[width<Real>];
    store<Real>(v, lane);
    for (std::int64_t i = count; i < width<Real>; ++i) lane[i] = 0;
    return load(lane);
}

template <class Real>
inline Real sum_of_lanes(Vector<Real> v) {
    Real lane[width<Real>];
    store<Real>(v, lane);
    for (std::int64_t half = width<Real> / 2; half > 0; half /= 2) {
        for (std::int64_t i = 0; i < half; ++i) lane[i] += lane[i + half];
    }
    return lane[0];
}

/// Units k, k + 1, ... of the tile at x, one in each lane. fixed_dim 0: the dimension of the tile.
template <class Formula, class Real, std::int64_t fixed_dim, Range range>
inline Vector<Real> hidden_at(const Tile<Real>& tile, std::int64_t k, const Real* x) {
    const std::int64_t dim = fixed_dim ? fixed_dim : tile.dim;
    Vector<Real> z = load(tile.bias + k);
    for (std::int64_t d = 0; d < dim; ++d) z += load(tile.weight + d * tile.stride + k) * x[d];
    return Formula::template of_scaled<range>(z);
}

/// The units before the vector that has to be masked: behind the last unit all is zero, and adds zero unless 0 times
/// a coordinate is NaN.
template <class Real, Range range>
constexpr std::int64_t unmasked(std::int64_t units) {
    return range == Range::any ? units / width<Real> * width<Real> : units;
}

/// Kernels<Real>::accumulate of one output for `together` points, whose chains of operations hide each other's
/// latency.
template <class Formula, class Real, std::int64_t fixed_dim, Range range, int together>
inline void accumulate_points(const Tile<Real>& tile, const Real* x, double* sum) {
    const std::int64_t dim = fixed_dim ? fixed_dim : tile.dim;
    const auto hidden = [&](std::int64_t k, int point) {
        return hidden_at<Formula, Real, fixed_dim, range>(tile, k, x + point * dim);
    };
    const std::int64_t whole = unmasked<Real, range>(tile.units);
    Vector<Real> total[together] = {};
    for (std::int64_t k = 0; k < whole; k += width<Real>) {
        for (int p = 0; p < together; ++p) total[p] += load(tile.coef + k) * hidden(k, p);
    }
    for (int p = 0; p < together; ++p) {
        if (whole < tile.units) {
            total[p] += load(tile.coef + whole) * first_lanes<Real>(hidden(whole, p), tile.units - whole);
        }
        sum[p] += static_cast<double>(sum_of_lanes<Real>(total[p]));
    }
}

/// The same of any number of outputs, point by point.
template <class Formula, class Real, std::int64_t fixed_dim, Range range>
void accumulate_outputs(const Tile<Real>& tile, const Real* x, std::int64_t points, double* sum) {
    const std::int64_t whole = unmasked<Real, range>(tile.units);
    for (std::int64_t i = 0; i < points; ++i) {
        const auto hidden = [&](std::int64_t k) {
            return hidden_at<Formula, Real, fixed_dim, range>(tile, k, x + i * tile.dim);
        };
        for (std::int64_t k = 0; k < whole; k += width<Real>) store<Real>(hidden(k), tile.hidden + k);
        if (whole < tile.units) {
            store<Real>(first_lanes<Real>(hidden(whole), tile.units - whole), tile.hidden + whole);
        }
        for (std::int64_t o = 0; o < tile.outputs; ++o) {
            Vector<Real> total{};
            for (std::int64_t k = 0; k < tile.units; k += width<Real>) {
                total += load(tile.coef + o * tile.stride + k) * load(tile.hidden + k);
            }
            sum[i * tile.outputs + o] += static_cast<double>(sum_of_lanes<Real>(total));
        }
    }
}

template <class Formula, class Real, std::int64_t fixed_dim, Range range>
void accumulate_range(const Tile<Real>& tile, const Real* x, std::int64_t points, double* sum) {
    if (tile.outputs != 1) return accumulate_outputs<Formula, Real, fixed_dim, range>(tile, x, points, sum);
    constexpr int together = 4;
    std::int64_t i = 0;
    for (; i + together <= points; i += together) {
        accumulate_points<Formula, Real, fixed_dim, range, together>(tile, x + i * tile.dim, sum + i);
    }
    for (; i < points; ++i) accumulate_points<Formula, Real, fixed_dim, range, 1>(tile, x + i * tile.dim, sum + i);
}

template <class Formula, class Real, std::int64_t fixed_dim>
void accumulate_dim(const Tile<Real>& tile, const Real* x, std::int64_t points, double* sum) {
    if (tile.finite) {
        accumulate_range<Formula, Real, fixed_dim, Range::finite>(tile, x, points, sum);
    } else {
        accumulate_range<Formula, Real, fixed_dim, Range::any>(tile, x, points, sum);
    }
}

template <class Formula, class Real>
void accumulate(const Tile<Real>& tile, const Real* x, std::int64_t points, double* sum) {
    switch (tile.dim) {
        case 1:
            return accumulate_dim<Formula, Real, 1>(tile, x, points, sum);
        case 2:
            return accumulate_dim<Formula, Real, 2>(tile, x, points, sum);
        case 3:
            return accumulate_dim<Formula, Real, 3>(tile, x, points, sum);
        default:
            return accumulate_dim<Formula, Real, 0>(tile, x, points, sum);
    }
}

template <class Formula, class Real>
Kernels<Real> kernels_of() {
    return {Formula::template scale<Vector<Real>>, &accumulate<Formula, Real>};
}

template <class Real>
Kernels<Real> kernels(Activation which, bool derivative) {
    if (derivative) {
        return activation::with_bounded_formula(
            which, []<class Formula>(Formula) { return kernels_of<math::Derivative<Formula>, Real>(); });
    }
    return activation::with_formula(which, []<class Formula>(Formula) { return kernels_of<Formula, Real>(); });
}

/// As load and store, of `count` numbers; the other lanes are zero.
template <class Real>
inline Vector<Real> load_first(const Real* from, std::int64_t count) {
    if (count == width<Real>) return load(from);
    Real lane[width<Real>] = {};
    for (std::int64_t i = 0; i < count; ++i) lane[i] = from[i];
    return load(lane);
}

template <class Real>
inline void store_first(Vector<Real> v, Real* to, std::int64_t count) {
    if (count == width<Real>) return store<Real>(v, to);
    Real lane[width<Real>];
    store<Real>(v, lane);
    for (std::int64_t i = 0; i < count; ++i) to[i] = lane[i];
}

/// ApplyPart with f(z, j, count) of the units j, j + 1, ..., j + count - 1 of the part.
template <class Real, class F>
inline void apply_rows(std::int64_t units, const Real* bias, const Real* z, std::int64_t rows, std::int64_t z_stride,
                       Real* out, std::int64_t out_stride, F f) {
    const std::int64_t whole = units / width<Real> * width<Real>;
    for (std::int64_t row = 0; row < rows; ++row) {
        const auto step = [&](std::int64_t j, std::int64_t count) {
            Vector<Real> v = load_first(z + row * z_stride + j, count);
            if (bias) v += load_first(bias + j, count);
            store_first<Real>(f(v, j, count), out + row * out_stride + j, count);
        };
        for (std::int64_t j = 0; j < whole; j += width<Real>) step(j, width<Real>);
        if (whole < units) step(whole, units - whole);
    }
}

template <class Real>
void apply_part(const activation::Part<Real>& part, const Real* bias, const Real* z, std::int64_t rows,
                std::int64_t z_stride, Real* out, std::int64_t out_stride) {
    using V = Vector<Real>;
    const auto apply = [&](auto f) { apply_rows(part.units, bias, z, rows, z_stride, out, out_stride, f); };
    switch (part.which) {
        case Activation::repu:
            return apply([&](V v, std::int64_t, std::int64_t) { return math::repu(part.count, v); });
        case Activation::piecewise_linear: {
            const math::PiecewiseLinear<Real> f{part.parameters, part.count};
            return apply([&](V v, std::int64_t, std::int64_t) { return f(v); });
        }
        case Activation::homogeneous:
            return apply([&](V v, std::int64_t j, std::int64_t count) {
                const Real* const below = part.parameters + j;
                return math::homogeneous<V>(load_first(below, count), load_first(below + part.units, count), v);
            });
        default:
            activation::with_formula(part.which, [&]<class Formula>(Formula) {
                apply([](V v, std::int64_t, std::int64_t) { return math::value_at<Formula>(v); });
            });
    }
}

/// x in every lane: x - 0 is x to the compiler, and x + 0 is not.
template <class Real>
inline Vector<Real> broadcast(Real x) {
    return x - Vector<Real>{};
}

/// s of the points from `i` on, one in each lane.
template <class Real>
inline Vector<Real> phase_at(const Phase<Real>& phase, std::int64_t i) {
    Vector<Real> s = broadcast(phase.origin);
    for (std::int64_t d = 0; d < phase.dim; ++d) s += load(phase.x + d * phase.stride + i) * phase.weight[d];
    return s;
}

template <class Real>
void powers(const Phase<Real>& phase, Real limit, Real* z) {
    for (std::int64_t i = 0; i < phase.points; i += width<Real>) {
        store<Real>(math::exp2<Range::finite>(clamp(-phase_at(phase, i), -limit, limit)), z + i);
    }
}

/// n/q + other_n/other_q as one fraction, in n and q.
template <class V>
inline void add_fraction(V& n, V& q, V other_n, V other_q) {
    n = n * other_q + other_n * q;
    q = q * other_q;
}

/// n/q, q >= 1, to 2 ulp by Newton's method where the hardware estimates 1/q. Division is another unit of the
/// processor, and the two work at the same time. All lanes of the mask, as in math::detail::scale_by_exp2.
#if defined(__AVX512F__)
inline Vector<double> newton_quotient(Vector<double> n, Vector<double> q) {
    Vector<double> inverse = _mm512_mask_rcp14_pd(q, 0xff, q);
    inverse += inverse * (1 - q * inverse);
    return n * (inverse + inverse * (1 - q * inverse));
}
inline Vector<float> newton_quotient(Vector<float> n, Vector<float> q) {
    const Vector<float> inverse = _mm512_mask_rcp14_ps(q, 0xffff, q);
    return n * (inverse + inverse * (1 - q * inverse));
}
#else
template <class V>
inline V newton_quotient(V n, V q) {
    return n / q;
}
#endif

template <class Real, int group>
inline void rationals_of(const Real* top, const Real* bottom, std::int64_t count, const Real* z, std::int64_t points,
                         double* sum) {
    using V = Vector<Real>;
    const auto at = [&]<int vectors>(std::int64_t i) {
        V power[vectors], total[vectors] = {};
        for (int v = 0; v < vectors; ++v) power[v] = load(z + i + v * width<Real>);
        const auto add = [&]<bool newton>(std::int64_t k) {
            for (int v = 0; v < vectors; ++v) {
                V n = broadcast(top[k + group - 1]), q = broadcast(bottom[k * group + group - 1]);
                for (int m = group - 2; m >= 0; --m) {
                    n = n * power[v] + top[k + m];
                    q = q * power[v] + bottom[k * group + m];
                }
                q = q * power[v] + Real(1);
                total[v] += newton ? newton_quotient(n, q) : n / q;
            }
        };
        std::int64_t k = 0;
        for (; k + group < count; k += std::int64_t{2} * group) {
            add.template operator()<false>(k);
            add.template operator()<true>(k + group);
        }
        if (k < count) add.template operator()<false>(k);
        for (int v = 0; v < vectors; ++v) {
            Real lane[width<Real>];
            store<Real>(total[v], lane);
            for (int j = 0; j < width<Real>; ++j) sum[i + v * width<Real> + j] += lane[j];
        }
    };
    constexpr int together = 4;
    constexpr std::int64_t step = together * width<Real>;
    std::int64_t i = 0;
    for (; i + step <= points; i += step) at.template operator()<together>(i);
    for (; i < points; i += width<Real>) at.template operator()<1>(i);
}

template <class Real>
void rationals(const Real* top, const Real* bottom, std::int64_t count, int group, const Real* z, std::int64_t points,
               double* sum) {
    switch (group) {
        case 4:
            return rationals_of<Real, 4>(top, bottom, count, z, points, sum);
        case 2:
            return rationals_of<Real, 2>(top, bottom, count, z, points, sum);
        default:
            return rationals_of<Real, 1>(top, bottom, count, z, points, sum);
    }
}

/// A whole number that Real and integers as wide hold, at most `most`: where there are many, the last are not
/// reached.
template <class Real>
inline Real not_above(std::int64_t most) {
    constexpr std::int64_t exact = sizeof(Real) == sizeof(double) ? std::int64_t{1} << 53 : std::int64_t{1} << 24;
    return static_cast<Real>(most < exact ? most : exact);
}

/// floor(s), at least 0 and at most `most`; 0 for NaN.
template <class Real>
inline Vector<Real> cell_of(Vector<Real> s, std::int64_t most, std::int64_t* cell) {
    using V = Vector<Real>;
    const V place = clamp<V>(s, Real(0), not_above<Real>(most));
    const auto whole = __builtin_convertvector(place >= V{} ? place : V{}, math::integer_t<V>);
    for (int lane = 0; lane < width<Real>; ++lane) cell[lane] = whole[lane];
    return __builtin_convertvector(whole, V);
}

template <class Real>
void places(const Phase<Real>& phase, std::int64_t most, Real log_spacing, std::int64_t* cell, Real* z) {
    for (std::int64_t i = 0; i < phase.points; i += width<Real>) {
        const Vector<Real> s = phase_at(phase, i);
        const Vector<Real> whole = cell_of<Real>(s, most, cell + i);
        const Vector<Real> into = clamp(whole - s, Real(-1), Real(1));
        store<Real>(math::exp2<Range::finite>(into * log_spacing), z + i);
    }
}

template <class Real>
void window(const Real* growth, const Real* coef, std::int64_t length, const std::int64_t* cell, const Real* z,
            std::int64_t points, Real* lanes) {
    using V = Vector<Real>;
    constexpr int group = 4;
    for (std::int64_t i = 0; i < points; ++i) {
        const Real* const c = coef + cell[i];
        const V power = broadcast(z[i]);
        V total = load(lanes + i * widest);
        std::int64_t k = 0;
        for (; k + group * width<Real> <= length; k += group * width<Real>) {
            V n[group], q[group];
            for (int j = 0; j < group; ++j) {
                n[j] = load(c + k + j * width<Real>);
                q[j] = load(growth + k + j * width<Real>) * power + Real(1);
            }
            for (int half = group / 2; half > 0; half /= 2) {
                for (int j = 0; j < half; ++j) add_fraction(n[j], q[j], n[j + half], q[j + half]);
            }
            total += n[0] / q[0];
        }
        for (; k < length; k += width<Real>) total += load(c + k) / (load(growth + k) * power + Real(1));
        store<Real>(total, lanes + i * widest);
    }
}

template <class Real>
struct PairOf {
    typedef Real type __attribute__((vector_size(2 * sizeof(Real))));
};

template <class Real>
void table(const Phase<Real>& phase, std::int64_t most, const Real* values, const Real* a, std::int64_t* cell,
           Real* distance, double* sum) {
    using Pair = typename PairOf<Real>::type;
    for (std::int64_t i = 0; i < phase.points; i += width<Real>) {
        const Vector<Real> s = phase_at(phase, i);
        const Vector<Real> whole = cell_of<Real>(s, most, cell + i);
        store<Real>(clamp(s - whole - Real(0.5), Real(-0.5), Real(0.5)), distance + i);
    }
    constexpr int degree = funahashi::table_degree;
    constexpr std::int64_t row = 2 * (std::int64_t{degree} + 1);
    const Pair amplitude = {a[0], -a[1]};
    for (std::int64_t i = 0; i < phase.points; ++i) {
        const Real* const powers_of = values + cell[i] * row;
        Pair value;
        __builtin_memcpy(&value, powers_of, sizeof value);
        for (int power = 1; power <= degree; ++power) {
            Pair next;
            __builtin_memcpy(&next, powers_of + 2 * power, sizeof next);
            value = value * distance[i] + next;
        }
        value *= amplitude;
        sum[i] += static_cast<double>(value[0] + value[1]);
    }
}

template <class Real>
constexpr PhaseKernels<Real> phase_kernels = {&powers<Real>, &rationals<Real>, &places<Real>, &window<Real>,
                                              &table<Real>};

}  // namespace
}  // namespace KOUSEI_ISA
}  // namespace kousei::simd
