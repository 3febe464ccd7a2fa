// Files of tensors: the bytes of the input, or a valid file that the input says how to change. The reader must stay
// inside the file (sanitizers watch), allocate no more than it has, and answer by std::invalid_argument or by tensors
// that are what the header promises.
#include <cstddef>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "files.hpp"

namespace {

std::string file_of(const std::string& header, std::size_t data) {
    std::string bytes;
    for (std::size_t i = 0; i < data; ++i) bytes += static_cast<char>(i * 37 % 251);
    return joined(header, bytes);
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
            const auto bytes = test_file(name);
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

void read(const std::string& text) {
    // Of exactly its size, so that a sanitizer sees one byte too many.
    const std::vector<std::byte> bytes = bytes_of(text);
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
        for (const auto& run :
             {run_network<float>, run_network<double>, run_binary_network<float>, run_binary_network<double>}) {
            most_at_once = most;
            run(file);
        }
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
