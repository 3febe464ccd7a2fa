#pragma once
#include <cstdint>

/// What only devices of compute capability 9.0 have: products of matrices by the 128 threads of a warpgroup, with the
/// right factor in shared memory, and copies into that of several thread blocks at once (PTX ISA, "Asynchronous
/// warpgroup level matrix instructions" and "cp.async.bulk").
namespace kousei::cuda::wgmma {

__device__ inline std::uint32_t shared_address(const void* pointer) {
    return static_cast<std::uint32_t>(__cvta_generic_to_shared(pointer));
}

/// A barrier in shared memory that counts arrivals, and bytes of copies.
struct Barrier {
    std::uint64_t state;

    __device__ void init(unsigned arrivals) {
        asm volatile("mbarrier.init.shared::cta.b64 [%0], %1;" ::"r"(shared_address(&state)), "r"(arrivals));
    }
    /// The one arrival of a phase that ends when so many bytes have come, too.
    __device__ void arrive_and_expect(unsigned bytes) {
        asm volatile("mbarrier.arrive.expect_tx.shared::cta.b64 _, [%0], %1;" ::"r"(shared_address(&state)),
                     "r"(bytes)
                     : "memory");
    }
    /// At the same barrier of a block of the cluster.
    __device__ void arrive_at(unsigned block) {
        asm volatile(
            "{\n.reg .b32 there;\n"
            "mapa.shared::cluster.u32 there, %0, %1;\n"
            "mbarrier.arrive.shared::cluster.b64 _, [there];\n}" ::"r"(shared_address(&state)),
            "r"(block)
            : "memory");
    }
    /// Until the phase of that parity has ended.
    __device__ void wait(unsigned parity) {
        asm volatile(
            "{\n.reg .pred ended;\n"
            "again:\n"
            "mbarrier.try_wait.parity.shared::cta.b64 ended, [%0], %1;\n"
            "@!ended bra again;\n}" ::"r"(shared_address(&state)),
            "r"(parity)
            : "memory");
    }
};

__device__ inline void make_barriers_known() {
    asm volatile("fence.mbarrier_init.release.cluster;" ::: "memory");
}

__device__ inline unsigned rank_in_cluster() {
    unsigned rank;
    asm volatile("mov.u32 %0, %%cluster_ctarank;" : "=r"(rank));
    return rank;
}

__device__ inline void synchronize_cluster() {
    asm volatile("barrier.cluster.arrive.release.aligned;\nbarrier.cluster.wait.acquire.aligned;" ::: "memory");
}

/// Of the first so many threads of a block.
template <int threads>
__device__ inline void synchronize() {
    asm volatile("bar.sync 1, %0;" ::"n"(threads) : "memory");
}

/// Copies to the same place, with the same barrier, of each block of the cluster whose bit is set.
__device__ inline void copy_to_all(void* to, const void* from, unsigned bytes, Barrier& barrier,
                                   std::uint16_t blocks) {
    asm volatile(
        "cp.async.bulk.shared::cluster.global.mbarrier::complete_tx::bytes.multicast::cluster [%0], [%1], %2, [%3], "
        "%4;" ::"r"(shared_address(to)),
        "l"(from), "r"(bytes), "r"(shared_address(&barrier.state)), "h"(blocks)
        : "memory");
}

/// A matrix of float16 in shared memory in blocks of 8 rows of 8, each of 128 bytes: those of the next 8 rows lie
/// beside one another, those of the next 8 columns `stride` bytes further.
__device__ inline std::uint64_t descriptor(const void* matrix, unsigned stride) {
    return (shared_address(matrix) & 0x3FFFFu) >> 4 | std::uint64_t{stride >> 4} << 16 |
           std::uint64_t{128 >> 4} << 32;
}

/// A warpgroup goes on with fewer registers, or takes so many of those that others have left.
template <int registers>
__device__ inline void leave_registers() {
    asm volatile("setmaxnreg.dec.sync.aligned.u32 %0;" ::"n"(registers));
}
template <int registers>
__device__ inline void take_registers() {
    asm volatile("setmaxnreg.inc.sync.aligned.u32 %0;" ::"n"(registers));
}

/// Registers that later products read or write are not touched before this.
__device__ inline void begin() {
    asm volatile("wgmma.fence.sync.aligned;" ::: "memory");
}
/// Ends a group of products.
__device__ inline void commit() {
    asm volatile("wgmma.commit_group.sync.aligned;" ::: "memory");
}
/// Until no more than so many groups are left.
template <int groups>
__device__ inline void wait() {
    asm volatile("wgmma.wait_group.sync.aligned %0;" ::"n"(groups) : "memory");
}

#define KOUSEI_8(f, i) f(i), f(i + 1), f(i + 2), f(i + 3), f(i + 4), f(i + 5), f(i + 6), f(i + 7)
#define KOUSEI_SUM(i) "+f"(sum[i])
#define KOUSEI_WGMMA(columns, outputs, a0, a1, a2, a3, matrix, kept)                                              \
    "{\n.reg .pred kept;\nsetp.ne.b32 kept, %" kept                                                               \
    ", 0;\n"                                                                                                      \
    "wgmma.mma_async.sync.aligned.m64n" columns "k16.f32.f16.f16 {" outputs "}, {%" a0 ", %" a1 ", %" a2 ", %" a3 \
    "}, %" matrix ", kept, 1, 1, 0;\n}"

/// sum += a b, or = without `kept`, for b of 16 x 2 n columns; a lies in the registers as in mma.cuh, 16 rows for
/// each warp, and sum [4 j + i] is row g + i / 2 * 8 and column 8 j + 2 t + i % 2.
__device__ inline void multiply(float (&sum)[16], const std::uint32_t (&a)[4], std::uint64_t b, int kept) {
    asm volatile(KOUSEI_WGMMA("32", "%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15", "16",
                              "17", "18", "19", "20", "21")
                 : KOUSEI_8(KOUSEI_SUM, 0), KOUSEI_8(KOUSEI_SUM, 8)
                 : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(b), "r"(kept));
}
__device__ inline void multiply(float (&sum)[32], const std::uint32_t (&a)[4], std::uint64_t b, int kept) {
    asm volatile(KOUSEI_WGMMA("64",
                              "%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15, %16, %17, %18, "
                              "%19, %20, %21, %22, %23, %24, %25, %26, %27, %28, %29, %30, %31",
                              "32", "33", "34", "35", "36", "37")
                 : KOUSEI_8(KOUSEI_SUM, 0), KOUSEI_8(KOUSEI_SUM, 8), KOUSEI_8(KOUSEI_SUM, 16),
                   KOUSEI_8(KOUSEI_SUM, 24)
                 : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(b), "r"(kept));
}
__device__ inline void multiply(float (&sum)[64], const std::uint32_t (&a)[4], std::uint64_t b, int kept) {
    asm volatile(KOUSEI_WGMMA("128",
                              "%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15, %16, %17, %18, "
                              "%19, %20, %21, %22, %23, %24, %25, %26, %27, %28, %29, %30, %31, %32, %33, %34, %35, "
                              "%36, %37, %38, %39, %40, %41, %42, %43, %44, %45, %46, %47, %48, %49, %50, %51, %52, "
                              "%53, %54, %55, %56, %57, %58, %59, %60, %61, %62, %63",
                              "64", "65", "66", "67", "68", "69")
                 : KOUSEI_8(KOUSEI_SUM, 0), KOUSEI_8(KOUSEI_SUM, 8), KOUSEI_8(KOUSEI_SUM, 16),
                   KOUSEI_8(KOUSEI_SUM, 24), KOUSEI_8(KOUSEI_SUM, 32), KOUSEI_8(KOUSEI_SUM, 40),
                   KOUSEI_8(KOUSEI_SUM, 48), KOUSEI_8(KOUSEI_SUM, 56)
                 : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(b), "r"(kept));
}

#undef KOUSEI_8
#undef KOUSEI_SUM
#undef KOUSEI_WGMMA

}  // namespace kousei::cuda::wgmma
