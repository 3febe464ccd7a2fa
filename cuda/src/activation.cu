#include <kousei/cuda/activation.hpp>
#include <kousei/sizes.hpp>

#include <algorithm>
#include <cstdint>
#include <initializer_list>

#include "launch.cuh"
#include "parts.cuh"

namespace kousei::activation {
namespace {

constexpr unsigned threads = 256;

/// Numbers that lie together and are read at once: a number at a time leaves too few bytes on their way.
template <class Real, int each>
struct alignas(sizeof(Real) * each) Pack {
    Real of[each];
};

/// Units of all `stride` units of a layer, from `first` on: `count` packs, of which a row has `row_packs`; `turn`:
/// those between two of a thread.
struct Columns {
    std::int64_t first, row_packs, stride, count;
    std::int64_t turn_rows, turn_packs;
};

template <int each, class Real>
__global__ void __launch_bounds__(threads)
    apply_kernel(const __grid_constant__ cuda::Parts<Real> parts, const __grid_constant__ Columns columns,
                 Precision precision, const Real* bias, const Real* z, Real* out) {
    using Numbers = Pack<Real, each>;
    const std::int64_t turn = std::int64_t{gridDim.x} * blockDim.x;
    std::int64_t i = blockIdx.x * std::int64_t{blockDim.x} + threadIdx.x;
    std::int64_t row = i / columns.row_packs, pack = i % columns.row_packs;
    for (; i < columns.count; i += turn) {
        const std::int64_t unit = pack * each, at = row * columns.stride + columns.first + unit;
        Numbers sums = *reinterpret_cast<const Numbers*>(z + at);
        if (bias) {
            const Numbers added = *reinterpret_cast<const Numbers*>(bias + columns.first + unit);
#pragma unroll
            for (int k = 0; k < each; ++k) sums.of[k] += added.of[k];
        }
#pragma unroll
        for (int k = 0; k < each; ++k) sums.of[k] = cuda::value_of(parts, precision, unit + k, sums.of[k]);
        *reinterpret_cast<Numbers*>(out + at) = sums;
        // Without another division.
        row += columns.turn_rows;
        pack += columns.turn_packs;
        if (pack >= columns.row_packs) pack -= columns.row_packs, ++row;
    }
}

template <int each, class Real>
void apply_parts(Cuda on, const cuda::Parts<Real>& parts, std::int64_t first, std::int64_t units, std::int64_t stride,
                 std::int64_t rows, const Real* bias, const Real* z, Real* out) {
    const std::int64_t row_packs = units / each, count = rows * row_packs;
    const std::int64_t blocks = std::min<std::int64_t>(blocks_of(count, threads), 1 << 11);
    const std::int64_t turn = blocks * threads;
    const Columns columns{first, row_packs, stride, count, turn / row_packs, turn % row_packs};
    cuda::launch(on, dim3(static_cast<unsigned>(blocks)), threads, apply_kernel<each, Real>, parts, columns,
                 on.precision, bias, z, out);
}

/// Whether packs of so many numbers lie where they can be read.
template <int each, class Real>
bool lie_in_packs(std::initializer_list<std::int64_t> counts, std::initializer_list<const Real*> pointers) {
    return std::all_of(counts.begin(), counts.end(), [](std::int64_t count) { return count % each == 0; }) &&
           std::all_of(pointers.begin(), pointers.end(), [](const Real* pointer) {
               return reinterpret_cast<std::uintptr_t>(pointer) % sizeof(Pack<Real, each>) == 0;
           });
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
        constexpr int each = 16 / sizeof(Real);
        if (rows * units > 0) {
            const bool packs = lie_in_packs<each, Real>({first, units, stride}, {bias, z, out});
            const auto run = packs ? apply_parts<each, Real> : apply_parts<1, Real>;
            run(on, together, first, units, stride, rows, bias, z, out);
        }
        first += units;
    }
}

template void apply(Cuda, const Part<float>*, std::int64_t, const float*, const float*, std::int64_t, float*);
template void apply(Cuda, const Part<double>*, std::int64_t, const double*, const double*, std::int64_t, double*);

}  // namespace kousei::activation
