// Included once per instruction set, by a file that says KOUSEI_VECTOR_BYTES. Nothing here may call a function that
// another instruction set shares: see KOUSEI_ISA in config.hpp.
#include <kousei/activation_unit.hpp>

#include "kernels.hpp"

namespace kousei::simd {
namespace KOUSEI_ISA {
namespace {

using math::Range;

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

/// Kernels<Real>::accumulate for `together` points, whose chains of operations hide each other's latency.
/// fixed_dim 0: the dimension of the tile.
template <class Formula, class Real, std::int64_t fixed_dim, Range range, int together>
inline void accumulate_points(const Tile<Real>& tile, const Real* x, double* sum) {
    using V = Vector<Real>;
    const std::int64_t dim = fixed_dim ? fixed_dim : tile.dim;
    const auto hidden = [&](std::int64_t k, int point) {
        V z = load(tile.bias + k);
        for (std::int64_t d = 0; d < dim; ++d) z += load(tile.weight + d * tile.stride + k) * x[point * dim + d];
        return Formula::template of_scaled<range>(z);
    };
    const std::int64_t whole = tile.units / width<Real> * width<Real>;
    if (tile.outputs == 1) {
        V total[together] = {};
        for (std::int64_t k = 0; k < whole; k += width<Real>) {
            for (int p = 0; p < together; ++p) total[p] += load(tile.coef + k) * hidden(k, p);
        }
        for (int p = 0; p < together; ++p) {
            if (whole < tile.units) {
                total[p] += load(tile.coef + whole) * first_lanes<Real>(hidden(whole, p), tile.units - whole);
            }
            sum[p] += static_cast<double>(sum_of_lanes<Real>(total[p]));
        }
        return;
    }
    for (int p = 0; p < together; ++p) {
        for (std::int64_t k = 0; k < whole; k += width<Real>) store<Real>(hidden(k, p), tile.hidden + k);
        if (whole < tile.units) {
            store<Real>(first_lanes<Real>(hidden(whole, p), tile.units - whole), tile.hidden + whole);
        }
        for (std::int64_t o = 0; o < tile.outputs; ++o) {
            V total{};
            for (std::int64_t k = 0; k < tile.units; k += width<Real>) {
                total += load(tile.coef + o * tile.stride + k) * load(tile.hidden + k);
            }
            sum[p * tile.outputs + o] += static_cast<double>(sum_of_lanes<Real>(total));
        }
    }
}

template <class Formula, class Real, std::int64_t fixed_dim, Range range>
void accumulate_range(const Tile<Real>& tile, const Real* x, std::int64_t points, double* sum) {
    constexpr int together = 4;
    std::int64_t i = 0;
    for (; i + together <= points; i += together) {
        accumulate_points<Formula, Real, fixed_dim, range, together>(tile, x + i * tile.dim, sum + i * tile.outputs);
    }
    for (; i < points; ++i) {
        accumulate_points<Formula, Real, fixed_dim, range, 1>(tile, x + i * tile.dim, sum + i * tile.outputs);
    }
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
void apply(const Real* z, std::int64_t count, Real* out) {
    using V = Vector<Real>;
    const auto activation = [](V v) {
        return Formula::template of_scaled<Range::any>(v * static_cast<Real>(Formula::template scale<V>));
    };
    std::int64_t i = 0;
    for (; i + width<Real> <= count; i += width<Real>) store<Real>(activation(load(z + i)), out + i);
    if (i == count) return;
    Real lane[width<Real>] = {};
    for (std::int64_t j = 0; j < count - i; ++j) lane[j] = z[i + j];
    store<Real>(activation(load(lane)), lane);
    for (std::int64_t j = 0; j < count - i; ++j) out[i + j] = lane[j];
}

template <class Real>
Kernels<Real> kernels(Activation which) {
    return activation::with_formula(which, []<class Formula>(Formula) {
        return Kernels<Real>{Formula::template scale<Vector<Real>>, &accumulate<Formula, Real>,
                             &apply<Formula, Real>};
    });
}

}  // namespace
}  // namespace KOUSEI_ISA
}  // namespace kousei::simd
