// Evaluation frequency by frequency: every point has one phase s = w . (x - center) for each, from which all the
// units of the frequency follow.
#include <algorithm>
#include <cmath>
#include <stdexcept>

#include <kousei/funahashi.hpp>
#include <kousei/funahashi_unit.hpp>
#include <kousei/sizes.hpp>

#include "parallel.hpp"
#include "simd/kernels.hpp"
#include "workspace.hpp"

namespace kousei::funahashi {
namespace {

using detail::Carver;

constexpr double log2_e = 1.4426950408889634074;

/// Arguments of the logistic function beyond which it is 0 or 1 to rounding.
template <class Real>
constexpr double saturated = sizeof(Real) == sizeof(double) ? 37 : 17;

/// Units of one frequency whose thresholds are first + k spacing, with the bump each opens or closes.
struct Row {
    double first;
    std::int64_t count;
    bool opens, closes;
    std::int64_t closes_after;  ///< unit k closes bump k - closes_after
};

/// How a network looks to the logistic function: tanh(u) = 2 logistic(2u) - 1, and output weights add up to 0.
template <class Real>
struct Rows {
    double spacing;
    double slope;  ///< of the argument of the logistic function in s
    Real factor;   ///< of output weights
    Row row[2];
    int count;

    explicit Rows(const View<Real>& net) {
        const double first = static_cast<double>(net.thresholds[0]), alpha = static_cast<double>(net.alpha);
        const double last = static_cast<double>(net.thresholds[net.threshold_count - 1]);
        const bool is_tanh = net.activation == Activation::tanh;
        const double delta = 1 / static_cast<double>(net.inverse_delta), reach = alpha * delta;
        spacing = net.threshold_count > 1 ? (last - first) / static_cast<double>(net.threshold_count - 1) : 1;
        slope = static_cast<double>(net.inverse_delta) * (is_tanh ? 2 : 1);
        factor = is_tanh ? 2 : 1;
        if (net.merged > 0) {
            row[0] = {first - reach, net.threshold_count + net.merged, true, true, net.merged};
            count = 1;
        } else {
            row[0] = {first - reach, net.threshold_count, true, false, 0};
            row[1] = {first + reach, net.threshold_count, false, true, 0};
            count = 2;
        }
    }

    std::int64_t longest() const { return row[0].count; }
};

/// Fractions that may share a division in `shared`, and the largest power of 2 taken; 0: exponentials overflow.
template <class Real>
struct Shares {
    int group = 0;
    double limit = 0;

    explicit Shares(const Rows<Real>& rows) {
        constexpr double highest = sizeof(Real) == sizeof(double) ? 1020 : 124;
        const double half = rows.slope * log2_e * rows.spacing * static_cast<double>(rows.longest() + 6) / 2;
        for (const int candidate : {4, 2, 1}) {
            limit = highest / candidate - half;
            if (limit >= half + saturated<Real> * log2_e) {
                group = candidate;
                limit = std::min(limit, highest - 30);
                return;
            }
        }
    }
};

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

/// Output weights of the units of one frequency that are in a row.
template <class Real>
void fill_row(const View<Real>& net, const Row& row, Real factor, std::int64_t frequency, Real* coef) {
    const std::int64_t first = first_bump(net, frequency), bumps = last_bump(net, frequency) - first;
    const Real a = net.amplitudes[2 * frequency] * factor, b = net.amplitudes[2 * frequency + 1] * factor;
    const Real* const phase = net.phases + 2 * first;
    std::fill_n(coef, bumps + row.closes_after, Real(0));
    for (std::int64_t k = 0; k < bumps; ++k) {
        const Real part = a * phase[2 * k] - b * phase[2 * k + 1];
        if (row.opens) coef[k] += part;
        if (row.closes) coef[k + row.closes_after] -= part;
    }
}

/// Method::shared. With z = e^(-s/delta) the unit of threshold tau is 1/(1 + E z), E = e^(tau/delta); `group` of them
/// are one rational function of z, and take one division. Below it has the same coefficients for every frequency, all
/// positive; above they are linear in the output weights.
template <class Real>
class Shared {
 public:
    explicit Shared(const View<Real>& net) : net_(net), rows_(net), shares_(rows_) {}

    std::int64_t work() const { return rows_.longest(); }
    /// E of each unit, and the lower coefficients of a group that starts there.
    std::int64_t common() const { return units() + rows_.longest() * shares_.group; }
    std::int64_t scratch() const { return units() + Cut::chunk; }

    void prepare(Real* common) const {
        for (std::int64_t k = 0; k < units(); ++k) {
            common[k] = static_cast<Real>(std::exp2(scale() * rows_.spacing * (static_cast<double>(k) - middle())));
        }
        const int group = shares_.group;
        for (std::int64_t k = 0; k < rows_.longest(); ++k) {
            double product[5] = {1};
            for (int j = 0; j < group; ++j) multiply(product, j + 1, static_cast<double>(common[k + j]));
            for (int m = 0; m < group; ++m) common[units() + k * group + m] = static_cast<Real>(product[m + 1]);
        }
    }
    void operator()(Chunk<Real>& chunk, std::int64_t frequency, Real* scratch, const Real* common) const {
        const std::int64_t first = first_bump(net_, frequency), bumps = last_bump(net_, frequency) - first;
        Real *const z = scratch, *const top = scratch + Cut::chunk;
        const int group = shares_.group;
        for (int r = 0; r < rows_.count; ++r) {
            const Row& row = rows_.row[r];
            const auto phase = chunk.phase(net_, frequency, scale(), row.first + rows_.spacing * middle());
            kernels_.powers(phase, static_cast<Real>(shares_.limit), z);
            fill_row(net_, row, rows_.factor, frequency, top);
            const std::int64_t count = bumps + row.closes_after, padded = blocks_of(count, group) * group;
            std::fill(top + count, top + padded, Real(0));
            for (std::int64_t k = 0; k < padded; k += group) raise(top + k, common + first + k);
            kernels_.rationals(top, common + units() + first * group, padded, group, z, chunk.padded, chunk.sums);
        }
    }

 private:
    double scale() const { return rows_.slope * log2_e; }
    double middle() const { return static_cast<double>(rows_.longest() - 1) / 2; }
    /// With what a last group may lack.
    std::int64_t units() const { return rows_.longest() + 3; }

    /// A polynomial of `terms` terms times 1 + growth z.
    template <class T>
    static void multiply(T* polynomial, int terms, T growth) {
        polynomial[terms] = 0;
        for (int m = terms; m > 0; --m) polynomial[m] += polynomial[m - 1] * growth;
    }
    /// Turns output weights c of a group into the coefficients of sum_i c_i prod_(j != i) (1 + growth_j z).
    void raise(Real* c, const Real* growth) const {
        Real top[5] = {c[0]}, product[5] = {1};
        for (int j = 1; j < shares_.group; ++j) {
            multiply(product, j, growth[j - 1]);
            multiply(top, j, growth[j]);
            for (int m = 0; m <= j; ++m) top[m] += c[j] * product[m];
        }
        std::copy_n(top, shares_.group, c);
    }

    const View<Real>& net_;
    Rows<Real> rows_;
    Shares<Real> shares_;
    const simd::PhaseKernels<Real>& kernels_ = simd::instruction_set().phases<Real>();
};

/// Method::window.
template <class Real>
class Window {
 public:
    explicit Window(const View<Real>& net) : net_(net), rows_(net) {
        const double half = std::ceil(saturated<Real> / (rows_.slope * rows_.spacing)) + 1;
        length_ = blocks_of(static_cast<std::int64_t>(std::min(2 * half, 1e9)), simd::widest) * simd::widest;
    }

    std::int64_t work() const { return length_; }
    /// Powers of the window, and sums of the phases before each bump.
    std::int64_t common() const { return length_ + 2 * (net_.threshold_count + 1); }
    /// Output weights between two windows of zeros, powers, cells and lanes.
    std::int64_t scratch() const {
        return checked_mul(2, length_) + rows_.longest() + checked_mul(Cut::chunk, 3 + simd::widest);
    }

    void prepare(Real* common) const {
        for (std::int64_t k = 0; k < length_; ++k) {
            common[k] = static_cast<Real>(std::exp2(log_spacing() * static_cast<double>(k - middle())));
        }
        Real* const before = common + length_;
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
        const Real* const before = common + length_;
        // Output weights of the bumps from the first to one before `bump`.
        const auto sum_before = [&](std::int64_t bump) {
            const std::int64_t end = std::clamp(bump, first, last);
            return a * (before[2 * end] - before[2 * first]) - b * (before[2 * end + 1] - before[2 * first + 1]);
        };
        auto* const cell = reinterpret_cast<std::int64_t*>(scratch);
        Real *const z = scratch + 2 * Cut::chunk, *const lanes = z + Cut::chunk;
        Real* const coef = lanes + Cut::chunk * simd::widest;
        std::fill_n(lanes, chunk.padded * simd::widest, Real(0));
        for (int r = 0; r < rows_.count; ++r) {
            const Row& row = rows_.row[r];
            const std::int64_t units = last - first + row.closes_after;
            const double origin = row.first + rows_.spacing * static_cast<double>(first - middle());
            kernels_.places(chunk.phase(net_, frequency, 1 / rows_.spacing, origin), units + length_,
                            static_cast<Real>(log_spacing()), cell, z);
            std::fill_n(coef, length_, Real(0));
            fill_row(net_, row, rows_.factor, frequency, coef + length_);
            std::fill_n(coef + length_ + units, length_, Real(0));
            kernels_.window(common, coef, length_, cell, z, chunk.count, lanes);
            for (std::int64_t i = 0; i < chunk.count; ++i) {
                // The units before the window are 1.
                const std::int64_t unit = first + cell[i] - length_;
                Real sum = 0;
                if (row.opens) sum += sum_before(unit);
                if (row.closes) sum -= sum_before(unit - row.closes_after);
                chunk.sums[i] += static_cast<double>(sum);
            }
        }
        for (std::int64_t i = 0; i < chunk.count; ++i) {
            Real sum = 0;
            for (std::int64_t lane = 0; lane < simd::widest; ++lane) sum += lanes[i * simd::widest + lane];
            chunk.sums[i] += static_cast<double>(sum);
        }
    }

 private:
    std::int64_t middle() const { return length_ / 2; }
    double log_spacing() const { return rows_.slope * rows_.spacing * log2_e; }

    const View<Real>& net_;
    Rows<Real> rows_;
    std::int64_t length_;
    const simd::PhaseKernels<Real>& kernels_ = simd::instruction_set().phases<Real>();
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
    const simd::PhaseKernels<Real>& kernels_ = simd::instruction_set().phases<Real>();
};

}  // namespace

template <class Real>
std::int64_t work(const View<Real>& net, Method method) {
    if (method == Method::dense) return units_of(net.threshold_count, net.merged);
    const bool is_logistic = net.activation == Activation::logistic || net.activation == Activation::tanh;
    if (!is_logistic || net.threshold_count == 0) return 0;
    const Rows<Real> rows(net);
    if (method == Method::window) return rows.count * Window<Real>(net).work();
    return Shares<Real>(rows).group > 0 ? rows.count * rows.longest() : 0;
}

namespace {

template <class Real>
void require_method(const View<Real>& net, Method method) {
    if (work(net, method) == 0) throw std::invalid_argument("method is not for this network");
}

}  // namespace

template <class Real>
std::int64_t workspace_bytes(Cpu on, const View<Real>& net, Method method, std::int64_t points) {
    if (method == Method::dense) return workspace_bytes(on, net, points);
    require_method(net, method);
    if (method == Method::shared) return bytes_of(on, net, Shared<Real>(net), points);
    return bytes_of(on, net, Window<Real>(net), points);
}

template <class Real>
void evaluate(Cpu on, const View<Real>& net, Method method, const Real* x, std::int64_t points, Real* out,
              Workspace workspace) {
    if (method == Method::dense) return evaluate(on, net, x, points, out, workspace);
    require_method(net, method);
    if (method == Method::shared) return run(on, net, Shared<Real>(net), x, points, out, workspace);
    run(on, net, Window<Real>(net), x, points, out, workspace);
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
