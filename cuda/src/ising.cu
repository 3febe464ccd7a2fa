#include <kousei/cuda/ising.hpp>
#include <kousei/ising_unit.hpp>
#include <kousei/packed.hpp>
#include <kousei/sizes.hpp>

#include <algorithm>

#include "launch.cuh"

namespace kousei::ising {
namespace {

constexpr unsigned threads = 128;
constexpr std::int64_t most_blocks = 65535;  // of the second axis of a grid

/// Words of a colour, (rows, half, groups), of one weight.
struct Colour {
    std::uint32_t* spins;
    const std::uint32_t* others;  ///< of the other colour
    std::uint32_t half, groups;
    std::uint32_t first_group;
    int number;
};

/// A thread has a word of a row, and all of a block are in one row.
template <int dim, bool field>
__global__ void __launch_bounds__(threads)
    metropolis_kernel(const __grid_constant__ Lattice lattice, const __grid_constant__ Rule rule,
                      const __grid_constant__ Colour colour, std::int64_t rows,
                      const __grid_constant__ math::PhiloxKeys keys, std::uint32_t sweep) {
    const std::uint32_t at = blockIdx.x * threads + threadIdx.x, words = colour.half * colour.groups;
    if (at >= words) return;
    const std::uint32_t j = at / colour.groups;
    const std::uint32_t group = colour.first_group + (at - j * colour.groups);
    const std::uint32_t left = j == 0 ? at + words - colour.groups : at - colour.groups;
    const std::uint32_t right = j == colour.half - 1 ? at + colour.groups - words : at + colour.groups;
    for (std::int64_t r = blockIdx.y; r < rows; r += gridDim.y) {
        const Beside<dim> beside(lattice, colour.number, r);
        const auto other = [&](std::int64_t row, std::uint32_t i) { return colour.others[row * words + i]; };
        std::uint32_t neighbour[2 * dim] = {other(r, at), other(r, beside.right ? right : left)};
#pragma unroll
        for (int k = 2; k < 2 * dim; ++k) neighbour[k] = other(beside.rows[k - 2], at);
        const auto site = static_cast<std::uint32_t>(2 * (r * colour.half + j)) + beside.right;
        const auto draw = [&](int block, std::uint32_t (&u)[4]) {
            std::uint64_t word[4] = {site, sweep, static_cast<std::uint64_t>(block), group};
            math::philox(word, keys);
#pragma unroll
            for (int k = 0; k < 4; ++k) u[k] = static_cast<std::uint32_t>(word[k]);
        };
        std::uint32_t& spin = colour.spins[r * words + at];
        spin ^= flips<dim, field>(spin, neighbour, rule, draw, [](std::uint32_t bits) { return bits != 0; });
    }
}

template <int dim, bool field>
void sweep(Cuda on, const Lattice& lattice, const Rule& rule, std::uint32_t* words, std::int64_t groups,
           std::int64_t first_group, Run run, std::int64_t sweeps) {
    const std::int64_t rows = lattice.rows(), half = lattice.half(), of_colour = rows * half * groups;
    const std::int64_t in_row = checked_mul(half, groups);
    if (in_row >= std::int64_t{1} << 31) {
        throw SizeError("a row of " + std::to_string(2 * half) + " sites and " + std::to_string(groups) +
                        " groups has 2**31 words of a colour or more; fewer are accepted");
    }
    const dim3 grid(static_cast<unsigned>(blocks_of(in_row, threads)),
                    static_cast<unsigned>(std::min(rows, most_blocks)));
    const math::PhiloxKeys keys(run.seed);
    for (std::int64_t i = 0; i < sweeps; ++i) {
        for (int number = 0; number < 2; ++number) {
            const Colour colour{words + number * of_colour,
                                words + (1 - number) * of_colour,
                                static_cast<std::uint32_t>(half),
                                static_cast<std::uint32_t>(groups),
                                static_cast<std::uint32_t>(first_group),
                                number};
            cuda::launch(on, grid, threads, metropolis_kernel<dim, field>, lattice, rule, colour, rows, keys,
                         static_cast<std::uint32_t>(run.sweep + i));
        }
    }
}

}  // namespace

std::int64_t workspace_bytes(Cuda, const Lattice& lattice, std::int64_t, std::int64_t) {
    require_lattice(lattice);
    return 0;
}

void metropolis(Cuda on, const Lattice& lattice, std::span<const Weight> weights, const Chains& chains, Run run,
                std::int64_t sweeps, Workspace) {
    require_lattice(lattice);
    require_run(run, sweeps, static_cast<std::int64_t>(weights.size()), chains.groups);
    if (chains.groups == 0) return;
    constexpr decltype(&sweep<1, false>) of[3][2] = {
        {sweep<1, false>, sweep<1, true>}, {sweep<2, false>, sweep<2, true>}, {sweep<3, false>, sweep<3, true>}};
    const std::int64_t of_weight = checked_mul(lattice.sites(), chains.groups);
    for (std::size_t w = 0; w < weights.size(); ++w) {
        const Rule rule = rule_of(lattice.dim, weights[w]);
        const auto weight = static_cast<std::int64_t>(w);
        of[lattice.dim - 1][rule.field](on, lattice, rule, chains.words + weight * of_weight, chains.groups,
                                        run.first_of(weight), run, sweeps);
    }
}

void pack(Cuda on, const Lattice& lattice, std::int64_t weights, const Chains& chains, std::int64_t count,
          std::uint32_t* rows) {
    require_lattice(lattice);
    const std::int64_t sites = lattice.sites(), length = 2 * lattice.half(), stride = packed::stride_of(sites);
    const std::int64_t of_colour = lattice.rows() * lattice.half(), groups = chains.groups;
    const std::uint32_t* const words = chains.words;
    // Threads of a warp have the chains of a group, and read the same words.
    const std::int64_t chains_padded = blocks_of(count, 32) * 32;
    const std::int64_t of_weight = checked_mul(chains_padded, stride);
    cuda::for_each(on, checked_mul(weights, of_weight), [=] __device__(std::int64_t i) {
        const std::int64_t weight = i / of_weight, chain = i % chains_padded, word = i % of_weight / chains_padded;
        const std::uint32_t* const from = words + weight * sites * groups + chain / 32;
        if (chain >= count) return;
        std::uint32_t bits = 0;
        for (int k = 0; k < 32; ++k) {
            const std::int64_t site = 32 * word + k;
            if (site >= sites) break;
            const std::int64_t r = site / length, x = site % length;
            const std::int64_t at = colour_of(lattice, r, x) * of_colour + r * (length / 2) + x / 2;
            bits |= (from[at * groups] >> chain % 32 & 1) << k;
        }
        rows[(weight * count + chain) * stride + word] = bits;
    });
}

void exchange(Cuda on, const Lattice& lattice, std::int64_t weights, const Chains& chains, std::int64_t first,
              const std::uint32_t* chosen) {
    require_lattice(lattice);
    const std::int64_t groups = chains.groups, each = checked_mul(lattice.sites(), groups);
    const std::int64_t pairs = std::max<std::int64_t>(0, (weights - first) / 2);
    std::uint32_t* const words = chains.words;
    cuda::for_each(on, checked_mul(pairs, each), [=] __device__(std::int64_t i) {
        const std::int64_t weight = first + 2 * (i / each), at = weight * each + i % each;
        const std::uint32_t differ = (words[at] ^ words[at + each]) & chosen[weight * groups + i % groups];
        words[at] ^= differ;
        words[at + each] ^= differ;
    });
}

}  // namespace kousei::ising
