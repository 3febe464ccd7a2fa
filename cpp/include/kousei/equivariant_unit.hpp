#pragma once
#include <cstdint>

#include <kousei/config.hpp>
#include <kousei/equivariant.hpp>
#include <kousei/math/gather.hpp>

namespace kousei::equivariant {
inline namespace KOUSEI_ISA {

/// The value of a label, or of one in each lane of V.
template <class V>
KOUSEI_HD inline V value_at(const Values<math::scalar_t<V>>& values, math::integer_t<V> label) {
    return math::gather<V>(values.of, label);
}

/// a . x mod p, of the vectors numbered a and x.
KOUSEI_HD inline std::uint32_t product(const Ridges& ridges, std::uint32_t a, std::uint32_t x) {
    const auto p = static_cast<std::uint32_t>(ridges.p);
    std::uint32_t sum = 0;
    for (std::int64_t d = 0; d < ridges.dim; ++d) {
        // (p - 1)^2 + p - 1 is below 2^32: see largest_modulus.
        sum = (sum + a % p * (x % p)) % p;
        a /= p;
        x /= p;
    }
    return sum;
}

KOUSEI_HD inline std::int32_t label_at(const Ridges& ridges, std::int64_t point, std::int64_t unit) {
    const auto p = static_cast<std::int32_t>(ridges.p);
    unit += ridges.first;
    const std::int64_t a = unit / p;
    const auto b = static_cast<std::int32_t>(unit - a * p);
    const auto residue =
        static_cast<std::int32_t>(product(ridges, static_cast<std::uint32_t>(a), static_cast<std::uint32_t>(point)));
    return residue - b + (residue < b ? p : 0);
}

/// From a point to the next a . x grows by the last number of a, and from a unit to the next b by 1, so that the
/// label grows by this mod p; but where the last number of the point, or b, is 0 again.
template <bool along_units>
KOUSEI_HD inline std::int32_t step_at(const Ridges& ridges, std::int64_t other) {
    return static_cast<std::int32_t>(along_units ? ridges.p - 1 : (ridges.first + other) / ridges.p % ridges.p);
}

KOUSEI_HD inline std::int32_t stepped(std::int32_t label, std::int32_t step, std::int32_t p) {
    return label + step - (label >= p - step ? p : 0);
}

/// The labels of a unit and one point after the other or, `along_units`, of a point and one unit after the other.
template <class Labels, bool along_units>
class Walk;

template <bool along_units>
class Walk<Orbits, along_units> {
 public:
    KOUSEI_HD Walk(const Orbits& orbits, std::int64_t first, std::int64_t other)
        : at_(along_units ? other * orbits.units + first : first * orbits.units + other) {}

    KOUSEI_HD std::int32_t label(const Orbits& orbits) const { return orbits.labels[at_]; }
    KOUSEI_HD void next(const Orbits& orbits) { at_ += along_units ? 1 : orbits.units; }

 private:
    std::int64_t at_;
};

template <bool along_units>
class Walk<Ridges, along_units> {
 public:
    KOUSEI_HD Walk(const Ridges& ridges, std::int64_t first, std::int64_t other)
        : at_(first), other_(other), step_(step_at<along_units>(ridges, other)) {
        start(ridges);
        left_ = static_cast<std::int32_t>(ridges.p - first % ridges.p);
    }

    KOUSEI_HD std::int32_t label(const Ridges&) const { return label_; }
    KOUSEI_HD void next(const Ridges& ridges) {
        const auto p = static_cast<std::int32_t>(ridges.p);
        ++at_;
        if (--left_ == 0) {
            start(ridges);
            left_ = p;
        } else {
            label_ = stepped(label_, step_, p);
        }
    }

 private:
    KOUSEI_HD void start(const Ridges& ridges) {
        label_ = along_units ? label_at(ridges, other_, at_) : label_at(ridges, at_, other_);
    }

    std::int64_t at_, other_;
    std::int32_t step_, label_, left_;
};

}  // namespace KOUSEI_ISA
}  // namespace kousei::equivariant
