#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include <kousei/network.hpp>
#include <kousei/packed.hpp>

/// Networks whose weights are -1 or +1 on every layer but the first: Theorem 4.
namespace kousei::binary {

/// A matrix of signs made of the chains of the columns of a real matrix T, borrowed. The columns of the matrix that
/// belong to column j of T are starts[j] to starts[j + 1] - 1: first, where signs[j] is not 0, all ones times it, and
/// then for q = 0, 1, ... the vector that is +1 in the rows i with ranks[i, j] <= q, and -1 in the others.
struct Chain {
    const std::uint16_t* ranks;       ///< (rows, columns of T) row-major, below the units of the column; or nullptr
    const std::uint32_t* wide_ranks;  ///< the same, where `ranks` is nullptr
    const std::int8_t* signs;         ///< (columns of T): -1, 0 or 1
    const std::int64_t* starts;       ///< (columns of T + 1): see starts_of; of all rows, where these are some
    std::int64_t rows;
    std::int64_t sources;  ///< columns of T

    std::int64_t columns() const { return starts[sources]; }
};

/// The `starts` of a chain whose other members are given: a column has as many ranks but 0 as its largest one.
std::vector<std::int64_t> starts_of(const Chain& chain);

/// Writes the matrix of signs: words (rows, packed::stride_of(columns)), as in packed::View.
void signs_of(Cpu on, const Chain& chain, std::uint32_t* words);

/// Units that are multiples of values, borrowed: unit k is factors[k] times value sources[k]. Of a value f(z) that is
/// f(scale z) with the factor scale^p, for f positively homogeneous of degree p.
template <class Real>
struct Multiples {
    const std::int32_t* sources = nullptr;  ///< (units); nullptr: the values are the units
    const Real* factors = nullptr;          ///< (units)
    std::int64_t units = 0;
};

/// A layer of signs, borrowed, with the values f_j(sum_k +-x[k] + bias[j]), and units that are multiples of them: of
/// the rows that differ by a positive factor alone one is enough.
template <class Real>
struct Layer {
    packed::Matrix<Real> signs;                          ///< words not read where there is a chain
    const Real* bias;                                    ///< (rows of the signs)
    std::span<const activation::Part<Real>> parts = {};  ///< f of all units, one after the other; none: the identity
    const Chain* chain = nullptr;                        ///< the same signs, where they are run by ranks
    Multiples<Real> multiples = {};                      ///< of the last layer none

    std::int64_t values() const { return signs.signs.rows; }
    std::int64_t units() const { return multiples.sources ? multiples.units : values(); }
};

/// A network, borrowed.
template <class Real>
struct View {
    network::Layer<Real> first;
    Multiples<Real> multiples;            ///< of the outputs of `first`: the units of the first hidden layer
    std::span<const Layer<Real>> layers;  ///< none: the units are the outputs

    std::int64_t outputs() const { return layers.empty() ? multiples.units : layers.back().values(); }
};

/// Bytes of workspace that evaluate needs for `points` points.
template <class Real>
std::int64_t workspace_bytes(Cpu on, const View<Real>& net, std::int64_t points);

/// Values at points x (points, inputs of the first layer): out is (points, outputs). A chain takes time for its rows
/// and its columns together, for each column of T, instead of for their product, by prefix sums: with tot the sum of
/// the units but with the sign of the first, and P[r] that of the r units after it, a column adds tot - 2 P[ranks[i,
/// j]] to row i. Where a sum overflows, that is NaN. Hidden values are held for a chunk of the points. The result
/// does not depend on the number of threads, and on the other points by their number alone: see network::evaluate and
/// packed::matmul.
template <class Real>
void evaluate(Cpu on, const View<Real>& net, const Real* x, std::int64_t points, Real* out, Workspace workspace);

}  // namespace kousei::binary
