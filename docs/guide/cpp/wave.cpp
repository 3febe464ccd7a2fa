// cos(2x) by the 130 hidden units of one frequency, beside the cosine itself.
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <numbers>
#include <vector>

#include <kousei/funahashi.hpp>
#include <kousei/threads.hpp>

/// Memory as a workspace needs it.
struct alignas(64) Line {
    std::byte bytes[64];
};

int main() {
    using namespace kousei;
    const double delta = 1, alpha = std::numbers::pi / 2, h = std::numbers::pi / 4, one = 1;

    double psi = 0;  // Psi(1)
    funahashi::bump_transform(Cpu{}, Activation::logistic, delta, alpha, &one, 1, &psi);
    std::vector<double> thresholds, phases;
    for (int k = -32; k <= 32; ++k) {
        const double t = h * k;
        thresholds.push_back(t);
        phases.push_back(h / psi * std::cos(t));
        phases.push_back(h / psi * std::sin(t));
    }
    const double frequency = 2, amplitude[] = {1, 0}, center = 0;
    const funahashi::View<double> net{
        .frequencies = &frequency,
        .amplitudes = amplitude,
        .thresholds = thresholds.data(),
        .phases = phases.data(),
        .center = &center,
        .frequency_count = 1,
        .threshold_count = static_cast<std::int64_t>(thresholds.size()),
        .dim = 1,
        .spacing = h,
        .inverse_delta = 1 / delta,
        .alpha = alpha,
        .activation = Activation::logistic,
    };

    const std::vector<double> x = {-1, -0.5, 0, 0.5, 1};
    const auto points = static_cast<std::int64_t>(x.size());
    std::vector<double> values(x.size());
    const std::int64_t bytes = funahashi::workspace_bytes(Cpu{}, net, points);
    std::vector<Line> scratch(static_cast<std::size_t>(bytes) / sizeof(Line) + 1);
    funahashi::evaluate(Cpu{}, net, x.data(), points, values.data(), Workspace{scratch.data(), bytes});

    std::printf("instruction set %s, %d threads\n", instruction_set_name(), num_threads());
    for (std::size_t i = 0; i < x.size(); ++i) {
        std::printf("%5.1f %12.9f %8.1e\n", x[i], values[i], values[i] - std::cos(2 * x[i]));
    }
}
