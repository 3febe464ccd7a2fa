#pragma once
#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>

#include <kousei/execution.hpp>
#include <kousei/network.hpp>

/// Attribution of the value of a set to its items and to their features. A coalition says which features of which
/// items are present: (items, features) bytes, 0 or 1. The others are masked.
namespace kousei::attribution {

/// A set, and what its columns are where their feature is masked; borrowed.
template <class Real>
struct Set {
    const Real* values;          ///< (items, columns)
    const Real* baseline;        ///< (columns)
    const std::int32_t* groups;  ///< (columns), the feature of each column
    std::int64_t items;
    std::int64_t columns;
    std::int64_t features;
    bool removes;  ///< whether an item leaves the set when all its features are masked
};

/// x (coalitions, items, columns): the set with the features masked that are not in present (coalitions, items,
/// features); mask (coalitions, items): 1 for the items that are in it, else 0.
template <class Real>
void masked_sets(Cpu on, const Set<Real>& set, const std::uint8_t* present, std::int64_t coalitions, Real* x,
                 std::uint8_t* mask);

/// What a function rho(sum over the items) adds up, tabulated: for each item its term with each choice of features
/// present, times the first weight of rho, so that a coalition costs an addition for each item and unit of that
/// layer, and what is behind it; borrowed. Bit d of a version is set where feature d is present. A term of zeros is
/// that of an item that leaves the set.
template <class Real>
struct Tables {
    const Real* terms;      ///< (items, 2^features, units of the first layer)
    const Real* weights;    ///< (items, 2^features): sums are divided by theirs, or 0 where that is 0; nullptr: not
    std::int64_t items;     ///< at least 1
    std::int64_t features;  ///< 1 to most_features

    std::int64_t versions() const { return std::int64_t{1} << features; }
};

inline constexpr std::int64_t most_features = 24;
/// Of Owen values, whose coalitions are counted.
inline constexpr std::int64_t most_items = 32;

/// The layers of rho; the weight of the first one is in the terms, and not read.
template <class Real>
using Layers = std::span<const network::Layer<Real>>;

template <class Real>
void require_tables(const Tables<Real>& tables, Layers<Real> rho) {
    if (tables.items < 1 || tables.features < 1 || tables.features > most_features) {
        throw std::invalid_argument("a table has " + std::to_string(tables.items) + " items and " +
                                    std::to_string(tables.features) + " features; at least 1 and 1 to " +
                                    std::to_string(most_features) + " are accepted");
    }
    if (rho.empty()) throw std::invalid_argument("rho has no layers; one or more are accepted");
}

template <class Real>
std::int64_t workspace_bytes(Cpu on, const Tables<Real>& tables, Layers<Real> rho);

/// out (coalitions, outputs of rho): the values of coalitions, present (coalitions, items, features).
template <class Real>
void evaluate(Cpu on, const Tables<Real>& tables, Layers<Real> rho, const std::uint8_t* present,
              std::int64_t coalitions, Real* out, Workspace workspace);

/// The items first, ..., first + count - 1 of a set.
struct Some {
    std::int64_t first, count;
};

inline void require_items_of_owen_values(std::int64_t items, Some some) {
    if (items > most_items) {
        throw std::invalid_argument("a table has " + std::to_string(items) + " items; for Owen values " +
                                    std::to_string(most_items) + " at most are accepted");
    }
    if (some.first >= 0 && some.count >= 0 && some.first <= items - some.count) return;
    throw std::invalid_argument(std::to_string(some.count) + " items from item " + std::to_string(some.first) +
                                " were asked for of " + std::to_string(items) + "; some of them are accepted");
}

template <class Real>
std::int64_t owen_workspace_bytes(Cpu on, const Tables<Real>& tables, Layers<Real> rho, Some some);

/// out (outputs of rho, some.count, features): the Owen values of the features of some items, whose unions are the
/// items (Owen 1977), by 2^(items - 1) 2^features values for each. The values of an item add up to its Shapley value,
/// and those to the value of the set less that with all features masked. Sums are formed in double, in an order that
/// does not depend on the threads, nor on which items are asked for.
template <class Real>
void owen_values(Cpu on, const Tables<Real>& tables, Layers<Real> rho, Some some, double* out, Workspace workspace);

/// Least squares with a given sum, many of them: minimise sum_r weight[r] (x[r] . beta - y[r])^2 + ridge |beta|^2
/// over beta with sum beta = total. Borrowed.
struct Problems {
    const double* x;       ///< (problems, rows, columns)
    const double* y;       ///< (problems, rows)
    const double* weight;  ///< (problems, rows), at least 0
    const double* total;   ///< (problems)
    std::int64_t problems;
    std::int64_t rows;
    std::int64_t columns;  ///< at least 1
    double ridge;          ///< at least 0
};

/// What became of a problem. Of one that is not solved, beta is whatever was there.
enum Outcome : std::int32_t { solved, singular, not_finite };

std::int64_t workspace_bytes(Cpu on, const Problems& problems);

/// beta (problems, columns) and outcomes (problems), by the Cholesky factors of the normal equations in all columns
/// but the last, which has what is left of the total. Singular: a pivot is 0 to rounding.
void solve(Cpu on, const Problems& problems, double* beta, std::int32_t* outcomes, Workspace workspace);

}  // namespace kousei::attribution
