#include <algorithm>
#include <cmath>

#include <kousei/funahashi.hpp>
#include <kousei/funahashi_phases.hpp>
#include <kousei/funahashi_unit.hpp>
#include <kousei/sizes.hpp>

#include "parallel.hpp"
#include "simd/kernels.hpp"
#include "workspace.hpp"

namespace kousei::funahashi {
namespace {

using detail::Carver;

/// How the work is cut: chunks of points times segments of frequencies. It depends on sizes alone, so that the order
/// of summation does not depend on the threads.
struct Cut {
    static constexpr std::int64_t chunk = 512;
    std::int64_t frequencies, segment, segments, group;

    /// `work`: units, or the like, of one frequency at one point.
    Cut(std::int64_t frequencies_, std::int64_t points, std::int64_t work)
        : frequencies(frequencies_),
          segment(std::max<std::int64_t>(1, (std::int64_t{1} << 16) / std::max<std::int64_t>(work, 1))),
          segments(std::max<std::int64_t>(1, blocks_of(frequencies, segment))),
          group(std::min(points, std::max<std::int64_t>(1, (1 << 20) / segments / chunk) * chunk)) {}
};

/// The points of a chunk, transposed and padded, as the kernels take them.
template <class Real>
struct Chunk {
    std::int64_t count, padded;
    Real* x;       ///< (dim, Cut::chunk)
    Real* weight;  ///< (dim), scratch
    double sums[Cut::chunk] = {};

    Chunk(const View<Real>& net, const Real* points, std::int64_t count_, Real* scratch)
        : count(count_),
          padded(blocks_of(count_, simd::widest) * simd::widest),
          x(scratch),
          weight(scratch + net.dim * Cut::chunk) {
        for (std::int64_t d = 0; d < net.dim; ++d) {
            Real* const line = x + d * Cut::chunk;
            for (std::int64_t i = 0; i < count; ++i) line[i] = coordinate(net, points + i * net.dim, d);
            std::fill(line + count, line + padded, Real(0));
        }
    }
    static std::int64_t scratch(std::int64_t dim) {
        return checked_mul(dim, Cut::chunk) + blocks_of(dim, simd::widest) * simd::widest;
    }

    /// scale (w . (x - center) - origin).
    simd::Phase<Real> phase(const View<Real>& net, std::int64_t frequency, double scale, double origin) const {
        const Real* const w = net.frequencies + frequency * net.dim;
        for (std::int64_t d = 0; d < net.dim; ++d) weight[d] = static_cast<Real>(scale * static_cast<double>(w[d]));
        return {weight, x, net.dim, Cut::chunk, padded, static_cast<Real>(-scale * origin)};
    }
};

/// What a call needs of scratch memory: the sums of the segments, what the workers share, and what each has of its
/// own.
template <class Real>
struct Layout {
    std::int64_t sums, common, own;

    template <class Way>
    Layout(const View<Real>& net, const Cut& cut, const Way& way)
        : sums(checked_mul(cut.segments, cut.group)),
          common(way.common()),
          own(Chunk<Real>::scratch(net.dim) + way.scratch()) {}

    std::int64_t bytes(Cpu on) const {
        return Carver::padded_bytes<double>(sums) + Carver::padded_bytes<Real>(common) +
               checked_mul(detail::thread_limit(on), Carver::padded_bytes<Real>(own));
    }
};

template <class Real, class Way>
std::int64_t bytes_of(Cpu on, const View<Real>& net, const Way& way, std::int64_t points) {
    return Layout<Real>(net, Cut(net.frequency_count, points, way.work()), way).bytes(on);
}

/// out = offset + the sums that way(chunk, frequency, scratch, common) makes of every frequency at every chunk of
/// points. way.prepare(common) comes first.
template <class Real, class Way>
void run(Cpu on, const View<Real>& net, const Way& way, const Real* x, std::int64_t points, Real* out,
         Workspace workspace) {
    on.threads = detail::thread_limit(on);
    const Cut cut(net.frequency_count, points, way.work());
    const Layout<Real> layout(net, cut, way);
    require_workspace(workspace, layout.bytes(on));
    if (points == 0) return;
    Carver carver(workspace);
    double* const sums = carver.take<double>(layout.sums);
    Real* const common = carver.take<Real>(layout.common);
    Real* const of_workers = carver.take<Real>(0);
    const std::int64_t stride = Carver::padded_bytes<Real>(layout.own) / std::int64_t{sizeof(Real)};
    way.prepare(common);
    constexpr double serial_work = 1 << 16;
    const double work = static_cast<double>(way.work()) * static_cast<double>(cut.frequencies);
    if (work * static_cast<double>(points) < serial_work) on.threads = 1;

    for (std::int64_t start = 0; start < points; start += cut.group) {
        const std::int64_t group = std::min(cut.group, points - start), chunks = blocks_of(group, Cut::chunk);
        const auto task = [&](std::int64_t index, int worker) {
            const std::int64_t segment = index / chunks, at = index % chunks * Cut::chunk;
            const std::int64_t first = segment * cut.segment, last = std::min(first + cut.segment, cut.frequencies);
            Real* const own = of_workers + worker * stride;
            Chunk<Real> chunk(net, x + (start + at) * net.dim, std::min(Cut::chunk, group - at), own);
            for (std::int64_t w = first; w < last; ++w) way(chunk, w, own + Chunk<Real>::scratch(net.dim), common);
            std::copy_n(chunk.sums, chunk.count, sums + segment * group + at);
        };
        detail::parallel_for(on, chunks * cut.segments, task);
        for (std::int64_t i = 0; i < group; ++i) {
            double total = static_cast<double>(net.offset);
            for (std::int64_t segment = 0; segment < cut.segments; ++segment) total += sums[segment * group + i];
            out[start + i] = static_cast<Real>(total);
        }
    }
}

/// coef_in_row of every unit of one frequency, half as fast again without its conditions in the loop.
template <class Real>
void fill_row(const View<Real>& net, const Row& row, Real factor, std::int64_t frequency, Real* coef) {
    const std::int64_t first = first_bump(net, frequency), bumps = last_bump(net, frequency) - first;
    const Real a = net.amplitudes[2 * frequency] * factor, b = net.amplitudes[2 * frequency + 1] * factor;
    std::fill_n(coef, bumps + row.closes_after, Real(0));
    for (std::int64_t k = 0; k < bumps; ++k) {
        const Real part = real_part(net, a, b, first + k);
        if (row.opens) coef[k] += part;
        if (row.closes) coef[k + row.closes_after] -= part;
    }
}

/// Method::shared.
template <class Real, int group>
class Shared {
 public:
    Shared(const View<Real>& net, const Rows<Real>& rows, const Shares<Real>& shares)
        : net_(net), rows_(rows), limit_(static_cast<Real>(shares.limit)) {}

    std::int64_t work() const { return rows_.longest(); }
    /// E of each unit, and the lower coefficients of a group that starts there.
    std::int64_t common() const { return units() + rows_.longest() * group; }
    std::int64_t scratch() const { return units() + Cut::chunk; }

    void prepare(Real* common) const {
        for (std::int64_t k = 0; k < units(); ++k) common[k] = static_cast<Real>(Shares<Real>::growth(rows_, k));
        for (std::int64_t k = 0; k < rows_.longest(); ++k) {
            denominator<group>(common + k, common + units() + k * group);
        }
    }
    void operator()(Chunk<Real>& chunk, std::int64_t frequency, Real* scratch, const Real* common) const {
        const std::int64_t first = first_bump(net_, frequency), bumps = last_bump(net_, frequency) - first;
        Real *const z = scratch, *const top = scratch + Cut::chunk;
        for (int r = 0; r < rows_.count; ++r) {
            const Row& row = rows_.row[r];
            const double origin = first_threshold(net_) + row.shift + rows_.spacing * Shares<Real>::middle(rows_);
            kernels_.powers(chunk.phase(net_, frequency, rows_.scale(), origin), limit_, z);
            fill_row(net_, row, rows_.factor, frequency, top);
            const std::int64_t count = bumps + row.closes_after, padded = blocks_of(count, group) * group;
            std::fill(top + count, top + padded, Real(0));
            for (std::int64_t k = 0; k < padded; k += group) numerator<group>(top + k, common + first + k);
            kernels_.rationals(top, common + units() + first * group, padded, group, z, chunk.padded, chunk.sums);
        }
    }

 private:
    /// With what a last group may lack.
    std::int64_t units() const { return rows_.longest() + group - 1; }

    const View<Real>& net_;
    Rows<Real> rows_;
    Real limit_;
    const simd::PhaseKernels<Real>& kernels_ = simd::instruction_set().of<Real>().phases;
};

/// Units of a window of a row that has fewer: beyond, it would be memory for nothing.
constexpr std::int64_t longest_window = 1 << 16;

/// Method::window.
template <class Real>
class Window {
 public:
    explicit Window(const View<Real>& net) : net_(net), rows_(net), near_(rows_, simd::widest) {}

    std::int64_t work() const { return near_.length; }
    /// Powers of the window, and sums of the phases before each bump.
    std::int64_t common() const { return near_.length + 2 * (net_.threshold_count + 1); }
    /// Output weights between two windows of zeros, powers, cells and lanes.
    std::int64_t scratch() const {
        return checked_mul(2, near_.length) + rows_.longest() + checked_mul(Cut::chunk, 3 + simd::widest);
    }

    void prepare(Real* common) const {
        for (std::int64_t k = 0; k < near_.length; ++k) common[k] = static_cast<Real>(near_.growth(k));
        Real* const before = common + near_.length;
        double real = 0, imaginary = 0;
        for (std::int64_t k = 0; k <= net_.threshold_count; ++k) {
            before[2 * k] = static_cast<Real>(real);
            before[2 * k + 1] = static_cast<Real>(imaginary);
            if (k == net_.threshold_count) break;
            real += static_cast<double>(net_.phases[2 * k]);
            imaginary += static_cast<double>(net_.phases[2 * k + 1]);
        }
    }
    void operator()(Chunk<Real>& chunk, std::int64_t frequency, Real* scratch, const Real* common) const {
        const std::int64_t first = first_bump(net_, frequency), last = last_bump(net_, frequency);
        const Real a = net_.amplitudes[2 * frequency] * rows_.factor;
        const Real b = net_.amplitudes[2 * frequency + 1] * rows_.factor;
        const Real* const before = common + near_.length;
        auto* const cell = reinterpret_cast<std::int64_t*>(scratch);
        Real *const z = scratch + 2 * Cut::chunk, *const lanes = z + Cut::chunk;
        Real* const coef = lanes + Cut::chunk * simd::widest;
        std::fill_n(lanes, chunk.padded * simd::widest, Real(0));
        for (int r = 0; r < rows_.count; ++r) {
            const Row& row = rows_.row[r];
            const std::int64_t units = last - first + row.closes_after;
            const double origin = first_threshold(net_) + rows_.spacing * near_.origin(rows_, row, first);
            kernels_.places(chunk.phase(net_, frequency, 1 / rows_.spacing, origin), units + near_.length,
                            static_cast<Real>(near_.log_spacing), cell, z);
            std::fill_n(coef, near_.length, Real(0));
            fill_row(net_, row, rows_.factor, frequency, coef + near_.length);
            std::fill_n(coef + near_.length + units, near_.length, Real(0));
            kernels_.window(common, coef, near_.length, cell, z, chunk.count, lanes);
            for (std::int64_t i = 0; i < chunk.count; ++i) {
                const std::int64_t unit = cell[i] - near_.length;
                chunk.sums[i] += static_cast<double>(sum_before(before, row, a, b, first, last, unit));
            }
        }
        for (std::int64_t i = 0; i < chunk.count; ++i) {
            Real sum = 0;
            for (std::int64_t lane = 0; lane < simd::widest; ++lane) sum += lanes[i * simd::widest + lane];
            chunk.sums[i] += static_cast<double>(sum);
        }
    }

 private:
    const View<Real>& net_;
    Rows<Real> rows_;
    Near<Real> near_;
    const simd::PhaseKernels<Real>& kernels_ = simd::instruction_set().of<Real>().phases;
};

/// A Table.
template <class Real>
class LookUp {
 public:
    LookUp(const View<Real>& net, const Table<Real>& table) : net_(net), table_(table) {}

    std::int64_t work() const { return 16; }
    std::int64_t common() const { return 0; }
    std::int64_t scratch() const { return 3 * Cut::chunk; }
    void prepare(Real*) const {}
    void operator()(Chunk<Real>& chunk, std::int64_t frequency, Real* scratch, const Real*) const {
        const auto phase = chunk.phase(net_, frequency, static_cast<double>(table_.cells_per_unit),
                                       static_cast<double>(table_.first));
        kernels_.table(phase, table_.cells - 1, table_.values, net_.amplitudes + 2 * frequency,
                       reinterpret_cast<std::int64_t*>(scratch), scratch + 2 * Cut::chunk, chunk.sums);
    }

 private:
    const View<Real>& net_;
    const Table<Real>& table_;
    const simd::PhaseKernels<Real>& kernels_ = simd::instruction_set().of<Real>().phases;
};

/// f(way) for the way of a method that is not dense.
template <class Real, class F>
auto with_way(const View<Real>& net, Method method, F&& f) {
    require_method(net, method);
    if (method == Method::window) return f(Window<Real>(net));
    const Rows<Real> rows(net);
    const Shares<Real> shares(rows);
    return shares.with_group([&]<int group>() { return f(Shared<Real, group>(net, rows, shares)); });
}

}  // namespace

template <class Real>
std::int64_t work(const View<Real>& net, Method method) {
    if (method == Method::dense) return units_of(net.threshold_count, net.merged);
    const bool is_logistic = net.activation == Activation::logistic || net.activation == Activation::tanh;
    if (!is_logistic || net.threshold_count == 0) return 0;
    const Rows<Real> rows(net);
    if (method == Method::window) {
        const Near<Real> near(rows, simd::widest);
        const bool short_enough = near.length <= std::max(rows.longest(), longest_window);
        // The narrowest vectors, whose lanes are units.
        return short_enough && near.fits(std::int64_t{16} / sizeof(Real)) ? rows.count * near.length : 0;
    }
    return Shares<Real>(rows).group > 0 ? rows.count * rows.longest() : 0;
}

template <class Real>
std::int64_t workspace_bytes(Cpu on, const View<Real>& net, Method method, std::int64_t points) {
    if (method == Method::dense) return workspace_bytes(on, net, points);
    return with_way(net, method, [&](const auto& way) { return bytes_of(on, net, way, points); });
}

template <class Real>
void evaluate(Cpu on, const View<Real>& net, Method method, const Real* x, std::int64_t points, Real* out,
              Workspace workspace) {
    if (method == Method::dense) return evaluate(on, net, x, points, out, workspace);
    with_way(net, method, [&](const auto& way) { run(on, net, way, x, points, out, workspace); });
}

template <class Real>
std::int64_t workspace_bytes(Cpu on, const View<Real>& net, const Table<Real>& table, std::int64_t points) {
    return bytes_of(on, net, LookUp<Real>(net, table), points);
}

template <class Real>
void evaluate(Cpu on, const View<Real>& net, const Table<Real>& table, const Real* x, std::int64_t points, Real* out,
              Workspace workspace) {
    run(on, net, LookUp<Real>(net, table), x, points, out, workspace);
}

#define KOUSEI_INSTANTIATE(Real)                                                                         \
    template std::int64_t work(const View<Real>&, Method);                                               \
    template std::int64_t workspace_bytes(Cpu, const View<Real>&, Method, std::int64_t);                 \
    template void evaluate(Cpu, const View<Real>&, Method, const Real*, std::int64_t, Real*, Workspace); \
    template std::int64_t workspace_bytes(Cpu, const View<Real>&, const Table<Real>&, std::int64_t);     \
    template void evaluate(Cpu, const View<Real>&, const Table<Real>&, const Real*, std::int64_t, Real*, Workspace);
KOUSEI_INSTANTIATE(float)
KOUSEI_INSTANTIATE(double)
#undef KOUSEI_INSTANTIATE

}  // namespace kousei::funahashi
