#pragma once
#include <algorithm>
#include <cstdint>

#include <kousei/config.hpp>
#include <kousei/cuda/execution.hpp>
#include <kousei/sizes.hpp>

#include "launch.cuh"

namespace kousei::cuda {

constexpr int block_threads = 128;

/// How a sum of terms at points is cut: blocks of points times segments of terms. It depends on sizes alone, so that
/// results are the same from run to run; segments are summed in order by a second kernel, without atomics.
struct Blocks {
    std::int64_t terms, points, outputs;
    std::int64_t point_blocks, segment, segments;

    /// Segments are multiples of `tile` terms; `other_blocks`: of another axis of the grid.
    Blocks(std::int64_t terms_, std::int64_t tile, std::int64_t points_, std::int64_t points_per_block,
           std::int64_t outputs_ = 1, std::int64_t other_blocks = 1)
        : terms(terms_), points(points_), outputs(outputs_), point_blocks(blocks_of(points_, points_per_block)) {
        constexpr std::int64_t blocks_that_fill_a_gpu = 1024;
        const std::int64_t tiles = std::max<std::int64_t>(1, blocks_of(terms, tile));
        const std::int64_t blocks = std::max<std::int64_t>(checked_mul(point_blocks, other_blocks), 1);
        const std::int64_t wanted = std::clamp<std::int64_t>(blocks_that_fill_a_gpu / blocks, 1, tiles);
        const std::int64_t tiles_per_segment = blocks_of(tiles, wanted);
        segment = checked_mul(tiles_per_segment, tile);
        segments = blocks_of(tiles, tiles_per_segment);
    }

    /// Sums of the segments, where there are several.
    std::int64_t sums() const { return segments == 1 ? 0 : checked_mul(checked_mul(segments, points), outputs); }

    dim3 grid() const { return dim3(static_cast<unsigned>(point_blocks), static_cast<unsigned>(segments)); }
    KOUSEI_HD std::int64_t first(std::int64_t segment_number) const { return segment_number * segment; }
    KOUSEI_HD std::int64_t last(std::int64_t segment_number) const {
        const std::int64_t end = (segment_number + 1) * segment;
        return end < terms ? end : terms;
    }
};

/// Writes the sum of one segment for value i = (point, output), or the value where there is one segment.
template <class Net, class Real>
__device__ inline void put(const Net& net, const Blocks& blocks, std::int64_t segment, std::int64_t i, double total,
                           double* sums, Real* out) {
    if (blocks.segments == 1) {
        out[i] = static_cast<Real>(static_cast<double>(offset(net, i % blocks.outputs)) + total);
    } else {
        sums[segment * blocks.points * blocks.outputs + i] = total;
    }
}

/// Adds up what `put` wrote of several segments.
template <class Net, class Real>
void add_segments(Cuda on, const Net& net, const Blocks& blocks, const double* sums, Real* out) {
    if (blocks.segments == 1) return;
    const std::int64_t values = blocks.points * blocks.outputs, segments = blocks.segments, outputs = blocks.outputs;
    for_each(on, values, [=] __device__(std::int64_t i) {
        double total = static_cast<double>(offset(net, i % outputs));
        for (std::int64_t segment = 0; segment < segments; ++segment) total += sums[segment * values + i];
        out[i] = static_cast<Real>(total);
    });
}

}  // namespace kousei::cuda
