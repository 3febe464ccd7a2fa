// What the harnesses of files share; each includes it once.
#pragma once
#include <kousei/binary_file.hpp>
#include <kousei/network_file.hpp>
#include <kousei/safetensors.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <new>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

void require(bool condition) {
    if (!condition) std::abort();
}

std::size_t most_at_once = SIZE_MAX;

}  // namespace

void* operator new(std::size_t size) {
    require(size <= most_at_once);
    void* const memory = std::malloc(size);
    if (!memory) throw std::bad_alloc();
    return memory;
}
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
    require(size <= most_at_once);
    return std::malloc(size);
}
void operator delete(void* memory) noexcept {
    std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
    std::free(memory);
}

namespace {

namespace st = kousei::safetensors;

/// The input, number by number; zeros once it has ended.
class Input {
 public:
    Input(const std::uint8_t* data, std::size_t size) : data_(data), size_(size) {}

    /// Below `bound`, which is at least 1.
    std::size_t below(std::size_t bound) {
        std::uint16_t raw = 0;
        const std::size_t taken = std::min(sizeof raw, size_);
        if (taken > 0) std::memcpy(&raw, data_, taken);
        data_ += taken;
        size_ -= taken;
        return raw % bound;
    }
    std::string rest() const { return {reinterpret_cast<const char*>(data_), size_}; }

 private:
    const std::uint8_t* data_;
    std::size_t size_;
};

std::vector<std::byte> bytes_of(const std::string& text) {
    const auto* const first = reinterpret_cast<const std::byte*>(text.data());
    return {first, first + text.size()};
}

void set_length(std::string& file, std::uint64_t length) {
    for (std::size_t i = 0; i < 8; ++i) file[i] = static_cast<char>(static_cast<std::uint8_t>(length >> (8 * i)));
}

std::string joined(const std::string& header, const std::string& data) {
    const std::size_t length = (header.size() + 7) / 8 * 8;
    std::string file(8, '\0');
    set_length(file, length);
    file += header;
    file.resize(8 + length, ' ');
    return file + data;
}

std::vector<std::byte> test_file(const std::string& name) {
    return st::read_file(std::string(KOUSEI_TEST_DATA "/") + name);
}

/// Runs evaluate(x, points, out, workspace) at two points.
template <class Real, class F>
void run_at_two(std::int64_t inputs, std::int64_t outputs, std::int64_t scratch_bytes, F evaluate) {
    const std::vector<Real> x(static_cast<std::size_t>(2 * inputs), Real(0.5));
    std::vector<Real> out(static_cast<std::size_t>(2 * outputs));
    struct alignas(64) Line {
        std::byte bytes[64];
    };
    std::vector<Line> scratch(static_cast<std::size_t>(scratch_bytes) / sizeof(Line) + 1);
    evaluate(x.data(), 2, out.data(), kousei::Workspace{scratch.data(), scratch_bytes});
}

/// Reads a network, and evaluates it if it has few units.
template <class Real>
void run_network(std::span<const std::byte> file) {
    try {
        const kousei::network::Saved<Real> net(file);
        const auto layers = net.layers();
        for (const auto& layer : layers) {
            if (std::max(layer.units, layer.inputs) > 1000) return;
        }
        most_at_once = SIZE_MAX;
        const kousei::Cpu on{1};
        run_at_two<Real>(layers.front().inputs, layers.back().units, kousei::network::workspace_bytes(on, layers, 2),
                         [&](auto... rest) { kousei::network::evaluate(on, layers, rest...); });
    } catch (const std::invalid_argument& error) {
        require(std::strlen(error.what()) > 0);
    }
}

template <class Real>
void run_binary_network(std::span<const std::byte> file) {
    try {
        const kousei::binary::Saved<Real> saved(file);
        const auto& net = saved.view();
        if (std::max({net.first.inputs, net.first.units, net.multiples.units}) > 1000) return;
        for (const auto& layer : net.layers) {
            if (std::max(layer.values(), layer.units()) > 1000) return;
        }
        most_at_once = SIZE_MAX;
        const kousei::Cpu on{1};
        run_at_two<Real>(net.first.inputs, net.outputs(), kousei::binary::workspace_bytes(on, net, 2),
                         [&](auto... rest) { kousei::binary::evaluate(on, net, rest...); });
    } catch (const std::invalid_argument& error) {
        require(std::strlen(error.what()) > 0);
    }
}

}  // namespace
