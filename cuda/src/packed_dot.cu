#include <kousei/cuda/packed.hpp>
#include <kousei/sizes.hpp>

#include <algorithm>

#include "launch.cuh"
#include "packed_dot.hpp"

namespace kousei::packed {
namespace {

constexpr unsigned threads = 128;
/// Rows of the two matrices in a tile, and words of them at a time. A thread has 4 x 4 products.
constexpr int tile_left = 32, tile_right = 64, depth = 16;

/// Read together from shared memory.
struct alignas(16) Four {
    std::uint32_t value[4];
};

/// Rows of tiles, one Four longer than they must be: for the banks of shared memory.
constexpr int left_row = tile_left / 4 + 1, right_row = tile_right / 4 + 1;

/// Words [from, from + depth) of `rows` rows from `first` on, 0 past their ends.
template <int rows>
__device__ inline void read_tile(const View& matrix, std::int64_t stride, std::int64_t first, std::int64_t from,
                                 Four (&tile)[depth * (rows / 4 + 1)]) {
    const int k = static_cast<int>(threadIdx.x) % depth;
#pragma unroll
    for (int r = static_cast<int>(threadIdx.x) / depth; r < rows; r += threads / depth) {
        const bool within = from + k < stride && first + r < matrix.rows;
        tile[k * (rows / 4 + 1) + r / 4].value[r % 4] =
            within ? matrix.words[(first + r) * stride + from + k] : std::uint32_t{0};
    }
}

__global__ void __launch_bounds__(threads) dot_kernel(const __grid_constant__ View a, const __grid_constant__ View b,
                                                      std::int64_t stride, std::int32_t* out) {
    __shared__ Four left[depth * left_row], right[depth * right_row];
    const int right_four = static_cast<int>(threadIdx.x) % (tile_right / 4);
    const int left_four = static_cast<int>(threadIdx.x) / (tile_right / 4);
    const std::int64_t first_right = blockIdx.x * std::int64_t{tile_right};
    for (std::int64_t first_left = blockIdx.y * std::int64_t{tile_left}; first_left < a.rows;
         first_left += gridDim.y * std::int64_t{tile_left}) {
        std::int32_t differ[4][4] = {};
        for (std::int64_t from = 0; from < stride; from += depth) {
            __syncthreads();
            read_tile<tile_left>(a, stride, first_left, from, left);
            read_tile<tile_right>(b, stride, first_right, from, right);
            __syncthreads();
#pragma unroll
            for (int k = 0; k < depth; ++k) {
                const Four x = left[k * left_row + left_four], y = right[k * right_row + right_four];
#pragma unroll
                for (int i = 0; i < 4; ++i) {
#pragma unroll
                    for (int j = 0; j < 4; ++j) differ[i][j] += __popc(x.value[i] ^ y.value[j]);
                }
            }
        }
#pragma unroll
        for (int i = 0; i < 4; ++i) {
            const std::int64_t row = first_left + 4 * left_four + i;
#pragma unroll
            for (int j = 0; j < 4; ++j) {
                const std::int64_t column = first_right + 4 * right_four + j;
                if (row < a.rows && column < b.rows) {
                    out[row * b.rows + column] = static_cast<std::int32_t>(a.columns) - differ[i][j] - differ[i][j];
                }
            }
        }
    }
}

}  // namespace

void dot(Cuda on, const View& a, const View& b, std::int32_t* out) {
    detail::require_sums(a, b);
    if (a.rows == 0 || b.rows == 0) return;
    const dim3 grid(static_cast<unsigned>(blocks_of(b.rows, tile_right)),
                    static_cast<unsigned>(std::min<std::int64_t>(blocks_of(a.rows, tile_left), 65535)));
    cuda::launch(on, grid, threads, dot_kernel, a, b, stride_of(a.columns), out);
}

}  // namespace kousei::packed
