// Matrices of signs times many points: included after packed.inl, once per instruction set.
#include <bit>
#include <utility>

namespace kousei::simd {
namespace KOUSEI_ISA {
namespace {

static_assert(std::endian::native == std::endian::little, "two words are read as one number");

/// Vectors of a line of a panel.
constexpr int line_vectors = panel_bytes / KOUSEI_VECTOR_BYTES;

/// The signs of a word are looked up in groups. With 6 and 5 bits the tables of two words fill 32 KiB, the first
/// level of cache. Larger ones lie in the second, and fewer rows are worth them; but where a line takes several
/// additions, fewer lines are worth more.
#if KOUSEI_VECTOR_BYTES == 64
constexpr int groups_of_word = 6, bits_of_group[groups_of_word] = {6, 6, 5, 5, 5, 5};
#else
constexpr int groups_of_word = 5, bits_of_group[groups_of_word] = {7, 7, 6, 6, 6};
#endif

constexpr int first_bit(int group) {
    return group == 0 ? 0 : first_bit(group - 1) + bits_of_group[group - 1];
}

constexpr int first_entry(int group) {
    return group == 0 ? 0 : first_entry(group - 1) + (1 << bits_of_group[group - 1]);
}

constexpr int word_entries = first_entry(groups_of_word);
static_assert(first_bit(groups_of_word) == 32 && word_entries <= most_word_entries);

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

/// Two words of each row.
template <class Real>
struct PairBlock {
    const std::uint64_t* pairs;  ///< (rows)
    std::int64_t rows;
    const Real* scales[2];  ///< of the words, scale_stride apart; nullptr: 1
    std::int64_t scale_stride;
};

/// sums[r] += the lines that row r looks up, times the scale of each word where there are scales.
template <class Real, int words, bool scaled>
void add_lines(const PairBlock<Real>& block, const Real* tables, Real* sums) {
    for (std::int64_t r = 0; r < block.rows; ++r) {
        Vector<Real> sum[line_vectors];
        for (int v = 0; v < line_vectors; ++v) sum[v] = load(sums + r * panel_lanes<Real> + v * width<Real>);
        const auto add = [&]<int word>() {
            Vector<Real> of_word[line_vectors];
            for_groups([&]<int group>() {
                const Real* const line = tables + place_of<Real, word, group>(block.pairs[r]);
                for (int v = 0; v < line_vectors; ++v) {
                    const Vector<Real> looked_up = load(line + v * width<Real>);
                    of_word[v] = group == 0 ? looked_up : of_word[v] + looked_up;
                }
            });
            for (int v = 0; v < line_vectors; ++v) {
                sum[v] += scaled ? of_word[v] * block.scales[word][r * block.scale_stride] : of_word[v];
            }
        };
        add.template operator()<0>();
        if constexpr (words == 2) add.template operator()<1>();
        for (int v = 0; v < line_vectors; ++v) store<Real>(sum[v], sums + r * panel_lanes<Real> + v * width<Real>);
    }
}

/// pairs[k, r] = words 2k and 2k + 1 of row r, a line of the cache of each row at a time: rows are far apart, and
/// read by a few bits they would take turns in the same places of the cache.
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

template <class Real, int words>
void add_columns(const PairBlock<Real>& block, const Real* x, std::int64_t points, std::int64_t x_stride,
                 std::int64_t columns, const PanelScratch<Real>& scratch) {
    if (points < panel_lanes<Real> || columns < 32 * words) {
        fill_zero(scratch.inputs, std::int64_t{32} * words * panel_lanes<Real>);
    }
    transpose<Real>(x, x_stride, points, columns, scratch.inputs, panel_lanes<Real>);
    write_tables(scratch.inputs, words, scratch.tables);
    const auto add = block.scales[0] ? &add_lines<Real, words, true> : &add_lines<Real, words, false>;
    add(block, scratch.tables, scratch.sums);
}

template <class Real>
void multiply_panel(const SignRows<Real>& matrix, const Real* x, std::int64_t points, std::int64_t x_stride,
                    Real* out, std::int64_t out_stride, const PanelScratch<Real>& scratch) {
    constexpr std::int64_t gathered = 64 * gathered_pairs;
    static_assert(panel_depth % gathered == 0);
    const std::int64_t rows = matrix.rows, columns = matrix.columns, stride = matrix.stride;
    const bool by_row = matrix.scales && matrix.group >= columns;
    for (std::int64_t first = 0; first < columns; first += gathered) {
        const std::int64_t count = (stride - first / 32) / 2, end = first + gathered;
        gather_pairs(matrix.words + first / 32, stride, rows, count < gathered_pairs ? count : gathered_pairs,
                     scratch.pairs);
        if (first % panel_depth == 0) fill_zero(scratch.sums, rows * panel_lanes<Real>);
        for (std::int64_t pair = 0; pair < gathered_pairs && first + 64 * pair < columns; ++pair) {
            const std::int64_t column = first + 64 * pair, left = columns - column;
            PairBlock<Real> block{scratch.pairs + pair * rows, rows, {}, matrix.scale_stride};
            if (matrix.scales && !by_row) {
                block.scales[0] = matrix.scales + column / matrix.group;
                if (left > 32) block.scales[1] = matrix.scales + (column + 32) / matrix.group;
            }
            if (left > 32) {
                add_columns<Real, 2>(block, x + column, points, x_stride, left < 64 ? left : 64, scratch);
            } else {
                add_columns<Real, 1>(block, x + column, points, x_stride, left, scratch);
            }
        }
        if (end >= columns || end % panel_depth == 0) {
            write_sums(scratch.sums, rows, by_row ? matrix.scales : nullptr, matrix.scale_stride,
                       first >= panel_depth, points, out, out_stride);
        }
    }
}

}  // namespace
}  // namespace KOUSEI_ISA
}  // namespace kousei::simd
