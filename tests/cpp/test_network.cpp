#include <doctest/doctest.h>
#include <kousei/network.hpp>

#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <stdexcept>
#include <vector>

#include "workspace.hpp"

namespace {

template <class Real>
struct Network {
    std::vector<Real> weight, bias, coef, offset;
    kousei::network::View<Real> view;

    Network(std::int64_t units, std::int64_t dim, std::int64_t outputs, kousei::Activation activation) {
        std::mt19937_64 random(3);
        std::normal_distribution<double> normal;
        const auto fill = [&](std::vector<Real>& values, std::int64_t count) {
            values.resize(static_cast<std::size_t>(count));
            for (Real& value : values) value = static_cast<Real>(normal(random));
        };
        fill(weight, units * dim);
        fill(bias, units);
        fill(coef, units * outputs);
        fill(offset, outputs);
        view = {weight.data(), bias.data(), coef.data(), offset.data(), units, dim, outputs, activation};
    }

    double exact(const Real* x, std::int64_t output) const {
        double sum = static_cast<double>(offset[static_cast<std::size_t>(output)]);
        for (std::int64_t k = 0; k < view.units; ++k) {
            double z = static_cast<double>(view.bias[k]);
            for (std::int64_t d = 0; d < view.dim; ++d) {
                z += static_cast<double>(view.weight[k * view.dim + d]) * static_cast<double>(x[d]);
            }
            sum += static_cast<double>(view.coef[output * view.units + k]) / (1 + std::exp(-z));
        }
        return sum;
    }
};

}  // namespace

TEST_CASE_TEMPLATE("a network is the sum of its units", Real, float, double) {
    for (const std::int64_t units : {1, 300, 40000}) {
        for (const std::int64_t outputs : {1, 2}) {
            const Network<Real> net(units, 2, outputs, kousei::Activation::logistic);
            const std::int64_t points = 270;  // more than a chunk
            std::vector<Real> x(2 * 270);
            for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<Real>(std::sin(static_cast<double>(i)));
            std::vector<Real> out(static_cast<std::size_t>(points * outputs));
            for (const int threads : {1, 3}) {
                const kousei::Cpu on{threads};
                OwnedWorkspace workspace(kousei::network::workspace_bytes(on, net.view, points));
                kousei::network::evaluate(on, net.view, x.data(), points, out.data(), workspace.lent());
                for (const std::int64_t i : {std::int64_t{0}, std::int64_t{131}, points - 1}) {
                    for (std::int64_t o = 0; o < outputs; ++o) {
                        const double error =
                            std::abs(static_cast<double>(out[static_cast<std::size_t>(i * outputs + o)]) -
                                     net.exact(x.data() + 2 * i, o));
                        CHECK(error <= 20 * std::numeric_limits<Real>::epsilon() * static_cast<double>(units));
                    }
                }
            }
        }
    }
}

TEST_CASE("no points are no work, and no units the offset") {
    const Network<double> net(5, 2, 1, kousei::Activation::tanh);
    kousei::network::evaluate<double>(
        kousei::Cpu{}, net.view, nullptr, 0, nullptr,
        OwnedWorkspace(kousei::network::workspace_bytes(kousei::Cpu{}, net.view, 0)).lent());
    auto empty = net.view;
    empty.units = 0;
    const double x[] = {1, 2};
    double out = 0;
    OwnedWorkspace workspace(kousei::network::workspace_bytes(kousei::Cpu{}, empty, 1));
    kousei::network::evaluate(kousei::Cpu{}, empty, x, 1, &out, workspace.lent());
    CHECK(out == net.offset[0]);
}

TEST_CASE("a workspace that is too small is refused") {
    const Network<double> net(50, 2, 1, kousei::Activation::logistic);
    const double x[] = {1, 2};
    double out = 0;
    const std::int64_t bytes = kousei::network::workspace_bytes(kousei::Cpu{1}, net.view, 1);
    OwnedWorkspace workspace(bytes);
    kousei::Workspace lent = workspace.lent();
    lent.bytes = bytes - 1;
    CHECK_THROWS_AS(kousei::network::evaluate(kousei::Cpu{1}, net.view, x, 1, &out, lent), std::invalid_argument);
    kousei::network::evaluate(kousei::Cpu{1}, net.view, x, 1, &out, workspace.lent());
}

TEST_CASE("sizes that do not fit 64 bits are refused") {
    kousei::network::View<double> net{};
    net.units = 10;
    net.dim = std::int64_t{1} << 62;
    net.outputs = 1;
    CHECK_THROWS_AS(kousei::network::workspace_bytes(kousei::Cpu{}, net, 1), kousei::SizeError);
}
