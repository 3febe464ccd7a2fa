#include <kousei/ising_counts.hpp>
#include <kousei/ising_counts_unit.hpp>

#include <algorithm>

#include <kousei/sizes.hpp>

#include "parallel.hpp"

namespace kousei::ising {

void count(Cpu on, const Configurations& spins, std::int64_t* unlike, std::int64_t* up) {
    constexpr std::int64_t work = 1 << 18;  // spins of one task, where there are as many
    const std::int64_t together = std::max<std::int64_t>(1, work / std::max<std::int64_t>(1, spins.rows.columns));
    kousei::detail::parallel_for(on, blocks_of(spins.rows.rows, together), [&](std::int64_t task, int) {
        const std::int64_t end = std::min(spins.rows.rows, (task + 1) * together);
        for (std::int64_t row = task * together; row < end; ++row) {
            unlike[row] = unlike_bonds(spins, row);
            up[row] = spins_up(spins, row);
        }
    });
}

}  // namespace kousei::ising
