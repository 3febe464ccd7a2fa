#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <kousei/binary.hpp>

namespace kousei::binary {

/// A BinaryNetwork in a safetensors file that Python's kousei.save wrote. Its signs, ranks, biases and real weights
/// stay where the bytes of the file are, which outlive it.
template <class Real>
class Saved {
 public:
    /// Refuses by std::invalid_argument what is no such file, another class of network, numbers that are not Real,
    /// tensors that make no network, ranks that do not give the signs beside them, and bytes in which they are not
    /// aligned.
    explicit Saved(std::span<const std::byte> file);
    Saved(Saved&&) noexcept = default;
    Saved& operator=(Saved&&) noexcept = default;

    const View<Real>& view() const { return view_; }

 private:
    View<Real> view_{};
    // What the view points at.
    std::vector<Layer<Real>> layers_;
    std::vector<Real> factors_;
    std::vector<Chain> chains_;
    std::vector<std::vector<std::int64_t>> starts_;
    std::vector<std::vector<activation::Part<Real>>> parts_;
    std::vector<std::vector<Real>> parameters_;
};

}  // namespace kousei::binary
