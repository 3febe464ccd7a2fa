// Stands in for libFuzzer where the compiler has none: runs the harness over inputs of a fixed random source.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <random>
#include <string_view>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

/// -runs=<inputs> -max_len=<bytes of the longest>, as libFuzzer takes them.
int main(int count, char** arguments) {
    long runs = 0, most = 4096;
    for (int i = 1; i < count; ++i) {
        const std::string_view argument = arguments[i];
        if (argument.starts_with("-runs=")) runs = std::atol(arguments[i] + 6);
        if (argument.starts_with("-max_len=")) most = std::atol(arguments[i] + 9);
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
    std::printf("%ld inputs\n", runs);
}
