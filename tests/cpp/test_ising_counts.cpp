#include <cstdint>
#include <random>
#include <vector>

#include <doctest/doctest.h>

#include <kousei/ising_counts.hpp>

using namespace kousei;

TEST_CASE("bonds and spins of configurations, one after the other") {
    std::mt19937 engine(3);
    const std::vector<std::vector<std::int64_t>> shapes{{1},      {2},       {5},       {31},       {32},    {33},
                                                        {64},     {200},     {1, 7},    {2, 2},     {3, 32}, {33, 2},
                                                        {40, 40}, {2, 3, 4}, {5, 1, 2}, {3, 2, 65}, {0, 4}};
    for (const auto& sides : shapes) {
        std::int64_t sites = 1;
        for (const std::int64_t side : sides) sites *= side;
        const std::int64_t rows = 3, stride = packed::stride_of(sites);
        std::vector<std::int8_t> spins(static_cast<std::size_t>(rows * sites));
        for (auto& spin : spins) spin = engine() % 3 ? 1 : -1;
        std::vector<std::uint32_t> words(static_cast<std::size_t>(rows * stride));
        packed::pack(Cpu{}, spins.data(), rows, sites, words.data());
        const ising::Configurations configurations({words.data(), rows, sites}, sides.data(),
                                                   static_cast<int>(sides.size()));
        std::vector<std::int64_t> unlike(3), up(3);
        ising::count(Cpu{}, configurations, unlike.data(), up.data());
        for (std::int64_t row = 0; row < rows; ++row) {
            const std::int8_t* const one = spins.data() + row * sites;
            std::int64_t wanted_unlike = 0, wanted_up = 0;
            for (std::int64_t site = 0; site < sites; ++site) {
                wanted_up += one[site] == 1;
                for (std::int64_t axis = static_cast<std::int64_t>(sides.size()) - 1, step = 1; axis >= 0; --axis) {
                    const std::int64_t side = sides[static_cast<std::size_t>(axis)], place = site / step % side;
                    wanted_unlike += one[site] != one[site + ((place + 1) % side - place) * step];
                    step *= side;
                }
            }
            CAPTURE(sites);
            CHECK(unlike[static_cast<std::size_t>(row)] == wanted_unlike);
            CHECK(up[static_cast<std::size_t>(row)] == wanted_up);
        }
    }
}
