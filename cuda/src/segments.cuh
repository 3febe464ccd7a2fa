#pragma once
#include "blocks.cuh"

namespace kousei::cuda {

/// Where sums of segments go, for `cells` values of each function of a batch: to `out` (batch, cells), or to
/// `sums` (segments, batch, cells), which `add_segments` adds up.
template <class Real>
struct Target {
    std::int64_t batch, cells, segments;
    double* sums;
    Real* out;

    __device__ void put(std::int64_t segment, std::int64_t k, std::int64_t cell, double total) const {
        if (segments == 1) {
            out[k * cells + cell] = static_cast<Real>(total);
        } else {
            sums[(segment * batch + k) * cells + cell] = total;
        }
    }
};

/// Of the sums of a target.
inline std::int64_t bytes_of_segments(std::int64_t segments, std::int64_t batch, std::int64_t cells) {
    if (segments == 1) return 0;
    return checked_mul(checked_mul(checked_mul(segments, batch), cells), sizeof(double));
}

template <class Real>
void add_segments(Cuda on, const Target<Real>& target) {
    if (target.segments == 1) return;
    const std::int64_t values = target.batch * target.cells;
    for_each(on, values, [=] __device__(std::int64_t i) {
        double total = 0;
        for (std::int64_t segment = 0; segment < target.segments; ++segment)
            total += target.sums[segment * values + i];
        target.out[i] = static_cast<Real>(total);
    });
}

}  // namespace kousei::cuda
