#pragma once
#include <pybind11/stl.h>

#include <cmath>

#include <kousei/funahashi.hpp>
#include <kousei/funahashi_unit.hpp>
#include <optional>

#include "checks.hpp"

namespace kousei::python {

/// Bumps of each frequency as the bindings take them: None for all of them.
template <class Side>
using BumpRanges = std::optional<typename Side::template Array<std::int64_t>>;

/// Kernels index by these numbers.
inline void require_ranges(const funahashi::Ranges& ranges, std::int64_t frequencies, std::int64_t thresholds,
                           std::int64_t merged) {
    bool good = ranges.starts[0] == 0 && ranges.starts[frequencies] == ranges.units;
    for (std::int64_t w = 0; good && w < frequencies; ++w) {
        const std::int64_t first = ranges.bumps[2 * w], last = ranges.bumps[2 * w + 1];
        good = 0 <= first && last <= thresholds && first < last && merged <= last - first &&
               ranges.starts[w + 1] - ranges.starts[w] == funahashi::units_of(last - first, merged);
    }
    if (!good) throw pybind11::value_error("bumps, starts and units do not fit the thresholds and one another");
}

template <class Side, class Real, class Array = typename Side::template Array<Real>>
funahashi::View<Real> funahashi_view(const Array& frequencies, const Array& amplitudes, const Array& thresholds,
                                     const Array& phases, const Array& center, double spacing, Real delta, Real alpha,
                                     Activation activation, Real offset, std::int64_t merged,
                                     const BumpRanges<Side>& bumps, const BumpRanges<Side>& starts,
                                     std::int64_t units) {
    require_axes("frequencies", frequencies, 2);
    require_axes("thresholds", thresholds, 1);
    require_shape("amplitudes", amplitudes, {frequencies.shape(0), 2});
    require_shape("phases", phases, {thresholds.shape(0), 2});
    require_shape("center", center, {frequencies.shape(1)});
    // Workspaces are measured by them.
    if (!(spacing > 0 && delta > 0 && std::isfinite(spacing) && std::isfinite(delta) && std::isfinite(1 / delta))) {
        throw pybind11::value_error("spacing or delta is not positive and finite");
    }
    if (merged < 0 || merged > thresholds.shape(0)) {
        throw pybind11::value_error("merged was " + std::to_string(merged) + "; 0 to " +
                                    std::to_string(thresholds.shape(0)) + " is accepted");
    }
    funahashi::Ranges ranges;
    if (bumps) {
        if (!starts) throw pybind11::type_error("bumps came without starts");
        require_shape("bumps", *bumps, {frequencies.shape(0), 2});
        require_shape("starts", *starts, {frequencies.shape(0) + 1});
        ranges = {bumps->data(), starts->data(), units};
        if constexpr (Side::readable) require_ranges(ranges, frequencies.shape(0), thresholds.shape(0), merged);
    }
    return {frequencies.data(),
            amplitudes.data(),
            thresholds.data(),
            phases.data(),
            center.data(),
            frequencies.shape(0),
            thresholds.shape(0),
            frequencies.shape(1),
            spacing,
            1 / delta,
            alpha,
            activation,
            offset,
            merged,
            ranges};
}

template <class Side, class Real>
void bind_funahashi(pybind11::module_& m) {
    using namespace pybind11::literals;
    using Array = typename Side::template Array<Real>;
    m.def(
        "funahashi_evaluate",
        [](const Array& frequencies, const Array& amplitudes, const Array& thresholds, const Array& phases,
           const Array& center, double spacing, Real delta, Real alpha, Activation activation, const Array& x,
           Array& out, const typename Side::Execution& on, Real offset, std::int64_t merged,
           const BumpRanges<Side>& bumps, const BumpRanges<Side>& starts, std::int64_t units,
           funahashi::Method method) {
            const auto net =
                funahashi_view<Side, Real>(frequencies, amplitudes, thresholds, phases, center, spacing, delta, alpha,
                                           activation, offset, merged, bumps, starts, units);
            run_on_points<Side>(x, net.dim, 1, out, on,
                                [&](auto where, const Real* from, std::int64_t points, Real* to, auto lend) {
                                    funahashi::evaluate(where, net, method, from, points, to,
                                                        lend(funahashi::workspace_bytes(where, net, method, points)));
                                });
        },
        "frequencies"_a.noconvert(), "amplitudes"_a.noconvert(), "thresholds"_a.noconvert(), "phases"_a.noconvert(),
        "center"_a.noconvert(), "spacing"_a, "delta"_a, "alpha"_a, "activation"_a, "x"_a.noconvert(),
        "out"_a.noconvert(), "on"_a, "offset"_a = Real(0), "merged"_a = 0, "bumps"_a.noconvert() = pybind11::none(),
        "starts"_a.noconvert() = pybind11::none(), "units"_a = 0,
        pybind11::arg_v("method", funahashi::Method::dense, "kousei._lib._core.FunahashiMethod.dense"));
    m.def(
        "funahashi_gradient",
        [](const Array& frequencies, const Array& amplitudes, const Array& thresholds, const Array& phases,
           const Array& center, double spacing, Real delta, Real alpha, Activation activation, const Array& x,
           Array& out, const typename Side::Execution& on, std::int64_t merged, const BumpRanges<Side>& bumps,
           const BumpRanges<Side>& starts, std::int64_t units) {
            const auto net = funahashi_view<Side, Real>(frequencies, amplitudes, thresholds, phases, center, spacing,
                                                        delta, alpha, activation, 0, merged, bumps, starts, units);
            const std::int64_t points = size_of(batch_of("x", x, net.dim));
            require_shape("out", out, shape_of(x));
            const Real* from = x.data();
            Real* to = out.mutable_data();
            Side::run(on, from, [&](auto where, auto lend) {
                funahashi::evaluate_gradient(where, net, from, points, to,
                                             lend(funahashi::gradient_workspace_bytes(where, net, points)));
            });
        },
        "frequencies"_a.noconvert(), "amplitudes"_a.noconvert(), "thresholds"_a.noconvert(), "phases"_a.noconvert(),
        "center"_a.noconvert(), "spacing"_a, "delta"_a, "alpha"_a, "activation"_a, "x"_a.noconvert(),
        "out"_a.noconvert(), "on"_a, "merged"_a = 0, "bumps"_a.noconvert() = pybind11::none(),
        "starts"_a.noconvert() = pybind11::none(), "units"_a = 0);
    m.def(
        "funahashi_bump_transform",
        [](Activation activation, Real delta, Real alpha, const Array& omega, Array& out,
           const typename Side::Execution& on) {
            require_shape("out", out, shape_of(omega));
            const std::int64_t count = size_of(shape_of(omega));
            const Real* from = omega.data();
            Real* to = out.mutable_data();
            Side::run(on, from, [&](auto where, auto) {
                funahashi::bump_transform(where, activation, delta, alpha, from, count, to);
            });
        },
        "activation"_a, "delta"_a, "alpha"_a, "omega"_a.noconvert(), "out"_a.noconvert(), "on"_a);
    m.def(
        "funahashi_evaluate_table",
        [](const Array& frequencies, const Array& amplitudes, const Array& center, Real offset, const Array& values,
           Real first, Real cells_per_unit, const Array& x, Array& out, const typename Side::Execution& on) {
            require_axes("frequencies", frequencies, 2);
            require_shape("amplitudes", amplitudes, {frequencies.shape(0), 2});
            require_shape("center", center, {frequencies.shape(1)});
            require_axes("values", values, 3);
            require_shape("values", values, {values.shape(0), funahashi::table_degree + 1, 2});
            if (values.shape(0) == 0) throw pybind11::value_error("values has no cells");
            funahashi::View<Real> net{};
            net.frequencies = frequencies.data(), net.amplitudes = amplitudes.data(), net.center = center.data();
            net.frequency_count = frequencies.shape(0), net.dim = frequencies.shape(1), net.offset = offset;
            const funahashi::Table<Real> table{values.data(), values.shape(0), first, cells_per_unit};
            run_on_points<Side>(x, net.dim, 1, out, on,
                                [&](auto where, const Real* from, std::int64_t points, Real* to, auto lend) {
                                    funahashi::evaluate(where, net, table, from, points, to,
                                                        lend(funahashi::workspace_bytes(where, net, table, points)));
                                });
        },
        "frequencies"_a.noconvert(), "amplitudes"_a.noconvert(), "center"_a.noconvert(), "offset"_a,
        "values"_a.noconvert(), "first"_a, "cells_per_unit"_a, "x"_a.noconvert(), "out"_a.noconvert(), "on"_a);
}

}  // namespace kousei::python
