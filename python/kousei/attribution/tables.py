"""Values of coalitions, and Owen values, of functions of sets whose terms are tabulated."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from kousei._lib import arrays, backends
from kousei._lib.arrays import Array
from kousei.attribution.masks import Flags, Groups, as_bytes, masked_sets
from kousei.network import MLP

#: What the kernels accept: kousei::attribution::most_features.
_MOST_FEATURES = 24
#: Numbers of masked items that the networks are given at a time, in bytes.
_BYTES_AT_ONCE = 2**24
#: Numbers of a table, in bytes: what takes more is not tabulated.
_MOST_BYTES = 2**30


class Tables:
    """Terms of the items of a set, with each choice of their features, and what stands behind their sum.

    Attributes
    ----------
    terms : array (n, 2^features, units)
        Times the first weight of rho.
    weights : array (n, 2^features) or None
        What sums are divided by.
    rho : MLP
    features : int
    """

    terms: Array
    weights: Array | None
    rho: MLP
    features: int

    def __init__(self, terms: Array, weights: Array | None, rho: MLP, features: int) -> None:
        self.terms, self.weights, self.rho, self.features = terms, weights, rho, features

    def __call__(self, coalitions: Flags) -> Array:
        """Return the values (batch,) of coalitions (batch, n, features), like the terms."""
        backend, _ = backends.enter("terms", self.terms)
        values = backend.empty((len(coalitions), 1), self.rho.dtype)
        present = backend.view("coalitions", backend.keep(as_bytes(coalitions)))
        out = backend.view("values", values)
        backend.kernels.attribution_evaluate(*self._views(backend), present, out, backend.launch())
        return backend.finish(values)[:, 0]

    def owen_values(self, first: int, count: int) -> np.ndarray[Any, np.dtype[np.float64]]:
        """Return the Owen values (count, features) of the features of some items, by all coalitions, in host memory.

        Those are first, ..., first + count - 1; the values of each do not depend on which they are.
        """
        backend, _ = backends.enter("terms", self.terms)
        values = backend.empty((1, count, self.features), np.dtype(np.float64))
        backend.kernels.attribution_owen_values(
            *self._views(backend), first, backend.view("values", values), backend.launch()
        )
        return arrays.to_host(values)[0]

    def _views(self, backend: backends.Backend) -> tuple[Any, Any, list[Any]]:
        view, rho, dtype = backend.view, self.rho, self.rho.dtype
        weights = None if self.weights is None else view("weights", self.weights)
        # That of the first layer is in the terms.
        matrices = [backend.empty((rho.sizes[1], 0), dtype), *map(arrays.dense, rho.weights[1:])]
        each = zip(rho.activations, rho.sizes[1:], strict=False)
        # None of them is a function of one's own, which `tabulate` has seen to.
        parts = [part for f, units in each if (part := f.for_kernels(units, backend, dtype))]
        parts.append(([], view("parameters", backend.empty((0,), dtype))))
        layers = [
            (view("weight", weight), view("bias", bias), of_units, parameters)
            for weight, bias, (of_units, parameters) in zip(matrices, rho.biases, parts, strict=True)
        ]
        return view("terms", self.terms), weights, layers


def tabulate(
    terms_of: Callable[[Array], tuple[Array, Array | None]],
    rho: MLP,
    items: Array,
    baseline: Array,
    absent: str,
    groups: Groups,
) -> Tables | None:
    """Return tables of what terms_of(x) gives of masked items: terms (..., width), and scores (...) or None.

    None where rho has a function of one's own among its activations, scores are too far apart for a table, there are
    more features than the kernels accept, or it would take more than 1 GiB.
    """
    backend, items = backends.enter("items", items)
    parts = [
        f.for_kernels(units, backend, rho.dtype) for f, units in zip(rho.activations, rho.sizes[1:], strict=False)
    ]
    n, columns = arrays.shape_of(items)
    features = int(groups.max()) + 1
    width = max(rho.dim, rho.sizes[1])
    if None in parts or features > _MOST_FEATURES or n * 2**features * width * rho.dtype.itemsize > _MOST_BYTES:
        return None
    versions = (np.arange(2**features)[:, None] >> np.arange(features) & 1).astype(bool)
    blocks = []
    at_once = max(1, _BYTES_AT_ONCE // (n * columns * rho.dtype.itemsize))
    for start in range(0, len(versions), at_once):
        some = np.repeat(versions[start : start + at_once, None], n, axis=1)
        blocks.append(terms_of(masked_sets(items, baseline, some, absent, groups)[0]))
    xp = arrays.namespace(items)
    terms = xp.concat([block[0] for block in blocks])
    weights = None
    if blocks[0][1] is not None:
        scores = xp.concat([block[1] for block in blocks])
        weights = xp.exp(scores - xp.max(scores))
        if not float(xp.min(weights)) > math.sqrt(np.finfo(rho.dtype).tiny):
            return None
        terms = terms * weights[..., None]
        weights = xp.permute_dims(weights, (1, 0))
    first = MLP([rho.weights[0]], [xp.zeros_like(rho.biases[0])], [])
    products = xp.permute_dims(first(terms) if first.outputs > 1 else first(terms)[..., None], (1, 0, 2))
    if absent == "remove":
        products = _without_first(xp, products)
        weights = None if weights is None else _without_first(xp, weights)
    return Tables(products, weights, rho, features)


def _without_first(xp: Any, table: Array) -> Array:
    """Return a table (n, versions, ...) with 0 for the first version: that of an item that has left."""
    return xp.concat([xp.zeros_like(table[:, :1, ...]), table[:, 1:, ...]], axis=1)
