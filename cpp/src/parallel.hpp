#pragma once
#include <cstdint>

#include <kousei/execution.hpp>

namespace kousei::detail {

/// A borrowed callable task(index, worker).
class TaskRef {
 public:
    template <class F>
    TaskRef(const F& f)  // NOLINT(google-explicit-constructor)
        : object_(&f), call_([](const void* object, std::int64_t task, int worker) {
              (*static_cast<const F*>(object))(task, worker);
          }) {}
    void operator()(std::int64_t task, int worker) const { call_(object_, task, worker); }

 private:
    const void* object_;
    void (*call_)(const void*, std::int64_t, int);
};

/// Threads that `on` may use; workers are numbered below it.
int thread_limit(Cpu on);

/// Runs task(0) ... task(count - 1), each once, in any order, on at most thread_limit(on) threads, one of them the
/// caller. The first exception, also one from on.poll, stops the rest and is thrown again here.
void parallel_for(Cpu on, std::int64_t count, TaskRef task);

}  // namespace kousei::detail
