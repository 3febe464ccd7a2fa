#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <numbers>
#include <random>
#include <type_traits>
#include <vector>

#include <doctest/doctest.h>

#include <kousei/math/arctan.hpp>
#include <kousei/math/derivative.hpp>
#include <kousei/math/erf.hpp>
#include <kousei/math/exp2.hpp>
#include <kousei/math/gelu.hpp>
#include <kousei/math/lanes.hpp>
#include <kousei/math/log1p.hpp>
#include <kousei/math/logistic.hpp>
#include <kousei/math/piecewise_linear.hpp>
#include <kousei/math/quotient.hpp>
#include <kousei/math/relu.hpp>
#include <kousei/math/repu.hpp>
#include <kousei/math/silu.hpp>
#include <kousei/math/softplus.hpp>
#include <kousei/math/tanh.hpp>

namespace {

namespace math = kousei::math;
using math::Arctan;
using math::Derivative;
using math::Erf;
using math::Gelu;
using math::Logistic;
using math::Range;
using math::Relu;
using math::scalar_t;
using math::Silu;
using math::Softplus;
using math::Tanh;

#if defined(__AVX512F__)
constexpr int vector_bytes = 64;
#elif defined(__AVX2__)
constexpr int vector_bytes = 32;
#else
constexpr int vector_bytes = 16;
#endif
typedef float Floats __attribute__((vector_size(vector_bytes)));
typedef double Doubles __attribute__((vector_size(vector_bytes)));

#define ALL_TYPES float, double, Floats, Doubles

template <class V>
constexpr std::size_t width = sizeof(V) / sizeof(scalar_t<V>);

template <class V>
constexpr scalar_t<V> infinity = std::numeric_limits<scalar_t<V>>::infinity();

template <class V>
constexpr scalar_t<V> not_a_number = std::numeric_limits<scalar_t<V>>::quiet_NaN();

template <class V>
constexpr long double eps = std::numeric_limits<scalar_t<V>>::epsilon();

/// f of every x, computed in vectors V.
template <class V, class F>
std::vector<scalar_t<V>> evaluate(F f, std::vector<scalar_t<V>> x) {
    const std::size_t count = x.size();
    x.resize((count + width<V> - 1) / width<V> * width<V>);
    for (std::size_t i = 0; i < x.size(); i += width<V>) {
        V v;
        __builtin_memcpy(&v, &x[i], sizeof v);
        v = f(v);
        __builtin_memcpy(&x[i], &v, sizeof v);
    }
    x.resize(count);
    return x;
}

/// f(x), the same in every lane.
template <class V, class F>
scalar_t<V> at(F f, scalar_t<V> x) {
    const std::vector<scalar_t<V>> y = evaluate<V>(f, std::vector<scalar_t<V>>(width<V>, x));
    for (const scalar_t<V> lane : y) {
        if (std::isnan(y[0]))
            CHECK(std::isnan(lane));
        else
            CHECK(lane == y[0]);
    }
    return y[0];
}

/// Points spread over [low, high], and more near 0 on both sides of it.
template <class V>
std::vector<scalar_t<V>> points(double low, double high) {
    using T = scalar_t<V>;
    std::mt19937 random(1);
    std::uniform_real_distribution<double> linear(low, high), exponent(-100, 0), side(-1, 1);
    std::vector<T> x;
    for (int i = 0; i < 20000; ++i) x.push_back(static_cast<T>(linear(random)));
    for (int i = 0; i < 10000; ++i)
        x.push_back(static_cast<T>(std::copysign(std::exp2(exponent(random)), side(random))));
    for (int i = 0; i < 10000; ++i) x.push_back(static_cast<T>(side(random)));
    return x;
}

/// |f(x) - reference(x)| <= bound(x, reference(x)) at all x.
template <class V, class F, class Reference, class Bound>
void check_error(F f, Reference reference, Bound bound, const std::vector<scalar_t<V>>& x) {
    const std::vector<scalar_t<V>> y = evaluate<V>(f, x);
    long double worst = 0;
    scalar_t<V> worst_at = 0;
    bool comparable = true;
    for (std::size_t i = 0; i < x.size(); ++i) {
        const long double exact = reference(static_cast<long double>(x[i]));
        const long double error = std::fabs(y[i] - exact);
        const long double allowed = bound(static_cast<long double>(x[i]), exact);
        comparable = comparable && error >= 0;
        if (error > worst * allowed) {
            worst = error / allowed;
            worst_at = x[i];
        }
    }
    CAPTURE(worst_at);
    CHECK(comparable);
    CHECK(static_cast<double>(worst) <= 1);
}

template <class V>
auto relative(double times_eps) {
    return [=](long double, long double exact) { return times_eps * eps<V> * std::fabs(exact); };
}

/// The activation at x, which `scale` is still to be applied to.
template <class Formula, Range range, class V>
V activation(V x) {
    return Formula::template of_scaled<range>(x * static_cast<scalar_t<V>>(Formula::template scale<V>));
}

template <class Formula, class V>
auto in_any = activation<Formula, Range::any, V>;
template <class Formula, class V>
auto in_finite = activation<Formula, Range::finite, V>;

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

/// The same bits, or two NaN.
template <class T>
bool same(T a, T b) {
    return math::to_bits(a) == math::to_bits(b) || (std::isnan(a) && std::isnan(b));
}

}  // namespace

TEST_CASE_TEMPLATE("lanes: types", V, ALL_TYPES) {
    using T = scalar_t<V>;
    CHECK(std::same_as<T, std::conditional_t<math::is_double<V>, double, float>>);
    CHECK(sizeof(math::integer_t<V>) == sizeof(V));
    CHECK(sizeof(scalar_t<V>) == (math::is_double<V> ? 8 : 4));
}

TEST_CASE_TEMPLATE("lanes: splat rounds to the precision of V", V, ALL_TYPES) {
    using T = scalar_t<V>;
    CHECK(at<V>([](V) { return math::splat<V>(0.1); }, T(0)) == static_cast<T>(0.1));
    CHECK(at<V>([](V) { return math::splat<V>(-3); }, T(0)) == T(-3));
}

TEST_CASE_TEMPLATE("lanes: bits", V, ALL_TYPES) {
    using T = scalar_t<V>;
    const auto there_and_back = [](V x) { return math::from_bits<V>(math::to_bits(x)); };
    for (const T x : {T(1.5), T(-0.0), infinity<V>, not_a_number<V>}) CHECK(same(at<V>(there_and_back, x), x));
    CHECK(math::to_bits(1.0) == std::int64_t{0x3ff} << 52);
    CHECK(math::to_bits(-1.0f) == std::numeric_limits<std::int32_t>::min() + (0x7f << 23));
}

TEST_CASE_TEMPLATE("lanes: abs and with_sign_of", V, ALL_TYPES) {
    using T = scalar_t<V>;
    const auto abs = [](V x) { return math::abs(x); };
    const auto three = [](V x) { return math::with_sign_of(x, math::splat<V>(3)); };
    for (const T x : {T(0), T(0.25), std::numeric_limits<T>::min(), std::numeric_limits<T>::max(), infinity<V>}) {
        CHECK(at<V>(abs, x) == x);
        CHECK(at<V>(abs, -x) == x);
        if (x == 0) continue;
        CHECK(at<V>(three, x) == 3);
        CHECK(at<V>(three, -x) == -3);
    }
    CHECK(std::isnan(at<V>(abs, not_a_number<V>)));
    CHECK(at<V>([](V x) { return math::with_sign_of(x, x * T(0)); }, T(-2)) == 0);
}

TEST_CASE_TEMPLATE("lanes: polynomial", V, ALL_TYPES) {
    using T = scalar_t<V>;
    CHECK(at<V>([](V x) { return math::polynomial({7.0}, x); }, T(3)) == 7);
    CHECK(at<V>([](V x) { return math::polynomial({1.0, -2.0, 0.5, 4.0}, x); }, T(3)) == 1 - 6 + T(4.5) + 108);
}

TEST_CASE_TEMPLATE("lanes are independent", V, ALL_TYPES) {
    using T = scalar_t<V>;
    const std::vector<T> x = points<V>(-8, 8);
    const auto check = [&]<class Formula>(Formula) {
        const std::vector<T> together = evaluate<V>(in_any<Formula, V>, x);
        for (std::size_t i = 0; i < 20; ++i) CHECK(same(together[i], at<V>(in_any<Formula, V>, x[i])));
    };
    check(Logistic{});
    check(Tanh{});
    check(Erf{});
    check(Arctan{});
    check(Relu{});
    check(Gelu{});
    check(Silu{});
    check(Softplus{});
    check(Derivative<Logistic>{});
    check(Derivative<Tanh>{});
    check(Derivative<Erf>{});
    check(Derivative<Arctan>{});
    check(Derivative<Relu>{});
    check(Derivative<Gelu>{});
    check(Derivative<Silu>{});
    check(Derivative<Softplus>{});
}

/// math::exp2 as it is called, with the overloads for the vectors that have a table.
template <Range range, class V>
V exp2(V x) {
    return math::exp2<range>(x);
}

TEST_CASE_TEMPLATE("exp2: 1 ulp", V, ALL_TYPES) {
    const double lowest = math::detail::exp2_lowest<V>, highest = math::detail::exp2_highest<V>;
    const auto reference = [](long double x) { return std::exp2(x); };
    check_error<V>(exp2<Range::any, V>, reference, relative<V>(1), points<V>(lowest, highest));
    check_error<V>(exp2<Range::any, V>, reference, relative<V>(1), points<V>(-8, 8));
    check_error<V>(exp2<Range::finite, V>, reference, relative<V>(1), points<V>(lowest, highest));
}

TEST_CASE_TEMPLATE("exp2: limits", V, ALL_TYPES) {
    using T = scalar_t<V>;
    const int low = math::detail::exp2_lowest<V>, high = math::detail::exp2_highest<V>;
    const T lowest = std::ldexp(T(1), low), highest = std::ldexp(T(1), high);

    const auto f = exp2<Range::any, V>;
    CHECK(at<V>(f, T(0)) == 1);
    CHECK(at<V>(f, T(1)) == 2);
    CHECK(at<V>(f, T(low)) == lowest);
    CHECK(at<V>(f, T(high)) == highest);
    for (const T beyond : {T(2 * low), T(1000 * low), -infinity<V>}) CHECK(at<V>(f, beyond) == 0);
    for (const T beyond : {T(2 * high), T(1000 * high), infinity<V>}) CHECK(at<V>(f, beyond) == infinity<V>);
    CHECK(std::isnan(at<V>(f, not_a_number<V>)));

    const auto finite = exp2<Range::finite, V>;
    for (const T beyond : {T(2 * low), T(-1000000)}) CHECK(at<V>(finite, beyond) <= lowest);
    for (const T beyond : {T(2 * high), T(1000000)}) CHECK(at<V>(finite, beyond) >= highest);
    CHECK(std::isnan(at<V>(finite, not_a_number<V>)));
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

TEST_CASE_TEMPLATE("log1p", V, ALL_TYPES) {
    std::vector<scalar_t<V>> x = points<V>(0, 1);
    for (scalar_t<V>& each : x) each = std::fabs(each);
    check_error<V>([](V y) { return math::log1p(y); }, [](long double y) { return std::log1p(y); }, relative<V>(2),
                   x);
    CHECK(at<V>([](V y) { return math::log1p(y); }, 0) == 0);
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
    check(Logistic{});
    check(Tanh{});
    check(Erf{});
    check(Arctan{});
    check(Relu{});
    check(Gelu{});
    check(Silu{});
    check(Softplus{});
    check(Derivative<Gelu>{});
    check(Derivative<Silu>{});
    check(Derivative<Softplus>{});
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

TEST_CASE("the quotient of device code, by Newton's method") {
    std::mt19937_64 random(5);
    std::uniform_real_distribution<double> exponent(-990, 990), significand(1, 2);
    for (int i = 0; i < 100000; ++i) {
        const double b = std::ldexp(significand(random), static_cast<int>(exponent(random))) * (i % 2 ? 1 : -1);
        const double a = significand(random) * (i % 3 ? b : 1);
        const double exact = a / b;
        CHECK(std::abs(math::detail::device_quotient(a, b) - exact) <= std::abs(exact) * eps<double>);
    }
    CHECK(math::detail::device_quotient(1.0, infinity<double>) == 0);
    CHECK(std::isnan(math::detail::device_quotient(not_a_number<double>, 1.0)));
    CHECK(std::isnan(math::detail::device_quotient(1.0, not_a_number<double>)));
    // As in Tanh and Logistic, at the largest value that exp2 gives.
    for (const double z : {100.0, 1000.0, 1e6, infinity<double>}) {
        const double growth = math::exp2m1<Range::any>(z);
        CHECK(math::detail::device_quotient(growth, growth + 2) == 1);
        CHECK(math::detail::device_quotient(1.0, math::exp2<Range::any>(z) + 1) < 1e-29);
    }
    CHECK(math::detail::device_quotient(3.0f, 4.0f) == 0.75f);
}
