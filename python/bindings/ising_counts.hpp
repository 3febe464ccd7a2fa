#pragma once
#include <pybind11/stl.h>

#include <algorithm>
#include <cstdint>
#include <vector>

#include <kousei/ising_counts.hpp>

#include "checks.hpp"
#include "packed.hpp"

namespace kousei::python {

template <class Side>
void bind_ising_counts(pybind11::module_& m) {
    using namespace pybind11::literals;
    using Words = typename Side::template Array<std::uint32_t>;
    using Counts = typename Side::template Array<std::int64_t>;
    m.def(
        "ising_count",
        [](const Words& words, const Shape& sides, Counts& unlike, Counts& up, const typename Side::Execution& on) {
            if (sides.empty() || sides.size() > 3 ||
                std::any_of(sides.begin(), sides.end(), [](auto n) { return n < 1; })) {
                throw pybind11::value_error("sides were " + text(sides) + "; 1 to 3 of at least 1 are accepted");
            }
            const ising::Configurations spins(signs_view<Side>(words, size_of(sides)), sides.data(),
                                              static_cast<int>(sides.size()));
            require_shape("unlike", unlike, {spins.rows.rows});
            require_shape("up", up, {spins.rows.rows});
            std::int64_t* const bonds = unlike.mutable_data();
            std::int64_t* const sites = up.mutable_data();
            Side::run(on, bonds, [&](auto where, auto) { ising::count(where, spins, bonds, sites); });
        },
        "words"_a.noconvert(), "sides"_a, "unlike"_a.noconvert(), "up"_a.noconvert(), "on"_a);
}

}  // namespace kousei::python
