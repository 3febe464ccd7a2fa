#include <kousei/activation.hpp>

#include <algorithm>

#include <kousei/sizes.hpp>

#include "parallel.hpp"
#include "simd/kernels.hpp"

namespace kousei::activation {

template <class Real>
void apply(Cpu on, const Part<Real>* parts, std::int64_t part_count, const Real* bias, const Real* z,
           std::int64_t rows, Real* out) {
    constexpr std::int64_t block = 1 << 16;  // numbers of one task
    const auto apply_part = simd::instruction_set().of<Real>().apply_part;
    std::int64_t units = 0;
    for (std::int64_t p = 0; p < part_count; ++p) units += parts[p].units;
    const std::int64_t count = rows * units;
    if (part_count == 1 && !bias && parts->which != Activation::homogeneous) {
        // Units that are alike make one row, for the vectors.
        const auto task = [&](std::int64_t index, int) {
            const std::int64_t first = index * block;
            const Part<Real> row{parts->which, parts->parameters, parts->count, std::min(block, count - first)};
            apply_part(row, nullptr, z + first, 1, row.units, out + first, row.units);
        };
        return detail::parallel_for(on, blocks_of(count, block), task);
    }
    const std::int64_t rows_together = std::max<std::int64_t>(1, block / std::max<std::int64_t>(units, 1));
    const auto task = [&](std::int64_t index, int) {
        const std::int64_t first = index * rows_together;
        std::int64_t at = first * units, unit = 0;
        for (std::int64_t p = 0; p < part_count; ++p) {
            apply_part(parts[p], bias ? bias + unit : nullptr, z + at, std::min(rows_together, rows - first), units,
                       out + at, units);
            at += parts[p].units, unit += parts[p].units;
        }
    };
    detail::parallel_for(on, blocks_of(rows, rows_together), task);
}

template void apply(Cpu, const Part<float>*, std::int64_t, const float*, const float*, std::int64_t, float*);
template void apply(Cpu, const Part<double>*, std::int64_t, const double*, const double*, std::int64_t, double*);

}  // namespace kousei::activation
