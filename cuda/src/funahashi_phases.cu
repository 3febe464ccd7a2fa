#include <kousei/cuda/funahashi.hpp>
#include <kousei/funahashi_phases.hpp>
#include <kousei/math/exp2.hpp>
#include <kousei/math/quotient.hpp>

#include "blocks.cuh"
#include "workspace.hpp"

namespace kousei::funahashi {
namespace {

using cuda::block_threads;
using cuda::Blocks;
using detail::Carver;
using math::clamp, math::Range;

/// scale (w . (x - center)) - origin.
template <class Real>
__device__ inline Real phase_at(const View<Real>& net, std::int64_t frequency, Real scale, Real origin,
                                const Real* point) {
    const Real* const w = net.frequencies + frequency * net.dim;
    Real s = -origin;
    for (std::int64_t d = 0; d < net.dim; ++d) s += scale * w[d] * coordinate(net, point, d);
    return s;
}

/// floor(s), at least 0 and at most `most`; 0 for NaN.
template <class Real>
__device__ inline std::int64_t cell_of(Real s, std::int64_t most) {
    constexpr Real largest = 0x1p62;
    const Real place = s > 0 ? s : Real(0);
    // In integers: a float may not hold `most`.
    return min(static_cast<std::int64_t>(place < largest ? place : largest), most);
}

/// Coefficients of a rational function.
template <int group, class Real>
struct alignas(group * sizeof(Real) < 16 ? group * sizeof(Real) : 16) Coefs {
    Real c[group];
};

/// Groups of units that `sum_of_groups` stages at a time, and points of a thread.
constexpr int tile_groups = 256, points_per_thread = 4;

/// Method::shared, on the device.
template <int group, class Real>
struct Groups {
    Rows<Real> rows;
    Real limit;
    std::int64_t count;                 ///< of a frequency that takes all bumps
    const Real* growths;                ///< E of each unit
    const Coefs<group, Real>* bottoms;  ///< of a group that starts there

    std::int64_t together() const { return std::max<std::int64_t>(1, tile_groups / count); }
};

template <int group, class Real>
__global__ void __launch_bounds__(block_threads, 1)
    sum_of_groups(const __grid_constant__ View<Real> net, const __grid_constant__ Groups<group, Real> groups,
                  const __grid_constant__ Blocks blocks, std::int64_t together, const Real* x, double* sums,
                  Real* out) {
    __shared__ Coefs<group, Real> tile[tile_groups];
    const Rows<Real>& rows = groups.rows;
    const std::int64_t first_point = blockIdx.x * std::int64_t{block_threads * points_per_thread} + threadIdx.x;
    const std::int64_t begin = blocks.first(blockIdx.y), end = blocks.last(blockIdx.y);
    const auto scale = static_cast<Real>(rows.scale());
    double total[points_per_thread] = {};
    for (int r = 0; r < rows.count; ++r) {
        const Row& row = rows.row[r];
        const double middle = first_threshold(net) + row.shift + rows.spacing * Shares<Real>::middle(rows);
        const auto origin = static_cast<Real>(rows.scale() * middle);
        for (std::int64_t from = begin; from < end; from += together) {
            const std::int64_t frequencies = min(together, end - from);
            for (std::int64_t g = 0; g < groups.count; g += tile_groups) {
                const int staged = static_cast<int>(min(std::int64_t{tile_groups}, groups.count - g));
                __syncthreads();
                for (int i = static_cast<int>(threadIdx.x); i < frequencies * staged; i += block_threads) {
                    const std::int64_t w = from + i / staged, k = (g + i % staged) * group;
                    const std::int64_t first = first_bump(net, w), bumps = last_bump(net, w) - first;
                    if (k >= bumps + row.closes_after) continue;
                    const Real a = net.amplitudes[2 * w] * rows.factor, b = net.amplitudes[2 * w + 1] * rows.factor;
                    Coefs<group, Real> top;
#pragma unroll
                    for (int j = 0; j < group; ++j) top.c[j] = coef_in_row(net, row, a, b, first, bumps, k + j);
                    numerator<group>(top.c, groups.growths + first + k);
                    tile[i] = top;
                }
                __syncthreads();
                for (std::int64_t f = 0; f < frequencies; ++f) {
                    const std::int64_t w = from + f, first = first_bump(net, w);
                    const std::int64_t units = last_bump(net, w) - first + row.closes_after - g * group;
                    const int count = static_cast<int>(min(std::int64_t{staged}, (units + group - 1) / group));
                    Real z[points_per_thread], sum[points_per_thread] = {};
#pragma unroll
                    for (int p = 0; p < points_per_thread; ++p) {
                        // Threads past the end repeat the last point.
                        const std::int64_t i = min(first_point + p * block_threads, blocks.points - 1);
                        const Real s = phase_at(net, w, scale, origin, x + i * net.dim);
                        z[p] = math::exp2<Range::finite>(clamp(-s, -groups.limit, groups.limit));
                    }
                    const Coefs<group, Real>* const bottoms = groups.bottoms + first + g * group;
                    for (int k = 0; k < count; ++k) {
                        const Coefs<group, Real> top = tile[f * staged + k], bottom = bottoms[k * group];
#pragma unroll
                        for (int p = 0; p < points_per_thread; ++p) {
                            Real n = top.c[group - 1], q = bottom.c[group - 1];
#pragma unroll
                            for (int m = group - 2; m >= 0; --m) {
                                n = n * z[p] + top.c[m];
                                q = q * z[p] + bottom.c[m];
                            }
                            sum[p] += math::quotient(n, q * z[p] + Real(1));
                        }
                    }
#pragma unroll
                    for (int p = 0; p < points_per_thread; ++p) total[p] += static_cast<double>(sum[p]);
                }
            }
        }
    }
#pragma unroll
    for (int p = 0; p < points_per_thread; ++p) {
        const std::int64_t i = first_point + p * block_threads;
        if (i < blocks.points) cuda::put(net, blocks, blockIdx.y, i, total[p], sums, out);
    }
}

/// Method::window, on the device: what one frequency adds at a point.
template <class Real>
struct Window {
    Rows<Real> rows;
    Near<Real> near;
    const Real* growths;  ///< E of each unit of the window
    const Real* before;   ///< sums of the phases before each bump

    __device__ Real operator()(const View<Real>& net, std::int64_t frequency, const Real* point) const {
        const std::int64_t first = first_bump(net, frequency), last = last_bump(net, frequency);
        const Real a = net.amplitudes[2 * frequency] * rows.factor;
        const Real b = net.amplitudes[2 * frequency + 1] * rows.factor;
        Real total = 0;
        for (int r = 0; r < rows.count; ++r) {
            const Row& row = rows.row[r];
            const double origin = first_threshold(net) / rows.spacing + near.origin(rows, row, first);
            const Real s =
                phase_at(net, frequency, static_cast<Real>(1 / rows.spacing), static_cast<Real>(origin), point);
            const std::int64_t units = last - first + row.closes_after;
            const std::int64_t cell = cell_of(s, units + near.length);
            const Real into = clamp(static_cast<Real>(cell) - s, Real(-1), Real(1));
            const Real z = math::exp2<Range::finite>(into * static_cast<Real>(near.log_spacing));
            const std::int64_t start = cell - near.length;
            // Far apart, so that their product does not overflow.
            const std::int64_t stride = near.length / together;
            for (std::int64_t k = 0; k < stride; ++k) {
                Real n[together], q[together];
#pragma unroll
                for (int j = 0; j < together; ++j) {
                    const std::int64_t unit = k + j * stride;
                    n[j] = coef_in_row(net, row, a, b, first, last - first, start + unit);
                    q[j] = growths[unit] * z + Real(1);
                }
                const Real left = n[0] * q[1] + n[1] * q[0], right = n[2] * q[3] + n[3] * q[2];
                const Real below = q[0] * q[1], beside = q[2] * q[3];
                total += math::quotient(left * beside + right * below, below * beside);
            }
            total += sum_before(before, row, a, b, first, last, start);
        }
        return total;
    }

    /// Fractions that share a division.
    static constexpr int together = 4;
};

/// A table, on the device: what one frequency adds at a point.
template <class Real>
struct LookUp {
    Table<Real> table;

    __device__ Real operator()(const View<Real>& net, std::int64_t frequency, const Real* point) const {
        const Real origin = table.first * table.cells_per_unit;
        const Real s = phase_at(net, frequency, table.cells_per_unit, origin, point);
        const std::int64_t cell = cell_of(s, table.cells - 1);
        const Real distance = clamp(s - static_cast<Real>(cell) - Real(0.5), Real(-0.5), Real(0.5));
        const Real* const powers = table.values + cell * 2 * (table_degree + 1);
        Real real = powers[0], imaginary = powers[1];
#pragma unroll
        for (int power = 1; power <= table_degree; ++power) {
            real = real * distance + powers[2 * power];
            imaginary = imaginary * distance + powers[2 * power + 1];
        }
        return net.amplitudes[2 * frequency] * real - net.amplitudes[2 * frequency + 1] * imaginary;
    }
};

/// Frequencies whose sum takes one rounding to Real each, and then one of double.
constexpr int tile_frequencies = 16;

template <class Way, class Real>
__global__ void __launch_bounds__(block_threads, 1)
    sum_of_frequencies(const __grid_constant__ View<Real> net, const __grid_constant__ Way way,
                       const __grid_constant__ Blocks blocks, const Real* x, double* sums, Real* out) {
    const std::int64_t i = blockIdx.x * std::int64_t{block_threads} + threadIdx.x;
    if (i >= blocks.points) return;
    double total = 0;
    for (std::int64_t w = blocks.first(blockIdx.y); w < blocks.last(blockIdx.y); ++w) {
        total += static_cast<double>(way(net, w, x + i * net.dim));
    }
    cuda::put(net, blocks, blockIdx.y, i, total, sums, out);
}

template <class Real>
Blocks blocks_of_frequencies(const View<Real>& net, std::int64_t points) {
    return {net.frequency_count, tile_frequencies, points, block_threads};
}

/// before[k] = the sum of the first k phases, k = 0 ... count, by one block.
template <class Real>
__global__ void __launch_bounds__(block_threads, 1)
    sum_of_phases(const Real* phases, std::int64_t count, Real* before) {
    __shared__ double of_threads[2][block_threads];
    const std::int64_t share = (count + block_threads - 1) / block_threads;
    const std::int64_t first = min(threadIdx.x * share, count), last = min(first + share, count);
    double real = 0, imaginary = 0;
    for (std::int64_t k = first; k < last; ++k) {
        real += static_cast<double>(phases[2 * k]);
        imaginary += static_cast<double>(phases[2 * k + 1]);
    }
    of_threads[0][threadIdx.x] = real, of_threads[1][threadIdx.x] = imaginary;
    __syncthreads();
    real = imaginary = 0;
    for (unsigned thread = 0; thread < threadIdx.x; ++thread) {
        real += of_threads[0][thread];
        imaginary += of_threads[1][thread];
    }
    for (std::int64_t k = first; k < last; ++k) {
        before[2 * k] = static_cast<Real>(real), before[2 * k + 1] = static_cast<Real>(imaginary);
        real += static_cast<double>(phases[2 * k]);
        imaginary += static_cast<double>(phases[2 * k + 1]);
    }
    if (threadIdx.x + 1 < block_threads) return;
    before[2 * count] = static_cast<Real>(real), before[2 * count + 1] = static_cast<Real>(imaginary);
}

/// What the host does for each method: the workspace, and the launches.
template <int group, class Real>
class SharedLaunch {
 public:
    SharedLaunch(const View<Real>& net, const Rows<Real>& rows, const Shares<Real>& shares, std::int64_t points)
        : net_(net),
          groups_{rows, static_cast<Real>(shares.limit), blocks_of(rows.longest(), group), nullptr, nullptr},
          blocks_(net.frequency_count, groups_.together(), points, block_threads * points_per_thread) {}

    std::int64_t bytes() const {
        return Carver::padded_bytes<Real>(groups_.rows.longest() * group) + Carver::padded_bytes<Real>(units()) +
               Carver::padded_bytes<double>(blocks_.sums());
    }
    void operator()(Cuda on, const Real* x, Real* out, Workspace workspace) const {
        Carver carver(workspace);
        Real* const bottoms = carver.take<Real>(groups_.rows.longest() * group);
        Real* const growths = carver.take<Real>(units());
        double* const sums = carver.take<double>(blocks_.sums());
        Groups<group, Real> groups = groups_;
        cuda::for_each(on, units(), [=] __device__(std::int64_t k) {
            growths[k] = static_cast<Real>(Shares<Real>::growth(groups.rows, k));
        });
        cuda::for_each(on, groups.rows.longest(),
                       [=] __device__(std::int64_t k) { denominator<group>(growths + k, bottoms + k * group); });
        groups.growths = growths;
        groups.bottoms = reinterpret_cast<const Coefs<group, Real>*>(bottoms);
        cuda::launch(on, blocks_.grid(), block_threads, sum_of_groups<group, Real>, net_, groups, blocks_,
                     groups.together(), x, sums, out);
        cuda::add_segments(on, net_, blocks_, sums, out);
    }

 private:
    /// With what a last group may lack.
    std::int64_t units() const { return groups_.rows.longest() + group - 1; }

    View<Real> net_;
    Groups<group, Real> groups_;
    Blocks blocks_;
};

template <class Real>
class WindowLaunch {
 public:
    WindowLaunch(const View<Real>& net, std::int64_t points)
        : net_(net), rows_(net), near_(rows_, Window<Real>::together), blocks_(blocks_of_frequencies(net, points)) {}

    std::int64_t bytes() const {
        return Carver::padded_bytes<Real>(near_.length) + Carver::padded_bytes<Real>(2 * (net_.threshold_count + 1)) +
               Carver::padded_bytes<double>(blocks_.sums());
    }
    void operator()(Cuda on, const Real* x, Real* out, Workspace workspace) const {
        Carver carver(workspace);
        Real* const growths = carver.take<Real>(near_.length);
        Real* const before = carver.take<Real>(2 * (net_.threshold_count + 1));
        double* const sums = carver.take<double>(blocks_.sums());
        const Near<Real> near = near_;
        cuda::for_each(on, near.length,
                       [=] __device__(std::int64_t k) { growths[k] = static_cast<Real>(near.growth(k)); });
        cuda::launch(on, dim3(1), block_threads, sum_of_phases<Real>, net_.phases, net_.threshold_count, before);
        cuda::launch(on, blocks_.grid(), block_threads, sum_of_frequencies<Window<Real>, Real>, net_,
                     Window<Real>{rows_, near, growths, before}, blocks_, x, sums, out);
        cuda::add_segments(on, net_, blocks_, sums, out);
    }

 private:
    View<Real> net_;
    Rows<Real> rows_;
    Near<Real> near_;
    Blocks blocks_;
};

template <class Real>
class LookUpLaunch {
 public:
    LookUpLaunch(const View<Real>& net, const Table<Real>& table, std::int64_t points)
        : net_(net), table_(table), blocks_(blocks_of_frequencies(net, points)) {}

    std::int64_t bytes() const { return Carver::padded_bytes<double>(blocks_.sums()); }
    void operator()(Cuda on, const Real* x, Real* out, Workspace workspace) const {
        double* const sums = Carver(workspace).take<double>(blocks_.sums());
        cuda::launch(on, blocks_.grid(), block_threads, sum_of_frequencies<LookUp<Real>, Real>, net_,
                     LookUp<Real>{table_}, blocks_, x, sums, out);
        cuda::add_segments(on, net_, blocks_, sums, out);
    }

 private:
    View<Real> net_;
    Table<Real> table_;
    Blocks blocks_;
};

/// f(launch) for the launch of a method that is not dense.
template <class Real, class F>
auto with_launch(const View<Real>& net, Method method, std::int64_t points, F&& f) {
    require_method(net, method);
    if (method == Method::window) return f(WindowLaunch<Real>(net, points));
    const Rows<Real> rows(net);
    const Shares<Real> shares(rows);
    return shares.with_group([&]<int group>() { return f(SharedLaunch<group, Real>(net, rows, shares, points)); });
}

template <class Launch, class Real>
void run(const Launch& launch, Cuda on, const Real* x, std::int64_t points, Real* out, Workspace workspace) {
    require_workspace(workspace, launch.bytes());
    if (points > 0) launch(on, x, out, workspace);
}

}  // namespace

template <class Real>
std::int64_t workspace_bytes(Cuda on, const View<Real>& net, Method method, std::int64_t points) {
    if (method == Method::dense) return workspace_bytes(on, net, points);
    return with_launch(net, method, points, [](const auto& launch) { return launch.bytes(); });
}

template <class Real>
void evaluate(Cuda on, const View<Real>& net, Method method, const Real* x, std::int64_t points, Real* out,
              Workspace workspace) {
    if (method == Method::dense) return evaluate(on, net, x, points, out, workspace);
    with_launch(net, method, points, [&](const auto& launch) { run(launch, on, x, points, out, workspace); });
}

template <class Real>
std::int64_t workspace_bytes(Cuda, const View<Real>& net, const Table<Real>& table, std::int64_t points) {
    return LookUpLaunch<Real>(net, table, points).bytes();
}

template <class Real>
void evaluate(Cuda on, const View<Real>& net, const Table<Real>& table, const Real* x, std::int64_t points, Real* out,
              Workspace workspace) {
    run(LookUpLaunch<Real>(net, table, points), on, x, points, out, workspace);
}

#define KOUSEI_INSTANTIATE(Real)                                                                          \
    template std::int64_t workspace_bytes(Cuda, const View<Real>&, Method, std::int64_t);                 \
    template void evaluate(Cuda, const View<Real>&, Method, const Real*, std::int64_t, Real*, Workspace); \
    template std::int64_t workspace_bytes(Cuda, const View<Real>&, const Table<Real>&, std::int64_t);     \
    template void evaluate(Cuda, const View<Real>&, const Table<Real>&, const Real*, std::int64_t, Real*, Workspace);
KOUSEI_INSTANTIATE(float)
KOUSEI_INSTANTIATE(double)
#undef KOUSEI_INSTANTIATE

}  // namespace kousei::funahashi
