// SSE2 on x86-64, NEON on 64-bit Arm, and whatever the compiler makes of 16-byte vectors elsewhere.
#define KOUSEI_VECTOR_BYTES 16
#include "kernels.inl"

#include "binary.inl"
#include "layers.inl"
#include "packed.inl"
#include "packed_dot.inl"
#include "packed_gemm.inl"

namespace kousei::simd::baseline {

extern const InstructionSet set;
const InstructionSet set{"baseline",
                         [] { return true; },
                         &kernels<float>,
                         &kernels<double>,
                         phase_kernels<float>,
                         phase_kernels<double>,
                         &apply_part<float>,
                         &apply_part<double>,
                         layer_kernels<float>,
                         layer_kernels<double>,
                         &multiply_signs<float>,
                         &multiply_signs<double>,
                         {},
                         {},
                         &add_chains<float>,
                         &add_chains<double>,
                         &multiply_panel<float>,
                         &multiply_panel<double>,
                         &dot_signs};

}  // namespace kousei::simd::baseline
