#include <doctest/doctest.h>
#include <kousei/threads.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <set>
#include <stdexcept>
#include <string_view>
#include <thread>
#include <vector>

#include "parallel.hpp"

TEST_CASE("every task runs once, on workers below the limit") {
    for (const int threads : {1, 2, 5}) {
        for (const std::int64_t count : {0, 1, 3, 1000}) {
            std::vector<std::atomic<int>> runs(static_cast<std::size_t>(count));
            std::atomic<bool> in_range = true;
            const auto task = [&](std::int64_t i, int worker) {
                ++runs[static_cast<std::size_t>(i)];
                if (worker < 0 || worker >= threads) in_range = false;
            };
            kousei::detail::parallel_for(kousei::Cpu{threads}, count, task);
            CHECK(in_range);
            for (const auto& run : runs) CHECK(run == 1);
        }
    }
}

TEST_CASE("an exception of a task reaches the caller") {
    for (const int threads : {1, 3}) {
        const auto task = [](std::int64_t i, int) {
            if (i == 5) throw std::runtime_error("task 5");
        };
        CHECK_THROWS_WITH(kousei::detail::parallel_for(kousei::Cpu{threads}, 100, task), "task 5");
        std::atomic<int> sum = 0;
        const auto after = [&](std::int64_t, int) { ++sum; };
        kousei::detail::parallel_for(kousei::Cpu{threads}, 10, after);
        CHECK(sum == 10);
    }
}

TEST_CASE("what poll throws ends the work") {
    const auto task = [](std::int64_t, int) { std::this_thread::sleep_for(std::chrono::milliseconds(2)); };
    const auto start = std::chrono::steady_clock::now();
    const kousei::Cpu on{2, [] { throw std::runtime_error("interrupted"); }};
    CHECK_THROWS_WITH(kousei::detail::parallel_for(on, 100000, task), "interrupted");
    CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(5));
}

TEST_CASE("work inside work, and from several threads, is done") {
    std::atomic<int> sum = 0;
    const auto inner = [&](std::int64_t, int) { ++sum; };
    const auto outer = [&](std::int64_t, int) { kousei::detail::parallel_for(kousei::Cpu{2}, 10, inner); };
    std::vector<std::thread> callers;
    for (int i = 0; i < 3; ++i)
        callers.emplace_back([&] { kousei::detail::parallel_for(kousei::Cpu{2}, 10, outer); });
    for (auto& caller : callers) caller.join();
    CHECK(sum == 300);
}

TEST_CASE("number of threads") {
    const int before = kousei::num_threads();
    kousei::set_num_threads(3);
    CHECK(kousei::num_threads() == 3);
    CHECK(kousei::detail::thread_limit(kousei::Cpu{}) == 3);
    CHECK(kousei::detail::thread_limit(kousei::Cpu{2}) == 2);
    for (const int bad : {0, -1, 5000}) CHECK_THROWS_AS(kousei::set_num_threads(bad), std::invalid_argument);
    kousei::set_num_threads(before);
    CHECK(std::set<std::string_view>{"baseline", "avx2", "avx512"}.count(kousei::instruction_set_name()) == 1);
}
