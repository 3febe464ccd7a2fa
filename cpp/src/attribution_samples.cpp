#include <algorithm>
#include <cstdint>

#include <kousei/attribution.hpp>
#include <kousei/attribution_samples_unit.hpp>
#include <kousei/sizes.hpp>

#include "parallel.hpp"
#include "simd/kernels.hpp"
#include "workspace.hpp"

/// What estimates take beside the values of a function: sets with masked features, and least squares.
namespace kousei::attribution {
namespace {

using kousei::detail::Carver, kousei::detail::parallel_for, kousei::detail::thread_limit;

/// `on` for some additions or copies; below some of them waking the threads costs more than it saves.
Cpu settled(Cpu on, double work) {
    constexpr double serial_work = 1 << 18;
    on.threads = work < serial_work ? 1 : thread_limit(on);
    return on;
}

constexpr std::int64_t rows_together = 64;  // of a problem

/// What a worker has.
struct Scratch {
    double* equations;  ///< (columns - 1, stride)
    double* rows;       ///< (rows_together, stride)
    double* diagonal;   ///< (columns - 1)

    /// Of the unknowns and the right-hand side.
    static std::int64_t stride(const Problems& problems) {
        return checked_mul(blocks_of(problems.columns, simd::equation_lanes), simd::equation_lanes);
    }
    static std::int64_t bytes(const Problems& problems) {
        return Carver::padded_bytes<double>(checked_mul(problems.columns, stride(problems))) +
               Carver::padded_bytes<double>(checked_mul(rows_together, stride(problems))) +
               Carver::padded_bytes<double>(problems.columns);
    }

    Scratch(const Problems& problems, Workspace workspace, int worker) {
        Carver carver({static_cast<std::byte*>(workspace.data) + worker * bytes(problems), 0});
        equations = carver.take<double>(problems.columns * stride(problems));
        rows = carver.take<double>(rows_together * stride(problems));
        diagonal = carver.take<double>(problems.columns);
    }
};

Cpu settled(Cpu on, const Problems& p) {
    const auto columns = static_cast<double>(p.columns);
    return settled(on, static_cast<double>(p.problems) * columns * columns * (static_cast<double>(p.rows) + columns));
}

}  // namespace

template <class Real>
void masked_sets(Cpu on, const Set<Real>& set, const std::uint8_t* present, std::int64_t coalitions, Real* x,
                 std::uint8_t* mask) {
    const std::int64_t size = checked_mul(set.items, set.columns), bytes = set.items * set.features;
    const std::int64_t each = std::max<std::int64_t>(1, (1 << 16) / std::max<std::int64_t>(size, 1));
    on = settled(on, static_cast<double>(coalitions) * static_cast<double>(size));
    parallel_for(on, blocks_of(coalitions, each), [&](std::int64_t index, int) {
        for (std::int64_t c = index * each; c < std::min(coalitions, (index + 1) * each); ++c) {
            const std::uint8_t* const of_coalition = present + c * bytes;
            for (std::int64_t i = 0; i < set.items; ++i) {
                Real* const to = x + c * size + i * set.columns;
                for (std::int64_t j = 0; j < set.columns; ++j) to[j] = masked(set, of_coalition, i, j);
                mask[c * set.items + i] = is_in_set(set, of_coalition, i);
            }
        }
    });
}

std::int64_t workspace_bytes(Cpu on, const Problems& problems) {
    return checked_mul(settled(on, problems).threads, Scratch::bytes(problems));
}

void solve(Cpu on, const Problems& p, double* beta, std::int32_t* outcomes, Workspace workspace) {
    on = settled(on, p);
    require_workspace(workspace, workspace_bytes(on, p));
    const std::int64_t stride = Scratch::stride(p);
    const auto add_to_normal = simd::instruction_set().add_to_normal;
    parallel_for(on, p.problems, [&](std::int64_t index, int worker) {
        const Scratch scratch(p, workspace, worker);
        std::fill_n(scratch.equations, p.columns * stride, 0.0);
        std::fill_n(scratch.rows, rows_together * stride, 0.0);
        for (std::int64_t first = 0; first < p.rows; first += rows_together) {
            const std::int64_t count = std::min(rows_together, p.rows - first);
            for (std::int64_t r = 0; r < count; ++r) {
                const std::int64_t row = index * p.rows + first + r;
                for (std::int64_t c = 0; c < p.columns; ++c) {
                    scratch.rows[r * stride + c] =
                        reduced(p.x + row * p.columns, p.y[row], p.total[index], p.columns, c);
                }
            }
            add_to_normal(scratch.rows, p.weight + index * p.rows + first, count, p.columns - 1, stride,
                          scratch.equations);
        }
        outcomes[index] = solve_normal(Alone{}, scratch.equations, stride, p.columns, p.total[index], p.ridge,
                                       scratch.diagonal, beta + index * p.columns);
    });
}

template void masked_sets(Cpu, const Set<float>&, const std::uint8_t*, std::int64_t, float*, std::uint8_t*);
template void masked_sets(Cpu, const Set<double>&, const std::uint8_t*, std::int64_t, double*, std::uint8_t*);

}  // namespace kousei::attribution
