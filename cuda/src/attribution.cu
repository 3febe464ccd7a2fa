#include <kousei/attribution_unit.hpp>
#include <kousei/cuda/activation.hpp>
#include <kousei/cuda/attribution.hpp>
#include <kousei/cuda/network.hpp>
#include <kousei/sizes.hpp>

#include <algorithm>
#include <cstddef>
#include <utility>

#include "launch.cuh"
#include "parts.cuh"

namespace kousei::attribution {
namespace {

using network::Layer;

/// Hidden values held at a time, in bytes, and lanes of Unions: sums of values that are formed side by side.
constexpr std::int64_t held_bytes = std::int64_t{1} << 25, lanes_wanted = 1 << 13;

constexpr std::int64_t alignment = 256;

std::int64_t padded(std::int64_t count, std::int64_t size) {
    return checked_mul(blocks_of(checked_mul(count, size), alignment), alignment);
}

/// Where the values of a block of coalitions are computed.
template <class Real>
struct Hidden {
    std::int64_t widest = 1;
    std::int64_t points;  ///< of a block

    explicit Hidden(Layers<Real> rho) {
        for (const Layer<Real>& layer : rho) widest = std::max(widest, layer.units);
        points = std::max<std::int64_t>(1, held_bytes / checked_mul(widest, 2 * sizeof(Real)));
    }
    std::int64_t bytes_each() const { return padded(checked_mul(widest, points), sizeof(Real)); }
};

/// The versions of coalitions that are given, (coalitions, items).
struct Versions {
    const std::int32_t* versions;
    std::int64_t items;

    __device__ std::int64_t operator()(std::int64_t point, std::int64_t item) const {
        return versions[point * items + item];
    }
};

/// Some lanes of some contexts, context after context.
struct Block {
    Unions unions;
    std::int64_t first_lane, lanes, first_context, contexts;

    __device__ std::int64_t operator()(std::int64_t point, std::int64_t item) const {
        const std::int64_t lane = first_lane + point % lanes, context = first_context + point / lanes;
        if (item == unions.item) return lane & (unions.versions() - 1);
        return unions.version_of(item - (item > unions.item ? 1 : 0), lane, context);
    }
};

/// Writes rho of coalitions, whose versions are those of `coalitions`, and returns where: (points, outputs).
template <class Real, class Coalitions>
const Real* values_of(Cuda on, const Tables<Real>& tables, Layers<Real> rho, const Coalitions& coalitions,
                      std::int64_t points, std::byte* memory) {
    const Hidden<Real> sizes(rho);
    Real *hidden = reinterpret_cast<Real*>(memory), *next = reinterpret_cast<Real*>(memory + sizes.bytes_each());
    const Layer<Real>& first = rho.front();
    const Real* const bias = first.bias;
    const std::int64_t units = first.units, items = tables.items, versions = tables.versions();
    const Real *const terms = tables.terms, *const weights = tables.weights;
    cuda::Parts<Real> parts{};
    const bool fits = std::ssize(first.parts) <= parts.most;
    if (fits) {
        std::copy(first.parts.begin(), first.parts.end(), parts.part);
        parts.count = std::ssize(first.parts);
    }
    const Precision precision = on.precision;
    cuda::for_each(on, points * units, [=] __device__(std::int64_t at) {
        const std::int64_t point = at / units, unit = at - point * units;
        Real sum = 0, weight = 0;
        for (std::int64_t i = 0; i < items; ++i) {
            const std::int64_t row = i * versions + coalitions(point, i);
            sum += terms[row * units + unit];
            if (weights) weight += weights[row];
        }
        const Real z = argument(sum, Real(0), weights ? share(weight) : Real(1), bias[unit]);
        hidden[at] = cuda::value_of(parts, precision, unit, z);
    });
    if (!fits) {
        activation::apply<Real>(on, first.parts.data(), std::ssize(first.parts), nullptr, hidden, points, hidden);
    }
    for (const Layer<Real>& layer : rho.subspan(1)) {
        network::evaluate(on, layer, hidden, points, next);
        std::swap(hidden, next);
    }
    return hidden;
}

/// sums[k, lane] += the values of the contexts of a block, each by the weight of its coalition.
template <class Real>
void add_values(Cuda on, const Block& block, const Real* values, std::int64_t outputs, double* sums) {
    cuda::for_each(on, block.lanes * outputs, [=] __device__(std::int64_t at) {
        const std::int64_t k = at / block.lanes, in_block = at % block.lanes, lane = block.first_lane + in_block;
        const int low = bits_in(lane >> block.unions.features);
        double& sum = sums[k * block.unions.lanes() + lane];
        for (std::int64_t c = 0; c < block.contexts; ++c) {
            const double weight = shapley_weight(block.unions.items, low + bits_in(block.first_context + c));
            sum += weight * static_cast<double>(values[(c * block.lanes + in_block) * outputs + k]);
        }
    });
}

std::int64_t lanes_of(std::int64_t items, std::int64_t features) {
    return Unions::with_lanes(items, features, 0, lanes_wanted).lanes();
}

}  // namespace

template <class Real>
std::int64_t workspace_bytes(Cuda, const Tables<Real>& tables, Layers<Real> rho) {
    require_tables(tables, rho);
    const Hidden<Real> hidden(rho);
    return 2 * hidden.bytes_each() + padded(checked_mul(hidden.points, tables.items), sizeof(std::int32_t));
}

template <class Real>
void evaluate(Cuda on, const Tables<Real>& tables, Layers<Real> rho, const std::uint8_t* present,
              std::int64_t coalitions, Real* out, Workspace workspace) {
    require_workspace(workspace, workspace_bytes(on, tables, rho));
    const Hidden<Real> hidden(rho);
    auto* const memory = static_cast<std::byte*>(workspace.data);
    auto* const versions = reinterpret_cast<std::int32_t*>(memory + 2 * hidden.bytes_each());
    const std::int64_t items = tables.items, features = tables.features, outputs = rho.back().units;
    for (std::int64_t from = 0; from < coalitions; from += hidden.points) {
        const std::int64_t points = std::min(hidden.points, coalitions - from);
        cuda::for_each(on, points * items, [=] __device__(std::int64_t at) {
            versions[at] = static_cast<std::int32_t>(version_of(present + (from * items + at) * features, features));
        });
        const Real* const values = values_of(on, tables, rho, Versions{versions, items}, points, memory);
        Real* const to = out + from * outputs;
        cuda::for_each(on, points * outputs, [=] __device__(std::int64_t at) { to[at] = values[at]; });
    }
}

template <class Real>
std::int64_t owen_workspace_bytes(Cuda, const Tables<Real>& tables, Layers<Real> rho, Some some) {
    require_tables(tables, rho);
    require_items_of_owen_values(tables.items, some);
    const std::int64_t outputs = rho.back().units;
    return 2 * Hidden<Real>(rho).bytes_each() +
           padded(checked_mul(outputs, lanes_of(tables.items, tables.features)), sizeof(double)) +
           padded(checked_mul(checked_mul(outputs, some.count), tables.versions()), sizeof(double));
}

template <class Real>
void owen_values(Cuda on, const Tables<Real>& tables, Layers<Real> rho, Some some, double* out, Workspace workspace) {
    require_workspace(workspace, owen_workspace_bytes(on, tables, rho, some));
    const Hidden<Real> hidden(rho);
    const std::int64_t items = tables.items, features = tables.features, versions = tables.versions();
    const std::int64_t outputs = rho.back().units, lanes = lanes_of(items, features);
    auto* const memory = static_cast<std::byte*>(workspace.data);
    auto* const sums = reinterpret_cast<double*>(memory + 2 * hidden.bytes_each());
    auto* const games =
        reinterpret_cast<double*>(memory + 2 * hidden.bytes_each() + padded(outputs * lanes, sizeof(double)));
    // A block has whole contexts, or a part of one.
    const std::int64_t lanes_each = std::min(lanes, hidden.points), contexts_each = hidden.points / lanes_each;
    for (std::int64_t index = 0; index < some.count; ++index) {
        const Unions unions = Unions::with_lanes(items, features, some.first + index, lanes_wanted);
        cuda::for_each(on, outputs * lanes, [=] __device__(std::int64_t at) { sums[at] = 0; });
        for (std::int64_t lane = 0; lane < lanes; lane += lanes_each) {
            for (std::int64_t context = 0; context < unions.contexts(); context += contexts_each) {
                const Block block{unions, lane, std::min(lanes_each, lanes - lane), context,
                                  std::min(contexts_each, unions.contexts() - context)};
                const Real* const values = values_of(on, tables, rho, block, block.lanes * block.contexts, memory);
                add_values(on, block, values, outputs, sums);
            }
        }
        cuda::for_each(on, outputs * versions, [=] __device__(std::int64_t at) {
            const std::int64_t k = at / versions, version = at % versions;
            double sum = 0;
            for (std::int64_t lane = version; lane < lanes; lane += versions) sum += sums[k * lanes + lane];
            games[(k * some.count + index) * versions + version] = sum;
        });
    }
    cuda::for_each(on, outputs * some.count * features, [=] __device__(std::int64_t at) {
        out[at] = shapley_value(games + at / features * versions, features, at % features);
    });
}

#define KOUSEI_INSTANTIATE(Real)                                                                              \
    template std::int64_t workspace_bytes(Cuda, const Tables<Real>&, Layers<Real>);                           \
    template void evaluate(Cuda, const Tables<Real>&, Layers<Real>, const std::uint8_t*, std::int64_t, Real*, \
                           Workspace);                                                                        \
    template std::int64_t owen_workspace_bytes(Cuda, const Tables<Real>&, Layers<Real>, Some);                \
    template void owen_values(Cuda, const Tables<Real>&, Layers<Real>, Some, double*, Workspace);
KOUSEI_INSTANTIATE(float)
KOUSEI_INSTANTIATE(double)
#undef KOUSEI_INSTANTIATE

}  // namespace kousei::attribution
