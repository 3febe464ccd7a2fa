// Values of a network of signs that Python saved: binary <file> <coordinate>..., all coordinates of one point after
// the other.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <vector>

#include <kousei/binary_file.hpp>
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
    const binary::Saved<double> net(file);  // its signs stay in `file`
    const binary::View<double>& view = net.view();
    for (const auto& layer : view.layers) {
        std::printf("%lld x %lld signs, by %s\n", static_cast<long long>(layer.units()),
                    static_cast<long long>(layer.signs.signs.columns), layer.chain ? "ranks" : "bits");
    }

    std::vector<double> x;
    for (int i = 2; i < count; ++i) x.push_back(std::atof(arguments[i]));
    if (static_cast<std::int64_t>(x.size()) % view.first.inputs != 0) {
        std::fprintf(stderr, "points of %lld coordinates are needed\n", static_cast<long long>(view.first.inputs));
        return 1;
    }
    const std::int64_t points = static_cast<std::int64_t>(x.size()) / view.first.inputs;
    std::vector<double> values(static_cast<std::size_t>(points * view.outputs()));
    const std::int64_t bytes = binary::workspace_bytes(Cpu{}, view, points);
    std::vector<Line> scratch(static_cast<std::size_t>(bytes) / sizeof(Line) + 1);
    binary::evaluate(Cpu{}, view, x.data(), points, values.data(), Workspace{scratch.data(), bytes});
    for (const double value : values) std::printf("%.15g\n", value);
} catch (const std::exception& error) {  // what is wrong with the file is a std::invalid_argument
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
}
