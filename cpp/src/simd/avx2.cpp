#define KOUSEI_VECTOR_BYTES 32
#include "instruction_set.inl"

namespace kousei::simd::avx2 {

extern const InstructionSet set;
const InstructionSet set{"avx2",
                         [] { return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"); },
                         kernels_for<float>,
                         kernels_for<double>,
                         &dot_signs,
                         ising_kernels,
                         &random_words,
                         rbm_kernels,
                         &add_to_normal};

}  // namespace kousei::simd::avx2
