#include <kousei/cuda/ridgelet.hpp>
#include <kousei/ridgelet_unit.hpp>

#include <algorithm>

#include "segments.cuh"

namespace kousei::ridgelet {
namespace {

using cuda::block_threads;
using cuda::Blocks;

/// pieces[i, l] = the polynomial of direction i from bias l on, see shift_polynomial; (directions, biases, power + 1).
/// A scan by one thread for each direction; `fixed_power` -1: any.
template <int fixed_power, class Real>
void scan(Cuda on, const Arguments& at, int any_power, const Real* c, double* pieces) {
    cuda::for_each(on, at.direction_count, [=] __device__(std::int64_t i) {
        const int power = fixed_power < 0 ? any_power : fixed_power;
        double coefs[(fixed_power < 0 ? activation::largest_power : fixed_power) + 1] = {};
        const Real* const from = c + i * at.bias_count;
        double* to = pieces + i * at.bias_count * (power + 1);
        for (std::int64_t l = 0; l < at.bias_count; ++l, to += power + 1) {
            if (l > 0) shift_polynomial(coefs, power, at.biases[l] - at.biases[l - 1]);
            coefs[power] += static_cast<double>(from[l]);
            for (int m = 0; m <= power; ++m) to[m] = coefs[m];
        }
    });
}

template <class Real>
void scan(Cuda on, const Arguments& at, int power, const Real* c, double* pieces) {
    power == 0   ? scan<0>(on, at, power, c, pieces)
    : power == 1 ? scan<1>(on, at, power, c, pieces)
                 : scan<-1>(on, at, power, c, pieces);
}

/// biases_below, found at once where the biases are 1/density apart.
__device__ inline std::int64_t place_of(const Arguments& at, double density, double t) {
    const double guess = (t - at.biases[0]) * density;
    std::int64_t below = 0;
    if (guess >= 0) {
        below = guess < static_cast<double>(at.bias_count - 1) ? static_cast<std::int64_t>(guess) + 1 : at.bias_count;
    }
    const bool found = (below == 0 || at.biases[below - 1] < t) && (below == at.bias_count || !(at.biases[below] < t));
    return found ? below : biases_below(at.biases, at.bias_count, t);
}

/// One look-up for each point and direction of a segment.
template <class Real>
__global__ void __launch_bounds__(block_threads)
    look_up(const __grid_constant__ Arguments at, const __grid_constant__ Blocks blocks, int power,
            const double* pieces, const __grid_constant__ cuda::Target<Real> target) {
    const std::int64_t j = blockIdx.x * std::int64_t{block_threads} + threadIdx.x;
    if (j >= at.point_count) return;
    const double reach = at.biases[at.bias_count - 1] - at.biases[0];
    const double density = reach > 0 ? static_cast<double>(at.bias_count - 1) / reach : 0;
    double total = 0;
    for (std::int64_t i = blocks.first(blockIdx.y); i < blocks.last(blockIdx.y); ++i) {
        const double t = projection(at, i, j);
        const std::int64_t below = place_of(at, density, t);
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
        scan(on, at, function.power, c + k * at.direction_count * at.bias_count, pieces);
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
