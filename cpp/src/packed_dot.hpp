#pragma once
#include <kousei/packed.hpp>

#include <limits>
#include <stdexcept>
#include <string>

#include <kousei/errors.hpp>

namespace kousei::packed::detail {

/// What dot throws.
inline void require_sums(const View& a, const View& b) {
    if (a.columns != b.columns) {
        throw std::invalid_argument("a has " + std::to_string(a.columns) + " columns and b " +
                                    std::to_string(b.columns) + "; as many are accepted");
    }
    if (a.columns > std::numeric_limits<std::int32_t>::max()) {
        throw SizeError("columns are " + std::to_string(a.columns) + "; sums of up to 2147483647 are accepted");
    }
}

}  // namespace kousei::packed::detail
