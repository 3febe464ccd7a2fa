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

/// The copy of a matrix for simd::SignTables: blocks of simd::block_words words of all rows, each of them
/// (bands, words, rows of a band), and after those the scales (groups, rows); rows are padded to whole bands.
template <class Real>
class InterleavedSigns {
 public:
    explicit InterleavedSigns(const Matrix<Real>& matrix)
        : matrix_(matrix),
          row_words_(blocks_of(matrix.signs.columns, 32)),
          bands_(blocks_of(matrix.signs.rows, simd::band_rows)),
          groups_(matrix.scales ? blocks_of(matrix.signs.columns, matrix.group) : 0) {}

    std::int64_t bands() const { return bands_; }
    std::int64_t blocks() const { return blocks_of(row_words_, simd::block_words); }
    std::int64_t words() const {
        constexpr std::int64_t of_scale = sizeof(Real) / sizeof(std::uint32_t);
        return checked_mul(checked_mul(bands_, simd::band_rows), row_words_ + checked_mul(groups_, of_scale));
    }

    void write(Cpu on, std::uint32_t* words) const {
        constexpr std::int64_t band_words_of_task = 1 << 10;
        const std::int64_t bands_each =
            std::max<std::int64_t>(band_words_of_task / std::max<std::int64_t>(row_words_, 1), 1);
        kousei::detail::parallel_for(on, blocks_of(bands_, bands_each), [&](std::int64_t index, int) {
            const std::int64_t end = std::min(bands_, (index + 1) * bands_each);
            for (std::int64_t band = index * bands_each; band < end; ++band) write_band(band, words);
        });
    }

    /// `bands` bands from `band` on of a block of columns.
    simd::InterleavedBlock<Real> at(std::int64_t block, std::int64_t band, std::int64_t bands) const {
        const std::int64_t word = block * simd::block_words, row = band * simd::band_rows;
        const std::int64_t count = std::min(simd::block_words, row_words_ - word);
        const std::int64_t group = groups_ > 1 ? matrix_.group / 32 : row_words_;
        const Real* const scales = reinterpret_cast<const Real*>(matrix_.interleaved + padded_rows() * row_words_) +
                                   word / group * padded_rows() + row;
        return {matrix_.interleaved + word * padded_rows() + row * count,
                std::min(bands * simd::band_rows, matrix_.signs.rows - row),
                count,
                groups_ > 0 ? scales : nullptr,
                padded_rows(),
                group,
                word % group,
                block > 0};
    }

 private:
    std::int64_t padded_rows() const { return bands_ * simd::band_rows; }

    void write_band(std::int64_t band, std::uint32_t* words) const {
        const std::int64_t first = band * simd::band_rows, stride = stride_of(matrix_.signs.columns);
        const std::int64_t rows = std::min(simd::band_rows, matrix_.signs.rows - first);
        for (std::int64_t begin = 0; begin < row_words_; begin += simd::block_words) {
            const std::int64_t count = std::min(simd::block_words, row_words_ - begin);
            std::uint32_t* to = words + begin * padded_rows() + first * count;
            for (std::int64_t word = begin; word < begin + count; ++word) {
                const std::uint32_t* const from = matrix_.signs.words + first * stride + word;
                for (std::int64_t row = 0; row < simd::band_rows; ++row) *to++ = row < rows ? from[row * stride] : 0;
            }
        }
        Real* const scales = reinterpret_cast<Real*>(words + padded_rows() * row_words_) + first;
        for (std::int64_t group = 0; group < groups_; ++group) {
            for (std::int64_t row = 0; row < simd::band_rows; ++row) {
                scales[group * padded_rows() + row] =
                    row < rows ? matrix_.scales[(first + row) * groups_ + group] : Real(0);
            }
        }
    }

    const Matrix<Real>& matrix_;
    std::int64_t row_words_;
    std::int64_t bands_;
    std::int64_t groups_;
};

/// matmul of few points with the interleaved copy. Each task fills tables of its own, which stay in cache.
template <class Real>
class LookUp {
 public:
    LookUp(Cpu on, const Matrix<Real>& matrix, std::int64_t points)
        : on_(on), matrix_(matrix), interleaved_(matrix), points_(points) {
        constexpr double serial_work = 1 << 22;                    // below it threads cost more than they save
        constexpr std::int64_t most_work = std::int64_t{1} << 29;  // signs of one task, some milliseconds
        const double signs = static_cast<double>(matrix.signs.rows) * static_cast<double>(matrix.signs.columns);
        on_.threads = signs * static_cast<double>(points) < serial_work ? 1 : kousei::detail::thread_limit(on);
        const std::int64_t share = blocks_of(interleaved_.bands(), on_.threads > 1 ? 2 * on_.threads : 1);
        const std::int64_t band = checked_mul(simd::band_rows, std::max<std::int64_t>(matrix.signs.columns, 1));
        bands_each_ = std::max<std::int64_t>(std::min(share, most_work / few_points / band), 1);
    }

    std::int64_t bytes() const { return checked_mul(on_.threads, worker_bytes()); }

    void run(const Real* x, Real* out, Workspace workspace) const {
        const std::int64_t rows = matrix_.signs.rows, columns = matrix_.signs.columns;
        const std::int64_t table_size = tables_.word_tables * simd::block_words;
        kousei::detail::parallel_for(
            on_, blocks_of(interleaved_.bands(), bands_each_), [&](std::int64_t index, int worker) {
                auto* const tables =
                    reinterpret_cast<Real*>(static_cast<std::byte*>(workspace.data) + worker * worker_bytes());
                const std::int64_t band = index * bands_each_;
                for (std::int64_t point = 0; point < points_; point += simd::points_together) {
                    const std::int64_t count = std::min(simd::points_together, points_ - point);
                    for (std::int64_t block = 0; block < interleaved_.blocks(); ++block) {
                        const std::int64_t column = block * simd::block_words * 32;
                        const std::int64_t width = std::min(simd::block_words * 32, columns - column);
                        for (std::int64_t i = 0; i < count; ++i) {
                            tables_.write(x + (point + i) * columns + column, width, tables + i * table_size);
                        }
                        tables_.multiply(interleaved_.at(block, band, bands_each_), tables, count,
                                         out + point * rows + band * simd::band_rows, rows);
                    }
                }
            });
    }

 private:
    std::int64_t worker_bytes() const {
        return kousei::detail::Carver::padded_bytes<Real>(simd::points_together * simd::block_words *
                                                          tables_.word_tables);
    }

    Cpu on_;
    const Matrix<Real>& matrix_;
    InterleavedSigns<Real> interleaved_;
    const simd::SignTables<Real>& tables_ = simd::instruction_set().of<Real>().sign_tables;
    std::int64_t points_;
    std::int64_t bands_each_;
};

}  // namespace kousei::packed::detail
