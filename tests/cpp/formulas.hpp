#pragma once
#include <cmath>
#include <cstddef>
#include <limits>
#include <random>
#include <vector>

#include <doctest/doctest.h>

#include <kousei/math/exp2.hpp>
#include <kousei/math/lanes.hpp>

/// What the tests of formulas share: every formula at every vector width, against a reference in long double.
namespace {

namespace math = kousei::math;
using math::Range;
using math::scalar_t;

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

/// The same bits, or two NaN.
template <class T>
bool same(T a, T b) {
    return math::to_bits(a) == math::to_bits(b) || (std::isnan(a) && std::isnan(b));
}

/// math::exp2 as it is called, with the overloads for the vectors that have a table.
template <Range range, class V>
V exp2(V x) {
    return math::exp2<range>(x);
}

}  // namespace
