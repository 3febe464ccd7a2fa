#pragma once
#include <cstdint>

#include <kousei/ridgelet.hpp>

namespace kousei::simd {

/// Columns and rows of a block of values of a function: what is held of them stays in the first level of cache.
inline constexpr std::int64_t ridgelet_columns = 64, ridgelet_rows = 32;

/// sums[k, c] += sum_r weight[k * weight_stride + r] values[r, c], k < batch, c < columns.
template <class Real>
struct ProductBlock {
    const Real* weight;
    std::int64_t weight_stride;
    std::int64_t columns, rows, batch;
    Real* values;  ///< (rows, ridgelet_columns); those beyond `columns` are whatever was there
    double* sums;  ///< (batch, ridgelet_columns)
};

/// The same for the values function(column[c] - row[r]), which are written. The arrays of columns are as long as
/// ridgelet_columns, and those beyond `columns` are 0 or what was there.
template <class Real>
struct RidgeletBlock : ProductBlock<Real> {
    const Real* column;
    const Real* row;
};

template <class Real>
struct RidgeletKernels {
    void (*add_products)(const ProductBlock<Real>& block);
    void (*add_kernel)(const ridgelet::Kernel<Real>& kernel, const RidgeletBlock<Real>& block);
    void (*add_activation)(const Activation& activation, const RidgeletBlock<Real>& block);

    auto add(const ridgelet::Kernel<Real>&) const { return add_kernel; }
    auto add(const Activation&) const { return add_activation; }
};

}  // namespace kousei::simd
