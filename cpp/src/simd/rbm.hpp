#pragma once
#include <cstdint>

#include <kousei/rbm.hpp>

namespace kousei::simd {

/// Outputs of a tile: two words of bits. The tables of 32 inputs for them fill 32 KiB, behind which the factors of
/// these inputs are turned where they lie in columns.
inline constexpr std::int64_t rbm_columns = 64;
inline constexpr std::int64_t rbm_table = (8 * 16 + 32) * rbm_columns;

/// Some rows of states, and what they are multiplied by: some columns of a matrix.
struct StateBlock {
    const std::uint32_t* states;  ///< (rows, stride)
    std::int64_t stride;
    std::int64_t rows;
    const float* factors;  ///< factor (i, j) is factors[i, j], or [j, i] where `transposed`, times `scale`
    std::int64_t factor_stride;
    bool transposed;
    std::int64_t inputs;
    std::int64_t columns;  ///< up to rbm_columns
    float scale;
    rbm::Units units;
};

/// Some columns of the outputs of rbm::respond, which begin at a multiple of rbm_columns.
struct ResponseTile {
    const float* sums;  ///< (rows, rbm_columns)
    std::int64_t rows;
    std::int64_t first_row;
    std::int64_t first_column;
    std::int64_t columns;
    const float* beta;  ///< of the first row on, or nullptr
};

/// Some rows and columns of the weights in rbm::update, and what its centres take from the gradient: that of the
/// weight of i and j is sums[i, j] - center[i] hidden_change[j] - visible_change[i] hidden_center[j].
struct WeightTile {
    const float* sums;  ///< (rows, rbm_columns)
    std::int64_t first_row;
    std::int64_t rows;
    std::int64_t first_column;
    std::int64_t columns;
    const float* visible_change;  ///< (visible)
    const float* hidden_change;   ///< (hidden)
};

/// Sums are formed and rounded alike on every instruction set: lanes are outputs.
struct RbmKernels {
    /// sums[r, j] (+)= scale sum_i states[r, i] factors[i, j]; table has rbm_table numbers.
    void (*add_states)(const StateBlock& block, float* table, float* sums, bool more);
    void (*respond)(const rbm::Side& side, const ResponseTile& tile, rbm::Draw draw, const rbm::Wanted& wanted);
    void (*update)(const rbm::Parameters& parameters, const WeightTile& tile, const rbm::Rates& rates,
                   const rbm::Centers& centers);
    /// What the change of the weights takes from the biases, with centres: visible = V n and hidden = V^T m.
    void (*shift_centers)(const rbm::Parameters& parameters, const rbm::Centers& centers, float* visible,
                          float* hidden);
};

}  // namespace kousei::simd
