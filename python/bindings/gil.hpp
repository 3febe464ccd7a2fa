#pragma once
#include <cxxabi.h>
#include <pybind11/pybind11.h>
#include <unistd.h>

#include <exception>

namespace kousei::python {

/// Calls f, which takes the GIL. At exit CPython ends other threads there by a forced unwind, which must not reach a
/// frame that catches everything: such a thread sleeps until the process is gone.
template <class F>
void while_interpreter_lives(F&& f) {
    try {
        f();
    } catch (abi::__forced_unwind&) {
        while (true) pause();
    }
}

/// Calls f without the GIL.
template <class F>
void without_gil(F&& f) {
    PyThreadState* const state = PyEval_SaveThread();
    std::exception_ptr error;
    try {
        f();
    } catch (...) {
        error = std::current_exception();
    }
    while_interpreter_lives([&] { PyEval_RestoreThread(state); });
    if (error) std::rethrow_exception(error);
}

/// Calls f with the GIL, inside a call without.
template <class F>
void with_gil(F&& f) {
    while_interpreter_lives([&] {
        const pybind11::gil_scoped_acquire acquire;
        f();
    });
}

/// Lets Ctrl-C end a long call.
inline void poll_signals() {
    with_gil([] {
        if (PyErr_CheckSignals() != 0) throw pybind11::error_already_set();
    });
}

}  // namespace kousei::python
