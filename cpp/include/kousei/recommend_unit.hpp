#pragma once
#include <cmath>
#include <cstdint>

#include <kousei/config.hpp>
#include <kousei/recommend.hpp>

namespace kousei::recommend {
inline namespace KOUSEI_ISA {

/// Row u of W A z and W (G + A) z, from the sums of the shops that user u rated Average and Good.
KOUSEI_HD inline void pass_on(const Preferences& preferences, std::int64_t user, double average, double good,
                              double* passed) {
    passed[2 * user] = preferences.weight[user] * average;
    passed[2 * user + 1] = preferences.weight[user] * (average + good);
}

/// Divides the numbers of a row by its norm; by way of its largest, whose square could overflow, or vanish.
template <class Real>
KOUSEI_HD inline void unit_row(const Real* values, std::int64_t count, Real* out) {
    Real largest = 0, squares = 0;
    for (std::int64_t i = 0; i < count; ++i) {
        const Real size = values[i] < 0 ? -values[i] : values[i];
        if (size > largest) largest = size;
    }
    const Real scale = largest > 0 ? largest : Real(1);
    for (std::int64_t i = 0; i < count; ++i) squares += values[i] / scale * (values[i] / scale);
    const Real norm = largest > 0 ? std::sqrt(squares) : Real(1);
    for (std::int64_t i = 0; i < count; ++i) out[i] = values[i] / scale / norm;
}

/// Whether a product comes before another: it is larger, or of a row before.
template <class Real>
KOUSEI_HD inline bool precedes(Real product, std::int32_t index, Real other, std::int32_t its) {
    return product > other || (product == other && index < its);
}

/// Puts a product into a list of the k first ones, unless it comes after all of them. Places that are left have the
/// index -1 and the product 0, behind which no product that is not positive comes.
template <class Real>
KOUSEI_HD inline void insert(Real product, std::int32_t index, std::int64_t k, std::int32_t* indices,
                             Real* products) {
    if (!(product > 0) || !precedes(product, index, products[k - 1], indices[k - 1])) return;
    std::int64_t at = k - 1;
    for (; at > 0 && precedes(product, index, products[at - 1], indices[at - 1]); --at) {
        products[at] = products[at - 1];
        indices[at] = indices[at - 1];
    }
    products[at] = product;
    indices[at] = index;
}

}  // namespace KOUSEI_ISA
}  // namespace kousei::recommend
