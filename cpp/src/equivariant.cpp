#include <kousei/equivariant.hpp>

#include <algorithm>
#include <cstdint>

#include <kousei/equivariant_unit.hpp>

#include "parallel.hpp"
#include "simd/kernels.hpp"
#include "workspace.hpp"

namespace kousei::equivariant {
namespace {

using kousei::detail::Carver, kousei::detail::parallel_for, kousei::detail::thread_limit;

constexpr std::int64_t columns = simd::ridgelet_columns, rows = simd::ridgelet_rows;

/// What one worker has.
template <class Real>
struct Scratch {
    double* sums;  ///< (batch, columns)
    Real* values;  ///< (rows, columns)

    static std::int64_t bytes(std::int64_t batch) {
        return Carver::padded_bytes<double>(checked_mul(batch, columns)) + Carver::padded_bytes<Real>(rows * columns);
    }

    Scratch(Workspace workspace, std::int64_t batch, int worker) {
        Carver carver({static_cast<std::byte*>(workspace.data) + worker * bytes(batch), 0});
        sums = carver.take<double>(batch * columns);
        values = carver.take<Real>(rows * columns);
    }
};

/// The sums of `terms` terms for each of `cells` cells, in tasks of some columns, which are cells.
template <bool to_points, class Real, class Labels>
void sum(Cpu on, const Labels& labels, const Values<Real>& values, const Real* f, std::int64_t batch,
         std::int64_t terms, std::int64_t cells, Real* out, Workspace workspace) {
    // Below this waking the threads costs more than they save.
    constexpr double serial_work = 1 << 16;
    on.threads = static_cast<double>(terms) * static_cast<double>(cells) < serial_work ? 1 : thread_limit(on);
    require_workspace(workspace, workspace_bytes<Real>(on, labels, batch));
    const auto add_products = simd::instruction_set().of<Real>().ridgelet.add_products;
    // Terms of a task, some 10 ms: from the sizes alone, so that the order of summation does not depend on threads.
    const std::int64_t segment = std::max<std::int64_t>(rows, (1 << 17) / (1 + batch / 16));
    std::fill_n(out, checked_mul(batch, cells), Real(0));
    for (std::int64_t start = 0; start < terms; start += segment) {
        const std::int64_t end = std::min(start + segment, terms);
        const auto task = [&](std::int64_t index, int worker) {
            const std::int64_t first = index * columns, count = std::min(columns, cells - first);
            const Scratch<Real> scratch(workspace, batch, worker);
            std::fill_n(scratch.sums, batch * columns, 0.0);
            Walk<Labels, to_points> walks[columns];
            for (std::int64_t c = 0; c < count; ++c) walks[c] = {labels, start, first + c};
            for (std::int64_t term = start; term < end; term += rows) {
                const std::int64_t some = std::min(rows, end - term);
                for (std::int64_t c = 0; c < count; ++c) {
                    Walk<Labels, to_points> walk = walks[c];
                    for (std::int64_t r = 0; r < some; ++r) {
                        scratch.values[r * columns + c] = value_at(values, walk.label(labels));
                        walk.next(labels);
                    }
                    walks[c] = walk;
                }
                add_products({f + term, terms, count, some, batch, scratch.values, scratch.sums});
            }
            for (std::int64_t k = 0; k < batch; ++k) {
                Real* const to = out + k * cells + first;
                for (std::int64_t c = 0; c < count; ++c) to[c] += static_cast<Real>(scratch.sums[k * columns + c]);
            }
        };
        parallel_for(on, blocks_of(cells, columns), task);
    }
}

}  // namespace

template <class Real, class Labels>
std::int64_t workspace_bytes(Cpu on, const Labels&, std::int64_t batch) {
    return checked_mul(thread_limit(on), Scratch<Real>::bytes(batch));
}

template <class Real, class Labels>
void sum_over_points(Cpu on, const Labels& labels, const Values<Real>& values, const Real* f, std::int64_t batch,
                     Real* out, Workspace workspace) {
    sum<false>(on, labels, values, f, batch, labels.points, labels.units, out, workspace);
}

template <class Real, class Labels>
void sum_over_units(Cpu on, const Labels& labels, const Values<Real>& values, const Real* c, std::int64_t batch,
                    Real* out, Workspace workspace) {
    sum<true>(on, labels, values, c, batch, labels.units, labels.points, out, workspace);
}

#define KOUSEI_INSTANTIATE(Real, Labels)                                                                     \
    template std::int64_t workspace_bytes<Real>(Cpu, const Labels&, std::int64_t);                           \
    template void sum_over_points(Cpu, const Labels&, const Values<Real>&, const Real*, std::int64_t, Real*, \
                                  Workspace);                                                                \
    template void sum_over_units(Cpu, const Labels&, const Values<Real>&, const Real*, std::int64_t, Real*,  \
                                 Workspace);
KOUSEI_INSTANTIATE(float, Orbits)
KOUSEI_INSTANTIATE(double, Orbits)
KOUSEI_INSTANTIATE(float, Ridges)
KOUSEI_INSTANTIATE(double, Ridges)
#undef KOUSEI_INSTANTIATE

}  // namespace kousei::equivariant
