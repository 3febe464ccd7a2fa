#pragma once
#include <kousei/ridgelet.hpp>

#include "checks.hpp"
#include "host_array.hpp"

namespace kousei::python {

template <class Side, class Real>
void bind_ridgelet(pybind11::module_& m) {
    using namespace pybind11::literals;
    using Array = typename Side::template Array<Real>;
    m.def(
        "ridgelet_kernel",
        [](const Array& table, Real s, bool derivative, const Array& t, Array& out,
           const typename Side::Execution& on) {
            require_shape("table", table, {ridgelet::table_size});
            require_shape("out", out, shape_of(t));
            const ridgelet::Kernel<Real> kernel{table.data(), s, derivative};
            const std::int64_t count = size_of(shape_of(t));
            const Real* from = t.data();
            Real* to = out.mutable_data();
            Side::run(on, from, [&](auto where, auto) { ridgelet::evaluate(where, kernel, from, count, to); });
        },
        "table"_a.noconvert(), "s"_a, "derivative"_a, "t"_a.noconvert(), "out"_a.noconvert(), "on"_a);
}

inline void bind_ridgelet_tabulate(pybind11::module_& m) {
    using namespace pybind11::literals;
    m.def(
        "ridgelet_tabulate",
        [](double s, bool derivative) {
            HostSide::Array<double> table(ridgelet::table_size);
            ridgelet::tabulate(s, derivative, table.mutable_data());
            return table;
        },
        "s"_a, "derivative"_a);
}

}  // namespace kousei::python
