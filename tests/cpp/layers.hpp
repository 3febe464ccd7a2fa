#pragma once
#include <kousei/network.hpp>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <random>
#include <vector>

#include "numbers.hpp"

/// Layers of random numbers with the arrays that they borrow; every sparse_step-th is sparse, from the first on.
template <class Real>
struct RandomLayers {
    struct Arrays {
        std::vector<Real> weight, bias, parameters;
        std::vector<kousei::activation::Part<Real>> parts;
        std::vector<std::int64_t> starts;
        std::vector<std::int32_t> columns;
    };
    std::vector<Arrays> arrays;
    std::vector<kousei::network::Layer<Real>> layers;

    /// add_parts(arrays, units) sets the parts of a hidden layer.
    template <class F>
    RandomLayers(const std::vector<std::int64_t>& sizes, std::size_t sparse_step, F add_parts)
        : arrays(sizes.size() - 1) {
        std::mt19937_64 random(7);
        std::normal_distribution<double> normal;
        for (std::size_t i = 0; i + 1 < sizes.size(); ++i) {
            const std::int64_t inputs = sizes[i], units = sizes[i + 1];
            Arrays& own = arrays[i];
            const bool sparse = sparse_step > 0 && i % sparse_step == 0;
            const double scale = 1 / std::sqrt(static_cast<double>(inputs));
            own.starts.push_back(0);
            for (std::int64_t u = 0; u < units; ++u) {
                for (std::int64_t k = 0; k < inputs; ++k) {
                    if (sparse && random() % 2 != 0) continue;
                    own.weight.push_back(static_cast<Real>(normal(random) * scale));
                    own.columns.push_back(static_cast<std::int32_t>(k));
                }
                own.starts.push_back(static_cast<std::int64_t>(own.weight.size()));
                own.bias.push_back(static_cast<Real>(normal(random)));
            }
            if (i + 2 < sizes.size()) add_parts(own, units);
            layers.push_back({own.weight.data(), own.bias.data(), units, inputs, own.parts,
                              sparse ? own.starts.data() : nullptr, sparse ? own.columns.data() : nullptr});
        }
    }
};
