#pragma once
#include <kousei/cuda/execution.hpp>
#include <kousei/ising_counts.hpp>

/// The Cpu function of kousei/ising_counts.hpp; every pointer, that of the configurations included, is a device one.
namespace kousei::ising {

void count(Cuda on, const Configurations& spins, std::int64_t* unlike, std::int64_t* up);

}  // namespace kousei::ising
