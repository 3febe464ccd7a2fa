// Values of a network that Python saved: saved <file> <coordinate>..., all coordinates of one point after the other.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <vector>

#include <kousei/network_file.hpp>
#include <kousei/safetensors.hpp>

/// Memory as a workspace needs it.
struct alignas(64) Line {
    std::byte bytes[64];
};

int main(int count, char** arguments) try {
    using namespace kousei;
    if (count < 2) {
        std::fputs("a file is needed\n", stderr);
        return 1;
    }
    const std::vector<std::byte> file = safetensors::read_file(arguments[1]);
    const network::Saved<double> net(file);  // its weights stay in `file`

    std::vector<double> x;
    for (int i = 2; i < count; ++i) x.push_back(std::atof(arguments[i]));
    const std::int64_t dim = net.layers().front().inputs, outputs = net.layers().back().units;
    if (static_cast<std::int64_t>(x.size()) % dim != 0) {
        std::fprintf(stderr, "points of %lld coordinates are needed\n", static_cast<long long>(dim));
        return 1;
    }
    const std::int64_t points = static_cast<std::int64_t>(x.size()) / dim;
    std::vector<double> values(static_cast<std::size_t>(points * outputs));
    const std::int64_t bytes = network::workspace_bytes(Cpu{}, net.layers(), points);
    std::vector<Line> scratch(static_cast<std::size_t>(bytes) / sizeof(Line) + 1);
    network::evaluate(Cpu{}, net.layers(), x.data(), points, values.data(), Workspace{scratch.data(), bytes});
    for (const double value : values) std::printf("%.15g\n", value);
} catch (const std::exception& error) {  // what is wrong with the file is a std::invalid_argument
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
}
