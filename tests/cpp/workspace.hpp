#pragma once
#include <kousei/execution.hpp>
#include <kousei/sizes.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>

/// Scratch memory of exactly the size asked for, so that a sanitizer sees one byte too many.
class OwnedWorkspace {
 public:
    explicit OwnedWorkspace(std::int64_t bytes)
        : bytes_(bytes),
          memory_(static_cast<std::byte*>(::operator new(static_cast<std::size_t>(bytes), alignment))) {}
    kousei::Workspace lent() const { return {memory_.get(), bytes_}; }

 private:
    static constexpr std::align_val_t alignment{64};
    struct Release {
        void operator()(std::byte* memory) const { ::operator delete(memory, alignment); }
    };
    std::int64_t bytes_;
    std::unique_ptr<std::byte, Release> memory_;
};
