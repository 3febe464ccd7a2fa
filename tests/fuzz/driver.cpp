// Stands in for libFuzzer where the compiler has none: runs the harness over 20000 inputs of a fixed random source.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <random>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

int main() {
    std::mt19937_64 random(0);
    for (int run = 0; run < 20000; ++run) {
        std::vector<std::uint8_t> input(random() % 4096);
        for (auto& byte : input) byte = static_cast<std::uint8_t>(random());
        LLVMFuzzerTestOneInput(input.data(), input.size());
    }
    std::puts("20000 inputs");
}
