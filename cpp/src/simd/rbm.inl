// Restricted Boltzmann machines: included after layers.inl, once per instruction set.
#include <utility>

#include <kousei/math/philox.hpp>
#include <kousei/packed.hpp>
#include <kousei/rbm_unit.hpp>

namespace kousei::simd {
namespace KOUSEI_ISA {
namespace {

/// Vectors of a row of a tile that are summed in registers.
constexpr int row_vectors = KOUSEI_VECTOR_BYTES == 64 ? 4 : 8;
constexpr std::int64_t pass_columns = row_vectors * width<float>;

/// low[0 ... 3] = the sums of two factors with all states of two inputs, the first in the lowest bit.
inline void sums_of_two(rbm::Units units, Vector<float> first, Vector<float> second, Vector<float>* sum) {
    const bool spin = units == rbm::Units::spin;
    sum[3] = first + second;
    sum[1] = spin ? first - second : first;
    sum[2] = spin ? -sum[1] : second;
    sum[0] = spin ? -sum[3] : Vector<float>{};
}

/// The factors of 32 inputs, `count` of which there are, summed with the states of each four: table is (8, 16,
/// vectors).
template <int vectors>
inline void write_state_table(const StateBlock& block, const float* factors, std::int64_t stride, std::int64_t count,
                              std::int64_t columns, float* table) {
    for (int group = 0; 4 * group < count; ++group) {
        for (int v = 0; v < vectors; ++v) {
            const std::int64_t lanes =
                columns - v * width<float> < width<float> ? columns - v * width<float> : width<float>;
            const auto factor = [&](int k) {
                if (4 * group + k >= count) return Vector<float>{};
                const float* const row = factors + (4 * group + k) * stride + v * width<float>;
                return rbm::product(load_first(row, lanes), broadcast(block.scale));
            };
            Vector<float> low[4], high[4];
            sums_of_two(block.units, factor(0), factor(1), low);
            sums_of_two(block.units, factor(2), factor(3), high);
            float* to = table + (group * 16 * vectors + v) * width<float>;
            for (int h = 0; h < 4; ++h) {
                for (int l = 0; l < 4; ++l, to += vectors * width<float>) store<float>(low[l] + high[h], to);
            }
        }
    }
}

/// sums of a row += the lines of the table that a word of its states looks up, of `all` groups, or `some`.
template <int vectors, int all>
inline void add_word(const StateBlock& block, std::int64_t word, int some, const float* table, float* sums,
                     bool more) {
    constexpr std::int64_t line = vectors * width<float>;
    for (std::int64_t r = 0; r < block.rows; ++r, sums += rbm_columns) {
        const std::uint32_t bits = block.states[r * block.stride + word];
        Vector<float> sum[vectors] = {};
        if (more) {
            for (int v = 0; v < vectors; ++v) sum[v] = load(sums + v * width<float>);
        }
#pragma GCC unroll 8
        for (int group = 0; group < (all ? all : some); ++group) {
            const std::int64_t states = bits >> 4 * group & 15;
            const float* const from = table + (group * 16 + states) * line;
            for (int v = 0; v < vectors; ++v) sum[v] += load(from + v * width<float>);
        }
        for (int v = 0; v < vectors; ++v) store<float>(sum[v], sums + v * width<float>);
    }
}

template <int vectors>
void add_states_of(const StateBlock& block, std::int64_t first, float* table, float* sums, bool more) {
    const std::int64_t left = block.columns - first, columns = left < pass_columns ? left : pass_columns;
    float* const turned = table + 8 * 16 * pass_columns;
    for (std::int64_t input = 0; input < block.inputs; input += 32) {
        const std::int64_t count = block.inputs - input < 32 ? block.inputs - input : 32;
        if (block.transposed) {
            transpose<float>(block.factors + first * block.factor_stride + input, block.factor_stride, columns, count,
                             turned, pass_columns);
            write_state_table<vectors>(block, turned, pass_columns, count, columns, table);
        } else {
            const float* const factors = block.factors + input * block.factor_stride + first;
            write_state_table<vectors>(block, factors, block.factor_stride, count, columns, table);
        }
        const auto groups = static_cast<int>((count + 3) / 4);
        const auto add = groups == 8 ? &add_word<vectors, 8> : &add_word<vectors, 0>;
        add(block, input / 32, groups, table, sums + first, more || input > 0);
    }
}

void add_states(const StateBlock& block, float* table, float* sums, bool more) {
    for (std::int64_t first = 0; first < block.columns; first += pass_columns) {
        const std::int64_t left = block.columns - first;
        const auto vectors =
            static_cast<int>(left < pass_columns ? (left + width<float> - 1) / width<float> : row_vectors);
        [&]<int... v>(std::integer_sequence<int, v...>) {
            ((v + 1 == vectors ? add_states_of<v + 1>(block, first, table, sums, more) : void()), ...);
        }(std::make_integer_sequence<int, row_vectors>{});
    }
}

using Comparison = math::integer_t<Vector<float>>;

/// Bit i is that of lane i, whose bits are all set or none.
inline std::uint32_t bits_of_lanes(Comparison lanes) {
#if defined(__AVX512F__)
    return static_cast<std::uint32_t>(_mm512_movepi32_mask((__m512i)lanes));
#elif defined(__AVX2__)
    return static_cast<std::uint32_t>(_mm256_movemask_ps((__m256)lanes));
#elif defined(__SSE2__)
    return static_cast<std::uint32_t>(_mm_movemask_ps((__m128)lanes));
#else
    std::uint32_t bits = 0;
    for (int lane = 0; lane < width<float>; ++lane) bits |= (lanes[lane] & 1) << lane;
    return bits;
#endif
}

/// The numbers in [0, 1) of rbm::Draw for the units 16 w + first + lane of a tile, w = 0 ... 3.
inline void uniform_numbers(rbm::Draw draw, std::int64_t row, std::int64_t first_counter, Vector<float>* u) {
    typedef std::uint64_t Words __attribute__((vector_size(KOUSEI_VECTOR_BYTES)));
    Words even{}, counts;
    for (int i = 0; i < width<double>; ++i) even[i] = static_cast<std::uint64_t>(first_counter + 2 * i);
    counts = Words{} + static_cast<std::uint64_t>(row);
    const Words low = Words{} + (draw.count & 0xffffffff), high = Words{} + (draw.count >> 32);
    Words a[4] = {even, counts, low, high}, b[4] = {even + 1, counts, low, high};
    math::philox(a, draw.key);
    math::philox(b, draw.key);
    for (int w = 0; w < 4; ++w) {
        const Comparison words = (Comparison)((a[w] & 0xffffffff) | b[w] << 32);
        u[w] = __builtin_convertvector(words >> 8 & 0xffffff, Vector<float>) * 0x1p-24f;
    }
}

void respond(const rbm::Side& side, const ResponseTile& tile, rbm::Draw draw, const rbm::Wanted& wanted) {
    using V = Vector<float>;
    const std::int64_t stride = packed::stride_of(side.outputs);
    float bias[rbm_columns] = {};
    for (std::int64_t j = 0; j < tile.columns; ++j) bias[j] = side.bias[tile.first_column + j];
    for (std::int64_t r = 0; r < tile.rows; ++r) {
        const std::int64_t row = tile.first_row + r, at = row * side.outputs + tile.first_column;
        const V slope = broadcast(rbm::slope_of(side.units) * (tile.beta ? tile.beta[r] : 1.0f));
        std::uint64_t bits = 0;
        for (std::int64_t lane = 0; lane < 16; lane += width<float>) {
            V u[4];
            if (wanted.drawn) uniform_numbers(draw, draw.first_row + row, tile.first_column / 4 + lane, u);
            for (int w = 0; w < 4; ++w) {
                const std::int64_t j = 16 * w + lane, left = tile.columns - j;
                if (left <= 0) break;
                const std::int64_t count = left < width<float> ? left : width<float>;
                const V field = load(tile.sums + r * rbm_columns + j) + load(bias + j);
                if (wanted.fields) store_first<float>(field, wanted.fields + at + j, count);
                if (!wanted.means && !wanted.drawn) continue;
                const V p = rbm::probability_of(rbm::product(slope, field));
                if (wanted.means) store_first<float>(rbm::mean_of(side.units, p), wanted.means + at + j, count);
                if (wanted.drawn) bits |= std::uint64_t{bits_of_lanes(u[w] < p)} << j;
            }
        }
        if (!wanted.drawn) continue;
        if (tile.columns < rbm_columns) bits &= (std::uint64_t{1} << tile.columns) - 1;
        const std::int64_t word = tile.first_column / 32;
        std::uint32_t* const to = wanted.drawn + row * stride;
        to[word] = static_cast<std::uint32_t>(bits);
        to[word + 1] = static_cast<std::uint32_t>(bits >> 32);
        // A row ends with whole fours of words.
        if (tile.first_column + rbm_columns >= side.outputs && word + 2 < stride) to[word + 2] = to[word + 3] = 0;
    }
}

void update(const rbm::Parameters& parameters, const WeightTile& tile, const rbm::Rates& rates,
            const rbm::Centers& centers) {
    using V = Vector<float>;
    for (std::int64_t r = 0; r < tile.rows; ++r) {
        const std::int64_t i = tile.first_row + r, at = i * parameters.hidden + tile.first_column;
        for (std::int64_t j = 0; j < tile.columns; j += width<float>) {
            const std::int64_t left = tile.columns - j, count = left < width<float> ? left : width<float>;
            V gradient = load(tile.sums + r * rbm_columns + j);
            if (centers.visible) {
                const V change = load_first(tile.hidden_change + tile.first_column + j, count);
                const V center = load_first(centers.hidden + tile.first_column + j, count);
                gradient -= rbm::product(broadcast(centers.visible[i]), change) +
                            rbm::product(broadcast(tile.visible_change[i]), center);
            }
            float *const weight = parameters.weight + at + j, *const velocity = parameters.weight_velocity + at + j;
            const V old = load_first(weight, count);
            const V step =
                rbm::velocity_of(rates, load_first(velocity, count), gradient - rbm::shrinkage(rates, old));
            store_first<float>(step, velocity, count);
            store_first<float>(old + step, weight, count);
        }
    }
}

/// The last sum is the one over lanes, of 16 on every instruction set.
void shift_centers(const rbm::Parameters& parameters, const rbm::Centers& centers, float* visible, float* hidden) {
    using V = Vector<float>;
    constexpr int parts = static_cast<int>(16 / width<float>);
    fill_zero(hidden, parameters.hidden);
    for (std::int64_t i = 0; i < parameters.visible; ++i) {
        const float* const velocity = parameters.weight_velocity + i * parameters.hidden;
        const V center = broadcast(centers.visible[i]);
        V sum[parts] = {};
        for (std::int64_t j = 0; j < parameters.hidden; j += width<float>) {
            const std::int64_t left = parameters.hidden - j, count = left < width<float> ? left : width<float>;
            const V change = load_first(velocity + j, count);
            sum[j / width<float> % parts] += rbm::product(change, load_first(centers.hidden + j, count));
            store_first<float>(load_first(hidden + j, count) + rbm::product(center, change), hidden + j, count);
        }
        for (int half = parts / 2; half > 0; half /= 2) {
            for (int part = 0; part < half; ++part) sum[part] += sum[part + half];
        }
        visible[i] = sum_of_lanes<float>(sum[0]);
    }
}

constexpr RbmKernels rbm_kernels{&add_states, &respond, &update, &shift_centers};

}  // namespace
}  // namespace KOUSEI_ISA
}  // namespace kousei::simd
