#include <kousei/threads.hpp>

#include <pthread.h>
#include <sched.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <exception>
#include <mutex>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include "parallel.hpp"

namespace kousei {
namespace {

constexpr int most_threads = 1024;

int usable_cores() {
#if defined(__linux__)
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) == 0) return CPU_COUNT(&set);
#endif
    const unsigned cores = std::thread::hardware_concurrency();
    return cores == 0 ? 1 : static_cast<int>(cores);
}

int threads_at_start() {
    if (const char* text = std::getenv("KOUSEI_NUM_THREADS"); text && *text != '\0') {
        char* end = nullptr;
        const long count = std::strtol(text, &end, 10);
        if (end != text && *end == '\0' && count >= 1 && count <= most_threads) return static_cast<int>(count);
        throw std::invalid_argument("KOUSEI_NUM_THREADS was '" + std::string(text) + "'; 1 to " +
                                    std::to_string(most_threads) + " threads are accepted");
    }
    return usable_cores();
}

std::atomic<int>& default_threads() {
    static std::atomic<int> count = threads_at_start();
    return count;
}

/// One call of parallel_for.
class Job {
 public:
    Job(Cpu on, std::int64_t count, detail::TaskRef task) : poll_(on.poll), count_(count), task_(task) {}

    void work(int worker) noexcept {
        using clock = std::chrono::steady_clock;
        // Across jobs: a call of many short ones has to answer too.
        thread_local auto polled = clock::now();
        try {
            for (std::int64_t i; !stop_ && (i = next_.fetch_add(1)) < count_;) {
                task_(i, worker);
                if (worker == 0 && poll_ && clock::now() - polled > std::chrono::milliseconds(50)) {
                    poll_();
                    polled = clock::now();
                }
            }
        } catch (...) {
            const std::lock_guard lock(mutex_);
            if (!error_) error_ = std::current_exception();
            stop_ = true;
        }
    }

    void rethrow() const {
        if (error_) std::rethrow_exception(error_);
    }

 private:
    void (*poll_)();
    std::int64_t count_;
    detail::TaskRef task_;
    std::atomic<std::int64_t> next_ = 0;
    std::atomic<bool> stop_ = false;
    std::mutex mutex_;
    std::exception_ptr error_;
};

/// Threads that wait for jobs; one job at a time. Never destroyed: at exit a thread may still be at work.
class Pool {
 public:
    /// False if another job has the pool.
    bool run(Job& job, int workers) {
        // The job of this thread may be waiting, as when it polls and a signal handler calls.
        thread_local bool inside = false;
        if (inside) return false;
        const std::unique_lock only(running_, std::try_to_lock);
        if (!only) return false;
        {
            const std::lock_guard lock(mutex_);
            hire(workers - 1);
            job_ = &job;
            wanted_ = std::min(workers - 1, static_cast<int>(threads_.size()));
            busy_ = wanted_;
            ++turn_;
        }
        wake_.notify_all();
        inside = true;
        job.work(0);
        inside = false;
        std::unique_lock lock(mutex_);
        done_.wait(lock, [&] { return busy_ == 0; });
        return true;
    }

 private:
    /// As many threads as wanted, or as there can be.
    void hire(int wanted) {
        try {
            while (static_cast<int>(threads_.size()) < wanted) {
                const int number = static_cast<int>(threads_.size()) + 1;
                threads_.emplace_back([this, number, seen = turn_] { wait_for_jobs(number, seen); });
            }
        } catch (const std::system_error&) {  // the system grants no more; the caller works too
        }
    }

    void wait_for_jobs(int number, std::int64_t seen) {
        std::unique_lock lock(mutex_);
        while (true) {
            wake_.wait(lock, [&] { return turn_ != seen; });
            seen = turn_;
            if (number > wanted_) continue;
            Job* job = job_;
            lock.unlock();
            job->work(number);
            lock.lock();
            if (--busy_ == 0) done_.notify_one();
        }
    }

    std::mutex running_;
    std::mutex mutex_;
    std::condition_variable wake_, done_;
    std::vector<std::thread> threads_;
    Job* job_ = nullptr;
    std::int64_t turn_ = 0;
    int wanted_ = 0;
    int busy_ = 0;
};

Pool* the_pool = nullptr;
std::mutex the_pool_mutex;

Pool& pool() {
    static const int registered = pthread_atfork([] { the_pool_mutex.lock(); }, [] { the_pool_mutex.unlock(); },
                                                 [] {
                                                     // The threads of the parent do not exist in a forked child: its
                                                     // pool is left alone and made anew.
                                                     the_pool = nullptr;
                                                     the_pool_mutex.unlock();
                                                 });
    (void)registered;
    const std::lock_guard lock(the_pool_mutex);
    if (!the_pool) the_pool = new Pool;
    return *the_pool;
}

}  // namespace

int num_threads() {
    return default_threads();
}

void set_num_threads(int count) {
    if (count < 1 || count > most_threads) {
        throw std::invalid_argument("count was " + std::to_string(count) + "; 1 to " + std::to_string(most_threads) +
                                    " threads are accepted");
    }
    default_threads() = count;
}

namespace detail {

int thread_limit(Cpu on) {
    return on.threads > 0 ? std::min(on.threads, most_threads) : num_threads();
}

void parallel_for(Cpu on, std::int64_t count, TaskRef task) {
    Job job(on, count, task);
    const int workers = static_cast<int>(std::min<std::int64_t>(thread_limit(on), count));
    if (workers <= 1 || !pool().run(job, workers)) job.work(0);
    job.rethrow();
}

}  // namespace detail
}  // namespace kousei
