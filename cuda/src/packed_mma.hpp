#pragma once
#include <kousei/cuda/packed.hpp>

/// Products of signs on the tensor cores.
namespace kousei::packed::mma {

/// Whether the matrix is one for these: not small, and no scale is of fewer than 128 columns.
bool takes(const Matrix<float>& matrix);

std::int64_t workspace_bytes(Cuda on, const Matrix<float>& matrix, std::int64_t points);

/// See packed::matmul.
void matmul(Cuda on, const Matrix<float>& matrix, const float* x, std::int64_t points, float* out,
            Workspace workspace);

}  // namespace kousei::packed::mma
