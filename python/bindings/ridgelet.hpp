#pragma once
#include <cmath>

#include <kousei/ridgelet.hpp>

#include "checks.hpp"
#include "host_array.hpp"

namespace kousei::python {

/// The order of Hermite's polynomial is made of it.
inline void require_power_of_kernel(double s) {
    if (!(s > -1 && s <= ridgelet::largest_power)) {
        throw pybind11::value_error("s is not above -1 and at most " +
                                    std::to_string(static_cast<int>(ridgelet::largest_power)));
    }
}

template <class Real, class Array>
ridgelet::Kernel<Real> ridgelet_kernel_of(const Array& table, Real s, bool derivative) {
    require_shape("table", table, {ridgelet::table_size});
    require_power_of_kernel(s);
    return {table.data(), s, derivative};
}

template <class Array>
ridgelet::Arguments ridgelet_arguments(const Array& points, const Array& directions, const Array& biases) {
    require_axes("points", points, 2);
    require_axes("directions", directions, 2);
    require_shape("directions", directions, {directions.shape(0), points.shape(1)});
    require_axes("biases", biases, 1);
    return {points.data(),       directions.data(), biases.data(),  points.shape(0),
            directions.shape(0), biases.shape(0),   points.shape(1)};
}

/// sum_over_points or, `to_points`, sum_over_units of a function.
template <class Side, class Real, bool to_points, class Function, class Array, class Parameters>
void run_ridgelet_sums(const Function& function, const Parameters& points, const Parameters& directions,
                       const Parameters& biases, const Array& values, Array& out,
                       const typename Side::Execution& on) {
    const ridgelet::Arguments at = ridgelet_arguments(points, directions, biases);
    const std::int64_t batch = values.ndim() == 0 ? 0 : values.shape(0);
    const Shape functions{batch, at.point_count}, spectra{batch, at.direction_count, at.bias_count};
    require_shape("values", values, to_points ? spectra : functions);
    require_shape("out", out, to_points ? functions : spectra);
    const Real* from = values.data();
    Real* to = out.mutable_data();
    Side::run(on, from, [&](auto where, auto lend) {
        const Workspace workspace = lend(ridgelet::workspace_bytes<Real>(where, at, function, batch));
        if constexpr (to_points) {
            ridgelet::sum_over_units(where, at, function, from, batch, to, workspace);
        } else {
            ridgelet::sum_over_points(where, at, function, from, batch, to, workspace);
        }
    });
}

template <class Side, class Real, bool to_points>
void bind_ridgelet_sum(pybind11::module_& m, const char* name) {
    using namespace pybind11::literals;
    using Array = typename Side::template Array<Real>;
    using Parameters = typename Side::template Array<double>;
    m.def(
        name,
        [](const Array& table, Real s, bool derivative, const Parameters& points, const Parameters& directions,
           const Parameters& biases, const Array& values, Array& out, const typename Side::Execution& on) {
            const auto kernel = ridgelet_kernel_of(table, s, derivative);
            run_ridgelet_sums<Side, Real, to_points>(kernel, points, directions, biases, values, out, on);
        },
        "table"_a.noconvert(), "s"_a, "derivative"_a, "points"_a.noconvert(), "directions"_a.noconvert(),
        "biases"_a.noconvert(), "values"_a.noconvert(), "out"_a.noconvert(), "on"_a);
    m.def(
        name,
        [](Activation activation, const Parameters& points, const Parameters& directions, const Parameters& biases,
           const Array& values, Array& out, const typename Side::Execution& on) {
            run_ridgelet_sums<Side, Real, to_points>(activation, points, directions, biases, values, out, on);
        },
        "activation"_a, "points"_a.noconvert(), "directions"_a.noconvert(), "biases"_a.noconvert(),
        "values"_a.noconvert(), "out"_a.noconvert(), "on"_a);
}

template <class Side, class Real>
void bind_ridgelet(pybind11::module_& m) {
    using namespace pybind11::literals;
    using Array = typename Side::template Array<Real>;
    m.def(
        "ridgelet_kernel",
        [](const Array& table, Real s, bool derivative, const Array& t, Array& out,
           const typename Side::Execution& on) {
            require_shape("out", out, shape_of(t));
            const auto kernel = ridgelet_kernel_of(table, s, derivative);
            const std::int64_t count = size_of(shape_of(t));
            const Real* from = t.data();
            Real* to = out.mutable_data();
            Side::run(on, from, [&](auto where, auto) { ridgelet::evaluate(where, kernel, from, count, to); });
        },
        "table"_a.noconvert(), "s"_a, "derivative"_a, "t"_a.noconvert(), "out"_a.noconvert(), "on"_a);
}

template <class Side, class Real>
void bind_ridgelet_sums(pybind11::module_& m) {
    using namespace pybind11::literals;
    using Array = typename Side::template Array<Real>;
    using Parameters = typename Side::template Array<double>;
    bind_ridgelet_sum<Side, Real, false>(m, "ridgelet_sum_over_points");
    bind_ridgelet_sum<Side, Real, true>(m, "ridgelet_sum_over_units");
    m.def(
        "ridgelet_sum_over_units",
        [](int power, const Parameters& points, const Parameters& directions, const Parameters& biases,
           const Array& values, Array& out, const typename Side::Execution& on) {
            if (power < 0 || power > activation::largest_power) {
                throw pybind11::value_error("power was " + std::to_string(power) + "; 0 to " +
                                            std::to_string(activation::largest_power) + " is accepted");
            }
            run_ridgelet_sums<Side, Real, true>(ridgelet::Power{power}, points, directions, biases, values, out, on);
        },
        "power"_a, "points"_a.noconvert(), "directions"_a.noconvert(), "biases"_a.noconvert(), "values"_a.noconvert(),
        "out"_a.noconvert(), "on"_a);
}

inline void bind_ridgelet_tabulate(pybind11::module_& m) {
    using namespace pybind11::literals;
    m.def(
        "ridgelet_tabulate",
        [](double s, bool derivative) {
            require_power_of_kernel(s);
            HostSide::Array<double> table(ridgelet::table_size);
            ridgelet::tabulate(s, derivative, table.mutable_data());
            return table;
        },
        "s"_a, "derivative"_a);
}

}  // namespace kousei::python
