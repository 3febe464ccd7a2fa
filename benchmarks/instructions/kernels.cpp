// Kernels of fixed sizes on one thread, whose instructions count.py counts: `counted_kernels NAME` runs one of them,
// without a name they are listed.

#include <kousei/attribution.hpp>
#include <kousei/equivariant.hpp>
#include <kousei/funahashi.hpp>
#include <kousei/jet.hpp>
#include <kousei/ridgelet.hpp>

#include <cmath>
#include <cstdio>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "../../tests/cpp/ising_chains.hpp"
#include "../../tests/cpp/layers.hpp"
#include "../../tests/cpp/rbm_machine.hpp"
#include "../../tests/cpp/recommend_tables.hpp"
#include "../../tests/cpp/workspace.hpp"

namespace {

using namespace kousei;

constexpr Cpu on{1};

// Instructions are counted within this function alone.
[[gnu::noinline]] void counted(const std::function<void()>& call) {
    call();
}

/// Calls a kernel twice: what it does once for a process is not counted.
void measure(const std::function<void()>& call) {
    call();
    counted(call);
}

void funahashi_by(funahashi::Method method) {
    constexpr std::int64_t frequencies = 64, thresholds = 64, points = 512;
    const double h = 0.4;
    std::vector<double> frequency, amplitude, center{0.25, -0.5}, at, phases, out(points);
    for (std::int64_t w = 0; w < frequencies; ++w) {
        const double angle = 0.7 * static_cast<double>(w);
        frequency.insert(frequency.end(), {std::cos(angle), std::sin(angle)});
        amplitude.insert(amplitude.end(), {std::sin(angle), 0.5});
    }
    for (std::int64_t k = 0; k < thresholds; ++k) {
        at.push_back(h * (static_cast<double>(k) - 31.5));
        phases.insert(phases.end(), {std::cos(at.back()), std::sin(at.back())});
    }
    const funahashi::View<double> net{frequency.data(),
                                      amplitude.data(),
                                      at.data(),
                                      phases.data(),
                                      center.data(),
                                      frequencies,
                                      thresholds,
                                      2,
                                      h,
                                      1.25,
                                      1.0,
                                      Activation::logistic};
    const std::vector<double> x = points_of<double>(points, 2);
    const OwnedWorkspace workspace(funahashi::workspace_bytes(on, net, method, points));
    measure([&] { funahashi::evaluate(on, net, method, x.data(), points, out.data(), workspace.lent()); });
}

template <class Real>
RandomLayers<Real> layers_of(const std::vector<std::int64_t>& sizes, Activation which) {
    return {sizes, 0, [which](auto& own, std::int64_t units) { own.parts.push_back({which, nullptr, 3, units}); }};
}

void one_hidden_layer() {
    constexpr std::int64_t units = 4096, dim = 3, points = 256;
    const auto net = layers_of<float>({dim, units, 1}, Activation::tanh);
    const auto& hidden = net.arrays[0];
    const auto& output = net.arrays[1];
    const network::View<float> view{
        hidden.weight.data(), hidden.bias.data(), output.weight.data(), output.bias.data(), units, dim, 1,
        Activation::tanh};
    const std::vector<float> x = points_of<float>(points, dim);
    std::vector<float> out(points);
    const OwnedWorkspace workspace(network::workspace_bytes(on, view, points));
    measure([&] { network::evaluate(on, view, x.data(), points, out.data(), workspace.lent()); });
}

void layers() {
    constexpr std::int64_t points = 1024;
    const auto net = layers_of<float>({8, 128, 128, 1}, Activation::relu);
    const std::vector<float> x = points_of<float>(points, 8);
    std::vector<float> out(points);
    const std::span<const network::Layer<float>> view = net.layers;
    const OwnedWorkspace workspace(network::workspace_bytes(on, view, points));
    measure([&] { network::evaluate(on, view, x.data(), points, out.data(), workspace.lent()); });
}

void jet() {
    constexpr std::int64_t points = 256, dim = 4;
    const auto net = layers_of<double>({dim, 64, 64, 1}, Activation::repu);
    const std::vector<double> x = points_of<double>(points, dim);
    std::vector<double> value(points), jacobian(points * dim), laplacian(points);
    const std::span<const network::Layer<double>> view = net.layers;
    const OwnedWorkspace workspace(network::jet_workspace_bytes(on, view, points, true));
    const network::Jet<double> out{value.data(), jacobian.data(), laplacian.data()};
    measure([&] { network::evaluate_jet(on, view, x.data(), points, out, workspace.lent()); });
}

std::vector<std::uint32_t> random_signs(std::int64_t rows, std::int64_t columns) {
    std::mt19937 random(5);
    std::vector<std::uint32_t> words(index(rows * packed::stride_of(columns)));
    for (std::uint32_t& word : words) word = static_cast<std::uint32_t>(random());
    return words;
}

void packed_matmul() {
    constexpr std::int64_t rows = 2048, columns = 2048;
    const auto words = random_signs(rows, columns);
    packed::Matrix<float> matrix{{words.data(), rows, columns}};
    std::vector<std::uint32_t> copy(index(packed::interleaved_words(matrix)) + 16);
    packed::interleave(on, matrix, copy.data());
    if (packed::interleaved_words(matrix) > 0) matrix.interleaved = copy.data();
    const std::vector<float> x = points_of<float>(1, columns);
    std::vector<float> out(rows);
    const OwnedWorkspace workspace(packed::workspace_bytes(on, matrix, 1));
    measure([&] { packed::matmul(on, matrix, x.data(), 1, out.data(), workspace.lent()); });
}

void packed_dot() {
    constexpr std::int64_t rows = 256, columns = 4096;
    const auto words = random_signs(rows, columns);
    const packed::View view{words.data(), rows, columns};
    std::vector<std::int32_t> out(rows * rows);
    measure([&] { packed::dot(on, view, view, out.data()); });
}

void ridgelet_sums() {
    constexpr std::int64_t points = 256, directions = 32, biases = 64;
    std::vector<double> table(index(ridgelet::table_size)), bias, out(directions * biases);
    ridgelet::tabulate(2, false, table.data());
    for (std::int64_t l = 0; l < biases; ++l) bias.push_back(0.1 * static_cast<double>(l) - 3.2);
    const std::vector<double> x = points_of<double>(points, 2), a = points_of<double>(directions, 2);
    const std::vector<double> g = points_of<double>(points, 1);
    const ridgelet::Kernel<double> kernel{table.data(), 2, false};
    const ridgelet::Arguments at{x.data(), a.data(), bias.data(), points, directions, biases, 2};
    const OwnedWorkspace workspace(ridgelet::workspace_bytes<double>(on, at, kernel, 1));
    measure([&] { ridgelet::sum_over_points(on, at, kernel, g.data(), 1, out.data(), workspace.lent()); });
}

void equivariant_sums() {
    const equivariant::Ridges labels(13, 2);
    const std::vector<float> value = points_of<float>(13, 1), f = points_of<float>(labels.points, 1);
    std::vector<float> out(index(labels.units));
    const equivariant::Values<float> values{value.data(), 13};
    const OwnedWorkspace workspace(equivariant::workspace_bytes<float>(on, labels, 1));
    measure([&] { equivariant::sum_over_points(on, labels, values, f.data(), 1, out.data(), workspace.lent()); });
}

void ising_metropolis() {
    SpinChains chains({2, {64, 64}}, 1, 8);
    const ising::Weight weight{0.44, 0};
    const OwnedWorkspace workspace(ising::workspace_bytes(on, chains.lattice, 1, chains.groups));
    measure([&] {
        ising::metropolis(on, chains.lattice, {&weight, 1}, chains.view(), chains.run(7, 0), 4, workspace.lent());
    });
}

void rbm_respond() {
    constexpr std::int64_t rows = 64, hidden = 256;
    const Machine machine(512, hidden, rows, rbm::Units::spin);
    std::vector<float> means(rows * hidden);
    std::vector<std::uint32_t> drawn(index(rows * packed::stride_of(hidden)));
    const OwnedWorkspace workspace(rbm::workspace_bytes(on, machine.side(), rows));
    const rbm::Wanted wanted{nullptr, means.data(), drawn.data()};
    measure([&] {
        rbm::respond(on, machine.side(), machine.data.data(), rows, nullptr, {3, 4}, wanted, workspace.lent());
    });
}

void owen_values() {
    constexpr std::int64_t items = 6, features = 4, units = 32;
    const auto rho = layers_of<double>({1, units, 1}, Activation::tanh);
    const std::vector<double> terms = points_of<double>(items << features, units);
    const attribution::Tables<double> tables{terms.data(), nullptr, items, features};
    std::vector<double> out(items * features);
    const attribution::Layers<double> view = rho.layers;
    const OwnedWorkspace workspace(attribution::owen_workspace_bytes(on, tables, view));
    measure([&] { attribution::owen_values(on, tables, view, out.data(), workspace.lent()); });
}

void top_products() {
    const recommend::Matrix<float> matrix(600, 400, 3, 70);
    std::vector<std::int32_t> indices(index(matrix.rows * 10));
    std::vector<float> products(indices.size());
    const OwnedWorkspace workspace(recommend::workspace_bytes(on, matrix.view(), 10));
    measure(
        [&] { recommend::top_products(on, matrix.view(), 10, indices.data(), products.data(), workspace.lent()); });
}

const std::map<std::string, void (*)()> kernels{
    {"attribution-owen-values", owen_values},
    {"equivariant-sums", equivariant_sums},
    {"funahashi-dense", [] { funahashi_by(funahashi::Method::dense); }},
    {"funahashi-shared", [] { funahashi_by(funahashi::Method::shared); }},
    {"funahashi-window", [] { funahashi_by(funahashi::Method::window); }},
    {"ising-metropolis", ising_metropolis},
    {"network-jet", jet},
    {"network-layers", layers},
    {"network-one-hidden-layer", one_hidden_layer},
    {"packed-dot", packed_dot},
    {"packed-matmul", packed_matmul},
    {"rbm-respond", rbm_respond},
    {"recommend-top-products", top_products},
    {"ridgelet-sums", ridgelet_sums},
};

}  // namespace

int main(int count, char** names) {
    if (count == 1) {
        for (const auto& [name, run] : kernels) std::puts(name.c_str());
        return 0;
    }
    kernels.at(names[1])();
}
