#include <kousei/binary_file.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <string_view>

#include <kousei/safetensors.hpp>

#include "saved.hpp"

namespace kousei::binary {
namespace {

using detail::fail;
using detail::JsonReader;
using detail::SavedPart;
using detail::Tensors;
using safetensors::Tensor;

struct Config {
    std::string method;
    std::vector<std::vector<SavedPart>> activations;
    std::vector<std::int64_t> sizes;
};

std::vector<std::int64_t> read_counts(JsonReader& json) {
    std::vector<std::int64_t> counts;
    json.array([&] { counts.push_back(json.count()); });
    return counts;
}

std::string read_one_of(JsonReader& json, std::initializer_list<std::string_view> accepted) {
    std::string word = json.string();
    if (std::find(accepted.begin(), accepted.end(), word) == accepted.end()) {
        std::string names;
        for (const std::string_view name : accepted) names += (names.empty() ? "" : ", ") + detail::shown(name);
        fail(detail::shown(word) + " is not among " + names);
    }
    return word;
}

Config read_config(const safetensors::Header& header) {
    Config config;
    bool has_activations = false;
    detail::read_config(header, "BinaryNetwork", [&](JsonReader& json, const std::string& name) {
        if (name == "method") {
            config.method = read_one_of(json, {"chain", "dyadic", "auto", "bits"});
        } else if (name == "bias") {
            read_one_of(json, {"affine", "strict"});
        } else if (name == "bits") {
            json.count();
        } else if (name == "activations") {
            config.activations = detail::read_activations(json);
            has_activations = true;
        } else if (name == "sizes") {
            config.sizes = read_counts(json);
        } else if (name == "source") {  // of which nothing is needed to run the network
            json.object([&](const std::string& of_source) {
                if (of_source == "sizes") {
                    read_counts(json);
                } else if (of_source == "sha256") {
                    json.string();
                } else {
                    json.refuse("'sizes' or 'sha256'");
                }
            });
        } else {
            json.refuse("'method', 'bits', 'bias', 'activations', 'sizes' or 'source'");
        }
    });
    if (config.method.empty() || !has_activations) fail("metadata 'kousei' has not both 'method' and 'activations'");
    return config;
}

/// The p for which f(c z) = c^p f(z), c > 0.
int degree_of(const SavedPart& part) {
    if (part.which == Activation::relu) return 1;
    if (part.which == Activation::repu) return static_cast<int>(part.count);
    const auto& numbers = part.parameters;  // the kink, two slopes, two values at 0
    const bool homogeneous = part.which == Activation::piecewise_linear && part.count == 1 && numbers[0] == 0 &&
                             numbers[3] == 0 && numbers[4] == 0;
    if (!homogeneous) fail("an activation is not positively homogeneous, as those between signs are");
    return 1;
}

/// The factors of the units for those of the rows they take, which stand in the tensor `source`.
template <class Real>
std::vector<Real> factors_of(const std::string& source, std::span<const std::int32_t> sources,
                             const std::string& scale, std::span<const double> scales,
                             const std::vector<SavedPart>& parts, std::int64_t rows) {
    if (scales.size() != sources.size()) {
        fail(source + " has " + std::to_string(sources.size()) + " entries and " + scale + " " +
             std::to_string(scales.size()) + "; as many are accepted");
    }
    std::vector<int> degrees;
    for (const SavedPart& part : parts) {
        degrees.insert(degrees.end(), static_cast<std::size_t>(part.units.value_or(rows)), degree_of(part));
    }
    degrees.resize(static_cast<std::size_t>(rows), 1);  // without hidden layers
    std::vector<Real> factors;
    for (std::size_t k = 0; k < sources.size(); ++k) {
        if (sources[k] < 0 || sources[k] >= rows) {
            fail(source + " has " + std::to_string(sources[k]) + "; there are " + std::to_string(rows) + " rows");
        }
        const double factor = std::pow(scales[k], degrees[static_cast<std::size_t>(sources[k])]);
        if (!(scales[k] > 0) || !(factor <= static_cast<double>(std::numeric_limits<Real>::max()))) {
            fail(scale + " has " + std::to_string(scales[k]) +
                 "; positive numbers that the network can hold are accepted");
        }
        factors.push_back(static_cast<Real>(factor));
    }
    return factors;
}

packed::View signs_of(Tensors& tensors, const std::string& name, std::int64_t columns) {
    const Tensor& bits = tensors.at(name, 2);
    const packed::View signs{tensors.in_place<std::uint32_t>(bits).data(), bits.shape[0], columns};
    const std::int64_t stride = packed::stride_of(columns);
    if (bits.shape[1] != stride) {
        fail(name + " has " + std::to_string(bits.shape[1]) + " words in a row; " + std::to_string(stride) +
             " are accepted for " + std::to_string(columns) + " columns");
    }
    for (std::int64_t row = 0; row < signs.rows; ++row) {
        for (std::int64_t word = columns / 32; word < stride; ++word) {
            const std::int64_t used = std::max<std::int64_t>(0, columns - 32 * word);
            if (signs.words[row * stride + word] >> used != 0) {
                fail(name + " has a bit past column " + std::to_string(columns - 1) + " in row " +
                     std::to_string(row));
            }
        }
    }
    return signs;
}

/// The chain of a layer of these signs, once it is known to give them.
Chain chain_of(Tensors& tensors, const std::string& layer, const packed::View& signs,
               std::vector<std::int64_t>& starts) {
    const Tensor& ranks = tensors.at(layer + ".rank", 2);
    const auto sources = tensors.values<std::int32_t>(layer + ".src", 1);
    const auto ones = tensors.values<std::int8_t>(layer + ".sign", 1);
    const std::int64_t rows = ranks.shape[0], count = ranks.shape[1];
    if (rows != signs.rows || std::ssize(sources) != count || std::ssize(ones) != count) {
        fail(layer + " has ranks (" + std::to_string(rows) + ", " + std::to_string(count) + "), " +
             std::to_string(sources.size()) + " sources and " + std::to_string(ones.size()) + " signs; (" +
             std::to_string(signs.rows) + ", n), n and n are accepted");
    }
    const bool ascend = std::adjacent_find(sources.begin(), sources.end(), std::greater_equal<>()) == sources.end();
    if (!ascend || (count > 0 && sources[0] < 0)) fail(layer + ".src does not ascend from 0 on");
    if (std::any_of(ones.begin(), ones.end(), [](int sign) { return sign < -1 || sign > 1; })) {
        fail(layer + ".sign has an entry that is not -1, 0 or 1");
    }
    Chain chain{nullptr, nullptr, ones.data(), nullptr, rows, count};
    const auto require_below = [&](const auto& values) {
        if (std::any_of(values.begin(), values.end(), [&](std::int64_t rank) { return rank >= rows; })) {
            fail(layer + ".rank has an entry that is not below the number of rows, " + std::to_string(rows));
        }
        return values.data();
    };
    if (rows <= std::int64_t{1} << 16) {
        chain.ranks = require_below(tensors.in_place<std::uint16_t>(ranks));
    } else {
        chain.wide_ranks = require_below(tensors.in_place<std::uint32_t>(ranks));
    }
    starts = starts_of(chain);
    chain.starts = starts.data();
    if (std::adjacent_find(starts.begin(), starts.end()) != starts.end()) {
        fail(layer + " has a column with the sign 0 and no rank but 0, which makes no unit");
    }
    const bool fits = chain.columns() == signs.columns;
    const std::int64_t words = rows * packed::stride_of(signs.columns);
    std::vector<std::uint32_t> made(static_cast<std::size_t>(fits ? words : 0));
    if (fits) signs_of(Cpu{1}, chain, made.data());
    if (!fits || !std::equal(made.begin(), made.end(), signs.words)) {
        fail(layer + ".rank, .src and .sign do not give the signs of " + layer + ".bits");
    }
    return chain;
}

/// The rows of a layer that others are multiples of, and so themselves.
struct Taken {
    std::vector<std::int64_t> rows = {};
    std::vector<std::int32_t> sources = {};  ///< which of these each unit takes
    std::vector<SavedPart> parts = {};       ///< the activations of these
};

/// By the tensor `<layer>.row`, whose entries are among the rows.
Taken taken_of(const std::string& layer, std::span<const std::int32_t> rows, const std::vector<SavedPart>& parts) {
    Taken taken;
    std::vector<std::int32_t> places(rows.size());
    std::vector<std::size_t> part_of(rows.size());
    std::size_t next = 0;
    for (std::size_t part = 0; part < parts.size(); ++part) {
        SavedPart of_rows = parts[part];
        of_rows.units = 0;
        const std::int64_t units = parts[part].units.value_or(std::ssize(rows));
        for (std::int64_t unit = 0; unit < units && next < rows.size(); ++unit, ++next) {
            part_of[next] = part;
            if (rows[next] != static_cast<std::int64_t>(next)) continue;
            places[next] = static_cast<std::int32_t>(taken.rows.size());
            taken.rows.push_back(static_cast<std::int64_t>(next));
            ++*of_rows.units;
        }
        if (of_rows.units > 0) taken.parts.push_back(of_rows);
    }
    for (std::size_t unit = 0; unit < rows.size(); ++unit) {
        const auto row = static_cast<std::size_t>(rows[unit]);
        if (rows[row] != rows[unit] || part_of[row] != part_of[unit]) {
            fail(layer + ".row has " + std::to_string(row) +
                 ", which takes another row or has another activation than its multiple");
        }
        taken.sources.push_back(places[row]);
    }
    return taken;
}

/// Refuses what Python's Multiples does, and biases that are not such multiples: a few roundings of Real apart.
template <class Real>
void require_multiples(const std::string& layer, std::span<const std::int32_t> rows, std::span<const double> scales,
                       std::span<const Real> biases) {
    for (std::size_t unit = 0; unit < rows.size(); ++unit) {
        const auto row = static_cast<std::size_t>(rows[unit]);
        if (!(scales[unit] <= 1) || (row == unit && scales[unit] != 1)) {
            fail(layer + ".scale has " + std::to_string(scales[unit]) +
                 "; numbers up to 1, and 1 for a row of itself, are accepted");
        }
        const double bias = biases[unit], multiple = scales[unit] * static_cast<double>(biases[row]);
        if (!(std::abs(bias - multiple) <= 1e-6 * std::abs(multiple) + std::numeric_limits<float>::min())) {
            fail(layer + ".bias has " + std::to_string(bias) + ", which is not the multiple that " + layer +
                 ".row and .scale say");
        }
    }
}

/// These rows of a matrix of so many columns.
template <class T>
std::vector<T> gathered(const T* matrix, std::int64_t columns, std::span<const std::int64_t> rows) {
    std::vector<T> found;
    for (const std::int64_t row : rows) {
        found.insert(found.end(), matrix + row * columns, matrix + (row + 1) * columns);
    }
    return found;
}

}  // namespace

template <class Real>
Saved<Real>::Saved(std::span<const std::byte> file) {
    const safetensors::Header header = safetensors::read_header(file, std::ssize(file));
    const Config config = read_config(header);
    Tensors tensors(file, header);
    const Tensor& weight = tensors.at("a0.weight", 2);
    const auto bias = tensors.values<Real>("a0.bias", 1);
    const std::int64_t rows = weight.shape[0], dim = weight.shape[1];
    if (rows == 0 || dim == 0 || std::ssize(bias) != rows) {
        fail("a0.weight is (" + std::to_string(rows) + ", " + std::to_string(dim) + ") and has " +
             std::to_string(bias.size()) + " biases; (n, inputs), not empty, and n are accepted");
    }
    const std::size_t depth = config.activations.size();
    const auto take_parts = [&](const std::vector<SavedPart>& parts, std::int64_t of) {
        return std::span(parts_.emplace_back(detail::take_parts(parts, of, numbers_.emplace_back())));
    };
    view_.first = {
        .weight = tensors.in_place<Real>(weight).data(), .bias = bias.data(), .units = rows, .inputs = dim};
    if (depth > 0) view_.first.parts = take_parts(config.activations[0], rows);
    const auto sources = tensors.values<std::int32_t>("a.src", 1);
    const auto& factors =
        numbers_.emplace_back(factors_of<Real>("a.src", sources, "a.scale", tensors.values<double>("a.scale", 1),
                                               depth > 0 ? config.activations[0] : std::vector<SavedPart>{}, rows));
    view_.multiples = {sources.data(), factors.data(), std::ssize(sources)};

    chains_.reserve(depth);  // layers point at them
    std::vector<std::int64_t> sizes = {dim, view_.multiples.units};
    for (std::size_t i = 0; i < depth; ++i) {
        const std::string name = std::string("b") + std::to_string(i + 1);
        const packed::View signs = signs_of(tensors, name + ".bits", sizes.back());
        const auto biases = tensors.values<Real>(name + ".bias", 1);
        if (std::ssize(biases) != signs.rows) {
            fail(name + ".bits has " + std::to_string(signs.rows) + " rows and " + name + ".bias " +
                 std::to_string(biases.size()) + " entries; as many are accepted");
        }
        Layer<Real>& layer = layers_.emplace_back(Layer<Real>{.signs = {signs}, .bias = biases.data()});
        Chain* chain = nullptr;
        if (tensors.has(name + ".rank")) {
            chain = &chains_.emplace_back(chain_of(tensors, name, signs, starts_.emplace_back()));
            layer.chain = chain;
        }
        if (i + 1 < depth) {
            const auto& parts = config.activations[i + 1];
            for (const SavedPart& part : parts) degree_of(part);
            layer.parts = take_parts(parts, signs.rows);
            if (tensors.has(name + ".row")) {
                const auto of_units = tensors.values<std::int32_t>(name + ".row", 1);
                if (std::ssize(of_units) != signs.rows) {
                    fail(name + ".row has " + std::to_string(of_units.size()) + " entries; " +
                         std::to_string(signs.rows) + ", one for each row of the signs, are accepted");
                }
                const auto scales = tensors.values<double>(name + ".scale", 1);
                const auto& multiples = numbers_.emplace_back(
                    factors_of<Real>(name + ".row", of_units, name + ".scale", scales, parts, signs.rows));
                const Taken taken = taken_of(name, of_units, parts);
                require_multiples<Real>(name, of_units, scales, biases);
                layer.multiples = {sources_.emplace_back(taken.sources).data(), multiples.data(), signs.rows};
                layer.parts = take_parts(taken.parts, std::ssize(taken.rows));
                keep_rows(layer, chain, taken.rows);
            }
        }
        if (config.method == "bits") tensors.values<double>(name + ".errors", 2);  // of no use here
        sizes.push_back(signs.rows);
    }
    view_.layers = layers_;
    tensors.require_all_taken();
    if (sizes.back() == 0) fail("there are no outputs; one or more are accepted");
    if (config.sizes != sizes) fail("'sizes' of the metadata are not those of the tensors");
}

template <class Real>
void Saved<Real>::keep_rows(Layer<Real>& layer, Chain* chain, std::span<const std::int64_t> rows) {
    packed::View& signs = layer.signs.signs;
    signs.rows = std::ssize(rows);
    layer.bias = numbers_.emplace_back(gathered(layer.bias, 1, rows)).data();
    if (!chain) {
        signs.words = words_.emplace_back(gathered(signs.words, packed::stride_of(signs.columns), rows)).data();
        return;
    }
    signs.words = nullptr;
    if (chain->ranks) {
        chain->ranks = ranks_.emplace_back(gathered(chain->ranks, chain->sources, rows)).data();
    } else {
        chain->wide_ranks = words_.emplace_back(gathered(chain->wide_ranks, chain->sources, rows)).data();
    }
    chain->rows = std::ssize(rows);
}

template class Saved<float>;
template class Saved<double>;

}  // namespace kousei::binary
