#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <numbers>
#include <vector>

#include <doctest/doctest.h>

#include <kousei/math/arctan.hpp>
#include <kousei/math/erf.hpp>
#include <kousei/math/formula.hpp>
#include <kousei/math/gelu.hpp>
#include <kousei/math/logistic.hpp>
#include <kousei/math/piecewise_linear.hpp>
#include <kousei/math/relu.hpp>
#include <kousei/math/repu.hpp>
#include <kousei/math/silu.hpp>
#include <kousei/math/softplus.hpp>
#include <kousei/math/tanh.hpp>

#include "formulas.hpp"

namespace {

using math::Arctan;
using math::Derivative;
using math::Erf;
using math::Gelu;
using math::Logistic;
using math::Relu;
using math::Silu;
using math::Softplus;
using math::Tanh;

template <class Formula, class V>
auto in_any = math::value_at<Formula, Range::any, V>;
template <class Formula, class V>
auto in_finite = math::value_at<Formula, Range::finite, V>;

long double logistic_reference(long double x) {
    return 1 / (1 + std::exp(-x));
}
long double tanh_reference(long double x) {
    return std::tanh(x);
}
long double erf_reference(long double x) {
    return std::erf(x);
}
long double arctan_reference(long double x) {
    return std::atan(x);
}
long double gelu_reference(long double x) {
    return x / 2 * std::erfc(-x / std::numbers::sqrt2_v<long double>);
}
long double silu_reference(long double x) {
    return x / (1 + std::exp(-x));
}
long double softplus_reference(long double x) {
    return std::max(x, 0.0L) + std::log1p(std::exp(-std::fabs(x)));
}

/// times eps max(1, |x|).
template <class V>
auto absolute(double times) {
    return [=](long double x, long double) { return times * eps<V> * std::max(1.0L, std::fabs(x)); };
}

/// check of every activation without parameters, and of its derivative.
template <class Check>
void for_every_formula(Check check) {
    const auto each = [&]<class... Formula>(Formula...) {
        (check(Formula{}), ...);
        (check(Derivative<Formula>{}), ...);
    };
    each(Logistic{}, Tanh{}, Erf{}, Arctan{}, Relu{}, Gelu{}, Silu{}, Softplus{});
}

}  // namespace

TEST_CASE_TEMPLATE("lanes are independent", V, ALL_TYPES) {
    using T = scalar_t<V>;
    const std::vector<T> x = points<V>(-8, 8);
    const auto check = [&]<class Formula>(Formula) {
        const std::vector<T> together = evaluate<V>(in_any<Formula, V>, x);
        for (std::size_t i = 0; i < 20; ++i) CHECK(same(together[i], at<V>(in_any<Formula, V>, x[i])));
    };
    for_every_formula(check);
}

TEST_CASE_TEMPLATE("logistic", V, ALL_TYPES) {
    using T = scalar_t<V>;
    const auto f = in_any<Logistic, V>;
    const auto absolute = [](long double, long double) { return eps<V>; };
    const auto growing = [](long double x, long double exact) {
        return std::max<long double>(1, std::fabs(x)) * 2 * eps<V> * exact;
    };
    check_error<V>(f, logistic_reference, absolute, points<V>(-100, 100));
    check_error<V>(f, logistic_reference, growing, points<V>(-80, 10));
    CHECK(at<V>(f, T(0)) == T(0.5));
    CHECK(at<V>(f, -infinity<V>) == 0);
    CHECK(at<V>(f, infinity<V>) == 1);
}

TEST_CASE_TEMPLATE("tanh", V, ALL_TYPES) {
    const auto f = in_any<Tanh, V>;
    check_error<V>(f, tanh_reference, relative<V>(4), points<V>(-3, 3));
    check_error<V>(f, tanh_reference, relative<V>(4), points<V>(-100, 100));
    CHECK(at<V>(f, -infinity<V>) == -1);
    CHECK(at<V>(f, infinity<V>) == 1);
}

TEST_CASE_TEMPLATE("erf", V, ALL_TYPES) {
    const auto f = in_any<Erf, V>;
    check_error<V>(f, erf_reference, relative<V>(2), points<V>(-3, 3));
    check_error<V>(f, erf_reference, relative<V>(2), points<V>(-10, 10));
    for (const double x : {6.0, 7.0, 100.0, 1e30}) CHECK(at<V>(f, static_cast<scalar_t<V>>(x)) == 1);
    CHECK(at<V>(f, -infinity<V>) == -1);
    CHECK(at<V>(f, infinity<V>) == 1);
    const std::vector<scalar_t<V>> y = evaluate<V>(f, points<V>(0, 10));
    CHECK(std::all_of(y.begin(), y.end(), [](auto each) { return std::fabs(each) <= 1; }));
}

TEST_CASE_TEMPLATE("arctan", V, ALL_TYPES) {
    using T = scalar_t<V>;
    const auto f = in_any<Arctan, V>;
    check_error<V>(f, arctan_reference, relative<V>(2), points<V>(-4, 4));
    check_error<V>(f, arctan_reference, relative<V>(2), points<V>(-1e6, 1e6));
    const T right = std::numbers::pi_v<T> / 2;
    CHECK(at<V>(f, std::numeric_limits<T>::max()) == right);
    CHECK(at<V>(f, infinity<V>) == right);
    CHECK(at<V>(f, -infinity<V>) == -right);
}

TEST_CASE_TEMPLATE("relu", V, ALL_TYPES) {
    using T = scalar_t<V>;
    const auto f = in_any<Relu, V>;
    check_error<V>(
        f, [](long double x) { return std::max(x, 0.0L); }, [](long double, long double) { return 0.0L; },
        points<V>(-1e6, 1e6));
    CHECK(at<V>(f, T(0)) == 0);
    CHECK(at<V>(f, -infinity<V>) == 0);
    CHECK(at<V>(f, infinity<V>) == infinity<V>);
}

TEST_CASE_TEMPLATE("gelu", V, ALL_TYPES) {
    const auto f = in_any<Gelu, V>;
    const auto left = [](long double x, long double exact) {
        return (4 + x * x) * eps<V> * std::fabs(exact) + std::numeric_limits<scalar_t<V>>::min();
    };
    check_error<V>(f, gelu_reference, absolute<V>(1), points<V>(-8, 8));
    check_error<V>(in_finite<Gelu, V>, gelu_reference, absolute<V>(1), points<V>(-1e6, 1e6));
    check_error<V>(f, gelu_reference, left, points<V>(-40, 0));
    CHECK(at<V>(f, 0) == 0);
    CHECK(at<V>(f, -infinity<V>) == 0);
    CHECK(at<V>(f, -std::numeric_limits<scalar_t<V>>::max()) == 0);
    CHECK(at<V>(f, infinity<V>) == infinity<V>);
}

TEST_CASE_TEMPLATE("silu", V, ALL_TYPES) {
    const auto f = in_any<Silu, V>;
    check_error<V>(f, silu_reference, absolute<V>(1.5), points<V>(-30, 30));
    check_error<V>(in_finite<Silu, V>, silu_reference, absolute<V>(1.5), points<V>(-1e6, 1e6));
    CHECK(at<V>(f, 0) == 0);
    CHECK(at<V>(f, -infinity<V>) == 0);
    CHECK(at<V>(f, -std::numeric_limits<scalar_t<V>>::max()) == 0);
    CHECK(at<V>(f, infinity<V>) == infinity<V>);
}

TEST_CASE_TEMPLATE("softplus", V, ALL_TYPES) {
    const auto f = in_any<Softplus, V>;
    const auto growing = [](long double x, long double exact) {
        return (3 + std::fabs(x)) * eps<V> * exact + std::numeric_limits<scalar_t<V>>::min();
    };
    check_error<V>(f, softplus_reference, absolute<V>(1.5), points<V>(-30, 30));
    check_error<V>(in_finite<Softplus, V>, softplus_reference, absolute<V>(1.5), points<V>(-1e6, 1e6));
    check_error<V>(f, softplus_reference, growing, points<V>(-80, 10));
    CHECK(at<V>(f, -infinity<V>) == 0);
    CHECK(at<V>(f, infinity<V>) == infinity<V>);
}

TEST_CASE_TEMPLATE("repu", V, ALL_TYPES) {
    using T = scalar_t<V>;
    for (const int power : {1, 2, 3, 6, 7, 32}) {
        const auto f = [=](V z) { return math::repu(power, z); };
        check_error<V>(
            f, [=](long double x) { return std::pow(std::max(x, 0.0L), power); },
            [=](long double, long double exact) {
                return power * eps<V> / 2 * exact + std::numeric_limits<T>::min();
            },
            points<V>(-10, 10));
        CHECK(at<V>(f, T(-2)) == 0);
        CHECK(at<V>(f, -infinity<V>) == 0);
        CHECK(at<V>(f, infinity<V>) == infinity<V>);
        CHECK(std::isnan(at<V>(f, not_a_number<V>)));
    }
}

TEST_CASE_TEMPLATE("piecewise linear functions", V, ALL_TYPES) {
    using T = scalar_t<V>;
    const T max = std::numeric_limits<T>::max();
    // hardtanh: values between the kinks and at them are exact, and so are limits.
    const T hardtanh[] = {-1, 1, 0, 1, 0, -1, 0, 1};
    const auto f = [&](V z) { return math::PiecewiseLinear<T>{hardtanh, 2}(z); };
    check_error<V>(
        f, [](long double x) { return std::clamp(x, -1.0L, 1.0L); }, [](long double, long double) { return 0.0L; },
        points<V>(-3, 3));
    for (const T x : {infinity<V>, max, T(1)}) {
        CHECK(at<V>(f, x) == 1);
        CHECK(at<V>(f, -x) == -1);
    }
    CHECK(std::isnan(at<V>(f, not_a_number<V>)));
    // Of three kinks, with slopes without end: 2 |z + 1| - |z| + |z - 4| / 2.
    const T three[] = {-1, 0, 4, T(-1.5), T(2.5), T(0.5), T(1.5), 0, 4, 4, 0};
    const auto g = [&](V z) { return math::PiecewiseLinear<T>{three, 3}(z); };
    check_error<V>(
        g, [](long double x) { return 2 * std::fabs(x + 1) - std::fabs(x) + std::fabs(x - 4) / 2; }, absolute<V>(8),
        points<V>(-10, 10));
    CHECK(at<V>(g, infinity<V>) == infinity<V>);
    CHECK(at<V>(g, -infinity<V>) == infinity<V>);
}

TEST_CASE_TEMPLATE("homogeneous functions", V, ALL_TYPES) {
    using T = scalar_t<V>;
    const auto f = [](double below, double above) {
        return [=](V z) { return math::homogeneous<V>(math::splat<V>(below), math::splat<V>(above), z); };
    };
    for (const T x : {T(1.5), T(1e30), infinity<V>}) {
        CHECK(at<V>(f(0.25, 2), -x) == -x / 4);
        CHECK(at<V>(f(0.25, 2), x) == x * 2);
        CHECK(at<V>(f(0, -1), -x) == 0);
        CHECK(at<V>(f(-1, 0), x) == 0);
    }
    CHECK(at<V>(f(3, 4), 0) == 0);
    CHECK(std::isnan(at<V>(f(0, 0), not_a_number<V>)));
}

TEST_CASE_TEMPLATE("derivatives", V, ALL_TYPES) {
    using T = scalar_t<V>;
    const auto growing = [](long double x, long double exact) {
        return (8 + 4 * x * x) * eps<V> * exact + std::numeric_limits<T>::min();
    };
    const auto logistic_slope = [](long double x) { return 1 / (4 * std::cosh(x / 2) * std::cosh(x / 2)); };
    const auto erf_slope = [](long double x) {
        return 2 * std::numbers::inv_sqrtpi_v<long double> * std::exp(-x * x);
    };
    const auto arctan_slope = [](long double x) { return 1 / (1 + x * x); };
    check_error<V>(in_any<Derivative<Logistic>, V>, logistic_slope, growing, points<V>(-80, 80));
    check_error<V>(
        in_any<Derivative<Tanh>, V>, [&](long double x) { return 4 * logistic_slope(2 * x); }, growing,
        points<V>(-40, 40));
    check_error<V>(in_any<Derivative<Erf>, V>, erf_slope, growing, points<V>(-9, 9));
    check_error<V>(in_any<Derivative<Arctan>, V>, arctan_slope, relative<V>(2), points<V>(-1e6, 1e6));
    const auto gelu_slope = [](long double x) {
        return std::erfc(-x / std::numbers::sqrt2_v<long double>) / 2 + x * std::exp(-x * x / 2) *
                                                                            std::numbers::inv_sqrtpi_v<long double> /
                                                                            std::numbers::sqrt2_v<long double>;
    };
    const auto silu_slope = [](long double x) { return (1 + x / (1 + std::exp(x))) / (1 + std::exp(-x)); };
    const auto fixed = [](long double, long double) { return 4 * eps<V>; };
    check_error<V>(in_any<Derivative<Gelu>, V>, gelu_slope, fixed, points<V>(-50, 50));
    check_error<V>(in_any<Derivative<Silu>, V>, silu_slope, fixed, points<V>(-200, 200));
    check_error<V>(in_any<Derivative<Softplus>, V>, logistic_reference, fixed, points<V>(-200, 200));
    const auto rises = []<class Formula>(Formula) {
        for (const auto f : {in_any<Formula, V>, in_finite<Formula, V>}) {
            CHECK(at<V>(f, T(1e6)) == 1);
            CHECK(std::fabs(at<V>(f, T(-1e6))) <= T(0x1p-100));
        }
        CHECK(at<V>(in_any<Formula, V>, infinity<V>) == 1);
        CHECK(std::fabs(at<V>(in_any<Formula, V>, -infinity<V>)) <= T(0x1p-100));
    };
    rises(Derivative<Gelu>{});
    rises(Derivative<Silu>{});
    rises(Derivative<Softplus>{});
    CHECK(at<V>(in_any<Derivative<Logistic>, V>, T(0)) == T(0.25));
    CHECK(at<V>(in_any<Derivative<Tanh>, V>, T(0)) == 1);
    CHECK(at<V>(in_any<Derivative<Relu>, V>, T(0)) == 0);
    CHECK(at<V>(in_any<Derivative<Relu>, V>, T(1e-30)) == 1);
    const auto vanishes = []<class Formula>(Formula) {
        for (const T x : {infinity<V>, -infinity<V>}) {
            CHECK(std::fabs(at<V>(in_any<Formula, V>, x)) <= 2 * std::numeric_limits<T>::min());
        }
    };
    vanishes(Derivative<Logistic>{});
    vanishes(Derivative<Tanh>{});
    vanishes(Derivative<Erf>{});
    vanishes(Derivative<Arctan>{});
}

TEST_CASE_TEMPLATE("odd functions are odd and 0 at 0", V, ALL_TYPES) {
    const auto check = [](auto f) {
        CHECK(at<V>(f, 0) == 0);
        std::vector<scalar_t<V>> x = points<V>(-10, 10);
        const std::vector<scalar_t<V>> y = evaluate<V>(f, x);
        for (scalar_t<V>& each : x) each = -each;
        const std::vector<scalar_t<V>> mirrored = evaluate<V>(f, x);
        CHECK(std::equal(y.begin(), y.end(), mirrored.begin(), [](auto a, auto b) { return a == -b; }));
    };
    check(in_any<Erf, V>);
    check(in_any<Arctan, V>);
    CHECK(at<V>(in_any<Tanh, V>, 0) == 0);
}

TEST_CASE_TEMPLATE("NaN stays NaN", V, ALL_TYPES) {
    const auto check = []<class Formula>(Formula) {
        for (const scalar_t<V> x : {not_a_number<V>, -not_a_number<V>}) {
            CHECK(std::isnan(at<V>(in_any<Formula, V>, x)));
            CHECK(std::isnan(at<V>(in_finite<Formula, V>, x)));
        }
    };
    for_every_formula(check);
}

TEST_CASE_TEMPLATE("Range::finite gives the same bits for moderate arguments", V, ALL_TYPES) {
    // No product goes before: fused with the first addition of the one and not of the other, it would change bits.
    const std::vector<scalar_t<V>> z = points<V>(-100, 100);
    const auto check = [&](auto f, auto g) {
        const std::vector<scalar_t<V>> a = evaluate<V>(f, z), b = evaluate<V>(g, z);
        CHECK(std::equal(a.begin(), a.end(), b.begin(), same<scalar_t<V>>));
    };
    check(Logistic::of_scaled<Range::any, V>, Logistic::of_scaled<Range::finite, V>);
    check(Tanh::of_scaled<Range::any, V>, Tanh::of_scaled<Range::finite, V>);
    check(Erf::of_scaled<Range::any, V>, Erf::of_scaled<Range::finite, V>);
    check(Arctan::of_scaled<Range::any, V>, Arctan::of_scaled<Range::finite, V>);
    check(Relu::of_scaled<Range::any, V>, Relu::of_scaled<Range::finite, V>);
    check(exp2<Range::any, V>, exp2<Range::finite, V>);
}

TEST_CASE_TEMPLATE("Range::finite up to its limit", V, ALL_TYPES) {
    using T = scalar_t<V>;
    const auto limit = [](auto formula) {
        return static_cast<T>((1 << 20) - 1) / static_cast<T>(std::fabs(decltype(formula)::template scale<V>));
    };
    CHECK(at<V>(in_finite<Logistic, V>, limit(Logistic{})) == 1);
    CHECK(at<V>(in_finite<Logistic, V>, -limit(Logistic{})) >= 0);
    CHECK(at<V>(in_finite<Logistic, V>, -limit(Logistic{})) < std::numeric_limits<T>::epsilon());
    CHECK(at<V>(in_finite<Tanh, V>, limit(Tanh{})) == 1);
    CHECK(at<V>(in_finite<Tanh, V>, -limit(Tanh{})) == -1);
    CHECK(at<V>(in_finite<Erf, V>, limit(Erf{})) == 1);
    CHECK(at<V>(in_finite<Erf, V>, -limit(Erf{})) == -1);
    const T nothing = std::numeric_limits<T>::epsilon();
    CHECK(std::fabs(at<V>(in_finite<Derivative<Logistic>, V>, limit(Logistic{}))) < nothing);
    CHECK(std::fabs(at<V>(in_finite<Derivative<Tanh>, V>, -limit(Tanh{}))) < nothing);
    CHECK(std::fabs(at<V>(in_finite<Derivative<Erf>, V>, limit(Erf{}))) < nothing);
}
