#pragma once

namespace kousei {

/// Threads a call uses when it does not say: the last set_num_threads, else the environment variable
/// KOUSEI_NUM_THREADS, else the cores this process may run on.
int num_threads();

/// Throws std::invalid_argument unless count >= 1.
void set_num_threads(int count);

/// Name of the instruction set the kernels run on: "avx512", "avx2" or "baseline". The environment variable
/// KOUSEI_SIMD can ask for a smaller one than the machine has.
const char* instruction_set_name();

}  // namespace kousei
