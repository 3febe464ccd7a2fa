#pragma once
#include <cstdint>

#include <kousei/execution.hpp>

namespace kousei {

/// How closely float results follow the formula. `full`: a few ulp per unit. `fast`: logistic and tanh by the
/// hardware's approximate tanh, whose relative error 2^-11 leaves up to 2.5e-4 (logistic) and 5e-4 (tanh) per unit
/// of output weight; and float products of signs with more than packed::few_points points by one float16 for each x,
/// 2^-11 of it. Other activations and products, and double, are as with `full`.
enum class Precision { full, fast };

/// Enqueue on `stream` (a cudaStream_t) of the current device and return without waiting. Arrays and workspace lie
/// in its memory.
struct Cuda {
    std::uintptr_t stream = 0;
    Precision precision = Precision::full;
};

}  // namespace kousei
