#pragma once
#include <kousei/recommend.hpp>

#include <cstddef>
#include <cstdint>
#include <random>
#include <vector>

/// Random ratings and sparse matrices, as lists and dense.
namespace kousei::recommend {

template <class T>
T& at(std::vector<T>& numbers, std::int64_t index) {
    return numbers.at(static_cast<std::size_t>(index));
}

/// Lists that entries (list, value) make, in their order.
struct Lists {
    std::vector<std::int64_t> begin;
    std::vector<std::int32_t> entries;

    Lists(std::int64_t count, const std::vector<std::vector<std::int32_t>>& lists) : begin{0} {
        for (std::int64_t i = 0; i < count; ++i) {
            const auto& list = lists.at(static_cast<std::size_t>(i));
            entries.insert(entries.end(), list.begin(), list.end());
            begin.push_back(std::ssize(entries));
        }
    }
};

/// Ratings of whole weights, so that all sums are exact: grade[u, s] is 0 for none, 1 Average, 2 Good, 3 Excellent.
struct Ratings {
    std::int64_t users, shops;
    std::vector<int> grade;
    std::vector<double> weight;
    std::vector<std::vector<std::int32_t>> rated, preferred;

    Ratings(std::int64_t users_, std::int64_t shops_, unsigned seed)
        : users(users_),
          shops(shops_),
          rated(static_cast<std::size_t>(2 * users_)),
          preferred(static_cast<std::size_t>(shops_)) {
        std::mt19937 random(seed);
        std::uniform_int_distribution<int> one_of(0, 5);
        for (std::int64_t u = 0; u < users; ++u) {
            weight.push_back(1 + one_of(random));
            for (std::int64_t s = 0; s < shops; ++s) {
                const int g = one_of(random);
                grade.push_back(g > 3 ? 0 : g);
                const auto shop = static_cast<std::int32_t>(s), pair = static_cast<std::int32_t>(2 * u);
                if (g == 1 || g == 2) at(rated, 2 * u + g - 1).push_back(shop);
                if (g == 2 || g == 3) at(preferred, s).push_back(pair + g - 2);
            }
        }
    }

    /// P^T z by the definition: from each shop to those that a user rated higher.
    std::vector<double> product(std::vector<double> z) {
        std::vector<double> to(static_cast<std::size_t>(shops));
        for (std::int64_t u = 0; u < users; ++u) {
            for (std::int64_t s = 0; s < shops; ++s) {
                const int lower = at(grade, u * shops + s);
                if (lower == 0) continue;
                for (std::int64_t t = 0; t < shops; ++t) {
                    if (lower < at(grade, u * shops + t)) at(to, t) += at(weight, u) * at(z, s);
                }
            }
        }
        return to;
    }
};

/// Ratings as the library takes them, which are borrowed for their weights.
struct OwnedPreferences {
    Lists rated, preferred;
    Preferences view;

    explicit OwnedPreferences(const Ratings& of)
        : rated(2 * of.users, of.rated),
          preferred(of.shops, of.preferred),
          view{rated.begin.data(),
               rated.entries.data(),
               preferred.begin.data(),
               preferred.entries.data(),
               of.weight.data(),
               of.users,
               of.shops} {}
    OwnedPreferences(const OwnedPreferences&) = delete;
};

/// Whole numbers -2 to 3 at some places of a matrix: 5 of `most` + 3.
template <class Real>
struct Matrix {
    std::int64_t rows, columns;
    std::vector<Real> dense, values, values_of;
    std::vector<std::int64_t> begin{0}, column_begin{0};
    std::vector<std::int32_t> columns_in, rows_of;

    Matrix(std::int64_t rows_, std::int64_t columns_, unsigned seed, int most = 7) : rows(rows_), columns(columns_) {
        std::mt19937 random(seed);
        std::uniform_int_distribution<int> one_of(-2, most);
        for (std::int64_t i = 0; i < rows * columns; ++i) {
            const int number = one_of(random);
            dense.push_back(static_cast<Real>(number > 3 ? 0 : number));
        }
        for (std::int64_t r = 0; r < rows; ++r) {
            for (std::int64_t c = 0; c < columns; ++c) put(r * columns + c, c, values, columns_in);
            begin.push_back(std::ssize(values));
        }
        for (std::int64_t c = 0; c < columns; ++c) {
            for (std::int64_t r = 0; r < rows; ++r) put(r * columns + c, r, values_of, rows_of);
            column_begin.push_back(std::ssize(values_of));
        }
    }

    SparseRows<Real> view() const {
        return {begin.data(),   columns_in.data(), values.data(), column_begin.data(),
                rows_of.data(), values_of.data(),  rows,          columns};
    }

    Real product(std::int64_t r, std::int64_t s) {
        Real sum = 0;
        for (std::int64_t c = 0; c < columns; ++c) sum += at(dense, r * columns + c) * at(dense, s * columns + c);
        return sum;
    }

 private:
    void put(std::int64_t place, std::int64_t index, std::vector<Real>& to, std::vector<std::int32_t>& indices) {
        if (at(dense, place) == 0) return;
        to.push_back(at(dense, place));
        indices.push_back(static_cast<std::int32_t>(index));
    }
};

}  // namespace kousei::recommend
