// Sums of ridgelets: included after kernels.inl, once per instruction set.
#include <kousei/ridgelet_unit.hpp>

#include "ridgelet.hpp"

namespace kousei::simd {
namespace KOUSEI_ISA {
namespace {

/// For `together` functions.
template <int vectors, int together, class Real>
inline void add_products(const ProductBlock<Real>& block, std::int64_t first, std::int64_t k) {
    Vector<Real> total[together][vectors] = {};
    const Real* const weight = block.weight + k * block.weight_stride;
    for (std::int64_t r = 0; r < block.rows; ++r) {
        for (int v = 0; v < vectors; ++v) {
            const Vector<Real> value = load(block.values + r * ridgelet_columns + first + v * width<Real>);
            for (int q = 0; q < together; ++q) total[q][v] += value * weight[q * block.weight_stride + r];
        }
    }
    for (int q = 0; q < together; ++q) {
        for (int v = 0; v < vectors; ++v) {
            Real lane[width<Real>];
            store<Real>(total[q][v], lane);
            double* const sums = block.sums + (k + q) * ridgelet_columns + first + v * width<Real>;
            for (std::int64_t i = 0; i < width<Real>; ++i) sums[i] += static_cast<double>(lane[i]);
        }
    }
}

template <int vectors, class Real>
inline void add_columns(const ProductBlock<Real>& block, std::int64_t first) {
    constexpr int together = 4;
    std::int64_t k = 0;
    for (; k + together <= block.batch; k += together) add_products<vectors, together>(block, first, k);
    for (; k < block.batch; ++k) add_products<vectors, 1>(block, first, k);
}

template <class Real>
void add_all_products(const ProductBlock<Real>& block) {
    constexpr std::int64_t pair = 2 * width<Real>;
    std::int64_t first = 0;
    for (; first + width<Real> < block.columns; first += pair) add_columns<2>(block, first);
    if (first < block.columns) add_columns<1>(block, first);
}

/// Flat, as the compiler inlines a formula or calls it by how much else there is.
template <class Real, class Formula>
[[gnu::flatten]] void write_values(const RidgeletBlock<Real>& block, Formula formula) {
    for (std::int64_t r = 0; r < block.rows; ++r) {
        for (std::int64_t c = 0; c < block.columns; c += width<Real>) {
            store<Real>(formula(load(block.column + c) - block.row[r]), block.values + r * ridgelet_columns + c);
        }
    }
}

template <class Real, class Formula>
void add_block(const RidgeletBlock<Real>& block, Formula formula) {
    write_values(block, formula);
    add_all_products(block);
}

template <class Real>
void add_ridgelet(const ridgelet::Kernel<Real>& kernel, const RidgeletBlock<Real>& block) {
    ridgelet::with_formula(kernel, [&](auto formula) { add_block(block, formula); });
}

template <class Real>
void add_activation(const Activation& activation, const RidgeletBlock<Real>& block) {
    ridgelet::with_formula(activation, [&](auto formula) { add_block(block, formula); });
}

template <class Real>
constexpr RidgeletKernels<Real> ridgelet_kernels = {&add_all_products<Real>, &add_ridgelet<Real>,
                                                    &add_activation<Real>};

}  // namespace
}  // namespace KOUSEI_ISA
}  // namespace kousei::simd
