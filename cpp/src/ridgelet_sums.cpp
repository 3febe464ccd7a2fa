#include <algorithm>
#include <cstdint>

#include <kousei/ridgelet.hpp>
#include <kousei/ridgelet_unit.hpp>
#include <kousei/sizes.hpp>

#include "parallel.hpp"
#include "simd/kernels.hpp"
#include "workspace.hpp"

namespace kousei::ridgelet {
namespace {

using kousei::detail::Carver, kousei::detail::parallel_for, kousei::detail::thread_limit;

constexpr std::int64_t columns = simd::ridgelet_columns, rows = simd::ridgelet_rows;

/// Rows, of points or of hidden units, that a task sums up: some 10 ms. From the sizes alone, so that the order of
/// summation does not depend on the threads.
std::int64_t segment_of(std::int64_t batch) {
    return std::max<std::int64_t>(rows, (1 << 17) / (1 + batch / 16));
}

/// What one worker has.
template <class Real>
struct Scratch {
    double* sums;         ///< (batch, columns)
    double* projections;  ///< (columns)
    Real* values;         ///< (rows, columns)
    Real* column;         ///< (columns)
    Real* row;            ///< (rows)

    static std::int64_t bytes(std::int64_t batch) {
        return Carver::padded_bytes<double>(checked_mul(batch + 1, columns)) +
               Carver::padded_bytes<Real>((rows + 1) * columns + rows);
    }

    Scratch(Workspace workspace, std::int64_t batch, int worker) {
        Carver carver({static_cast<std::byte*>(workspace.data) + worker * bytes(batch), 0});
        sums = carver.take<double>((batch + 1) * columns);
        projections = sums + batch * columns;
        values = carver.take<Real>((rows + 1) * columns + rows);
        column = values + rows * columns;
        row = column + columns;
    }
};

/// Below this many values waking the threads costs more than they save.
constexpr double serial_work = 1 << 16;

/// `on` with the number of threads that a call has to the end: another thread may change the one that stands for 0.
Cpu settled(Cpu on, const Arguments& at, double least_work) {
    const double work = static_cast<double>(at.point_count) * static_cast<double>(at.direction_count) *
                        static_cast<double>(at.bias_count);
    on.threads = work < least_work ? 1 : thread_limit(on);
    return on;
}

}  // namespace

template <class Real, class Function>
std::int64_t workspace_bytes(Cpu on, const Arguments&, const Function&, std::int64_t batch) {
    return checked_mul(thread_limit(on), Scratch<Real>::bytes(batch));
}

template <class Real, class Function>
void sum_over_points(Cpu on, const Arguments& at, const Function& function, const Real* g, std::int64_t batch,
                     Real* out, Workspace workspace) {
    on = settled(on, at, serial_work);
    require_workspace(workspace, workspace_bytes<Real>(on, at, function, batch));
    const auto add = simd::instruction_set().of<Real>().ridgelet.add(function);
    const std::int64_t spectrum = checked_mul(at.direction_count, at.bias_count);
    const std::int64_t tiles = blocks_of(at.bias_count, columns), segment = segment_of(batch);
    std::fill_n(out, checked_mul(batch, spectrum), Real(0));
    for (std::int64_t start = 0; start < at.point_count; start += segment) {
        const std::int64_t end = std::min(start + segment, at.point_count);
        const auto task = [&](std::int64_t index, int worker) {
            const std::int64_t i = index / tiles, l = index % tiles * columns,
                               count = std::min(columns, at.bias_count - l);
            const Scratch<Real> scratch(workspace, batch, worker);
            // Differences are taken from here, where the functions vary: see Arguments.
            const double origin = at.biases[l + count / 2];
            for (std::int64_t c = 0; c < columns; ++c) {
                scratch.column[c] = static_cast<Real>(c < count ? origin - at.biases[l + c] : 0);
            }
            std::fill_n(scratch.sums, batch * columns, 0.0);
            for (std::int64_t j = start; j < end; j += rows) {
                const std::int64_t some = std::min(rows, end - j);
                for (std::int64_t r = 0; r < some; ++r) {
                    scratch.row[r] = static_cast<Real>(origin - projection(at, i, j + r));
                }
                add(function, {{g + j, at.point_count, count, some, batch, scratch.values, scratch.sums},
                               scratch.column,
                               scratch.row});
            }
            for (std::int64_t k = 0; k < batch; ++k) {
                Real* const to = out + k * spectrum + i * at.bias_count + l;
                for (std::int64_t c = 0; c < count; ++c) to[c] += static_cast<Real>(scratch.sums[k * columns + c]);
            }
        };
        parallel_for(on, checked_mul(at.direction_count, tiles), task);
    }
}

template <class Real, class Function>
void sum_over_units(Cpu on, const Arguments& at, const Function& function, const Real* c, std::int64_t batch,
                    Real* out, Workspace workspace) {
    on = settled(on, at, serial_work);
    require_workspace(workspace, workspace_bytes<Real>(on, at, function, batch));
    const auto add = simd::instruction_set().of<Real>().ridgelet.add(function);
    const std::int64_t spectrum = checked_mul(at.direction_count, at.bias_count);
    const std::int64_t segment =
        std::max<std::int64_t>(1, segment_of(batch) / std::max<std::int64_t>(1, at.bias_count));
    std::fill_n(out, checked_mul(batch, at.point_count), Real(0));
    for (std::int64_t start = 0; start < at.direction_count; start += segment) {
        const std::int64_t end = std::min(start + segment, at.direction_count);
        const auto task = [&](std::int64_t index, int worker) {
            const std::int64_t j = index * columns, count = std::min(columns, at.point_count - j);
            const Scratch<Real> scratch(workspace, batch, worker);
            std::fill_n(scratch.sums, batch * columns, 0.0);
            std::fill_n(scratch.projections, columns, 0.0);
            for (std::int64_t i = start; i < end; ++i) {
                for (std::int64_t p = 0; p < count; ++p) scratch.projections[p] = projection(at, i, j + p);
                for (std::int64_t l = 0; l < at.bias_count; l += rows) {
                    const std::int64_t some = std::min(rows, at.bias_count - l);
                    const double origin = at.biases[l + some / 2];
                    for (std::int64_t p = 0; p < columns; ++p) {
                        scratch.column[p] = static_cast<Real>(scratch.projections[p] - origin);
                    }
                    for (std::int64_t r = 0; r < some; ++r) {
                        scratch.row[r] = static_cast<Real>(at.biases[l + r] - origin);
                    }
                    add(function,
                        {{c + i * at.bias_count + l, spectrum, count, some, batch, scratch.values, scratch.sums},
                         scratch.column,
                         scratch.row});
                }
            }
            for (std::int64_t k = 0; k < batch; ++k) {
                Real* const to = out + k * at.point_count + j;
                for (std::int64_t p = 0; p < count; ++p) to[p] += static_cast<Real>(scratch.sums[k * columns + p]);
            }
        };
        parallel_for(on, blocks_of(at.point_count, columns), task);
    }
}

namespace {

/// The polynomials that a power makes of a spectrum, for some of the directions at a time; see shift_polynomial.
struct Pieces {
    std::int64_t size;   ///< numbers of one direction: (batch, biases, power + 1)
    std::int64_t group;  ///< directions at a time

    Pieces(const Arguments& at, Power function, std::int64_t batch)
        : size(checked_mul(checked_mul(batch, at.bias_count), function.power + 1)),
          group(std::clamp<std::int64_t>((1 << 20) / std::max<std::int64_t>(size, 1), 1,
                                         std::max<std::int64_t>(at.direction_count, 1))) {}
};

constexpr std::int64_t points_together = 256;

std::int64_t sums_bytes(std::int64_t batch) {
    return Carver::padded_bytes<double>(checked_mul(batch, points_together));
}

}  // namespace

template <class Real>
std::int64_t workspace_bytes(Cpu on, const Arguments& at, Power function, std::int64_t batch) {
    const Pieces pieces(at, function, batch);
    return Carver::padded_bytes<double>(checked_mul(pieces.group, pieces.size)) +
           checked_mul(thread_limit(on), sums_bytes(batch));
}

template <class Real>
void sum_over_units(Cpu on, const Arguments& at, Power function, const Real* c, std::int64_t batch, Real* out,
                    Workspace workspace) {
    on = settled(on, at, 32 * serial_work);
    require_workspace(workspace, workspace_bytes<Real>(on, at, function, batch));
    std::fill_n(out, checked_mul(batch, at.point_count), Real(0));
    if (at.bias_count == 0) return;
    const Pieces pieces(at, function, batch);
    const int power = function.power;
    const std::int64_t biases = at.bias_count, row = biases * (power + 1);
    const Biases places(at);
    Carver carver(workspace);
    double* const coefs = carver.take<double>(pieces.group * pieces.size);
    double* const scratch = carver.take<double>(0);
    for (std::int64_t start = 0; start < at.direction_count; start += pieces.group) {
        const std::int64_t group = std::min(pieces.group, at.direction_count - start);
        // Row k * group + q is of function k and direction start + q.
        const auto fill = [&](std::int64_t index, int) {
            const Real* const from = c + (index / group * at.direction_count + start + index % group) * biases;
            double* to = coefs + index * row;
            for (std::int64_t l = 0; l < biases; ++l, to += power + 1) {
                if (l > 0) {
                    std::copy_n(to - (power + 1), power + 1, to);
                    shift_polynomial(to, power, at.biases[l] - at.biases[l - 1]);
                } else {
                    std::fill_n(to, power + 1, 0.0);
                }
                to[power] += static_cast<double>(from[l]);
            }
        };
        parallel_for(on, batch * group, fill);
        const auto look_up = [&](std::int64_t index, int worker) {
            const std::int64_t j = index * points_together, count = std::min(points_together, at.point_count - j);
            double* const sums = scratch + worker * (sums_bytes(batch) / std::int64_t{sizeof(double)});
            std::fill_n(sums, batch * points_together, 0.0);
            for (std::int64_t q = 0; q < group; ++q) {
                for (std::int64_t p = 0; p < count; ++p) {
                    const double t = projection(at, start + q, j + p);
                    const std::int64_t below = places.below(t);
                    if (below == 0) continue;
                    const double x = t - at.biases[below - 1];
                    for (std::int64_t k = 0; k < batch; ++k) {
                        const double* const piece = coefs + (k * group + q) * row + (below - 1) * (power + 1);
                        sums[k * points_together + p] += polynomial_at(piece, power, x);
                    }
                }
            }
            for (std::int64_t k = 0; k < batch; ++k) {
                Real* const to = out + k * at.point_count + j;
                for (std::int64_t p = 0; p < count; ++p) {
                    to[p] += static_cast<Real>(sums[k * points_together + p]);
                }
            }
        };
        parallel_for(on, blocks_of(at.point_count, points_together), look_up);
    }
}

#define KOUSEI_INSTANTIATE(Real, Function)                                                                  \
    template std::int64_t workspace_bytes<Real>(Cpu, const Arguments&, const Function&, std::int64_t);      \
    template void sum_over_points(Cpu, const Arguments&, const Function&, const Real*, std::int64_t, Real*, \
                                  Workspace);                                                               \
    template void sum_over_units(Cpu, const Arguments&, const Function&, const Real*, std::int64_t, Real*, Workspace);
KOUSEI_INSTANTIATE(float, Kernel<float>)
KOUSEI_INSTANTIATE(double, Kernel<double>)
KOUSEI_INSTANTIATE(float, Activation)
KOUSEI_INSTANTIATE(double, Activation)
#undef KOUSEI_INSTANTIATE

template std::int64_t workspace_bytes<float>(Cpu, const Arguments&, Power, std::int64_t);
template std::int64_t workspace_bytes<double>(Cpu, const Arguments&, Power, std::int64_t);
template void sum_over_units(Cpu, const Arguments&, Power, const float*, std::int64_t, float*, Workspace);
template void sum_over_units(Cpu, const Arguments&, Power, const double*, std::int64_t, double*, Workspace);

}  // namespace kousei::ridgelet
