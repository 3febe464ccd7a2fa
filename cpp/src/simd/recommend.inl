// Products of sparse rows: included after kernels.inl, once per instruction set.
#include "recommend.hpp"

#if defined(__AVX2__)
#include <immintrin.h>
#endif

namespace kousei::simd {
namespace KOUSEI_ISA {
namespace {

/// Bit l: a >= b in lane l.
template <class Real>
inline unsigned lanes_at_least(Vector<Real> a, Vector<Real> b) {
#if defined(__AVX512F__)
    if constexpr (sizeof(Real) == sizeof(double)) {
        return _mm512_cmp_pd_mask(a, b, _CMP_GE_OQ);
    } else {
        return _mm512_cmp_ps_mask(a, b, _CMP_GE_OQ);
    }
#else
    const auto where = a >= b;
#if defined(__AVX2__)
    if constexpr (sizeof(Real) == sizeof(double)) {
        return static_cast<unsigned>(_mm256_movemask_pd(reinterpret_cast<__m256d>(where)));
    } else {
        return static_cast<unsigned>(_mm256_movemask_ps(reinterpret_cast<__m256>(where)));
    }
#else
    unsigned bits = 0;
    for (int lane = 0; lane < width<Real>; ++lane) bits |= static_cast<unsigned>(where[lane] & 1) << lane;
    return bits;
#endif
#endif
}

template <class Real>
inline Vector<Real> larger(Vector<Real> a, Vector<Real> b) {
    return a > b ? a : b;
}

template <class Real>
void find_largest(const Products<Real>& row, std::int64_t groups, Real* of_groups) {
    constexpr std::int64_t strip = simd::strip<Real>;
    for (std::int64_t i = 0; i < groups * strip; ++i) of_groups[i] = 0;
    std::int64_t group = 0;
    for (std::int64_t block = 0; block < row.blocks; ++block) {
        for (std::int64_t lane = 0; lane < strip; lane += width<Real>) {
            const Real* const at = row.products + block * strips_block<Real> + lane;
            const auto two = larger<Real>(load(at), load(at + strip));
            const auto four = larger<Real>(larger<Real>(load(at + 2 * strip), load(at + 3 * strip)), two);
            Real* const of_group = of_groups + group * strip + lane;
            store<Real>(four, row.largest + block * strip + lane);
            store<Real>(larger<Real>(four, load(of_group)), of_group);
        }
        group = group + 1 < groups ? group + 1 : 0;
    }
}

template <class Real>
std::int64_t find_reaching(const Products<Real>& row, Real own, std::int32_t* found) {
    constexpr std::int64_t strip = simd::strip<Real>;
    const Vector<Real> bar = broadcast(own);
    std::int64_t count = 0;
    for (std::int64_t i = 0; i < row.blocks * strip; i += width<Real>) {
        const Vector<Real> lowest = load(row.lowest + i);
        unsigned lanes = lanes_at_least<Real>(load(row.largest + i), bar < lowest ? bar : lowest);
        for (; lanes != 0; lanes &= lanes - 1) {
            const std::int64_t lane = i + __builtin_ctz(lanes), block = lane / strip;
            const std::int64_t first = block * strips_block<Real> + lane % strip;
            for (std::int64_t place = first; place < first + strips_block<Real>; place += strip) {
                const Real product = row.products[place];
                // Without a branch, which could not be foretold. Where a thread takes denormal numbers for 0, so is
                // the smallest bound.
                found[count] = static_cast<std::int32_t>(place);
                count += (product > 0) & ((product >= own) | (product >= row.reach[place]));
            }
        }
    }
    return count;
}

template <class Real>
constexpr RecommendKernels<Real> recommend_kernels = {&find_largest<Real>, &find_reaching<Real>};

}  // namespace
}  // namespace KOUSEI_ISA
}  // namespace kousei::simd
