#pragma once
#include <kousei/cuda/packed.hpp>

/// Products of signs with more than few_points points by warpgroups, which devices of compute capability 9.0 have
/// alone. A matrix is one for these where mma::takes it.
namespace kousei::packed::wgmma {

/// Whether the library was compiled for such devices.
#if defined(KOUSEI_WGMMA)
inline constexpr bool built = true;
#else
inline constexpr bool built = false;
#endif

bool on_this_device();

std::int64_t workspace_bytes(Cuda on, const Matrix<float>& matrix, std::int64_t points);

/// See packed::matmul.
void matmul(Cuda on, const Matrix<float>& matrix, const float* x, std::int64_t points, float* out,
            Workspace workspace);

}  // namespace kousei::packed::wgmma
