#pragma once
#include <cstdint>
#include <limits>

#include <kousei/config.hpp>
#include <kousei/equivariant.hpp>

namespace kousei::equivariant {
inline namespace KOUSEI_ISA {

template <class Real>
KOUSEI_HD inline Real value_at(const Values<Real>& values, std::int32_t label) {
    return label >= 0 && label < values.count ? values.of[label] : std::numeric_limits<Real>::quiet_NaN();
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
    const std::int64_t a = unit / p;
    const auto b = static_cast<std::int32_t>(unit - a * p);
    const auto residue =
        static_cast<std::int32_t>(product(ridges, static_cast<std::uint32_t>(a), static_cast<std::uint32_t>(point)));
    return residue - b + (residue < b ? p : 0);
}

/// The labels that one sum reads, term after term: those of a unit and all points or, `to_points`, of a point and all
/// units.
template <class Labels, bool to_points>
class Walk;

template <bool to_points>
class Walk<Orbits, to_points> {
 public:
    Walk() = default;
    KOUSEI_HD Walk(const Orbits& orbits, std::int64_t term, std::int64_t cell)
        : at_(to_points ? cell * orbits.units + term : term * orbits.units + cell) {}

    KOUSEI_HD std::int32_t label(const Orbits& orbits) const { return orbits.labels[at_]; }
    KOUSEI_HD void next(const Orbits& orbits) { at_ += to_points ? 1 : orbits.units; }

 private:
    std::int64_t at_;
};

/// From a point to the next a . x grows by the last number of a, and from a unit to the next b by 1, mod p; but where
/// the last number of the point, or b, is 0 again.
template <bool to_points>
class Walk<Ridges, to_points> {
 public:
    Walk() = default;
    KOUSEI_HD Walk(const Ridges& ridges, std::int64_t term, std::int64_t cell)
        : term_(term),
          cell_(cell),
          step_(static_cast<std::int32_t>(to_points ? ridges.p - 1 : cell / ridges.p % ridges.p)) {
        start(ridges);
        left_ = static_cast<std::int32_t>(ridges.p - term % ridges.p);
    }

    KOUSEI_HD std::int32_t label(const Ridges&) const { return label_; }
    KOUSEI_HD void next(const Ridges& ridges) {
        const auto p = static_cast<std::int32_t>(ridges.p);
        ++term_;
        if (--left_ == 0) {
            start(ridges);
            left_ = p;
        } else {
            label_ += step_;
            if (label_ >= p) label_ -= p;
        }
    }

 private:
    KOUSEI_HD void start(const Ridges& ridges) {
        label_ = to_points ? label_at(ridges, cell_, term_) : label_at(ridges, term_, cell_);
    }

    std::int64_t term_, cell_;
    std::int32_t step_, label_, left_;
};

}  // namespace KOUSEI_ISA
}  // namespace kousei::equivariant
