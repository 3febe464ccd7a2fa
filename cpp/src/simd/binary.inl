// Chains of sign vectors: included after kernels.inl, once per instruction set.
#include <type_traits>

#include "binary.hpp"

namespace kousei::simd {
namespace KOUSEI_ISA {
namespace {

/// One number, or a vector.
template <class Real, bool one>
using Lanes = std::conditional_t<one, Real, Vector<Real>>;

template <class V, class Real>
inline V lanes_at(const Real* from) {
    V v;
    __builtin_memcpy(&v, from, sizeof v);
    return v;
}

/// AddChains for `count` columns; unit(k) is unit k of these columns.
template <bool one, int count, class Real, class Rank, class Unit>
inline void add_chains_of(const ChainBlock<Real>& block, const Rank* ranks, Unit unit, Real* prefix, Real* total,
                          Real* sums) {
    using V = Lanes<Real, one>;
    constexpr std::int64_t lanes = sizeof(V) / sizeof(Real);
    const binary::Chain& chain = *block.chain;
    const std::int64_t* const starts = chain.starts + block.first;
    V all = lanes_at<V>(total), sum[count] = {};
    Real* table[count];
    std::int64_t first[count], units[count], fewest = starts[count] - starts[0];
    for (int c = 0; c < count; ++c) {
        first[c] = starts[c] - starts[0], units[c] = starts[c + 1] - starts[c];
        if (const std::int8_t sign = chain.signs[block.first + c]) {
            all = sign > 0 ? all + unit(first[c]) : all - unit(first[c]);
            ++first[c], --units[c];
        }
        table[c] = prefix;
        prefix += (units[c] + 1) * lanes;
        __builtin_memcpy(table[c], &sum[c], sizeof(V));
        if (units[c] < fewest) fewest = units[c];
    }
    const auto step = [&](int c, std::int64_t q) {
        sum[c] += unit(first[c] + q);
        __builtin_memcpy(table[c] + (q + 1) * lanes, &sum[c], sizeof(V));
    };
    for (std::int64_t q = 0; q < fewest; ++q) {
        for (int c = 0; c < count; ++c) step(c, q);
    }
    for (int c = 0; c < count; ++c) {
        for (std::int64_t q = fewest; q < units[c]; ++q) step(c, q);
        all += sum[c];
    }
    __builtin_memcpy(total, &all, sizeof(V));
    const Rank* rank = ranks + block.first;
    for (std::int64_t row = 0; row < chain.rows; ++row, rank += chain.sources, sums += lanes) {
        V at_row = lanes_at<V>(table[0] + std::int64_t{rank[0]} * lanes);
        for (int c = 1; c < count; ++c) at_row += lanes_at<V>(table[c] + std::int64_t{rank[c]} * lanes);
        at_row += lanes_at<V>(sums);
        __builtin_memcpy(sums, &at_row, sizeof(V));
    }
}

template <bool one, class Real, class Rank>
inline void add_chains_in(const ChainBlock<Real>& block, const Rank* ranks, Real* prefix, Real* total, Real* sums) {
    using V = Lanes<Real, one>;
    constexpr std::int64_t lanes = sizeof(V) / sizeof(Real);
    const auto with_count = [&](auto unit) {
        static_assert(chains_together == 4);
        switch (block.count) {
            case 1:
                return add_chains_of<one, 1>(block, ranks, unit, prefix, total, sums);
            case 2:
                return add_chains_of<one, 2>(block, ranks, unit, prefix, total, sums);
            case 3:
                return add_chains_of<one, 3>(block, ranks, unit, prefix, total, sums);
            default:
                return add_chains_of<one, 4>(block, ranks, unit, prefix, total, sums);
        }
    };
    if (block.places) {
        with_count([&block](std::int64_t k) -> V {
            return lanes_at<V>(block.hidden + block.places[k] * lanes) * block.factors[k];
        });
    } else {
        with_count([&block](std::int64_t k) -> V { return lanes_at<V>(block.hidden + k * lanes); });
    }
}

template <class Real, class Rank>
inline void add_chains_at(const ChainBlock<Real>& block, const Rank* ranks, std::int64_t lanes, Real* prefix,
                          Real* total, Real* sums) {
    if (lanes == 1) return add_chains_in<true>(block, ranks, prefix, total, sums);
    add_chains_in<false>(block, ranks, prefix, total, sums);
}

template <class Real>
void add_chains(const ChainBlock<Real>& block, std::int64_t lanes, Real* prefix, Real* total, Real* sums) {
    const binary::Chain& chain = *block.chain;
    if (chain.ranks) return add_chains_at(block, chain.ranks, lanes, prefix, total, sums);
    add_chains_at(block, chain.wide_ranks, lanes, prefix, total, sums);
}

}  // namespace
}  // namespace KOUSEI_ISA
}  // namespace kousei::simd
