#pragma once
#include <atomic>
#include <chrono>

#include <kousei/execution.hpp>

namespace kousei::detail {

/// Lets the caller's poll end all tasks: they can be long.
class Poll {
 public:
    explicit Poll(Cpu on) : poll_(on.poll) {}

    /// False where the work has ended.
    bool go_on(int worker) {
        if (worker == 0 && poll_ && std::chrono::steady_clock::now() - last_ > std::chrono::milliseconds(50)) {
            try {
                poll_();
            } catch (...) {
                ended_ = true;
                throw;
            }
            last_ = std::chrono::steady_clock::now();
        }
        return !ended_;
    }

 private:
    void (*poll_)();
    std::chrono::steady_clock::time_point last_ = std::chrono::steady_clock::now();
    std::atomic<bool> ended_ = false;
};

}  // namespace kousei::detail
