#pragma once
#include <kousei/cuda/execution.hpp>
#include <kousei/ising.hpp>

/// The Cpu functions of kousei/ising.hpp, bit for bit; words, rows and chosen are device pointers.
namespace kousei::ising {

/// None: chains are advanced in place.
std::int64_t workspace_bytes(Cuda on, const Lattice& lattice, std::int64_t weights, std::int64_t groups);

void metropolis(Cuda on, const Lattice& lattice, std::span<const Weight> weights, const Chains& chains, Run run,
                std::int64_t sweeps, Workspace workspace);

void pack(Cuda on, const Lattice& lattice, std::int64_t weights, const Chains& chains, std::int64_t count,
          std::uint32_t* rows);

void exchange(Cuda on, const Lattice& lattice, std::int64_t weights, const Chains& chains, std::int64_t first,
              const std::uint32_t* chosen);

}  // namespace kousei::ising
