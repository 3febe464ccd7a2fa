#include <kousei/cuda/packed.hpp>

#include <type_traits>

#include "packed_few.hpp"
#include "packed_mma.hpp"
#include "packed_products.cuh"

namespace kousei::packed {
namespace {

constexpr unsigned threads = 128;
/// Columns of x in shared memory at a time.
constexpr int depth = 128;

/// A thread has a row and adds up `together` points, each word by itself.
template <int together, class Real>
__global__ void __launch_bounds__(threads, 1)
    matmul_kernel(const __grid_constant__ Signs<Real> signs, const __grid_constant__ cuda::Blocks blocks,
                  const Real* x, double* sums, Real* out) {
    __shared__ Real tile[depth][together];
    const std::int64_t rows = signs.rows, columns = signs.columns;
    const std::int64_t row_blocks = (rows + threads - 1) / threads;
    const std::int64_t row = blockIdx.x % row_blocks * threads + threadIdx.x;
    const std::int64_t first_point = blockIdx.x / row_blocks * together;
    const std::uint32_t* const words = signs.words + row * signs.stride;
    Real total[together] = {};
    for (std::int64_t from = blocks.first(blockIdx.y); from < blocks.last(blockIdx.y); from += depth) {
        __syncthreads();
        for (int k = static_cast<int>(threadIdx.x); k < depth * together; k += threads) {
            const std::int64_t point = first_point + k / depth, column = from + k % depth;
            tile[k % depth][k / depth] = point < blocks.points && column < columns ? x[point * columns + column] : 0;
        }
        __syncthreads();
        for (int word = 0; word < depth / 32; ++word) {
            const std::int64_t column = from + 32 * word;
            if (row >= rows || column >= columns) break;
            const std::uint32_t bits = words[column / 32];
            Real sum[together] = {};
#pragma unroll
            for (int j = 0; j < 32; ++j) {
                const Real sign = sign_at<Real>(bits, j);
#pragma unroll
                for (int p = 0; p < together; ++p) sum[p] += sign * tile[32 * word + j][p];
            }
            const Real scale = signs.scale(row, column / 32);
#pragma unroll
            for (int p = 0; p < together; ++p) total[p] += scale * sum[p];
        }
    }
    if (row >= rows) return;
#pragma unroll
    for (int p = 0; p < together; ++p) {
        const std::int64_t point = first_point + p;
        if (point >= blocks.points) break;
        cuda::put(Products{}, blocks, blockIdx.y, point * rows + row, total[p], sums, out);
    }
}

int points_together(std::int64_t points) {
    return points == 1 ? 1 : 8;
}

template <class Real>
cuda::Blocks blocks(const Matrix<Real>& matrix, std::int64_t points) {
    const auto& [words, rows, columns] = matrix.signs;
    return {columns, depth, points, points_together(points), rows, blocks_of(rows, threads)};
}

}  // namespace

template <class Number>
void pack(Cuda on, const Number* signs, std::int64_t rows, std::int64_t columns, std::uint32_t* words,
          std::int64_t* first_wrong) {
    const std::int64_t stride = stride_of(columns), none = checked_mul(rows, columns);
    cuda::for_each(on, 1, [=] __device__(std::int64_t) { *first_wrong = none; });
    cuda::for_each(on, checked_mul(rows, stride), [=] __device__(std::int64_t i) {
        const std::int64_t row = i / stride, begin = 32 * (i % stride);
        const int count = static_cast<int>(min(std::int64_t{32}, columns - begin));
        std::uint32_t bits = 0;
        for (int j = 0; j < count; ++j) {
            const std::int64_t at = row * columns + begin + j;
            if (signs[at] == Number{1}) {
                bits |= std::uint32_t{1} << j;
            } else if (signs[at] != Number{-1}) {
                atomicMin(reinterpret_cast<long long*>(first_wrong), static_cast<long long>(at));
            }
        }
        words[i] = bits;
    });
}

template <class Number>
void unpack(Cuda on, const View& matrix, Number* signs) {
    const std::int64_t columns = matrix.columns, stride = stride_of(columns);
    cuda::for_each(on, checked_mul(matrix.rows, columns), [=] __device__(std::int64_t i) {
        const std::int64_t row = i / columns, column = i % columns;
        const std::uint32_t word = matrix.words[row * stride + column / 32];
        signs[i] = sign_at<Number>(word, static_cast<int>(column % 32));
    });
}

template <class Real>
std::int64_t workspace_bytes(Cuda on, const Matrix<Real>& matrix, std::int64_t points) {
    if constexpr (std::is_same_v<Real, float>) {
        if (points <= few_points && few::takes(matrix)) return 0;
        if (points > few_points && mma::takes(matrix)) return mma::workspace_bytes(on, matrix, points);
    }
    return checked_mul(blocks(matrix, points).sums(), sizeof(double));
}

template <class Real>
void matmul(Cuda on, const Matrix<Real>& matrix, const Real* x, std::int64_t points, Real* out, Workspace workspace) {
    const std::int64_t rows = matrix.signs.rows;
    if (rows == 0 || points == 0) return;
    if constexpr (std::is_same_v<Real, float>) {
        if (points <= few_points && few::takes(matrix)) return few::matmul(on, matrix, x, points, out);
        if (points > few_points && mma::takes(matrix)) return mma::matmul(on, matrix, x, points, out, workspace);
    }
    require_workspace(workspace, workspace_bytes(on, matrix, points));
    const cuda::Blocks cut = blocks(matrix, points);
    dim3 grid = cut.grid();
    grid.x = static_cast<unsigned>(checked_mul(cut.point_blocks, blocks_of(rows, threads)));
    double* const sums = static_cast<double*>(workspace.data);
    cuda::launch(on, grid, threads, points_together(points) == 1 ? matmul_kernel<1, Real> : matmul_kernel<8, Real>,
                 Signs<Real>(matrix), cut, x, sums, out);
    cuda::add_segments(on, Products{}, cut, sums, out);
}

template void pack(Cuda, const std::int8_t*, std::int64_t, std::int64_t, std::uint32_t*, std::int64_t*);
template void pack(Cuda, const std::int16_t*, std::int64_t, std::int64_t, std::uint32_t*, std::int64_t*);
template void pack(Cuda, const std::int32_t*, std::int64_t, std::int64_t, std::uint32_t*, std::int64_t*);
template void pack(Cuda, const std::int64_t*, std::int64_t, std::int64_t, std::uint32_t*, std::int64_t*);
template void pack(Cuda, const float*, std::int64_t, std::int64_t, std::uint32_t*, std::int64_t*);
template void pack(Cuda, const double*, std::int64_t, std::int64_t, std::uint32_t*, std::int64_t*);
template void unpack(Cuda, const View&, std::int8_t*);
template void unpack(Cuda, const View&, std::int16_t*);
template void unpack(Cuda, const View&, std::int32_t*);
template void unpack(Cuda, const View&, std::int64_t*);
template void unpack(Cuda, const View&, float*);
template void unpack(Cuda, const View&, double*);
template std::int64_t workspace_bytes(Cuda, const Matrix<float>&, std::int64_t);
template std::int64_t workspace_bytes(Cuda, const Matrix<double>&, std::int64_t);
template void matmul(Cuda, const Matrix<float>&, const float*, std::int64_t, float*, Workspace);
template void matmul(Cuda, const Matrix<double>&, const double*, std::int64_t, double*, Workspace);

}  // namespace kousei::packed
