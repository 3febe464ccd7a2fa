#include "saved.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <iterator>
#include <limits>
#include <utility>

#include <kousei/network_file.hpp>

namespace kousei::detail {
namespace {

SavedPart named(const std::string& name) {
    for (std::size_t i = 0; i < std::size(activation::names); ++i) {
        if (name == activation::names[i]) return {.which = static_cast<Activation>(i)};
    }
    for (int power = 2; power <= activation::largest_power; ++power) {
        if (name == "repu" + std::to_string(power)) return {.which = Activation::repu, .count = power};
    }
    fail("activation " + shown(name) + " is not known");
}

SavedPart piecewise_linear(const std::vector<double>& kinks, const std::vector<double>& slopes, double value) {
    const bool increasing = std::adjacent_find(kinks.begin(), kinks.end(), std::greater_equal<>()) == kinks.end();
    if (kinks.empty() || slopes.size() != kinks.size() + 1 || !increasing) {
        fail("a piecewise-linear activation has " + std::to_string(kinks.size()) + " kinks and " +
             std::to_string(slopes.size()) + " slopes; n increasing ones and n + 1 are accepted, n >= 1");
    }
    SavedPart part{.which = Activation::piecewise_linear, .parameters = kinks};
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

SavedPart read_part(JsonReader& json);

/// The activation of one layer.
std::vector<SavedPart> read_activation(JsonReader& json, bool parts_allowed) {
    if (json.is_next('"')) return {named(json.string())};
    std::vector<SavedPart> parts;
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
SavedPart read_part(JsonReader& json) {
    std::vector<SavedPart> part;
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

}  // namespace

void read_config(const safetensors::Header& header, std::string_view of_class,
                 const std::function<void(JsonReader&, const std::string&)>& entry) {
    const auto found = header.metadata.find("kousei");
    if (found == header.metadata.end())
        fail("there is no 'kousei' in the metadata; a file of kousei.save is accepted");
    JsonReader json(found->second, "metadata 'kousei'");
    json.object([&](const std::string& key) {
        if (key == "format") {
            const std::int64_t version = json.count();
            if (version != file_format) {
                fail("the file is of format " + std::to_string(version) + "; " + std::to_string(file_format) +
                     " is accepted");
            }
        } else if (key == "class") {
            const std::string name = json.string();
            if (name != of_class) {
                fail("the class of the network is " + shown(name) + "; " + std::string(of_class) + " is accepted");
            }
        } else if (key == "config") {
            json.object([&](const std::string& name) { entry(json, name); });
        } else {
            json.refuse("'format', 'class' or 'config'");
        }
    });
    json.end();
}

std::vector<std::vector<SavedPart>> read_activations(JsonReader& json) {
    std::vector<std::vector<SavedPart>> layers;
    json.array([&] { layers.push_back(read_activation(json, true)); });
    return layers;
}

template <class Real>
std::vector<activation::Part<Real>> take_parts(const std::vector<SavedPart>& wanted, std::int64_t units,
                                               std::vector<Real>& parameters) {
    for (const SavedPart& part : wanted) {
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
    for (const SavedPart& part : wanted) {
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

template std::vector<activation::Part<float>> take_parts(const std::vector<SavedPart>&, std::int64_t,
                                                         std::vector<float>&);
template std::vector<activation::Part<double>> take_parts(const std::vector<SavedPart>&, std::int64_t,
                                                          std::vector<double>&);

const safetensors::Tensor& Tensors::at(const std::string& name, std::size_t axes) {
    const auto found = header_.tensors.find(name);
    if (found == header_.tensors.end()) fail("tensor " + shown(name) + " is missing");
    const safetensors::Tensor& tensor = found->second;
    if (tensor.shape.size() != axes) {
        fail("tensor " + shown(name) + " has " + std::to_string(tensor.shape.size()) + " axes; " +
             std::to_string(axes) + " are accepted");
    }
    ++taken_;
    return tensor;
}

void Tensors::require_all_taken() const {
    if (taken_ != header_.tensors.size()) {
        fail("the file has " + std::to_string(header_.tensors.size()) + " tensors; the network takes " +
             std::to_string(taken_));
    }
}

}  // namespace kousei::detail
