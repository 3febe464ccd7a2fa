// Few points times matrices of signs: included after packed.inl, once per instruction set. The signed sums of a group
// of columns lie in a table, and one permutation of it looks up those of as many rows as a vector has lanes.
#include <utility>

#if KOUSEI_VECTOR_BYTES > 16
#include <immintrin.h>
#endif

namespace kousei::simd {
namespace KOUSEI_ISA {
namespace {

/// table[e] = sum_k +-x[k], the sign + where bit k of e is set, for e < 2^bits.
template <class Real, int bits>
inline void write_signed_sums(const Real* x, Real* table) {
    using V = Vector<Real>;
    for (int first = 0; first < 1 << bits; first += width<Real>) {
        V sum{};
        for (int k = 0; k < bits; ++k) {
            V sign;
            for (int lane = 0; lane < width<Real>; ++lane) sign[lane] = (first + lane) >> k & 1 ? Real(1) : Real(-1);
            sum += sign * x[k];
        }
        store<Real>(sum, table + first);
    }
}

/// How the sums over the 32 columns of a word are looked up, for a vector of words of as many rows: there are
/// `groups` groups of columns, with `table` numbers each. `place` tells where in the table of its group the sum of
/// each row is, and `add` adds it; `vectors` vectors hold the sums of these rows, in the order of the rows after
/// `in_order`.
template <class Real>
struct Lookup;

#if KOUSEI_VECTOR_BYTES == 64

template <>
struct Lookup<float> {
    typedef std::uint32_t Words __attribute__((vector_size(64)));
    static constexpr int vectors = 1, groups = 7, table = 32;

    static Words load_words(const std::uint32_t* from) {
        Words words;
        __builtin_memcpy(&words, from, sizeof words);
        return words;
    }

    /// Five columns, two in the last group; of an index the lowest five bits count.
    template <int group>
    static Words place(Words words) {
        return words >> 5 * group;
    }

    static void write_tables(const float* x, float* tables) {
        for (std::int64_t g = 0; g < groups - 1; ++g) write_signed_sums<float, 5>(x + 5 * g, tables + table * g);
        const float last[5] = {x[30], x[31], 0, 0, 0};
        write_signed_sums<float, 5>(last, tables + std::int64_t{table} * (groups - 1));
    }

    static void add(Words place, const float* of_group, Vector<float>* sum) {
        *sum += _mm512_permutex2var_ps(load(of_group), reinterpret_cast<__m512i>(place), load(of_group + 16));
    }

    static void in_order(Vector<float>*) {}
};

template <>
struct Lookup<double> {
    typedef std::uint64_t Words __attribute__((vector_size(64)));
    static constexpr int vectors = 1, groups = 8, table = 16;

    static Words load_words(const std::uint32_t* from) {
        typedef std::uint32_t Narrow __attribute__((vector_size(32)));
        Narrow words;
        __builtin_memcpy(&words, from, sizeof words);
        return __builtin_convertvector(words, Words);
    }

    /// Four columns; of an index the lowest four bits count.
    template <int group>
    static Words place(Words words) {
        return words >> 4 * group;
    }

    static void write_tables(const double* x, double* tables) {
        for (std::int64_t g = 0; g < groups; ++g) write_signed_sums<double, 4>(x + 4 * g, tables + table * g);
    }

    static void add(Words place, const double* of_group, Vector<double>* sum) {
        *sum += _mm512_permutex2var_pd(load(of_group), reinterpret_cast<__m512i>(place), load(of_group + 8));
    }

    static void in_order(Vector<double>*) {}
};

#elif KOUSEI_VECTOR_BYTES == 32

/// Four columns. The sums where the fourth sign is - are in the table; where it is +, they are those at the opposite
/// place with the sign turned. Of an index the lowest three bits count.
struct FourColumns {
    typedef std::uint32_t Words __attribute__((vector_size(32)));
    struct Place {
        Words index, sign;
    };
    static constexpr int groups = 8, table = 8;

    static Words load_words(const std::uint32_t* from) {
        Words words;
        __builtin_memcpy(&words, from, sizeof words);
        const Words fourth = words & 0x88888888;
        return words ^ (fourth - (fourth >> 3));
    }

    template <int group>
    static Place place(Words words) {
        return {words >> 4 * group, words << (28 - 4 * group) & 0x80000000};
    }

    static __m256i find(const void* of_group, Words index) {
        __m256i sums;
        __builtin_memcpy(&sums, of_group, sizeof sums);
        return _mm256_permutevar8x32_epi32(sums, reinterpret_cast<__m256i>(index));
    }
};

template <>
struct Lookup<float> : FourColumns {
    static constexpr int vectors = 1;

    static void write_tables(const float* x, float* tables) {
        for (std::int64_t g = 0; g < groups; ++g) {
            float sums[2 * table];
            write_signed_sums<float, 4>(x + 4 * g, sums);
            for (int e = 0; e < table; ++e) tables[table * g + e] = sums[e];
        }
    }

    static void add(Place place, const float* of_group, Vector<float>* sum) {
        *sum += reinterpret_cast<Vector<float> >(reinterpret_cast<Words>(find(of_group, place.index)) ^ place.sign);
    }

    static void in_order(Vector<float>*) {}
};

/// Both halves of a number are looked up: a table is the lower ones, then the upper ones.
template <>
struct Lookup<double> : FourColumns {
    static constexpr int vectors = 2;

    static void write_tables(const double* x, double* tables) {
        for (std::int64_t g = 0; g < groups; ++g) {
            double sums[2 * table];
            write_signed_sums<double, 4>(x + 4 * g, sums);
            std::uint32_t halves[2 * table];
            for (int e = 0; e < table; ++e) {
                const auto bits = __builtin_bit_cast(std::uint64_t, sums[e]);
                halves[e] = static_cast<std::uint32_t>(bits);
                halves[table + e] = static_cast<std::uint32_t>(bits >> 32);
            }
            __builtin_memcpy(tables + table * g, halves, sizeof halves);
        }
    }

    static void add(Place place, const double* of_group, Vector<double>* sum) {
        const __m256i lower = find(of_group, place.index);
        const __m256i upper =
            reinterpret_cast<__m256i>(reinterpret_cast<Words>(find(of_group + table / 2, place.index)) ^ place.sign);
        sum[0] += reinterpret_cast<Vector<double> >(_mm256_unpacklo_epi32(lower, upper));
        sum[1] += reinterpret_cast<Vector<double> >(_mm256_unpackhi_epi32(lower, upper));
    }

    static void in_order(Vector<double>* sum) {
        const Vector<double> first = _mm256_permute2f128_pd(sum[0], sum[1], 0x20);
        sum[1] = _mm256_permute2f128_pd(sum[0], sum[1], 0x31);
        sum[0] = first;
    }
};

#endif

#if KOUSEI_VECTOR_BYTES > 16

/// Numbers in the tables of a word.
template <class Real>
constexpr std::int64_t word_tables = std::int64_t{Lookup<Real>::groups} * Lookup<Real>::table;

/// See SignTables. The columns past the last one are 0.
template <class Real>
void write_tables(const Real* x, std::int64_t columns, Real* tables) {
    std::int64_t column = 0;
    for (; column + 32 <= columns; column += 32, tables += word_tables<Real>) {
        Lookup<Real>::write_tables(x + column, tables);
    }
    if (column == columns) return;
    Real last[32] = {};
    for (std::int64_t j = column; j < columns; ++j) last[j - column] = x[j];
    Lookup<Real>::write_tables(last, tables);
}

/// Adds the sums over `count` words for rows in `vectors` vectors.
template <class Real, int vectors, int points>
inline void add_words(const std::uint32_t* words, std::int64_t count, const Real* tables,
                      Vector<Real> (&sum)[points][vectors]) {
    using L = Lookup<Real>;
    constexpr int across = vectors / L::vectors;
    for (std::int64_t word = 0; word < count; ++word, words += band_rows, tables += word_tables<Real>) {
        typename L::Words bits[across];
        for (int r = 0; r < across; ++r) bits[r] = L::load_words(words + r * L::vectors * width<Real>);
        const auto look_up = [&]<int group>() {
            for (int r = 0; r < across; ++r) {
                const auto place = L::template place<group>(bits[r]);
                for (int p = 0; p < points; ++p) {
                    const Real* const of_point = tables + p * block_words * word_tables<Real>;
                    L::add(place, of_point + group * L::table, &sum[p][r * L::vectors]);
                }
            }
        };
        [&]<int... group>(std::integer_sequence<int, group...>) {
            (look_up.template operator()<group>(), ...);
        }(std::make_integer_sequence<int, L::groups>{});
    }
    for (int p = 0; p < points; ++p) {
        for (int r = 0; r < across; ++r) L::in_order(&sum[p][r * L::vectors]);
    }
}

/// SignTables::multiply for `points` points and the rows in `vectors` vectors from `row` on.
template <class Real, int vectors, int points>
inline void look_up_rows(const InterleavedBlock<Real>& block, std::int64_t row, const Real* tables, Real* out,
                         std::int64_t out_stride) {
    using V = Vector<Real>;
    const std::uint32_t* const words = block.words + row / band_rows * block.count * band_rows + row % band_rows;
    V total[points][vectors] = {};
    if (!block.scales) {
        add_words<Real, vectors, points>(words, block.count, tables, total);
    } else {
        const Real* scales = block.scales + row;
        std::int64_t word = 0, left = block.group - block.before;
        for (; word < block.count; scales += block.scale_stride) {
            const std::int64_t count = left < block.count - word ? left : block.count - word;
            V sum[points][vectors] = {};
            add_words<Real, vectors, points>(words + word * band_rows, count, tables + word * word_tables<Real>, sum);
            for (int v = 0; v < vectors; ++v) {
                const V scale = load(scales + v * width<Real>);
                for (int p = 0; p < points; ++p) total[p][v] += sum[p][v] * scale;
            }
            word += count;
            left = block.group;
        }
    }
    for (int p = 0; p < points; ++p) {
        for (int v = 0; v < vectors; ++v) {
            const std::int64_t first = row + v * width<Real>;
            if (first >= block.rows) break;
            const std::int64_t left = block.rows - first, count = left < width<Real> ? left : width<Real>;
            Real* const to = out + p * out_stride + first;
            if (block.more) total[p][v] += load_first(to, count);
            store_first<Real>(total[p][v], to, count);
        }
    }
}

template <class Real, int points>
inline void look_up(const InterleavedBlock<Real>& block, const Real* tables, Real* out, std::int64_t out_stride) {
    // Their sums are in registers together.
    constexpr int vectors = KOUSEI_VECTOR_BYTES == 32 && sizeof(Real) == 8 && points > 2 ? 2 : 4;
    for (std::int64_t row = 0; row < block.rows; row += vectors * width<Real>) {
        look_up_rows<Real, vectors, points>(block, row, tables, out, out_stride);
    }
}

/// See SignTables.
template <class Real>
void look_up(const InterleavedBlock<Real>& block, const Real* tables, std::int64_t points, Real* out,
             std::int64_t out_stride) {
    switch (points) {
        case 1:
            return look_up<Real, 1>(block, tables, out, out_stride);
        case 2:
            return look_up<Real, 2>(block, tables, out, out_stride);
        case 3:
            return look_up<Real, 3>(block, tables, out, out_stride);
        default:
            return look_up<Real, 4>(block, tables, out, out_stride);
    }
}

template <class Real>
constexpr SignTables<Real> sign_tables = {word_tables<Real>, &write_tables<Real>, &look_up<Real>};

#else

template <class Real>
constexpr SignTables<Real> sign_tables = {};

#endif

}  // namespace
}  // namespace KOUSEI_ISA
}  // namespace kousei::simd
