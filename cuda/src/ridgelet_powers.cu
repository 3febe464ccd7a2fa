#include <kousei/cuda/ridgelet.hpp>
#include <kousei/ridgelet_unit.hpp>

#include <algorithm>

#include "segments.cuh"

namespace kousei::ridgelet {
namespace {

using cuda::block_threads;
using cuda::Blocks;

/// The polynomial of what a direction sums up to some bias, in t minus that bias; see shift_polynomial.
template <int largest_power>
struct Piece {
    double coefs[largest_power + 1] = {};

    __device__ void pass(const Arguments& at, int power, std::int64_t from, std::int64_t to) {
        shift_polynomial(coefs, power, at.biases[to] - at.biases[from]);
    }
};

/// pieces[i, l] = the polynomial of direction i from bias l on; (directions, biases, power + 1). A block scans the
/// biases of a direction: its threads go along some of them each, from 0, and once more from what is before them.
/// `fixed_power` -1: any.
template <int fixed_power, class Real>
__global__ void __launch_bounds__(block_threads)
    scan(const __grid_constant__ Arguments at, int any_power, const Real* c, double* pieces) {
    using Own = Piece < fixed_power<0 ? activation::largest_power : fixed_power>;
    const int power = fixed_power < 0 ? any_power : fixed_power;
    __shared__ double sums[block_threads * (sizeof(Own) / sizeof(double))];
    const int row = power + 1, thread = static_cast<int>(threadIdx.x);
    const std::int64_t each = (at.bias_count + block_threads - 1) / block_threads;
    const std::int64_t first = min(thread * each, at.bias_count), last = min(first + each, at.bias_count);
    const Real* const values = c + blockIdx.x * at.bias_count;
    double* const to = pieces + blockIdx.x * at.bias_count * row;
    Own own;
    for (std::int64_t l = first; l < last; ++l) {
        if (l > first) own.pass(at, power, l - 1, l);
        own.coefs[power] += static_cast<double>(values[l]);
    }
    for (int m = 0; m <= power; ++m) sums[thread * row + m] = own.coefs[m];
    __syncthreads();
    if (thread == 0) {
        for (std::int64_t end = each; end < at.bias_count; end += each) {
            double* const next = sums + end / each * row;
            own.pass(at, power, end - 1, min(end + each, at.bias_count) - 1);
            for (int m = 0; m <= power; ++m) next[m] = own.coefs[m] += next[m];
        }
    }
    __syncthreads();
    for (int m = 0; m <= power; ++m) own.coefs[m] = thread == 0 ? 0 : sums[(thread - 1) * row + m];
    for (std::int64_t l = first; l < last; ++l) {
        if (l > 0) own.pass(at, power, l - 1, l);
        own.coefs[power] += static_cast<double>(values[l]);
        for (int m = 0; m <= power; ++m) to[l * row + m] = own.coefs[m];
    }
}

/// f.operator()<fixed_power>().
template <class F>
void with_power(int power, F&& f) {
    power == 0 ? f.template operator()<0>() : power == 1 ? f.template operator()<1>() : f.template operator()<-1>();
}

/// One look-up for each point and direction of a segment.
template <class Real>
__global__ void __launch_bounds__(block_threads)
    look_up(const __grid_constant__ Arguments at, const __grid_constant__ Blocks blocks, int power,
            const double* pieces, const __grid_constant__ cuda::Target<Real> target) {
    const std::int64_t j = blockIdx.x * std::int64_t{block_threads} + threadIdx.x;
    if (j >= at.point_count) return;
    const Biases biases(at);
    double total = 0;
    for (std::int64_t i = blocks.first(blockIdx.y); i < blocks.last(blockIdx.y); ++i) {
        const double t = projection(at, i, j);
        const std::int64_t below = biases.below(t);
        if (below == 0) continue;
        const double* const piece = pieces + (i * at.bias_count + below - 1) * (power + 1);
        total += polynomial_at(piece, power, t - at.biases[below - 1]);
    }
    target.put(blockIdx.y, 0, j, total);
}

/// Terms are directions.
Blocks blocks_of_directions(const Arguments& at) {
    return {at.direction_count, 1, at.point_count, block_threads};
}

/// Numbers of the pieces of one function.
std::int64_t pieces_of(const Arguments& at, Power function) {
    return checked_mul(checked_mul(at.direction_count, at.bias_count), function.power + 1);
}

}  // namespace

template <class Real>
std::int64_t workspace_bytes(Cuda, const Arguments& at, Power function, std::int64_t) {
    return checked_mul(pieces_of(at, function), sizeof(double)) +
           cuda::bytes_of_segments(blocks_of_directions(at).segments, 1, at.point_count);
}

template <class Real>
void sum_over_units(Cuda on, const Arguments& at, Power function, const Real* c, std::int64_t batch, Real* out,
                    Workspace workspace) {
    require_workspace(workspace, workspace_bytes<Real>(on, at, function, batch));
    if (at.direction_count == 0 || at.bias_count == 0) {
        return cuda::for_each(on, batch * at.point_count, [=] __device__(std::int64_t i) { out[i] = 0; });
    }
    const Blocks blocks = blocks_of_directions(at);
    auto* const pieces = static_cast<double*>(workspace.data);
    for (std::int64_t k = 0; k < batch && at.point_count > 0; ++k) {
        with_power(function.power, [&]<int fixed_power>() {
            cuda::launch(on, dim3(static_cast<unsigned>(at.direction_count)), block_threads, scan<fixed_power, Real>,
                         at, function.power, c + k * at.direction_count * at.bias_count, pieces);
        });
        const cuda::Target<Real> target{1, at.point_count, blocks.segments, pieces + pieces_of(at, function),
                                        out + k * at.point_count};
        cuda::launch(on, blocks.grid(), block_threads, look_up<Real>, at, blocks, function.power, pieces, target);
        cuda::add_segments(on, target);
    }
}

template std::int64_t workspace_bytes<float>(Cuda, const Arguments&, Power, std::int64_t);
template std::int64_t workspace_bytes<double>(Cuda, const Arguments&, Power, std::int64_t);
template void sum_over_units(Cuda, const Arguments&, Power, const float*, std::int64_t, float*, Workspace);
template void sum_over_units(Cuda, const Arguments&, Power, const double*, std::int64_t, double*, Workspace);

}  // namespace kousei::ridgelet
