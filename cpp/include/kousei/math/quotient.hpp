#pragma once
#include <kousei/math/lanes.hpp>

namespace kousei::math {
inline namespace KOUSEI_ISA {

namespace detail {

/// 1/x within 1 ulp; in CUDA 0 above 2^126.
KOUSEI_HD inline float approximate_reciprocal(float x) {
#if defined(__CUDA_ARCH__)
    float result;
    asm("rcp.approx.ftz.f32 %0, %1;" : "=f"(result) : "f"(x));
    return result;
#else
    return 1 / x;
#endif
}

/// The upper half of 1/x, relative error 2^-20.
KOUSEI_HD inline double approximate_reciprocal(double x) {
#if defined(__CUDA_ARCH__)
    double result;
    asm("rcp.approx.ftz.f64 %0, %1;" : "=d"(result) : "d"(x));
    return result;
#else
    return from_bits<double>(to_bits(1 / x) & -(std::int64_t{1} << 32));
#endif
}

/// a/b within 2 ulp for |b| < 2^126; 0 beyond.
KOUSEI_HD inline float device_quotient(float a, float b) {
    return a * approximate_reciprocal(b);
}

/// a/b within 1 ulp, by Newton's method, for 2^-1000 < |b| < 2^1000; 0 for a larger b, infinity too. The division of
/// CUDA has a slow path for the others, a call that costs registers.
KOUSEI_HD inline double device_quotient(double a, double b) {
    double inverse = approximate_reciprocal(b);
    for (int step = 0; step < 2; ++step) inverse += inverse * (1 - b * inverse);
    const double result = a * inverse;
    return abs(b) >= 0x1p1000 ? 0 : result + inverse * (a - b * result);
}

}  // namespace detail

/// a/b, rounded; in CUDA as detail::device_quotient.
template <class V>
KOUSEI_HD inline V quotient(V a, V b) {
#if defined(__CUDA_ARCH__)
    return detail::device_quotient(a, b);
#else
    return a / b;
#endif
}

}  // namespace KOUSEI_ISA
}  // namespace kousei::math
