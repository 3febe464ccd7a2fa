// SSE2 on x86-64, NEON on 64-bit Arm, and whatever the compiler makes of 16-byte vectors elsewhere.
#define KOUSEI_VECTOR_BYTES 16
#include "instruction_set.inl"

namespace kousei::simd::baseline {

extern const InstructionSet set;
const InstructionSet set{"baseline",    [] { return true; }, kernels_for<float>, kernels_for<double>, &dot_signs,
                         ising_kernels, &random_words,       rbm_kernels,        &add_to_normal};

}  // namespace kousei::simd::baseline
