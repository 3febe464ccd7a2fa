// Matrices of signs times many points: included after packed.inl, once per instruction set.
#include <bit>
#include <utility>

namespace kousei::simd {
namespace KOUSEI_ISA {
namespace {

static_assert(std::endian::native == std::endian::little, "two words are read as one number");

/// Vectors of a line of a panel.
constexpr int line_vectors = panel_bytes / KOUSEI_VECTOR_BYTES;

/// The signs of a word are looked up in groups. With 6 and 5 bits the tables of two words fill the first level of
/// cache, 32 KiB, and groups in the second level are read no faster for being larger.
constexpr int groups_of_word = 6, bits_of_group[groups_of_word] = {6, 6, 5, 5, 5, 5};

constexpr int first_bit(int group) {
    return group == 0 ? 0 : first_bit(group - 1) + bits_of_group[group - 1];
}

constexpr int first_entry(int group) {
    return group == 0 ? 0 : first_entry(group - 1) + (1 << bits_of_group[group - 1]);
}

static_assert(first_bit(groups_of_word) == 32 && first_entry(groups_of_word) == word_entries);

/// Calls f with 0 ... groups_of_word - 1 as constants.
template <class F>
inline void for_groups(F f) {
    [&]<int... group>(std::integer_sequence<int, group...>) {
        (f.template operator()<group>(), ...);
    }(std::make_integer_sequence<int, groups_of_word>{});
}

/// sum[e] = sum_k +-x[k] over `bits` lines, + where e has the bit k. Nothing is multiplied: infinities are answered.
template <class Real, int bits>
inline void sums_with_signs(const Real* x, Vector<Real>* sum) {
    sum[1] = load(x);
    sum[0] = -sum[1];
    for (int k = 1; k < bits; ++k) {
        const Vector<Real> next = load(x + k * panel_lanes<Real>);
        for (int e = 0; e < 1 << k; ++e) {
            sum[(1 << k) + e] = sum[e] + next;
            sum[e] -= next;
        }
    }
}

/// The sums of the lines of a group with all signs: table (2^bits) lines.
template <class Real, int bits>
void write_table(const Real* x, Real* table) {
    constexpr int low_bits = bits / 2, high_bits = bits - low_bits;
    for (int v = 0; v < line_vectors; ++v, x += width<Real>, table += width<Real>) {
        Vector<Real> low[1 << low_bits], high[1 << high_bits];
        sums_with_signs<Real, low_bits>(x, low);
        sums_with_signs<Real, high_bits>(x + low_bits * panel_lanes<Real>, high);
        for (int h = 0; h < 1 << high_bits; ++h) {
            for (int l = 0; l < 1 << low_bits; ++l) {
                store<Real>(low[l] + high[h], table + (h << low_bits | l) * panel_lanes<Real>);
            }
        }
    }
}

/// tables (words, word_entries) lines of x (words, 32) lines.
template <class Real>
void write_tables(const Real* x, int words, Real* tables) {
    for (int word = 0; word < words; ++word) {
        for_groups([&]<int group>() {
            write_table<Real, bits_of_group[group]>(x + first_bit(group) * panel_lanes<Real>,
                                                    tables + first_entry(group) * panel_lanes<Real>);
        });
        x += 32 * panel_lanes<Real>;
        tables += word_entries * panel_lanes<Real>;
    }
}

/// Where in the tables of its words a pair begins the line of group `group` of word `word`.
template <class Real, int word, int group>
inline std::uint64_t place_of(std::uint64_t pair) {
    constexpr int from = 32 * word + first_bit(group), to = std::countr_zero(std::uint64_t{panel_lanes<Real>});
    constexpr std::uint64_t first = (word * word_entries + first_entry(group)) * panel_lanes<Real>;
    constexpr std::uint64_t mask = ((std::uint64_t{1} << bits_of_group[group]) - 1) << to;
    if constexpr (from < to) {
        return first + (pair << (to - from) & mask);
    } else {
        return first + (pair >> (from - to) & mask);
    }
}

/// sums[r] += the lines that row r looks up, times the scale of each word where there are scales.
template <class Real, int words, bool scaled>
void add_lines(const Real* tables, const std::uint64_t* pairs, std::int64_t rows, const Real* const (&scales)[2],
               std::int64_t scale_stride, Real* sums) {
    for (std::int64_t r = 0; r < rows; ++r) {
        Vector<Real> sum[line_vectors];
        for (int v = 0; v < line_vectors; ++v) sum[v] = load(sums + r * panel_lanes<Real> + v * width<Real>);
        const auto add = [&]<int word>() {
            Vector<Real> total[line_vectors][2];  // chains of additions, which hide each other's latency
            for_groups([&]<int group>() {
                const Real* const line = tables + place_of<Real, word, group>(pairs[r]);
                for (int v = 0; v < line_vectors; ++v) {
                    const Vector<Real> looked_up = load(line + v * width<Real>);
                    total[v][group % 2] = group < 2 ? looked_up : total[v][group % 2] + looked_up;
                }
            });
            for (int v = 0; v < line_vectors; ++v) {
                const Vector<Real> of_word = total[v][0] + total[v][1];
                sum[v] += scaled ? of_word * scales[word][r * scale_stride] : of_word;
            }
        };
        add.template operator()<0>();
        if constexpr (words == 2) add.template operator()<1>();
        for (int v = 0; v < line_vectors; ++v) store<Real>(sum[v], sums + r * panel_lanes<Real> + v * width<Real>);
    }
}

/// pairs[k, r] = words 2k and 2k + 1 of row r. Rows are far apart: read a few bits at a time, they would take turns
/// in the same places of the cache.
inline void gather_pairs(const std::uint32_t* words, std::int64_t stride, std::int64_t rows, std::int64_t count,
                         std::uint64_t* pairs) {
    static_assert(sizeof(double) == sizeof *pairs);
    constexpr std::int64_t w = width<double>;
    for (std::int64_t row = 0; row < rows; row += w) {
        for (std::int64_t k = 0; k < count; k += w) {
            const std::uint32_t* const from = words + row * stride + 2 * k;
            std::uint64_t* const to = pairs + k * rows + row;
            if (row + w <= rows && k + w <= count) {
                Vector<double> square[w];
                for (int i = 0; i < w; ++i) __builtin_memcpy(&square[i], from + i * stride, sizeof square[i]);
                transpose_square<double>(square);
                for (int i = 0; i < w; ++i) __builtin_memcpy(to + i * rows, &square[i], sizeof square[i]);
            } else {
                for (std::int64_t i = 0; i < w && row + i < rows; ++i) {
                    for (std::int64_t j = 0; j < w && k + j < count; ++j) {
                        __builtin_memcpy(to + j * rows + i, from + i * stride + 2 * j, sizeof *to);
                    }
                }
            }
        }
    }
}

/// out[i, r] = scale[r] sums[r, i], added to it where there is `more`.
template <class Real>
void write_sums(const Real* sums, std::int64_t rows, const Real* scales, std::int64_t scale_stride, bool more,
                std::int64_t points, Real* out, std::int64_t out_stride) {
    constexpr std::int64_t w = width<Real>;
    for (std::int64_t row = 0; row < rows; row += w) {
        const std::int64_t count = row + w <= rows ? w : rows - row;
        for (std::int64_t point = 0; point < points; point += w) {
            Vector<Real> square[w] = {};
            for (std::int64_t i = 0; i < count; ++i) {
                square[i] = load(sums + (row + i) * panel_lanes<Real> + point);
                if (scales) square[i] *= scales[(row + i) * scale_stride];
            }
            transpose_square<Real>(square);
            for (std::int64_t i = 0; i < w && point + i < points; ++i) {
                Real* const to = out + (point + i) * out_stride + row;
                store_first<Real>(more ? load_first(to, count) + square[i] : square[i], to, count);
            }
        }
    }
}

/// std::fill is shared with other instruction sets.
template <class Real>
inline void fill_zero(Real* values, std::int64_t count) {
    for (std::int64_t i = 0; i < count; ++i) values[i] = 0;
}

template <class Real>
void multiply_panel(const SignRows<Real>& matrix, const Real* x, std::int64_t points, std::int64_t x_stride,
                    Real* out, std::int64_t out_stride, const PanelScratch<Real>& scratch) {
    constexpr std::int64_t lanes = panel_lanes<Real>;
    const bool by_row = matrix.scales && matrix.group >= matrix.columns;
    const auto sums_of_words = [&](std::int64_t column, const std::uint64_t* pairs) {
        const std::int64_t count = matrix.columns - column < 64 ? matrix.columns - column : 64;
        const int words = count > 32 ? 2 : 1;
        if (points < lanes || count < 32 * words) fill_zero(scratch.inputs, 32 * words * lanes);
        transpose<Real>(x + column, x_stride, points, count, scratch.inputs, lanes);
        write_tables(scratch.inputs, words, scratch.tables);
        const Real* scales[2] = {};
        if (matrix.scales && !by_row) {
            for (int word = 0; word < words; ++word)
                scales[word] = matrix.scales + (column / 32 + word) * 32 / matrix.group;
        }
        const auto add = [&]<int of_words>() {
            const auto kernel = scales[0] ? &add_lines<Real, of_words, true> : &add_lines<Real, of_words, false>;
            kernel(scratch.tables, pairs, matrix.rows, scales, matrix.scale_stride, scratch.sums);
        };
        words == 2 ? add.template operator()<2>() : add.template operator()<1>();
    };
    for (std::int64_t begin = 0; begin < matrix.columns; begin += panel_depth) {
        const std::int64_t end = begin + panel_depth < matrix.columns ? begin + panel_depth : matrix.columns;
        fill_zero(scratch.sums, matrix.rows * lanes);
        for (std::int64_t column = begin; column < end; column += 64) {
            const std::int64_t pair = (column - begin) / 64 % gathered_pairs;
            if (pair == 0) {
                const std::int64_t left = (matrix.stride - column / 32) / 2;
                gather_pairs(matrix.words + column / 32, matrix.stride, matrix.rows,
                             left < gathered_pairs ? left : gathered_pairs, scratch.pairs);
            }
            sums_of_words(column, scratch.pairs + pair * matrix.rows);
        }
        write_sums(scratch.sums, matrix.rows, by_row ? matrix.scales : nullptr, matrix.scale_stride, begin > 0,
                   points, out, out_stride);
    }
}

}  // namespace
}  // namespace KOUSEI_ISA
}  // namespace kousei::simd
