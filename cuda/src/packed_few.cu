#include "packed_few.hpp"

#include <cmath>

#include "mma.cuh"
#include "packed_products.cuh"

namespace kousei::packed::few {
namespace {

/// Rows of a thread block, in products of 16 below one another that every warp has.
constexpr int row_tiles = 4, rows_together = 16 * row_tiles;
/// Columns that share an exponent, which a warp has; of them so many are multiplied at a time.
constexpr int chunk = 512, block = 128, blocks = chunk / block;
/// A product is of 32 columns: of each of a block's 4 words the bits of a byte's place, 8 apart.
constexpr int steps = block / 32, together = 4;
/// Words of a step of a block in shared memory, some more than there are: for its banks.
constexpr int step_words = 64 + 8;

/// A number x of a chunk whose largest is below 2^e is the whole number x 2^(bits - e) of 23 bits, as three signed
/// bytes, each in a column of its own of the product. Infinities and NaN are none of them, and leave NaN.
constexpr int bits = 22, limbs = 3;

/// Warps of a thread block for so many tiles of 8 columns: with one, they read a row of 8192 columns at once.
template <int tiles>
constexpr int warps_of = tiles == 1 ? 16 : 8;

struct alignas(16) Four {
    std::uint32_t word[4];
};

/// The bits of byte places `bit` of a word as signed bytes -1 and +1.
__device__ inline std::uint32_t signs_at(std::uint32_t word, int bit) {
    return 0xFFFFFFFFu - (word >> bit & 0x01010101u) * 0xFEu;
}

/// Of four lanes t with words (t, 0) ... (t, 3), which become (0, t) ... (3, t).
__device__ inline void transpose(Four& words, int t) {
#pragma unroll
    for (int step = 1; step <= 2; step *= 2) {
        const bool upper = (t & step) != 0;
#pragma unroll
        for (int i = 0; i < 4; ++i) {
            if (i & step) continue;
            std::uint32_t& low = words.word[i];
            std::uint32_t& high = words.word[i + step];
            const std::uint32_t other = __shfl_xor_sync(0xFFFFFFFFu, upper ? low : high, step);
            (upper ? low : high) = other;
        }
    }
}

/// x 2^shift for shifts whose power may be none of float's; exact.
struct Scaled {
    float first, second;

    __device__ explicit Scaled(int shift) : first(ldexpf(1, shift / 2)), second(ldexpf(1, shift - shift / 2)) {}
    __device__ float operator()(float x) const { return x * first * second; }
};

/// The sum at one point.
__device__ float sum_at(const Signs<float>& signs, std::int64_t row, const float* x) {
    float sum = 0;
    for (std::int64_t column = 0; column < signs.columns; ++column) {
        const std::int64_t word = column / 32;
        const float sign = sign_at<float>(signs.words[row * signs.stride + word], static_cast<int>(column % 32));
        sum += signs.scale(row, word) * (sign * x[column]);
    }
    return sum;
}

template <int tiles>
__global__ void __launch_bounds__(32 * warps_of<tiles>, 1)
    multiply_kernel(const __grid_constant__ Signs<float> signs, const float* x, int points, float* out) {
    constexpr int warps = warps_of<tiles>, most_points = 8 * tiles / limbs;
    constexpr int sums = row_tiles * tiles * 4;
    // Of each warp what it multiplies, and in the end the sums of half of the warps.
    __shared__ union {
        std::uint32_t numbers[warps][tiles][steps * step_words];
        float totals[warps / 2][sums][32];
    } shared;
    __shared__ float factors[warps][8 * tiles];
    const int warp = static_cast<int>(threadIdx.x) / 32, lane = static_cast<int>(threadIdx.x) % 32;
    const int g = lane / 4, t = lane % 4;
    const std::int64_t first_row = blockIdx.x * std::int64_t{rows_together};
    // The last rows are tiled from the end; those that another thread block has are not written.
    const std::int64_t tiled_row = min(first_row, signs.rows - rows_together);
    const std::int64_t chunks = (signs.columns + chunk - 1) / chunk;

    const auto read = [&](std::int64_t number, Four (&words)[2 * row_tiles]) {
        const std::int64_t word = number * (chunk / 32) + 4 * t;
        const std::uint32_t* from = signs.words + (tiled_row + g) * signs.stride + word;
#pragma unroll
        for (int i = 0; i < 2 * row_tiles; ++i, from += 8 * signs.stride) {
            words[i] = word < signs.stride ? *reinterpret_cast<const Four*>(from) : Four{};
        }
    };
    // Element i of a register: columns of a word that are 8 apart, from the lane's own on.
    const auto value = [&](std::int64_t number, int part, int point, int i) {
        const std::int64_t column = number * chunk + part * block + lane / 8 * 32 + lane % 8 + 8 * i;
        return column < signs.columns ? x[point * signs.columns + column] : 0.0f;
    };

    float total[row_tiles][tiles][4] = {};
    std::int32_t sum[row_tiles][tiles][4] = {};
    // Every warp has as many turns; past the end there are zeros.
    for (std::int64_t number = warp; number - warp < chunks; number += warps) {
        Four words[2 * row_tiles];
        read(number, words);
        int shifts[most_points] = {};
        bool known[most_points] = {};
#pragma unroll
        for (int point = 0; point < most_points; ++point) {
            if (point >= points) break;
            float largest = 0;
#pragma unroll
            for (int part = 0; part < blocks; ++part) {
#pragma unroll
                for (int i = 0; i < together; ++i) {
                    const float size = fabsf(value(number, part, point, i));
                    largest = size < INFINITY ? fmaxf(largest, size) : INFINITY;
                }
            }
#pragma unroll
            for (int step = 16; step > 0; step /= 2) {
                largest = fmaxf(largest, __shfl_xor_sync(0xFFFFFFFFu, largest, step));
            }
            int exponent = 0;
            known[point] = largest < INFINITY;
            if (known[point]) static_cast<void>(frexpf(largest, &exponent));
            // 2^-149 is the smallest float.
            shifts[point] = min(bits - exponent, 149);
            if (lane < limbs) {
                factors[warp][point * limbs + lane] = known[point] ? ldexpf(1, 8 * lane - shifts[point]) : NAN;
            }
        }
#pragma unroll
        for (Four& four : words) transpose(four, t);
#pragma unroll
        for (int part = 0; part < blocks; ++part) {
            __syncwarp();
#pragma unroll
            for (int point = 0; point < most_points; ++point) {
                if (point >= points) break;
                const Scaled scaled(shifts[point]);
                std::uint32_t registers[limbs] = {};
#pragma unroll
                for (int i = 0; i < together; ++i) {
                    const float number_i = known[point] ? scaled(value(number, part, point, i)) : 0;
                    auto whole = static_cast<std::int32_t>(rintf(number_i));
#pragma unroll
                    for (std::uint32_t& of_limb : registers) {
                        const auto limb = static_cast<std::int8_t>(whole);
                        of_limb |= std::uint32_t{static_cast<std::uint8_t>(limb)} << 8 * i;
                        whole = (whole - limb) >> 8;
                    }
                }
#pragma unroll
                for (int limb = 0; limb < limbs; ++limb) {
                    const int column = point * limbs + limb;
                    // The two registers of a lane lie beside one another.
                    shared.numbers[warp][column / 8][lane % 8 / 2 * step_words + (column % 8 * 4 + lane / 8) * 2 +
                                                     lane % 2] = registers[limb];
                }
            }
            __syncwarp();
#pragma unroll
            for (int step = 0; step < steps; ++step) {
                std::uint32_t b[tiles][2];
#pragma unroll
                for (int n = 0; n < tiles; ++n) {
#pragma unroll
                    for (int half = 0; half < 2; ++half) {
                        b[n][half] = shared.numbers[warp][n][step * step_words + lane * 2 + half];
                    }
                }
#pragma unroll
                for (int r = 0; r < row_tiles; ++r) {
                    std::uint32_t a[4];
#pragma unroll
                    for (int i = 0; i < 4; ++i) a[i] = signs_at(words[2 * r + i % 2].word[part], 2 * step + i / 2);
#pragma unroll
                    for (int n = 0; n < tiles; ++n) cuda::multiply(sum[r][n], a, b[n]);
                }
            }
            if (part + 1 < blocks && signs.groups <= 1) continue;
            const std::int64_t word = min(number * (chunk / 32) + 4 * part, signs.stride - 1);
#pragma unroll
            for (int r = 0; r < row_tiles; ++r) {
                const float scales[2] = {signs.scale(tiled_row + g + 16 * r, word),
                                         signs.scale(tiled_row + g + 16 * r + 8, word)};
#pragma unroll
                for (int n = 0; n < tiles; ++n) {
#pragma unroll
                    for (int i = 0; i < 4; ++i) {
                        const float factor = factors[warp][8 * n + 2 * t + i % 2];
                        total[r][n][i] += scales[i / 2] * (factor * static_cast<float>(sum[r][n][i]));
                        sum[r][n][i] = 0;
                    }
                }
            }
        }
    }

    const auto at = [&](int of_warp, int i) -> float& { return shared.totals[of_warp][i][lane]; };
#pragma unroll
    for (int half = warps / 2; half > 0; half /= 2) {
        __syncthreads();
#pragma unroll
        for (int i = 0; i < sums; ++i) {
            if (half <= warp && warp < 2 * half) at(warp - half, i) = total[i / 4 / tiles][i / 4 % tiles][i % 4];
        }
        __syncthreads();
#pragma unroll
        for (int i = 0; i < sums; ++i) {
            if (warp < half) total[i / 4 / tiles][i / 4 % tiles][i % 4] += at(warp, i);
        }
    }
    if (warp == 0) {
#pragma unroll
        for (int i = 0; i < sums; ++i) at(0, i) = total[i / 4 / tiles][i / 4 % tiles][i % 4];
    }
    __syncthreads();
    for (int k = static_cast<int>(threadIdx.x); k < points * rows_together; k += 32 * warps) {
        const int of_block = k % rows_together, point = k / rows_together;
        const std::int64_t row = tiled_row + of_block;
        if (row < first_row) continue;
        float of_row = 0;
        // From the smallest limb on; see mma.cuh for where a sum lies.
#pragma unroll
        for (int limb = 0; limb < limbs; ++limb) {
            const int column = point * limbs + limb;
            const int i = (of_block / 16 * tiles + column / 8) * 4 + of_block % 16 / 8 * 2 + column % 2;
            of_row += shared.totals[0][i][of_block % 8 * 4 + column % 8 / 2];
        }
        if (of_row != of_row) of_row = sum_at(signs, row, x + point * signs.columns);
        out[point * signs.rows + row] = of_row;
    }
}

}  // namespace

bool takes(const Matrix<float>& matrix) {
    const auto& [words, rows, columns] = matrix.signs;
    return (matrix.scales == nullptr || matrix.group >= columns || matrix.group % block == 0) && columns >= chunk &&
           rows >= chunk && reinterpret_cast<std::uintptr_t>(words) % sizeof(Four) == 0;
}

void matmul(Cuda on, const Matrix<float>& matrix, const float* x, std::int64_t points, float* out) {
    const dim3 grid(static_cast<unsigned>(blocks_of(matrix.signs.rows, rows_together)));
    const auto run = [&]<int tiles>(std::integral_constant<int, tiles>) {
        cuda::launch(on, grid, 32 * warps_of<tiles>, multiply_kernel<tiles>, Signs<float>(matrix), x,
                     static_cast<int>(points), out);
    };
    static_assert(few_points * limbs <= 24);
    if (points * limbs <= 8) return run(std::integral_constant<int, 1>());
    if (points * limbs <= 16) return run(std::integral_constant<int, 2>());
    run(std::integral_constant<int, 3>());
}

}  // namespace kousei::packed::few
