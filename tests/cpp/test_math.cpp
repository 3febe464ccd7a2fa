#include <cmath>
#include <concepts>
#include <cstdint>
#include <limits>
#include <random>
#include <type_traits>
#include <vector>

#include <doctest/doctest.h>

#include <kousei/math/exp2.hpp>
#include <kousei/math/lanes.hpp>
#include <kousei/math/log1p.hpp>
#include <kousei/math/quotient.hpp>

#include "formulas.hpp"

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

TEST_CASE_TEMPLATE("log1p", V, ALL_TYPES) {
    std::vector<scalar_t<V>> x = points<V>(0, 1);
    for (scalar_t<V>& each : x) each = std::fabs(each);
    check_error<V>([](V y) { return math::log1p(y); }, [](long double y) { return std::log1p(y); }, relative<V>(2),
                   x);
    CHECK(at<V>([](V y) { return math::log1p(y); }, 0) == 0);
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
