#pragma once
#include <pybind11/stl.h>

#include <kousei/packed.hpp>
#include <kousei/rbm.hpp>
#include <optional>

#include "checks.hpp"
#include "host_array.hpp"

namespace kousei::python {

inline rbm::Units units_of(bool spin) {
    return spin ? rbm::Units::spin : rbm::Units::binary;
}

/// The states (rows, width) in these words, and how many rows there are.
template <class Words>
std::int64_t rows_of_states(const char* name, const Words& words, std::int64_t width) {
    require_axes(name, words, 2);
    require_shape(name, words, {words.shape(0), packed::stride_of(width)});
    return words.shape(0);
}

/// What is added to a clock, or in it, so that sums can be counted.
inline void require_time(std::int64_t count) {
    constexpr std::int64_t most = std::int64_t{1} << 61;
    if (0 <= count && count <= most) return;
    throw pybind11::value_error("a clock has " + std::to_string(count) + "; 0 to 2**61 are accepted");
}

/// The clock in three numbers.
template <class Side, class Numbers>
const rbm::Clock* clock_in(const Numbers& numbers) {
    static_assert(sizeof(rbm::Clock) == 3 * sizeof(std::int64_t));
    require_shape("clock", numbers, {3});
    if constexpr (Side::readable) {
        for (std::int64_t i = 0; i < 3; ++i) require_time(numbers.data()[i]);
    }
    return reinterpret_cast<const rbm::Clock*>(numbers.data());
}

template <class Array>
rbm::Parameters parameters_in(Array& weight, Array& visible_bias, Array& hidden_bias, Array& weight_velocity,
                              Array& visible_velocity, Array& hidden_velocity, bool spin) {
    require_axes("weight", weight, 2);
    const std::int64_t visible = weight.shape(0), hidden = weight.shape(1);
    require_shape("visible_bias", visible_bias, {visible});
    require_shape("hidden_bias", hidden_bias, {hidden});
    require_shape("weight_velocity", weight_velocity, {visible, hidden});
    require_shape("visible_velocity", visible_velocity, {visible});
    require_shape("hidden_velocity", hidden_velocity, {hidden});
    return {weight.mutable_data(),
            visible_bias.mutable_data(),
            hidden_bias.mutable_data(),
            weight_velocity.mutable_data(),
            visible_velocity.mutable_data(),
            hidden_velocity.mutable_data(),
            visible,
            hidden,
            units_of(spin)};
}

template <class Array>
rbm::Centers centers_in(const std::optional<Array>& visible, std::optional<Array>& hidden, float slide,
                        const rbm::Parameters& parameters) {
    if (visible.has_value() != hidden.has_value()) {
        throw pybind11::value_error("visible_center and hidden_center are accepted together");
    }
    if (!visible) return {nullptr, nullptr, slide};
    require_shape("visible_center", *visible, {parameters.visible});
    require_shape("hidden_center", *hidden, {parameters.hidden});
    return {visible->data(), hidden->mutable_data(), slide};
}

template <class Side>
void bind_rbm(pybind11::module_& m) {
    using namespace pybind11::literals;
    using Array = typename Side::template Array<float>;
    using Words = typename Side::template Array<std::uint32_t>;
    using Numbers = typename Side::template Array<std::int64_t>;
    using Execution = typename Side::Execution;
    m.def(
        "rbm_respond",
        [](const Array& weight, const Array& bias, bool transposed, bool spin, const Words& states,
           const std::optional<Array>& beta, std::uint64_t key, std::uint64_t count, std::int64_t first_row,
           const std::optional<Numbers>& clock, std::optional<Array>& fields, std::optional<Array>& means,
           std::optional<Words>& drawn, const Execution& on) {
            require_axes("weight", weight, 2);
            const std::int64_t inputs = weight.shape(transposed), outputs = weight.shape(!transposed);
            require_shape("bias", bias, {outputs});
            const std::int64_t rows = rows_of_states("states", states, inputs);
            if (beta) require_shape("beta", *beta, {rows});
            if (fields) require_shape("fields", *fields, {rows, outputs});
            if (means) require_shape("means", *means, {rows, outputs});
            if (drawn) require_shape("drawn", *drawn, {rows, packed::stride_of(outputs)});
            const rbm::Side side{weight.data(), transposed, bias.data(), inputs, outputs, units_of(spin)};
            const rbm::Wanted wanted{fields ? fields->mutable_data() : nullptr,
                                     means ? means->mutable_data() : nullptr,
                                     drawn ? drawn->mutable_data() : nullptr};
            const std::uint32_t* const from = states.data();
            const float* const at = beta ? beta->data() : nullptr;
            const rbm::Draw draw{key, count, clock ? clock_in<Side>(*clock) : nullptr, first_row};
            Side::run(on, from, [&](auto where, auto lend) {
                rbm::respond(where, side, from, rows, at, draw, wanted,
                             lend(rbm::workspace_bytes(where, side, rows)));
            });
        },
        "weight"_a.noconvert(), "bias"_a.noconvert(), "transposed"_a, "spin"_a, "states"_a.noconvert(),
        "beta"_a.noconvert(), "key"_a, "count"_a, "first_row"_a, "clock"_a.noconvert(), "fields"_a.noconvert(),
        "means"_a.noconvert(), "drawn"_a.noconvert(), "on"_a);
    m.def(
        "rbm_update",
        [](Array& weight, Array& visible_bias, Array& hidden_bias, Array& weight_velocity, Array& visible_velocity,
           Array& hidden_velocity, bool spin, const Words& data, const Array& data_means, const Words& model,
           const Array& model_means, float learning_rate, float momentum, float l1,
           std::optional<Array>& visible_center, std::optional<Array>& hidden_center, float slide,
           const Execution& on) {
            const rbm::Parameters parameters = parameters_in(weight, visible_bias, hidden_bias, weight_velocity,
                                                             visible_velocity, hidden_velocity, spin);
            const std::int64_t visible = parameters.visible, hidden = parameters.hidden;
            const auto sample = [&](const char* name, const Words& states, const Array& means) {
                const std::int64_t rows = rows_of_states(name, states, visible);
                if (rows == 0)
                    throw pybind11::value_error(std::string(name) + " has no rows; at least 1 is accepted");
                require_shape("means", means, {rows, hidden});
                return rbm::Sample{states.data(), means.data(), rows};
            };
            const rbm::Sample from_data = sample("data", data, data_means),
                              from_model = sample("model", model, model_means);
            const rbm::Centers centers = centers_in(visible_center, hidden_center, slide, parameters);
            Side::run(on, parameters.weight, [&](auto where, auto lend) {
                rbm::update(where, parameters, from_data, from_model, {learning_rate, momentum, l1}, centers,
                            lend(rbm::workspace_bytes(where, parameters, from_data.rows, from_model.rows)));
            });
        },
        "weight"_a.noconvert(), "visible_bias"_a.noconvert(), "hidden_bias"_a.noconvert(),
        "weight_velocity"_a.noconvert(), "visible_velocity"_a.noconvert(), "hidden_velocity"_a.noconvert(), "spin"_a,
        "data"_a.noconvert(), "data_means"_a.noconvert(), "model"_a.noconvert(), "model_means"_a.noconvert(),
        "learning_rate"_a, "momentum"_a, "l1"_a, "visible_center"_a.noconvert(), "hidden_center"_a.noconvert(),
        "slide"_a, "on"_a);
    m.def(
        "rbm_next_rows",
        [](const Words& data, const Numbers& order, const Numbers& clock, Words& batch, const Execution& on) {
            require_axes("data", data, 2);
            require_shape("order", order, {data.shape(0)});
            require_axes("batch", batch, 2);
            const std::int64_t rows = batch.shape(0);
            require_shape("batch", batch, {rows, data.shape(1)});
            const rbm::Epoch epoch{data.data(), order.data(), data.shape(0), data.shape(1)};
            const rbm::Clock* const at = clock_in<Side>(clock);
            std::uint32_t* const to = batch.mutable_data();
            Side::run(on, at, [&](auto where, auto) { rbm::next_rows(where, epoch, at, rows, to); });
        },
        "data"_a.noconvert(), "order"_a.noconvert(), "clock"_a.noconvert(), "batch"_a.noconvert(), "on"_a);
    m.def(
        "rbm_advance",
        [](Numbers& clock, std::int64_t draws, const Words& data, const std::optional<Words>& model,
           const Execution& on) {
            require_axes("data", data, 2);
            if (model) require_shape("model", *model, {data.shape(0), data.shape(1)});
            const rbm::Passed passed{draws, data.shape(0), data.shape(1), data.data(),
                                     model ? model->data() : nullptr};
            require_time(draws);
            clock_in<Side>(clock);
            auto* const at = reinterpret_cast<rbm::Clock*>(clock.mutable_data());
            Side::run(on, at, [&](auto where, auto) { rbm::advance(where, at, passed); });
        },
        "clock"_a.noconvert(), "draws"_a, "data"_a.noconvert(), "model"_a.noconvert(), "on"_a);
}

/// Sums of a block, or of several, in these arrays.
inline rbm::Sums sums_in(HostSide::Array<float>& products, HostSide::Array<float>& hidden_means,
                         HostSide::Array<std::int64_t>& visible_values, bool spin, std::int64_t data_rows,
                         std::int64_t model_rows) {
    require_axes("products", products, 2);
    const std::int64_t visible = products.shape(0), hidden = products.shape(1);
    require_shape("hidden_means", hidden_means, {2, hidden});
    require_shape("visible_values", visible_values, {2, visible});
    return {products.mutable_data(),
            hidden_means.mutable_data(),
            visible_values.mutable_data(),
            visible,
            hidden,
            units_of(spin),
            data_rows,
            model_rows};
}

/// An update by the sums of blocks, which may come from elsewhere.
inline void bind_rbm_sums(pybind11::module_& m) {
    using namespace pybind11::literals;
    using Array = HostSide::Array<float>;
    using Words = HostSide::Array<std::uint32_t>;
    using Numbers = HostSide::Array<std::int64_t>;
    m.def(
        "rbm_sum_block",
        [](const Words& data, const Array& data_means, const Words& model, const Array& model_means, bool spin,
           std::int64_t data_rows, std::int64_t model_rows, Array& products, Array& hidden_means,
           Numbers& visible_values, const Cpu& on) {
            const rbm::Sums sums = sums_in(products, hidden_means, visible_values, spin, data_rows, model_rows);
            const auto sample = [&](const char* name, const Words& states, const Array& means) {
                const std::int64_t rows = rows_of_states(name, states, sums.visible);
                if (rows > rbm::rows_of_sum) {
                    throw pybind11::value_error(std::string(name) + " has " + std::to_string(rows) + " rows; up to " +
                                                std::to_string(rbm::rows_of_sum) + " are accepted");
                }
                require_shape("means", means, {rows, sums.hidden});
                return rbm::Sample{states.data(), means.data(), rows};
            };
            const rbm::Sample of_data = sample("data", data, data_means),
                              of_model = sample("model", model, model_means);
            if (of_data.rows + of_model.rows == 0) {
                throw pybind11::value_error("data and model have no rows; at least 1 of one is accepted");
            }
            HostSide::run(on, sums.products, [&](Cpu where, auto lend) {
                rbm::sum_block(where, sums, of_data, of_model,
                               lend(rbm::workspace_bytes(where, sums, of_data.rows, of_model.rows)));
            });
        },
        "data"_a.noconvert(), "data_means"_a.noconvert(), "model"_a.noconvert(), "model_means"_a.noconvert(),
        "spin"_a, "data_rows"_a, "model_rows"_a, "products"_a.noconvert(), "hidden_means"_a.noconvert(),
        "visible_values"_a.noconvert(), "on"_a);
    m.def(
        "rbm_update_by",
        [](Array& weight, Array& visible_bias, Array& hidden_bias, Array& weight_velocity, Array& visible_velocity,
           Array& hidden_velocity, bool spin, Array& products, Array& hidden_means, Numbers& visible_values,
           std::int64_t data_rows, std::int64_t model_rows, float learning_rate, float momentum, float l1,
           std::optional<Array>& visible_center, std::optional<Array>& hidden_center, float slide, const Cpu& on) {
            const rbm::Parameters parameters = parameters_in(weight, visible_bias, hidden_bias, weight_velocity,
                                                             visible_velocity, hidden_velocity, spin);
            require_shape("products", products, {parameters.visible, parameters.hidden});
            const rbm::Sums sums = sums_in(products, hidden_means, visible_values, spin, data_rows, model_rows);
            const rbm::Centers centers = centers_in(visible_center, hidden_center, slide, parameters);
            HostSide::run(on, parameters.weight, [&](Cpu where, auto lend) {
                rbm::update_by(where, parameters, sums, {learning_rate, momentum, l1}, centers,
                               lend(rbm::workspace_bytes(where, parameters)));
            });
        },
        "weight"_a.noconvert(), "visible_bias"_a.noconvert(), "hidden_bias"_a.noconvert(),
        "weight_velocity"_a.noconvert(), "visible_velocity"_a.noconvert(), "hidden_velocity"_a.noconvert(), "spin"_a,
        "products"_a.noconvert(), "hidden_means"_a.noconvert(), "visible_values"_a.noconvert(), "data_rows"_a,
        "model_rows"_a, "learning_rate"_a, "momentum"_a, "l1"_a, "visible_center"_a.noconvert(),
        "hidden_center"_a.noconvert(), "slide"_a, "on"_a);
}

}  // namespace kousei::python
