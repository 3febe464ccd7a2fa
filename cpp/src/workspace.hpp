#pragma once
#include <cstddef>
#include <cstdint>

#include <kousei/sizes.hpp>

namespace kousei::detail {

/// Hands out consecutive aligned pieces of a workspace.
class Carver {
 public:
    explicit Carver(Workspace workspace) : at_(static_cast<std::byte*>(workspace.data)) {}

    template <class T>
    T* take(std::int64_t count) {
        T* piece = reinterpret_cast<T*>(at_);
        at_ += padded_bytes<T>(count);
        return piece;
    }

    template <class T>
    static std::int64_t padded_bytes(std::int64_t count) {
        const std::int64_t bytes = checked_mul(count, sizeof(T));
        return checked_mul((bytes + workspace_alignment - 1) / workspace_alignment, workspace_alignment);
    }

 private:
    std::byte* at_;
};

}  // namespace kousei::detail
