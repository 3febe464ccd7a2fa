#include "packed_wgmma.hpp"

#include <algorithm>
#include <limits>

#include "packed_halves.cuh"
#include "packed_products.cuh"
#include "wgmma.cuh"
#include "workspace.hpp"

namespace kousei::packed::wgmma {
namespace {

namespace gmma = cuda::wgmma;

/// Warpgroups multiply, 64 rows each, and a thread of one more copies what they multiply with to two thread blocks at
/// a time, which have it in common.
constexpr int group_threads = 128, warp = 32, group_rows = 64, cluster = 2;
/// Products of 16 columns, of a block of 128 and those that one group of instructions has.
constexpr int steps = block / 16, steps_together = 4, blocks = chunk / block;

/// A block of 128 columns as it is copied: of each product and pass its points in blocks of 8 by 8 columns, see
/// wgmma.cuh.
template <int points_, int passes_, int row_groups, int splits_>
struct Tile {
    /// Points of a thread block; float16 of an x; warpgroups that share the columns of the same rows.
    static constexpr int points = points_, passes = passes_, splits = splits_;
    static constexpr int rows = group_rows * row_groups, groups = row_groups * splits;
    static constexpr int threads = (groups + 1) * group_threads;
    /// Registers of the threads that multiply, and of those that copy.
    static constexpr int registers = groups == 2 ? 232 : 112, other_registers = groups == 2 ? 40 : 24;
    static constexpr int bytes = points * block * passes * 2;
    static constexpr int slots = std::min(16, 3 * 65536 / bytes);
    static constexpr int shared_bytes = slots * bytes;
    static constexpr int step_bytes = points * 32;

    /// Where element 2 t, + 1 of half `half` of a product lie.
    __device__ static std::int64_t place(int step, int pass, int half, int point, int t) {
        return (step * passes + pass) * step_bytes + half * (step_bytes / 2) + point * 16 + 4 * t;
    }
};

/// The points as they are multiplied, tiles (point blocks, blocks of columns), and the factors (chunks, points of all
/// point blocks).
struct Written {
    std::uint8_t* tiles;
    float* factors;
    std::int64_t point_blocks, chunks;
};

constexpr int writers = 256, written_together = 8;

template <class Tile>
__global__ void __launch_bounds__(writers)
    write_kernel(const __grid_constant__ Written to, const float* x, std::int64_t points, std::int64_t columns) {
    // The padding is for the banks.
    __shared__ float values[written_together][chunk + 4];
    const std::int64_t number = blockIdx.x % to.chunks;
    const std::int64_t first_point = blockIdx.x / to.chunks * written_together;
    const int of_warp = static_cast<int>(threadIdx.x) / warp, lane = static_cast<int>(threadIdx.x) % warp;
    const std::int64_t point = first_point + of_warp;
    if (point < points) {
        float here[chunk / warp], largest = 0;
#pragma unroll
        for (int i = 0; i < chunk / warp; ++i) {
            const std::int64_t column = number * chunk + warp * i + lane;
            here[i] = column < columns ? x[point * columns + column] : 0;
            if (is_finite(here[i])) largest = fmaxf(largest, fabsf(here[i]));
        }
#pragma unroll
        for (int step = 16; step > 0; step /= 2) largest = fmaxf(largest, __shfl_xor_sync(~0u, largest, step));
        const int shift = shift_for(largest);
        const float first = ldexpf(1, shift / 2), second = ldexpf(1, shift - shift / 2);
        if (lane == 0) to.factors[number * to.point_blocks * Tile::points + point] = ldexpf(1, -shift);
#pragma unroll
        for (int i = 0; i < chunk / warp; ++i) values[of_warp][warp * i + lane] = here[i] * first * second;
    }
    __syncthreads();
    const int of_block = static_cast<int>(threadIdx.x) % written_together;
    const std::int64_t its_point = first_point + of_block;
    if (its_point >= points) return;
    std::uint8_t* const tiles = to.tiles + (its_point / Tile::points * to.chunks + number) * blocks * Tile::bytes;
    for (int k = static_cast<int>(threadIdx.x) / written_together; k < blocks * steps * 2;
         k += writers / written_together) {
        const int half = k % 2, step = k / 2 % steps, part = k / 2 / steps;
        struct alignas(16) {
            std::uint32_t word[4];
        } row[Tile::passes] = {};
#pragma unroll
        for (int t = 0; t < 4; ++t) {
            std::uint32_t planes[Tile::passes] = {};
#pragma unroll
            for (int i = 0; i < 2; ++i) {
                write(values[of_block][part * block + 32 * t + 2 * step + half + 16 * i], i, planes);
            }
#pragma unroll
            for (int pass = 0; pass < Tile::passes; ++pass) row[pass].word[t] = planes[pass];
        }
#pragma unroll
        for (int pass = 0; pass < Tile::passes; ++pass) {
            const std::int64_t place = Tile::place(step, pass, half, static_cast<int>(its_point % Tile::points), 0);
            *reinterpret_cast<decltype(&row[0])>(tiles + part * Tile::bytes + place) = row[pass];
        }
    }
}

template <class Tile>
__global__ void __cluster_dims__(cluster, 1, 1) __launch_bounds__(Tile::threads, 1)
    multiply_kernel(const __grid_constant__ Signs<float> signs, const __grid_constant__ Written from,
                    std::int64_t points, float* out) {
#if defined(__CUDA_ARCH_FEAT_SM90_ALL)
    extern __shared__ __align__(128) std::uint8_t slots[];
    __shared__ gmma::Barrier full[Tile::slots], empty[Tile::slots];
    const int of_group = static_cast<int>(threadIdx.x) / group_threads;
    const unsigned rank = gmma::rank_in_cluster();
    const std::int64_t tiles = from.chunks * blocks, row_blocks = gridDim.x / from.point_blocks;
    const std::int64_t row_block = blockIdx.x % row_blocks, point_block = blockIdx.x / row_blocks;
    if (threadIdx.x == 0) {
        for (int slot = 0; slot < Tile::slots; ++slot) {
            full[slot].init(1);
            empty[slot].init(cluster * (Tile::groups / Tile::splits) * group_threads / warp);
        }
        gmma::make_barriers_known();
    }
    gmma::synchronize_cluster();

    if (of_group == Tile::groups) {
        gmma::leave_registers<Tile::other_registers>();
        if (threadIdx.x % group_threads == 0) {
            const std::uint8_t* tile = from.tiles + point_block * tiles * Tile::bytes;
            constexpr unsigned share = Tile::bytes / cluster;
            for (std::int64_t k = 0; k < tiles; ++k, tile += Tile::bytes) {
                const int slot = static_cast<int>(k % Tile::slots);
                const auto turn = static_cast<unsigned>(k / Tile::slots);
                if (turn > 0) empty[slot].wait((turn - 1) % 2);
                full[slot].arrive_and_expect(Tile::bytes);
                gmma::copy_to_all(slots + slot * Tile::bytes + rank * share, tile + rank * share, share, full[slot],
                                  (1 << cluster) - 1);
            }
        }
    } else {
        gmma::take_registers<Tile::registers>();
        const int lane = static_cast<int>(threadIdx.x) % warp, of_warp = static_cast<int>(threadIdx.x) / warp % 4;
        const int g = lane / 4, t = lane % 4;
        const int turn = of_group % Tile::splits, row_group = of_group / Tile::splits;
        const std::int64_t first_row = row_block * Tile::rows + row_group * group_rows;
        // The last rows are tiled from the end; those that another warpgroup has are not written.
        const std::int64_t tiled_row = min(first_row, signs.rows - group_rows) + 16 * of_warp + g;
        constexpr int sums = Tile::points / 2, its_blocks = blocks / Tile::splits;
        const auto read = [&](std::int64_t number, std::uint32_t (&words)[its_blocks][2]) {
#pragma unroll
            for (int i = 0; i < its_blocks; ++i) {
                const std::int64_t word = 4 * (number * blocks + i * Tile::splits + turn) + t;
                const std::uint32_t* const place = signs.words + tiled_row * signs.stride + word;
                const bool within = number < from.chunks && word < signs.stride;
                words[i][0] = within ? *place : 0;
                words[i][1] = within ? place[8 * signs.stride] : 0;
            }
        };
        float total[sums] = {}, sum[sums] = {};
        std::uint32_t next[its_blocks][2];
        read(0, next);
        for (std::int64_t number = 0; number < from.chunks; ++number) {
            std::uint32_t words[its_blocks][2];
#pragma unroll
            for (int i = 0; i < its_blocks; ++i) words[i][0] = next[i][0], words[i][1] = next[i][1];
            read(number + 1, next);
            float factors[sums / 2];
            const float* const its_factors =
                from.factors + (number * from.point_blocks + point_block) * Tile::points + 2 * t;
#pragma unroll
            for (int j = 0; j < sums / 2; ++j) factors[j] = its_factors[j / 2 * 8 + j % 2];
            std::uint32_t a[2][steps_together][4];
            int kept = 0;
#pragma unroll
            for (int i = 0; i < its_blocks; ++i) {
                const std::int64_t k = number * blocks + i * Tile::splits + turn;
                const int slot = static_cast<int>(k % Tile::slots);
                full[slot].wait(static_cast<unsigned>(k / Tile::slots) % 2);
                const std::uint64_t tile = gmma::descriptor(slots + slot * Tile::bytes, Tile::step_bytes / 2);
#pragma unroll
                for (int half = 0; half < steps / steps_together; ++half) {
#pragma unroll
                    for (int s = 0; s < steps_together; ++s) {
#pragma unroll
                        for (int r = 0; r < 4; ++r) {
                            a[half][s][r] = signs_at(words[i][r % 2], 2 * (half * steps_together + s) + r / 2);
                        }
                    }
                    gmma::begin();
#pragma unroll
                    for (int s = 0; s < steps_together; ++s) {
#pragma unroll
                        for (int pass = 0; pass < Tile::passes; ++pass) {
                            const int product = (half * steps_together + s) * Tile::passes + pass;
                            gmma::multiply(sum, a[half][s],
                                           tile + static_cast<std::uint64_t>(product * (Tile::step_bytes >> 4)),
                                           kept);
                            kept = 1;
                        }
                    }
                    gmma::commit();
                    // Those before read other registers, and the tile before.
                    gmma::wait<1>();
                    if (half == 0 && i > 0 && lane < cluster) empty[(k - Tile::splits) % Tile::slots].arrive_at(lane);
                }
                const bool scaled = i + 1 == its_blocks || signs.groups > 1;
                if (!scaled) continue;
                gmma::wait<0>();
                if (i + 1 == its_blocks && lane < cluster) empty[slot].arrive_at(lane);
                kept = 0;
                const float scales[2] = {signs.scale(tiled_row, min(4 * k, signs.stride - 1)),
                                         signs.scale(tiled_row + 8, min(4 * k, signs.stride - 1))};
#pragma unroll
                for (int j = 0; j < sums; ++j) {
                    total[j] += scales[j / 2 % 2] * (factors[j / 4 * 2 + j % 2] * sum[j]);
                }
            }
        }
        if constexpr (Tile::splits > 1) {
            // All have multiplied with the tiles, in whose place they leave their sums.
            float* const others = reinterpret_cast<float*>(slots) +
                                  row_group * (Tile::splits - 1) * sums * group_threads + threadIdx.x % group_threads;
            gmma::synchronize<Tile::groups * group_threads>();
#pragma unroll
            for (int j = 0; j < sums; ++j) {
                if (turn > 0) others[((turn - 1) * sums + j) * group_threads] = total[j];
            }
            gmma::synchronize<Tile::groups * group_threads>();
#pragma unroll
            for (int j = 0; j < sums; ++j) {
#pragma unroll
                for (int other = 0; other + 1 < Tile::splits; ++other) {
                    total[j] += others[(other * sums + j) * group_threads];
                }
            }
        }
        if (turn == 0) {
#pragma unroll
            for (int j = 0; j < sums; ++j) {
                const std::int64_t row = tiled_row + j / 2 % 2 * 8;
                const std::int64_t point = point_block * Tile::points + j / 4 * 8 + 2 * t + j % 2;
                if (row >= first_row && point < points) out[point * signs.rows + row] = total[j];
            }
        }
    }
    // No block ends while another may still copy into it or arrive at its barriers.
    gmma::synchronize_cluster();
#endif
}

/// What a matrix and so many points take.
template <class Tile>
struct Plan {
    std::int64_t row_blocks, columns, points;
    Written written;

    Plan(const Matrix<float>& matrix, std::int64_t points_)
        : row_blocks(blocks_of(matrix.signs.rows, Tile::rows * cluster) * cluster),
          columns(matrix.signs.columns),
          points(points_),
          written{nullptr, nullptr, blocks_of(points, Tile::points), blocks_of(columns, chunk)} {}

    std::int64_t tile_bytes() const {
        return checked_mul(checked_mul(written.point_blocks, written.chunks), blocks * Tile::bytes);
    }
    std::int64_t factors() const {
        return checked_mul(checked_mul(written.point_blocks, written.chunks), Tile::points);
    }
    std::int64_t bytes() const {
        return detail::Carver::padded_bytes<std::uint8_t>(tile_bytes()) +
               detail::Carver::padded_bytes<float>(factors());
    }

    /// How long it takes, in rows times points of one multiprocessor of an H100 after another. A product of few
    /// points waits for its signs.
    std::int64_t time() const {
        constexpr std::int64_t multiprocessors = 132, waiting = 8;
        return blocks_of(checked_mul(row_blocks, written.point_blocks), multiprocessors) * Tile::rows *
               (Tile::points + waiting);
    }

    void run(Cuda on, const Matrix<float>& matrix, const float* x, float* out, Workspace workspace) {
        require_workspace(workspace, bytes());
        detail::Carver carver(workspace);
        written.tiles = carver.take<std::uint8_t>(tile_bytes());
        written.factors = carver.take<float>(factors());
        const std::int64_t blocks_written = checked_mul(blocks_of(points, written_together), written.chunks);
        cuda::launch(on, dim3(static_cast<unsigned>(blocks_written)), writers, write_kernel<Tile>, written, x, points,
                     columns);
        const auto kernel = multiply_kernel<Tile>;
        cuda::check(cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, Tile::shared_bytes));
        const dim3 grid(static_cast<unsigned>(checked_mul(row_blocks, written.point_blocks)));
        cuda::launch_with(on, grid, Tile::threads, Tile::shared_bytes, kernel, Signs<float>(matrix), written, points,
                          out);
    }
};

/// f(the plan that takes the shortest time).
template <int passes, class F>
auto with_passes(const Matrix<float>& matrix, std::int64_t points, F&& f) {
    const Plan<Tile<128, passes, 2, 1>> most(matrix, points);
    const Plan<Tile<64, passes, 2, 1>> more(matrix, points);
    const Plan<Tile<32, passes, 2, 1>> some(matrix, points);
    const Plan<Tile<32, passes, 1, 4>> few(matrix, points);
    const std::int64_t shortest = std::min({most.time(), more.time(), some.time(), few.time()});
    if (most.time() == shortest) return f(most);
    if (more.time() == shortest) return f(more);
    if (some.time() == shortest) return f(some);
    return f(few);
}

template <class F>
auto with_plan(Cuda on, const Matrix<float>& matrix, std::int64_t points, F&& f) {
    return on.precision == Precision::fast ? with_passes<1>(matrix, points, f) : with_passes<2>(matrix, points, f);
}

}  // namespace

bool on_this_device() {
    int device = 0, major = 0, minor = 0;
    cuda::check(cudaGetDevice(&device));
    cuda::check(cudaDeviceGetAttribute(&major, cudaDevAttrComputeCapabilityMajor, device));
    cuda::check(cudaDeviceGetAttribute(&minor, cudaDevAttrComputeCapabilityMinor, device));
    return major == 9 && minor == 0;
}

std::int64_t workspace_bytes(Cuda on, const Matrix<float>& matrix, std::int64_t points) {
    return with_plan(on, matrix, points, [](const auto& plan) { return plan.bytes(); });
}

void matmul(Cuda on, const Matrix<float>& matrix, const float* x, std::int64_t points, float* out,
            Workspace workspace) {
    with_plan(on, matrix, points, [&](auto plan) { plan.run(on, matrix, x, out, workspace); });
}

}  // namespace kousei::packed::wgmma
