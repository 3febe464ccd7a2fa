#pragma once
#include <kousei/cuda/packed.hpp>

/// Products of signs with up to few_points points, by one kernel on the tensor cores.
namespace kousei::packed::few {

/// Whether the matrix is one for these: not small, no scale is of fewer than 128 columns, and its words lie at a
/// multiple of 16 bytes.
bool takes(const Matrix<float>& matrix);

/// See packed::matmul.
void matmul(Cuda on, const Matrix<float>& matrix, const float* x, std::int64_t points, float* out);

}  // namespace kousei::packed::few
