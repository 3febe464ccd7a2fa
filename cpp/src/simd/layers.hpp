#pragma once
#include <cstdint>

namespace kousei::simd {

/// What consecutive units of a dense layer take from `depth` of its inputs.
template <class Real>
struct DenseBlock {
    const Real* weight;  ///< (units, stride), the first `depth` of each row
    const Real* bias;    ///< (units); panels: nullptr for none, and where more inputs follow
    std::int64_t units;
    std::int64_t depth;
    std::int64_t stride;
    bool more;  ///< panels: the sums of the inputs before are there
};

/// Consecutive units of a sparse layer.
template <class Real>
struct SparseBlock {
    const Real* values;
    const std::int64_t* starts;   ///< (units + 1), into values and columns
    const std::int32_t* columns;  ///< the input of each value
    const Real* bias;             ///< (units); panels: nullptr for none
    std::int64_t units;
};

/// Weights times inputs, plus biases. Many points lie in panels, which are (units, lanes): a lane is a point, and the
/// lanes are as many as in some vectors, at most `panel`. A weight is read in place and multiplies a row of lanes,
/// and what one layer answers the next one takes. Each lane adds up its inputs in their order, however many there
/// are. A few points lie in rows, which are added up along the inputs.
template <class Real>
struct LayerKernels {
    std::int64_t width;  ///< lanes of a vector
    std::int64_t panel;
    /// to[j, i] = from[i, j], between points in rows and panels; from is (rows, columns).
    void (*transpose)(const Real* from, std::int64_t from_stride, std::int64_t rows, std::int64_t columns, Real* to,
                      std::int64_t to_stride);
    /// sum[u] = weight[u] . hidden + bias[u], in panels.
    void (*dense)(const DenseBlock<Real>& block, const Real* hidden, std::int64_t lanes, Real* sum);
    void (*sparse)(const SparseBlock<Real>& block, const Real* hidden, std::int64_t lanes, Real* sum);
    /// z[u] *= z[u] < 0 ? below[u] : above[u], in panels.
    void (*homogeneous)(const Real* below, const Real* above, std::int64_t units, std::int64_t lanes, Real* z);
    /// sum[p, u] = weight[u] . x[p] + bias[u], in rows.
    void (*dense_rows)(const DenseBlock<Real>& block, const Real* x, std::int64_t points, std::int64_t x_stride,
                       Real* sum, std::int64_t sum_stride);
    void (*sparse_rows)(const SparseBlock<Real>& block, const Real* x, std::int64_t points, std::int64_t x_stride,
                        Real* sum, std::int64_t sum_stride);
};

}  // namespace kousei::simd
