// Matrices of signs: included after kernels.inl, once per instruction set.
#include <limits>
#include <type_traits>

#include <kousei/math/lanes.hpp>

#include "packed.hpp"

namespace kousei::simd {
namespace KOUSEI_ISA {
namespace {

/// MultiplySigns for `rows` rows from `first` on and `points` points; lanes are columns.
template <class Real, int rows, int points>
inline void multiply_signs_of(const SignBlock<Real>& block, std::int64_t first, const Real* x, std::int64_t x_stride,
                              Real* out, std::int64_t out_stride) {
    using V = Vector<Real>;
    using Bits = math::integer_t<V>;
    using Word = std::remove_cvref_t<decltype(Bits{}[0])>;
    constexpr Word sign = std::numeric_limits<Word>::min();
    constexpr Word w = width<Real>;
    const std::uint32_t* const words = block.words + first * block.stride;
    Bits bit_of_lane{};
    for (int lane = 0; lane < w; ++lane) bit_of_lane[lane] = Word{1} << lane;
    V total[rows][points] = {};
    // A sign is turned, not multiplied with: infinities are answered.
    const auto add = [&](std::int64_t word, const Bits& bit, std::int64_t column, std::int64_t count) {
        V at[points];
        for (int p = 0; p < points; ++p) at[p] = load_first(x + p * x_stride + column, count);
        for (int r = 0; r < rows; ++r) {
            const Bits of_row = Bits{} + static_cast<Word>(words[r * block.stride + word]);
            const Bits turned = ((of_row & bit) == 0) & sign;
            for (int p = 0; p < points; ++p) total[r][p] += math::from_bits<V>(math::to_bits(at[p]) ^ turned);
        }
    };
    const std::int64_t whole = block.columns / 32;
    for (std::int64_t word = 0; word < whole; ++word) {
        Bits bit = bit_of_lane;
        for (std::int64_t group = 0; group < 32; group += w, bit <<= w) add(word, bit, 32 * word + group, w);
    }
    Bits bit = bit_of_lane;
    for (std::int64_t column = 32 * whole; column < block.columns; column += w, bit <<= w) {
        add(whole, bit, column, column + w <= block.columns ? w : block.columns - column);
    }
    for (int p = 0; p < points; ++p) {
        for (int r = 0; r < rows; ++r) {
            Real& to = out[p * out_stride + first + r];
            Real sum = sum_of_lanes<Real>(total[r][p]);
            if (block.scales) sum *= block.scales[(first + r) * block.scale_stride];
            to = block.more ? to + sum : sum;
        }
    }
}

template <class Real, int points>
inline void multiply_signs_at(const SignBlock<Real>& block, const Real* x, std::int64_t x_stride, Real* out,
                              std::int64_t out_stride) {
    // Chains of additions hide each other's latency, and their sums leave registers for the points.
    constexpr int together = points == 1 || KOUSEI_VECTOR_BYTES == 64 ? 4 : 2;
    std::int64_t row = 0;
    for (; row + together <= block.rows; row += together) {
        multiply_signs_of<Real, together, points>(block, row, x, x_stride, out, out_stride);
    }
    for (; row < block.rows; ++row) multiply_signs_of<Real, 1, points>(block, row, x, x_stride, out, out_stride);
}

template <class Real>
void multiply_signs(const SignBlock<Real>& block, const Real* x, std::int64_t points, std::int64_t x_stride,
                    Real* out, std::int64_t out_stride) {
    constexpr int together = 4;
    std::int64_t i = 0;
    for (; i + together <= points; i += together) {
        multiply_signs_at<Real, together>(block, x + i * x_stride, x_stride, out + i * out_stride, out_stride);
    }
    for (; i < points; ++i) {
        multiply_signs_at<Real, 1>(block, x + i * x_stride, x_stride, out + i * out_stride, out_stride);
    }
}

}  // namespace
}  // namespace KOUSEI_ISA
}  // namespace kousei::simd
