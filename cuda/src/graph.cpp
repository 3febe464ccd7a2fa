#include <kousei/cuda/graph.hpp>

#include "check.hpp"

namespace kousei::cuda {
namespace {

/// A stream of its own, since the default one cannot be recorded, until the end of a scope.
struct Stream {
    cudaStream_t handle = nullptr;

    Stream() { check(cudaStreamCreateWithFlags(&handle, cudaStreamNonBlocking)); }
    ~Stream() { static_cast<void>(cudaStreamDestroy(handle)); }
    Stream(const Stream&) = delete;
    Stream& operator=(const Stream&) = delete;
};

struct Recording {
    cudaGraph_t graph = nullptr;

    Recording() = default;
    ~Recording() {
        if (graph) static_cast<void>(cudaGraphDestroy(graph));
    }
    Recording(const Recording&) = delete;
    Recording& operator=(const Recording&) = delete;
};

}  // namespace

Graph::Graph(const std::function<void(std::uintptr_t stream)>& enqueue) {
    const Stream stream;
    Recording recording;
    // Relaxed: memory may be taken from a pool that has to grow for it, here and in other threads.
    check(cudaStreamBeginCapture(stream.handle, cudaStreamCaptureModeRelaxed));
    try {
        enqueue(reinterpret_cast<std::uintptr_t>(stream.handle));
    } catch (...) {
        static_cast<void>(cudaStreamEndCapture(stream.handle, &recording.graph));
        static_cast<void>(cudaGetLastError());  // what went wrong is told by what was thrown
        throw;
    }
    check(cudaStreamEndCapture(stream.handle, &recording.graph));
    check(cudaGraphInstantiateWithFlags(&executable_, recording.graph, 0));
}

Graph::~Graph() {
    // One that is running is freed when it is done.
    static_cast<void>(cudaGraphExecDestroy(executable_));
}

void Graph::launch(std::uintptr_t stream) const {
    check(cudaGraphLaunch(executable_, reinterpret_cast<cudaStream_t>(stream)));
}

}  // namespace kousei::cuda
