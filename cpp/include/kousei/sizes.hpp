#pragma once
#include <cstdint>
#include <string>

#include <kousei/errors.hpp>

namespace kousei {

/// Product of two sizes; throws SizeError where it is negative or would wrap.
inline std::int64_t checked_mul(std::int64_t a, std::int64_t b) {
    std::int64_t product = 0;
    if (a < 0 || b < 0 || __builtin_mul_overflow(a, b, &product)) {
        throw SizeError("size " + std::to_string(a) + " * " + std::to_string(b) + " is not representable in 64 bits");
    }
    return product;
}

}  // namespace kousei
