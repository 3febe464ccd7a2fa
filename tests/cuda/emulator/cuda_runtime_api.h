// A stand-in for the CUDA runtime with which g++ compiles the kernels as C++: blocks run one after the other, and the
// threads of a block in turns, which they end at __syncthreads.
#pragma once
#include <ucontext.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <tuple>
#include <utility>
#include <vector>

#define __global__
#define __device__
#define __host__
#define __shared__ static
#define __grid_constant__
#define __launch_bounds__(...)

struct dim3 {
    unsigned x = 1, y = 1, z = 1;
    constexpr dim3(unsigned x_ = 1, unsigned y_ = 1, unsigned z_ = 1) : x(x_), y(y_), z(z_) {}
};
/// Launches that are recorded, in their order.
struct CUgraph_st {
    std::vector<std::function<void()>> launches;
};
struct CUgraphExec_st : CUgraph_st {};
/// A stream that may be recording; the default one is nullptr.
struct CUstream_st {
    std::unique_ptr<CUgraph_st> recording;
};
using cudaStream_t = CUstream_st*;
using cudaGraph_t = CUgraph_st*;
using cudaGraphExec_t = CUgraphExec_st*;
enum cudaError_t { cudaSuccess, cudaErrorMemoryAllocation, cudaErrorInvalidConfiguration };
inline cudaError_t cudaGetLastError() {
    return cudaSuccess;
}
inline const char* cudaGetErrorName(cudaError_t code) {
    return code == cudaErrorInvalidConfiguration ? "cudaErrorInvalidConfiguration" : "";
}
inline const char* cudaGetErrorString(cudaError_t) {
    return "";
}

// One device, whose memory is that of the host.
inline cudaError_t cudaRuntimeGetVersion(int* version) {
    *version = 13000;
    return cudaSuccess;
}
inline cudaError_t cudaDriverGetVersion(int* version) {
    return cudaRuntimeGetVersion(version);
}
inline cudaError_t cudaGetDeviceCount(int* count) {
    *count = 1;
    return cudaSuccess;
}
struct cudaDeviceProp {
    char name[16];
    int major, minor;
};
inline cudaError_t cudaGetDeviceProperties(cudaDeviceProp* properties, int) {
    *properties = {"emulator", 0, 0};
    return cudaSuccess;
}
enum cudaMemoryType { cudaMemoryTypeDevice, cudaMemoryTypeManaged };
struct cudaPointerAttributes {
    cudaMemoryType type = cudaMemoryTypeDevice;
    int device = 0;
};
inline cudaError_t cudaPointerGetAttributes(cudaPointerAttributes*, const void*) {
    return cudaSuccess;
}
inline cudaError_t cudaGetDevice(int* device) {
    *device = 0;
    return cudaSuccess;
}
inline cudaError_t cudaSetDevice(int) {
    return cudaSuccess;
}
using cudaEvent_t = struct CUevent_st*;
constexpr unsigned cudaEventDisableTiming = 2;
inline cudaError_t cudaEventCreateWithFlags(cudaEvent_t* event, unsigned) {
    *event = nullptr;
    return cudaSuccess;
}
inline cudaError_t cudaEventRecord(cudaEvent_t, cudaStream_t) {
    return cudaSuccess;
}
inline cudaError_t cudaStreamWaitEvent(cudaStream_t, cudaEvent_t) {
    return cudaSuccess;
}
inline cudaError_t cudaEventDestroy(cudaEvent_t) {
    return cudaSuccess;
}

enum cudaStreamCaptureMode { cudaStreamCaptureModeRelaxed };
constexpr unsigned cudaStreamNonBlocking = 1;
inline cudaError_t cudaStreamCreateWithFlags(cudaStream_t* stream, unsigned) {
    *stream = new CUstream_st;
    return cudaSuccess;
}
inline cudaError_t cudaStreamDestroy(cudaStream_t stream) {
    delete stream;
    return cudaSuccess;
}
inline cudaError_t cudaStreamBeginCapture(cudaStream_t stream, cudaStreamCaptureMode) {
    stream->recording = std::make_unique<CUgraph_st>();
    return cudaSuccess;
}
inline cudaError_t cudaStreamEndCapture(cudaStream_t stream, cudaGraph_t* graph) {
    *graph = stream->recording.release();
    return cudaSuccess;
}
inline cudaError_t cudaGraphDestroy(cudaGraph_t graph) {
    delete graph;
    return cudaSuccess;
}
inline cudaError_t cudaGraphInstantiateWithFlags(cudaGraphExec_t* executable, cudaGraph_t graph, unsigned long long) {
    *executable = new CUgraphExec_st{*graph};
    return cudaSuccess;
}
inline cudaError_t cudaGraphExecDestroy(cudaGraphExec_t executable) {
    delete executable;
    return cudaSuccess;
}
inline cudaError_t cudaGraphLaunch(cudaGraphExec_t executable, cudaStream_t) {
    for (const auto& launch : executable->launches) launch();
    return cudaSuccess;
}

using std::max, std::min;
inline dim3 threadIdx, blockIdx, blockDim, gridDim;

namespace emulator {

/// Threads take turns from the last to the first: a result that depends on it is a race.
inline bool reversed = false;

struct Thread {
    ucontext_t context;
    std::vector<char> stack = std::vector<char>(1 << 16);
    bool done = false;
};

class Block {
 public:
    template <class F>
    static void run(unsigned threads, const F& f) {
        static Block block;
        block.threads_.resize(threads);
        block.body_ = [](const void* of) { (*static_cast<const F*>(of))(); };
        block.f_ = &f;
        current = &block;
        for (Thread& thread : block.threads_) {
            getcontext(&thread.context);
            thread.done = false;
            thread.context.uc_stack.ss_sp = thread.stack.data();
            thread.context.uc_stack.ss_size = thread.stack.size();
            thread.context.uc_link = &block.scheduler_;
            makecontext(&thread.context, &Block::enter, 0);
        }
        while (block.turn()) {
        }
    }
    static void end_turn() { swapcontext(&current->threads_[current->at_].context, &current->scheduler_); }

 private:
    /// Runs every thread to its next barrier, and tells whether there is one.
    bool turn() {
        unsigned done = 0;
        const auto count = static_cast<unsigned>(threads_.size());
        for (unsigned i = 0; i < count; ++i) {
            at_ = reversed ? count - 1 - i : i;
            threadIdx = dim3(at_);
            if (!threads_[at_].done) swapcontext(&scheduler_, &threads_[at_].context);
            done += threads_[at_].done ? 1 : 0;
        }
        if (done != 0 && done != count) throw std::logic_error("some threads of a block wait and others are done");
        return done == 0;
    }
    static void enter() {
        current->body_(current->f_);
        current->threads_[current->at_].done = true;
    }

    inline static Block* current = nullptr;
    std::vector<Thread> threads_;
    ucontext_t scheduler_;
    unsigned at_ = 0;
    void (*body_)(const void*) = nullptr;
    const void* f_ = nullptr;
};

template <class... Parameters>
void run(void (*kernel)(Parameters...), dim3 grid, dim3 block, const std::tuple<Parameters...>& arguments) {
    static std::mutex one_at_a_time;
    const std::lock_guard lock(one_at_a_time);
    gridDim = grid, blockDim = block;
    for (unsigned z = 0; z < grid.z; ++z) {
        for (unsigned y = 0; y < grid.y; ++y) {
            for (unsigned x = 0; x < grid.x; ++x) {
                blockIdx = dim3(x, y, z);
                Block::run(block.x, [&] { std::apply(kernel, arguments); });
            }
        }
    }
}

}  // namespace emulator

inline void __syncthreads() {
    emulator::Block::end_turn();
}

// The warps of a block are in step.
inline void __syncwarp() {
    __syncthreads();
}
template <class Number>
Number __shfl_xor_sync(unsigned, Number value, int mask) {
    static Number of_thread[1024];
    of_thread[threadIdx.x] = value;
    __syncthreads();
    const Number other = of_thread[threadIdx.x ^ static_cast<unsigned>(mask)];
    __syncthreads();
    return other;
}

// Threads take turns at barriers alone.
template <class Number>
Number atomicAdd(Number* at, Number value) {
    return std::exchange(*at, *at + value);
}
template <class Number>
Number atomicMin(Number* at, Number value) {
    return std::exchange(*at, min(*at, value));
}
inline int __clz(int bits) {
    return std::countl_zero(static_cast<unsigned>(bits));
}
inline unsigned __float_as_uint(float x) {
    return std::bit_cast<unsigned>(x);
}
inline float __uint_as_float(unsigned bits) {
    return std::bit_cast<float>(bits);
}
inline unsigned __byte_perm(unsigned low, unsigned high, unsigned selector) {
    unsigned bytes = 0;
    for (unsigned i = 0; i < 4; ++i) {
        const unsigned from = selector >> 4 * i & 7;
        bytes |= ((from < 4 ? low : high) >> from % 4 * 8 & 0xFF) << 8 * i;
    }
    return bytes;
}
inline int __dp4a(int a, int b, int sum) {
    for (int i = 0; i < 4; ++i) sum += static_cast<signed char>(a >> 8 * i) * static_cast<signed char>(b >> 8 * i);
    return sum;
}
inline int __popc(unsigned bits) {
    return std::popcount(bits);
}

template <class... Parameters, std::size_t... index>
std::tuple<Parameters...> arguments_of(void** pointers, std::index_sequence<index...>) {
    return {*static_cast<Parameters*>(pointers[index])...};
}

template <class... Parameters>
cudaError_t cudaLaunchKernel(void (*kernel)(Parameters...), dim3 grid, dim3 block, void** pointers, std::size_t,
                             cudaStream_t stream) {
    if (grid.x == 0 || grid.y == 0 || grid.z == 0) return cudaErrorInvalidConfiguration;
    // Copied: what is recorded runs when they are gone.
    const auto arguments = arguments_of<Parameters...>(pointers, std::index_sequence_for<Parameters...>{});
    const auto launch = [=] { emulator::run(kernel, grid, block, arguments); };
    if (stream && stream->recording) {
        stream->recording->launches.emplace_back(launch);
    } else {
        launch();
    }
    return cudaSuccess;
}
