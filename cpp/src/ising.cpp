#include <kousei/ising.hpp>

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string>
#include <vector>

#include <kousei/ising_unit.hpp>
#include <kousei/packed.hpp>
#include <kousei/sizes.hpp>

#include "parallel.hpp"
#include "poll.hpp"
#include "simd/kernels.hpp"
#include "workspace.hpp"

namespace kousei::ising {
namespace {

using kousei::detail::Carver, kousei::detail::parallel_for, kousei::detail::Poll, kousei::detail::thread_limit;

constexpr std::int64_t widest = simd::widest;

std::int64_t padded(std::int64_t words) {
    return blocks_of(words, widest) * widest;
}

/// How the chains are cut into tasks, groups of one weight, and what a task has in its workspace: both colours, whose
/// rows have a site more at either end, the last and the first; and of each word of a row its site and its group.
struct Tasks {
    std::int64_t weights, groups, each, per_weight;
    std::int64_t margin, row, stride, words;

    Tasks(Cpu on, const Lattice& lattice, std::int64_t weight_count, std::int64_t group_count)
        : weights(weight_count), groups(group_count) {
        constexpr std::int64_t most_words = 1 << 24;  // of the copy of a task, where a group is no more
        const std::int64_t wanted = blocks_of(checked_mul(weights, groups), thread_limit(on));
        each = std::max<std::int64_t>(1, std::min({widest, wanted, most_words / lattice.sites()}));
        per_weight = blocks_of(groups, each);
        margin = padded(each);
        row = padded(checked_mul(lattice.half(), each));
        stride = margin + row + margin;
        words = checked_mul(2 * lattice.rows(), stride);
    }

    std::int64_t count() const { return checked_mul(weights, per_weight); }
    std::int64_t bytes() const {
        return Carver::padded_bytes<std::uint32_t>(words) + 2 * Carver::padded_bytes<std::uint32_t>(row);
    }
};

/// The chains of a task, while they are advanced.
class Walker {
 public:
    Walker(const Lattice& lattice, const Tasks& tasks, Workspace workspace, int worker, std::int64_t first,
           std::int64_t each)
        : lattice_(lattice), tasks_(tasks), each_(each), row_words_(lattice.half() * each) {
        Carver carver({static_cast<std::byte*>(workspace.data) + worker * tasks.bytes(), 0});
        words_ = carver.take<std::uint32_t>(tasks.words);
        sites_ = carver.take<std::uint32_t>(tasks.row);
        groups_ = carver.take<std::uint32_t>(tasks.row);
        for (std::int64_t i = 0; i < tasks.row; ++i) {
            sites_[i] = static_cast<std::uint32_t>(2 * (i / each));
            groups_[i] = static_cast<std::uint32_t>(first + i % each);
        }
    }

    /// Between the words (2, rows, half, groups) and the copy, which is zero at first where they have none.
    void copy_from(const std::uint32_t* from) {
        std::fill_n(words_, tasks_.words, 0);
        each_site([&](std::uint32_t* copy, std::int64_t at) { std::copy_n(from + at, each_, copy); });
        for (int colour = 0; colour < 2; ++colour) {
            for (std::int64_t r = 0; r < lattice_.rows(); ++r) close(row(colour, r));
        }
    }
    void copy_to(std::uint32_t* to) {
        each_site([&](const std::uint32_t* copy, std::int64_t at) { std::copy_n(copy, each_, to + at); });
    }

    template <int dim>
    void update(void (*kernel)(const simd::SpinRow&), const Rule& rule, Run run, int colour, std::int64_t r) {
        const Beside<dim> beside(lattice_, colour, r);
        std::uint32_t* const spins = row(colour, r);
        const std::uint32_t* const opposite = row(1 - colour, r);
        simd::SpinRow task{spins,
                           {opposite, beside.right ? opposite + each_ : opposite - each_},
                           sites_,
                           groups_,
                           row_words_,
                           static_cast<std::uint32_t>(2 * r * lattice_.half() + beside.right),
                           static_cast<std::uint32_t>(run.sweep),
                           run.seed,
                           &rule};
        for (int k = 2; k < 2 * dim; ++k) task.neighbours[k] = row(1 - colour, beside.rows[k - 2]);
        kernel(task);
        close(spins);
    }

 private:
    std::uint32_t* row(int colour, std::int64_t r) const {
        return words_ + (colour * lattice_.rows() + r) * tasks_.stride + tasks_.margin;
    }

    void close(std::uint32_t* spins) const {
        std::copy_n(spins + row_words_ - each_, each_, spins - each_);
        std::copy_n(spins, each_, spins + row_words_);
    }

    template <class F>
    void each_site(F&& f) const {
        std::int64_t at = 0;
        for (int colour = 0; colour < 2; ++colour) {
            for (std::int64_t r = 0; r < lattice_.rows(); ++r) {
                for (std::int64_t j = 0; j < lattice_.half(); ++j, at += tasks_.groups)
                    f(row(colour, r) + j * each_, at);
            }
        }
    }

    const Lattice& lattice_;
    const Tasks& tasks_;
    std::int64_t each_, row_words_;
    std::uint32_t *words_, *sites_, *groups_;
};

template <int dim>
void sweep(const Lattice& lattice, std::span<const Rule> rules, const Tasks& tasks, const Chains& chains, Run run,
           std::int64_t sweeps, Cpu on, Workspace workspace) {
    const auto& kernels = simd::instruction_set().ising.update[dim - 1];
    Poll poll(on);
    parallel_for(on, tasks.count(), [&](std::int64_t task, int worker) {
        const std::int64_t weight = task / tasks.per_weight, group = task % tasks.per_weight * tasks.each;
        const std::int64_t each = std::min(tasks.each, tasks.groups - group);
        const Rule& rule = rules[static_cast<std::size_t>(weight)];
        std::uint32_t* const own = chains.words + weight * lattice.sites() * tasks.groups + group;
        Walker walker(lattice, tasks, workspace, worker, run.first_of(weight) + group, each);
        walker.copy_from(own);
        for (Run now = run; now.sweep < run.sweep + sweeps; ++now.sweep) {
            for (int colour = 0; colour < 2; ++colour) {
                for (std::int64_t r = 0; r < lattice.rows(); ++r) {
                    walker.update<dim>(kernels[rule.field], rule, now, colour, r);
                    if (r % 64 == 0 && !poll.go_on(worker)) return;
                }
            }
        }
        walker.copy_to(own);
    });
}

}  // namespace

void require_lattice(const Lattice& lattice) {
    if (lattice.dim < 1 || lattice.dim > 3) {
        throw std::invalid_argument("the lattice has " + std::to_string(lattice.dim) +
                                    " axes; one to three are accepted");
    }
    std::int64_t sites = 1;
    for (int axis = 0; axis < lattice.dim; ++axis) {
        const std::int64_t length = lattice.lengths[axis];
        if (length < 2 || length % 2) {
            throw std::invalid_argument("axis " + std::to_string(axis) + " has length " + std::to_string(length) +
                                        "; an even length is accepted");
        }
        sites = checked_mul(sites, length);
    }
    if (sites >= std::int64_t{1} << 32) {
        throw std::invalid_argument("the lattice has " + std::to_string(sites) +
                                    " sites; fewer than 2**32 are accepted");
    }
}

Rule rule_of(int dim, const Weight& weight) {
    Rule rule{weight.field != 0, weight.field == 0 && weight.coupling < 0 ? ~std::uint32_t{0} : 0, {}};
    const double coupling = rule.turned ? -weight.coupling : weight.coupling;
    const int counts = 2 * dim + 1;
    const auto set = [&](int which, int differ, int spin) {
        const double fall = 4 * coupling * (dim - differ) + 2 * weight.field * spin;
        const auto threshold =
            static_cast<std::uint32_t>(std::rint(std::ldexp(15.0 / 16, 32) * std::exp(-std::fmax(fall, 0))));
        for (int k = 0; k < 32; ++k) rule.planes[k][which] = 0 - (threshold >> (31 - k) & 1);
    };
    for (int differ = 0; differ < counts; ++differ) {
        if (rule.field) {
            set(differ, differ, -1);
            set(counts + differ, differ, 1);
        } else if (differ <= dim) {
            set(differ, differ, 1);
        }
    }
    return rule;
}

std::int64_t workspace_bytes(Cpu on, const Lattice& lattice, std::int64_t weights, std::int64_t groups) {
    require_lattice(lattice);
    const Tasks tasks(on, lattice, weights, groups);
    return checked_mul(std::min<std::int64_t>(thread_limit(on), tasks.count()), tasks.bytes());
}

void metropolis(Cpu on, const Lattice& lattice, std::span<const Weight> weights, const Chains& chains, Run run,
                std::int64_t sweeps, Workspace workspace) {
    on.threads = thread_limit(on);
    const auto count = static_cast<std::int64_t>(weights.size());
    require_workspace(workspace, workspace_bytes(on, lattice, count, chains.groups));
    require_run(run, sweeps, count, chains.groups);
    std::vector<Rule> rules;
    for (const Weight& weight : weights) rules.push_back(rule_of(lattice.dim, weight));
    constexpr decltype(&sweep<1>) of[] = {sweep<1>, sweep<2>, sweep<3>};
    of[lattice.dim - 1](lattice, rules, Tasks(on, lattice, count, chains.groups), chains, run, sweeps, on, workspace);
}

void require_run(Run run, std::int64_t sweeps, std::int64_t weights, std::int64_t groups) {
    constexpr std::int64_t most = std::int64_t{1} << 32;
    if (run.sweep < 0 || sweeps < 0 || run.sweep > most - sweeps) {
        throw std::invalid_argument("sweeps were " + std::to_string(sweeps) + " after " + std::to_string(run.sweep) +
                                    "; up to 2**32 are counted");
    }
    if (run.first_group < 0 || run.groups < groups || run.first_group > run.groups - groups) {
        throw std::invalid_argument("there are " + std::to_string(groups) + " groups from " +
                                    std::to_string(run.first_group) + " on; those of a run of " +
                                    std::to_string(run.groups) + " are accepted");
    }
    if (checked_mul(weights, run.groups) > most)
        throw std::invalid_argument("there are 2**37 chains or more; fewer are accepted");
}

void pack(Cpu on, const Lattice& lattice, std::int64_t weights, const Chains& chains, std::int64_t count,
          std::uint32_t* rows) {
    require_lattice(lattice);
    const std::int64_t sites = lattice.sites(), length = 2 * lattice.half(), stride = packed::stride_of(sites);
    const std::int64_t bands = blocks_of(blocks_of(count, 32), widest), used = blocks_of(sites, 32);
    constexpr std::int64_t together = 16;  // words of a row, which are written one after the other
    const std::int64_t of_weight = checked_mul(bands, blocks_of(stride, together));
    const auto transpose = simd::instruction_set().ising.transpose;
    parallel_for(on, checked_mul(weights, of_weight), [&](std::int64_t task, int) {
        const std::int64_t weight = task / of_weight, begin = task % of_weight / bands * together;
        const std::int64_t group = task % bands * widest, lanes = std::min(widest, blocks_of(count, 32) - group);
        const std::uint32_t* const from = chains.words + weight * sites * chains.groups + group;
        std::uint32_t tile[32 * widest];
        for (std::int64_t word = begin; word < std::min(stride, begin + together); ++word) {
            std::fill_n(tile, 32 * widest, 0);
            if (word < used) {
                for (std::int64_t site = 32 * word; site < std::min(sites, 32 * word + 32); ++site) {
                    const std::int64_t r = site / length, x = site % length;
                    const std::int64_t at = (colour_of(lattice, r, x) * lattice.rows() + r) * lattice.half() + x / 2;
                    std::copy_n(from + at * chains.groups, lanes, tile + site % 32 * widest);
                }
                transpose(tile);
            }
            for (std::int64_t lane = 0; lane < lanes; ++lane) {
                const std::int64_t first = 32 * (group + lane);
                for (std::int64_t k = 0; k < std::min<std::int64_t>(32, count - first); ++k) {
                    rows[(weight * count + first + k) * stride + word] = tile[k * widest + lane];
                }
            }
        }
    });
}

void exchange(Cpu on, const Lattice& lattice, std::int64_t weights, const Chains& chains, std::int64_t first,
              const std::uint32_t* chosen) {
    require_lattice(lattice);
    const std::int64_t pairs = std::max<std::int64_t>(0, (weights - first) / 2), each = lattice.sites();
    parallel_for(on, pairs, [&](std::int64_t pair, int) {
        const std::int64_t weight = first + 2 * pair;
        std::uint32_t* const low = chains.words + weight * each * chains.groups;
        std::uint32_t* const high = low + each * chains.groups;
        for (std::int64_t site = 0; site < each; ++site) {
            for (std::int64_t g = 0; g < chains.groups; ++g) {
                const std::int64_t at = site * chains.groups + g;
                const std::uint32_t differ = (low[at] ^ high[at]) & chosen[weight * chains.groups + g];
                low[at] ^= differ;
                high[at] ^= differ;
            }
        }
    });
}

}  // namespace kousei::ising
