// Networks in files that are whole, whatever their tensors and their configuration say: the input tells how those of
// a valid file are changed. The reader must stay inside the tensors (sanitizers watch), allocate no more than the
// file has, and answer by std::invalid_argument or by a network that can be run.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "files.hpp"

namespace {

using Texts = std::vector<std::string>;

struct Tensor {
    std::string name, dtype;
    std::vector<std::size_t> shape;
    std::string data;
};

/// What reads a file as a network of one class, and runs it.
using Reader = void (*)(std::span<const std::byte>);

struct File {
    std::string config;
    std::vector<Tensor> tensors;
    Reader reader;
};

const std::vector<std::pair<std::string, std::size_t>> dtypes = {{"F32", 4}, {"F64", 8}, {"I64", 8}, {"I32", 4},
                                                                 {"I8", 1},  {"U32", 4}, {"U16", 2}};

std::size_t bytes_of_one(const std::string& dtype) {
    return std::find_if(dtypes.begin(), dtypes.end(), [&](const auto& known) { return known.first == dtype; })
        ->second;
}

File parsed(const std::string& name, Reader reader) {
    const auto bytes = test_file(name);
    const st::Header header = st::read_header(bytes, std::ssize(bytes));
    File file{header.metadata.at("kousei"), {}, reader};
    for (const auto& [key, tensor] : header.tensors) {
        const auto* const data = reinterpret_cast<const char*>(bytes.data() + tensor.first);
        file.tensors.push_back({key,
                                tensor.dtype,
                                {tensor.shape.begin(), tensor.shape.end()},
                                {data, static_cast<std::size_t>(tensor.bytes)}});
    }
    return file;
}

std::string json_string(std::string_view text) {
    std::string result = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') result += '\\';
        result += c;
    }
    return result + '"';
}

/// The largest numbers first, so that all are aligned.
std::string written(File file) {
    std::stable_sort(file.tensors.begin(), file.tensors.end(),
                     [](const Tensor& a, const Tensor& b) { return bytes_of_one(a.dtype) > bytes_of_one(b.dtype); });
    std::string header = R"({"__metadata__":{"kousei":)" + json_string(file.config) + "}", data;
    for (const Tensor& tensor : file.tensors) {
        std::string shape;
        for (const std::size_t extent : tensor.shape) shape += (shape.empty() ? "" : ",") + std::to_string(extent);
        header += "," + json_string(tensor.name) + R"(:{"dtype":")" + tensor.dtype + R"(","shape":[)" + shape +
                  R"(],"data_offsets":[)" + std::to_string(data.size()) + ",";
        data += tensor.data;
        header += std::to_string(data.size()) + "]}";
    }
    return joined(header + "}", data);
}

/// Gives a tensor as many bytes as its shape and its dtype say: repeated ones, or zeros.
void fill(Tensor& tensor) {
    std::size_t bytes = bytes_of_one(tensor.dtype);
    for (const std::size_t extent : tensor.shape) bytes *= extent;
    const std::string before = tensor.data.empty() ? std::string(1, '\0') : tensor.data;
    tensor.data.resize(std::min(bytes, std::size_t{1} << 12));
    while (tensor.data.size() < bytes) tensor.data += before;
    tensor.data.resize(bytes);
}

template <class T>
std::string raw(T value) {
    return {reinterpret_cast<const char*>(&value), sizeof value};
}

template <class T>
Texts hostile() {
    using Limits = std::numeric_limits<T>;
    Texts values;
    for (const int small : {0, 1, 2, 3, 5}) values.push_back(raw(static_cast<T>(small)));
    for (const T end : {Limits::max(), Limits::lowest(), static_cast<T>(-1)}) values.push_back(raw(end));
    if constexpr (Limits::has_infinity) {
        for (const T odd : {Limits::quiet_NaN(), Limits::infinity(), Limits::denorm_min(), T(0.5), T(-0.0)}) {
            values.push_back(raw(odd));
        }
    }
    return values;
}

/// One number of a tensor.
void change_number(Tensor& tensor, Input& input) {
    static const std::vector<Texts> values = {
        hostile<float>(),       hostile<double>(),        hostile<std::int64_t>(), hostile<std::int32_t>(),
        hostile<std::int8_t>(), hostile<std::uint32_t>(), hostile<std::uint16_t>()};
    const auto known =
        std::find_if(dtypes.begin(), dtypes.end(), [&](const auto& d) { return d.first == tensor.dtype; });
    const Texts& of_dtype = values[static_cast<std::size_t>(known - dtypes.begin())];
    const std::size_t count = tensor.data.size() / known->second;
    if (count == 0) return;
    const std::string& value = of_dtype[input.below(of_dtype.size())];
    tensor.data.replace(input.below(count) * value.size(), value.size(), value);
}

void change_config(std::string& config, Input& input) {
    static const Texts pieces = {"0",         "1",        "-1",       "9223372036854775807",
                                 "1e308",     "1e-320",   "[",        "]",
                                 "{",         "}",        "\"",       ",",
                                 ":",         "[]",       "\"relu\"", "\"erf\"",
                                 "\"repu2\"", "\"bits\"", "\"name\"", "\"parts\""};
    const std::size_t at = input.below(config.size() + 1);
    switch (input.below(4)) {
        case 0:
            config.erase(at, 1 + input.below(16));
            break;
        case 1:
            config.insert(at, pieces[input.below(pieces.size())]);
            break;
        case 2:
            config.insert(at, config.substr(input.below(config.size() + 1), input.below(64)));
            break;
        default:
            if (at < config.size()) config[at] = static_cast<char>(' ' + input.below(95));
    }
}

void change(File& file, Input& input) {
    static const Texts names = {"weights.0", "weights.0.data", "weights.1.indptr", "biases.3", "a0.bias", "a.src",
                                "b1.row",    "b1.scale",       "b1.rank",          "b1.src",   "b1.sign", "b1.errors",
                                "b2.errors", "b2.row",         "b3.bits",          "é"};
    const std::size_t action = input.below(10);
    if (action < 2 || file.tensors.empty()) return change_config(file.config, input);
    const std::size_t which = input.below(file.tensors.size());
    Tensor& tensor = file.tensors[which];
    switch (action) {
        case 2:
        case 3:
            change_number(tensor, input);
            break;
        case 4:
            if (!tensor.shape.empty()) tensor.shape[input.below(tensor.shape.size())] = input.below(7);
            fill(tensor);
            break;
        case 5:
            tensor.dtype = dtypes[input.below(dtypes.size())].first;
            fill(tensor);
            break;
        case 6:
            file.tensors.erase(file.tensors.begin() + static_cast<std::ptrdiff_t>(which));
            break;
        case 7:
            tensor.name = names[input.below(names.size())];
            break;
        case 8:
            file.tensors.push_back(tensor);
            file.tensors.back().name = names[input.below(names.size())];
            break;
        default:
            if (input.below(2) > 0 && !tensor.shape.empty()) {
                tensor.shape.pop_back();
            } else {
                tensor.shape.push_back(1);
            }
            fill(tensor);
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const std::vector<File> valid = {
        parsed("dense.safetensors", run_network<double>), parsed("sparse.safetensors", run_network<float>),
        parsed("binary.safetensors", run_binary_network<double>),
        parsed("binary_without_multiples.safetensors", run_binary_network<double>),
        parsed("signs.safetensors", run_binary_network<float>)};
    Input input(data, size);
    File file = valid[input.below(valid.size())];
    const File& of_reader = valid[input.below(valid.size())];
    if (input.below(8) == 7) file.reader = of_reader.reader;
    for (std::size_t changes = input.below(7); changes > 0; --changes) change(file, input);
    const std::vector<std::byte> bytes = bytes_of(written(file));
    most_at_once = 64 * bytes.size() + 4096;
    file.reader(bytes);
    most_at_once = SIZE_MAX;
    return 0;
}
