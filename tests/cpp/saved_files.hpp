#pragma once
#include <doctest/doctest.h>
#include <kousei/safetensors.hpp>

#include <cstddef>
#include <cstring>
#include <string>
#include <vector>

namespace st = kousei::safetensors;

using Bytes = std::vector<std::byte>;

inline Bytes data(const std::string& name) {
    return st::read_file(std::string(KOUSEI_TEST_DATA "/") + name);
}

/// The file with some text of its header replaced by as much.
inline Bytes replaced(Bytes file, const std::string& from, std::string to) {
    std::string text(reinterpret_cast<const char*>(file.data()), file.size());
    const std::size_t at = text.find(from);
    REQUIRE(at != std::string::npos);
    to.resize(from.size(), ' ');
    std::memcpy(file.data() + at, to.data(), to.size());
    return file;
}

template <class T>
Bytes changed(Bytes file, const std::string& tensor, std::size_t index, T value) {
    const st::Header header = st::read_header(file, std::ssize(file));
    const auto first = static_cast<std::size_t>(header.tensors.at(tensor).first);
    std::memcpy(file.data() + first + index * sizeof(T), &value, sizeof(T));
    return file;
}
