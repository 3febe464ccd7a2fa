#include <kousei/cuda/activation.hpp>
#include <kousei/sizes.hpp>

#include <algorithm>

#include "launch.cuh"
#include "parts.cuh"

namespace kousei::activation {
namespace {

constexpr unsigned threads = 256;

/// Units [first, first + units) of all `stride` units of a layer; `turn`: the elements between two of a thread.
struct Columns {
    std::int64_t first, units, stride, count;
    std::int64_t turn_rows, turn_units;
};

template <class Real>
__global__ void __launch_bounds__(threads)
    apply_kernel(const __grid_constant__ cuda::Parts<Real> parts, const __grid_constant__ Columns columns,
                 Precision precision, const Real* bias, const Real* z, Real* out) {
    const std::int64_t turn = std::int64_t{gridDim.x} * blockDim.x;
    std::int64_t i = blockIdx.x * std::int64_t{blockDim.x} + threadIdx.x;
    std::int64_t row = i / columns.units, unit = i % columns.units;
    for (; i < columns.count; i += turn) {
        const std::int64_t at = row * columns.stride + columns.first + unit;
        const Real sum = bias ? z[at] + bias[columns.first + unit] : z[at];
        out[at] = cuda::value_of(parts, precision, unit, sum);
        // Without another division.
        row += columns.turn_rows;
        unit += columns.turn_units;
        if (unit >= columns.units) unit -= columns.units, ++row;
    }
}

}  // namespace

template <class Real>
void apply(Cuda on, const Part<Real>* parts, std::int64_t part_count, const Real* bias, const Real* z,
           std::int64_t rows, Real* out) {
    std::int64_t stride = 0, first = 0;
    for (std::int64_t p = 0; p < part_count; ++p) stride += parts[p].units;
    for (std::int64_t from = 0; from < part_count;) {
        cuda::Parts<Real> together{};
        std::int64_t units = 0;
        for (; from < part_count && together.count < together.most; ++from) {
            units += parts[from].units;
            together.part[together.count++] = parts[from];
        }
        const std::int64_t count = rows * units;
        if (count > 0) {
            const std::int64_t blocks = std::min<std::int64_t>(blocks_of(count, threads), 1 << 11);
            const std::int64_t turn = blocks * threads;
            const Columns columns{first, units, stride, count, turn / units, turn % units};
            cuda::launch(on, dim3(static_cast<unsigned>(blocks)), threads, apply_kernel<Real>, together, columns,
                         on.precision, bias, z, out);
        }
        first += units;
    }
}

template void apply(Cuda, const Part<float>*, std::int64_t, const float*, const float*, std::int64_t, float*);
template void apply(Cuda, const Part<double>*, std::int64_t, const double*, const double*, std::int64_t, double*);

}  // namespace kousei::activation
