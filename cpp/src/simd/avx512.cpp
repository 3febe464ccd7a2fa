#define KOUSEI_VECTOR_BYTES 64
#include "kernels.inl"

#include "binary.inl"
#include "layers.inl"
#include "packed.inl"
#include "packed_dot.inl"
#include "packed_gemm.inl"
#include "packed_gemv.inl"

namespace kousei::simd::avx512 {

extern const InstructionSet set;
const InstructionSet set{"avx512",
                         [] {
                             return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
                                    __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl");
                         },
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
                         sign_tables<float>,
                         sign_tables<double>,
                         &add_chains<float>,
                         &add_chains<double>,
                         &multiply_panel<float>,
                         &multiply_panel<double>,
                         &dot_signs};

}  // namespace kousei::simd::avx512
