#pragma once
#include <cstdint>

#include <kousei/execution.hpp>

/// The Ising model with couplings and a field of either sign, by clusters: a bond that is satisfied, and the bond of
/// a spin that the field favours to the field, hold with the probability 1 - e^-2|K| or 1 - e^-2|h| (C. M. Fortuin,
/// P. W. Kasteleyn, Physica 57 (1972) 536). What holds together turns over as one, and what holds to the field stays.
namespace kousei::ising {

/// A periodic lattice of up to three axes, each site with one bond forward along each, and what its chains are drawn
/// by: chain c from the counters (., sweep, ., first_chain + c) of math/philox.hpp, with the seed as key.
struct Clusters {
    const std::int64_t* sides;
    int axes;
    double coupling;
    double field;
    std::uint64_t seed;
    std::int64_t first_chain;

    std::int64_t sites() const;
};

/// The most sites a lattice may have.
inline constexpr std::int64_t most_cluster_sites = std::int64_t{1} << 31;

/// Bytes of workspace that either needs.
std::int64_t workspace_bytes(Cpu on, const Clusters& model, std::int64_t chains);

/// Draws the bonds and turns every cluster over or not, with even chances, in sweeps sweep ... sweep + sweeps - 1 of
/// each chain (R. H. Swendsen, J.-S. Wang, Physical Review Letters 58 (1987) 86). Words are (chains,
/// stride_of(sites)) as of packed::View. Chains do not depend on the number of threads, nor on how sweeps are divided
/// among calls.
void swendsen_wang(Cpu on, const Clusters& model, std::int64_t chains, std::uint32_t* words, std::int64_t sweep,
                   std::int64_t sweeps, Workspace workspace);

/// The same by single clusters, clusters[c] in a sweep of chain c, each that of a random site, which turns over (U.
/// Wolff, Physical Review Letters 62 (1989) 361). Writes how many sites the clusters of each chain had, visited
/// (chains).
void wolff(Cpu on, const Clusters& model, std::int64_t chains, std::uint32_t* words, std::int64_t sweep,
           std::int64_t sweeps, const std::int64_t* clusters, std::int64_t* visited, Workspace workspace);

}  // namespace kousei::ising
