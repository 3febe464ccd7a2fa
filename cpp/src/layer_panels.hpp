#pragma once
#include <algorithm>
#include <cstdint>

#include <kousei/network.hpp>

#include "simd/kernels.hpp"

namespace kousei::network {

/// Inputs whose products are added up in registers.
inline constexpr std::int64_t most_depth = 512;

template <class Real>
simd::SparseBlock<Real> sparse_block(const Layer<Real>& layer, std::int64_t first, std::int64_t units) {
    return {layer.weight, layer.starts + first, layer.columns, layer.bias + first, units};
}

/// Layers on points in panels, see simd::LayerKernels.
template <class Real>
class Panels {
 public:
    const simd::LayerKernels<Real>& kernels = simd::instruction_set().of<Real>().layers;

    /// z = f(z) for some units in one panel.
    void activate(const Layer<Real>& layer, std::int64_t first, std::int64_t units, std::int64_t lanes,
                  Real* z) const {
        std::int64_t start = 0;
        for (const auto& part : layer.parts) {
            const std::int64_t from = std::max(first, start), to = std::min(first + units, start + part.units);
            if (from < to) {
                Real* const at = z + (from - first) * lanes;
                if (part.which == Activation::homogeneous) {
                    const Real* const below = part.parameters + from - start;
                    kernels.homogeneous(below, below + part.units, to - from, lanes, at);
                } else {
                    const std::int64_t count = (to - from) * lanes;
                    apply_part_({part.which, part.parameters, part.count, count}, nullptr, at, 1, count, at, count);
                }
            }
            start += part.units;
        }
    }

    /// Some units of a layer in one panel: adds the products with the inputs from k on, at most most_depth of them,
    /// of a sparse layer with all, and ends with the activation where these are the last; sum and hidden are the
    /// panels.
    void add_inputs(const Layer<Real>& layer, std::int64_t first, std::int64_t units, std::int64_t k,
                    const Real* hidden, std::int64_t lanes, Real* sum) const {
        constexpr std::int64_t together = 48;  // units whose sums are activated while they are in cache
        const bool last = is_last(layer, k);
        for (std::int64_t u = first; u < first + units; u += together) {
            const std::int64_t some = std::min(together, first + units - u);
            Real* const to = sum + u * lanes;
            if (layer.starts) {
                kernels.sparse(sparse_block(layer, u, some), hidden, lanes, to);
            } else {
                const std::int64_t depth = std::min(most_depth, layer.inputs - k);
                kernels.dense({layer.weight + u * layer.inputs + k, last ? layer.bias + u : nullptr, some, depth,
                               layer.inputs, k > 0},
                              hidden + k * lanes, lanes, to);
            }
            if (last) activate(layer, u, some, lanes, to);
        }
    }

    static bool is_last(const Layer<Real>& layer, std::int64_t k) {
        return layer.starts || k + most_depth >= layer.inputs;
    }

 private:
    simd::ApplyPart<Real> apply_part_ = simd::instruction_set().of<Real>().apply_part;
};

}  // namespace kousei::network
