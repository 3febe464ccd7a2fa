// Networks with any shape and any bits as parameters, against a plain loop: sums and layers must stay inside their
// arrays (sanitizers watch), keep NaN, and agree where the plain loop is finite.
#include <kousei/network.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <memory>
#include <new>
#include <vector>

namespace {

class Input {
 public:
    Input(const std::uint8_t* data, std::size_t size) : data_(data), size_(size) {}

    /// In [least, most].
    std::int64_t integer(std::int64_t least, std::int64_t most) {
        std::uint16_t raw = 0;
        take(&raw, sizeof raw);
        return least + raw % (most - least + 1);
    }

    /// One in `rarity` of any bits, the others of moderate size.
    template <class Real>
    Real real() {
        std::uint8_t kind = 0;
        take(&kind, 1);
        if (kind % rarity == 1) {
            Real value = 0;
            take(&value, sizeof value);
            return value;
        }
        std::int16_t raw = 0;
        take(&raw, sizeof raw);
        return static_cast<Real>(raw) / Real(1000);
    }

    int rarity = 2;

    template <class Real>
    std::vector<Real> reals(std::int64_t count) {
        std::vector<Real> values(static_cast<std::size_t>(count));
        for (Real& value : values) value = real<Real>();
        return values;
    }

 private:
    void take(void* to, std::size_t count) {
        const std::size_t taken = std::min(count, size_);
        if (taken > 0) std::memcpy(to, data_, taken);
        data_ += taken;
        size_ -= taken;
    }

    const std::uint8_t* data_;
    std::size_t size_;
};

void require(bool condition) {
    if (!condition) std::abort();
}

/// A workspace of exactly the size asked for.
class Scratch {
 public:
    explicit Scratch(std::int64_t bytes)
        : bytes_(bytes),
          memory_(static_cast<std::byte*>(::operator new(static_cast<std::size_t>(bytes), std::align_val_t{64}))) {}
    kousei::Workspace lent() const { return {memory_.get(), bytes_}; }

 private:
    struct Release {
        void operator()(std::byte* memory) const { ::operator delete(memory, std::align_val_t{64}); }
    };
    std::int64_t bytes_;
    std::unique_ptr<std::byte, Release> memory_;
};

long double value_of(kousei::Activation activation, long double z) {
    switch (activation) {
        case kousei::Activation::logistic:
            return 1 / (1 + std::exp(-z));
        case kousei::Activation::tanh:
            return std::tanh(z);
        case kousei::Activation::erf:
            return std::erf(z);
        case kousei::Activation::arctan:
            return std::atan(z);
        case kousei::Activation::relu:
            return z < 0 ? 0 : z;
        default:
            std::abort();
    }
}

template <class Real>
void run(Input input) {
    const std::int64_t units = input.integer(0, 70), dim = input.integer(1, 5), outputs = input.integer(1, 3);
    const std::int64_t points = input.integer(0, 20);
    const auto activation = static_cast<kousei::Activation>(input.integer(0, 4));
    const auto x = input.reals<Real>(points * dim), weight = input.reals<Real>(units * dim);
    const auto bias = input.reals<Real>(units), coef = input.reals<Real>(outputs * units);
    const auto offset = input.reals<Real>(outputs);
    std::vector<Real> out(static_cast<std::size_t>(points * outputs), Real(-12345));

    const kousei::network::View<Real> net{weight.data(), bias.data(), coef.data(), offset.data(),
                                          units,         dim,         outputs,     activation};
    const kousei::Cpu on{1};
    const Scratch scratch(kousei::network::workspace_bytes(on, net, points));
    kousei::network::evaluate(on, net, x.data(), points, out.data(), scratch.lent());

    const auto at = [](const std::vector<Real>& values, std::int64_t k) {
        return static_cast<long double>(values[static_cast<std::size_t>(k)]);
    };
    for (std::int64_t i = 0; i < points; ++i) {
        std::vector<long double> hidden, reach;
        long double farthest = 0;
        for (std::int64_t k = 0; k < units; ++k) {
            long double z = at(bias, k), moduli = std::abs(z);
            for (std::int64_t d = 0; d < dim; ++d) {
                const long double w = at(weight, k * dim + d), term = w * at(x, i * dim + d);
                z += term;
                moduli += std::abs(term);
                farthest = std::max(farthest, std::abs(w));
            }
            farthest = std::max(farthest, moduli);
            hidden.push_back(value_of(activation, z));
            reach.push_back(std::abs(hidden.back()) + 1 + moduli);
        }
        for (std::int64_t o = 0; o < outputs; ++o) {
            long double sum = at(offset, o), size = std::abs(sum);
            for (std::int64_t k = 0; k < units; ++k) {
                const long double c = at(coef, o * units + k);
                sum += c * hidden[static_cast<std::size_t>(k)];
                size += std::abs(c) * reach[static_cast<std::size_t>(k)];
            }
            const Real value = out[static_cast<std::size_t>(i * outputs + o)];
            const long double largest = std::numeric_limits<Real>::max();
            if (farthest > largest / 1000 || size > largest / 1000) continue;  // Real overflows where this does not
            if (std::isnan(sum)) {
                require(std::isnan(value));
            } else {
                require(std::abs(value - sum) <=
                        64 * std::numeric_limits<Real>::epsilon() * size +
                            static_cast<long double>(std::numeric_limits<Real>::min()) * 100);
            }
        }
    }
}

/// A layer with its arrays.
template <class Real>
struct OwnedLayer {
    std::int64_t units, inputs;
    bool sparse;
    std::vector<std::int64_t> starts{0};
    std::vector<std::int32_t> columns;
    std::vector<Real> weight, bias;
    kousei::activation::Part<Real> part;

    OwnedLayer(Input& input, std::int64_t inputs_, bool last)
        : units(input.integer(last ? 1 : 0, 60)), inputs(inputs_), sparse(input.integer(0, 1) == 1) {
        for (std::int64_t u = 0; u < units; ++u) {
            const std::int64_t stored = sparse && inputs > 0 ? input.integer(0, 5) : inputs;
            for (std::int64_t k = 0; k < stored; ++k) {
                columns.push_back(static_cast<std::int32_t>(sparse ? input.integer(0, inputs - 1) : k));
            }
            starts.push_back(static_cast<std::int64_t>(columns.size()));
        }
        weight = input.reals<Real>(starts.back());
        bias = input.reals<Real>(units);
        part = {kousei::Activation::relu, nullptr, 0, last ? 0 : units};
    }

    kousei::network::Layer<Real> layer() const {
        kousei::network::Layer<Real> view{weight.data(), bias.data(), units, inputs};
        if (part.units > 0) view.parts = {&part, 1};
        if (sparse) view.starts = starts.data(), view.columns = columns.data();
        return view;
    }
};

template <class Real>
void run_layers(Input input) {
    const std::int64_t points = input.integer(0, 70), depth = input.integer(1, 3), dim = input.integer(1, 40);
    const auto x = input.reals<Real>(points * dim);
    std::vector<OwnedLayer<Real>> owned;
    for (std::int64_t i = 0; i < depth; ++i) owned.emplace_back(input, i ? owned.back().units : dim, i == depth - 1);
    std::vector<kousei::network::Layer<Real>> layers;
    for (const auto& layer : owned) layers.push_back(layer.layer());
    const std::int64_t outputs = owned.back().units;
    std::vector<Real> out(static_cast<std::size_t>(points * outputs), Real(-12345));
    const kousei::Cpu on{1};
    const Scratch scratch(kousei::network::workspace_bytes<Real>(on, layers, points));
    kousei::network::evaluate<Real>(on, layers, x.data(), points, out.data(), scratch.lent());

    for (std::int64_t i = 0; i < points; ++i) {
        std::vector<long double> value(x.begin() + i * dim, x.begin() + (i + 1) * dim), bound(value.size(), 0);
        long double farthest = 0;
        for (const auto& layer : owned) {
            std::vector<long double> next, next_bound;
            for (std::size_t u = 0; u < static_cast<std::size_t>(layer.units); ++u) {
                long double z = layer.bias[u], size = std::abs(z), error = 0;
                for (std::int64_t at = layer.starts[u]; at < layer.starts[u + 1]; ++at) {
                    const auto k = static_cast<std::size_t>(layer.columns[static_cast<std::size_t>(at)]);
                    const long double w = layer.weight[static_cast<std::size_t>(at)];
                    z += w * value[k];
                    size += std::abs(w * value[k]);
                    error += std::abs(w) * bound[k];
                }
                farthest = std::max(farthest, size + error);
                if (std::isnan(size + error)) farthest = NAN;
                next_bound.push_back(error + 64 * std::numeric_limits<Real>::epsilon() * size +
                                     static_cast<long double>(std::numeric_limits<Real>::min()) * 100);
                next.push_back(layer.part.units > 0 && z < 0 ? 0 : z);
            }
            value = next, bound = next_bound;
        }
        // Real overflows where this does not, and beyond that inf - inf is NaN in one order and not in another.
        if (!(farthest <= std::numeric_limits<Real>::max() / 1000)) continue;
        for (std::size_t o = 0; o < value.size(); ++o) {
            require(std::abs(out[static_cast<std::size_t>(i * outputs) + o] - value[o]) <= bound[o]);
        }
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    Input input(data, size);
    // Where every number may be huge, most sums overflow and only their NaNs are compared: so in few networks.
    constexpr int rarities[] = {2, 64, 255, 1 << 20};
    input.rarity = rarities[input.integer(0, 3)];
    switch (input.integer(0, 3)) {
        case 0:
            run<float>(input);
            break;
        case 1:
            run<double>(input);
            break;
        case 2:
            run_layers<float>(input);
            break;
        default:
            run_layers<double>(input);
    }
    return 0;
}
