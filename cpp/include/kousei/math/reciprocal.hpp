#pragma once
#include <kousei/math/lanes.hpp>

namespace kousei::math {
inline namespace KOUSEI_ISA {

/// 1/x, rounded; in CUDA float within 1 ulp, and 0 above 2^126.
template <class V>
KOUSEI_HD inline V reciprocal(V x) {
#if defined(__CUDA_ARCH__)
    if constexpr (!is_double<V>) {
        float result;
        asm("rcp.approx.ftz.f32 %0, %1;" : "=f"(result) : "f"(x));
        return result;
    }
#endif
    return scalar_t<V>(1) / x;
}

}  // namespace KOUSEI_ISA
}  // namespace kousei::math
