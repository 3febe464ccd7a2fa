#pragma once
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <cstddef>
#include <memory>

#include <kousei/execution.hpp>
#include <kousei/sizes.hpp>
#include <kousei/threads.hpp>

#include "gil.hpp"

namespace kousei::python {

/// Scratch memory of a thread, kept from call to call. One call at a time: see HostSide::run.
class Arena {
 public:
    bool in_use = false;

    Workspace lend(std::int64_t bytes) {
        constexpr std::size_t alignment = workspace_alignment;
        const auto wanted = static_cast<std::size_t>(bytes) + alignment;
        if (size_ < wanted) {
            memory_ = std::make_unique_for_overwrite<std::byte[]>(wanted);
            size_ = wanted;
        }
        void* start = memory_.get();
        std::size_t space = size_;
        std::align(alignment, static_cast<std::size_t>(bytes), start, space);
        return {start, bytes};
    }

 private:
    std::unique_ptr<std::byte[]> memory_;
    std::size_t size_ = 0;
};

/// C-contiguous and, what pybind11 does not ask for, aligned: vectors of a kernel are loaded as such.
template <class T>
class HostArray : public pybind11::array_t<T, pybind11::array::c_style> {
    using Base = pybind11::array_t<T, pybind11::array::c_style>;

 public:
    using Base::Base;
    HostArray() = default;
    static bool check_(pybind11::handle h) {
        using pybind11::detail::npy_api;
        return Base::check_(h) && pybind11::detail::check_flags(h.ptr(), npy_api::NPY_ARRAY_ALIGNED_);
    }
};

/// What the bindings need to know of host memory.
struct HostSide {
    /// Whether the elements of an array can be read here.
    static constexpr bool readable = true;
    template <class T>
    using Array = HostArray<T>;
    using Execution = Cpu;

    /// f(on, lend), without the GIL; lend(bytes) is a workspace.
    template <class F>
    static void run(Cpu on, const void*, F&& f) {
        thread_local Arena of_thread;
        // A signal handler may call while a call of this thread is running.
        Arena of_nested_call;
        Arena& arena = of_thread.in_use ? of_nested_call : of_thread;
        struct Use {
            Arena& arena;
            explicit Use(Arena& used) : arena(used) { arena.in_use = true; }
            ~Use() { arena.in_use = false; }
        } const use(arena);
        if (on.threads == 0) on.threads = num_threads();
        on.poll = &poll_signals;
        without_gil([&] { f(on, [&arena](std::int64_t bytes) { return arena.lend(bytes); }); });
    }
};

}  // namespace kousei::python

template <class T>
struct pybind11::detail::handle_type_name<kousei::python::HostArray<T>>
    : handle_type_name<array_t<T, array::c_style>> {};
