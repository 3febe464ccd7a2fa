// Memory that runs out: `operator new` fails once, at a chosen allocation, and counts those that live. Linked into a
// test, or loaded before all other libraries of a process.
#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <new>

namespace {

std::atomic<long> left = -1;
std::atomic<long> live = 0;

/// Below 0 it counts on, and none fails.
bool fails() {
    return left-- == 0;
}

void* counted(void* memory) {
    if (!memory) throw std::bad_alloc();
    ++live;
    return memory;
}

void release(void* memory) {
    if (memory) --live;
    std::free(memory);
}

}  // namespace

extern "C" {

/// After so many allocations more one fails; -1: none. Returns whether one has failed since it was last asked for.
bool kousei_test_fail_after(long allocations) {
    static long asked = -1;
    const bool failed = asked >= 0 && left < 0;
    left = asked = allocations;
    return failed;
}
long kousei_test_live() {
    return live;
}
}

void* operator new(std::size_t size) {
    if (fails()) throw std::bad_alloc();
    return counted(std::malloc(size ? size : 1));
}
void* operator new(std::size_t size, std::align_val_t alignment) {
    if (fails()) throw std::bad_alloc();
    const auto multiple = static_cast<std::size_t>(alignment);
    return counted(std::aligned_alloc(multiple, (size + multiple - 1) / multiple * multiple));
}
void operator delete(void* memory) noexcept {
    release(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
    release(memory);
}
void operator delete(void* memory, std::align_val_t) noexcept {
    release(memory);
}
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept {
    release(memory);
}
