#include <kousei/network_file.hpp>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include <kousei/safetensors.hpp>

#include "json.hpp"

namespace kousei::network {
namespace {

using safetensors::Header;
using safetensors::Tensor;

constexpr std::int64_t format = 1;

constexpr std::pair<std::string_view, Activation> names[] = {
    {"logistic", Activation::logistic}, {"tanh", Activation::tanh},        {"erf", Activation::erf},
    {"arctan", Activation::arctan},     {"relu", Activation::relu},        {"gelu", Activation::gelu},
    {"silu", Activation::silu},         {"softplus", Activation::softplus}};
constexpr int largest_power = 32;

[[noreturn]] void fail(const std::string& message) {
    throw std::invalid_argument(message);
}

/// Consecutive units of a layer, as the file has them.
struct Part {
    Activation which;
    std::vector<double> parameters = {};
    std::int64_t count = 0;
    std::optional<std::int64_t> units = {};  ///< without: all of the layer
};

Part named(const std::string& name) {
    for (const auto& [known, which] : names) {
        if (name == known) return {.which = which};
    }
    for (int power = 2; power <= largest_power; ++power) {
        if (name == "repu" + std::to_string(power)) return {.which = Activation::repu, .count = power};
    }
    fail("activation " + detail::shown(name) + " is not known");
}

Part piecewise_linear(const std::vector<double>& kinks, const std::vector<double>& slopes, double value) {
    const bool increasing = std::adjacent_find(kinks.begin(), kinks.end(), std::greater_equal<>()) == kinks.end();
    if (kinks.empty() || slopes.size() != kinks.size() + 1 || !increasing) {
        fail("a piecewise-linear activation has " + std::to_string(kinks.size()) + " kinks and " +
             std::to_string(slopes.size()) + " slopes; n increasing ones and n + 1 are accepted, n >= 1");
    }
    Part part{.which = Activation::piecewise_linear, .parameters = kinks};
    part.count = static_cast<std::int64_t>(kinks.size());
    part.parameters.insert(part.parameters.end(), slopes.begin(), slopes.end());
    double intercept = value - slopes[0] * kinks[0];
    part.parameters.push_back(intercept);
    for (std::size_t i = 0; i < kinks.size(); ++i) {
        intercept += (slopes[i] - slopes[i + 1]) * kinks[i];
        part.parameters.push_back(intercept);
    }
    return part;
}

Part read_part(detail::JsonReader& json);

/// The activation of one layer.
std::vector<Part> read_activation(detail::JsonReader& json, bool parts_allowed) {
    if (json.is_next('"')) return {named(json.string())};
    std::vector<Part> parts;
    std::vector<double> kinks, slopes;
    double value = 0;
    json.object([&](const std::string& key) {
        if (key == "parts" && parts_allowed) {
            json.array([&] { parts.push_back(read_part(json)); });
        } else if (key == "kinks") {
            json.array([&] { kinks.push_back(json.number()); });
        } else if (key == "slopes") {
            json.array([&] { slopes.push_back(json.number()); });
        } else if (key == "value") {
            value = json.number();
        } else if (key == "name") {
            static_cast<void>(json.string());
        } else {
            json.refuse("'parts', or 'name', 'kinks', 'slopes' and 'value', for an activation");
        }
    });
    if (parts.empty()) parts.push_back(piecewise_linear(kinks, slopes, value));
    return parts;
}

/// [activation, units]
Part read_part(detail::JsonReader& json) {
    std::vector<Part> part;
    std::int64_t units = 0;
    int entries = 0;
    json.array([&] {
        if (entries == 0) {
            part = read_activation(json, false);
        } else if (entries == 1) {
            units = json.count();
        } else {
            json.refuse("an activation and its number of units");
        }
        ++entries;
    });
    if (entries != 2 || units == 0) fail("a part of an activation is not [activation, units], units >= 1");
    part[0].units = units;
    return std::move(part[0]);
}

/// The parts of each hidden layer.
std::vector<std::vector<Part>> read_activations(const Header& header) {
    const auto found = header.metadata.find("kousei");
    if (found == header.metadata.end())
        fail("there is no 'kousei' in the metadata; a file of kousei.save is accepted");
    std::vector<std::vector<Part>> layers;
    bool has_activations = false;
    detail::JsonReader json(found->second, "metadata 'kousei'");
    json.object([&](const std::string& key) {
        if (key == "format") {
            const std::int64_t version = json.count();
            if (version != format) fail("the file is of format " + std::to_string(version) + "; 1 is accepted");
        } else if (key == "class") {
            const std::string name = json.string();
            if (name != "MLP") fail("the class of the network is " + detail::shown(name) + "; MLP is accepted");
        } else if (key == "config") {
            json.object([&](const std::string& entry) {
                if (entry != "activations") json.refuse("'activations'");
                has_activations = true;
                json.array([&] { layers.push_back(read_activation(json, true)); });
            });
        } else {
            json.refuse("'format', 'class' or 'config'");
        }
    });
    json.end();
    if (!has_activations) fail("metadata 'kousei' has no 'activations'");
    return layers;
}

/// The tensors of a file by name, counted.
class Tensors {
 public:
    Tensors(std::span<const std::byte> file, const Header& header) : file_(file), header_(header) {}

    bool has(const std::string& name) const { return header_.tensors.contains(name); }

    const Tensor& at(const std::string& name, std::size_t axes) {
        const auto found = header_.tensors.find(name);
        if (found == header_.tensors.end()) fail("tensor " + detail::shown(name) + " is missing");
        const Tensor& tensor = found->second;
        if (tensor.shape.size() != axes) {
            fail("tensor " + detail::shown(name) + " has " + std::to_string(tensor.shape.size()) + " axes; " +
                 std::to_string(axes) + " are accepted");
        }
        ++taken_;
        return tensor;
    }
    template <class T>
    std::span<const T> in_place(const Tensor& tensor) const {
        return safetensors::values<T>(file_, tensor);
    }
    template <class T>
    std::span<const T> values(const std::string& name, std::size_t axes) {
        return in_place<T>(at(name, axes));
    }
    /// I32 or I64.
    std::vector<std::int64_t> integers(const std::string& name) {
        const Tensor& tensor = at(name, 1);
        const auto copy = [](const auto& values) { return std::vector<std::int64_t>(values.begin(), values.end()); };
        return tensor.dtype == "I32" ? copy(in_place<std::int32_t>(tensor)) : copy(in_place<std::int64_t>(tensor));
    }
    void require_all_taken() const {
        if (taken_ != header_.tensors.size()) {
            fail("the file has " + std::to_string(header_.tensors.size()) + " tensors; the network takes " +
                 std::to_string(taken_));
        }
    }

 private:
    std::span<const std::byte> file_;
    const Header& header_;
    std::size_t taken_ = 0;
};

/// Compressed sparse rows, once every index is known to be inside.
template <class Real>
Layer<Real> sparse_layer(Tensors& tensors, const std::string& name, std::vector<std::int64_t>& starts,
                         std::vector<std::int32_t>& columns) {
    const auto stored = tensors.values<Real>(name + ".data", 1);
    const auto indices = tensors.integers(name + ".indices"), shape = tensors.integers(name + ".shape");
    starts = tensors.integers(name + ".indptr");
    if (shape.size() != 2 || shape[1] > std::numeric_limits<std::int32_t>::max()) {
        fail(name + ": two numbers, columns below 2^31, are accepted as the shape");
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

/// The parts of a layer of so many units, with their parameters.
template <class Real>
std::vector<activation::Part<Real>> take_parts(const std::vector<Part>& wanted, std::int64_t units,
                                               std::vector<Real>& parameters) {
    for (const Part& part : wanted) {
        for (const double parameter : part.parameters) {
            if (!(std::abs(parameter) <= static_cast<double>(std::numeric_limits<Real>::max()))) {  // nor NaN
                fail("an activation has the number " + std::to_string(parameter) + ", which its network cannot hold");
            }
            parameters.push_back(static_cast<Real>(parameter));
        }
    }
    std::vector<activation::Part<Real>> parts;
    const Real* next = parameters.data();
    std::int64_t left = units;
    for (const Part& part : wanted) {
        const std::int64_t of_part = part.units.value_or(units);
        if (of_part > left)
            fail("an activation is for more units than the " + std::to_string(units) + " of its layer");
        parts.push_back({part.which, next, part.count, of_part});
        next += part.parameters.size();
        left -= of_part;
    }
    if (left > 0) fail("an activation is for fewer units than the " + std::to_string(units) + " of its layer");
    return parts;
}

}  // namespace

template <class Real>
Saved<Real>::Saved(std::span<const std::byte> file) {
    const Header header = safetensors::read_header(file, std::ssize(file));
    const std::vector<std::vector<Part>> activations = read_activations(header);
    Tensors tensors(file, header);
    for (std::size_t i = 0; i <= activations.size(); ++i) {
        const std::string weights = "weights." + std::to_string(i), biases = "biases." + std::to_string(i);
        Layer<Real> layer =
            tensors.has(weights + ".data")
                ? sparse_layer<Real>(tensors, weights, starts_.emplace_back(), columns_.emplace_back())
                : dense_layer<Real>(tensors, weights);
        const auto bias = tensors.values<Real>(biases, 1);
        layer.bias = bias.data();
        require_shapes(weights, layer, std::ssize(bias), i > 0 ? layers_.back().units : layer.inputs);
        if (i < activations.size()) {
            layer.parts = parts_.emplace_back(take_parts(activations[i], layer.units, parameters_.emplace_back()));
        }
        layers_.push_back(layer);
    }
    tensors.require_all_taken();
}

template class Saved<float>;
template class Saved<double>;

}  // namespace kousei::network
