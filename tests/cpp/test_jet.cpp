#include <doctest/doctest.h>
#include <kousei/errors.hpp>
#include <kousei/jet.hpp>
#include <kousei/jet_unit.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numbers>
#include <stdexcept>
#include <vector>

#include "formulas.hpp"
#include "layers.hpp"
#include "workspace.hpp"

namespace {

using kousei::Activation;
using kousei::Cpu;
using kousei::network::Layer;

constexpr Activation smooth[] = {Activation::logistic, Activation::tanh, Activation::erf,     Activation::arctan,
                                 Activation::gelu,     Activation::silu, Activation::softplus};

template <class Real>
kousei::activation::Part<Real> part_of(Activation which) {
    return {which, nullptr, 2, 1};
}

template <class V, Activation which>
V second(V z) {
    return kousei::activation::jet_at<true>(part_of<scalar_t<V>>(which), 0, z).second;
}

template <class V>
auto within_eps(double times) {
    return [=](long double, long double) { return times * eps<V>; };
}

/// Layers of units that apply all activations in turn; `twice`: those that have a second derivative.
template <class Real>
struct Network : RandomLayers<Real> {
    using RandomLayers<Real>::arrays;
    using RandomLayers<Real>::layers;

    Network(const std::vector<std::int64_t>& sizes, bool twice, bool sparse = false)
        : RandomLayers<Real>(sizes, sparse ? 1 : 0, [twice](auto& own, std::int64_t units) {
              own.parameters = {Real(-1),  Real(1),  Real(0), Real(1),
                                Real(0),   Real(-1), Real(0), Real(1),  // hardtanh
                                Real(0.5), Real(-2)};
              const Real* const at = own.parameters.data();
              std::vector<kousei::activation::Part<Real>> all;
              for (const Activation which : smooth) all.push_back({which, nullptr, 0, 1});
              all.insert(all.end(), {{Activation::repu, nullptr, 2, 1}, {Activation::repu, nullptr, 3, 1}});
              if (!twice) {
                  all.insert(all.end(), {{Activation::relu, nullptr, 0, 1},
                                         {Activation::piecewise_linear, at, 2, 1},
                                         {Activation::homogeneous, at + 8, 0, 1},
                                         {Activation::repu, nullptr, 1, 1}});
              }
              for (std::int64_t u = 0; u < units; ++u) own.parts.push_back(all[index(u) % all.size()]);
          }) {}

    std::int64_t dim() const { return layers.front().inputs; }
    std::int64_t outputs() const { return layers.back().units; }

    /// Values, Jacobians and, if wanted, Laplacians, one after the other.
    std::vector<Real> jet(int threads, const std::vector<Real>& x, bool laplacian) const {
        const std::int64_t points = static_cast<std::int64_t>(x.size()) / dim(), count = points * outputs();
        std::vector<Real> out(index(count * (dim() + (laplacian ? 2 : 1))), std::numeric_limits<Real>::quiet_NaN());
        const kousei::network::Jet<Real> to{out.data(), out.data() + count,
                                            laplacian ? out.data() + count * (dim() + 1) : nullptr};
        const std::span<const Layer<Real>> view(layers);
        OwnedWorkspace workspace(kousei::network::jet_workspace_bytes(Cpu{threads}, view, points, laplacian));
        kousei::network::evaluate_jet(Cpu{threads}, view, x.data(), points, to, workspace.lent());
        return out;
    }

    std::vector<Real> divergence(int threads, const std::vector<Real>& x) const {
        const std::int64_t points = static_cast<std::int64_t>(x.size()) / dim();
        std::vector<Real> out(index(points), std::numeric_limits<Real>::quiet_NaN());
        const std::span<const Layer<Real>> view(layers);
        OwnedWorkspace workspace(kousei::network::divergence_workspace_bytes(Cpu{threads}, view, points));
        kousei::network::evaluate_divergence(Cpu{threads}, view, x.data(), points, out.data(), workspace.lent());
        return out;
    }

    /// The jet at one point, by the chain rule in double.
    std::vector<double> exact(const Real* x) const {
        const std::size_t n = index(dim());
        std::vector<std::vector<double>> h(n);  // of a unit: value, derivatives, Laplacian
        for (std::size_t k = 0; k < n; ++k) {
            h[k].assign(n + 2, 0);
            h[k][0] = static_cast<double>(x[k]);
            h[k][k + 1] = 1;
        }
        for (std::size_t i = 0; i < layers.size(); ++i) {
            std::vector<std::vector<double>> next;
            for (std::int64_t u = 0; u < layers[i].units; ++u) {
                std::vector<double> z(n + 2, 0);
                z[0] = static_cast<double>(layers[i].bias[u]);
                for (auto at = arrays[i].starts[index(u)]; at < arrays[i].starts[index(u + 1)]; ++at) {
                    const auto& below = h[index(arrays[i].columns[index(at)])];
                    for (std::size_t s = 0; s < n + 2; ++s)
                        z[s] += static_cast<double>(layers[i].weight[at]) * below[s];
                }
                if (!layers[i].parts.empty()) apply(layers[i].parts[index(u)], z);
                next.push_back(z);
            }
            h = next;
        }
        std::vector<double> out;
        for (const auto& unit : h) out.push_back(unit[0]);
        for (const auto& unit : h) out.insert(out.end(), unit.begin() + 1, unit.end() - 1);
        for (const auto& unit : h) out.push_back(unit.back());
        return out;
    }

    static void apply(const kousei::activation::Part<Real>& part, std::vector<double>& z) {
        std::vector<double> parameters;
        for (std::int64_t p = 0; p < kousei::activation::parameters_of(part.which, part.count, 1); ++p) {
            parameters.push_back(static_cast<double>(part.parameters[p]));
        }
        const kousei::activation::Part<double> same{part.which, parameters.data(), part.count, 1};
        const auto jet = kousei::activation::has_second_derivative(part.which, part.count)
                             ? kousei::activation::jet_at<true>(same, 0, z[0])
                             : kousei::activation::jet_at<false>(same, 0, z[0]);
        double squares = 0;
        for (std::size_t k = 1; k + 1 < z.size(); ++k) squares += z[k] * z[k];
        for (std::size_t k = 1; k < z.size(); ++k) z[k] *= jet.first;
        z.back() += squares * jet.second;
        z[0] = jet.value;
    }
};

template <class Real>
void agrees(const Network<Real>& net, std::int64_t points, bool laplacian) {
    const auto x = points_of<Real>(points, net.dim());
    const auto out = net.jet(1, x, laplacian);
    const std::int64_t dim = net.dim(), outputs = net.outputs();
    const bool square = dim == outputs;
    const auto divergence = square ? net.divergence(1, x) : std::vector<Real>{};
    for (std::int64_t i = 0; i < points; i += i + 9 < points ? 7 : 1) {
        const auto exact = net.exact(x.data() + i * dim);
        double largest = 1, error = 0, trace = 0;
        for (const double each : exact) largest = std::max(largest, std::abs(each));
        const auto compare = [&](std::int64_t at, std::int64_t from) {
            error = std::max(error, std::abs(static_cast<double>(out[index(at)]) - exact[index(from)]));
        };
        for (std::int64_t o = 0; o < outputs; ++o) {
            compare(i * outputs + o, o);
            for (std::int64_t k = 0; k < dim; ++k) {
                compare((points + i * dim) * outputs + o * dim + k, outputs + o * dim + k);
            }
            if (laplacian) compare((points * (dim + 1) + i) * outputs + o, outputs * (dim + 1) + o);
            if (square) trace += exact[index(outputs + o * dim + o)];
        }
        if (square) error = std::max(error, std::abs(static_cast<double>(divergence[index(i)]) - trace));
        CHECK(error <= 100 * static_cast<double>(std::numeric_limits<Real>::epsilon()) * largest);
    }
}

}  // namespace

TEST_CASE_TEMPLATE("second derivatives", V, ALL_TYPES) {
    using T = scalar_t<V>;
    const auto slope = [](long double x) { return 1 / (4 * std::cosh(x / 2) * std::cosh(x / 2)); };
    const auto bent = [&](long double x) { return -std::tanh(x / 2) * slope(x); };
    const auto check = [&](auto f, auto reference, double high) {
        check_error<V>(f, reference, within_eps<V>(8), points<V>(-high, high));
        for (const T x : {infinity<V>, -infinity<V>, T(1e6), T(-1e6), std::numeric_limits<T>::max()}) {
            CHECK(std::abs(at<V>(f, x)) <= T(1e-17));
        }
        for (const T x : {not_a_number<V>, -not_a_number<V>}) CHECK(std::isnan(at<V>(f, x)));
    };
    check(second<V, Activation::logistic>, bent, 80);
    check(second<V, Activation::tanh>, [&](long double x) { return 8 * bent(2 * x); }, 40);
    check(
        second<V, Activation::erf>,
        [](long double x) { return -4 * x * std::numbers::inv_sqrtpi_v<long double> * std::exp(-x * x); }, 9);
    check(second<V, Activation::arctan>, [](long double x) { return -2 * x / ((1 + x * x) * (1 + x * x)); }, 1e6);
    check(
        second<V, Activation::gelu>,
        [](long double x) {
            return (2 - x * x) * std::exp(-x * x / 2) * std::numbers::inv_sqrtpi_v<long double> /
                   std::numbers::sqrt2_v<long double>;
        },
        50);
    check(second<V, Activation::silu>, [&](long double x) { return 2 * slope(x) + x * bent(x); }, 100);
    check(second<V, Activation::softplus>, slope, 100);
    CHECK(at<V>(second<V, Activation::tanh>, T(0)) == 0);
    CHECK(at<V>(second<V, Activation::repu>, T(0)) == 0);
    CHECK(at<V>(second<V, Activation::repu>, T(1e-30)) == 2);
}

TEST_CASE_TEMPLATE("powers and slopes", V, ALL_TYPES) {
    using T = scalar_t<V>;
    for (const std::int64_t power : {1, 2, 3, 4, 7, 32}) {
        const auto of = [&](auto member) { return [=](V z) { return math::repu_jet(power, z).*member; }; };
        const auto p = static_cast<long double>(power);
        const auto falling = [&](long double factor, long double left) {
            return [=](long double x) { return x > 0 ? factor * std::pow(x, left) : 0; };
        };
        const auto x = points<V>(-3, 3);
        const auto close = [&](long double, long double exact) {
            return static_cast<long double>(power) * eps<V> * std::fabs(exact) + std::numeric_limits<T>::min();
        };
        check_error<V>(of(&math::Jet<V>::value), falling(1, p), close, x);
        check_error<V>(of(&math::Jet<V>::first), falling(p, p - 1), close, x);
        if (power > 1) check_error<V>(of(&math::Jet<V>::second), falling(p * (p - 1), p - 2), close, x);
        CHECK(std::isnan(at<V>(of(&math::Jet<V>::first), not_a_number<V>)));
    }
    const std::vector<T> parameters{0, 2, -1, 3, 5, 0, 0, -4};
    const math::PiecewiseLinear<T> f{parameters.data(), 2};
    const auto slope = [&](V z) { return f.slope_at(z); };
    CHECK(at<V>(slope, -infinity<V>) == -1);
    CHECK(at<V>(slope, T(0)) == -1);
    CHECK(at<V>(slope, T(1)) == 3);
    CHECK(at<V>(slope, T(2)) == 3);
    CHECK(at<V>(slope, infinity<V>) == 5);
    CHECK(std::isnan(at<V>(slope, not_a_number<V>)));
    const auto sides = [](V z) { return math::homogeneous_slope(math::splat<V>(-1), math::splat<V>(2), z); };
    CHECK(at<V>(sides, T(0)) == -1);
    CHECK(at<V>(sides, T(1)) == 2);
    CHECK(std::isnan(at<V>(sides, not_a_number<V>)));
}

TEST_CASE_TEMPLATE("jets are the chain rule, at every edge of a panel", Real, float, double) {
    for (const bool sparse : {false, true}) {
        for (const bool twice : {false, true}) {
            for (const std::vector<std::int64_t>& sizes : std::vector<std::vector<std::int64_t>>{
                     {3, 3}, {3, 14, 3}, {2, 27, 13, 2}, {17, 30, 29, 17}, {1, 9, 14, 26, 1}, {4, 15, 40, 7, 3}}) {
                const Network<Real> net(sizes, twice, sparse);
                for (const std::int64_t points : {0, 1, 15, 16, 17, 65, 130}) agrees(net, points, twice);
            }
        }
    }
    agrees(Network<Real>({2, 70, 600, 2}, true), 40, true);
}

TEST_CASE_TEMPLATE("jets too large for a panel of points take fewer of them", Real, float, double) {
    const Network<Real> net({300, 30, 300}, true);
    agrees(net, 40, true);
    const std::span<const Layer<Real>> layers(net.layers);
    CHECK(kousei::network::jet_workspace_bytes<Real>(Cpu{2}, layers, 1000, true) <= (std::int64_t{1} << 25) + 256);
}

TEST_CASE_TEMPLATE("jets have the same bits on any number of threads, and for any neighbours", Real, float, double) {
    for (const std::vector<std::int64_t>& sizes :
         std::vector<std::vector<std::int64_t>>{{4, 60, 50, 4}, {4, 60, 50, 40, 4}}) {
        const Network<Real> net(sizes, true);
        const auto x = points_of<Real>(300, 4);
        const auto jet = net.jet(1, x, true), divergence = net.divergence(1, x);
        for (const int threads : {2, 3, 4}) {
            CHECK(net.jet(threads, x, true) == jet);
            CHECK(net.divergence(threads, x) == divergence);
        }
        const std::vector<Real> some(x.begin() + 4 * 33, x.begin() + 4 * 71);
        CHECK(net.divergence(2, some) == std::vector<Real>(divergence.begin() + 33, divergence.begin() + 71));
        const auto part = net.jet(2, some, true);
        CHECK(std::equal(part.begin(), part.begin() + 4 * 38, jet.begin() + 4 * 33));
    }
}

TEST_CASE("derivatives that cannot be are refused") {
    const Network<double> kinked({3, 20, 2}, false), square({3, 20, 3}, true);
    const std::span<const Layer<double>> layers(kinked.layers);
    const Cpu on{1};
    CHECK_THROWS_AS(kousei::network::jet_workspace_bytes(on, layers, 5, true), std::invalid_argument);
    CHECK_THROWS_AS(kousei::network::jet_workspace_bytes(on, layers.first(0), 5, false), std::invalid_argument);
    CHECK_THROWS_AS(kousei::network::divergence_workspace_bytes(on, layers, 5), std::invalid_argument);
    const std::int64_t bytes = kousei::network::jet_workspace_bytes(on, layers, 5, false);
    OwnedWorkspace workspace(bytes);
    kousei::Workspace lent = workspace.lent();
    lent.bytes = bytes - 1;
    std::vector<double> x(15), value(10), jacobian(30);
    CHECK_THROWS_AS(kousei::network::evaluate_jet<double>(on, layers, x.data(), 5,
                                                          {value.data(), jacobian.data(), nullptr}, lent),
                    std::invalid_argument);
    std::vector<Layer<double>> huge(layers.begin(), layers.end());
    huge[0].units = std::int64_t{1} << 61;
    CHECK_THROWS_AS(kousei::network::jet_workspace_bytes<double>(on, huge, 1, false), kousei::SizeError);
}
