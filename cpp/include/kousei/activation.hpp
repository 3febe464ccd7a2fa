#pragma once
#include <cstdint>

#include <kousei/execution.hpp>

namespace kousei {

/// Functions a hidden unit can apply.
enum class Activation { logistic, tanh, erf, arctan, relu };

namespace activation {

/// out[i] = activation(z[i]); `out` may be `z`. Absolute error of the bounded activations: at most 2 eps.
template <class Real>
void apply(Cpu on, Activation activation, const Real* z, std::int64_t count, Real* out);

}  // namespace activation
}  // namespace kousei
