#include <doctest/doctest.h>
#include <kousei/ridgelet.hpp>
#include <kousei/ridgelet_unit.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

namespace {

using namespace kousei::ridgelet;

/// A kernel with a table of its own.
template <class Real>
struct OwnKernel {
    std::vector<Real> table;
    Kernel<Real> kernel;

    OwnKernel(double s, bool derivative) : table(table_size) {
        std::vector<double> exact(table_size);
        tabulate(s, derivative, exact.data());
        std::transform(exact.begin(), exact.end(), table.begin(), [](double c) { return static_cast<Real>(c); });
        kernel = {table.data(), static_cast<Real>(s), derivative};
    }
};

}  // namespace

TEST_CASE("kernels of ridgelets, golden numbers") {
    const auto at = [](double t, double s, bool derivative) {
        return value_at(OwnKernel<double>(s, derivative).kernel, t);
    };
    CHECK(at(1.5, 3, false) == doctest::Approx(-0.87460374349591).epsilon(3e-14));
    CHECK(at(1.5, 4, false) == doctest::Approx(-1.765297791261).epsilon(3e-13));
    CHECK(at(1.5, 1, true) == doctest::Approx(-0.44667950420964).epsilon(3e-14));
    CHECK(at(-1.5, 1, true) == -at(1.5, 1, true));
    CHECK(at(1.5, 0.5, false) == doctest::Approx(0.0604704613757943).epsilon(3e-14));
    CHECK(at(100, 3, false) == doctest::Approx(4.79209970489506e-8).epsilon(3e-14));
    CHECK(at(0, 0, false) == doctest::Approx(1).epsilon(1e-15));
}

TEST_CASE_TEMPLATE("kernels of an even power are Hermite's functions", Real, float, double) {
    const OwnKernel<Real> second(2, false), third(2, true);
    const Real eps = std::numeric_limits<Real>::epsilon();
    std::vector<Real> t, out;
    for (int i = -200; i <= 200; ++i) t.push_back(static_cast<Real>(i) / 9);
    out.resize(t.size());
    evaluate(kousei::Cpu{2, nullptr}, second.kernel, t.data(), static_cast<std::int64_t>(t.size()), out.data());
    for (std::size_t i = 0; i < t.size(); ++i) {
        const Real x = t[i], gaussian = std::exp(-x * x / 2);
        CHECK(std::abs(out[i] - (1 - x * x) * gaussian) <= 8 * eps);
        CHECK(out[i] == value_at(second.kernel, x));
        CHECK(std::abs(value_at(third.kernel, x) - (x * x - 3) * x * gaussian) <= 16 * eps);
    }
}

TEST_CASE_TEMPLATE("kernels of ridgelets at the ends of the line", Real, float, double) {
    const Real infinity = std::numeric_limits<Real>::infinity();
    for (const double s : {-0.9, 2.0, 3.5}) {
        for (const bool derivative : {false, true}) {
            const OwnKernel<Real> kernel(s, derivative);
            CHECK(value_at(kernel.kernel, infinity) == 0);
            CHECK(value_at(kernel.kernel, -infinity) == 0);
            CHECK(std::isnan(value_at(kernel.kernel, std::numeric_limits<Real>::quiet_NaN())));
            // The table goes over into the series.
            const Real end = table_end, before = std::nextafter(end, Real(0));
            const double at_zero = std::abs(static_cast<double>(value_at(kernel.kernel, Real(0.5))));
            CHECK(std::abs(value_at(kernel.kernel, end) - value_at(kernel.kernel, before)) <=
                  16 * std::numeric_limits<Real>::epsilon() * (1 + at_zero));
        }
    }
}
