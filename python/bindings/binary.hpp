#pragma once
#include <limits>
#include <memory>
#include <mutex>
#include <tuple>
#include <utility>
#include <vector>

#include <kousei/binary.hpp>
#include <kousei/errors.hpp>

#include "activation.hpp"
#include "checks.hpp"
#include "host_array.hpp"
#include "packed.hpp"

namespace kousei::python {

/// A chain with its arrays, which are copied: another rank than those that were checked would be read past the end.
/// `counts` are the units of each column.
class OwnedChain {
 public:
    template <class Rank>
    OwnedChain(const HostSide::Array<Rank>& ranks, const HostSide::Array<std::int8_t>& signs,
               const HostSide::Array<std::int64_t>& counts) {
        require_axes("ranks", ranks, 2);
        require_shape("signs", signs, {ranks.shape(1)});
        require_shape("counts", counts, {ranks.shape(1)});
        signs_.assign(signs.data(), signs.data() + signs.size());
        auto& own = std::get<std::vector<Rank>>(ranks_);
        own.assign(ranks.data(), ranks.data() + ranks.size());
        if constexpr (sizeof(Rank) == sizeof(std::uint16_t)) {
            chain_.ranks = own.data();
        } else {
            chain_.wide_ranks = own.data();
        }
        chain_.signs = signs_.data();
        chain_.rows = ranks.shape(0), chain_.sources = ranks.shape(1);
        starts_ = binary::starts_of(chain_);
        for (std::size_t j = signs_.size(); j-- > 0;) {
            const std::int64_t count = counts.data()[j];
            if (count < starts_[j + 1] - starts_[j]) throw pybind11::value_error("a rank is not among its units");
            starts_[j + 1] = count;
        }
        for (std::size_t j = 1; j < starts_.size(); ++j) {
            if (starts_[j] > std::numeric_limits<std::int64_t>::max() - starts_[j - 1]) {
                throw SizeError("a chain has 2**63 columns or more");
            }
            starts_[j] += starts_[j - 1];
        }
        chain_.starts = starts_.data();
    }
    OwnedChain(const OwnedChain&) = delete;

    const binary::Chain& view() const { return chain_; }

 private:
    std::tuple<std::vector<std::uint16_t>, std::vector<std::uint32_t>> ranks_;
    std::vector<std::int8_t> signs_;
    std::vector<std::int64_t> starts_;
    binary::Chain chain_{};
};

/// A binary network, for many calls: layer after layer is added, each followed by `multiples` where its units are
/// multiples of its values. Arrays of parameters are borrowed and kept alive; sources and chains are checked and
/// copied.
template <class Real>
class Binary {
    using Array = HostSide::Array<Real>;
    using Words = HostSide::Array<std::uint32_t>;

    struct Kept {
        Array bias, parameters;
        Words words{};
        std::vector<activation::Part<Real>> parts{};
        std::unique_ptr<OwnedChain> chain = nullptr;
        Arena interleaved{};
        std::vector<std::int32_t> sources{};
        Array factors{};
    };

 public:
    Binary(Array weight, Array bias, const std::vector<PartOf>& parts, Array parameters)
        : weight_(std::move(weight)) {
        require_axes("weight", weight_, 2);
        const std::int64_t rows = weight_.shape(0);
        const Kept& own = keep({std::move(bias), std::move(parameters)}, parts, rows);
        net_ = {{weight_.data(), own.bias.data(), rows, weight_.shape(1), own.parts}, {}, {}};
    }
    Binary(const Binary&) = delete;

    /// Of what was added last: unit k is factors[k] times value sources[k].
    void multiples(const HostSide::Array<std::int32_t>& sources, Array factors) {
        require_axes("sources", sources, 1);
        require_shape("factors", factors, {sources.shape(0)});
        const std::int64_t values = layers_.empty() ? net_.first.units : layers_.back().values();
        Kept& own = *kept_.back();
        own.sources.assign(sources.data(), sources.data() + sources.size());
        for (const std::int32_t source : own.sources) {
            if (source < 0 || source >= values) throw pybind11::value_error("a source is no value of the layer");
        }
        own.factors = std::move(factors);
        binary::Multiples<Real>& multiples = layers_.empty() ? net_.multiples : layers_.back().multiples;
        multiples = {own.sources.data(), own.factors.data(), std::ssize(own.sources)};
    }

    void add(Words words, std::int64_t columns, Array bias, const std::vector<PartOf>& parts, Array parameters) {
        const auto matrix = signs_view<HostSide>(words, columns);
        append(matrix, {std::move(bias), std::move(parameters), std::move(words)}, parts);
    }

    template <class Rank>
    void add_chain(const HostSide::Array<Rank>& ranks, const HostSide::Array<std::int8_t>& signs,
                   const HostSide::Array<std::int64_t>& counts, Array bias, const std::vector<PartOf>& parts,
                   Array parameters) {
        auto chain = std::make_unique<OwnedChain>(ranks, signs, counts);
        const packed::View matrix{nullptr, chain->view().rows, chain->view().columns()};
        append(matrix, {std::move(bias), std::move(parameters), Words(), {}, std::move(chain)}, parts);
    }

    void evaluate(const Array& x, Array& out, const Cpu& on) {
        const auto layers = layers_for(size_of(batch_of("x", x, net_.first.inputs)), on);
        binary::View<Real> net = net_;
        net.layers = layers;
        run_on_points<HostSide>(x, net.first.inputs, net.outputs(), out, on,
                                [&](auto where, const Real* from, std::int64_t points, Real* to, auto lend) {
                                    binary::evaluate(where, net, from, points, to,
                                                     lend(binary::workspace_bytes(where, net, points)));
                                });
    }

 private:
    void append(packed::View matrix, Kept kept, const std::vector<PartOf>& parts) {
        const std::int64_t inputs = layers_.empty() ? net_.multiples.units : layers_.back().units();
        if (matrix.columns != inputs) {
            throw pybind11::value_error("a layer of " + std::to_string(inputs) + " units is followed by one of " +
                                        std::to_string(matrix.columns) + " columns");
        }
        const Kept& own = keep(std::move(kept), parts, matrix.rows);
        layers_.push_back({{matrix}, own.bias.data(), own.parts, own.chain ? &own.chain->view() : nullptr});
    }

    const Kept& keep(Kept kept, const std::vector<PartOf>& parts, std::int64_t rows) {
        require_shape("bias", kept.bias, {rows});
        if (!parts.empty()) kept.parts = parts_of<Real>(parts, kept.parameters, rows);
        return *kept_.emplace_back(std::make_unique<Kept>(std::move(kept)));
    }

    /// The layers as they are now: another thread may call meanwhile, and be the first with few points. These are
    /// multiplied by copies of the signs, which are made once.
    std::vector<binary::Layer<Real>> layers_for(std::int64_t points, const Cpu& on) {
        const std::lock_guard lock(mutex_);
        for (std::size_t i = 0; i < layers_.size() && points <= packed::few_points; ++i) {
            packed::Matrix<Real>& matrix = layers_[i].signs;
            const std::int64_t words = layers_[i].chain || matrix.interleaved ? 0 : packed::interleaved_words(matrix);
            if (words == 0) continue;
            const Workspace memory = kept_[i + 1]->interleaved.lend(checked_mul(words, sizeof(std::uint32_t)));
            packed::interleave(on, matrix, static_cast<std::uint32_t*>(memory.data));
            matrix.interleaved = static_cast<std::uint32_t*>(memory.data);
        }
        return layers_;
    }

    std::mutex mutex_;
    Array weight_;
    binary::View<Real> net_;
    std::vector<std::unique_ptr<Kept>> kept_;  ///< of the first layer and of the others
    std::vector<binary::Layer<Real>> layers_;
};

template <class Real>
void bind_binary(pybind11::module_& m, const char* name) {
    using namespace pybind11::literals;
    using Array = HostSide::Array<Real>;
    using Parts = std::vector<PartOf>;
    pybind11::class_<Binary<Real>> binary(m, name, "A binary network; arrays of parameters are borrowed.");
    binary
        .def(pybind11::init<Array, Array, const Parts&, Array>(), "weight"_a.noconvert(), "bias"_a.noconvert(),
             "parts"_a, "parameters"_a.noconvert())
        .def("multiples", &Binary<Real>::multiples, "sources"_a.noconvert(), "factors"_a.noconvert())
        .def("add", &Binary<Real>::add, "words"_a.noconvert(), "columns"_a, "bias"_a.noconvert(), "parts"_a,
             "parameters"_a.noconvert())
        .def("evaluate", &Binary<Real>::evaluate, "x"_a.noconvert(), "out"_a.noconvert(), "on"_a);
    const auto with_ranks_of = [&]<class Rank>() {
        binary.def("add_chain", &Binary<Real>::template add_chain<Rank>, "ranks"_a.noconvert(), "signs"_a.noconvert(),
                   "counts"_a.noconvert(), "bias"_a.noconvert(), "parts"_a, "parameters"_a.noconvert());
    };
    with_ranks_of.template operator()<std::uint16_t>();
    with_ranks_of.template operator()<std::uint32_t>();
}

/// Writes the signs of a chain: words (rows, stride) of as many columns as it has.
template <class Rank>
void bind_chain(pybind11::module_& m) {
    using namespace pybind11::literals;
    m.def(
        "binary_signs",
        [](const HostSide::Array<Rank>& ranks, const HostSide::Array<std::int8_t>& signs,
           const HostSide::Array<std::int64_t>& counts, HostSide::Array<std::uint32_t>& words, const Cpu& on) {
            const OwnedChain chain(ranks, signs, counts);
            require_shape("words", words, {chain.view().rows, packed::stride_of(chain.view().columns())});
            std::uint32_t* const to = words.mutable_data();
            HostSide::run(on, to, [&](auto where, auto) { binary::signs_of(where, chain.view(), to); });
        },
        "ranks"_a.noconvert(), "signs"_a.noconvert(), "counts"_a.noconvert(), "words"_a.noconvert(), "on"_a);
}

}  // namespace kousei::python
