#pragma once
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <vector>

/// Files of tensors in the format safetensors, read only. What is wrong with a file is a std::invalid_argument.
namespace kousei::safetensors {

/// Longest header that is read. The format allows 100 MB.
inline constexpr std::int64_t most_header_bytes = std::int64_t{1} << 22;
/// Axes of a tensor.
inline constexpr std::size_t most_axes = 32;

struct Tensor {
    std::string name;
    std::string dtype;  ///< as the format calls it: "F64"
    std::vector<std::int64_t> shape;
    std::int64_t first;  ///< where its bytes begin in the file
    std::int64_t bytes;
};

struct Header {
    std::map<std::string, Tensor, std::less<>> tensors;
    std::map<std::string, std::string, std::less<>> metadata;
};

/// Length of the header, the 8 bytes that tell it not counted. `start` has the first bytes of a file of `file_bytes`,
/// 8 if there are as many.
std::int64_t header_bytes(std::span<const std::byte> start, std::int64_t file_bytes);

/// Reads the header; `start` reaches to its end or beyond. Memory is a small multiple of the header's length, and the
/// bytes of all tensors are known to be inside the file, each of one tensor.
Header read_header(std::span<const std::byte> start, std::int64_t file_bytes);

/// The elements of a tensor, in place: T is float, double, std::int64_t, int32_t, int8_t, uint32_t or uint16_t.
/// Refused where the tensor has another dtype, or lies in memory where a T cannot.
template <class T>
std::span<const T> values(std::span<const std::byte> file, const Tensor& tensor);

/// All bytes of a file.
std::vector<std::byte> read_file(const std::filesystem::path& path);

}  // namespace kousei::safetensors
