#pragma once
#include <cstdint>

#include <kousei/execution.hpp>

namespace kousei {

/// How closely float results follow the formula. `full`: a few ulp per unit. `fast`: logistic and tanh by the
/// hardware's approximate tanh, whose relative error 2^-11 leaves up to 2.5e-4 (logistic) and 5e-4 (tanh) per unit
/// of output weight; other activations, and double, are as with `full`.
enum class Precision { full, fast };

/// Enqueue on `stream` (a cudaStream_t) of the current device and return without waiting. Arrays and workspace lie
/// in its memory.
struct Cuda {
    std::uintptr_t stream = 0;
    Precision precision = Precision::full;
};

}  // namespace kousei
