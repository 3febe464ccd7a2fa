#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <kousei/binary.hpp>

namespace kousei::binary {

/// A BinaryNetwork in a safetensors file that Python's kousei.save wrote. Its signs, ranks, biases and real weights
/// stay where the bytes of the file are, which outlive it; of a layer of which some rows are multiples of others,
/// these others are copied.
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
    /// Of a layer, which may be a chain, these rows alone.
    void keep_rows(Layer<Real>& layer, Chain* chain, std::span<const std::int64_t> rows);

    View<Real> view_{};
    // What the view points at.
    std::vector<Layer<Real>> layers_;
    std::vector<Chain> chains_;
    std::vector<std::vector<std::int64_t>> starts_;
    std::vector<std::vector<activation::Part<Real>>> parts_;
    std::vector<std::vector<Real>> numbers_;
    std::vector<std::vector<std::uint32_t>> words_;
    std::vector<std::vector<std::uint16_t>> ranks_;
    std::vector<std::vector<std::int32_t>> sources_;
};

}  // namespace kousei::binary
