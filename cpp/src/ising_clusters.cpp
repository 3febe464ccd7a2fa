#include <kousei/ising_clusters.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <stdexcept>
#include <string>

#include <kousei/math/philox.hpp>
#include <kousei/packed.hpp>

#include "parallel.hpp"
#include "poll.hpp"
#include "simd/kernels.hpp"
#include "workspace.hpp"

namespace kousei::ising {
namespace {

using kousei::detail::Carver, kousei::detail::parallel_for, kousei::detail::Poll, kousei::detail::thread_limit;

/// Sites after which the caller's poll may end the work.
constexpr std::uint32_t polled = 1 << 16;

/// What numbers are for: the streams of math/philox.hpp from here on.
enum Stream : std::uint32_t { sites_of_sweep = 8, draws_of_clusters = 9 };

/// Random words of consecutive counters (., sweep, stream, chain), drawn some at a time.
class Random {
 public:
    Random(std::uint64_t seed, std::int64_t sweep, Stream stream, std::int64_t chain)
        : seed_(seed),
          rest_{static_cast<std::uint32_t>(sweep), 8 * stream, static_cast<std::uint32_t>(chain)},
          draw_(simd::instruction_set().random_words) {}

    /// Word k of a counter, `together` of which are drawn at once, from `first` on.
    std::uint32_t word(std::uint32_t counter, std::uint32_t k) const {
        return words_[k * together + counter % together];
    }
    void draw(std::uint32_t first) { draw_(seed_, first, rest_, together, words_); }

    static constexpr std::uint32_t together = 64;

 private:
    std::uint64_t seed_;
    std::uint32_t rest_[3];
    simd::RandomWords draw_;
    std::uint32_t words_[4 * together];
};

/// 2^bits (1 - e^-2|K|): a random number of so many bits is below it with that probability.
std::uint64_t threshold(double K, int bits) {
    return static_cast<std::uint64_t>(std::llrint(std::ldexp(-std::expm1(-2 * std::abs(K)), bits)));
}

/// A lattice as the sweeps go over it, and what draws count by.
template <int axes>
struct Torus {
    std::array<std::uint32_t, axes> side, stride;
    std::uint32_t sites = 1;
    std::uint64_t seed;
    std::int64_t first_chain;
    std::uint64_t holds;       ///< of 32 bits: a bond
    std::uint64_t held_of_32;  ///< of 32 bits: the bond to the field
    std::uint64_t held_of_31;  ///< of 31 bits
    std::uint8_t unlike;       ///< whether a satisfied bond has unlike spins
    std::uint8_t favoured;     ///< by the field

    explicit Torus(const Clusters& model)
        : seed(model.seed),
          first_chain(model.first_chain),
          holds(threshold(model.coupling, 32)),
          held_of_32(threshold(model.field, 32)),
          held_of_31(threshold(model.field, 31)),
          unlike(model.coupling < 0),
          favoured(model.field > 0) {
        for (int axis = axes - 1; axis >= 0; --axis) {
            const auto a = static_cast<std::size_t>(axis);
            side[a] = static_cast<std::uint32_t>(model.sides[axis]);
            stride[a] = sites;
            sites *= side[a];
        }
    }

    /// The next site along an axis on which a site has this place, and the one before.
    std::uint32_t forward(std::uint32_t site, std::uint32_t place, std::size_t axis) const {
        return place + 1 < side[axis] ? site + stride[axis] : site - stride[axis] * (side[axis] - 1);
    }
    std::uint32_t backward(std::uint32_t site, std::uint32_t place, std::size_t axis) const {
        return place > 0 ? site - stride[axis] : site + stride[axis] * (side[axis] - 1);
    }
};

/// What one worker has.
struct Scratch {
    std::uint8_t* spins;   ///< (sites), 0 or 1
    std::uint8_t* marks;   ///< (sites)
    std::uint32_t* sites;  ///< (sites): the cluster a site is in, or those of a cluster

    static std::int64_t bytes(std::int64_t count) {
        return 2 * Carver::padded_bytes<std::uint8_t>(count) + Carver::padded_bytes<std::uint32_t>(count);
    }

    Scratch(Workspace workspace, std::int64_t count, int worker) {
        Carver carver({static_cast<std::byte*>(workspace.data) + worker * bytes(count), 0});
        spins = carver.take<std::uint8_t>(count);
        marks = carver.take<std::uint8_t>(count);
        sites = carver.take<std::uint32_t>(count);
    }
};

/// Joins the clusters of two sites; that of a cluster is its first site, and a site's is at most itself (M. Rem, in
/// E. W. Dijkstra, A Discipline of Programming, 1976, chapter 23).
void join(std::uint32_t* cluster, std::uint32_t a, std::uint32_t b) {
    while (cluster[a] != cluster[b]) {
        if (cluster[a] < cluster[b]) std::swap(a, b);
        const std::uint32_t next = cluster[a];
        cluster[a] = cluster[b];
        if (a == next) return;
        a = next;
    }
}

/// Whether a chain is to be left, which is asked after every so many sites.
struct Leave {
    Poll& poll;
    int worker;
    bool left = false;
    std::int64_t seen = 0;

    bool after(std::int64_t sites) {
        seen += sites;
        if (seen >= polled) {
            seen = 0;
            left = !poll.go_on(worker);
        }
        return left;
    }
};

template <int axes>
void swendsen_wang_sweep(const Torus<axes>& torus, std::int64_t chain, std::int64_t sweep, const Scratch& scratch,
                         Leave& leave) {
    constexpr std::uint8_t turns = 1, stays = 2;
    const auto [spins, marks, cluster] = scratch;
    for (std::uint32_t site = 0; site < torus.sites; ++site) cluster[site] = site;
    Random random(torus.seed, sweep, sites_of_sweep, torus.first_chain + chain);
    const std::uint32_t width = torus.side[axes - 1];
    for (std::uint32_t row = 0; row < torus.sites; row += width) {
        std::array<std::uint32_t, axes> step;  // to the next site along each axis, modulo 2^32
        for (std::size_t axis = 0; axis + 1 < axes; ++axis) {
            step[axis] = torus.forward(row, row / torus.stride[axis] % torus.side[axis], axis) - row;
        }
        for (std::uint32_t site = row; site < row + width; ++site) {
            if (site % Random::together == 0) {
                random.draw(site);
                if (leave.after(Random::together)) return;
            }
            step[axes - 1] = site + 1 < row + width ? 1 : 1 - width;
            for (std::uint32_t axis = 0; axis < axes; ++axis) {
                const std::uint32_t next = site + step[axis];
                // Not &&: one branch that is hard to foretell is better than two.
                const bool satisfied = (spins[site] ^ spins[next]) == torus.unlike;
                if (satisfied & (random.word(site, axis) < torus.holds)) join(cluster, site, next);
            }
            const std::uint32_t last = random.word(site, 3);
            const bool held = (spins[site] == torus.favoured) & (last >> 1 < torus.held_of_31);
            marks[site] = static_cast<std::uint8_t>((last & turns) | (held ? stays : 0));
        }
    }
    // Sites before this one have their clusters' first sites already.
    for (std::uint32_t site = 0; site < torus.sites; ++site) {
        cluster[site] = cluster[cluster[site]];
        marks[cluster[site]] |= marks[site] & stays;
        if (site % Random::together == 0 && leave.after(Random::together)) return;
    }
    for (std::uint32_t site = 0; site < torus.sites; ++site) spins[site] ^= marks[cluster[site]] == turns;
}

/// Random words one after the other: four of each counter.
class Draws {
 public:
    Draws(std::uint64_t seed, std::int64_t sweep, std::int64_t chain)
        : random_(seed, sweep, draws_of_clusters, chain) {}

    std::uint32_t next() {
        if (word_ == 0 && counter_ % Random::together == 0) random_.draw(counter_);
        const std::uint32_t drawn = random_.word(counter_, word_);
        word_ = (word_ + 1) % 4;
        counter_ += word_ == 0;
        return drawn;
    }

    std::uint32_t below(std::uint32_t count) {
        return static_cast<std::uint32_t>(std::uint64_t{next()} * count >> 32);
    }

 private:
    Random random_;
    std::uint32_t counter_ = 0, word_ = 0;
};

/// Turns the cluster of a random site over; returns how many sites it had, or, where it holds to the field, were
/// seen.
template <int axes>
std::int64_t turn_cluster(const Torus<axes>& torus, Draws& draws, const Scratch& scratch, Leave& leave) {
    std::uint8_t* const spins = scratch.spins;
    std::uint32_t* const members = scratch.sites;
    std::uint32_t count = 0, done = 0;
    bool held = false;
    if (leave.after(1)) return 0;  // a strong field holds every cluster at its first site
    const auto take = [&](std::uint32_t site) {
        held = spins[site] == torus.favoured && torus.held_of_32 > 0 && draws.next() < torus.held_of_32;
        spins[site] ^= 1;
        members[count++] = site;
    };
    take(draws.below(torus.sites));
    while (done < count && !held) {
        const std::uint32_t site = members[done++];
        if (leave.after(1)) return count;
        // A spin of the cluster is turned already: one that is yet to join it is what it must not be afterwards.
        const std::uint8_t joins = spins[site] ^ torus.unlike ^ 1;
        for (std::size_t axis = 0; axis < axes && !held; ++axis) {
            const std::uint32_t place = site / torus.stride[axis] % torus.side[axis];
            for (const std::uint32_t next : {torus.forward(site, place, axis), torus.backward(site, place, axis)}) {
                if (spins[next] == joins && draws.next() < torus.holds) take(next);
                if (held) break;
            }
        }
    }
    if (held) {
        for (std::uint32_t i = 0; i < count; ++i) spins[members[i]] ^= 1;
    }
    return count;
}

void require(const Clusters& model, std::int64_t sweep, std::int64_t sweeps, std::int64_t chains) {
    if (model.sites() > most_cluster_sites) {
        throw std::invalid_argument("the lattice has " + std::to_string(model.sites()) +
                                    " sites; up to 2**31 are accepted for clusters");
    }
    constexpr std::int64_t most = std::int64_t{1} << 32;
    if (sweep < 0 || sweeps < 0 || sweep > most - sweeps || model.first_chain < 0 ||
        model.first_chain > most - chains) {
        throw std::invalid_argument("sweeps or chains are more than 2**32");
    }
}

/// f(torus, chain, scratch, leave) with the spins of every chain in scratch, before and after.
template <int axes, class F>
void over_chains(Cpu on, const Clusters& model, std::int64_t chains, std::uint32_t* words, Workspace workspace,
                 const F& f) {
    const Torus<axes> torus(model);
    const std::int64_t sites = model.sites(), stride = packed::stride_of(sites);
    Poll poll(on);
    parallel_for(on, chains, [&](std::int64_t chain, int worker) {
        Leave leave{poll, worker};
        const Scratch scratch(workspace, sites, worker);
        std::uint32_t* const row = words + chain * stride;
        for (std::int64_t site = 0; site < sites; ++site) {
            scratch.spins[site] = static_cast<std::uint8_t>(row[site / 32] >> site % 32 & 1);
        }
        f(torus, chain, scratch, leave);
        std::fill_n(row, stride, 0u);
        for (std::int64_t site = 0; site < sites; ++site) {
            row[site / 32] |= std::uint32_t{scratch.spins[site]} << site % 32;
        }
    });
}

/// As over_chains, by the number of axes.
template <class F>
void on_torus(Cpu on, const Clusters& model, std::int64_t chains, std::uint32_t* words, Workspace workspace,
              const F& f) {
    on.threads = thread_limit(on);  // once: another thread may change the number that stands for 0
    require_workspace(workspace, workspace_bytes(on, model, chains));
    switch (model.axes) {
        case 1:
            return over_chains<1>(on, model, chains, words, workspace, f);
        case 2:
            return over_chains<2>(on, model, chains, words, workspace, f);
        case 3:
            return over_chains<3>(on, model, chains, words, workspace, f);
        default:
            throw std::invalid_argument("axes were " + std::to_string(model.axes) + "; 1, 2 or 3 are accepted");
    }
}

}  // namespace

std::int64_t Clusters::sites() const {
    std::int64_t count = 1;
    for (int axis = 0; axis < axes; ++axis) count = checked_mul(count, sides[axis]);
    return count;
}

std::int64_t workspace_bytes(Cpu on, const Clusters& model, std::int64_t chains) {
    return checked_mul(Scratch::bytes(model.sites()), std::min<std::int64_t>(thread_limit(on), chains));
}

void swendsen_wang(Cpu on, const Clusters& model, std::int64_t chains, std::uint32_t* words, std::int64_t sweep,
                   std::int64_t sweeps, Workspace workspace) {
    require(model, sweep, sweeps, chains);
    on_torus(on, model, chains, words, workspace,
             [&](const auto& torus, std::int64_t chain, const Scratch& scratch, Leave& leave) {
                 for (std::int64_t t = sweep; t < sweep + sweeps && !leave.left; ++t) {
                     swendsen_wang_sweep(torus, chain, t, scratch, leave);
                 }
             });
}

void wolff(Cpu on, const Clusters& model, std::int64_t chains, std::uint32_t* words, std::int64_t sweep,
           std::int64_t sweeps, const std::int64_t* clusters, std::int64_t* visited, Workspace workspace) {
    require(model, sweep, sweeps, chains);
    on_torus(on, model, chains, words, workspace,
             [&](const auto& torus, std::int64_t chain, const Scratch& scratch, Leave& leave) {
                 visited[chain] = 0;
                 for (std::int64_t t = sweep; t < sweep + sweeps; ++t) {
                     Draws draws(torus.seed, t, torus.first_chain + chain);
                     for (std::int64_t c = 0; c < clusters[chain] && !leave.left; ++c) {
                         visited[chain] += turn_cluster(torus, draws, scratch, leave);
                     }
                     if (leave.left) return;
                 }
             });
}

}  // namespace kousei::ising
