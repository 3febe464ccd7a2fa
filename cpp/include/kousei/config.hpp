#pragma once

/// Marks a function that runs unchanged on the host and inside a CUDA kernel.
#if defined(__CUDACC__)
#define KOUSEI_HD __host__ __device__
#else
#define KOUSEI_HD
#endif

/// The instruction set a source file is compiled for. It names the inline namespace of every formula, so that
/// a function compiled once for AVX-512 and once for the baseline stays two functions to the linker: merged into
/// one, the AVX-512 copy could be the survivor and crash an older machine.
#ifndef KOUSEI_ISA
#define KOUSEI_ISA baseline
#endif
