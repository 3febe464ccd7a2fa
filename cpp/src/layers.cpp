#include <algorithm>
#include <stdexcept>

#include <kousei/network.hpp>
#include <kousei/sizes.hpp>

#include "layer_panels.hpp"
#include "parallel.hpp"
#include "simd/kernels.hpp"
#include "workspace.hpp"

namespace kousei::network {
namespace {

/// Hidden values held at a time, in bytes.
constexpr std::int64_t held_bytes = std::int64_t{1} << 25;

/// Weights that stay in the second level of cache while the panels of a chunk pass, in bytes.
constexpr std::int64_t cached_bytes = std::int64_t{1} << 19;

/// Multiplications of one task, tens of milliseconds: between tasks it is asked whether to stop.
constexpr std::int64_t most_work = std::int64_t{1} << 29;

/// Below this many multiplications waking the threads costs more than they save.
constexpr double serial_work = 1 << 18;

template <class Real>
std::int64_t weights_of(const Layer<Real>& layer) {
    return layer.starts ? layer.starts[layer.units] : checked_mul(layer.units, layer.inputs);
}

/// How the points are cut. Only `in_rows` changes the result, and it does not depend on the threads.
template <class Real>
struct Chunks {
    bool in_rows;
    std::int64_t points;  ///< of a chunk
    std::int64_t count;
    std::int64_t widest = 0;  ///< units or inputs
    int across = 1;           ///< threads, each with a chunk of its own
    int within = 1;           ///< threads that share the layers of one chunk

    Chunks(Cpu on, std::span<const Layer<Real>> layers, std::int64_t all_points) {
        if (layers.empty()) throw std::invalid_argument("layers has none; one or more are accepted");
        const auto& kernels = simd::instruction_set().of<Real>().layers;
        double work = 0;
        std::int64_t few = most_in_rows;
        for (const Layer<Real>& layer : layers) {
            if (layer.starts) few = 1;  // a lane more costs a sparse layer nothing, a row more as much as the first
            widest = std::max({widest, layer.units, layer.inputs});
            work += static_cast<double>(weights_of(layer));
        }
        // Two buffers: what a layer reads and what it writes.
        const std::int64_t point_bytes = checked_mul(std::max<std::int64_t>(widest, 1), 2 * sizeof(Real));
        const int threads = work * static_cast<double>(all_points) < serial_work ? 1 : detail::thread_limit(on);
        in_rows = all_points <= few || point_bytes > held_bytes / kernels.width;
        const std::int64_t step = in_rows ? 1 : kernels.width;
        const std::int64_t held = held_bytes / point_bytes / step * step;
        if (!in_rows && all_points >= threads * step && held >= threads * step) {
            across = threads;
        } else {
            within = threads;
        }
        const std::int64_t share = blocks_of(blocks_of(all_points, across), step) * step;
        const std::int64_t most = in_rows ? most_in_rows : 4 * kernels.panel;
        points = std::max(std::min({held / across / step * step, share, most}), step);
        count = blocks_of(all_points, points);
    }

    /// Of one of the two buffers.
    std::int64_t buffer_bytes() const { return detail::Carver::padded_bytes<Real>(checked_mul(widest, points)); }
    std::int64_t bytes() const { return checked_mul(2 * std::int64_t{across}, buffer_bytes()); }
};

/// Takes the points of one chunk through the layers.
template <class Real>
class Chunk {
 public:
    Chunk(Cpu on, const Chunks<Real>& chunks, Real* read, Real* write)
        : on_(on), chunks_(chunks), read_(read), write_(write) {}

    void in_rows(std::span<const Layer<Real>> layers, const Real* x, std::int64_t points, Real* out) {
        for (const Layer<Real>& layer : layers) {
            Real* const sum = &layer == &layers.back() ? out : write_;
            for_blocks(layer, points, [&](std::int64_t first, std::int64_t units) {
                if (layer.starts) {
                    kernels_.sparse_rows(sparse_block(layer, first, units), x, points, layer.inputs, sum + first,
                                         layer.units);
                } else {
                    const simd::DenseBlock<Real> block{layer.weight + first * layer.inputs,
                                                       layer.bias + first,
                                                       units,
                                                       layer.inputs,
                                                       layer.inputs,
                                                       false};
                    kernels_.dense_rows(block, x, points, layer.inputs, sum + first, layer.units);
                }
            });
            Real* at = sum;
            for (const auto& part : layer.parts) {
                apply_part_(part, nullptr, at, points, layer.units, at, layer.units);
                at += part.units;
            }
            x = sum;
            std::swap(read_, write_);
        }
    }

    void in_panels(std::span<const Layer<Real>> layers, const Real* x, std::int64_t points, Real* out) {
        const std::int64_t dim = layers.front().inputs, outputs = layers.back().units;
        for_panels(points, [&](std::int64_t first, std::int64_t lanes) {
            const std::int64_t filled = std::min(lanes, points - first);
            Real* const panel = read_ + first * dim;
            kernels_.transpose(x + first * dim, dim, filled, dim, panel, lanes);
            for (std::int64_t k = 0; k < dim; ++k)
                std::fill(panel + k * lanes + filled, panel + (k + 1) * lanes, Real(0));
        });
        for (const Layer<Real>& layer : layers) {
            for_blocks(layer, points,
                       [&](std::int64_t first, std::int64_t units) { block(layer, first, units, points); });
            std::swap(read_, write_);
        }
        for_panels(points, [&](std::int64_t first, std::int64_t lanes) {
            kernels_.transpose(read_ + first * outputs, lanes, outputs, std::min(lanes, points - first),
                               out + first * outputs, outputs);
        });
    }

 private:
    /// f(first point, lanes) for each panel.
    template <class F>
    void for_panels(std::int64_t points, F f) const {
        for (std::int64_t first = 0; first < points; first += kernels_.panel) {
            const std::int64_t lanes =
                blocks_of(std::min(kernels_.panel, points - first), kernels_.width) * kernels_.width;
            f(first, lanes);
        }
    }

    /// f(first unit, units) for blocks of units, on the threads of the chunk.
    template <class F>
    void for_blocks(const Layer<Real>& layer, std::int64_t points, F f) const {
        const std::int64_t each = weights_of(layer) / std::max<std::int64_t>(layer.units, 1) + 1;
        constexpr std::int64_t fewest = 8;
        const std::int64_t cached = cached_bytes / std::int64_t{sizeof(Real)} / std::min(each, most_depth);
        std::int64_t units = std::max(std::min(cached, most_work / points / each), fewest);
        if (chunks_.within > 1) units = std::min(units, std::max(blocks_of(layer.units, 2 * chunks_.within), fewest));
        detail::parallel_for(on_, blocks_of(layer.units, units), [&](std::int64_t index, int) {
            f(index * units, std::min(units, layer.units - index * units));
        });
    }

    /// Some units of a layer in all panels, from read_ to write_.
    void block(const Layer<Real>& layer, std::int64_t first, std::int64_t units, std::int64_t points) const {
        for (std::int64_t k = 0; k == 0 || k < layer.inputs; k += most_depth) {
            for_panels(points, [&](std::int64_t point, std::int64_t lanes) {
                panels_.add_inputs(layer, first, units, k, read_ + point * layer.inputs, lanes,
                                   write_ + point * layer.units);
            });
            if (panels_.is_last(layer, k)) break;
        }
    }

    Cpu on_;
    const Chunks<Real>& chunks_;
    Real* read_;
    Real* write_;
    Panels<Real> panels_;
    const simd::LayerKernels<Real>& kernels_ = panels_.kernels;
    simd::ApplyPart<Real> apply_part_ = simd::instruction_set().of<Real>().apply_part;
};

}  // namespace

template <class Real>
std::int64_t workspace_bytes(Cpu on, std::span<const Layer<Real>> layers, std::int64_t points) {
    return Chunks<Real>(on, layers, points).bytes();
}

template <class Real>
void evaluate(Cpu on, std::span<const Layer<Real>> layers, const Real* x, std::int64_t points, Real* out,
              Workspace workspace) {
    // Once: another thread may change the number that stands for 0.
    on.threads = detail::thread_limit(on);
    const Chunks<Real> chunks(on, layers, points);
    require_workspace(workspace, chunks.bytes());
    const std::int64_t dim = layers.front().inputs, outputs = layers.back().units;
    auto* const buffers = static_cast<std::byte*>(workspace.data);
    const Cpu across{chunks.across, on.poll};
    detail::parallel_for(across, chunks.count, [&](std::int64_t index, int worker) {
        std::byte* const own = buffers + 2 * worker * chunks.buffer_bytes();
        Chunk<Real> chunk({chunks.within, worker == 0 ? on.poll : nullptr}, chunks, reinterpret_cast<Real*>(own),
                          reinterpret_cast<Real*>(own + chunks.buffer_bytes()));
        const std::int64_t first = index * chunks.points, count = std::min(chunks.points, points - first);
        if (chunks.in_rows) {
            chunk.in_rows(layers, x + first * dim, count, out + first * outputs);
        } else {
            chunk.in_panels(layers, x + first * dim, count, out + first * outputs);
        }
    });
}

template std::int64_t workspace_bytes(Cpu, std::span<const Layer<float>>, std::int64_t);
template std::int64_t workspace_bytes(Cpu, std::span<const Layer<double>>, std::int64_t);
template void evaluate(Cpu, std::span<const Layer<float>>, const float*, std::int64_t, float*, Workspace);
template void evaluate(Cpu, std::span<const Layer<double>>, const double*, std::int64_t, double*, Workspace);

}  // namespace kousei::network
