#include "packed_few.hpp"

#include <cmath>

#include "mma.cuh"
#include "packed_products.cuh"
#include "warp.cuh"

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

struct alignas(16) Four {
    std::uint32_t word[4];
};

/// The bits of byte places `bit` of a word as bytes 0 and 1. A sum of signs times numbers is twice that of these less
/// the sum of the numbers.
__device__ inline std::uint32_t bits_at(std::uint32_t word, int bit) {
    return word >> bit & 0x01010101u;
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

/// How numbers of a chunk are scaled, by the bits of the largest of them.
struct Shift {
    static constexpr std::uint32_t infinity = 0x7F800000u;
    int shift;

    __device__ explicit Shift(std::uint32_t largest) {
        const int biased = static_cast<int>(largest >> 23);
        const int exponent = biased > 0 ? biased - 126 : -117 - __clz(static_cast<int>(largest));
        // 2^-149 is the smallest float.
        shift = min(bits - exponent, 149);
    }
    /// The limbs of x 2^shift, each with 128 added to it, in three bytes. The power may be none of float's; adding
    /// 1.5 2^23 rounds.
    __device__ std::uint32_t operator()(float x) const {
        const float rounded = fmaf(x * power(shift / 2), power(shift - shift / 2), 0x1.8p23f);
        return __float_as_uint(rounded) - 0x4B400000u + 0x808080u;
    }

    __device__ static float power(int exponent) {
        return __uint_as_float(static_cast<unsigned>(exponent + 127) << 23);
    }
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

template <int points>
constexpr int tiles_of = (points * limbs + 7) / 8;
/// With one tile, the warps read a row of 8192 columns at once.
template <int points>
constexpr int warps_of = tiles_of<points> == 1 ? 16 : 8;

template <int points>
__global__ void __launch_bounds__(32 * warps_of<points>, 1)
    multiply_kernel(const __grid_constant__ Signs<float> signs, const float* x, float* out) {
    constexpr int tiles = tiles_of<points>, warps = warps_of<points>, sums = row_tiles * tiles * 4;
    // Of each warp what it multiplies, and in the end the sums of half of the warps.
    __shared__ union {
        std::uint32_t numbers[warps][tiles][steps * step_words];
        float totals[warps / 2][sums][32];
    } shared;
    // What a column of the product counts for, and the sum of its numbers.
    __shared__ float factors[warps][8 * tiles];
    __shared__ std::int32_t counts[warps][8 * tiles];
    const int warp = static_cast<int>(threadIdx.x) / 32, lane = static_cast<int>(threadIdx.x) % 32;
    const int g = lane / 4, t = lane % 4;
    const std::int64_t first_row = blockIdx.x * std::int64_t{rows_together};
    // The last rows are tiled from the end; those that another thread block has are not written.
    const std::int64_t tiled_row = min(first_row, signs.rows - rows_together);
    const std::int64_t chunks = (signs.columns + chunk - 1) / chunk;
    // Whether each block of a chunk has a scale of its own.
    const bool each = signs.groups > 1;

    float total[row_tiles][tiles][4] = {};
    std::int32_t sum[row_tiles][tiles][4] = {};
    // Every warp has as many turns; past the end there are zeros.
    for (std::int64_t number = warp; number - warp < chunks; number += warps) {
        Four words[2 * row_tiles];
        const std::int64_t word = number * (chunk / 32) + 4 * t;
        const std::uint32_t* row = signs.words + (tiled_row + g) * signs.stride + word;
#pragma unroll
        for (int i = 0; i < 2 * row_tiles; ++i, row += 8 * signs.stride) {
            words[i] = word < signs.stride ? *reinterpret_cast<const Four*>(row) : Four{};
        }

        // A lane has the columns of registers: of a word's the one at its place and those 8, 16 and 24 behind it.
        const int own = lane / 8 * 32 + lane % 8;
        const auto left = static_cast<int>(min(signs.columns - number * chunk, std::int64_t{chunk})) - own;
        const float* const here = x + number * chunk + own;
        const auto value = [&](int point, int part, int i) {
            const int column = part * block + 8 * i;
            return column < left ? here[point * signs.columns + column] : 0.0f;
        };
        std::uint32_t largest[points] = {};
#pragma unroll
        for (int point = 0; point < points; ++point) {
#pragma unroll
            for (int part = 0; part < blocks; ++part) {
#pragma unroll
                for (int i = 0; i < together; ++i) {
                    largest[point] = max(largest[point], __float_as_uint(value(point, part, i)) & 0x7FFFFFFFu);
                }
            }
        }
#pragma unroll
        for (int point = 0; point < points; ++point) {
            largest[point] = cuda::max_of_warp(largest[point]);
            const int shift = Shift(largest[point]).shift;
            if (lane < limbs) {
                factors[warp][point * limbs + lane] =
                    largest[point] < Shift::infinity ? ldexpf(1, 8 * lane - shift) : NAN;
            }
        }
#pragma unroll
        for (Four& four : words) transpose(four, t);

#pragma unroll
        for (int part = 0; part < blocks; ++part) {
            __syncwarp();
#pragma unroll
            for (int point = 0; point < points; ++point) {
                const Shift limbs_of(largest[point]);
                std::uint32_t n[together];
#pragma unroll
                for (int i = 0; i < together; ++i) n[i] = limbs_of(value(point, part, i));
                const std::uint32_t low = __byte_perm(n[0], n[1], 0x5140), high = __byte_perm(n[2], n[3], 0x5140);
                const std::uint32_t registers[limbs] = {
                    __byte_perm(low, high, 0x5410), __byte_perm(low, high, 0x7632),
                    __byte_perm(__byte_perm(n[0], n[1], 0x0062), __byte_perm(n[2], n[3], 0x0062), 0x5410)};
#pragma unroll
                for (int limb = 0; limb < limbs; ++limb) {
                    const int column = point * limbs + limb;
                    const std::uint32_t bytes = registers[limb] ^ 0x80808080u;
                    // The two registers of a lane lie beside one another.
                    shared.numbers[warp][column / 8]
                                  [lane % 8 / 2 * step_words + (column % 8 * 4 + lane / 8) * 2 + lane % 2] = bytes;
                    const std::int32_t of_part = cuda::sum_of_warp(__dp4a(static_cast<int>(bytes), 0x01010101, 0));
                    if (lane == 0) counts[warp][column] = of_part + (part == 0 || each ? 0 : counts[warp][column]);
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
                    for (int i = 0; i < 4; ++i) a[i] = bits_at(words[2 * r + i % 2].word[part], 2 * step + i / 2);
#pragma unroll
                    for (int n = 0; n < tiles; ++n) cuda::multiply(sum[r][n], a, b[n]);
                }
            }
            if (part + 1 < blocks && !each) continue;
            const std::int64_t its_word = min(number * (chunk / 32) + 4 * part, signs.stride - 1);
#pragma unroll
            for (int r = 0; r < row_tiles; ++r) {
                const float scales[2] = {signs.scale(tiled_row + g + 16 * r, its_word),
                                         signs.scale(tiled_row + g + 16 * r + 8, its_word)};
#pragma unroll
                for (int n = 0; n < tiles; ++n) {
#pragma unroll
                    for (int i = 0; i < 4; ++i) {
                        const int column = 8 * n + 2 * t + i % 2;
                        const auto whole = static_cast<float>(2 * sum[r][n][i] - counts[warp][column]);
                        total[r][n][i] += scales[i / 2] * (factors[warp][column] * whole);
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
        const std::int64_t of_matrix = tiled_row + of_block;
        if (of_matrix < first_row) continue;
        float of_row = 0;
        // From the smallest limb on; see mma.cuh for where a sum lies.
#pragma unroll
        for (int limb = 0; limb < limbs; ++limb) {
            const int column = point * limbs + limb;
            const int i = (of_block / 16 * tiles + column / 8) * 4 + of_block % 16 / 8 * 2 + column % 2;
            of_row += shared.totals[0][i][of_block % 8 * 4 + column % 8 / 2];
        }
        if (of_row != of_row) of_row = sum_at(signs, of_matrix, x + point * signs.columns);
        out[point * signs.rows + of_matrix] = of_row;
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
    using Kernel = void (*)(Signs<float>, const float*, float*);
    constexpr Kernel kernels[few_points] = {multiply_kernel<1>, multiply_kernel<2>, multiply_kernel<3>,
                                            multiply_kernel<4>, multiply_kernel<5>, multiply_kernel<6>,
                                            multiply_kernel<7>, multiply_kernel<8>};
    cuda::launch(on, grid, points * limbs <= 8 ? 32 * warps_of<1> : 32 * warps_of<8>, kernels[points - 1],
                 Signs<float>(matrix), x, out);
}

}  // namespace kousei::packed::few
