#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <kousei/activation.hpp>
#include <kousei/safetensors.hpp>

#include "json.hpp"

/// What files of networks have in common: see docs/guide/files.md. What is wrong is a std::invalid_argument.
namespace kousei::detail {

/// Consecutive units of a layer, as the file has them.
struct SavedPart {
    Activation which;
    std::vector<double> parameters = {};
    std::int64_t count = 0;
    std::optional<std::int64_t> units = {};  ///< without: all of the layer
};

/// Reads what a file of kousei.save says of a network of this class: entry(json, name) reads what stands in 'config'
/// under a name, or refuses.
void read_config(const safetensors::Header& header, std::string_view of_class,
                 const std::function<void(JsonReader&, const std::string&)>& entry);

/// Reads 'activations': the parts of each hidden layer.
std::vector<std::vector<SavedPart>> read_activations(JsonReader& json);

/// The parts of a layer of so many units, with their parameters.
template <class Real>
std::vector<activation::Part<Real>> take_parts(const std::vector<SavedPart>& wanted, std::int64_t units,
                                               std::vector<Real>& parameters);

/// The tensors of a file by name, counted.
class Tensors {
 public:
    Tensors(std::span<const std::byte> file, const safetensors::Header& header) : file_(file), header_(header) {}

    bool has(const std::string& name) const { return header_.tensors.contains(name); }
    const safetensors::Tensor& at(const std::string& name, std::size_t axes);
    template <class T>
    std::span<const T> in_place(const safetensors::Tensor& tensor) const {
        return safetensors::values<T>(file_, tensor);
    }
    template <class T>
    std::span<const T> values(const std::string& name, std::size_t axes) {
        return in_place<T>(at(name, axes));
    }
    void require_all_taken() const;

 private:
    std::span<const std::byte> file_;
    const safetensors::Header& header_;
    std::size_t taken_ = 0;
};

}  // namespace kousei::detail
