#pragma once
#include <cstdint>

#include <kousei/activation.hpp>

namespace kousei::simd {

/// Some units of a layer and their derivatives, each in a panel of its own: pre-activations without the bias, their
/// derivatives in some directions and, if wanted, their Laplacians. A panel is (units, lanes), a lane is a point.
template <class Real>
struct Streams {
    Real* first;          ///< the first of the units
    std::int64_t stride;  ///< from a panel to the next
    std::int64_t lanes;
    std::int64_t directions;
    bool laplacian;
};

/// The units of a part become their activation, and its derivatives.
template <class Real>
using DerivePart = void (*)(const activation::Part<Real>& part, const Real* bias, const Streams<Real>& streams);

}  // namespace kousei::simd
