#pragma once
#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include <kousei/recommend.hpp>

#include "checks.hpp"
#include "host_array.hpp"

namespace kousei::python {

/// Lists in one array of `entries`, each from one begin to the next. In CUDA memory begins cannot be read here.
template <class Side, class Begin>
void require_begins(const char* name, const Begin& begin, std::int64_t entries) {
    require_axes(name, begin, 1);
    const std::int64_t lists = begin.shape(0) - 1;
    if (lists < 0) throw pybind11::value_error(std::string(name) + " is empty; (lists + 1,) is accepted");
    if constexpr (Side::readable) {
        const std::int64_t* const at = begin.data();
        bool wrong = at[0] != 0 || at[lists] != entries;
        for (std::int64_t i = 0; i < lists; ++i) wrong |= at[i] > at[i + 1];
        if (!wrong) return;
        throw pybind11::value_error(std::string(name) + " has begins out of order; those that rise from 0 to " +
                                    std::to_string(entries) + " are accepted");
    }
}

/// The same of numbers from 0 to below `limit`.
template <class Side, class Begin, class Entries>
void require_lists(const char* begin_name, const Begin& begin, const char* name, const Entries& entries,
                   std::int64_t limit) {
    if (limit > INT32_MAX) throw SizeError(std::string(name) + " are of more than 2**31 - 1");
    require_axes(name, entries, 1);
    require_begins<Side>(begin_name, begin, entries.shape(0));
    if constexpr (Side::readable) {
        const std::int32_t* const entry = entries.data();
        const auto last = static_cast<std::int32_t>(limit - 1);
        bool wrong = false;
        for (std::int64_t i = 0; i < entries.shape(0); ++i) wrong |= entry[i] < 0 || entry[i] > last;
        if (!wrong) return;
        throw pybind11::value_error(std::string(name) + " has numbers out of range; 0 to " + std::to_string(last) +
                                    " are accepted");
    }
}

template <class Side>
void bind_prefer(pybind11::module_& m) {
    using namespace pybind11::literals;
    using Begin = typename Side::template Array<std::int64_t>;
    using Entries = typename Side::template Array<std::int32_t>;
    using Numbers = typename Side::template Array<double>;
    m.def(
        "recommend_prefer",
        [](const Begin& rated_begin, const Entries& rated, const Begin& preferred_begin, const Entries& preferred,
           const Numbers& weight, const Numbers& z, Numbers& out, const typename Side::Execution& on) {
            require_axes("weight", weight, 1);
            require_axes("z", z, 1);
            const std::int64_t users = weight.shape(0), shops = z.shape(0);
            require_shape("rated_begin", rated_begin, {checked_mul(2, users) + 1});
            require_shape("preferred_begin", preferred_begin, {shops + 1});
            require_lists<Side>("rated_begin", rated_begin, "rated", rated, shops);
            require_lists<Side>("preferred_begin", preferred_begin, "preferred", preferred, 2 * users);
            require_shape("out", out, {shops});
            const recommend::Preferences preferences{rated_begin.data(),
                                                     rated.data(),
                                                     preferred_begin.data(),
                                                     preferred.data(),
                                                     weight.data(),
                                                     users,
                                                     shops};
            const double* const from = z.data();
            double* const to = out.mutable_data();
            Side::run(on, from, [&](auto where, auto lend) {
                recommend::prefer(where, preferences, from, to, lend(workspace_bytes(where, preferences)));
            });
        },
        "rated_begin"_a.noconvert(), "rated"_a.noconvert(), "preferred_begin"_a.noconvert(),
        "preferred"_a.noconvert(), "weight"_a.noconvert(), "z"_a.noconvert(), "out"_a.noconvert(), "on"_a);
}

template <class Side, class Real>
void bind_unit_rows(pybind11::module_& m) {
    using namespace pybind11::literals;
    using Begin = typename Side::template Array<std::int64_t>;
    using Numbers = typename Side::template Array<Real>;
    m.def(
        "recommend_unit_rows",
        [](const Begin& begin, const Numbers& values, Numbers& out, const typename Side::Execution& on) {
            require_axes("values", values, 1);
            require_begins<Side>("begin", begin, values.shape(0));
            require_shape("out", out, {values.shape(0)});
            const std::int64_t* const at = begin.data();
            const Real* const from = values.data();
            Real* const to = out.mutable_data();
            Side::run(on, at,
                      [&](auto where, auto) { recommend::unit_rows(where, at, from, begin.shape(0) - 1, to); });
        },
        "begin"_a.noconvert(), "values"_a.noconvert(), "out"_a.noconvert(), "on"_a);
}

/// On a device CuPy transposes.
template <class Real>
void bind_transpose(pybind11::module_& m) {
    using namespace pybind11::literals;
    using Begin = HostSide::Array<std::int64_t>;
    using Entries = HostSide::Array<std::int32_t>;
    using Numbers = HostSide::Array<Real>;
    m.def(
        "recommend_transpose",
        [](const Begin& begin, const Entries& columns, const Numbers& values, Begin& column_begin, Entries& rows_of,
           Numbers& values_of, const HostSide::Execution& on) {
            require_axes("column_begin", column_begin, 1);
            const std::int64_t column_count = column_begin.shape(0) - 1;
            require_lists<HostSide>("begin", begin, "columns", columns, column_count);
            const std::int64_t rows = begin.shape(0) - 1, entries = columns.shape(0);
            require_shape("values", values, {entries});
            require_shape("rows_of", rows_of, {entries});
            require_shape("values_of", values_of, {entries});
            const std::int64_t* const at = begin.data();
            const std::int32_t* const in = columns.data();
            const Real* const from = values.data();
            std::int64_t* const to_begin = column_begin.mutable_data();
            std::int32_t* const to_rows = rows_of.mutable_data();
            Real* const to = values_of.mutable_data();
            HostSide::run(on, at, [&](auto where, auto) {
                recommend::transpose(where, at, in, from, rows, column_count, to_begin, to_rows, to);
            });
        },
        "begin"_a.noconvert(), "columns"_a.noconvert(), "values"_a.noconvert(), "column_begin"_a.noconvert(),
        "rows_of"_a.noconvert(), "values_of"_a.noconvert(), "on"_a);
}

/// A list of the transpose is read up to where the entries of its column say.
template <class Begin, class Entries>
void require_lengths(const Begin& column_begin, const Entries& columns) {
    const std::int64_t count = column_begin.shape(0) - 1;
    std::vector<std::int64_t> left(column_begin.data(), column_begin.data() + count);
    for (std::int64_t i = 0; i < columns.shape(0); ++i) ++left[static_cast<std::size_t>(columns.data()[i])];
    if (std::equal(left.begin(), left.end(), column_begin.data() + 1)) return;
    throw pybind11::value_error("column_begin has other lengths than the columns have entries");
}

/// Sparse rows with their transpose, and lists of products for each of them.
template <class Side, class Real>
recommend::SparseRows<Real> sparse_rows(const typename Side::template Array<std::int64_t>& begin,
                                        const typename Side::template Array<std::int32_t>& columns,
                                        const typename Side::template Array<Real>& values,
                                        const typename Side::template Array<std::int64_t>& column_begin,
                                        const typename Side::template Array<std::int32_t>& rows_of,
                                        const typename Side::template Array<Real>& values_of,
                                        const typename Side::template Array<std::int32_t>& indices,
                                        const typename Side::template Array<Real>& out) {
    require_lists<Side>("begin", begin, "columns", columns, column_begin.shape(0) - 1);
    require_lists<Side>("column_begin", column_begin, "rows_of", rows_of, begin.shape(0) - 1);
    require_shape("values", values, {columns.shape(0)});
    require_shape("rows_of", rows_of, {columns.shape(0)});
    require_shape("values_of", values_of, {columns.shape(0)});
    if constexpr (Side::readable) require_lengths(column_begin, columns);
    const std::int64_t rows = begin.shape(0) - 1;
    require_axes("out", out, 2);
    require_shape("out", out, {rows, out.shape(1)});
    require_shape("indices", indices, {rows, out.shape(1)});
    return {begin.data(),   columns.data(),   values.data(), column_begin.data(),
            rows_of.data(), values_of.data(), rows,          column_begin.shape(0) - 1};
}

template <class Side, class Real>
void bind_top_products(pybind11::module_& m) {
    using namespace pybind11::literals;
    using Begin = typename Side::template Array<std::int64_t>;
    using Entries = typename Side::template Array<std::int32_t>;
    using Numbers = typename Side::template Array<Real>;
    m.def(
        "recommend_top_products",
        [](const Begin& begin, const Entries& columns, const Numbers& values, const Begin& column_begin,
           const Entries& rows, const Numbers& values_of, Entries& indices, Numbers& out,
           const typename Side::Execution& on) {
            const auto matrix =
                sparse_rows<Side, Real>(begin, columns, values, column_begin, rows, values_of, indices, out);
            const std::int64_t k = out.shape(1);
            std::int32_t* const best = indices.mutable_data();
            Real* const to = out.mutable_data();
            Side::run(on, to, [&](auto where, auto lend) {
                recommend::top_products(where, matrix, k, best, to, lend(workspace_bytes(where, matrix, k)));
            });
        },
        "begin"_a.noconvert(), "columns"_a.noconvert(), "values"_a.noconvert(), "column_begin"_a.noconvert(),
        "rows_of"_a.noconvert(), "values_of"_a.noconvert(), "indices"_a.noconvert(), "out"_a.noconvert(), "on"_a);
}

/// For blocks of rows that lie on several machines.
template <class Real>
void bind_top_products_between(pybind11::module_& m) {
    using namespace pybind11::literals;
    using Begin = HostSide::Array<std::int64_t>;
    using Entries = HostSide::Array<std::int32_t>;
    using Numbers = HostSide::Array<Real>;
    m.def(
        "recommend_top_products_between",
        [](std::int64_t first, const Begin& begin, const Entries& columns, const Numbers& values,
           const Begin& column_begin, const Entries& rows, const Numbers& values_of, Entries& indices, Numbers& out,
           const HostSide::Execution& on) {
            const auto matrix =
                sparse_rows<HostSide, Real>(begin, columns, values, column_begin, rows, values_of, indices, out);
            if (first < 0 || first > matrix.rows) throw pybind11::value_error("first is no row, nor their number");
            const std::int64_t k = out.shape(1);
            std::int32_t* const best = indices.mutable_data();
            Real* const to = out.mutable_data();
            HostSide::run(on, to, [&](auto where, auto lend) {
                recommend::top_products_between(where, matrix, first, k, best, to,
                                                lend(workspace_bytes(where, matrix, k)));
            });
        },
        "first"_a, "begin"_a.noconvert(), "columns"_a.noconvert(), "values"_a.noconvert(),
        "column_begin"_a.noconvert(), "rows_of"_a.noconvert(), "values_of"_a.noconvert(), "indices"_a.noconvert(),
        "out"_a.noconvert(), "on"_a);
}

template <class Side>
void bind_recommend(pybind11::module_& m) {
    bind_prefer<Side>(m);
    bind_unit_rows<Side, float>(m);
    bind_unit_rows<Side, double>(m);
    if constexpr (Side::readable) {
        bind_transpose<float>(m);
        bind_transpose<double>(m);
        bind_top_products_between<float>(m);
        bind_top_products_between<double>(m);
    }
    bind_top_products<Side, float>(m);
    bind_top_products<Side, double>(m);
}

}  // namespace kousei::python
