// Stands in for libFuzzer where the compiler has none: runs the harness over its corpus, and over inputs of a fixed
// random source.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <string_view>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

/// Runs the files of a folder in the order of their names; returns how many there are.
long replay(const std::string& folder) {
    std::vector<std::filesystem::path> paths;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) paths.push_back(entry.path());
    std::sort(paths.begin(), paths.end());
    for (const auto& path : paths) {
        std::ifstream file(path, std::ios::binary);
        const std::vector<char> read{std::istreambuf_iterator<char>(file), {}};
        const std::vector<std::uint8_t> input(read.begin(), read.end());
        LLVMFuzzerTestOneInput(input.data(), input.size());
    }
    return std::ssize(paths);
}

}  // namespace

/// -runs=<random inputs> -max_len=<bytes of the longest>, and folders, as libFuzzer takes them.
int main(int count, char** arguments) {
    long runs = 0, most = 4096, kept = 0;
    for (int i = 1; i < count; ++i) {
        const std::string_view argument = arguments[i];
        if (argument.starts_with("-runs=")) runs = std::atol(arguments[i] + 6);
        if (argument.starts_with("-max_len=")) most = std::atol(arguments[i] + 9);
        if (!argument.starts_with("-")) kept += replay(arguments[i]);
    }
    std::mt19937_64 random(0);
    std::vector<std::uint8_t> input;
    for (long run = 0; run < runs; ++run) {
        input.resize(random() % static_cast<std::uint64_t>(most));
        for (std::size_t filled = 0; filled < input.size(); filled += 8) {
            const std::uint64_t word = random();
            std::memcpy(input.data() + filled, &word, std::min<std::size_t>(8, input.size() - filled));
        }
        LLVMFuzzerTestOneInput(input.data(), input.size());
    }
    std::printf("%ld inputs\n", kept + runs);
}
