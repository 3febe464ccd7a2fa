#include <kousei/network_file.hpp>

#include <algorithm>
#include <limits>
#include <optional>
#include <string>

#include <kousei/safetensors.hpp>

#include "saved.hpp"

namespace kousei::network {
namespace {

using detail::fail;
using detail::SavedPart;
using detail::Tensors;
using safetensors::Tensor;

/// I32 or I64.
std::vector<std::int64_t> integers(Tensors& tensors, const std::string& name) {
    const Tensor& tensor = tensors.at(name, 1);
    const auto copy = [](const auto& values) { return std::vector<std::int64_t>(values.begin(), values.end()); };
    return tensor.dtype == "I32" ? copy(tensors.in_place<std::int32_t>(tensor))
                                 : copy(tensors.in_place<std::int64_t>(tensor));
}

/// Compressed sparse rows, once every index is known to be inside.
template <class Real>
Layer<Real> sparse_layer(Tensors& tensors, const std::string& name, std::vector<std::int64_t>& starts,
                         std::vector<std::int32_t>& columns) {
    const auto stored = tensors.values<Real>(name + ".data", 1);
    const auto indices = integers(tensors, name + ".indices"), shape = integers(tensors, name + ".shape");
    starts = integers(tensors, name + ".indptr");
    if (shape.size() != 2 || shape[0] < 1 || shape[1] < 1 || shape[1] > std::numeric_limits<std::int32_t>::max()) {
        fail(name + ": two numbers from 1 on, columns below 2^31, are accepted as the shape");
    }
    if (std::ssize(starts) - 1 != shape[0] || starts.front() != 0 || starts.back() != std::ssize(stored) ||
        indices.size() != stored.size() || !std::is_sorted(starts.begin(), starts.end())) {
        fail(name + ": indptr does not count the stored weights of " + std::to_string(shape[0]) + " rows");
    }
    for (const std::int64_t column : indices) {
        if (column < 0 || column >= shape[1]) {
            fail(name + ": indices has " + std::to_string(column) + "; there are " + std::to_string(shape[1]) +
                 " columns");
        }
        columns.push_back(static_cast<std::int32_t>(column));
    }
    return {.weight = stored.data(),
            .bias = nullptr,
            .units = shape[0],
            .inputs = shape[1],
            .starts = starts.data(),
            .columns = columns.data()};
}

template <class Real>
Layer<Real> dense_layer(Tensors& tensors, const std::string& name) {
    const Tensor& weight = tensors.at(name, 2);
    return {.weight = tensors.in_place<Real>(weight).data(),
            .bias = nullptr,
            .units = weight.shape[0],
            .inputs = weight.shape[1]};
}

template <class Real>
void require_shapes(const std::string& weights, const Layer<Real>& layer, std::int64_t biases, std::int64_t inputs) {
    if (layer.units < 1 || layer.inputs < 1 || biases != layer.units) {
        fail(weights + " is (" + std::to_string(layer.units) + ", " + std::to_string(layer.inputs) + ") and has " +
             std::to_string(biases) + " biases; (n, inputs), not empty, and n are accepted");
    }
    if (layer.inputs != inputs) {
        fail(weights + " has " + std::to_string(layer.inputs) + " inputs; the layer before has " +
             std::to_string(inputs) + " units");
    }
}

}  // namespace

template <class Real>
Saved<Real>::Saved(std::span<const std::byte> file) {
    const safetensors::Header header = safetensors::read_header(file, std::ssize(file));
    std::optional<std::vector<std::vector<SavedPart>>> activations;
    detail::read_config(header, "MLP", [&](detail::JsonReader& json, const std::string& name) {
        if (name != "activations") json.refuse("'activations'");
        activations = detail::read_activations(json);
    });
    if (!activations) fail("metadata 'kousei' has no 'activations'");
    Tensors tensors(file, header);
    for (std::size_t i = 0; i <= activations->size(); ++i) {
        const std::string weights = "weights." + std::to_string(i), biases = "biases." + std::to_string(i);
        Layer<Real> layer =
            tensors.has(weights + ".data")
                ? sparse_layer<Real>(tensors, weights, starts_.emplace_back(), columns_.emplace_back())
                : dense_layer<Real>(tensors, weights);
        const auto bias = tensors.values<Real>(biases, 1);
        layer.bias = bias.data();
        require_shapes(weights, layer, std::ssize(bias), i > 0 ? layers_.back().units : layer.inputs);
        if (i < activations->size()) {
            layer.parts =
                parts_.emplace_back(detail::take_parts((*activations)[i], layer.units, parameters_.emplace_back()));
        }
        layers_.push_back(layer);
    }
    tensors.require_all_taken();
}

template class Saved<float>;
template class Saved<double>;

}  // namespace kousei::network
