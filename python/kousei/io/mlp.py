"""How files hold an MLP."""

from __future__ import annotations

from typing import Any

import numpy as np

from kousei._lib import arrays
from kousei.io.state import Arrays, Config, activation_from_config, activation_to_config, check_names, entry, shown
from kousei.network import MLP

_CSR = ("data", "indices", "indptr", "shape")


def to_state(net: MLP) -> tuple[Config, Arrays]:
    """Return the activations of a network as JSON, and its weights and biases as arrays."""
    tensors: Arrays = {}
    for i, (weight, bias) in enumerate(zip(net.weights, net.biases, strict=True)):
        if hasattr(weight, "tocsr"):
            rows = weight.tocsr()
            parts = (rows.data, rows.indices, rows.indptr, np.array(rows.shape, np.int64))
            tensors |= {f"weights.{i}.{part}": array for part, array in zip(_CSR, parts, strict=True)}
        else:
            tensors[f"weights.{i}"] = arrays.to_host(weight)
        tensors[f"biases.{i}"] = arrays.to_host(bias)
    return {"activations": [activation_to_config(activation) for activation in net.activations]}, tensors


def from_state(config: Config, tensors: Arrays) -> MLP:
    """Return the network of `to_state`; ValueError or TypeError if they make none."""
    check_names("config", config, ("activations",))
    activations = [activation_from_config(activation) for activation in entry(config, "activations", list)]
    layers = range(len(activations) + 1)
    sparse = {i for i in layers if f"weights.{i}.data" in tensors}
    names = [f"weights.{i}.{part}" for i in sparse for part in _CSR]
    names += [f"weights.{i}" for i in layers if i not in sparse] + [f"biases.{i}" for i in layers]
    check_names("tensors", tensors, names)
    weights = [_csr(i, tensors) if i in sparse else tensors[f"weights.{i}"] for i in layers]
    return MLP(weights, [tensors[f"biases.{i}"] for i in layers], activations)


def _csr(layer: int, tensors: Arrays) -> Any:
    """Return compressed sparse rows once every index is known to be inside; SciPy reads them unchecked."""
    from scipy.sparse import csr_array

    data, indices, indptr, shape = (tensors[f"weights.{layer}.{part}"] for part in _CSR)
    what = f"weights.{layer}"
    if data.dtype.kind != "f" or any(array.dtype.kind != "i" for array in (indices, indptr, shape)):
        raise ValueError(f"{what}: floating-point data, and integer indices, indptr and shape, are accepted")
    if indices.dtype != indptr.dtype:
        raise ValueError(f"{what}: indices has dtype {indices.dtype} and indptr {indptr.dtype}; they must agree")
    if shape.shape != (2,) or not (shape > 0).all():
        raise ValueError(f"{what}: shape was {shown(shape.tolist())}; two positive numbers are accepted")
    rows, columns = shape.tolist()
    if data.ndim != 1 or indices.shape != data.shape or indptr.shape != (rows + 1,):
        raise ValueError(
            f"{what}: data has shape {data.shape}, indices {indices.shape} and indptr {indptr.shape}; "
            f"(n,), (n,) and ({rows + 1},) are accepted"
        )
    if indptr[0] != 0 or indptr[-1] != len(data) or (indptr[1:] < indptr[:-1]).any():
        raise ValueError(f"{what}: indptr is not increasing from 0 to {len(data)}")
    if not ((indices >= 0) & (indices < columns)).all():
        raise ValueError(f"{what}: indices are not all from 0 to {columns - 1}")
    return csr_array((data, indices, indptr), shape=(rows, columns))
