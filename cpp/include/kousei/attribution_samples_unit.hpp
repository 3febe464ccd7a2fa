#pragma once
#include <cstdint>

#include <kousei/attribution.hpp>
#include <kousei/config.hpp>

namespace kousei::attribution {
inline namespace KOUSEI_ISA {

/// A column of a set of which `present`, (items, features), says what is there.
template <class Real>
KOUSEI_HD inline Real masked(const Set<Real>& set, const std::uint8_t* present, std::int64_t item,
                             std::int64_t column) {
    const bool is_there = present[item * set.features + set.groups[column]];
    return is_there ? set.values[item * set.columns + column] : set.baseline[column];
}

template <class Real>
KOUSEI_HD inline std::uint8_t is_in_set(const Set<Real>& set, const std::uint8_t* present, std::int64_t item) {
    bool any = !set.removes;
    for (std::int64_t d = 0; d < set.features; ++d) any = any || present[item * set.features + d];
    return any ? 1 : 0;
}

/// A member of a team that does what a loop says alone.
struct Alone {
    template <class F>
    void each(std::int64_t from, std::int64_t to, F f) const {
        for (std::int64_t i = from; i < to; ++i) f(i);
    }
    void wait() const {}
};

/// Row r of the least-squares problem without its constraint: the columns but the last less the last, then
/// y - total times the last.
KOUSEI_HD inline double reduced(const double* x, double y, double total, std::int64_t columns, std::int64_t c) {
    const double last = x[columns - 1];
    return c + 1 < columns ? x[c] - last : y - total * last;
}

/// Adds the ridge to the normal equations, the upper triangle of rows of columns - 1 numbers and a right-hand side,
/// and solves them by Cholesky's factors, without roots. All members of the team go the same way; `diagonal` has
/// columns - 1 numbers, and beta is written by each(), as are the equations.
template <class Team>
KOUSEI_HD inline Outcome solve_normal(const Team& team, double* equations, std::int64_t stride, std::int64_t columns,
                                      double total, double ridge, double* diagonal, double* beta) {
    constexpr double smallest_pivot = 0x1p-43;  // of the sum that rounding has left it from
    const std::int64_t unknowns = columns - 1;
    const auto at = [=](std::int64_t r, std::int64_t c) -> double& { return equations[r * stride + c]; };
    // beta[columns - 1] is total less the others: its square is in the ridge of each.
    team.each(0, unknowns, [&](std::int64_t r) {
        for (std::int64_t c = r; c < unknowns; ++c) at(r, c) += c == r ? 2 * ridge : ridge;
        at(r, unknowns) += ridge * total;
        diagonal[r] = at(r, r);
    });
    team.wait();
    for (std::int64_t k = 0; k < unknowns; ++k) {
        const double pivot = at(k, k);
        if (!(pivot > smallest_pivot * diagonal[k])) return pivot - pivot == 0 ? singular : not_finite;
        team.each(k + 1, unknowns, [&](std::int64_t r) {
            const double factor = at(k, r) / pivot;
            for (std::int64_t c = r; c <= unknowns; ++c) at(r, c) -= factor * at(k, c);
        });
        team.wait();
    }
    double last = total;
    for (std::int64_t k = unknowns - 1; k >= 0; --k) {
        const double solution = at(k, unknowns) / at(k, k);
        team.each(0, k + 1, [&](std::int64_t r) {
            if (r < k) {
                at(r, unknowns) -= solution * at(r, k);
            } else {
                beta[k] = solution;
            }
        });
        last -= solution;
        team.wait();
    }
    team.each(unknowns, columns, [&](std::int64_t c) { beta[c] = last; });
    return last - last == 0 ? solved : not_finite;
}

}  // namespace KOUSEI_ISA
}  // namespace kousei::attribution
