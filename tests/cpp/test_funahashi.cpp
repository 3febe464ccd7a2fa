#include <doctest/doctest.h>
#include <kousei/activation_unit.hpp>
#include <kousei/funahashi.hpp>
#include <kousei/funahashi_unit.hpp>
#include <kousei/sizes.hpp>

#include <algorithm>
#include <cmath>
#include <complex>
#include <cstdint>
#include <stdexcept>
#include <vector>

#include "workspace.hpp"

namespace {

constexpr double pi = 3.14159265358979323846;

}  // namespace

TEST_CASE("transform of the bump, golden numbers") {
    using kousei::funahashi::bump_transform_at;
    const auto logistic = kousei::Activation::logistic;
    CHECK(bump_transform_at(logistic, 1.0, pi / 2, 1.0) == doctest::Approx(0.544058109964266).epsilon(1e-14));
    CHECK(bump_transform_at(logistic, 0.5, pi, 1.0) == doctest::Approx(1.36513890066172).epsilon(1e-14));
    CHECK(bump_transform_at(logistic, 0.5, 2.0, 1.0) == doctest::Approx(1.14872477513938).epsilon(1e-14));
    CHECK(bump_transform_at(logistic, 0.5, 2.0, 0.0) == 2.0);
    CHECK(std::isnan(bump_transform_at(kousei::Activation::relu, 0.5, 2.0, 1.0)));
    // Even, and continuous at 0, for every activation.
    for (const auto activation :
         {logistic, kousei::Activation::tanh, kousei::Activation::erf, kousei::Activation::arctan}) {
        const double at_zero = bump_transform_at(activation, 0.7, 1.1, 0.0);
        CHECK(bump_transform_at(activation, 0.7, 1.1, 1e-7) == doctest::Approx(at_zero).epsilon(1e-6));
        CHECK(bump_transform_at(activation, 0.7, 1.1, 2.0) == bump_transform_at(activation, 0.7, 1.1, -2.0));
    }
    const double omega[] = {0.0, 1.0, -3.0};
    double out[3];
    kousei::funahashi::bump_transform(kousei::Cpu{}, logistic, 0.5, 2.0, omega, 3, out);
    for (int i = 0; i < 3; ++i) CHECK(out[i] == bump_transform_at(logistic, 0.5, 2.0, omega[i]));
}

TEST_CASE_TEMPLATE("one frequency of amplitude 1 is a cosine", Real, float, double) {
    const double delta = 1, alpha = pi / 2, h = pi / 4;
    const Real frequency[] = {1, 0.5}, amplitude[] = {1, 0}, center[] = {0.25, -0.5};
    std::vector<Real> thresholds, phases;
    for (int k = -32; k <= 32; ++k) {
        const auto phase = h / kousei::funahashi::bump_transform_at(kousei::Activation::logistic, delta, alpha, 1.0) *
                           std::exp(std::complex<double>(0, h * k));
        thresholds.push_back(static_cast<Real>(h * k));
        phases.push_back(static_cast<Real>(phase.real()));
        phases.push_back(static_cast<Real>(phase.imag()));
    }
    const kousei::funahashi::View<Real> net{frequency,
                                            amplitude,
                                            thresholds.data(),
                                            phases.data(),
                                            center,
                                            1,
                                            65,
                                            2,
                                            h,
                                            static_cast<Real>(1 / delta),
                                            static_cast<Real>(alpha),
                                            kousei::Activation::logistic};
    std::vector<Real> x, out(50);
    for (int i = 0; i < 50; ++i) {
        x.push_back(static_cast<Real>(0.05 * i - 1));
        x.push_back(static_cast<Real>(0.3 * i - 7));
    }
    OwnedWorkspace workspace(kousei::funahashi::workspace_bytes(kousei::Cpu{}, net, 50));
    kousei::funahashi::evaluate(kousei::Cpu{}, net, x.data(), 50, out.data(), workspace.lent());
    for (std::size_t i = 0; i < 50; ++i) {
        const double s = static_cast<double>(x[2 * i]) - 0.25 + 0.5 * (static_cast<double>(x[2 * i + 1]) + 0.5);
        CHECK(std::abs(static_cast<double>(out[i]) - std::cos(s)) < (sizeof(Real) == 4 ? 1e-5 : 2e-8));
    }
}

TEST_CASE_TEMPLATE("bumps as wide as numbers are have no window", Real, float, double) {
    using namespace kousei::funahashi;
    const Real frequency[] = {1}, pair[] = {1, 0}, threshold[] = {0}, center[] = {0};
    for (const double delta : {1e6, 1e37}) {
        const View<Real> net{frequency, pair,
                             threshold, pair,
                             center,    1,
                             1,         1,
                             1,         static_cast<Real>(1 / delta),
                             1,         kousei::Activation::logistic};
        CHECK(work(net, Method::window) == 0);
        CHECK(work(net, Method::shared) > 0);
        CHECK_THROWS_AS(workspace_bytes(kousei::Cpu{}, net, Method::window, 1), std::invalid_argument);
    }
}

TEST_CASE_TEMPLATE("merged units, ranges of bumps and every method are the same function", Real, float, double) {
    using namespace kousei::funahashi;
    const double delta = 0.9, alpha = pi / 2 / delta, h = pi / 3;
    const std::int64_t count = 16, frequencies = 3, points = 700;
    std::vector<Real> thresholds, phases;
    for (int k = 0; k < count; ++k) {
        const double t = h * (k - 7.5);
        thresholds.push_back(static_cast<Real>(t));
        phases.push_back(static_cast<Real>(std::cos(t)));
        phases.push_back(static_cast<Real>(std::sin(t)));
    }
    const Real frequency[] = {1, -2, Real(0.5)}, amplitude[] = {1, 0, 0, 2, -1, 1}, center[] = {Real(0.25)};
    View<Real> net{frequency,
                   amplitude,
                   thresholds.data(),
                   phases.data(),
                   center,
                   frequencies,
                   count,
                   1,
                   h,
                   static_cast<Real>(1 / delta),
                   static_cast<Real>(alpha),
                   kousei::Activation::logistic};
    net.offset = Real(0.5);
    std::vector<Real> x;
    for (int i = 0; i < points; ++i) x.push_back(static_cast<Real>(0.05 * i - 17));
    const kousei::Cpu on{};
    const auto values = [&](Method method) {
        OwnedWorkspace workspace(workspace_bytes(on, net, method, points));
        std::vector<Real> out(points);
        evaluate(on, net, method, x.data(), points, out.data(), workspace.lent());
        return out;
    };
    const auto same = [&](const std::vector<Real>& expected) {
        for (const Method method : {Method::dense, Method::shared, Method::window}) {
            CHECK(work(net, method) > 0);
            const auto out = values(method);
            Real difference = 0;
            for (std::size_t i = 0; i < out.size(); ++i) {
                difference = std::max(difference, std::abs(out[i] - expected[i]));
            }
            CHECK(difference < (sizeof(Real) == 4 ? 1e-4 : 1e-13));
        }
    };
    const auto whole = values(Method::dense);
    same(whole);
    net.merged = 3;
    CHECK(units(net) == frequencies * (count + 3));
    same(whole);

    const std::int64_t bumps[] = {0, 16, 2, 14, 5, 11};
    std::int64_t starts[] = {0, 19, 34, 43};
    net.ranges = {bumps, starts, 43};
    const auto ranged = values(Method::dense);
    same(ranged);
    net.merged = 0;
    const std::int64_t pairs[] = {0, 32, 56, 68};
    net.ranges = {bumps, pairs, 68};
    same(ranged);

    net.activation = kousei::Activation::erf;
    CHECK(work(net, Method::dense) == 32);
    CHECK(work(net, Method::shared) == 0);
    CHECK(work(net, Method::window) == 0);
    CHECK_THROWS_AS(values(Method::shared), std::invalid_argument);
}

TEST_CASE_TEMPLATE("the gradient is the limit of difference quotients", Real, float, double) {
    using namespace kousei::funahashi;
    const std::int64_t count = 5, dim = 2;
    std::vector<Real> thresholds, phases;
    for (int k = 0; k < count; ++k) {
        thresholds.push_back(static_cast<Real>(0.8 * (k - 2)));
        phases.push_back(static_cast<Real>(std::cos(0.8 * k)));
        phases.push_back(static_cast<Real>(std::sin(0.8 * k)));
    }
    const Real frequency[] = {1, Real(-0.5), -2, 1, Real(0.25), 3}, amplitude[] = {1, 0, 0, 2, -1, 1};
    const Real center[] = {Real(0.25), Real(-0.5)};
    const std::int64_t bumps[] = {0, 5, 1, 5, 1, 3};
    for (const auto activation : {kousei::Activation::logistic, kousei::Activation::tanh, kousei::Activation::erf,
                                  kousei::Activation::arctan}) {
        for (const std::int64_t merged : {0, 2}) {
            View<Real> net{frequency, amplitude, thresholds.data(), phases.data(), center,     3,         count,
                           dim,       0.8,       Real(1.25),        Real(1),       activation, Real(0.5), merged};
            std::int64_t starts[4] = {0};
            for (int w = 0; w < 3; ++w) {
                starts[w + 1] = starts[w] + units_of(bumps[2 * w + 1] - bumps[2 * w], merged);
            }
            net.ranges = {bumps, starts, starts[3]};
            // The same units in double, one point and one axis at a time.
            const auto value = [&](double x, double y) {
                double sum = 0;
                for (std::int64_t k = 0; k < units(net); ++k) {
                    const auto unit = unit_at(net, k);
                    const double z = static_cast<double>(unit.weight(0)) * (x - 0.25) +
                                     static_cast<double>(unit.weight(1)) * (y + 0.5) +
                                     static_cast<double>(unit.bias());
                    kousei::activation::with_formula(activation, [&]<class Formula>(Formula) {
                        sum +=
                            static_cast<double>(unit.coef(0)) * Formula::template of_scaled<kousei::math::Range::any>(
                                                                    z * Formula::template scale<double>);
                    });
                }
                return sum;
            };
            const Real x[] = {Real(0.5), Real(0.25), Real(-1), Real(0.75), 3, -2};
            Real out[6];
            const kousei::Cpu on{};
            OwnedWorkspace workspace(gradient_workspace_bytes(on, net, 3));
            evaluate_gradient(on, net, x, 3, out, workspace.lent());
            for (int i = 0; i < 3; ++i) {
                const double a = static_cast<double>(x[2 * i]), b = static_cast<double>(x[2 * i + 1]), h = 1e-4;
                const double along[] = {(value(a + h, b) - value(a - h, b)) / (2 * h),
                                        (value(a, b + h) - value(a, b - h)) / (2 * h)};
                for (int d = 0; d < 2; ++d) {
                    CHECK(std::abs(static_cast<double>(out[2 * i + d]) - along[d]) <
                          (sizeof(Real) == 4 ? 2e-5 : 5e-7));
                }
            }
        }
    }
}

TEST_CASE("unit counts are exact or an error") {
    using kousei::funahashi::unit_count;
    CHECK(unit_count(64, 2, 64) == 2 * 64 * 64 * 64);
    CHECK(unit_count(8, 0, 3) == 6);
    // 2 N^(D+1) wraps to exactly 0 at each of these.
    const std::int64_t orders[][2] = {{2097152, 2}, {65536, 3}, {8192, 4}, {2048, 5}};
    for (const auto& [order, dim] : orders) {
        for (const std::int64_t near : {order - 1, order, order + 1}) {
            CHECK_THROWS_AS(unit_count(near, dim, near), kousei::SizeError);
        }
    }
    CHECK_THROWS_AS(unit_count(-2, 1, 4), kousei::SizeError);
    CHECK_THROWS_AS(unit_count(2, 1, -4), kousei::SizeError);
    CHECK(kousei::checked_mul(INT64_MAX, 1) == INT64_MAX);
    CHECK_THROWS_AS(kousei::checked_mul(INT64_MAX, 2), kousei::SizeError);
}
