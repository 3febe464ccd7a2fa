#pragma once
#include <kousei/packed.hpp>

#include "checks.hpp"

namespace kousei::python {

template <class Side>
packed::View signs_view(const typename Side::template Array<std::uint32_t>& words, std::int64_t columns) {
    require_axes("words", words, 2);
    require_shape("words", words, {words.shape(0), packed::stride_of(checked_mul(columns, 1))});
    return {words.data(), words.shape(0), columns};
}

template <class Side, class Number>
void bind_signs(pybind11::module_& m) {
    using namespace pybind11::literals;
    using Array = typename Side::template Array<Number>;
    using Words = typename Side::template Array<std::uint32_t>;
    using Execution = typename Side::Execution;
    m.def(
        "packed_pack",
        [](const Array& signs, Words& words, const Execution& on) {
            require_axes("signs", signs, 2);
            const std::int64_t rows = signs.shape(0), columns = signs.shape(1);
            require_shape("words", words, {rows, packed::stride_of(columns)});
            const Number* const from = signs.data();
            std::uint32_t* const to = words.mutable_data();
            std::int64_t first_wrong = 0;
            Side::run(on, from,
                      [&](auto where, auto) { first_wrong = packed::pack(where, from, rows, columns, to); });
            return first_wrong;
        },
        "signs"_a.noconvert(), "words"_a.noconvert(), "on"_a);
    m.def(
        "packed_unpack",
        [](const Words& words, Array& signs, const Execution& on) {
            require_axes("signs", signs, 2);
            const auto matrix = signs_view<Side>(words, signs.shape(1));
            require_shape("signs", signs, {matrix.rows, matrix.columns});
            Number* const to = signs.mutable_data();
            Side::run(on, to, [&](auto where, auto) { packed::unpack(where, matrix, to); });
        },
        "words"_a.noconvert(), "signs"_a.noconvert(), "on"_a);
}

template <class Side, class Real>
void bind_packed_matmul(pybind11::module_& m) {
    using namespace pybind11::literals;
    using Array = typename Side::template Array<Real>;
    using Words = typename Side::template Array<std::uint32_t>;
    m.def(
        "packed_matmul",
        [](const Words& words, std::int64_t columns, const Array& x, Array& out, const typename Side::Execution& on) {
            const auto matrix = signs_view<Side>(words, columns);
            Shape shape = batch_of("x", x, columns);
            const std::int64_t points = size_of(shape);
            shape.push_back(matrix.rows);
            require_shape("out", out, shape);
            const Real* const from = x.data();
            Real* const to = out.mutable_data();
            Side::run(on, from, [&](auto where, auto) { packed::matmul(where, matrix, from, points, to); });
        },
        "words"_a.noconvert(), "columns"_a, "x"_a.noconvert(), "out"_a.noconvert(), "on"_a);
}

}  // namespace kousei::python
