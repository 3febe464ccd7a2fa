// Attribution of sets: included after layers.inl, once per instruction set.
#include <kousei/attribution_unit.hpp>

#include "attribution.hpp"

namespace kousei::simd {
namespace KOUSEI_ISA {
namespace {

template <class Real>
void pool(const PooledTerms<Real>& pooled, std::int64_t lanes, Real* z) {
    using V = Vector<Real>;
    with_vectors<Real>(lanes, [&]<int vectors>() {
        V share[vectors];
        for (int v = 0; v < vectors; ++v) {
            share[v] = broadcast(Real(1));
            if (pooled.weights) {
                share[v] = attribution::share(load(pooled.weights + v * width<Real>) + pooled.context_weight);
            }
        }
        const Real* terms = pooled.terms;
        for (std::int64_t u = 0; u < pooled.units; ++u) {
            const V context = broadcast(pooled.context[u]), bias = broadcast(pooled.bias[u]);
            for (int v = 0; v < vectors; ++v, terms += width<Real>, z += width<Real>) {
                store<Real>(attribution::argument(load(terms), context, share[v], bias), z);
            }
        }
    });
}

template <int together>
inline void add_some_to_normal(const double* rows, const double* weight, std::int64_t unknowns, std::int64_t stride,
                               double* equations) {
    using V = Vector<double>;
    for (std::int64_t a = 0; a < unknowns; ++a, equations += stride) {
        double factor[together];
        for (int r = 0; r < together; ++r) factor[r] = weight[r] * rows[r * stride + a];
        for (std::int64_t b = a / width<double> * width<double>; b <= unknowns; b += width<double>) {
            V sum = load(equations + b);
            for (int r = 0; r < together; ++r) sum += load(rows + r * stride + b) * factor[r];
            store<double>(sum, equations + b);
        }
    }
}

void add_to_normal(const double* rows, const double* weight, std::int64_t count, std::int64_t unknowns,
                   std::int64_t stride, double* equations) {
    constexpr int together = 8;
    std::int64_t r = 0;
    for (; r + together <= count; r += together) {
        add_some_to_normal<together>(rows + r * stride, weight + r, unknowns, stride, equations);
    }
    for (; r < count; ++r) add_some_to_normal<1>(rows + r * stride, weight + r, unknowns, stride, equations);
}

}  // namespace
}  // namespace KOUSEI_ISA
}  // namespace kousei::simd
