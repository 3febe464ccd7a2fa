#pragma once
#include <limits>

#include <kousei/cuda/packed.hpp>

#include "blocks.cuh"

namespace kousei::packed {

/// Products have no offset: see cuda::put.
struct Products {};
__device__ inline double offset(Products, std::int64_t) {
    return 0;
}

/// -1 or +1.
template <class Real>
__device__ inline Real sign_at(std::uint32_t word, int bit) {
    return word >> bit & 1 ? Real(1) : Real(-1);
}

/// A Matrix as a kernel reads it.
template <class Real>
struct Signs {
    const std::uint32_t* words;
    const Real* scales;
    std::int64_t rows, columns, stride, groups;
    std::uint32_t group_words;  ///< words of a row that have a scale together

    explicit Signs(const Matrix<Real>& matrix)
        : words(matrix.signs.words),
          scales(matrix.scales),
          rows(matrix.signs.rows),
          columns(matrix.signs.columns),
          stride(stride_of(columns)),
          groups(scales == nullptr ? 0 : blocks_of(columns, matrix.group)),
          group_words(groups > 1 ? static_cast<std::uint32_t>(matrix.group / 32)
                                 : std::numeric_limits<std::uint32_t>::max()) {}

    /// The scale of word `word` of a row.
    __device__ Real scale(std::int64_t row, std::int64_t word) const {
        return scales == nullptr ? Real(1) : scales[row * groups + static_cast<std::uint32_t>(word) / group_words];
    }
};

}  // namespace kousei::packed
