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
    double* sums;          ///< (batch, columns)
    Real* values;          ///< (rows, columns)
    std::int32_t* labels;  ///< (rows, columns)

    static std::int64_t bytes(std::int64_t batch) {
        return Carver::padded_bytes<double>(checked_mul(batch, columns)) +
               Carver::padded_bytes<Real>(rows * columns) + Carver::padded_bytes<std::int32_t>(rows * columns);
    }

    Scratch(Workspace workspace, std::int64_t batch, int worker) {
        Carver carver({static_cast<std::byte*>(workspace.data) + worker * bytes(batch), 0});
        sums = carver.take<double>(batch * columns);
        values = carver.take<Real>(rows * columns);
        labels = carver.take<std::int32_t>(rows * columns);
    }
};

/// The labels of a term and `count` cells, which are units where the terms are points.
template <bool terms_are_units, class Labels>
void write_labels(const Labels& labels, std::int64_t term, std::int64_t first, std::int64_t count, std::int32_t* to) {
    Walk<Labels, !terms_are_units> walk(labels, first, term);
    for (std::int64_t c = 0; c < count; ++c, walk.next(labels)) to[c] = walk.label(labels);
}

/// Writes the labels of one term after the other for the cells of a tile: those of a few columns.
template <class Labels, bool terms_are_units>
class Tile {
 public:
    Tile(const Labels& labels, std::int64_t first, std::int64_t count)
        : labels_(labels), first_(first), count_(count) {}

    void write(std::int64_t term, std::int64_t terms, std::int32_t* to) const {
        for (std::int64_t r = 0; r < terms; ++r) {
            write_labels<terms_are_units>(labels_, term + r, first_, count_, to + r * columns);
        }
    }

 private:
    const Labels& labels_;
    std::int64_t first_, count_;
};

/// From a term to the next all columns take their steps at once.
template <bool terms_are_units>
class Tile<Ridges, terms_are_units> {
 public:
    Tile(const Ridges& labels, std::int64_t first, std::int64_t count)
        : labels_(labels), first_(first), count_(count) {
        for (std::int64_t c = 0; c < count; ++c) steps_[c] = step_at<terms_are_units>(labels, first + c);
    }

    void write(std::int64_t term, std::int64_t terms, std::int32_t* to) const {
        const auto p = static_cast<std::int32_t>(labels_.p);
        std::int64_t past = term % p;
        for (std::int64_t r = 0; r < terms; ++r, to += columns) {
            if (r == 0 || past == 0) {
                write_labels<terms_are_units>(labels_, term + r, first_, count_, to);
            } else {
                for (std::int64_t c = 0; c < columns; ++c) to[c] = stepped(to[c - columns], steps_[c], p);
            }
            if (++past == p) past = 0;
        }
    }

 private:
    const Ridges& labels_;
    std::int64_t first_, count_;
    std::int32_t steps_[columns] = {};
};

/// The sums of `terms` terms for each of `cells` cells, in tasks of some columns, which are cells.
template <bool terms_are_units, class Real, class Labels>
void sum(Cpu on, const Labels& labels, const Values<Real>& values, const Real* f, std::int64_t batch,
         std::int64_t terms, std::int64_t cells, Real* out, Workspace workspace) {
    // Below this waking the threads costs more than they save.
    constexpr double serial_work = 1 << 16;
    on.threads = static_cast<double>(terms) * static_cast<double>(cells) < serial_work ? 1 : thread_limit(on);
    require_workspace(workspace, workspace_bytes<Real>(on, labels, batch));
    const auto& kernels = simd::instruction_set().of<Real>();
    // Terms of a task, some 10 ms: from the sizes alone, so that the order of summation does not depend on threads.
    const std::int64_t segment = std::max<std::int64_t>(rows, (1 << 18) / (1 + batch / 4));
    std::fill_n(out, checked_mul(batch, cells), Real(0));
    for (std::int64_t start = 0; start < terms; start += segment) {
        const std::int64_t end = std::min(start + segment, terms);
        const auto task = [&](std::int64_t index, int worker) {
            const std::int64_t first = index * columns, count = std::min(columns, cells - first);
            const Scratch<Real> scratch(workspace, batch, worker);
            const Tile<Labels, terms_are_units> tile(labels, first, count);
            std::fill_n(scratch.sums, batch * columns, 0.0);
            // Columns beyond the last have a label too.
            std::fill_n(scratch.labels, rows * columns, 0);
            for (std::int64_t term = start; term < end; term += rows) {
                const std::int64_t some = std::min(rows, end - term);
                tile.write(term, some, scratch.labels);
                kernels.look_up_labels(values, scratch.labels, some * columns, scratch.values);
                kernels.ridgelet.add_products({f + term, terms, count, some, batch, scratch.values, scratch.sums});
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
