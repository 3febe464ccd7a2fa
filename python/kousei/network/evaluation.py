"""How a network is evaluated: by one fused kernel, by its layers in one call, or layer by layer from Python."""

from __future__ import annotations

import math
from itertools import starmap
from typing import TYPE_CHECKING, Any

import numpy as np
from array_api_compat import is_torch_array

from kousei._lib import _core, arrays, backends
from kousei._lib.arrays import Array
from kousei.network.device import evaluate_layers

if TYPE_CHECKING:
    from kousei.network.mlp import MLP

#: Hidden values held at a time by layers that run from Python, in bytes.
_BLOCK_BYTES = 1 << 25
#: On the host one hidden layer is fused, its units summed and never stored, where that is faster: with at most so
#: many inputs and outputs together, and at least so many units;
_FEW = 6
_UNITS = 128
#: or with so many that the hidden values of a vector of points would not be held.
_MANY_UNITS = 1 << 18


def evaluate(net: MLP, x: Array, out: Array | None, precision: str) -> Array:
    """Return the values of a network, as `MLP.__call__`."""
    backend, x = backends.enter("x", x, precision)
    batch = check_points(net, x, net.biases[0])
    shape = batch if net.outputs == 1 else (*batch, net.outputs)
    parameters = () if out is None else (*net.weights, *net.biases)
    read = [array.data if arrays.is_sparse(array) else array for array in parameters]
    result, view = backends.output(backend, out, shape, net.dtype, x, *read)
    if _is_fused(net, backend):
        weight, coef = (backend.view("weights", w) for w in net.weights)
        bias, offset = (backend.view("biases", b) for b in net.biases)
        code, launch = net.activations[0].code, backend.launch()
        backend.kernels.network_evaluate(weight, bias, coef, offset, code, backend.view("x", x), view, launch)
        return result
    if isinstance(backend, backends.Device):
        evaluate_layers(net, backend, x, result)
        return result
    points, layers = backend.view("x", x), compiled_layers(net, backend)
    if layers is not None:
        layers.evaluate(points, view, backend.launch())
    else:
        _from_python(net, backend, points.reshape(math.prod(batch), net.dim), view.reshape(-1, net.outputs))
    return result


def check_points(net: Any, x: Array, parameter: Array) -> tuple[int, ...]:
    """Return the batch shape of points for `net`, whose arrays lie where `parameter` does."""
    if not isinstance(x, np.ndarray) or x.dtype != net.dtype:
        dtype = arrays.real_dtype(x=x)
        if dtype != net.dtype:
            hint = f"net.like(x) or net.astype('{dtype}')"
            raise TypeError(f"x has dtype {dtype} and the network {net.dtype}; they must agree: {hint}")
    arrays.require_one_place("x", x, "the network", parameter, "net.like(x) brings it there")
    shape = arrays.shape_of(x)
    if not shape or shape[-1] != net.dim:
        raise ValueError(f"x has shape {shape}; (..., {net.dim}) is accepted")
    return shape[:-1]


def _is_fused(net: MLP, backend: backends.Backend) -> bool:
    if len(net.activations) != 1 or not net.activations[0].compiled or any(map(arrays.is_sparse, net.weights)):
        return False
    few = net.dim + net.outputs <= _FEW and net.units >= _UNITS
    return few or net.units > _MANY_UNITS or isinstance(backend, backends.Device)


def compiled_layers(net: MLP, backend: backends.Host) -> Any:
    """Return the layers of a network as the kernels for the host take them; None if they do not know a function.

    They are made once where all parameters are read in place, so that what is written to them shows.
    """
    if net._layers is not None:
        layers, watched = net._layers
        if all(starmap(_is_as_seen, watched)):
            return layers
    sizes, dtype = net.sizes, net.dtype
    activations: list[Any] = [
        f.for_kernels(n, backend, dtype) for f, n in zip(net.activations, sizes[1:], strict=False)
    ]
    if None in activations:
        return None
    activations.append(([], np.empty(0, dtype)))
    layers = _core.cpu.Float32Layers() if dtype == np.float32 else _core.cpu.Float64Layers()
    for weight, bias, inputs, activation in zip(net.weights, net.biases, sizes, activations, strict=False):
        bias = backend.view("biases", bias)
        if arrays.is_sparse(weight):
            csr = weight.tocsr()
            starts, columns = csr.indptr.astype(np.int64), csr.indices.astype(np.int64)
            layers.add_sparse(backend.view("weights", csr.data), starts, columns, inputs, bias, *activation)
        else:
            layers.add(backend.view("weights", weight), bias, *activation)
    parameters = *net.weights, *net.biases
    if all(map(_is_in_place, parameters)):
        net._layers = layers, [(array, _seen(array)) for array in parameters if type(array) is not np.ndarray]
    return layers


def _is_in_place(array: Array) -> bool:
    """Tell whether the kernels read an array itself. Only canonical sparse weights are never sorted in place."""
    if arrays.is_sparse(array):
        return array.format == "csr" and bool(array.has_canonical_format) and _is_in_place(array.data)
    if is_torch_array(array):
        return array.is_contiguous() and not array.is_neg()
    return type(array) is np.ndarray and array.flags.c_contiguous and array.flags.aligned


def _seen(array: Array) -> tuple[Any, ...]:
    """Return what changes when a tensor, or the values of sparse weights, take other memory, or places."""
    if arrays.is_sparse(array):
        return array.data, array.indptr.copy(), array.indices.copy()
    return array.data_ptr(), array.stride()


def _is_as_seen(array: Array, seen: tuple[Any, ...]) -> bool:
    if not arrays.is_sparse(array):
        return _seen(array) == seen
    values, starts, columns = seen
    unmoved = np.array_equal(array.indptr, starts) and np.array_equal(array.indices, columns)
    return array.data is values and unmoved


def _from_python(net: MLP, backend: backends.Host, points: Array, out: Array) -> None:
    weights = [w if arrays.is_sparse(w) else arrays.host_view("weights", w) for w in net.weights]
    biases = [arrays.host_view("biases", bias) for bias in net.biases]
    block = max(1, _BLOCK_BYTES // (max(net.sizes) * net.dtype.itemsize))
    for start in range(0, len(points), block):
        hidden = points[start : start + block]
        for layer, (weight, bias) in enumerate(zip(weights, biases, strict=True)):
            hidden = (weight @ hidden.T).T if arrays.is_sparse(weight) else hidden @ weight.T
            hidden = hidden + bias
            if layer < len(net.activations):
                hidden = arrays.host_view("hidden values", net.activations[layer](backend.finish(hidden)))
        out[start : start + block] = hidden
