#include <kousei/cuda/ising_counts.hpp>
#include <kousei/ising_counts_unit.hpp>

#include "launch.cuh"

namespace kousei::ising {

void count(Cuda on, const Configurations& spins, std::int64_t* unlike, std::int64_t* up) {
    cuda::for_each(on, spins.rows.rows, [=] __device__(std::int64_t row) {
        unlike[row] = unlike_bonds(spins, row);
        up[row] = spins_up(spins, row);
    });
}

}  // namespace kousei::ising
