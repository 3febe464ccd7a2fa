#pragma once
#include <pybind11/stl.h>

#include <kousei/packed.hpp>
#include <optional>

#include "checks.hpp"
#include "host_array.hpp"

namespace kousei::python {

template <class Side>
packed::View signs_view(const typename Side::template Array<std::uint32_t>& words, std::int64_t columns,
                        const char* name = "words") {
    require_axes(name, words, 2);
    require_shape(name, words, {words.shape(0), packed::stride_of(checked_mul(columns, 1))});
    return {words.data(), words.shape(0), columns};
}

template <class Side, class Number>
void bind_signs(pybind11::module_& m) {
    using namespace pybind11::literals;
    using Array = typename Side::template Array<Number>;
    using Words = typename Side::template Array<std::uint32_t>;
    using Index = typename Side::template Array<std::int64_t>;
    using Execution = typename Side::Execution;
    m.def(
        "packed_pack",
        [](const Array& signs, Words& words, Index& first_wrong, const Execution& on) {
            require_axes("signs", signs, 2);
            const std::int64_t rows = signs.shape(0), columns = signs.shape(1);
            require_shape("words", words, {rows, packed::stride_of(columns)});
            const Number* const from = signs.data();
            require_shape("first_wrong", first_wrong, {1});
            std::uint32_t* const to = words.mutable_data();
            std::int64_t* const wrong = first_wrong.mutable_data();
            Side::run(on, wrong, [&](auto where, auto) {
                if constexpr (Side::readable) {
                    *wrong = packed::pack(where, from, rows, columns, to);
                } else {
                    packed::pack(where, from, rows, columns, to, wrong);
                }
            });
        },
        "signs"_a.noconvert(), "words"_a.noconvert(), "first_wrong"_a.noconvert(), "on"_a);
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

/// Scales come with their group, or neither does.
template <class Real, class Array>
packed::Matrix<Real> signs_matrix(const packed::View& signs, const std::optional<Array>& scales, std::int64_t group) {
    packed::Matrix<Real> matrix{signs};
    if (scales) {
        if (group <= 0 || (group % 32 != 0 && group < signs.columns)) {
            throw pybind11::value_error("group was " + std::to_string(group) +
                                        "; a multiple of 32, or at least the columns, is accepted");
        }
        require_shape("scales", *scales, {signs.rows, blocks_of(signs.columns, group)});
        matrix.scales = scales->data();
        matrix.group = group;
    }
    return matrix;
}

/// The copy of a matrix for few points, which is for the host alone.
template <class Real>
void bind_packed_interleave(pybind11::module_& m) {
    using namespace pybind11::literals;
    using Words = HostSide::Array<std::uint32_t>;
    using Scales = std::optional<HostSide::Array<Real>>;
    m.def(
        "packed_interleaved_words",
        [](const Words& words, std::int64_t columns, const Scales& scales, std::int64_t group) {
            return packed::interleaved_words(signs_matrix<Real>(signs_view<HostSide>(words, columns), scales, group));
        },
        "words"_a.noconvert(), "columns"_a, "scales"_a.noconvert() = pybind11::none(), "group"_a = 0);
    m.def(
        "packed_interleave",
        [](const Words& words, std::int64_t columns, Words& interleaved, const Cpu& on, const Scales& scales,
           std::int64_t group) {
            const auto matrix = signs_matrix<Real>(signs_view<HostSide>(words, columns), scales, group);
            require_shape("interleaved", interleaved, {packed::interleaved_words(matrix)});
            std::uint32_t* const to = interleaved.mutable_data();
            HostSide::run(on, to, [&](auto where, auto) { packed::interleave(where, matrix, to); });
        },
        "words"_a.noconvert(), "columns"_a, "interleaved"_a.noconvert(), "on"_a,
        "scales"_a.noconvert() = pybind11::none(), "group"_a = 0);
}

template <class Side, class Real>
void bind_packed_matmul(pybind11::module_& m) {
    using namespace pybind11::literals;
    using Array = typename Side::template Array<Real>;
    using Words = typename Side::template Array<std::uint32_t>;
    m.def(
        "packed_matmul",
        [](const Words& words, std::int64_t columns, const Array& x, Array& out, const typename Side::Execution& on,
           const std::optional<Words>& interleaved, const std::optional<Array>& scales, std::int64_t group) {
            auto matrix = signs_matrix<Real>(signs_view<Side>(words, columns), scales, group);
            if (interleaved) {
                if (!Side::readable) {
                    throw pybind11::value_error("interleaved was an array; in CUDA memory None is accepted");
                }
                require_shape("interleaved", *interleaved, {packed::interleaved_words(matrix)});
                matrix.interleaved = interleaved->data();
            }
            Shape shape = batch_of("x", x, columns);
            const std::int64_t points = size_of(shape);
            shape.push_back(matrix.signs.rows);
            require_shape("out", out, shape);
            const Real* const from = x.data();
            Real* const to = out.mutable_data();
            Side::run(on, to, [&](auto where, auto lend) {
                packed::matmul(where, matrix, from, points, to, lend(packed::workspace_bytes(where, matrix, points)));
            });
        },
        "words"_a.noconvert(), "columns"_a, "x"_a.noconvert(), "out"_a.noconvert(), "on"_a,
        "interleaved"_a.noconvert() = pybind11::none(), "scales"_a.noconvert() = pybind11::none(), "group"_a = 0);
}

template <class Side>
void bind_packed_dot(pybind11::module_& m) {
    using namespace pybind11::literals;
    using Words = typename Side::template Array<std::uint32_t>;
    using Sums = typename Side::template Array<std::int32_t>;
    m.def(
        "packed_dot",
        [](const Words& words, const Words& other, std::int64_t columns, Sums& out,
           const typename Side::Execution& on) {
            const auto a = signs_view<Side>(words, columns), b = signs_view<Side>(other, columns, "other");
            require_shape("out", out, {a.rows, b.rows});
            std::int32_t* const to = out.mutable_data();
            Side::run(on, to, [&](auto where, auto) { packed::dot(where, a, b, to); });
        },
        "words"_a.noconvert(), "other"_a.noconvert(), "columns"_a, "out"_a.noconvert(), "on"_a);
}

}  // namespace kousei::python
