#include <kousei/attribution_samples_unit.hpp>
#include <kousei/cuda/attribution.hpp>
#include <kousei/sizes.hpp>

#include <algorithm>
#include <stdexcept>

#include "launch.cuh"

namespace kousei::attribution {
namespace {

constexpr int threads = 64;
constexpr int tile_rows = 8;

/// Rows of the equations and of the problem, one longer where that spares conflicts between banks.
constexpr int stride = static_cast<int>(most_columns) + 1;

/// The threads of a block.
struct Threads {
    template <class F>
    KOUSEI_HD void each(std::int64_t from, std::int64_t to, F f) const {
        for (std::int64_t i = from + member; i < to; i += threads) f(i);
    }
    KOUSEI_HD void wait() const {
#if defined(__CUDA_ARCH__) || !defined(__CUDACC__)
        __syncthreads();
#endif
    }
    int member;
};

/// A block has a problem.
__global__ void __launch_bounds__(threads)
    solve_kernel(const __grid_constant__ Problems p, double* beta, std::int32_t* outcomes) {
    __shared__ double equations[(most_columns - 1) * stride], rows[tile_rows][stride], weights[tile_rows],
        diagonal[most_columns];
    const int columns = static_cast<int>(p.columns), unknowns = columns - 1, count = unknowns * columns;
    const Threads team{static_cast<int>(threadIdx.x)};
    for (std::int64_t problem = blockIdx.x; problem < p.problems; problem += gridDim.x) {
        const double total = p.total[problem];
        __syncthreads();
        for (int i = team.member; i < unknowns * stride; i += threads) equations[i] = 0;
        for (std::int64_t first = 0; first < p.rows; first += tile_rows) {
            const int some = static_cast<int>(min(std::int64_t{tile_rows}, p.rows - first));
            __syncthreads();
            for (int i = team.member; i < some * columns; i += threads) {
                const int r = i / columns, c = i % columns;
                const std::int64_t row = problem * p.rows + first + r;
                rows[r][c] = reduced(p.x + row * columns, p.y[row], total, columns, c);
                if (c == 0) weights[r] = p.weight[row];
            }
            __syncthreads();
            for (int i = team.member; i < count; i += threads) {
                const int a = i / columns, b = i % columns;
                if (b < a) continue;
                double sum = equations[a * stride + b];
                for (int r = 0; r < some; ++r) sum += weights[r] * rows[r][a] * rows[r][b];
                equations[a * stride + b] = sum;
            }
        }
        __syncthreads();
        const Outcome outcome =
            solve_normal(team, equations, stride, columns, total, p.ridge, diagonal, beta + problem * columns);
        if (team.member == 0) outcomes[problem] = outcome;
    }
}

}  // namespace

template <class Real>
void masked_sets(Cuda on, const Set<Real>& set, const std::uint8_t* present, std::int64_t coalitions, Real* x,
                 std::uint8_t* mask) {
    const std::int64_t size = checked_mul(set.items, set.columns), bytes = set.items * set.features;
    const Set<Real> given = set;
    cuda::for_each(on, checked_mul(coalitions, size), [=] __device__(std::int64_t at) {
        x[at] = masked(given, present + at / size * bytes, at % size / given.columns, at % given.columns);
    });
    cuda::for_each(on, checked_mul(coalitions, set.items), [=] __device__(std::int64_t at) {
        mask[at] = is_in_set(given, present + at / given.items * bytes, at % given.items);
    });
}

std::int64_t workspace_bytes(Cuda, const Problems&) {
    return 0;
}

void solve(Cuda on, const Problems& problems, double* beta, std::int32_t* outcomes, Workspace) {
    if (problems.columns > most_columns) {
        throw std::invalid_argument("a problem has " + std::to_string(problems.columns) + " columns; on a device " +
                                    std::to_string(most_columns) + " at most are accepted");
    }
    if (problems.problems == 0) return;
    const auto blocks = static_cast<unsigned>(std::min<std::int64_t>(problems.problems, 1 << 16));
    cuda::launch(on, dim3(blocks), threads, solve_kernel, problems, beta, outcomes);
}

template void masked_sets(Cuda, const Set<float>&, const std::uint8_t*, std::int64_t, float*, std::uint8_t*);
template void masked_sets(Cuda, const Set<double>&, const std::uint8_t*, std::int64_t, double*, std::uint8_t*);

}  // namespace kousei::attribution
