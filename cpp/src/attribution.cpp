#include <kousei/attribution.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <utility>

#include <kousei/attribution_unit.hpp>
#include <kousei/sizes.hpp>

#include "layer_panels.hpp"
#include "parallel.hpp"
#include "poll.hpp"
#include "workspace.hpp"

namespace kousei::attribution {
namespace {

using kousei::detail::Carver, kousei::detail::parallel_for, kousei::detail::Poll, kousei::detail::thread_limit;
using network::Layer;

/// Coalitions of a task, of which some panels are, and contexts that are summed at a time.
constexpr std::int64_t lanes_each = 256, contexts_together = 64;

/// `on` with the number of threads that a call has to the end, for so many values.
template <class Real>
Cpu settled(Cpu on, const Tables<Real>& tables, Layers<Real> rho, double values) {
    constexpr double serial_work = 1 << 18;
    require_tables(tables, rho);
    auto work = static_cast<double>(rho.front().units);
    for (const Layer<Real>& layer : rho.subspan(1)) {
        work += static_cast<double>(layer.units) * static_cast<double>(layer.inputs);
    }
    on.threads = work * values < serial_work ? 1 : thread_limit(on);
    return on;
}

/// How many coalitions are evaluated.
template <class Real>
double unions_of(const Tables<Real>& tables, Some some) {
    return std::ldexp(static_cast<double>(some.count), static_cast<int>(tables.items - 1 + tables.features));
}

/// sum += the term of a version of an item, and weight += its weight.
template <class Real>
void add_term(const Tables<Real>& tables, std::int64_t units, std::int64_t item, std::int64_t version, Real* sum,
              Real& weight) {
    const std::int64_t at = item * tables.versions() + version;
    const Real* const term = tables.terms + at * units;
    for (std::int64_t u = 0; u < units; ++u) sum[u] += term[u];
    if (tables.weights) weight += tables.weights[at];
}

/// What a worker has.
template <class Real>
struct Scratch {
    Real* contexts;         ///< (contexts_together, units)
    Real* context_weights;  ///< (contexts_together)
    Real* rows;             ///< (panel, units)
    Real* terms;            ///< (units, lanes_each) in panels
    Real* weights;          ///< (lanes_each)
    Real* hidden[2];        ///< panels of the widest layer
    double* sums;           ///< (items, outputs, lanes_each)

    explicit Scratch(const Tables<Real>& tables, Layers<Real> rho) {
        for (const Layer<Real>& layer : rho) widest_ = std::max(widest_, layer.units);
        units_ = rho.front().units;
        sums_ = checked_mul(checked_mul(tables.items, rho.back().units), lanes_each);
    }

    std::int64_t bytes() const {
        return Carver::padded_bytes<Real>(checked_mul(contexts_together, units_)) +
               Carver::padded_bytes<Real>(contexts_together) +
               Carver::padded_bytes<Real>(checked_mul(panel_, units_)) +
               Carver::padded_bytes<Real>(checked_mul(lanes_each + panel_, units_)) +
               Carver::padded_bytes<Real>(lanes_each + panel_) +
               2 * Carver::padded_bytes<Real>(checked_mul(panel_, widest_)) + Carver::padded_bytes<double>(sums_);
    }

    /// As the `worker`-th of those that begin at `memory`.
    Scratch at(std::byte* memory, int worker) const {
        Scratch own = *this;
        Carver carver({memory + worker * bytes(), 0});
        own.contexts = carver.take<Real>(contexts_together * units_);
        own.context_weights = carver.take<Real>(contexts_together);
        own.rows = carver.take<Real>(panel_ * units_);
        own.terms = carver.take<Real>((lanes_each + panel_) * units_);
        own.weights = carver.take<Real>(lanes_each + panel_);
        for (Real*& panel : own.hidden) panel = carver.take<Real>(panel_ * widest_);
        own.sums = carver.take<double>(sums_);
        return own;
    }

 private:
    std::int64_t panel_ = simd::instruction_set().of<Real>().layers.panel;
    std::int64_t widest_ = 0, units_ = 0, sums_ = 0;
};

/// rho of coalitions, panel after panel.
template <class Real>
class Values {
 public:
    Values(const Tables<Real>& tables, Layers<Real> rho, const Scratch<Real>& scratch)
        : divides_(tables.weights != nullptr), rho_(rho), scratch_(scratch) {}

    /// f(first lane, lanes that are filled, lanes) for each panel of `count` lanes.
    template <class F>
    void for_panels(std::int64_t count, F f) const {
        const simd::LayerKernels<Real>& kernels = panels_.kernels;
        for (std::int64_t first = 0; first < count; first += kernels.panel) {
            const std::int64_t filled = std::min(kernels.panel, count - first);
            f(first, filled, blocks_of(filled, kernels.width) * kernels.width);
        }
    }

    /// The terms of a panel become what add(lane, sum, weight) adds up for each lane.
    template <class Add>
    void write_terms(std::int64_t first, std::int64_t filled, std::int64_t lanes, Add add) const {
        const std::int64_t units = rho_.front().units;
        std::fill_n(scratch_.rows, lanes * units, Real(0));
        std::fill_n(scratch_.weights + first, lanes, Real(0));
        for (std::int64_t lane = 0; lane < filled; ++lane) {
            add(first + lane, scratch_.rows + lane * units, scratch_.weights[first + lane]);
        }
        panels_.kernels.transpose(scratch_.rows, units, lanes, units, scratch_.terms + first * units, lanes);
    }

    /// Returns the values (outputs, lanes) of a panel of terms, with a context besides.
    const Real* operator()(std::int64_t first, std::int64_t lanes, const Real* context, Real context_weight) const {
        const Layer<Real>& layer = rho_.front();
        Real *hidden = scratch_.hidden[0], *next = scratch_.hidden[1];
        pool_({scratch_.terms + first * layer.units, divides_ ? scratch_.weights + first : nullptr, context,
               context_weight, layer.bias, layer.units},
              lanes, hidden);
        panels_.activate(layer, 0, layer.units, lanes, hidden);
        for (const Layer<Real>& later : rho_.subspan(1)) {
            for (std::int64_t k = 0; k == 0 || k < later.inputs; k += network::most_depth) {
                panels_.add_inputs(later, 0, later.units, k, hidden, lanes, next);
                if (panels_.is_last(later, k)) break;
            }
            std::swap(hidden, next);
        }
        return hidden;
    }

    void write(const Real* values, std::int64_t filled, std::int64_t lanes, Real* out) const {
        const std::int64_t outputs = rho_.back().units;
        panels_.kernels.transpose(values, lanes, outputs, filled, out, outputs);
    }

 private:
    bool divides_;
    Layers<Real> rho_;
    const Scratch<Real>& scratch_;
    network::Panels<Real> panels_;
    simd::Pool<Real> pool_ = simd::instruction_set().of<Real>().pool;
};

/// game[k * stride + version] = the mean over orders of the items of the value of the version and of those items that
/// come before, for some lanes: of a version all are among them.
template <class Real>
void sum_over_unions(const Tables<Real>& tables, Layers<Real> rho, const Unions& unions, std::int64_t first_lane,
                     std::int64_t count, const Scratch<Real>& scratch, Poll& poll, int worker, double* game,
                     std::int64_t stride) {
    const Values<Real> values(tables, rho, scratch);
    const std::int64_t units = rho.front().units, outputs = rho.back().units, others = unions.items - 1;
    std::fill_n(scratch.sums, (others - unions.low + 1) * outputs * lanes_each, 0.0);
    values.for_panels(count, [&](std::int64_t first, std::int64_t filled, std::int64_t lanes) {
        values.write_terms(first, filled, lanes, [&](std::int64_t lane, Real* sum, Real& weight) {
            lane += first_lane;
            add_term(tables, units, unions.item, lane % unions.versions(), sum, weight);
            for (std::int64_t o = 0; o < unions.low; ++o) {
                add_term(tables, units, unions.item_of(o), unions.version_of(o, lane, 0), sum, weight);
            }
        });
    });
    for (std::int64_t from = 0; from < unions.contexts(); from += contexts_together) {
        const std::int64_t some = std::min(contexts_together, unions.contexts() - from);
        std::fill_n(scratch.contexts, some * units, Real(0));
        std::fill_n(scratch.context_weights, some, Real(0));
        for (std::int64_t c = 0; c < some; ++c) {
            for (std::int64_t o = unions.low; o < others; ++o) {
                add_term(tables, units, unions.item_of(o), unions.version_of(o, 0, from + c),
                         scratch.contexts + c * units, scratch.context_weights[c]);
            }
        }
        bool stopped = false;
        values.for_panels(count, [&](std::int64_t first, std::int64_t filled, std::int64_t lanes) {
            stopped = stopped || !poll.go_on(worker);
            for (std::int64_t c = 0; c < some && !stopped; ++c) {
                const Real* const found =
                    values(first, lanes, scratch.contexts + c * units, scratch.context_weights[c]);
                double* const sums = scratch.sums + bits_in(from + c) * outputs * lanes_each + first;
                for (std::int64_t k = 0; k < outputs; ++k) {
                    for (std::int64_t lane = 0; lane < filled; ++lane) {
                        sums[k * lanes_each + lane] += static_cast<double>(found[k * lanes + lane]);
                    }
                }
            }
        });
        if (stopped) return;
    }
    for (std::int64_t present = 0; present <= others - unions.low; ++present) {
        for (std::int64_t lane = 0; lane < count; ++lane) {
            const std::int64_t version = (first_lane + lane) % unions.versions();
            const double weight =
                shapley_weight(unions.items, present + bits_in((first_lane + lane) >> unions.features));
            for (std::int64_t k = 0; k < outputs; ++k) {
                game[k * stride + version] += weight * scratch.sums[(present * outputs + k) * lanes_each + lane];
            }
        }
    }
}

}  // namespace

template <class Real>
std::int64_t workspace_bytes(Cpu on, const Tables<Real>& tables, Layers<Real> rho) {
    require_tables(tables, rho);
    return checked_mul(thread_limit(on), Scratch<Real>(tables, rho).bytes());
}

template <class Real>
void evaluate(Cpu on, const Tables<Real>& tables, Layers<Real> rho, const std::uint8_t* present,
              std::int64_t coalitions, Real* out, Workspace workspace) {
    on = settled(on, tables, rho, static_cast<double>(coalitions));
    require_workspace(workspace, workspace_bytes(on, tables, rho));
    const Scratch<Real> all(tables, rho);
    const std::int64_t size = tables.items * tables.features, units = rho.front().units, outputs = rho.back().units;
    parallel_for(on, blocks_of(coalitions, lanes_each), [&](std::int64_t index, int worker) {
        const Scratch<Real> scratch = all.at(static_cast<std::byte*>(workspace.data), worker);
        const Values<Real> values(tables, rho, scratch);
        std::fill_n(scratch.contexts, units, Real(0));
        const std::int64_t start = index * lanes_each, count = std::min(lanes_each, coalitions - start);
        values.for_panels(count, [&](std::int64_t first, std::int64_t filled, std::int64_t lanes) {
            values.write_terms(first, filled, lanes, [&](std::int64_t lane, Real* sum, Real& weight) {
                const std::uint8_t* const coalition = present + (start + lane) * size;
                for (std::int64_t i = 0; i < tables.items; ++i) {
                    const std::int64_t version = version_of(coalition + i * tables.features, tables.features);
                    add_term(tables, units, i, version, sum, weight);
                }
            });
            values.write(values(first, lanes, scratch.contexts, 0), filled, lanes, out + (start + first) * outputs);
        });
    });
}

template <class Real>
std::int64_t owen_workspace_bytes(Cpu on, const Tables<Real>& tables, Layers<Real> rho, Some some) {
    require_tables(tables, rho);
    require_items_of_owen_values(tables.items, some);
    const std::int64_t games = checked_mul(checked_mul(rho.back().units, some.count), tables.versions());
    return Carver::padded_bytes<double>(games) + workspace_bytes(on, tables, rho);
}

template <class Real>
void owen_values(Cpu on, const Tables<Real>& tables, Layers<Real> rho, Some some, double* out, Workspace workspace) {
    on = settled(on, tables, rho, unions_of(tables, some));
    require_workspace(workspace, owen_workspace_bytes(on, tables, rho, some));
    const std::int64_t outputs = rho.back().units, versions = tables.versions();
    const std::int64_t stride = some.count * versions, games_count = outputs * stride;
    auto* const games = static_cast<double*>(workspace.data);
    auto* const scratches = static_cast<std::byte*>(workspace.data) + Carver::padded_bytes<double>(games_count);
    std::fill_n(games, games_count, 0.0);
    const Scratch<Real> all(tables, rho);
    const auto unions = [&](std::int64_t item) {
        return Unions::with_lanes(tables.items, tables.features, item, lanes_each);
    };
    const std::int64_t lanes = unions(0).lanes(), blocks = blocks_of(lanes, lanes_each);
    Poll poll(on);
    parallel_for(on, some.count * blocks, [&](std::int64_t index, int worker) {
        const std::int64_t of = index / blocks, first = index % blocks * lanes_each;
        sum_over_unions(tables, rho, unions(some.first + of), first, std::min(lanes_each, lanes - first),
                        all.at(scratches, worker), poll, worker, games + of * versions, stride);
    });
    parallel_for(on, outputs * some.count, [&](std::int64_t game, int) {
        for (std::int64_t d = 0; d < tables.features; ++d) {
            out[game * tables.features + d] = shapley_value(games + game * versions, tables.features, d);
        }
    });
}

#define KOUSEI_INSTANTIATE(Real)                                                                             \
    template std::int64_t workspace_bytes(Cpu, const Tables<Real>&, Layers<Real>);                           \
    template void evaluate(Cpu, const Tables<Real>&, Layers<Real>, const std::uint8_t*, std::int64_t, Real*, \
                           Workspace);                                                                       \
    template std::int64_t owen_workspace_bytes(Cpu, const Tables<Real>&, Layers<Real>, Some);                \
    template void owen_values(Cpu, const Tables<Real>&, Layers<Real>, Some, double*, Workspace);
KOUSEI_INSTANTIATE(float)
KOUSEI_INSTANTIATE(double)
#undef KOUSEI_INSTANTIATE

}  // namespace kousei::attribution
