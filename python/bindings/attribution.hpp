#pragma once
#include <pybind11/stl.h>

#include <optional>
#include <tuple>
#include <vector>

#include <kousei/attribution.hpp>

#include "activation.hpp"
#include "checks.hpp"

namespace kousei::python {

/// (weight, bias, parts, parameters) of a layer.
template <class Array>
using LayerOf = std::tuple<Array, Array, std::vector<PartOf>, Array>;

/// Layers with their parts. Of the first one the weight is not read, and (units, 0) is accepted.
template <class Real>
struct OwnedLayers {
    std::vector<std::vector<activation::Part<Real>>> parts;
    std::vector<network::Layer<Real>> layers;

    template <class Array>
    explicit OwnedLayers(const std::vector<LayerOf<Array>>& given) {
        std::int64_t inputs = 0;
        if (given.empty()) throw pybind11::value_error("there are no layers; one or more are accepted");
        for (const auto& [weight, bias, of_units, parameters] : given) {
            require_axes("weight", weight, 2);
            const std::int64_t units = weight.shape(0);
            require_shape("weight", weight, {units, inputs});
            require_shape("bias", bias, {units});
            parts.push_back(of_units.empty() ? std::vector<activation::Part<Real>>{}
                                             : parts_of<Real>(of_units, parameters, units));
            layers.push_back({weight.data(), bias.data(), units, inputs, {}});
            inputs = units;
        }
        for (std::size_t i = 0; i < layers.size(); ++i) layers[i].parts = parts[i];
    }
};

template <class Real, class Array>
attribution::Tables<Real> attribution_tables(const Array& terms, const std::optional<Array>& weights,
                                             const OwnedLayers<Real>& rho, std::int64_t features) {
    require_axes("terms", terms, 3);
    const std::int64_t items = terms.shape(0);
    if (items < 1 || features < 1 || features > attribution::most_features) {
        throw pybind11::value_error("there are " + std::to_string(items) + " items and " + std::to_string(features) +
                                    " features; at least 1 and 1 to " + std::to_string(attribution::most_features) +
                                    " are accepted");
    }
    const attribution::Tables<Real> tables{terms.data(), weights ? weights->data() : nullptr, items, features};
    require_shape("terms", terms, {items, tables.versions(), rho.layers.front().units});
    if (weights) require_shape("weights", *weights, {items, tables.versions()});
    return tables;
}

template <class Side, class Real>
void bind_attribution(pybind11::module_& m) {
    using namespace pybind11::literals;
    using Array = typename Side::template Array<Real>;
    using Doubles = typename Side::template Array<double>;
    using Bytes = typename Side::template Array<std::uint8_t>;
    using Groups = typename Side::template Array<std::int32_t>;
    using Execution = typename Side::Execution;
    m.def(
        "attribution_masked_sets",
        [](const Array& values, const Array& baseline, const Groups& groups, bool removes, const Bytes& present,
           Array& x, Bytes& mask, const Execution& on) {
            require_axes("values", values, 2);
            require_axes("present", present, 3);
            const attribution::Set<Real> set{values.data(),   baseline.data(),  groups.data(), values.shape(0),
                                             values.shape(1), present.shape(2), removes};
            const std::int64_t coalitions = present.shape(0);
            require_shape("baseline", baseline, {set.columns});
            require_shape("groups", groups, {set.columns});
            require_shape("present", present, {coalitions, set.items, set.features});
            require_shape("x", x, {coalitions, set.items, set.columns});
            require_shape("mask", mask, {coalitions, set.items});
            if constexpr (Side::readable) {
                for (std::int64_t j = 0; j < set.columns; ++j) {
                    if (set.groups[j] < 0 || set.groups[j] >= set.features) {
                        throw pybind11::value_error("a group is no feature");
                    }
                }
            }
            const std::uint8_t* const from = present.data();
            Real* const to = x.mutable_data();
            std::uint8_t* const in_set = mask.mutable_data();
            Side::run(on, from,
                      [&](auto where, auto) { attribution::masked_sets(where, set, from, coalitions, to, in_set); });
        },
        "values"_a.noconvert(), "baseline"_a.noconvert(), "groups"_a.noconvert(), "removes"_a,
        "present"_a.noconvert(), "x"_a.noconvert(), "mask"_a.noconvert(), "on"_a);
    m.def(
        "attribution_evaluate",
        [](const Array& terms, const std::optional<Array>& weights, const std::vector<LayerOf<Array>>& rho,
           const Bytes& present, Array& out, const Execution& on) {
            require_axes("present", present, 3);
            const std::int64_t coalitions = present.shape(0), features = present.shape(2);
            const OwnedLayers<Real> owned(rho);
            const auto tables = attribution_tables<Real>(terms, weights, owned, features);
            require_shape("present", present, {coalitions, tables.items, features});
            const attribution::Layers<Real> layers(owned.layers);
            require_shape("out", out, {coalitions, layers.back().units});
            const std::uint8_t* const from = present.data();
            Real* const to = out.mutable_data();
            Side::run(on, tables.terms, [&](auto where, auto lend) {
                attribution::evaluate(where, tables, layers, from, coalitions, to,
                                      lend(attribution::workspace_bytes(where, tables, layers)));
            });
        },
        "terms"_a.noconvert(), "weights"_a.noconvert(), "rho"_a.noconvert(), "present"_a.noconvert(),
        "out"_a.noconvert(), "on"_a);
    m.def(
        "attribution_owen_values",
        [](const Array& terms, const std::optional<Array>& weights, const std::vector<LayerOf<Array>>& rho,
           std::int64_t first, Doubles& out, const Execution& on) {
            require_axes("out", out, 3);
            const attribution::Some some{first, out.shape(1)};
            const std::int64_t features = out.shape(2);
            const OwnedLayers<Real> owned(rho);
            const auto tables = attribution_tables<Real>(terms, weights, owned, features);
            const attribution::Layers<Real> layers(owned.layers);
            attribution::require_items_of_owen_values(tables.items, some);
            require_shape("out", out, {layers.back().units, some.count, features});
            double* const to = out.mutable_data();
            Side::run(on, tables.terms, [&](auto where, auto lend) {
                attribution::owen_values(where, tables, layers, some, to,
                                         lend(attribution::owen_workspace_bytes(where, tables, layers, some)));
            });
        },
        "terms"_a.noconvert(), "weights"_a.noconvert(), "rho"_a.noconvert(), "first"_a, "out"_a.noconvert(), "on"_a);
}

template <class Side>
void bind_least_squares(pybind11::module_& m) {
    using namespace pybind11::literals;
    using Array = typename Side::template Array<double>;
    using Outcomes = typename Side::template Array<std::int32_t>;
    m.def(
        "attribution_solve",
        [](const Array& x, const Array& y, const Array& weight, const Array& total, double ridge, Array& beta,
           Outcomes& outcomes, const typename Side::Execution& on) {
            require_axes("x", x, 3);
            const attribution::Problems problems{x.data(),   y.data(),   weight.data(), total.data(),
                                                 x.shape(0), x.shape(1), x.shape(2),    ridge};
            if (problems.columns < 1) throw pybind11::value_error("x has no columns; at least 1 is accepted");
            require_shape("y", y, {problems.problems, problems.rows});
            require_shape("weight", weight, {problems.problems, problems.rows});
            require_shape("total", total, {problems.problems});
            require_shape("beta", beta, {problems.problems, problems.columns});
            require_shape("outcomes", outcomes, {problems.problems});
            double* const to = beta.mutable_data();
            std::int32_t* const how = outcomes.mutable_data();
            Side::run(on, to, [&](auto where, auto lend) {
                attribution::solve(where, problems, to, how, lend(attribution::workspace_bytes(where, problems)));
            });
        },
        "x"_a.noconvert(), "y"_a.noconvert(), "weight"_a.noconvert(), "total"_a.noconvert(), "ridge"_a,
        "beta"_a.noconvert(), "outcomes"_a.noconvert(), "on"_a);
}

}  // namespace kousei::python
