#pragma once
#include <algorithm>
#include <cstdint>
#include <string>

#include <kousei/equivariant.hpp>

#include "checks.hpp"
#include "host_array.hpp"

namespace kousei::python {

/// Of a feature, for the labels that these orbits have. In CUDA memory labels cannot be read here, and one that is
/// none makes the sums NaN.
template <class Side, class Array, class Labels>
equivariant::Orbits equivariant_orbits(const Labels& labels, const Array& values) {
    require_axes("labels", labels, 2);
    require_axes("values", values, 1);
    const equivariant::Orbits orbits{labels.data(), labels.shape(0), labels.shape(1)};
    if constexpr (Side::readable) {
        const std::int64_t count = orbits.points * orbits.units;
        const auto last = static_cast<std::int32_t>(std::min(values.shape(0) - 1, equivariant::largest_points));
        std::int32_t wrong = 0;
        for (std::int64_t i = 0; i < count; ++i) wrong |= orbits.labels[i] < 0 || orbits.labels[i] > last;
        for (std::int64_t i = 0; wrong; ++i) {
            if (orbits.labels[i] >= 0 && orbits.labels[i] <= last) continue;
            throw pybind11::value_error("labels has " + std::to_string(orbits.labels[i]) + " at " +
                                        text({i / orbits.units, i % orbits.units}) + "; 0 to " +
                                        std::to_string(last) + " are accepted");
        }
    }
    return orbits;
}

/// Those of `units` units from the one numbered `first` on.
template <class Array>
equivariant::Ridges equivariant_ridges(std::int64_t p, std::int64_t dim, std::int64_t first, std::int64_t units,
                                       const Array& values) {
    if (p < 1 || p > equivariant::largest_modulus) {
        throw pybind11::value_error("p was " + std::to_string(p) + "; 1 to " +
                                    std::to_string(equivariant::largest_modulus) + " is accepted");
    }
    if (dim < 1 || dim > 62) {
        throw pybind11::value_error("dim was " + std::to_string(dim) + "; 1 to 62 is accepted");
    }
    equivariant::Ridges ridges(p, dim);
    if (ridges.points > equivariant::largest_points) {
        throw SizeError(std::to_string(p) + "**" + std::to_string(dim) + " points are more than 2**31 - 1");
    }
    require_shape("values", values, {p});
    if (first < 0 || first > ridges.units || first % p != 0) {
        throw pybind11::value_error("first was " + std::to_string(first) + "; a multiple of " + std::to_string(p) +
                                    " up to " + std::to_string(ridges.units) + " is accepted");
    }
    if (units < 0 || units > ridges.units - first) {
        throw pybind11::value_error("units was " + std::to_string(units) + "; 0 to " +
                                    std::to_string(ridges.units - first) + " is accepted");
    }
    ridges.first = first;
    ridges.units = units;
    return ridges;
}

/// sum_over_points or, `to_points`, sum_over_units.
template <class Side, class Real, bool to_points, class Array, class Labels>
void run_equivariant_sum(const Labels& labels, const Array& values, const Array& f, Array& out,
                         const typename Side::Execution& on) {
    require_axes("f", f, 2);
    const std::int64_t batch = f.shape(0);
    require_shape("f", f, {batch, to_points ? labels.units : labels.points});
    require_shape("out", out, {batch, to_points ? labels.points : labels.units});
    const equivariant::Values<Real> feature{values.data(), values.shape(0)};
    const Real* from = f.data();
    Real* to = out.mutable_data();
    Side::run(on, from, [&](auto where, auto lend) {
        const Workspace workspace = lend(equivariant::workspace_bytes<Real>(where, labels, batch));
        if constexpr (to_points) {
            equivariant::sum_over_units(where, labels, feature, from, batch, to, workspace);
        } else {
            equivariant::sum_over_points(where, labels, feature, from, batch, to, workspace);
        }
    });
}

template <class Side, class Real, bool to_points>
void bind_equivariant_sum(pybind11::module_& m, const char* name) {
    using namespace pybind11::literals;
    using Array = typename Side::template Array<Real>;
    using Labels = typename Side::template Array<std::int32_t>;
    m.def(
        name,
        [](const Labels& labels, const Array& values, const Array& f, Array& out,
           const typename Side::Execution& on) {
            const auto orbits = equivariant_orbits<Side>(labels, values);
            run_equivariant_sum<Side, Real, to_points>(orbits, values, f, out, on);
        },
        "labels"_a.noconvert(), "values"_a.noconvert(), "f"_a.noconvert(), "out"_a.noconvert(), "on"_a);
    m.def(
        name,
        [](std::int64_t p, std::int64_t dim, std::int64_t first, std::int64_t units, const Array& values,
           const Array& f, Array& out, const typename Side::Execution& on) {
            const auto ridges = equivariant_ridges(p, dim, first, units, values);
            run_equivariant_sum<Side, Real, to_points>(ridges, values, f, out, on);
        },
        "p"_a, "dim"_a, "first"_a, "units"_a, "values"_a.noconvert(), "f"_a.noconvert(), "out"_a.noconvert(), "on"_a);
}

template <class Side, class Real>
void bind_equivariant(pybind11::module_& m) {
    bind_equivariant_sum<Side, Real, false>(m, "equivariant_sum_over_points");
    bind_equivariant_sum<Side, Real, true>(m, "equivariant_sum_over_units");
}

}  // namespace kousei::python
