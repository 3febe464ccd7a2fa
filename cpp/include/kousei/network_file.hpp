#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <kousei/network.hpp>

namespace kousei {

/// Version of what the files of kousei.save say.
inline constexpr std::int64_t file_format = 1;

}  // namespace kousei

namespace kousei::network {

/// The layers of an MLP in a safetensors file that Python's kousei.save wrote. Dense weights and all biases stay
/// where the bytes of the file are, which outlive it.
template <class Real>
class Saved {
 public:
    /// Refuses by std::invalid_argument what is no such file, another class of network, numbers that are not Real,
    /// tensors that make no network, and bytes in which they are not aligned.
    explicit Saved(std::span<const std::byte> file);
    Saved(Saved&&) noexcept = default;
    Saved& operator=(Saved&&) noexcept = default;

    std::span<const Layer<Real>> layers() const { return layers_; }

 private:
    std::vector<Layer<Real>> layers_;
    // What the layers point at, of each one.
    std::vector<std::vector<activation::Part<Real>>> parts_;
    std::vector<std::vector<Real>> parameters_;
    std::vector<std::vector<std::int64_t>> starts_;
    std::vector<std::vector<std::int32_t>> columns_;
};

}  // namespace kousei::network
