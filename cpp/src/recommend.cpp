#include <kousei/recommend.hpp>

#include <algorithm>
#include <cstdint>

#include <kousei/recommend_unit.hpp>

#include "parallel.hpp"
#include "workspace.hpp"

namespace kousei::recommend {
namespace {

using kousei::detail::Carver, kousei::detail::parallel_for, kousei::detail::thread_limit;

/// Some sums side by side, so that one addition need not wait for the one before.
double sum_of(const double* values, const std::int32_t* entries, std::int64_t begin, std::int64_t end) {
    constexpr std::int64_t lanes = 4;
    double sums[lanes] = {};
    std::int64_t i = begin;
    for (; i + lanes <= end; i += lanes) {
        for (std::int64_t lane = 0; lane < lanes; ++lane) sums[lane] += values[entries[i + lane]];
    }
    for (; i < end; ++i) sums[0] += values[entries[i]];
    return (sums[0] + sums[1]) + (sums[2] + sums[3]);
}

/// What one worker has: the products of a row with all others and which of them have terms, zero between rows.
template <class Real>
struct Scratch {
    Real* products;         ///< (rows)
    std::uint8_t* seen;     ///< (rows)
    std::int32_t* touched;  ///< (rows + 1)

    static std::int64_t bytes(std::int64_t rows) {
        return Carver::padded_bytes<Real>(rows) + Carver::padded_bytes<std::uint8_t>(rows) +
               Carver::padded_bytes<std::int32_t>(rows + 1);
    }

    Scratch(Workspace workspace, std::int64_t rows, int worker) {
        Carver carver({static_cast<std::byte*>(workspace.data) + worker * bytes(rows), 0});
        products = carver.take<Real>(rows);
        seen = carver.take<std::uint8_t>(rows);
        touched = carver.take<std::int32_t>(rows + 1);
    }
};

/// Adds up the products of a row with all that share a column with it, and returns how many these are.
template <class Real>
std::int64_t multiply(const SparseRows<Real>& matrix, std::int64_t row, const Scratch<Real>& scratch) {
    // Lists of columns lie anywhere in memory, and are asked for some columns before they are read.
    constexpr std::int64_t ahead = 8;
    const std::int64_t end = matrix.begin[row + 1];
    std::int64_t count = 0;
    for (std::int64_t i = matrix.begin[row]; i < end; ++i) {
        if (i + ahead < end) {
            const std::int64_t next = matrix.column_begin[matrix.columns[i + ahead]];
            __builtin_prefetch(matrix.rows_of + next);
            __builtin_prefetch(matrix.values_of + next);
        }
        const Real value = matrix.values[i];
        const std::int32_t column = matrix.columns[i];
        for (std::int64_t j = matrix.column_begin[column]; j < matrix.column_begin[column + 1]; ++j) {
            const std::int32_t other = matrix.rows_of[j];
            // Without a branch, which could not be foretold.
            scratch.touched[count] = other;
            count += 1 - scratch.seen[other];
            scratch.seen[other] = 1;
            scratch.products[other] += value * matrix.values_of[j];
        }
    }
    return count;
}

}  // namespace

std::int64_t workspace_bytes(Cpu, const Preferences& preferences) {
    return Carver::padded_bytes<double>(checked_mul(2, preferences.users));
}

void prefer(Cpu on, const Preferences& preferences, const double* z, double* to, Workspace workspace) {
    require_workspace(workspace, workspace_bytes(on, preferences));
    // Below this waking the threads costs more than they save.
    constexpr std::int64_t together = 1 << 9, serial_entries = 1 << 18;
    const std::int64_t users = preferences.users, shops = preferences.shops;
    if (preferences.rated_begin[2 * users] < serial_entries) on.threads = 1;
    auto* const passed = static_cast<double*>(workspace.data);
    parallel_for(on, blocks_of(users, together), [&](std::int64_t task, int) {
        const std::int64_t* const begin = preferences.rated_begin;
        for (std::int64_t u = task * together; u < std::min(users, (task + 1) * together); ++u) {
            const double average = sum_of(z, preferences.rated, begin[2 * u], begin[2 * u + 1]);
            const double good = sum_of(z, preferences.rated, begin[2 * u + 1], begin[2 * u + 2]);
            pass_on(preferences, u, average, good, passed);
        }
    });
    parallel_for(on, blocks_of(shops, together), [&](std::int64_t task, int) {
        const std::int64_t* const begin = preferences.preferred_begin;
        for (std::int64_t s = task * together; s < std::min(shops, (task + 1) * together); ++s) {
            to[s] = sum_of(passed, preferences.preferred, begin[s], begin[s + 1]);
        }
    });
}

template <class Real>
void unit_rows(Cpu on, const std::int64_t* begin, const Real* values, std::int64_t rows, Real* out) {
    constexpr std::int64_t together = 1 << 12;
    parallel_for(on, blocks_of(rows, together), [&](std::int64_t task, int) {
        for (std::int64_t row = task * together; row < std::min(rows, (task + 1) * together); ++row) {
            unit_row(values + begin[row], begin[row + 1] - begin[row], out + begin[row]);
        }
    });
}

template <class Real>
std::int64_t workspace_bytes(Cpu on, const SparseRows<Real>& matrix, std::int64_t) {
    return checked_mul(thread_limit(on), Scratch<Real>::bytes(matrix.rows));
}

template <class Real>
void top_products(Cpu on, const SparseRows<Real>& matrix, std::int64_t k, std::int32_t* indices, Real* products,
                  Workspace workspace) {
    require_workspace(workspace, workspace_bytes(on, matrix, k));
    on.threads = thread_limit(on);
    for (int worker = 0; worker < on.threads; ++worker) {
        const Scratch<Real> scratch(workspace, matrix.rows, worker);
        std::fill_n(scratch.products, matrix.rows, Real(0));
        std::fill_n(scratch.seen, matrix.rows, std::uint8_t{0});
    }
    const std::int64_t places = checked_mul(matrix.rows, k);
    std::fill_n(indices, places, -1);
    std::fill_n(products, places, Real(0));
    if (k == 0) return;
    constexpr std::int64_t together = 16;
    parallel_for(on, blocks_of(matrix.rows, together), [&](std::int64_t task, int worker) {
        const Scratch<Real> scratch(workspace, matrix.rows, worker);
        for (std::int64_t row = task * together; row < std::min(matrix.rows, (task + 1) * together); ++row) {
            const std::int64_t count = multiply(matrix, row, scratch);
            scratch.products[row] = 0;
            for (std::int64_t i = 0; i < count; ++i) {
                const std::int32_t other = scratch.touched[i];
                insert(scratch.products[other], other, k, indices + row * k, products + row * k);
                scratch.products[other] = 0;
                scratch.seen[other] = 0;
            }
        }
    });
}

#define KOUSEI_INSTANTIATE(Real)                                                         \
    template void unit_rows(Cpu, const std::int64_t*, const Real*, std::int64_t, Real*); \
    template std::int64_t workspace_bytes(Cpu, const SparseRows<Real>&, std::int64_t);   \
    template void top_products(Cpu, const SparseRows<Real>&, std::int64_t, std::int32_t*, Real*, Workspace);
KOUSEI_INSTANTIATE(float)
KOUSEI_INSTANTIATE(double)
#undef KOUSEI_INSTANTIATE

}  // namespace kousei::recommend
