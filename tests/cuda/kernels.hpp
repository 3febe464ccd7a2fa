#pragma once
#include <doctest/doctest.h>
#include <kousei/cuda/execution.hpp>
#include <kousei/execution.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <random>
#include <vector>

#include "../cpp/workspace.hpp"
#include "cuda_runtime_api.h"

/// What holds a kernel, run by the emulator, against the library for the CPU.
namespace kousei {

template <class Real>
std::vector<Real> random(std::size_t count, double size = 1) {
    static std::mt19937 engine;
    // The same numbers for a test, whatever ran before.
    static const void* last = nullptr;
    const void* const test = doctest::getContextOptions()->currentTest;
    if (test != last) engine.seed(7);
    last = test;
    std::uniform_real_distribution<double> uniform(-size, size);
    std::vector<Real> numbers(count);
    for (Real& number : numbers) number = static_cast<Real>(uniform(engine));
    return numbers;
}

/// The values of f(on, out, workspace) on the CPU or the emulated device; bytes(on) of workspace, no more.
template <class Real, class On, class Bytes, class F>
std::vector<Real> values(On on, std::int64_t count, Bytes&& bytes, F&& f) {
    OwnedWorkspace workspace(bytes(on));
    std::vector<Real> out(static_cast<std::size_t>(count), static_cast<Real>(NAN));
    f(on, out.data(), workspace.lent());
    return out;
}

/// Largest difference between the two, relative to `scale`; and the device is the same whatever thread comes first.
template <class Real, class Bytes, class F>
double difference(std::int64_t count, double scale, Bytes&& bytes, F&& f) {
    const auto expected = values<Real>(Cpu{}, count, bytes, f), found = values<Real>(Cuda{}, count, bytes, f);
    emulator::reversed = true;
    CHECK(values<Real>(Cuda{}, count, bytes, f) == found);
    emulator::reversed = false;
    double largest = 0;
    for (std::size_t i = 0; i < expected.size(); ++i) {
        CHECK(!std::isnan(found[i]));
        largest = std::max(largest, std::abs(static_cast<double>(found[i]) - static_cast<double>(expected[i])));
    }
    return largest / scale;
}

template <class Real>
constexpr double tolerance = sizeof(Real) == sizeof(double) ? 4e-15 : 1e-6;

}  // namespace kousei
