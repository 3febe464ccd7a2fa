#pragma once
#include <cstdint>
#include <utility>

#include <kousei/ising.hpp>
#include <kousei/math/philox.hpp>

/// Metropolis' algorithm for many chains at once, which are the bits of W: std::uint32_t or a vector of it.
namespace kousei::ising {

/// How flips are accepted, by the class a site is in: see `classes`.
struct Rule {
    static constexpr int most_classes = 14;
    bool field;
    std::uint32_t turned;  ///< all bits set where neighbours of the same sign are counted
    /// Plane k, the most significant first, of the 32 bits of the probability of each class: all bits of a word.
    std::uint32_t planes[32][most_classes];
};

Rule rule_of(int dim, const Weight& weight);

/// Throws std::invalid_argument unless the sweeps and groups of a run can be counted in 32 bits, and it has the
/// groups of a call.
void require_run(Run run, std::int64_t sweeps, std::int64_t weights, std::int64_t groups);

inline namespace KOUSEI_ISA {

/// The rows beside a row, by the steps down and up of the axes but the last, and on which side of a site of a colour,
/// the j-th of its row, the neighbour in its row is that is not the j-th of the other colour.
template <int dim>
struct Beside {
    std::int64_t rows[dim > 1 ? 2 * (dim - 1) : 1];
    bool right;

    KOUSEI_HD Beside(const Lattice& lattice, int colour, std::int64_t row) : rows{}, right(colour != 0) {
        std::int64_t step = 1, index = row;
        for (int k = 0; k + 1 < dim; ++k) {
            const std::int64_t length = lattice.lengths[dim - 2 - k], at = index % length;
            index /= length;
            rows[2 * k] = row + (at == 0 ? length - 1 : -1) * step;
            rows[2 * k + 1] = row + (at == length - 1 ? 1 - length : 1) * step;
            step *= length;
            right ^= (at & 1) != 0;
        }
    }
};

/// Of the site x of a row.
KOUSEI_HD inline int colour_of(const Lattice& lattice, std::int64_t row, std::int64_t x) {
    std::int64_t sum = x;
    for (int axis = lattice.dim - 2; axis >= 0; --axis) {
        sum += row % lattice.lengths[axis];
        row /= lattice.lengths[axis];
    }
    return static_cast<int>(sum & 1);
}

/// A number of up to 3 bits for each chain.
template <class W>
struct Count {
    W ones, twos, fours;
};

/// Of the bits that are set.
template <class W>
KOUSEI_HD inline Count<W> count(const W (&b)[2]) {
    return {b[0] ^ b[1], b[0] & b[1], W{}};
}

template <class W>
KOUSEI_HD inline Count<W> count(const W (&b)[4]) {
    const W first = b[0] ^ b[1], second = b[2] ^ b[3], both = b[0] & b[1], others = b[2] & b[3];
    return {first ^ second, both ^ others ^ (first & second), both & others};
}

template <class W>
KOUSEI_HD inline W majority(W a, W b, W c) {
    return (a & b) | (a & c) | (b & c);
}

template <class W>
KOUSEI_HD inline Count<W> count(const W (&b)[6]) {
    const W first = b[0] ^ b[1] ^ b[2], second = b[3] ^ b[4] ^ b[5];
    const W carried[] = {majority(b[0], b[1], b[2]), majority(b[3], b[4], b[5]), first & second};
    return {first ^ second, carried[0] ^ carried[1] ^ carried[2], majority(carried[0], carried[1], carried[2])};
}

/// Sites that are accepted with the same probability are a class: by the number of neighbours of the other sign and,
/// in a field, the spin. Without, the classes of `dim` such neighbours and more are one, of an antiferromagnet those
/// of `dim` and fewer.
template <int dim, bool field>
inline constexpr int classes = field ? 2 * (2 * dim + 1) : dim + 1;

template <class W, int... u>
KOUSEI_HD inline void members(const Count<W>& differ, W* member, std::integer_sequence<int, u...>) {
    ((member[u] = (u & 1 ? differ.ones : ~differ.ones) & (u & 2 ? differ.twos : ~differ.twos) &
                  (u & 4 ? differ.fours : ~differ.fours)),
     ...);
}

/// The chains in each class.
template <int dim, bool field, class W>
KOUSEI_HD inline void classify(W spin, const Count<W>& differ, W (&member)[classes<dim, field>]) {
    if constexpr (field) {
        constexpr int counts = 2 * dim + 1;
        members(differ, member, std::make_integer_sequence<int, counts>());
        for (int u = 0; u < counts; ++u) {
            member[counts + u] = member[u] & spin;
            member[u] &= ~spin;
        }
    } else {
        members(differ, member, std::make_integer_sequence<int, dim>());
        W others = member[0];
        for (int u = 1; u < dim; ++u) others |= member[u];
        member[dim] = ~others;
    }
}

/// The chains that flip a spin with these neighbours. draw(block, u) writes 4 planes of bits, and any(w) tells
/// whether a bit is set: where none is undecided no more is drawn.
template <int dim, bool field, class W, class Draw, class Any>
KOUSEI_HD inline W flips(W spin, const W (&neighbour)[2 * dim], const Rule& rule, const Draw& draw, const Any& any) {
    W differ[2 * dim], member[classes<dim, field>];
    for (int k = 0; k < 2 * dim; ++k) differ[k] = spin ^ neighbour[k] ^ rule.turned;
    classify<dim, field>(spin, count(differ), member);
    math::Less<W> accepted;
    for (int block = 0; block < 8; ++block) {
        W u[4];
        draw(block, u);
        for (int i = 0; i < 4; ++i) {
            W threshold{};
            for (int c = 0; c < classes<dim, field>; ++c) threshold |= member[c] & rule.planes[4 * block + i][c];
            accepted.compare(u[i], threshold);
        }
        if (!any(accepted.equal)) break;
    }
    return accepted.less;
}

}  // namespace KOUSEI_ISA
}  // namespace kousei::ising
