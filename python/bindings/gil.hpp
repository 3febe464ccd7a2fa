#pragma once
#include <cxxabi.h>
#include <pybind11/pybind11.h>
#include <unistd.h>

#include <exception>

namespace kousei::python {

/// What this thread was to the interpreter when it gave the GIL away.
inline thread_local PyThreadState* state_without_gil = nullptr;

/// Calls f, in which the GIL is taken. At exit CPython ends other threads there by a forced unwind, which must not
/// reach a frame that catches everything: such a thread sleeps until the process is gone.
template <class F>
void sleeping_at_exit(F&& f) {
    try {
        f();
    } catch (abi::__forced_unwind&) {
        while (true) pause();
    }
}

/// Takes the GIL back. Of all ways to take it, this one alone is safe once the interpreter has been finalized (the
/// others look up what is no longer there).
inline void take_gil() {
    sleeping_at_exit([] { PyEval_RestoreThread(state_without_gil); });
}

/// Calls f without the GIL.
template <class F>
void without_gil(F&& f) {
    state_without_gil = PyEval_SaveThread();
    std::exception_ptr error;
    try {
        f();
    } catch (...) {
        error = std::current_exception();
    }
    take_gil();
    if (error) std::rethrow_exception(error);
}

/// Calls f with the GIL, inside a call without and on its thread.
template <class F>
void with_gil(F&& f) {
    take_gil();
    std::exception_ptr error;
    try {
        sleeping_at_exit(f);  // Python lets other threads have the GIL in turns
    } catch (...) {
        error = std::current_exception();
    }
    state_without_gil = PyEval_SaveThread();
    if (error) std::rethrow_exception(error);
}

/// Lets Ctrl-C end a long call.
inline void poll_signals() {
    with_gil([] {
        if (PyErr_CheckSignals() != 0) throw pybind11::error_already_set();
    });
}

}  // namespace kousei::python
