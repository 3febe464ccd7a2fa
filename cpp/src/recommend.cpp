#include <kousei/recommend.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <thread>

#include <kousei/recommend_unit.hpp>

#include "parallel.hpp"
#include "poll.hpp"
#include "simd/kernels.hpp"
#include "workspace.hpp"

namespace kousei::recommend {
namespace {

using kousei::detail::Carver, kousei::detail::Poll, kousei::detail::parallel_for, kousei::detail::thread_limit;

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

/// Lists of k products, one for each row, into which several workers put what they find.
template <class Real>
class Lists {
 public:
    Lists(std::int64_t k, std::int32_t* indices, Real* products, bool shared)
        : k_(k), indices_(indices), products_(products), shared_(shared) {}

    /// So that the end of the list of a row is near when it is put to.
    void ask_for(std::int64_t row) const {
        __builtin_prefetch(indices_ + row * k_ + k_ - 1, 1);
        __builtin_prefetch(products_ + row * k_ + k_ - 1, 1);
    }

    /// Puts a product into the list of a row, and returns the last of the list.
    Real put(Real product, std::int32_t index, std::int64_t row) {
        std::atomic_flag& lock = locks_[static_cast<std::size_t>(row) % locks_.size()];
        while (shared_ && lock.test_and_set(std::memory_order_acquire)) std::this_thread::yield();
        insert(product, index, k_, indices_ + row * k_, products_ + row * k_);
        const Real last = products_[row * k_ + k_ - 1];
        if (shared_) lock.clear(std::memory_order_release);
        return last;
    }

 private:
    std::int64_t k_;
    std::int32_t* indices_;
    Real* products_;
    bool shared_;
    std::array<std::atomic_flag, 1024> locks_{};
};

/// For each entry of the rows, how many its column has in the rows before, and before the row `last`.
template <class Real>
struct Before {
    std::int32_t* entries;  ///< (entries)
    std::int32_t* columns;  ///< (column_count), scratch

    static std::int64_t bytes(const SparseRows<Real>& matrix) {
        return Carver::padded_bytes<std::int32_t>(matrix.begin[matrix.rows]) +
               Carver::padded_bytes<std::int32_t>(matrix.column_count);
    }

    Before(Workspace workspace, const SparseRows<Real>& matrix, std::int64_t last) {
        Carver carver(workspace);
        const std::int64_t counted = matrix.begin[last], all = matrix.begin[matrix.rows];
        entries = carver.take<std::int32_t>(all);
        columns = carver.take<std::int32_t>(matrix.column_count);
        std::fill_n(columns, matrix.column_count, 0);
        for (std::int64_t i = 0; i < counted; ++i) entries[i] = columns[matrix.columns[i]]++;
        for (std::int64_t i = counted; i < all; ++i) entries[i] = columns[matrix.columns[i]];
    }
};

/// What one worker has: the products of a row with some before it, zero between rows, and a bound on those that
/// still come into a list: the last of each list when the worker saw it, which has only risen since.
template <class Real>
class Worker {
 public:
    static std::int64_t bytes(std::int64_t rows, std::int64_t k) {
        const std::int64_t blocks = blocks_of(rows, block), lanes = checked_mul(blocks, strip);
        return checked_mul(2, Carver::padded_bytes<Real>(checked_mul(blocks, block))) +
               checked_mul(2, Carver::padded_bytes<Real>(lanes)) +
               Carver::padded_bytes<Real>(checked_mul(groups(k), strip)) +
               Carver::padded_bytes<std::int32_t>(rows + 1) + Carver::padded_bytes<std::uint8_t>(rows);
    }

    Worker(std::byte* memory, std::int64_t rows, std::int64_t k, int number) : k_(k) {
        Carver carver({memory + number * bytes(rows, k), 0});
        blocks_ = blocks_of(rows, block);
        products_ = carver.take<Real>(blocks_ * block);
        reach_ = carver.take<Real>(blocks_ * block);
        largest_ = carver.take<Real>(blocks_ * strip);
        lowest_ = carver.take<Real>(blocks_ * strip);
        of_groups_ = carver.take<Real>(groups(k) * strip);
        found_ = carver.take<std::int32_t>(rows + 1);
        seen_ = carver.take<std::uint8_t>(rows);
        rows_ = rows;
    }

    void begin() {
        // From the smallest number on: products count that are positive.
        constexpr Real positive = std::numeric_limits<Real>::denorm_min();
        std::fill_n(products_, blocks_ * block, Real(0));
        std::fill_n(reach_, blocks_ * block, positive);
        std::fill_n(lowest_, blocks_ * strip, positive);
        std::fill_n(seen_, rows_, std::uint8_t{0});
    }

    /// The products of a row with the first `others` rows, into its list and theirs. `dense`: most have terms, and
    /// all are looked at.
    void add(const SparseRows<Real>& matrix, const std::int32_t* before, std::int64_t row, std::int64_t others,
             bool dense, Lists<Real>& lists) {
        Real own = reach_[row];
        std::int64_t count = 0;
        if (dense) {
            multiply(matrix, before, row, [&](std::int32_t other, Real term) { products_[other] += term; });
            const simd::Products<Real> found{products_, largest_, reach_, lowest_, blocks_of(others, block)};
            kernels_.find_largest(found, groups(k_), of_groups_);
            if (found.blocks >= groups(k_)) {
                // The largest of each group is one of the products, so that k of these reach the k-th of the largest.
                Real* const kth = of_groups_ + k_ - 1;
                std::nth_element(of_groups_, kth, of_groups_ + groups(k_) * strip, std::greater<>());
                own = std::max(own, *kth);
            }
            count = kernels_.find_reaching(found, own, found_);
        } else {
            multiply(matrix, before, row, [&](std::int32_t other, Real term) {
                // Without a branch, which could not be foretold.
                found_[count] = other;
                count += 1 - seen_[other];
                seen_[other] = 1;
                products_[other] += term;
            });
        }
        constexpr std::int64_t ahead = 4;
        for (std::int64_t i = 0; i < count; ++i) {
            if (i + ahead < count) {
                const std::int32_t next = found_[i + ahead];
                if (dense || products_[next] >= reach_[next]) lists.ask_for(next);
            }
            const std::int32_t other = found_[i];
            const Real product = products_[other];
            if (product >= own) own = std::max(own, raise(row, lists.put(product, other, row)));
            if (product >= reach_[other]) raise(other, lists.put(product, static_cast<std::int32_t>(row), other));
        }
        if (dense) {
            std::fill_n(products_, others, Real(0));
        } else {
            for (std::int64_t i = 0; i < count; ++i) {
                products_[found_[i]] = 0;
                seen_[found_[i]] = 0;
            }
        }
    }

 private:
    static constexpr std::int64_t strip = simd::strip<Real>, block = simd::strips_block<Real>;

    /// Groups of numbers, twice as many as places: some more numbers than these are found.
    static std::int64_t groups(std::int64_t k) { return blocks_of(checked_mul(2, k), strip); }

    /// add(other, term) for all terms of the products of a row with those that `before` counts.
    template <class Add>
    static void multiply(const SparseRows<Real>& matrix, const std::int32_t* before, std::int64_t row, Add add) {
        // Lists of columns lie anywhere in memory, and are asked for some columns before they are read: those of the
        // next row, too.
        constexpr std::int64_t ahead = 8;
        const std::int64_t end = matrix.begin[row + 1], entries = matrix.begin[matrix.rows];
        for (std::int64_t i = matrix.begin[row]; i < end; ++i) {
            if (i + ahead < entries) {
                const std::int64_t next = matrix.column_begin[matrix.columns[i + ahead]];
                __builtin_prefetch(matrix.rows_of + next);
                __builtin_prefetch(matrix.values_of + next);
                __builtin_prefetch(matrix.values_of + next + strip);
            }
            const Real value = matrix.values[i];
            const std::int64_t first = matrix.column_begin[matrix.columns[i]];
            const std::int32_t* const others = matrix.rows_of + first;
            const Real* const values = matrix.values_of + first;
            for (std::int32_t j = 0; j < before[i]; ++j) add(others[j], value * values[j]);
        }
    }

    /// Knows the last product of a list, and returns from which on others come into it.
    Real raise(std::int64_t row, Real last) {
        if (!(last > reach_[row])) return reach_[row];
        reach_[row] = last;
        const std::int64_t of_block = row / block, lane = row % strip;
        const Real* const at = reach_ + of_block * block + lane;
        lowest_[of_block * strip + lane] =
            std::min(std::min(at[0], at[strip]), std::min(at[2 * strip], at[3 * strip]));
        return last;
    }

    std::int64_t rows_, blocks_, k_;
    Real *products_, *reach_, *largest_, *lowest_, *of_groups_;
    std::int32_t* found_;
    std::uint8_t* seen_;
    const simd::RecommendKernels<Real>& kernels_ = simd::instruction_set().of<Real>().recommend;
};

/// Whether rows share so many columns that it is faster to look at the products with all rows than to keep a list of
/// those that have terms: a term in the list costs as much as some 16 of the others.
template <class Real>
bool are_dense(const SparseRows<Real>& matrix) {
    const auto rows = static_cast<double>(matrix.rows);
    double terms = 0;
    for (std::int64_t c = 0; c < matrix.column_count; ++c) {
        const auto length = static_cast<double>(matrix.column_begin[c + 1] - matrix.column_begin[c]);
        terms += length * length;
    }
    return 16 * terms >= rows * rows;
}

/// Which products are formed: those of each row from `first` on with the rows before it that are before `last`.
struct Pairs {
    std::int64_t first, last;
};

template <class Real>
void multiply_rows(Cpu on, const SparseRows<Real>& matrix, Pairs pairs, std::int64_t k, std::int32_t* indices,
                   Real* products, Workspace workspace) {
    require_workspace(workspace, workspace_bytes(on, matrix, k));
    on.threads = thread_limit(on);
    const std::int64_t places = checked_mul(matrix.rows, k);
    std::fill_n(indices, places, -1);
    std::fill_n(products, places, Real(0));
    if (k == 0) return;
    const Before<Real> before(workspace, matrix, pairs.last);
    std::byte* const memory = static_cast<std::byte*>(workspace.data) + Before<Real>::bytes(matrix);
    for (int number = 0; number < on.threads; ++number) Worker<Real>(memory, matrix.rows, k, number).begin();
    Lists<Real> lists(k, indices, products, on.threads > 1);
    const bool dense = are_dense(matrix);
    constexpr std::int64_t together = 16;
    parallel_for(on, blocks_of(matrix.rows - pairs.first, together), [&](std::int64_t task, int number) {
        Worker<Real> worker(memory, matrix.rows, k, number);
        const std::int64_t begin = pairs.first + task * together;
        for (std::int64_t row = begin; row < std::min(matrix.rows, begin + together); ++row) {
            worker.add(matrix, before.entries, row, std::min(row, pairs.last), dense, lists);
        }
    });
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
void transpose(Cpu on, const std::int64_t* begin, const std::int32_t* columns, const Real* values, std::int64_t rows,
               std::int64_t column_count, std::int64_t* column_begin, std::int32_t* rows_of, Real* values_of) {
    // While entries are put into their columns, a column begins where the next one will.
    std::fill_n(column_begin, column_count + 1, std::int64_t{0});
    const std::int64_t entries = begin[rows];
    for (std::int64_t i = 0; i < entries; ++i) {
        if (columns[i] < column_count - 1) ++column_begin[columns[i] + std::int64_t{2}];
    }
    for (std::int64_t c = 2; c <= column_count; ++c) column_begin[c] += column_begin[c - 1];
    constexpr std::int64_t ahead = 16;
    Poll poll(on);
    for (std::int64_t row = 0; row < rows; ++row) {
        if (row % 64 == 0) poll.go_on(0);
        for (std::int64_t i = begin[row]; i < begin[row + 1]; ++i) {
            if (i + ahead < entries) {
                const std::int64_t next = column_begin[columns[i + ahead] + 1];
                __builtin_prefetch(rows_of + next, 1);
                __builtin_prefetch(values_of + next, 1);
            }
            const std::int64_t place = column_begin[columns[i] + 1]++;
            rows_of[place] = static_cast<std::int32_t>(row);
            values_of[place] = values[i];
        }
    }
}

template <class Real>
std::int64_t workspace_bytes(Cpu on, const SparseRows<Real>& matrix, std::int64_t k) {
    return Before<Real>::bytes(matrix) + checked_mul(thread_limit(on), Worker<Real>::bytes(matrix.rows, k));
}

template <class Real>
void top_products(Cpu on, const SparseRows<Real>& matrix, std::int64_t k, std::int32_t* indices, Real* products,
                  Workspace workspace) {
    multiply_rows(on, matrix, {0, matrix.rows}, k, indices, products, workspace);
}

template <class Real>
void top_products_between(Cpu on, const SparseRows<Real>& matrix, std::int64_t first, std::int64_t k,
                          std::int32_t* indices, Real* products, Workspace workspace) {
    multiply_rows(on, matrix, {first, first}, k, indices, products, workspace);
}

#define KOUSEI_INSTANTIATE(Real)                                                                                    \
    template void unit_rows(Cpu, const std::int64_t*, const Real*, std::int64_t, Real*);                            \
    template void transpose(Cpu, const std::int64_t*, const std::int32_t*, const Real*, std::int64_t, std::int64_t, \
                            std::int64_t*, std::int32_t*, Real*);                                                   \
    template std::int64_t workspace_bytes(Cpu, const SparseRows<Real>&, std::int64_t);                              \
    template void top_products(Cpu, const SparseRows<Real>&, std::int64_t, std::int32_t*, Real*, Workspace);        \
    template void top_products_between(Cpu, const SparseRows<Real>&, std::int64_t, std::int64_t, std::int32_t*,     \
                                       Real*, Workspace);
KOUSEI_INSTANTIATE(float)
KOUSEI_INSTANTIATE(double)
#undef KOUSEI_INSTANTIATE

}  // namespace kousei::recommend
