#include <kousei/binary.hpp>

#include <algorithm>

#include <kousei/sizes.hpp>

#include "parallel.hpp"
#include "simd/kernels.hpp"
#include "workspace.hpp"

namespace kousei::binary {
namespace {

/// Hidden values held at a time, in bytes, and points, where they are few.
constexpr std::int64_t held_bytes = std::int64_t{1} << 25;
constexpr std::int64_t most_points = 4096;

/// Numbers that one task writes, or adds up, where there are as many: between tasks it is asked whether to stop.
constexpr std::int64_t work = std::int64_t{1} << 16;
constexpr std::int64_t work_between_polls = std::int64_t{1} << 26;

/// f with the ranks of a chain, of either type.
template <class F>
void with_ranks(const Chain& chain, F f) {
    if (chain.ranks) return f(chain.ranks);
    f(chain.wide_ranks);
}

/// Sets the bits from `first` to `last` - 1.
void set_bits(std::uint32_t* words, std::int64_t first, std::int64_t last) {
    while (first < last) {
        const std::int64_t word = first / 32, end = std::min(last, 32 * (word + 1));
        const std::uint32_t below_end = end % 32 == 0 ? ~std::uint32_t{0} : (std::uint32_t{1} << (end % 32)) - 1;
        words[word] |= below_end & (~std::uint32_t{0} << (first % 32));
        first = end;
    }
}

/// Units of columns of T that are taken together, at most.
std::int64_t most_together(const Chain& chain) {
    std::int64_t most = 0;
    for (std::int64_t j = 0; j < chain.sources; j += simd::chains_together) {
        const std::int64_t end = std::min(j + simd::chains_together, chain.sources);
        most = std::max(most, chain.starts[end] - chain.starts[j]);
    }
    return most;
}

/// How the points are cut, and what is held. It does not depend on the threads.
template <class Real>
struct Chunks {
    std::int64_t points;                           ///< of a chunk
    std::int64_t lanes;                            ///< points that go through a chain together
    std::int64_t widest;                           ///< numbers held of a point before or behind a layer of signs
    std::int64_t panel = 0, sums = 0, prefix = 0;  ///< numbers for a lane in a chain

    Chunks(const View<Real>& net, std::int64_t all_points) {
        widest = 0;
        const Multiples<Real>* inputs = &net.multiples;
        std::int64_t values = net.first.units;
        for (const Layer<Real>& layer : net.layers) {
            if (layer.chain) {
                const std::int64_t together = most_together(*layer.chain);
                panel = std::max(panel, inputs->sources ? values : together);
                sums = std::max(sums, layer.chain->rows);
                prefix = std::max(prefix, together + simd::chains_together);
            } else {
                widest = std::max(widest, inputs->units);
            }
            inputs = &layer.multiples, values = layer.values();
            if (&layer != &net.layers.back()) widest = std::max(widest, values);
        }
        const std::int64_t point_bytes = checked_mul(net.first.units + checked_mul(2, widest), sizeof(Real));
        points = std::clamp<std::int64_t>(held_bytes / std::max<std::int64_t>(point_bytes, 1), 1, most_points);
        points = std::max<std::int64_t>(std::min(points, all_points), 1);
        const std::int64_t width = simd::instruction_set().of<Real>().layers.width;
        const bool held = checked_mul(panel + sums + prefix, width * std::int64_t{sizeof(Real)}) <= held_bytes;
        lanes = points > network::most_in_rows && held ? width : 1;
    }

    std::int64_t buffer_bytes() const { return detail::Carver::padded_bytes<Real>(checked_mul(points, widest)); }
    std::int64_t worker_bytes() const {
        using detail::Carver;
        return Carver::padded_bytes<Real>(checked_mul(panel, lanes)) +
               Carver::padded_bytes<Real>(checked_mul(sums, lanes)) +
               Carver::padded_bytes<Real>(checked_mul(prefix, lanes)) + Carver::padded_bytes<Real>(lanes);
    }
};

/// The signs of a layer as every chunk multiplies by them: the copy for few points is for a call of few points.
template <class Real>
packed::Matrix<Real> signs_for(const Layer<Real>& layer, std::int64_t all_points) {
    packed::Matrix<Real> signs = layer.signs;
    if (all_points > packed::few_points) signs.interleaved = nullptr;
    return signs;
}

/// What one layer after the other takes, at a number of the points.
template <class Real>
std::int64_t scratch_bytes(Cpu on, const View<Real>& net, const Chunks<Real>& chunks, std::int64_t points,
                           std::int64_t all_points) {
    std::int64_t most = network::workspace_bytes(on, std::span(&net.first, 1), points);
    for (const Layer<Real>& layer : net.layers) {
        most = std::max(most, layer.chain ? checked_mul(detail::thread_limit(on), chunks.worker_bytes())
                                          : packed::workspace_bytes(on, signs_for(layer, all_points), points));
    }
    return most;
}

/// out[i, k] = factors[k] hidden[i, sources[k]], of rows of `values` numbers.
template <class Real>
void expand(Cpu on, const Multiples<Real>& multiples, const Real* hidden, std::int64_t values, std::int64_t points,
            Real* out) {
    const std::int64_t units = multiples.units;
    const std::int32_t* const sources = multiples.sources;
    const Real* const factors = multiples.factors;
    const std::int64_t together = std::max<std::int64_t>(1, work / std::max<std::int64_t>(units, 1));
    detail::parallel_for(on, blocks_of(points, together), [&](std::int64_t index, int) {
        for (std::int64_t i = index * together; i < std::min(points, (index + 1) * together); ++i) {
            const Real* const from = hidden + i * values;
            Real* const to = out + i * units;
            for (std::int64_t k = 0; k < units; ++k) to[k] = factors[k] * from[sources[k]];
        }
    });
}

/// values[i, j] = f_j(values[i, j] + bias[j]).
template <class Real>
void finish(Cpu on, const Layer<Real>& layer, std::int64_t points, Real* values) {
    const std::int64_t units = layer.values(), parts = static_cast<std::int64_t>(layer.parts.size());
    if (parts > 0) return activation::apply<Real>(on, layer.parts.data(), parts, layer.bias, values, points, values);
    const std::int64_t together = std::max<std::int64_t>(1, work / std::max<std::int64_t>(units, 1));
    detail::parallel_for(on, blocks_of(points, together), [&](std::int64_t index, int) {
        for (std::int64_t i = index * together; i < std::min(points, (index + 1) * together); ++i) {
            for (std::int64_t k = 0; k < units; ++k) values[i * units + k] += layer.bias[k];
        }
    });
}

/// The sums of a layer that is a chain, at the points of a chunk: its inputs are these multiples of `values` numbers.
template <class Real>
class ByRanks {
 public:
    ByRanks(Cpu on, const Chain& chain, const Multiples<Real>& multiples, std::int64_t values,
            const Chunks<Real>& chunks)
        : on_(on),
          chain_(chain),
          chunks_(chunks),
          places_(multiples.sources),
          factors_(multiples.factors),
          inputs_(values) {}

    void operator()(const Real* hidden, std::int64_t points, std::byte* scratch, Real* out) const {
        const std::int64_t lanes = chunks_.lanes;
        detail::parallel_for(on_, blocks_of(points, lanes), [&](std::int64_t index, int worker) {
            const Workspace own{scratch + worker * chunks_.worker_bytes(), chunks_.worker_bytes()};
            const std::int64_t first = index * lanes;
            some(hidden + first * inputs_, std::min(lanes, points - first), own, worker == 0 ? on_.poll : nullptr,
                 out + first * chain_.rows);
        });
    }

 private:
    /// At as many points as there are lanes, or fewer.
    void some(const Real* hidden, std::int64_t points, Workspace own, void (*poll)(), Real* out) const {
        const std::int64_t lanes = chunks_.lanes, rows = chain_.rows;
        detail::Carver carver(own);
        Real* const panel = carver.take<Real>(chunks_.panel * lanes);
        Real* const sums = carver.take<Real>(chunks_.sums * lanes);
        Real* const prefix = carver.take<Real>(chunks_.prefix * lanes);
        Real* const total = carver.take<Real>(lanes);
        std::fill(sums, sums + rows * lanes, Real(0));
        std::fill(total, total + lanes, Real(0));
        if (places_) into_lanes(hidden, points, inputs_, panel);
        std::int64_t since_poll = 0;
        for (std::int64_t j = 0; j < chain_.sources; j += simd::chains_together) {
            const std::int64_t count = std::min<std::int64_t>(simd::chains_together, chain_.sources - j);
            const std::int64_t begin = chain_.starts[j], units = chain_.starts[j + count] - begin;
            if (!places_) into_lanes(hidden + begin, points, units, panel);
            const std::int32_t* const places = places_ ? places_ + begin : nullptr;
            const Real* const factors = places_ ? factors_ + begin : nullptr;
            add_chains_({&chain_, j, count, panel, places, factors}, lanes, prefix, total, sums);
            since_poll += (units + count * rows) * lanes;
            if (poll && since_poll > work_between_polls) since_poll = 0, poll();
        }
        for (std::int64_t i = 0; i < rows; ++i) {
            for (std::int64_t lane = 0; lane < lanes; ++lane) {
                Real& sum = sums[i * lanes + lane];
                sum = total[lane] - 2 * sum;
            }
        }
        layers_.transpose(sums, lanes, rows, points, out, rows);
    }

    /// The first `units` values of points in rows of `inputs_`, as (units, lanes).
    void into_lanes(const Real* from, std::int64_t points, std::int64_t units, Real* panel) const {
        const std::int64_t lanes = chunks_.lanes;
        layers_.transpose(from, inputs_, points, units, panel, lanes);
        for (std::int64_t k = 0; points < lanes && k < units; ++k) {
            std::fill(panel + k * lanes + points, panel + (k + 1) * lanes, Real(0));
        }
    }

    Cpu on_;
    const Chain& chain_;
    const Chunks<Real>& chunks_;
    const std::int32_t* places_;
    const Real* factors_;
    std::int64_t inputs_;
    const simd::LayerKernels<Real>& layers_ = simd::instruction_set().of<Real>().layers;
    simd::AddChains<Real> add_chains_ = simd::instruction_set().of<Real>().add_chains;
};

}  // namespace

std::vector<std::int64_t> starts_of(const Chain& chain) {
    std::vector<std::int64_t> starts(static_cast<std::size_t>(chain.sources) + 1);
    with_ranks(chain, [&](const auto* ranks) {
        for (std::int64_t i = 0; i < chain.rows; ++i) {
            for (std::int64_t j = 0; j < chain.sources; ++j) {
                auto& most = starts[static_cast<std::size_t>(j) + 1];
                most = std::max<std::int64_t>(most, ranks[i * chain.sources + j]);
            }
        }
    });
    for (std::size_t j = 1; j < starts.size(); ++j) starts[j] += starts[j - 1] + (chain.signs[j - 1] != 0);
    return starts;
}

void signs_of(Cpu on, const Chain& chain, std::uint32_t* words) {
    const std::int64_t stride = packed::stride_of(chain.columns());
    const std::int64_t together = std::max<std::int64_t>(1, work / std::max<std::int64_t>(stride + chain.sources, 1));
    with_ranks(chain, [&](const auto* ranks) {
        detail::parallel_for(on, blocks_of(chain.rows, together), [&](std::int64_t index, int) {
            for (std::int64_t i = index * together; i < std::min(chain.rows, (index + 1) * together); ++i) {
                std::uint32_t* const row = words + i * stride;
                std::fill(row, row + stride, 0);
                for (std::int64_t j = 0; j < chain.sources; ++j) {
                    std::int64_t first = chain.starts[j];
                    if (chain.signs[j] > 0) set_bits(row, first, first + 1);
                    if (chain.signs[j] != 0) ++first;
                    set_bits(row, first + ranks[i * chain.sources + j], chain.starts[j + 1]);
                }
            }
        });
    });
}

template <class Real>
std::int64_t workspace_bytes(Cpu on, const View<Real>& net, std::int64_t points) {
    const Chunks<Real> chunks(net, points);
    const std::int64_t first = detail::Carver::padded_bytes<Real>(checked_mul(chunks.points, net.first.units));
    // Of a whole chunk, and of what is left for the last.
    const std::int64_t scratch = std::max(scratch_bytes(on, net, chunks, chunks.points, points),
                                          scratch_bytes(on, net, chunks, points % chunks.points, points));
    return first + 2 * chunks.buffer_bytes() + scratch;
}

template <class Real>
void evaluate(Cpu on, const View<Real>& net, const Real* x, std::int64_t points, Real* out, Workspace workspace) {
    // Once: another thread may change the number that stands for 0.
    on.threads = detail::thread_limit(on);
    const std::int64_t bytes = workspace_bytes(on, net, points);
    require_workspace(workspace, bytes);
    const Chunks<Real> chunks(net, points);
    detail::Carver carver(workspace);
    Real* const rows = carver.take<Real>(chunks.points * net.first.units);
    Real* const buffers[] = {carver.take<Real>(chunks.points * chunks.widest),
                             carver.take<Real>(chunks.points * chunks.widest)};
    std::byte* const scratch = carver.take<std::byte>(0);
    const Workspace rest{scratch, bytes - (scratch - static_cast<std::byte*>(workspace.data))};
    for (std::int64_t done = 0; done < points; done += chunks.points) {
        const std::int64_t some = std::min(chunks.points, points - done);
        network::evaluate(on, std::span(&net.first, 1), x + done * net.first.inputs, some, rows, rest);
        const Real* hidden = rows;
        std::int64_t values = net.first.units;
        const Multiples<Real>* inputs = &net.multiples;
        const auto other = [&] { return buffers[hidden == buffers[0]]; };
        Real* const last = out + done * net.outputs();
        if (net.layers.empty()) expand(on, *inputs, hidden, values, some, last);
        for (const Layer<Real>& layer : net.layers) {
            if (!layer.chain && inputs->sources) {
                Real* const units = other();
                expand(on, *inputs, hidden, values, some, units);
                hidden = units;
            }
            Real* const to = &layer == &net.layers.back() ? last : other();
            if (layer.chain) {
                ByRanks<Real>(on, *layer.chain, *inputs, values, chunks)(hidden, some, scratch, to);
            } else {
                packed::matmul(on, signs_for(layer, points), hidden, some, to, rest);
            }
            finish(on, layer, some, to);
            hidden = to, values = layer.values(), inputs = &layer.multiples;
        }
    }
}

template std::int64_t workspace_bytes(Cpu, const View<float>&, std::int64_t);
template std::int64_t workspace_bytes(Cpu, const View<double>&, std::int64_t);
template void evaluate(Cpu, const View<float>&, const float*, std::int64_t, float*, Workspace);
template void evaluate(Cpu, const View<double>&, const double*, std::int64_t, double*, Workspace);

}  // namespace kousei::binary
