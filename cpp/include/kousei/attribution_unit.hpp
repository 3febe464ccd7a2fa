#pragma once
#include <cstdint>

#include <kousei/config.hpp>
#include <kousei/math/lanes.hpp>

namespace kousei::attribution {
inline namespace KOUSEI_ISA {

/// The version of an item, see attribution::Tables.
KOUSEI_HD inline std::int64_t version_of(const std::uint8_t* present, std::int64_t features) {
    std::int64_t version = 0;
    for (std::int64_t d = 0; d < features; ++d) version |= std::int64_t{present[d] != 0} << d;
    return version;
}

/// What a sum over items is multiplied by where it is divided by their weights.
template <class V>
KOUSEI_HD inline V share(V weight) {
    return weight != V{} ? math::splat<V>(1) / weight : V{};
}

/// The argument of a unit of the first layer of rho, in which the terms of a coalition stand in two parts.
template <class V>
KOUSEI_HD inline V argument(V part, V other_part, V share_of_all, V bias) {
    return (part + other_part) * share_of_all + bias;
}

KOUSEI_HD inline int bits_in(std::int64_t number) {
#if defined(__CUDA_ARCH__)
    return __popcll(static_cast<unsigned long long>(number));
#else
    return __builtin_popcountll(static_cast<unsigned long long>(number));
#endif
}

/// size! (players - size - 1)! / players!, the weight of a coalition of `size` other players.
KOUSEI_HD inline double shapley_weight(std::int64_t players, std::int64_t size) {
    double weight = 1.0 / static_cast<double>(players);
    for (std::int64_t k = 1; k <= size; ++k) weight *= static_cast<double>(k) / static_cast<double>(players - k);
    return weight;
}

/// The Shapley value of a player of a game given by its 2^players values.
KOUSEI_HD inline double shapley_value(const double* game, std::int64_t players, std::int64_t player) {
    const std::int64_t own = std::int64_t{1} << player;
    double sum = 0;
    for (std::int64_t coalition = 0; coalition < std::int64_t{1} << players; ++coalition) {
        if (coalition & own) continue;
        sum += shapley_weight(players, bits_in(coalition)) * (game[coalition | own] - game[coalition]);
    }
    return sum;
}

/// The coalitions of the Owen values of one item: it has any features, every other item all of them or none. A lane
/// is a version of the item and a choice of the first `low` other items, a context a choice of those behind them.
struct Unions {
    std::int64_t items, features, item, low;

    KOUSEI_HD std::int64_t versions() const { return std::int64_t{1} << features; }
    KOUSEI_HD std::int64_t lanes() const { return std::int64_t{1} << (features + low); }
    KOUSEI_HD std::int64_t contexts() const { return std::int64_t{1} << (items - 1 - low); }

    /// The item that is number `other` among the others.
    KOUSEI_HD std::int64_t item_of(std::int64_t other) const { return other + (other >= item ? 1 : 0); }

    /// The version of that item.
    KOUSEI_HD std::int64_t version_of(std::int64_t other, std::int64_t lane, std::int64_t context) const {
        const std::int64_t is_present = other < low ? lane >> (features + other) : context >> (other - low);
        return is_present & 1 ? versions() - 1 : 0;
    }

    /// `low` so that there are at least about `wanted` lanes.
    static Unions with_lanes(std::int64_t items, std::int64_t features, std::int64_t item, std::int64_t wanted) {
        Unions unions{items, features, item, 0};
        while (unions.low < items - 1 && unions.lanes() < wanted) ++unions.low;
        return unions;
    }
};

}  // namespace KOUSEI_ISA
}  // namespace kousei::attribution
