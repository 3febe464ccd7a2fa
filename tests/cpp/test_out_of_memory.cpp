// Each allocation of a call fails in turn: std::bad_alloc, nothing is leaked, and the next call is right.
#include <doctest/doctest.h>
#include <kousei/binary_file.hpp>
#include <kousei/ising.hpp>
#include <kousei/network_file.hpp>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <new>
#include <numeric>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "ising_chains.hpp"
#include "parallel.hpp"
#include "saved_files.hpp"
#include "workspace.hpp"

extern "C" bool kousei_test_fail_after(long allocations);
extern "C" long kousei_test_live();

namespace {

/// f() with each allocation failing in turn; how many there are.
template <class F>
long exhaust(F&& f) {
    f();
    const long before = kousei_test_live();
    for (long allocation = 0;; ++allocation) {
        bool refused = false;
        kousei_test_fail_after(allocation);
        try {
            f();
        } catch (const std::bad_alloc&) {
            refused = true;
        }
        const bool failed = kousei_test_fail_after(-1);
        CHECK(failed == refused);
        CHECK(kousei_test_live() == before);
        f();
        if (!failed) return allocation;
    }
}

template <class Saved>
void check_file(const std::string& name) {
    const Bytes file = data(name);
    CHECK(exhaust([&] { const Saved net(file); }) > 20);
}

}  // namespace

TEST_CASE("files of networks") {
    check_file<kousei::network::Saved<double>>("dense.safetensors");
    check_file<kousei::network::Saved<float>>("sparse.safetensors");
    check_file<kousei::binary::Saved<double>>("binary.safetensors");
    CHECK(exhaust([] { data("dense.safetensors"); }) > 1);
}

TEST_CASE("what is refused") {
    Bytes file = data("dense.safetensors");
    file.pop_back();
    const auto read = [&] {
        try {
            st::read_header(file, std::ssize(file));
        } catch (const std::invalid_argument&) {
        }
    };
    CHECK(exhaust(read) > 5);
}

TEST_CASE("spins of two weights") {
    const kousei::ising::Lattice lattice{2, {4, 6}};
    kousei::SpinChains chains(lattice, 2, 1);
    const kousei::ising::Weight weights[] = {{0.3, 0}, {0.4, 0.1}};
    const kousei::Cpu on{1};
    const OwnedWorkspace workspace(kousei::ising::workspace_bytes(on, lattice, 2, 1));
    const auto sweep = [&] {
        kousei::ising::metropolis(on, lattice, weights, chains.view(), {7, 0, 0, 1}, 3, workspace.lent());
    };
    CHECK(exhaust(sweep) > 0);
}

TEST_CASE("tasks on threads") {
    const auto work = [] {
        std::vector<std::int64_t> sums(8);
        kousei::detail::parallel_for({4}, 8, [&](std::int64_t i, int) {
            std::vector<std::int64_t> numbers(100);
            std::iota(numbers.begin(), numbers.end(), i);
            sums[static_cast<std::size_t>(i)] = std::accumulate(numbers.begin(), numbers.end(), std::int64_t{0});
        });
        for (std::int64_t i = 0; i < 8; ++i) CHECK(sums[static_cast<std::size_t>(i)] == 4950 + 100 * i);
    };
    CHECK(exhaust(work) == 9);
}

TEST_CASE("threads that cannot be had") {
    for (long allocation = 0; allocation < 4; ++allocation) {
        for (int threads = 5; threads < 9; ++threads) {
            std::atomic<int> runs = 0;
            const auto run = [&](int most) {
                kousei::detail::parallel_for({most}, 100, [&](std::int64_t, int) { ++runs; });
            };
            kousei_test_fail_after(allocation);
            try {
                run(threads + 4 * static_cast<int>(allocation));  // more than there have been
                CHECK(runs == 100);
            } catch (const std::bad_alloc&) {
                CHECK(runs == 0);
            }
            kousei_test_fail_after(-1);
            runs = 0;
            run(4);
            CHECK(runs == 100);
        }
    }
}
