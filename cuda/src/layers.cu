#include <kousei/cuda/activation.hpp>
#include <kousei/cuda/network.hpp>
#include <kousei/sizes.hpp>

#include <algorithm>
#include <stdexcept>

#include "launch.cuh"
#include "parts.cuh"

namespace kousei::network {
namespace {

constexpr unsigned threads = 128;
/// Points and units of a tile, and inputs read at a time. A thread adds up 4 x 4 sums.
constexpr int tile_points = 64, tile_units = 32, depth = 16;

/// Read together from shared memory.
template <class Real>
struct alignas(4 * sizeof(Real)) Four {
    Real value[4];
};

/// Rows of tiles, one Four longer than they must be: for the banks of shared memory.
constexpr int point_row = tile_points / 4 + 1, unit_row = tile_units / 4 + 1;

template <class Real>
struct Dense {
    const Real* weight;
    const Real* bias;
    std::int64_t units, inputs;
};

template <class Real>
__global__ void __launch_bounds__(threads)
    layer_kernel(const __grid_constant__ Dense<Real> layer, const __grid_constant__ cuda::Parts<Real> parts,
                 Precision precision, const Real* x, std::int64_t points, Real* out) {
    // First the inputs and weights, (depth, points) and (depth, units); then the sums, (points, units).
    __shared__ Four<Real> inputs[depth * point_row], weights[depth * unit_row];
    __shared__ Real sums[tile_points][tile_units + 1];
    const std::int64_t first_point = blockIdx.x * std::int64_t{tile_points};
    const int unit_four = threadIdx.x % (tile_units / 4), point_four = threadIdx.x / (tile_units / 4);
    for (std::int64_t first_unit = blockIdx.y * std::int64_t{tile_units}; first_unit < layer.units;
         first_unit += gridDim.y * std::int64_t{tile_units}) {
        Real sum[4][4] = {};
        for (std::int64_t from = 0; from < layer.inputs; from += depth) {
            __syncthreads();
            const int k = threadIdx.x % depth;
            const bool within = from + k < layer.inputs;
#pragma unroll
            for (int p = threadIdx.x / depth; p < tile_points; p += threads / depth) {
                const bool read = within && first_point + p < points;
                inputs[k * point_row + p / 4].value[p % 4] =
                    read ? x[(first_point + p) * layer.inputs + from + k] : Real(0);
            }
#pragma unroll
            for (int u = threadIdx.x / depth; u < tile_units; u += threads / depth) {
                const bool read = within && first_unit + u < layer.units;
                weights[k * unit_row + u / 4].value[u % 4] =
                    read ? layer.weight[(first_unit + u) * layer.inputs + from + k] : Real(0);
            }
            __syncthreads();
#pragma unroll
            for (int d = 0; d < depth; ++d) {
                const Four<Real> a = inputs[d * point_row + point_four], b = weights[d * unit_row + unit_four];
#pragma unroll
                for (int p = 0; p < 4; ++p) {
#pragma unroll
                    for (int u = 0; u < 4; ++u) sum[p][u] += a.value[p] * b.value[u];
                }
            }
        }
        __syncthreads();
#pragma unroll
        for (int p = 0; p < 4; ++p) {
#pragma unroll
            for (int u = 0; u < 4; ++u) sums[4 * point_four + p][4 * unit_four + u] = sum[p][u];
        }
        __syncthreads();
        // By way of shared memory a warp writes a row of units, and the activation stands in the kernel once.
        const std::int64_t unit = first_unit + threadIdx.x % tile_units;
        if (unit < layer.units) {
            const Real bias = layer.bias[unit];
#pragma unroll 1
            for (int p = threadIdx.x / tile_units; p < tile_points; p += threads / tile_units) {
                if (first_point + p >= points) break;
                const Real z = sums[p][threadIdx.x % tile_units] + bias;
                out[(first_point + p) * layer.units + unit] = cuda::value_of(parts, precision, unit, z);
            }
        }
    }
}

}  // namespace

template <class Real>
void evaluate(Cuda on, const Layer<Real>& layer, const Real* x, std::int64_t points, Real* out) {
    if (layer.starts) throw std::invalid_argument("the layer is sparse; on a device a dense one is accepted");
    if (points == 0 || layer.units == 0) return;
    cuda::Parts<Real> parts{};
    const bool fits = std::ssize(layer.parts) <= parts.most;
    if (fits) {
        std::copy(layer.parts.begin(), layer.parts.end(), parts.part);
        parts.count = std::ssize(layer.parts);
    }
    const dim3 grid(static_cast<unsigned>(blocks_of(points, tile_points)),
                    static_cast<unsigned>(std::min<std::int64_t>(blocks_of(layer.units, tile_units), 65535)));
    cuda::launch(on, grid, threads, layer_kernel<Real>,
                 Dense<Real>{layer.weight, layer.bias, layer.units, layer.inputs}, parts, on.precision, x, points,
                 out);
    if (!fits) {
        activation::apply<Real>(on, layer.parts.data(), std::ssize(layer.parts), nullptr, out, points, out);
    }
}

template void evaluate(Cuda, const Layer<float>&, const float*, std::int64_t, float*);
template void evaluate(Cuda, const Layer<double>&, const double*, std::int64_t, double*);

}  // namespace kousei::network
