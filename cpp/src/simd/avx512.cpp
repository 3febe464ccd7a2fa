#define KOUSEI_VECTOR_BYTES 64
#include "instruction_set.inl"

namespace kousei::simd::avx512 {

extern const InstructionSet set;
const InstructionSet set{"avx512",
                         [] {
                             return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
                                    __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl");
                         },
                         kernels_for<float>,
                         kernels_for<double>,
                         &dot_signs,
                         ising_kernels,
                         &random_words,
                         rbm_kernels,
                         &add_to_normal};

}  // namespace kousei::simd::avx512
