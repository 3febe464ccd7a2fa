#pragma once
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>

#include <kousei/activation_unit.hpp>
#include <kousei/sizes.hpp>

#include "parallel.hpp"
#include "simd/kernels.hpp"
#include "workspace.hpp"

/// The dense sum over hidden units, for every kind of network that answers unit_at, coordinate and offset.
namespace kousei::detail {

/// How the work is cut. Everything here depends on the network and the number of points alone, so that the order of
/// summation, and with it the last bit of the result, does not depend on the threads.
struct Blocks {
    std::int64_t units, dim, outputs, points;
    std::int64_t tile;      ///< units laid out for the vectors at a time
    std::int64_t segment;   ///< units summed in one task
    std::int64_t segments;  ///< segments of the network
    std::int64_t chunk;     ///< points of one task
    std::int64_t group;     ///< points whose segment sums are held at a time

    Blocks(std::int64_t units_, std::int64_t dim_, std::int64_t outputs_, std::int64_t points_)
        : units(units_), dim(dim_), outputs(outputs_), points(points_) {
        const std::int64_t rows = dim + 2 + outputs;
        // Tiles stay in the first or second level of cache; a task takes some 10 ms.
        tile = std::clamp<std::int64_t>((1 << 15) / rows / simd::widest * simd::widest, 64, 512);
        segment = 64 * tile;
        segments = std::max<std::int64_t>(1, blocks_of(units, segment));
        chunk = std::clamp<std::int64_t>((1 << 13) / (16 + rows), 8, 256);
        const std::int64_t held = (1 << 20) / checked_mul(segments, std::max<std::int64_t>(outputs, 1));
        group = std::min(points, std::max(held / chunk, std::int64_t{1}) * chunk);
    }

    std::int64_t sums() const { return checked_mul(checked_mul(segments, group), outputs); }
    std::int64_t scratch() const {
        return checked_mul(dim + 2 + outputs, tile) + checked_mul(chunk + 1, dim);  // in Reals, for each worker
    }
};

template <class Real>
std::int64_t workspace_bytes(Cpu on, const Blocks& blocks) {
    return Carver::padded_bytes<double>(blocks.sums()) +
           checked_mul(thread_limit(on), Carver::padded_bytes<Real>(blocks.scratch()));
}

/// One worker's view of the points of a chunk and the tile it is adding up.
template <class Net, class Real>
class ChunkSum {
 public:
    ChunkSum(const Net& net, const Blocks& blocks, const simd::Kernels<Real>& kernels, Real* scratch)
        : net_(net), blocks_(blocks), kernels_(kernels) {
        tile_.stride = blocks.tile;
        tile_.dim = blocks.dim;
        tile_.outputs = blocks.outputs;
        tile_.weight = scratch;
        tile_.bias = tile_.weight + blocks.dim * blocks.tile;
        tile_.coef = tile_.bias + blocks.tile;
        tile_.hidden = tile_.coef + blocks.outputs * blocks.tile;
        points_ = tile_.hidden + blocks.tile;
        extent_ = points_ + blocks.chunk * blocks.dim;
    }

    /// sum = the units [first, last) at `count` points.
    void operator()(const Real* x, std::int64_t count, std::int64_t first, std::int64_t last, double* sum) {
        std::fill_n(sum, count * blocks_.outputs, 0.0);
        std::fill_n(extent_, blocks_.dim, Real(0));
        points_finite_ = true;
        for (std::int64_t i = 0; i < count; ++i) {
            for (std::int64_t d = 0; d < blocks_.dim; ++d) {
                const Real value = coordinate(net_, x + i * blocks_.dim, d), size = std::abs(value);
                points_[i * blocks_.dim + d] = value;
                points_finite_ = points_finite_ && size <= std::numeric_limits<Real>::max();
                extent_[d] = std::max(extent_[d], size);
            }
        }
        for (std::int64_t from = first; from < last; from += blocks_.tile) {
            fill(from, std::min(blocks_.tile, last - from));
            kernels_.accumulate(tile_, points_, count, sum);
        }
    }

 private:
    void fill(std::int64_t first, std::int64_t count) {
        const Real scale = static_cast<Real>(kernels_.scale);
        bool finite = points_finite_;
        auto unit = unit_at(net_, first);
        for (std::int64_t k = 0; k < count; ++k, unit.advance()) {
            tile_.bias[k] = unit.bias() * scale;
            Real bound = std::abs(tile_.bias[k]);
            for (std::int64_t d = 0; d < blocks_.dim; ++d) {
                const Real weight = unit.weight(d) * scale;
                tile_.weight[d * blocks_.tile + k] = weight;
                bound += std::abs(weight) * extent_[d];
            }
            for (std::int64_t o = 0; o < blocks_.outputs; ++o) tile_.coef[o * blocks_.tile + k] = unit.coef(o);
            finite = finite && bound < static_cast<Real>(simd::finite_limit);
        }
        const std::int64_t padded = blocks_of(count, simd::widest) * simd::widest;
        for (std::int64_t row = 0; row < blocks_.dim + 1 + blocks_.outputs; ++row) {
            std::fill(tile_.weight + row * blocks_.tile + count, tile_.weight + row * blocks_.tile + padded, Real(0));
        }
        tile_.units = count;
        tile_.finite = finite;
    }

    const Net& net_;
    const Blocks& blocks_;
    const simd::Kernels<Real>& kernels_;
    simd::Tile<Real> tile_;
    Real* points_;
    Real* extent_;  ///< largest |x_d| of the chunk
    bool points_finite_ = true;
};

/// out[i, o] = offset[o] + sum over all units.
template <class Net, class Real>
void sum_of_units(Cpu on, const Net& net, const Blocks& blocks, const Real* x, Real* out, Workspace workspace) {
    // Once: another thread may change the number that stands for 0.
    on.threads = thread_limit(on);
    require_workspace(workspace, workspace_bytes<Real>(on, blocks));
    if (blocks.points == 0) return;
    const auto kernels =
        simd::instruction_set().of<Real>().of_activation(net.activation, activation::is_of_derivatives<Net>);
    Carver carver(workspace);
    double* const sums = carver.take<double>(blocks.sums());
    Real* const scratch = carver.take<Real>(0);
    const std::int64_t scratch_stride = Carver::padded_bytes<Real>(blocks.scratch()) / std::int64_t{sizeof(Real)};

    // Below this many multiplications waking the threads costs more than they save.
    constexpr double serial_work = 1 << 18;
    const double work = static_cast<double>(blocks.units) * static_cast<double>(blocks.points);
    if (work * static_cast<double>(blocks.dim + blocks.outputs + 2) < serial_work) on.threads = 1;

    for (std::int64_t start = 0; start < blocks.points; start += blocks.group) {
        const std::int64_t group = std::min(blocks.group, blocks.points - start);
        const std::int64_t chunks = blocks_of(group, blocks.chunk);
        const auto task = [&](std::int64_t index, int worker) {
            const std::int64_t segment = index / chunks, at = (index % chunks) * blocks.chunk;
            const std::int64_t first = segment * blocks.segment;
            ChunkSum<Net, Real> chunk_sum(net, blocks, kernels, scratch + worker * scratch_stride);
            chunk_sum(x + (start + at) * blocks.dim, std::min(blocks.chunk, group - at), first,
                      std::min(first + blocks.segment, blocks.units), sums + (segment * group + at) * blocks.outputs);
        };
        parallel_for(on, chunks * blocks.segments, task);
        for (std::int64_t i = 0; i < group * blocks.outputs; ++i) {
            double total = static_cast<double>(offset(net, i % blocks.outputs));
            for (std::int64_t segment = 0; segment < blocks.segments; ++segment) {
                total += sums[segment * group * blocks.outputs + i];
            }
            out[start * blocks.outputs + i] = static_cast<Real>(total);
        }
    }
}

}  // namespace kousei::detail
