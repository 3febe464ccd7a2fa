#pragma once
#include <limits>
#include <memory>
#include <optional>
#include <vector>

#include <kousei/jet.hpp>
#include <kousei/network.hpp>

#include "activation.hpp"
#include "checks.hpp"
#include "host_array.hpp"

namespace kousei::python {

/// The layers of a network, for many calls. Arrays of parameters are borrowed and kept alive: what is written to them
/// shows in the next call. The places of sparse weights are checked and copied.
template <class Real>
class Layers {
    using Array = HostSide::Array<Real>;
    using Indices = HostSide::Array<std::int64_t>;

    struct Kept {
        Array weight, bias, parameters;
        std::int64_t weights;  ///< how many there were
        std::vector<activation::Part<Real>> parts;
        std::vector<std::int64_t> starts;
        std::vector<std::int32_t> columns;
    };

 public:
    void add(Array weight, Array bias, const std::vector<PartOf>& parts, Array parameters) {
        require_axes("weight", weight, 2);
        const std::int64_t units = weight.shape(0), inputs = weight.shape(1);
        append(std::move(weight), std::move(bias), parts, std::move(parameters), units, inputs);
    }

    void add_sparse(Array values, const Indices& starts, const Indices& columns, std::int64_t inputs, Array bias,
                    const std::vector<PartOf>& parts, Array parameters) {
        require_axes("values", values, 1);
        require_axes("starts", starts, 1);
        require_shape("columns", columns, {values.shape(0)});
        const std::int64_t units = starts.shape(0) - 1, count = values.shape(0);
        bool good = units >= 0 && inputs >= 0 && inputs <= std::numeric_limits<std::int32_t>::max();
        const std::int64_t *const start = starts.data(), *const column = columns.data();
        good = good && start[0] == 0 && start[units] == count;
        for (std::int64_t u = 0; good && u < units; ++u) good = start[u] <= start[u + 1];
        for (std::int64_t i = 0; good && i < count; ++i) good = 0 <= column[i] && column[i] < inputs;
        if (!good) throw pybind11::value_error("starts and columns do not fit the values and the inputs");
        append(std::move(values), std::move(bias), parts, std::move(parameters), units, inputs);
        Kept& kept = *kept_.back();
        kept.starts.assign(start, start + units + 1);
        kept.columns.resize(static_cast<std::size_t>(count));
        for (std::int64_t i = 0; i < count; ++i) {
            kept.columns[static_cast<std::size_t>(i)] = static_cast<std::int32_t>(column[i]);
        }
        layers_.back().starts = kept.starts.data();
        layers_.back().columns = kept.columns.data();
    }

    void evaluate(const Array& x, Array& out, const Cpu& on) const {
        const auto layers = current();
        const std::span<const network::Layer<Real>> view(layers);
        run_on_points<HostSide>(x, layers.front().inputs, layers.back().units, out, on,
                                [&](auto where, const Real* from, std::int64_t points, Real* to, auto lend) {
                                    network::evaluate(where, view, from, points, to,
                                                      lend(network::workspace_bytes(where, view, points)));
                                });
    }

    void jet(const Array& x, Array& value, Array& jacobian, std::optional<Array> laplacian, const Cpu& on) const {
        const auto layers = current();
        const std::span<const network::Layer<Real>> view(layers);
        const std::int64_t dim = layers.front().inputs;
        Shape shape = batch_of("x", x, dim);
        const std::int64_t points = size_of(shape);
        shape.push_back(layers.back().units);
        require_shape("value", value, shape);
        if (laplacian) require_shape("laplacian", *laplacian, shape);
        shape.push_back(dim);
        require_shape("jacobian", jacobian, shape);
        const Real* const from = x.data();
        const network::Jet<Real> to{value.mutable_data(), jacobian.mutable_data(),
                                    laplacian ? laplacian->mutable_data() : nullptr};
        HostSide::run(on, from, [&](auto where, auto lend) {
            network::evaluate_jet(where, view, from, points, to,
                                  lend(network::jet_workspace_bytes(where, view, points, to.laplacian != nullptr)));
        });
    }

    void divergence(const Array& x, Array& out, const Cpu& on) const {
        const auto layers = current();
        const std::span<const network::Layer<Real>> view(layers);
        run_on_points<HostSide>(x, layers.front().inputs, 1, out, on,
                                [&](auto where, const Real* from, std::int64_t points, Real* to, auto lend) {
                                    network::evaluate_divergence(
                                        where, view, from, points, to,
                                        lend(network::divergence_workspace_bytes(where, view, points)));
                                });
    }

 private:
    /// The layers where their arrays are now.
    std::vector<network::Layer<Real>> current() const {
        if (layers_.empty()) throw pybind11::value_error("there are no layers; one or more are accepted");
        std::vector<network::Layer<Real>> layers = layers_;
        for (std::size_t i = 0; i < layers.size(); ++i) {
            // NumPy can resize an array in place.
            const Kept& kept = *kept_[i];
            if (kept.weight.size() != kept.weights || kept.bias.size() != layers[i].units) {
                throw pybind11::value_error("an array of the network has changed its shape");
            }
            layers[i].weight = kept.weight.data();
            layers[i].bias = kept.bias.data();
        }
        return layers;
    }

    void append(Array weight, Array bias, const std::vector<PartOf>& parts, Array parameters, std::int64_t units,
                std::int64_t inputs) {
        if (!layers_.empty() && inputs != layers_.back().units) {
            throw pybind11::value_error("a layer of " + std::to_string(layers_.back().units) +
                                        " units is followed by one of " + std::to_string(inputs) + " inputs");
        }
        require_shape("bias", bias, {units});
        auto views = parts.empty() ? std::vector<activation::Part<Real>>{} : parts_of<Real>(parts, parameters, units);
        const std::int64_t weights = weight.size();
        kept_.push_back(std::make_unique<Kept>(
            Kept{std::move(weight), std::move(bias), std::move(parameters), weights, std::move(views), {}, {}}));
        layers_.push_back({nullptr, nullptr, units, inputs, kept_.back()->parts});
    }

    std::vector<std::unique_ptr<Kept>> kept_;
    std::vector<network::Layer<Real>> layers_;
};

template <class Real>
void bind_layers(pybind11::module_& m, const char* name) {
    using namespace pybind11::literals;
    pybind11::class_<Layers<Real>>(m, name, "Layers of a network, evaluated together; arrays are borrowed.")
        .def(pybind11::init())
        .def("add", &Layers<Real>::add, "weight"_a.noconvert(), "bias"_a.noconvert(), "parts"_a,
             "parameters"_a.noconvert())
        .def("add_sparse", &Layers<Real>::add_sparse, "values"_a.noconvert(), "starts"_a.noconvert(),
             "columns"_a.noconvert(), "inputs"_a, "bias"_a.noconvert(), "parts"_a, "parameters"_a.noconvert())
        .def("evaluate", &Layers<Real>::evaluate, "x"_a.noconvert(), "out"_a.noconvert(), "on"_a)
        .def("jet", &Layers<Real>::jet, "x"_a.noconvert(), "value"_a.noconvert(), "jacobian"_a.noconvert(),
             "laplacian"_a.noconvert(), "on"_a)
        .def("divergence", &Layers<Real>::divergence, "x"_a.noconvert(), "out"_a.noconvert(), "on"_a);
}

}  // namespace kousei::python
