#pragma once
#include <cstdint>
#include <functional>

struct CUgraphExec_st;

namespace kousei::cuda {

/// Work that is launched again and again as a whole, on the device that is current when it is recorded.
class Graph {
 public:
    /// Records what `enqueue` puts on the stream it is given, none of which runs now. It may wait for nothing, nor
    /// may other threads wait for the whole device meanwhile, or the recording fails; and the memory that is read and
    /// written has to stay as long as the graph is launched.
    explicit Graph(const std::function<void(std::uintptr_t stream)>& enqueue);
    ~Graph();
    Graph(const Graph&) = delete;
    Graph& operator=(const Graph&) = delete;

    /// Enqueues the work on a stream of the device.
    void launch(std::uintptr_t stream) const;

 private:
    CUgraphExec_st* executable_ = nullptr;
};

}  // namespace kousei::cuda
