#include <kousei/jet.hpp>

#include <algorithm>
#include <stdexcept>
#include <string>

#include <kousei/sizes.hpp>

#include "parallel.hpp"
#include "simd/kernels.hpp"
#include "workspace.hpp"

namespace kousei::network {
namespace {

/// Numbers held at a time, in bytes; where a vector of points has more, so many are held.
constexpr std::int64_t held_bytes = std::int64_t{1} << 25;

/// Below this many multiplications waking the threads costs more than they save.
constexpr double serial_work = 1 << 18;

template <class Real>
bool is_bilinear(std::span<const Layer<Real>> layers) {
    return layers.size() == 3 &&
           std::none_of(layers.begin(), layers.end(), [](const Layer<Real>& layer) { return layer.starts; });
}

/// A weight, or a dense copy of a sparse one.
template <class Real>
const Real* densified(const Layer<Real>& layer, Real* copy) {
    if (!layer.starts) return layer.weight;
    std::fill_n(copy, layer.units * layer.inputs, Real(0));
    for (std::int64_t u = 0; u < layer.units; ++u) {
        for (std::int64_t at = layer.starts[u]; at < layer.starts[u + 1]; ++at) {
            copy[u * layer.inputs + layer.columns[at]] += layer.weight[at];
        }
    }
    return copy;
}

template <class Real>
std::int64_t padded(std::int64_t count) {
    return detail::Carver::padded_bytes<Real>(count);
}

template <class Real>
std::int64_t copied(const Layer<Real>& layer) {
    return layer.starts ? checked_mul(layer.units, layer.inputs) : 0;
}

/// Takes the points through the layers, a panel of them at a time. Every derivative passes a layer as the value does,
/// in a panel of its own beside it.
template <class Real>
class Jets {
 public:
    Jets(Cpu on, std::span<const Layer<Real>> layers, std::int64_t points, std::int64_t directions, bool laplacian)
        : on_(on),
          layers_(layers),
          points_(points),
          directions_(directions),
          laplacian_(laplacian),
          streams_(1 + directions + (laplacian ? 1 : 0)) {
        double work = 0;
        for (const Layer<Real>& layer : layers) {
            for (const auto& part : layer.parts) {
                if (laplacian && !activation::has_second_derivative(part.which, part.count)) {
                    throw std::invalid_argument("an activation has no second derivative; it is needed for laplacian");
                }
            }
            widest_ = std::max({widest_, layer.units, layer.inputs});
            work += static_cast<double>(layer.units) * static_cast<double>(layer.inputs);
        }
        on_.threads = work * static_cast<double>(points) < serial_work ? 1 : detail::thread_limit(on);
        const std::int64_t vector =
            checked_mul(checked_mul(widest_, streams_), 2 * kernels_.width * std::int64_t{sizeof(Real)});
        const std::int64_t vectors = std::clamp<std::int64_t>(
            held_bytes / on_.threads / std::max<std::int64_t>(vector, 1), 1, kernels_.panel / kernels_.width);
        lanes_ = std::min(vectors, std::max<std::int64_t>(blocks_of(points, kernels_.width), 1)) * kernels_.width;
    }

    /// Numbers that `run` has for all threads: two buffers for each.
    std::int64_t held() const { return checked_mul(2 * std::int64_t{on_.threads}, buffer()); }

    /// finish(first point, points, read, write) with the panels that the hidden layers end in, or those of the only
    /// layer, in `read`; `write` is free. slopes: (units, directions) of the first layer; coupling: a weight that
    /// stands for that of the second layer in the derivatives, or nullptr.
    template <class F>
    void run(Real* buffers, const Real* x, const Real* slopes, const Real* coupling, F finish) const {
        const std::int64_t dim = layers_.front().inputs;
        detail::parallel_for(on_, blocks_of(points_, lanes_), [&](std::int64_t index, int worker) {
            Real* read = buffers + 2 * worker * buffer();
            Real* write = read + buffer();
            const std::int64_t first = index * lanes_, filled = std::min(lanes_, points_ - first);
            begin(x + first * dim, filled, slopes, write, read);
            derive(layers_.front(), read);
            for (std::size_t i = 1; i + 1 < layers_.size(); ++i) {
                multiply(layers_[i], coupling, read, write);
                std::swap(read, write);
                derive(layers_[i], read);
            }
            finish(first, filled, read, write);
        });
    }

    /// All streams through a layer, without the bias.
    void multiply(const Layer<Real>& layer, const Real* coupling, const Real* from, Real* to) const {
        for (std::int64_t s = 0; s < streams_; ++s) {
            const Real* const hidden = from + s * layer.inputs * lanes_;
            Real* const sum = to + s * layer.units * lanes_;
            if (layer.starts) {
                kernels_.sparse({layer.weight, layer.starts, layer.columns, nullptr, layer.units}, hidden, lanes_,
                                sum);
            } else {
                dense(coupling && s > 0 ? coupling : layer.weight, layer.units, layer.inputs, hidden, sum);
            }
        }
    }

    /// sum[u] = weight[u] . hidden, in panels; or the sum is added to what is there.
    void dense(const Real* weight, std::int64_t units, std::int64_t inputs, const Real* hidden, Real* sum,
               bool more = false) const {
        kernels_.dense({weight, nullptr, units, inputs, inputs, more}, hidden, lanes_, sum);
    }

    std::int64_t lanes() const { return lanes_; }
    const simd::LayerKernels<Real>& kernels() const { return kernels_; }

 private:
    std::int64_t buffer() const { return checked_mul(checked_mul(widest_, streams_), lanes_); }

    /// The streams of the first layer in `to`; `panel` is for the points.
    void begin(const Real* x, std::int64_t filled, const Real* slopes, Real* panel, Real* to) const {
        const Layer<Real>& layer = layers_.front();
        kernels_.transpose(x, layer.inputs, filled, layer.inputs, panel, lanes_);
        for (std::int64_t k = 0; k < layer.inputs; ++k) {
            std::fill(panel + k * lanes_ + filled, panel + (k + 1) * lanes_, Real(0));
        }
        if (layer.starts) {
            kernels_.sparse({layer.weight, layer.starts, layer.columns, nullptr, layer.units}, panel, lanes_, to);
        } else {
            dense(layer.weight, layer.units, layer.inputs, panel, to);
        }
        Real* at = to + layer.units * lanes_;
        for (std::int64_t k = 0; k < directions_; ++k) {
            for (std::int64_t u = 0; u < layer.units; ++u, at += lanes_) {
                std::fill_n(at, lanes_, slopes[u * directions_ + k]);
            }
        }
        if (laplacian_) std::fill_n(at, layer.units * lanes_, Real(0));
    }

    void derive(const Layer<Real>& layer, Real* at) const {
        const Real* bias = layer.bias;
        for (const auto& part : layer.parts) {
            derive_part_(part, bias, {at, layer.units * lanes_, lanes_, directions_, laplacian_});
            at += part.units * lanes_;
            bias += part.units;
        }
    }

    Cpu on_;
    std::span<const Layer<Real>> layers_;
    std::int64_t points_, directions_;
    bool laplacian_;
    std::int64_t streams_;  ///< the value and what stands beside it
    std::int64_t widest_ = 0, lanes_ = 0;
    const simd::LayerKernels<Real>& kernels_ = simd::instruction_set().of<Real>().layers;
    simd::DerivePart<Real> derive_part_ = simd::instruction_set().of<Real>().derive_part;
};

template <class Real>
Jets<Real> jets_of(Cpu on, std::span<const Layer<Real>> layers, std::int64_t points, bool laplacian) {
    if (layers.empty()) throw std::invalid_argument("layers has none; one or more are accepted");
    return {on, layers, points, layers.front().inputs, laplacian};
}

template <class Real>
Jets<Real> jets_of_divergence(Cpu on, std::span<const Layer<Real>> layers, std::int64_t points) {
    if (layers.empty()) throw std::invalid_argument("layers has none; one or more are accepted");
    if (layers.front().inputs != layers.back().units) {
        throw std::invalid_argument("the network has " + std::to_string(layers.front().inputs) + " inputs and " +
                                    std::to_string(layers.back().units) + " outputs; as many outputs are accepted");
    }
    return {on, layers, points, is_bilinear(layers) ? 1 : layers.front().inputs, false};
}

/// W_2 o (W_1 W_3)^T.
template <class Real>
void couple(const Jets<Real>& jets, std::span<const Layer<Real>> layers, Real* buffer, Real* coupling) {
    const std::int64_t dim = layers[0].inputs, below = layers[0].units, above = layers[1].units, lanes = jets.lanes();
    Real *const panel = buffer, *const product = buffer + dim * lanes;
    for (std::int64_t first = 0; first < above; first += lanes) {
        const std::int64_t filled = std::min(lanes, above - first);
        for (std::int64_t k = 0; k < dim; ++k) {
            std::copy_n(layers[2].weight + k * above + first, filled, panel + k * lanes);
            std::fill(panel + k * lanes + filled, panel + (k + 1) * lanes, Real(0));
        }
        jets.dense(layers[0].weight, below, dim, panel, product);
        jets.kernels().transpose(product, lanes, below, filled, coupling + first * below, below);
    }
    for (std::int64_t i = 0; i < above * below; ++i) coupling[i] *= layers[1].weight[i];
}

}  // namespace

template <class Real>
std::int64_t jet_workspace_bytes(Cpu on, std::span<const Layer<Real>> layers, std::int64_t points, bool laplacian) {
    const auto jets = jets_of(on, layers, points, laplacian);
    return padded<Real>(jets.held()) + padded<Real>(copied(layers.front()));
}

template <class Real>
void evaluate_jet(Cpu on, std::span<const Layer<Real>> layers, const Real* x, std::int64_t points,
                  const Jet<Real>& out, Workspace workspace) {
    on.threads = detail::thread_limit(on);  // once: another thread may change the number that stands for 0
    const bool laplacian = out.laplacian != nullptr;
    const auto jets = jets_of(on, layers, points, laplacian);
    require_workspace(workspace, jet_workspace_bytes(on, layers, points, laplacian));
    detail::Carver carver(workspace);
    Real* const buffers = carver.take<Real>(jets.held());
    const Real* const slopes = densified(layers.front(), carver.take<Real>(copied(layers.front())));
    const Layer<Real>& last = layers.back();
    const std::int64_t dim = layers.front().inputs, outputs = last.units, lanes = jets.lanes();
    const auto& kernels = jets.kernels();
    jets.run(buffers, x, slopes, nullptr, [&](std::int64_t first, std::int64_t filled, Real* read, Real* write) {
        if (layers.size() > 1) {
            jets.multiply(last, nullptr, read, write);
            std::swap(read, write);
        }
        const std::int64_t stride = outputs * lanes;
        for (std::int64_t o = 0; o < outputs; ++o) {
            for (std::int64_t lane = 0; lane < lanes; ++lane) read[o * lanes + lane] += last.bias[o];
            kernels.transpose(read + stride + o * lanes, stride, dim, filled,
                              out.jacobian + (first * outputs + o) * dim, outputs * dim);
        }
        kernels.transpose(read, lanes, outputs, filled, out.value + first * outputs, outputs);
        if (laplacian) {
            kernels.transpose(read + (dim + 1) * stride, lanes, outputs, filled, out.laplacian + first * outputs,
                              outputs);
        }
    });
}

template <class Real>
std::int64_t divergence_workspace_bytes(Cpu on, std::span<const Layer<Real>> layers, std::int64_t points) {
    const auto jets = jets_of_divergence(on, layers, points);
    const std::int64_t held = padded<Real>(jets.held());
    if (!is_bilinear(layers))
        return held + padded<Real>(copied(layers.front())) + padded<Real>(copied(layers.back()));
    const std::int64_t below = layers[0].units, above = layers[1].units;
    return held + padded<Real>(checked_mul(below, above)) + padded<Real>(std::max(below, above));
}

template <class Real>
void evaluate_divergence(Cpu on, std::span<const Layer<Real>> layers, const Real* x, std::int64_t points, Real* out,
                         Workspace workspace) {
    on.threads = detail::thread_limit(on);
    const auto jets = jets_of_divergence(on, layers, points);
    require_workspace(workspace, divergence_workspace_bytes(on, layers, points));
    detail::Carver carver(workspace);
    Real* const buffers = carver.take<Real>(jets.held());
    const Real *slopes, *weight, *coupling = nullptr;
    std::int64_t directions = layers.front().inputs;
    if (is_bilinear(layers)) {
        const std::int64_t below = layers[0].units, above = layers[1].units;
        Real* const product = carver.take<Real>(below * above);
        Real* const ones = carver.take<Real>(std::max(below, above));
        couple(jets, layers, buffers, product);
        std::fill_n(ones, std::max(below, above), Real(1));
        slopes = weight = ones, coupling = product, directions = 1;
    } else {
        slopes = densified(layers.front(), carver.take<Real>(copied(layers.front())));
        weight = densified(layers.back(), carver.take<Real>(copied(layers.back())));
    }
    if (layers.size() == 1) {
        Real trace = 0;
        for (std::int64_t k = 0; k < directions; ++k) trace += weight[k * directions + k];
        std::fill_n(out, points, trace);
        return;
    }
    const std::int64_t inputs = layers.back().inputs, lanes = jets.lanes();
    jets.run(buffers, x, slopes, coupling, [&](std::int64_t first, std::int64_t filled, Real* read, Real* write) {
        for (std::int64_t k = 0; k < directions; ++k) {
            jets.dense(weight + k * inputs, 1, inputs, read + (k + 1) * inputs * lanes, write, k > 0);
        }
        std::copy_n(write, filled, out + first);
    });
}

template std::int64_t jet_workspace_bytes(Cpu, std::span<const Layer<float>>, std::int64_t, bool);
template std::int64_t jet_workspace_bytes(Cpu, std::span<const Layer<double>>, std::int64_t, bool);
template void evaluate_jet(Cpu, std::span<const Layer<float>>, const float*, std::int64_t, const Jet<float>&,
                           Workspace);
template void evaluate_jet(Cpu, std::span<const Layer<double>>, const double*, std::int64_t, const Jet<double>&,
                           Workspace);
template std::int64_t divergence_workspace_bytes(Cpu, std::span<const Layer<float>>, std::int64_t);
template std::int64_t divergence_workspace_bytes(Cpu, std::span<const Layer<double>>, std::int64_t);
template void evaluate_divergence(Cpu, std::span<const Layer<float>>, const float*, std::int64_t, float*, Workspace);
template void evaluate_divergence(Cpu, std::span<const Layer<double>>, const double*, std::int64_t, double*,
                                  Workspace);

}  // namespace kousei::network
