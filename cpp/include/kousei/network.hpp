#pragma once
#include <cstdint>
#include <span>

#include <kousei/activation.hpp>
#include <kousei/execution.hpp>

/// Networks given by their weights.
namespace kousei::network {

/// A network with one hidden layer, borrowed; arrays are row-major.
template <class Real>
struct View {
    const Real* weight;  ///< (units, dim)
    const Real* bias;    ///< (units)
    const Real* coef;    ///< (outputs, units)
    const Real* offset;  ///< (outputs)
    std::int64_t units;
    std::int64_t dim;
    std::int64_t outputs;
    Activation activation;
};

/// Bytes of workspace that evaluate needs for `points` points.
template <class Real>
std::int64_t workspace_bytes(Cpu on, const View<Real>& net, std::int64_t points);

/// out[i, o] = offset[o] + sum_k coef[o, k] activation(weight[k] . x[i] + bias[k]); x is (points, dim), out
/// (points, outputs). Points x units are never stored. The result of a point does not depend on the number of
/// threads. Other points count only where some |weight . x + bias| reaches 2^20 or is not finite: what they change is
/// below 2^-124 (double: 2^-990) of an output weight.
template <class Real>
void evaluate(Cpu on, const View<Real>& net, const Real* x, std::int64_t points, Real* out, Workspace workspace);

/// A fully connected layer, borrowed: out[j] = f_j(weight[j] . x + bias[j]).
template <class Real>
struct Layer {
    const Real* weight;  ///< (units, inputs) row-major; sparse: the stored weights, row by row
    const Real* bias;    ///< (units)
    std::int64_t units;
    std::int64_t inputs;
    std::span<const activation::Part<Real>> parts = {};  ///< f of all units, one after the other; none: the identity
    const std::int64_t* starts = nullptr;                ///< sparse: (units + 1), where the weights of a unit begin
    const std::int32_t* columns = nullptr;               ///< sparse: the input of each stored weight
};

/// Bytes of workspace that evaluate needs for `points` points.
template <class Real>
std::int64_t workspace_bytes(Cpu on, std::span<const Layer<Real>> layers, std::int64_t points);

/// The layers one after the other, at least one, each with as many inputs as the one before has units; x is (points,
/// inputs of the first), out (points, units of the last). Hidden values are held for a chunk of the points. The
/// result does not depend on the number of threads. On the other points it depends by their number alone: up to
/// most_in_rows of them, one where a layer is sparse, are summed in another order than more.
template <class Real>
void evaluate(Cpu on, std::span<const Layer<Real>> layers, const Real* x, std::int64_t points, Real* out,
              Workspace workspace);

/// See evaluate.
inline constexpr std::int64_t most_in_rows = 4;

}  // namespace kousei::network
