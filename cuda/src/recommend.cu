#include <kousei/cuda/recommend.hpp>
#include <kousei/recommend_unit.hpp>

#include <algorithm>
#include <cstdint>

#include <kousei/sizes.hpp>

#include "launch.cuh"

namespace kousei::recommend {
namespace {

/// Threads that share a list, or a row: most are short.
constexpr int lanes = 32, lists_of_block = 4;

/// The sum of a list, formed by a warp in a fixed order.
__device__ inline double sum_of(const double* values, const std::int32_t* entries, std::int64_t begin,
                                std::int64_t end) {
    double sum = 0;
    // Reads in flight: some lists are long.
#pragma unroll 8
    for (std::int64_t i = begin + threadIdx.x % lanes; i < end; i += lanes) sum += values[entries[i]];
#pragma unroll
    for (int half = lanes / 2; half > 0; half /= 2) sum += __shfl_xor_sync(~0u, sum, half);
    return sum;
}

__global__ void __launch_bounds__(lanes* lists_of_block)
    pass_on_kernel(const __grid_constant__ Preferences preferences, const double* z, double* passed) {
    const std::int64_t* const begin = preferences.rated_begin;
    for (std::int64_t first = blockIdx.x * std::int64_t{lists_of_block}; first < preferences.users;
         first += gridDim.x * std::int64_t{lists_of_block}) {
        // Threads past the end repeat the last list.
        const std::int64_t u = min(first + threadIdx.x / lanes, preferences.users - 1);
        const double average = sum_of(z, preferences.rated, begin[2 * u], begin[2 * u + 1]);
        const double good = sum_of(z, preferences.rated, begin[2 * u + 1], begin[2 * u + 2]);
        if (threadIdx.x % lanes == 0) pass_on(preferences, u, average, good, passed);
    }
}

__global__ void __launch_bounds__(lanes* lists_of_block)
    receive_kernel(const __grid_constant__ Preferences preferences, const double* passed, double* to) {
    const std::int64_t* const begin = preferences.preferred_begin;
    for (std::int64_t first = blockIdx.x * std::int64_t{lists_of_block}; first < preferences.shops;
         first += gridDim.x * std::int64_t{lists_of_block}) {
        const std::int64_t s = min(first + threadIdx.x / lanes, preferences.shops - 1);
        const double sum = sum_of(passed, preferences.preferred, begin[s], begin[s + 1]);
        if (threadIdx.x % lanes == 0) to[s] = sum;
    }
}

dim3 grid_for(std::int64_t lists) {
    return dim3(static_cast<unsigned>(std::min<std::int64_t>(blocks_of(lists, lists_of_block), 1 << 16)));
}

/// The scratch memory of a block: the products of a row with all others, and the first k of them that each thread
/// saw.
template <class Real>
struct Scratch {
    Real* products;         ///< (blocks, rows), zero between rows
    Real* best;             ///< (blocks, lanes, k)
    std::int32_t* indices;  ///< (blocks, lanes, k)

    /// Blocks that fill a device, or as many as there are rows or find place in a quarter of a gigabyte.
    static std::int64_t blocks(std::int64_t rows, std::int64_t k) {
        constexpr std::int64_t memory = 1 << 28, most = 4096;
        const std::int64_t of_block = std::max<std::int64_t>(bytes(rows, k), 1);
        return std::clamp<std::int64_t>(std::min(rows, memory / of_block), 1, most);
    }
    /// Of one block.
    static std::int64_t bytes(std::int64_t rows, std::int64_t k) {
        const std::int64_t list = checked_mul(checked_mul(lanes, k), sizeof(Real) + sizeof(std::int32_t));
        return checked_mul(rows, sizeof(Real)) + list;
    }

    Scratch(Workspace workspace, std::int64_t blocks, std::int64_t rows, std::int64_t k)
        : products(static_cast<Real*>(workspace.data)),
          best(products + blocks * rows),
          indices(reinterpret_cast<std::int32_t*>(best + blocks * lanes * k)) {}
};

/// Each block has one row after the other; its threads share those of a column, whose rows differ, so that none adds
/// where another does, and terms are added in the order of the columns.
template <class Real>
__global__ void __launch_bounds__(lanes)
    top_products_kernel(const __grid_constant__ SparseRows<Real> matrix, std::int64_t k,
                        const __grid_constant__ Scratch<Real> scratch, std::int32_t* indices, Real* products) {
    __shared__ Real heads[lanes];
    __shared__ std::int32_t head_indices[lanes];
    __shared__ int winners[lanes];
    const int lane = static_cast<int>(threadIdx.x);
    Real* const sums = scratch.products + blockIdx.x * matrix.rows;
    Real* const best = scratch.best + (blockIdx.x * std::int64_t{lanes} + lane) * k;
    std::int32_t* const best_indices = scratch.indices + (blockIdx.x * std::int64_t{lanes} + lane) * k;
    for (std::int64_t row = blockIdx.x; row < matrix.rows; row += gridDim.x) {
        for (std::int64_t i = matrix.begin[row]; i < matrix.begin[row + 1]; ++i) {
            const Real value = matrix.values[i];
            const std::int32_t column = matrix.columns[i];
            const std::int64_t end = matrix.column_begin[column + 1];
            for (std::int64_t j = matrix.column_begin[column] + lane; j < end; j += lanes) {
                sums[matrix.rows_of[j]] += value * matrix.values_of[j];
            }
            __syncthreads();
        }
        for (std::int64_t place = 0; place < k; ++place) {
            best[place] = 0;
            best_indices[place] = -1;
        }
        for (std::int64_t other = lane; other < matrix.rows; other += lanes) {
            if (other != row) insert(sums[other], static_cast<std::int32_t>(other), k, best_indices, best);
            sums[other] = 0;
        }
        std::int64_t next = 0;
        for (std::int64_t place = 0; place < k; ++place) {
            heads[lane] = next < k ? best[next] : Real(0);
            head_indices[lane] = next < k ? best_indices[next] : -1;
            winners[lane] = lane;
            __syncthreads();
            for (int half = lanes / 2; half > 0; half /= 2) {
                if (lane < half) {
                    const int ours = winners[lane], theirs = winners[lane + half];
                    if (precedes(heads[theirs], head_indices[theirs], heads[ours], head_indices[ours])) {
                        winners[lane] = theirs;
                    }
                }
                __syncthreads();
            }
            const int winner = winners[0];
            if (lane == winner) {
                indices[row * k + place] = head_indices[winner];
                products[row * k + place] = heads[winner];
                ++next;
            }
            __syncthreads();
        }
    }
}

}  // namespace

std::int64_t workspace_bytes(Cuda, const Preferences& preferences) {
    return checked_mul(checked_mul(2, preferences.users), sizeof(double));
}

void prefer(Cuda on, const Preferences& preferences, const double* z, double* to, Workspace workspace) {
    require_workspace(workspace, workspace_bytes(on, preferences));
    auto* const passed = static_cast<double*>(workspace.data);
    constexpr unsigned threads = lanes * lists_of_block;
    if (preferences.users > 0) {
        cuda::launch(on, grid_for(preferences.users), threads, pass_on_kernel, preferences, z, passed);
    }
    if (preferences.shops > 0) {
        cuda::launch(on, grid_for(preferences.shops), threads, receive_kernel, preferences, passed, to);
    }
}

template <class Real>
void unit_rows(Cuda on, const std::int64_t* begin, const Real* values, std::int64_t rows, Real* out) {
    cuda::for_each(on, rows, [=] __device__(std::int64_t row) {
        unit_row(values + begin[row], begin[row + 1] - begin[row], out + begin[row]);
    });
}

template <class Real>
std::int64_t workspace_bytes(Cuda, const SparseRows<Real>& matrix, std::int64_t k) {
    return checked_mul(Scratch<Real>::blocks(matrix.rows, k), Scratch<Real>::bytes(matrix.rows, k));
}

template <class Real>
void top_products(Cuda on, const SparseRows<Real>& matrix, std::int64_t k, std::int32_t* indices, Real* products,
                  Workspace workspace) {
    require_workspace(workspace, workspace_bytes(on, matrix, k));
    if (matrix.rows == 0 || k == 0) return;
    const std::int64_t blocks = Scratch<Real>::blocks(matrix.rows, k);
    const Scratch<Real> scratch(workspace, blocks, matrix.rows, k);
    Real* const sums = scratch.products;
    cuda::for_each(on, blocks * matrix.rows, [=] __device__(std::int64_t i) { sums[i] = 0; });
    cuda::launch(on, dim3(static_cast<unsigned>(blocks)), lanes, top_products_kernel<Real>, matrix, k, scratch,
                 indices, products);
}

#define KOUSEI_INSTANTIATE(Real)                                                          \
    template void unit_rows(Cuda, const std::int64_t*, const Real*, std::int64_t, Real*); \
    template std::int64_t workspace_bytes(Cuda, const SparseRows<Real>&, std::int64_t);   \
    template void top_products(Cuda, const SparseRows<Real>&, std::int64_t, std::int32_t*, Real*, Workspace);
KOUSEI_INSTANTIATE(float)
KOUSEI_INSTANTIATE(double)
#undef KOUSEI_INSTANTIATE

}  // namespace kousei::recommend
