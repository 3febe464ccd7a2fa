// Files of tensors: the bytes of the input, or a valid file that the input says how to change. The reader must stay
// inside the file (sanitizers watch), allocate no more than it has, and answer by std::invalid_argument or by tensors
// that are what the header promises.
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
#include <string_view>
#include <utility>
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

void set_length(std::string& file, std::uint64_t length) {
    for (std::size_t i = 0; i < 8; ++i) file[i] = static_cast<char>(static_cast<std::uint8_t>(length >> (8 * i)));
}

std::string file_of(std::string header, std::size_t data) {
    header.resize((header.size() + 7) / 8 * 8, ' ');
    std::string file(8, '\0');
    set_length(file, header.size());
    file += header;
    for (std::size_t i = 0; i < data; ++i) file += static_cast<char>(i * 37 % 251);
    return file;
}

const std::vector<std::string>& valid_files() {
    static const std::vector<std::string> files = [] {
        std::vector<std::string> valid = {
            file_of("{}", 0),
            file_of(R"({"b":{"dtype":"F32","shape":[2,0],"data_offsets":[8,8]},"a":{"dtype":"I64","shape":[],)"
                    R"("data_offsets":[0,8]},"\u00e9\ud83d\ude00\n":{"shape":[2,3],"data_offsets":[8,14],)"
                    R"("dtype":"BOOL"} , "__metadata__" : {"" : "\\\/\b\t"}})",
                    14)};
        for (const char* name :
             {"dense.safetensors", "sparse.safetensors", "binary.safetensors", "signs.safetensors"}) {
            const auto bytes = st::read_file(std::string(KOUSEI_TEST_DATA "/") + name);
            valid.emplace_back(reinterpret_cast<const char*>(bytes.data()), bytes.size());
        }
        return valid;
    }();
    return files;
}

/// Changes one thing; edits of the header may leave its length true, so that they are read.
void change(std::string& file, Input& input) {
    static const std::vector<std::string> pieces = {"9223372036854775807",
                                                    "18446744073709551616",
                                                    "-1",
                                                    "0",
                                                    "1e3",
                                                    "[",
                                                    "]",
                                                    "{",
                                                    "}",
                                                    "\"",
                                                    ",",
                                                    "\\",
                                                    "\\ud800",
                                                    "[[[[",
                                                    "null",
                                                    "\"dtype\":\"F16\",",
                                                    "__metadata__",
                                                    "\xff"};
    const std::size_t at = input.below(file.size() + 1), size = file.size();
    switch (input.below(8)) {
        case 0:
            if (at < size) file[at] = static_cast<char>(file[at] ^ (1 << input.below(8)));
            break;
        case 1:
            if (at < size) file[at] = static_cast<char>(input.below(256));
            break;
        case 2:
            file.resize(at);
            break;
        case 3:
            file.erase(at, 1 + input.below(16));
            break;
        case 4:
            file.insert(at, pieces[input.below(pieces.size())]);
            break;
        case 5:
            file.insert(at, file.substr(input.below(size + 1), input.below(64)));
            break;
        case 6:
            if (at < size) file[at] = static_cast<char>('0' + input.below(10));
            break;
        default:
            if (size >= 8) set_length(file, std::uint64_t{1} << input.below(64));
    }
    if (size >= 8 && file.size() >= 8 && input.below(4) > 0) {
        const std::size_t last = file.rfind('}');
        if (last != std::string::npos && last > 8) set_length(file, last + 1 - 8);
    }
}

/// Whether the elements of a shape are its bytes, counted without wrapping.
bool fills(const st::Tensor& tensor) {
    const std::string_view dtype = tensor.dtype;
    const std::size_t bits = dtype == "BOOL" ? 8 : std::stoul(std::string(dtype.substr(dtype[0] == 'B' ? 2 : 1)));
    long double bytes = static_cast<long double>(bits) / 8;
    for (const std::int64_t extent : tensor.shape) bytes *= static_cast<long double>(extent);
    return bytes == static_cast<long double>(tensor.bytes);
}

template <class T>
void read_values(std::span<const std::byte> file, const st::Tensor& tensor, std::string_view dtype) {
    if (tensor.dtype != dtype) return;
    try {
        volatile T last = 0;
        for (const T value : st::values<T>(file, tensor)) last = value;
    } catch (const std::invalid_argument& error) {
        require(std::string_view(error.what()).find("is not aligned") != std::string_view::npos);
    }
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

void read(const std::string& text) {
    // Of exactly its size, so that a sanitizer sees one byte too many.
    const std::vector<std::byte> bytes(reinterpret_cast<const std::byte*>(text.data()),
                                       reinterpret_cast<const std::byte*>(text.data()) + text.size());
    const std::span<const std::byte> file(bytes);
    try {
        const st::Header header = st::read_header(file, std::ssize(file));
        std::int64_t covered = 8 + st::header_bytes(file, std::ssize(file));
        for (const auto& [name, tensor] : header.tensors) {
            require(name == tensor.name && tensor.first >= 8 && tensor.bytes >= 0);
            require(tensor.first + tensor.bytes <= std::ssize(file) && fills(tensor));
            covered += tensor.bytes;
            read_values<float>(file, tensor, "F32");
            read_values<double>(file, tensor, "F64");
            read_values<std::int32_t>(file, tensor, "I32");
            read_values<std::int64_t>(file, tensor, "I64");
            read_values<std::int8_t>(file, tensor, "I8");
            read_values<std::uint16_t>(file, tensor, "U16");
            read_values<std::uint32_t>(file, tensor, "U32");
        }
        require(covered == std::ssize(file));
        const std::size_t most = most_at_once;
        run_network<float>(file);
        run_network<double>(file);
        most_at_once = most;
        run_binary_network<float>(file);
        run_binary_network<double>(file);
    } catch (const std::invalid_argument& error) {
        require(std::strlen(error.what()) > 0);
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    Input input(data, size);
    const auto& valid = valid_files();
    const std::size_t which = input.below(valid.size() + 1);
    std::string file = which < valid.size() ? valid[which] : input.rest();
    if (which < valid.size()) {
        for (std::size_t changes = input.below(4); changes > 0; --changes) change(file, input);
    }
    most_at_once = 64 * file.size() + 4096;
    read(file);
    most_at_once = SIZE_MAX;
    return 0;
}
