#include <kousei/safetensors.hpp>

#include <algorithm>
#include <bit>
#include <fstream>
#include <ios>
#include <system_error>
#include <tuple>
#include <utility>

#include "json.hpp"

static_assert(std::endian::native == std::endian::little, "the numbers of the format are little-endian");

namespace kousei::safetensors {
namespace {

using detail::fail, detail::shown;

constexpr std::int64_t length_bytes = 8;

struct Dtype {
    std::string_view name;
    std::int64_t bytes;
};
constexpr Dtype dtypes[] = {{"F64", 8}, {"F32", 4}, {"F16", 2}, {"BF16", 2}, {"I64", 8}, {"I32", 4}, {"I16", 2},
                            {"I8", 1},  {"U64", 8}, {"U32", 4}, {"U16", 2},  {"U8", 1},  {"BOOL", 1}};

std::int64_t bytes_of(const Tensor& tensor) {
    const auto* const known = std::find_if(std::begin(dtypes), std::end(dtypes),
                                           [&](const Dtype& dtype) { return dtype.name == tensor.dtype; });
    if (known == std::end(dtypes)) {
        std::string names;
        for (const Dtype& dtype : dtypes) names += (names.empty() ? "" : ", ") + std::string(dtype.name);
        fail("tensor " + shown(tensor.name) + " has dtype " + shown(tensor.dtype) + "; " + names + " are accepted");
    }
    std::int64_t bytes = known->bytes;
    bool empty = false, fits = true;
    for (const std::int64_t extent : tensor.shape) {
        // Counted without zeros, so that the order of the extents does not matter.
        empty = empty || extent == 0;
        fits = fits && !__builtin_mul_overflow(bytes, std::max<std::int64_t>(extent, 1), &bytes);
    }
    if (!fits) fail("tensor " + shown(tensor.name) + " has a shape whose bytes 64 bits cannot count");
    return empty ? 0 : bytes;
}

Tensor read_tensor(detail::JsonReader& json, const std::string& name, std::int64_t data, std::int64_t file_bytes) {
    Tensor tensor{.name = name, .dtype = {}, .shape = {}, .first = 0, .bytes = 0};
    std::vector<std::int64_t> offsets;
    bool has_dtype = false, has_shape = false;
    json.object([&](const std::string& key) {
        if (key == "dtype") {
            tensor.dtype = json.string();
            has_dtype = true;
        } else if (key == "shape") {
            json.array([&] {
                if (tensor.shape.size() == most_axes)
                    json.refuse("a shape of at most " + std::to_string(most_axes) + " axes");
                tensor.shape.push_back(json.count());
            });
            has_shape = true;
        } else if (key == "data_offsets") {
            json.array([&] {
                if (offsets.size() == 2) json.refuse("a first byte and one past the last");
                offsets.push_back(json.count());
            });
        } else {
            json.refuse("'dtype', 'shape' or 'data_offsets', not " + shown(key) + ", for a tensor");
        }
    });
    if (!has_dtype || !has_shape || offsets.size() != 2) {
        fail("tensor " + shown(name) + " has not all of 'dtype', 'shape' and two 'data_offsets'");
    }
    const std::int64_t first = offsets[0], last = offsets[1], room = file_bytes - data;
    if (first > last || last > room) {
        fail("tensor " + shown(name) + " has the bytes " + std::to_string(first) + " to " + std::to_string(last) +
             " of the data; the file has " + std::to_string(room));
    }
    tensor.first = data + first;
    tensor.bytes = last - first;
    if (const std::int64_t wanted = bytes_of(tensor); wanted != tensor.bytes) {
        fail("tensor " + shown(name) + " has " + std::to_string(tensor.bytes) + " bytes; its shape and dtype take " +
             std::to_string(wanted));
    }
    return tensor;
}

/// Every byte of the data belongs to one tensor.
void check_cover(const Header& header, std::int64_t data, std::int64_t file_bytes) {
    std::vector<const Tensor*> ordered;
    for (const auto& entry : header.tensors) ordered.push_back(&entry.second);
    std::sort(ordered.begin(), ordered.end(), [](const Tensor* a, const Tensor* b) {
        return std::tie(a->first, a->bytes) < std::tie(b->first, b->bytes);
    });
    std::int64_t reached = data;
    for (const Tensor* tensor : ordered) {
        if (tensor->first != reached) {
            fail("tensor " + shown(tensor->name) + " begins at byte " + std::to_string(tensor->first - data) +
                 " of the data; " + std::to_string(reached - data) + " is accepted, where the one before ends");
        }
        reached += tensor->bytes;
    }
    if (reached != file_bytes) {
        fail("the tensors end at byte " + std::to_string(reached) + "; the file has " + std::to_string(file_bytes));
    }
}

template <class T>
constexpr std::string_view dtype_of = "";
template <>
constexpr std::string_view dtype_of<float> = "F32";
template <>
constexpr std::string_view dtype_of<double> = "F64";
template <>
constexpr std::string_view dtype_of<std::int32_t> = "I32";
template <>
constexpr std::string_view dtype_of<std::int64_t> = "I64";
template <>
constexpr std::string_view dtype_of<std::int8_t> = "I8";
template <>
constexpr std::string_view dtype_of<std::uint16_t> = "U16";
template <>
constexpr std::string_view dtype_of<std::uint32_t> = "U32";

}  // namespace

std::int64_t header_bytes(std::span<const std::byte> start, std::int64_t file_bytes) {
    if (file_bytes < length_bytes || std::ssize(start) < length_bytes) {
        fail("the file has " + std::to_string(std::min<std::int64_t>(file_bytes, std::ssize(start))) +
             " bytes; a safetensors file has 8 that tell the length of its header, and more");
    }
    std::uint64_t length = 0;
    for (std::size_t i = 0; i < length_bytes; ++i) length |= std::to_integer<std::uint64_t>(start[i]) << (8 * i);
    if (length > static_cast<std::uint64_t>(most_header_bytes)) {
        fail("this is no safetensors file: its first 8 bytes say that a header of " + std::to_string(length) +
             " bytes follows; at most " + std::to_string(most_header_bytes) + " are accepted");
    }
    if (static_cast<std::int64_t>(length) > file_bytes - length_bytes) {
        fail("the header has " + std::to_string(length) + " bytes and the file " + std::to_string(file_bytes) +
             "; it is cut off");
    }
    return static_cast<std::int64_t>(length);
}

Header read_header(std::span<const std::byte> start, std::int64_t file_bytes) {
    const std::int64_t length = header_bytes(start, file_bytes), data = length_bytes + length;
    if (std::ssize(start) < data) {
        fail("start has " + std::to_string(start.size()) + " bytes; " + std::to_string(data) +
             ", to the end of the header, are accepted");
    }
    const std::string_view text(reinterpret_cast<const char*>(start.data()) + length_bytes,
                                static_cast<std::size_t>(length));
    if (!text.starts_with('{')) fail("byte 8 is not the '{' a header begins with; this is no safetensors file");
    Header header;
    detail::JsonReader json(text, "header");
    json.object([&](const std::string& key) {
        if (key == "__metadata__") {
            json.object([&](const std::string& name) { header.metadata.emplace(name, json.string()); });
        } else {
            header.tensors.emplace(key, read_tensor(json, key, data, file_bytes));
        }
    });
    json.end();
    check_cover(header, data, file_bytes);
    return header;
}

template <class T>
std::span<const T> values(std::span<const std::byte> file, const Tensor& tensor) {
    if (tensor.dtype != dtype_of<T>) {
        fail("tensor " + shown(tensor.name) + " has dtype " + tensor.dtype + "; " + std::string(dtype_of<T>) +
             " is accepted");
    }
    if (tensor.first < 0 || tensor.bytes < 0 || tensor.first > std::ssize(file) ||
        tensor.bytes > std::ssize(file) - tensor.first) {
        fail("tensor " + shown(tensor.name) + " is not inside the " + std::to_string(file.size()) +
             " bytes of the file");
    }
    const std::byte* const from = file.data() + tensor.first;
    if (reinterpret_cast<std::uintptr_t>(from) % alignof(T) != 0) {
        fail("tensor " + shown(tensor.name) + " is not aligned to " + std::to_string(alignof(T)) +
             " bytes in memory");
    }
    return {reinterpret_cast<const T*>(from), static_cast<std::size_t>(tensor.bytes) / sizeof(T)};
}

std::vector<std::byte> read_file(const std::filesystem::path& path) {
    std::error_code none;
    const std::uintmax_t size = std::filesystem::file_size(path, none);
    std::vector<std::byte> bytes(none ? 0 : size);
    std::ifstream file(path, std::ios::binary);
    file.read(reinterpret_cast<char*>(bytes.data()), std::ssize(bytes));
    if (none || !file) fail(path.string() + " cannot be read");
    return bytes;
}

template std::span<const float> values(std::span<const std::byte>, const Tensor&);
template std::span<const double> values(std::span<const std::byte>, const Tensor&);
template std::span<const std::int32_t> values(std::span<const std::byte>, const Tensor&);
template std::span<const std::int64_t> values(std::span<const std::byte>, const Tensor&);
template std::span<const std::int8_t> values(std::span<const std::byte>, const Tensor&);
template std::span<const std::uint16_t> values(std::span<const std::byte>, const Tensor&);
template std::span<const std::uint32_t> values(std::span<const std::byte>, const Tensor&);

}  // namespace kousei::safetensors
