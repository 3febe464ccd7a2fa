#pragma once
#include <cstdint>
#include <stdexcept>
#include <string>

#include <kousei/errors.hpp>
#include <kousei/execution.hpp>

namespace kousei {

/// Product of two sizes; throws SizeError where it is negative or would wrap.
inline std::int64_t checked_mul(std::int64_t a, std::int64_t b) {
    std::int64_t product = 0;
    if (a < 0 || b < 0 || __builtin_mul_overflow(a, b, &product)) {
        throw SizeError("size " + std::to_string(a) + " * " + std::to_string(b) + " is not representable in 64 bits");
    }
    return product;
}

/// Blocks of `size` that hold `count` elements; throws SizeError where the count is negative.
inline std::int64_t blocks_of(std::int64_t count, std::int64_t size) {
    return checked_mul(count, 1) / size + (count % size != 0);
}

/// Where the pieces of a workspace begin.
inline constexpr std::int64_t workspace_alignment = 64;

inline void require_workspace(Workspace workspace, std::int64_t bytes) {
    if (workspace.bytes < bytes) {
        throw std::invalid_argument("workspace has " + std::to_string(workspace.bytes) + " bytes; " +
                                    std::to_string(bytes) + " are needed");
    }
    if (bytes > 0 && reinterpret_cast<std::uintptr_t>(workspace.data) % workspace_alignment != 0) {
        throw std::invalid_argument("workspace is not aligned to " + std::to_string(workspace_alignment) + " bytes");
    }
}

}  // namespace kousei
