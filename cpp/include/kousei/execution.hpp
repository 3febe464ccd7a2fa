#pragma once
#include <cstdint>

namespace kousei {

/// Run on the host.
struct Cpu {
    /// At most this many threads; 0: num_threads().
    int threads = 0;
    /// Called by the calling thread every 50 ms or so; what it throws ends the work and reaches the caller.
    void (*poll)() = nullptr;
};

/// Scratch memory lent to a call, at least as large as its workspace_bytes(...) and aligned to 64 bytes (CUDA: 256).
struct Workspace {
    void* data = nullptr;
    std::int64_t bytes = 0;
};

}  // namespace kousei
