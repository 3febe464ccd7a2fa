#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>

#include <kousei/packed.hpp>
#include <kousei/sizes.hpp>

#include "parallel.hpp"
#include "simd/kernels.hpp"
#include "workspace.hpp"

namespace kousei::packed::detail {

/// matmul of many points, which lie in panels; there are points, rows and columns. How rows and panels are cut
/// changes no result.
template <class Real>
class SignPanels {
 public:
    SignPanels(Cpu on, const Matrix<Real>& matrix, std::int64_t points) : on_(on), matrix_(matrix), points_(points) {
        constexpr std::int64_t serial_work = 1 << 20;              // signs: below it threads cost more than they save
        constexpr std::int64_t most_work = std::int64_t{1} << 31;  // of one task: between two it is asked to stop
        constexpr std::int64_t most_rows = 2048;                   // a task has them and their sums in cache
        constexpr std::int64_t fewest_rows = 256;                  // worth the tables that each task writes
        const std::int64_t rows = matrix.signs.rows, columns = matrix.signs.columns;
        const double signs = static_cast<double>(rows) * static_cast<double>(columns);
        if (signs * static_cast<double>(points) < serial_work) on_.threads = 1;
        on_.threads = kousei::detail::thread_limit(on_);
        const std::int64_t panels = blocks_of(points, lanes), tasks = on_.threads > 1 ? 4 * on_.threads : 1;
        const std::int64_t share = blocks_of(rows, std::max<std::int64_t>(tasks / panels, 1));
        const std::int64_t most = std::min(most_rows, most_work / lanes / columns);
        rows_each_ = std::min(rows, std::max(std::min(share, most), fewest_rows));
        panels_each_ = std::clamp<std::int64_t>(serial_work / lanes / rows_each_ / columns, 1, panels / tasks + 1);
    }

    std::int64_t bytes() const { return checked_mul(on_.threads, worker_bytes()); }

    void run(const Real* x, Real* out, Workspace workspace) const {
        const std::uint32_t* const words = matrix_.signs.words;
        const std::int64_t rows = matrix_.signs.rows, columns = matrix_.signs.columns;
        const std::int64_t stride = stride_of(columns), bands = blocks_of(rows, rows_each_);
        const std::int64_t groups = matrix_.scales ? blocks_of(columns, matrix_.group) : 0;
        const std::int64_t points_each = panels_each_ * lanes, parts = blocks_of(points_, points_each);
        const auto multiply = simd::instruction_set().of<Real>().multiply_panel;
        const auto task = [&](std::int64_t index, int worker) {
            const auto scratch = scratch_of(static_cast<std::byte*>(workspace.data) + worker * worker_bytes());
            const std::int64_t row = index / parts * rows_each_, first = index % parts * points_each;
            const simd::SignRows<Real> block{words + row * stride,
                                             std::min(rows_each_, rows - row),
                                             stride,
                                             columns,
                                             groups > 0 ? matrix_.scales + row * groups : nullptr,
                                             groups,
                                             matrix_.group};
            for (std::int64_t point = first; point < std::min(points_, first + points_each); point += lanes) {
                multiply(block, x + point * columns, std::min(lanes, points_ - point), columns,
                         out + point * rows + row, rows, scratch);
            }
        };
        kousei::detail::parallel_for(on_, checked_mul(bands, parts), task);
    }

 private:
    using Carver = kousei::detail::Carver;

    static constexpr std::int64_t lanes = simd::panel_lanes<Real>;
    static constexpr std::int64_t inputs = 64 * lanes, tables = 2 * simd::most_word_entries * lanes;

    std::int64_t worker_bytes() const {
        return Carver::padded_bytes<Real>(inputs) + Carver::padded_bytes<Real>(tables) +
               Carver::padded_bytes<Real>(rows_each_ * lanes) +
               Carver::padded_bytes<std::uint64_t>(simd::gathered_pairs * rows_each_);
    }

    simd::PanelScratch<Real> scratch_of(std::byte* own) const {
        Carver carver({own, worker_bytes()});
        return {carver.take<Real>(inputs), carver.take<Real>(tables), carver.take<Real>(rows_each_ * lanes),
                carver.take<std::uint64_t>(simd::gathered_pairs * rows_each_)};
    }

    Cpu on_;
    const Matrix<Real>& matrix_;
    std::int64_t points_;
    std::int64_t rows_each_;
    std::int64_t panels_each_;
};

}  // namespace kousei::packed::detail
