#include <kousei/cuda/jet.hpp>
#include <kousei/jet_unit.hpp>
#include <kousei/sizes.hpp>

#include <algorithm>
#include <stdexcept>

#include "launch.cuh"
#include "parts.cuh"

namespace kousei::network {
namespace {

constexpr unsigned threads = 256;

/// Units of all `stride` units of a layer, from `first` on.
struct Columns {
    std::int64_t first, units, stride, points, directions;
};

template <bool laplacian, class Real>
__global__ void __launch_bounds__(threads)
    derive_kernel(const __grid_constant__ cuda::Parts<Real> parts, const __grid_constant__ Columns columns,
                  const Real* bias, Real* streams) {
    const std::int64_t turn = std::int64_t{gridDim.x} * blockDim.x, next = columns.points * columns.stride;
    for (std::int64_t i = blockIdx.x * std::int64_t{blockDim.x} + threadIdx.x; i < columns.points * columns.units;
         i += turn) {
        std::int64_t unit = i % columns.units;
        const std::int64_t column = columns.first + unit;
        int p = 0;
        while (unit >= parts.part[p].units) unit -= parts.part[p++].units;
        Real* at = streams + i / columns.units * columns.stride + column;
        const math::Jet<Real> jet = activation::jet_at<laplacian>(parts.part[p], unit, *at + bias[column]);
        *at = jet.value;
        Real squares = 0;
        for (std::int64_t k = 0; k < columns.directions; ++k) {
            at += next;
            const Real slope = *at;
            if constexpr (laplacian) squares += slope * slope;
            *at = slope * jet.first;
        }
        if constexpr (laplacian) at[next] = at[next] * jet.first + squares * jet.second;
    }
}

}  // namespace

template <class Real>
void derive(Cuda on, std::span<const activation::Part<Real>> parts, const Real* bias, Real* streams,
            std::int64_t points, std::int64_t directions, bool laplacian) {
    std::int64_t stride = 0, first = 0;
    for (const auto& part : parts) {
        if (laplacian && !activation::has_second_derivative(part.which, part.count)) {
            throw std::invalid_argument("an activation has no second derivative; it is needed for laplacian");
        }
        stride += part.units;
    }
    for (std::size_t from = 0; from < parts.size();) {
        cuda::Parts<Real> together{};
        std::int64_t units = 0;
        for (; from < parts.size() && together.count < together.most; ++from) {
            units += parts[from].units;
            together.part[together.count++] = parts[from];
        }
        if (points * units > 0) {
            const std::int64_t blocks = std::min<std::int64_t>(blocks_of(points * units, threads), 1 << 16);
            cuda::launch(on, dim3(static_cast<unsigned>(blocks)), threads,
                         laplacian ? derive_kernel<true, Real> : derive_kernel<false, Real>, together,
                         Columns{first, units, stride, points, directions}, bias, streams);
        }
        first += units;
    }
}

template void derive(Cuda, std::span<const activation::Part<float>>, const float*, float*, std::int64_t, std::int64_t,
                     bool);
template void derive(Cuda, std::span<const activation::Part<double>>, const double*, double*, std::int64_t,
                     std::int64_t, bool);

}  // namespace kousei::network
