#pragma once
#include <kousei/packed.hpp>
#include <kousei/rbm.hpp>

#include <cstdint>
#include <random>
#include <vector>

/// A machine, and states and means to train it by, with arrays of their own.
struct Machine {
    using Numbers = std::vector<float>;
    using Words = std::vector<std::uint32_t>;

    std::int64_t visible, hidden, data_rows, model_rows;
    kousei::rbm::Units units;
    Numbers weight, visible_bias, hidden_bias, weight_velocity, visible_velocity, hidden_velocity;
    Numbers visible_center, hidden_center, data_means, model_means, beta;
    Words data, model;

    Machine(std::int64_t visible_count, std::int64_t hidden_count, std::int64_t rows, kousei::rbm::Units kind)
        : visible(visible_count), hidden(hidden_count), data_rows(rows), model_rows(rows + 3), units(kind) {
        weight = numbers(visible * hidden, 0.2), visible_bias = numbers(visible, 1), hidden_bias = numbers(hidden, 1);
        weight_velocity = numbers(visible * hidden, 0.1);
        visible_velocity = numbers(visible, 0.1), hidden_velocity = numbers(hidden, 0.1);
        visible_center = numbers(visible, 1), hidden_center = numbers(hidden, 1);
        data_means = numbers(data_rows * hidden, 1), model_means = numbers(model_rows * hidden, 1);
        beta = numbers(data_rows, 2);
        data = states(data_rows), model = states(model_rows);
    }

    /// The hidden units given the data.
    kousei::rbm::Side side() const { return {weight.data(), false, hidden_bias.data(), visible, hidden, units}; }

    kousei::rbm::Parameters parameters() {
        return {weight.data(),
                visible_bias.data(),
                hidden_bias.data(),
                weight_velocity.data(),
                visible_velocity.data(),
                hidden_velocity.data(),
                visible,
                hidden,
                units};
    }
    kousei::rbm::Sample data_sample() const { return {data.data(), data_means.data(), data_rows}; }
    kousei::rbm::Sample model_sample() const { return {model.data(), model_means.data(), model_rows}; }
    kousei::rbm::Centers centers() { return {visible_center.data(), hidden_center.data(), 0.25f}; }

    /// The value of unit i in row r of some states.
    double value(const Words& words, std::int64_t r, std::int64_t i) const {
        const auto word = words.at(static_cast<std::size_t>(r * kousei::packed::stride_of(visible) + i / 32));
        const double bit = word >> i % 32 & 1;
        return units == kousei::rbm::Units::spin ? 2 * bit - 1 : bit;
    }

 private:
    std::mt19937 random_{7};

    Numbers numbers(std::int64_t count, double size) {
        std::uniform_real_distribution<float> uniform(static_cast<float>(-size), static_cast<float>(size));
        Numbers result(static_cast<std::size_t>(count));
        for (float& number : result) number = uniform(random_);
        return result;
    }

    Words states(std::int64_t rows) {
        std::vector<std::int8_t> signs(static_cast<std::size_t>(rows * visible));
        for (std::int8_t& sign : signs) sign = random_() % 3 ? 1 : -1;
        Words words(static_cast<std::size_t>(rows * kousei::packed::stride_of(visible)));
        kousei::packed::pack(kousei::Cpu{1}, signs.data(), rows, visible, words.data());
        return words;
    }
};
