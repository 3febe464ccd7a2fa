#pragma once
#include <cstdint>

#include <kousei/execution.hpp>
#include <kousei/ising_counts_unit.hpp>

namespace kousei::ising {

/// The bonds of each configuration that have unlike spins, and its spins that are up: unlike and up are (rows). The
/// sides multiply to the columns.
void count(Cpu on, const Configurations& spins, std::int64_t* unlike, std::int64_t* up);

}  // namespace kousei::ising
