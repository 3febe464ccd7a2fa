// Fully connected layers: included after kernels.inl, once per instruction set.
#include <utility>

#include <kousei/math/piecewise_linear.hpp>

namespace kousei::simd {
namespace KOUSEI_ISA {
namespace {

/// Vectors of a whole panel. With rows_of they leave registers for the panel and for a weight.
constexpr int most_vectors = KOUSEI_VECTOR_BYTES == 64 ? 4 : KOUSEI_VECTOR_BYTES == 32 ? 3 : 2;

/// Units whose sums over a panel of `vectors` are in registers together: enough to hide the latency of multiply-adds.
constexpr int rows_of(int vectors) {
    return KOUSEI_VECTOR_BYTES < 64 ? 4 : vectors == 4 ? 6 : 8;
}

/// Calls f with the vectors of a panel as a constant: f.operator()<3>().
template <class Real, int vectors = 1, class F>
inline void with_vectors(std::int64_t lanes, F f) {
    if constexpr (vectors < most_vectors) {
        if (lanes > vectors * width<Real>) return with_vectors<Real, vectors + 1>(lanes, f);
    }
    f.template operator()<vectors>();
}

/// LayerKernels::dense for `rows` units from `first` on.
template <class Real, int rows, int vectors>
inline void tile(const DenseBlock<Real>& block, std::int64_t first, const Real* hidden, Real* sum) {
    using V = Vector<Real>;
    const Real* const weight = block.weight + first * block.stride;
    V total[rows][vectors] = {};
    for (std::int64_t k = 0; k < block.depth; ++k) {
        V h[vectors];
        for (int v = 0; v < vectors; ++v) h[v] = load(hidden + (k * vectors + v) * width<Real>);
        for (int r = 0; r < rows; ++r) {
            const Real w = weight[r * block.stride + k];
            for (int v = 0; v < vectors; ++v) total[r][v] += h[v] * w;
        }
    }
    for (int r = 0; r < rows; ++r) {
        const Real bias = block.bias ? block.bias[first + r] : Real(0);
        for (int v = 0; v < vectors; ++v) {
            Real* const to = sum + ((first + r) * vectors + v) * width<Real>;
            V z = total[r][v];
            if (block.more) z += load(to);
            if (block.bias) z += bias;
            store<Real>(z, to);
        }
    }
}

template <class Real, int rows, int vectors>
inline void tiles(const DenseBlock<Real>& block, std::int64_t first, const Real* hidden, Real* sum) {
    for (; first + rows <= block.units; first += rows) tile<Real, rows, vectors>(block, first, hidden, sum);
    if constexpr (rows > 1) tiles<Real, rows / 2, vectors>(block, first, hidden, sum);
}

template <class Real>
void dense(const DenseBlock<Real>& block, const Real* hidden, std::int64_t lanes, Real* sum) {
    with_vectors<Real>(lanes, [&]<int vectors>() { tiles<Real, rows_of(vectors), vectors>(block, 0, hidden, sum); });
}

template <class Real>
void sparse(const SparseBlock<Real>& block, const Real* hidden, std::int64_t lanes, Real* sum) {
    using V = Vector<Real>;
    with_vectors<Real>(lanes, [&]<int vectors>() {
        for (std::int64_t u = 0; u < block.units; ++u) {
            constexpr int together = 2;  // chains of additions, which hide each other's latency
            V total[together][vectors] = {};
            const auto add = [&](int chain, std::int64_t at) {
                const Real* const row = hidden + std::int64_t{block.columns[at]} * vectors * width<Real>;
                for (int v = 0; v < vectors; ++v) {
                    total[chain][v] += load(row + v * width<Real>) * block.values[at];
                }
            };
            std::int64_t at = block.starts[u];
            for (; at + together <= block.starts[u + 1]; at += together) {
                for (int chain = 0; chain < together; ++chain) add(chain, at + chain);
            }
            if (at < block.starts[u + 1]) add(0, at);
            const Real bias = block.bias ? block.bias[u] : Real(0);
            for (int v = 0; v < vectors; ++v) {
                store<Real>(total[0][v] + total[1][v] + bias, sum + (u * vectors + v) * width<Real>);
            }
        }
    });
}

template <class Real>
void homogeneous(const Real* below, const Real* above, std::int64_t units, std::int64_t lanes, Real* z) {
    for (std::int64_t u = 0; u < units; ++u) {
        for (Real* at = z + u * lanes; at < z + (u + 1) * lanes; at += width<Real>) {
            store<Real>(math::homogeneous<Vector<Real>>(broadcast(below[u]), broadcast(above[u]), load(at)), at);
        }
    }
}

/// Lane j is that of `a`, but where j has the bit `half` lane j - half of `b`; or, from_high, lane j of `b`, but
/// where j has not, lane j + half of `a`.
template <class Real, int half, bool from_high, int... j>
inline Vector<Real> exchange(Vector<Real> a, Vector<Real> b, std::integer_sequence<int, j...>) {
    constexpr int w = width<Real>;
    return __builtin_shufflevector(a, b, ((j & half ? w + j - half : j) + (from_high ? half : 0))...);
}

/// Transposes the square of width x width numbers whose rows these are.
template <class Real, int half = width<Real> / 2>
inline void transpose_square(Vector<Real>* row) {
    constexpr std::make_integer_sequence<int, width<Real>> lanes{};
    for (int i = 0; i < width<Real>; ++i) {
        if (i & half) continue;
        const Vector<Real> a = row[i], b = row[i + half];
        row[i] = exchange<Real, half, false>(a, b, lanes);
        row[i + half] = exchange<Real, half, true>(a, b, lanes);
    }
    if constexpr (half > 1) transpose_square<Real, half / 2>(row);
}

/// to[j, i] = from[i, j]; from is (rows, columns).
template <class Real>
void transpose(const Real* from, std::int64_t from_stride, std::int64_t rows, std::int64_t columns, Real* to,
               std::int64_t to_stride) {
    constexpr std::int64_t w = width<Real>;
    if (rows < w || columns < w) {
        for (std::int64_t i = 0; i < rows; ++i) {
            for (std::int64_t j = 0; j < columns; ++j) to[j * to_stride + i] = from[i * from_stride + j];
        }
        return;
    }
    // The last squares overlap those before.
    for (std::int64_t row = 0; row < rows; row += w) {
        const std::int64_t i = row + w <= rows ? row : rows - w;
        for (std::int64_t column = 0; column < columns; column += w) {
            const std::int64_t j = column + w <= columns ? column : columns - w;
            Vector<Real> square[w];
            for (int r = 0; r < w; ++r) square[r] = load(from + (i + r) * from_stride + j);
            transpose_square<Real>(square);
            for (int r = 0; r < w; ++r) store<Real>(square[r], to + (j + r) * to_stride + i);
        }
    }
}

/// LayerKernels::dense_rows for `rows` units from `first` on.
template <class Real, int rows, int points>
inline void dense_rows_of(const DenseBlock<Real>& block, std::int64_t first, const Real* x, std::int64_t x_stride,
                          Real* sum, std::int64_t sum_stride) {
    using V = Vector<Real>;
    const Real* const weight = block.weight + first * block.stride;
    V total[rows][points] = {};
    const auto add = [&](auto read, std::int64_t k) {
        V inputs[points];
        for (int p = 0; p < points; ++p) inputs[p] = read(x + p * x_stride + k);
        for (int r = 0; r < rows; ++r) {
            const V w = read(weight + r * block.stride + k);
            for (int p = 0; p < points; ++p) total[r][p] += w * inputs[p];
        }
    };
    const std::int64_t whole = block.depth / width<Real> * width<Real>, rest = block.depth - whole;
    for (std::int64_t k = 0; k < whole; k += width<Real>) add([](const Real* from) { return load(from); }, k);
    if (rest > 0) add([rest](const Real* from) { return load_first(from, rest); }, whole);
    for (int r = 0; r < rows; ++r) {
        for (int p = 0; p < points; ++p) {
            sum[p * sum_stride + first + r] = sum_of_lanes<Real>(total[r][p]) + block.bias[first + r];
        }
    }
}

template <class Real>
void dense_rows(const DenseBlock<Real>& block, const Real* x, std::int64_t points, std::int64_t x_stride, Real* sum,
                std::int64_t sum_stride) {
    const auto of_points = [&]<int together>(const Real* from, Real* to) {
        constexpr int rows = KOUSEI_VECTOR_BYTES < 64 && together > 2 ? 2 : 4;
        std::int64_t u = 0;
        for (; u + rows <= block.units; u += rows) {
            dense_rows_of<Real, rows, together>(block, u, from, x_stride, to, sum_stride);
        }
        for (; u < block.units; ++u) dense_rows_of<Real, 1, together>(block, u, from, x_stride, to, sum_stride);
    };
    for (; points > 0; points -= 4, x += 4 * x_stride, sum += 4 * sum_stride) {
        switch (points) {
            case 1:
                return of_points.template operator()<1>(x, sum);
            case 2:
                return of_points.template operator()<2>(x, sum);
            case 3:
                return of_points.template operator()<3>(x, sum);
            default:
                of_points.template operator()<4>(x, sum);
        }
    }
}

template <class Real>
void sparse_rows(const SparseBlock<Real>& block, const Real* x, std::int64_t points, std::int64_t x_stride, Real* sum,
                 std::int64_t sum_stride) {
    constexpr int together = 4;
    for (std::int64_t u = 0; u < block.units; ++u) {
        const std::int64_t last = block.starts[u + 1];
        for (std::int64_t p = 0; p < points; ++p) {
            const Real* const at_point = x + p * x_stride;
            Real total[together] = {};
            std::int64_t at = block.starts[u];
            for (; at + together <= last; at += together) {
                for (int i = 0; i < together; ++i) total[i] += block.values[at + i] * at_point[block.columns[at + i]];
            }
            for (; at < last; ++at) total[0] += block.values[at] * at_point[block.columns[at]];
            sum[p * sum_stride + u] = (total[0] + total[1]) + (total[2] + total[3]) + block.bias[u];
        }
    }
}

template <class Real>
constexpr LayerKernels<Real> layer_kernels = {
    width<Real>,   most_vectors * width<Real>, &transpose<Real>,  &dense<Real>,
    &sparse<Real>, &homogeneous<Real>,         &dense_rows<Real>, &sparse_rows<Real>};

}  // namespace
}  // namespace KOUSEI_ISA
}  // namespace kousei::simd
