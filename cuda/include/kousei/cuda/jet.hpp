#pragma once
#include <cstdint>
#include <span>

#include <kousei/activation.hpp>
#include <kousei/cuda/execution.hpp>

namespace kousei::network {

/// The units of a layer become their activation, and its derivatives, see evaluate_jet in kousei/jet.hpp. The streams
/// are (1 + directions, or 2 + directions with the Laplacian, points, units): pre-activations without the bias, their
/// derivatives in the directions, and their Laplacians. Pointers are to the device; the array of the parts is not
/// there.
template <class Real>
void derive(Cuda on, std::span<const activation::Part<Real>> parts, const Real* bias, Real* streams,
            std::int64_t points, std::int64_t directions, bool laplacian);

}  // namespace kousei::network
