// Configurations of the Ising model on the device, run by the emulator, against the library for the CPU.
#include <doctest/doctest.h>
#include <kousei/cuda/ising_counts.hpp>

#include <cstdint>
#include <vector>

#include "kernels.hpp"

TEST_CASE("bonds and spins of configurations on the device") {
    using namespace kousei;
    using Counts = std::vector<std::int64_t>;
    for (const std::vector<std::int64_t>& sides : {std::vector<std::int64_t>{70}, {6, 34}, {2, 4, 6}}) {
        std::int64_t sites = 1;
        for (const std::int64_t side : sides) sites *= side;
        const std::int64_t rows = 300;
        std::vector<double> spins = random<double>(static_cast<std::size_t>(rows * sites));
        for (double& spin : spins) spin = spin < 0 ? -1 : 1;
        std::vector<std::uint32_t> words(static_cast<std::size_t>(rows * packed::stride_of(sites)));
        packed::pack(Cpu{}, spins.data(), rows, sites, words.data());
        const ising::Configurations configurations({words.data(), rows, sites}, sides.data(),
                                                   static_cast<int>(sides.size()));
        const auto count = [&](auto on) {
            Counts unlike(static_cast<std::size_t>(rows)), up = unlike;
            ising::count(on, configurations, unlike.data(), up.data());
            return std::vector<Counts>{unlike, up};
        };
        CHECK(count(Cuda{}) == count(Cpu{}));
    }
}
