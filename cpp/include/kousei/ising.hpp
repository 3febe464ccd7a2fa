#pragma once
#include <cstdint>
#include <span>

#include <kousei/execution.hpp>

/// The Ising model on periodic lattices, many chains at once: a bit is the spin of one chain at one site.
namespace kousei::ising {

/// One to three axes of even length, in the order of C. Sites have the two colours of a checkerboard, so that all
/// neighbours of a site have the other one. A row is the last axis.
struct Lattice {
    int dim;
    std::int64_t lengths[3];

    std::int64_t rows() const { return dim == 1 ? 1 : dim == 2 ? lengths[0] : lengths[0] * lengths[1]; }
    std::int64_t half() const { return lengths[dim - 1] / 2; }  ///< sites of a colour in a row
    std::int64_t sites() const { return 2 * rows() * half(); }
};

/// Throws std::invalid_argument unless there are one to three axes, all of them even and at least 2, and fewer than
/// 2^32 sites.
void require_lattice(const Lattice& lattice);

/// The weight of a configuration: exp(coupling sum s s' + field sum s).
struct Weight {
    double coupling;
    double field;
};

/// Chains in words of 32 of them: (weights, 2, rows, half, groups), where the second axis is the colour. Site
/// (..., y, x) of a row has the colour (... + y + x) % 2 and is the x / 2-th of it. A bit that is set is +1.
struct Chains {
    std::uint32_t* words;
    std::int64_t groups;  ///< for each weight
};

/// What the draws of a run count by, see math/philox.hpp: its seed, the sweeps it has made, and which of its groups
/// the chains of a call are. Flips are of stream 0.
struct Run {
    std::uint64_t seed;
    std::int64_t sweep;
    std::int64_t first_group;  ///< of each weight
    std::int64_t groups;       ///< of each weight in all calls

    /// What the first group of a weight counts as.
    std::int64_t first_of(std::int64_t weight) const { return weight * groups + first_group; }
};

/// Bytes of workspace that metropolis needs.
std::int64_t workspace_bytes(Cpu on, const Lattice& lattice, std::int64_t weights, std::int64_t groups);

/// Makes sweeps of Metropolis' algorithm: a sweep offers each site of the colour 0, then of the colour 1, to flip,
/// which is accepted with the probability 15/16 min(1, p(flipped) / p). A chain of weight w depends on the weight,
/// the seed and its own number, 32 (run.first_of(w) + group) + bit, alone.
///
/// If all were accepted that may be, there were states that lead to themselves alone, such as diagonal stripes, whose
/// sites have as many neighbours of each sign; with a probability below 1 each state leads to each other one.
void metropolis(Cpu on, const Lattice& lattice, std::span<const Weight> weights, const Chains& chains, Run run,
                std::int64_t sweeps, Workspace workspace);

/// Writes the configurations of chains 0 to count - 1 of each weight as rows of packed signs, see packed::View, with
/// the sites as columns in the order of C: (weights, count, stride_of(sites)).
void pack(Cpu on, const Lattice& lattice, std::int64_t weights, const Chains& chains, std::int64_t count,
          std::uint32_t* rows);

/// Exchanges the configurations of weight w and w + 1 for the chains whose bits are set in chosen[w, group], for
/// w = first, first + 2, ...; chosen is (weights - 1, groups).
void exchange(Cpu on, const Lattice& lattice, std::int64_t weights, const Chains& chains, std::int64_t first,
              const std::uint32_t* chosen);

}  // namespace kousei::ising
