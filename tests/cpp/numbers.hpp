#pragma once
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <random>
#include <vector>

inline std::size_t index(std::int64_t i) {
    return static_cast<std::size_t>(i);
}

/// Normal numbers, the same in each call.
template <class Real>
std::vector<Real> normals(std::int64_t count) {
    std::mt19937_64 random(2);
    std::normal_distribution<double> normal;
    std::vector<Real> values;
    for (std::int64_t i = 0; i < count; ++i) values.push_back(static_cast<Real>(normal(random)));
    return values;
}

/// Numbers from -1 to 1 for so many points.
template <class Real>
std::vector<Real> points_of(std::int64_t points, std::int64_t dim) {
    std::vector<Real> x(index(points * dim));
    for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<Real>(std::sin(static_cast<double>(i) + 0.5));
    return x;
}
