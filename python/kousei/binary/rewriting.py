"""Theorem 4: ReLU networks with signs as weights."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from kousei._lib import arrays
from kousei._lib.errors import check_integer
from kousei.binary.chain import chain_of
from kousei.binary.decomposition import Array, Units, chain, dyadic, grid, shortest
from kousei.binary.network import BinaryNetwork
from kousei.binary.source import source_of
from kousei.network import MLP
from kousei.network.layers import Layers, check_finite
from kousei.packed import pack_signs

_EXACT = {"chain": chain, "dyadic": dyadic, "auto": shortest}
_MOST_BITS = 24


def binarize(net: MLP, method: str = "chain", *, bits: int | None = None, bias: str = "affine") -> BinaryNetwork:
    """Return the same function with ReLU units whose weights, but for the first layer's, are -1 or +1: Theorem 4.

    From the last layer downwards each column of the weights becomes a sum of sign vectors. Their coefficients, being
    positive, pass through ReLU into the layer below, where the unit stands once for each of them, and in the end
    into the first layer. Units with zero columns are left out.

    Parameters
    ----------
    net : MLP
        Of piecewise-linear activations; others than ReLU are rewritten first, as by `MLP.to_relu`.
    method : {"chain", "dyadic", "auto", "bits"}
        How a column is decomposed. "chain" takes at most one unit for each of its entries. "dyadic" takes powers of
        two, so that the number of units is proportional to the digits of the weights and the depth: short for
        weights of few digits. "auto" takes whichever is shorter for a column. These three are exact. "bits" takes
        `bits` units for every column and rounds to what they can represent.
    bits : int, 1 to 24
        With the method "bits", and only then.
    bias : {"affine", "strict"}
        Whether the layers of signs have real biases, or none: then there is one unit for the constant 1 in each
        hidden layer, which is decomposed with the others.

    Returns
    -------
    BinaryNetwork
        Of the dtype of the network, in NumPy arrays; computed in float64.

    Raises
    ------
    TypeError
        If `net` is not an MLP, or `bits` no integer.
    ValueError
        If an activation is not piecewise linear, a parameter is not finite or becomes so, a coefficient underflows,
        or for an unknown `method`, `bias` or number of bits.
    MemoryError
        If there are more units than this machine can hold.

    Notes
    -----
    Theorem 4 of the ReLU representation theory (JSIAM 2024, G3-4-1; after Nagase 2022). See the page on binary
    networks for the decompositions.

    Examples
    --------
    >>> import numpy as np
    >>> import kousei
    >>> net = kousei.MLP.random([2, 4, 3, 2], "relu", rng=0)
    >>> binary = kousei.binarize(net)
    >>> binary
    BinaryNetwork(2 -> 24 -> 6 -> 2, float64, 80 real numbers, 156 signs)
    >>> x = np.random.default_rng(1).normal(size=(100, 2))
    >>> bool(np.abs(net(x) - binary(x)).max() < 1e-13)
    True
    >>> kousei.binarize(net, "bits", bits=4)
    BinaryNetwork(2 -> 16 -> 12 -> 2, float64, 62 real numbers, 216 signs)
    """
    if not isinstance(net, MLP):
        raise TypeError(f"net was {type(net).__name__}; a kousei.MLP is accepted")
    decompose = _decomposition(method, bits)
    if bias not in ("affine", "strict"):
        raise ValueError(f"bias was {bias!r}; 'affine' and 'strict' are accepted")
    layers = source_of(net, bias)
    (weight, *biases), found = _pushed_down(layers, decompose)
    sources = found[0][1].sources if found else np.arange(len(weight))
    scales = found[0][1].coefs if found else np.ones(len(weight))
    first = [layers.weights[0], layers.biases[0]]
    with np.errstate(over="ignore"):
        weight, *biases = [array.astype(net.dtype) for array in (weight, *biases)]
        first = [array.astype(net.dtype) for array in first]
    check_finite("the binary network", [weight], biases, net.dtype)
    chains = [chain_of(matrix) if method == "chain" else None for matrix, _ in found]
    return BinaryNetwork(
        weight=first[0],
        bias=first[1],
        sources=sources.astype(np.int32),
        scales=scales,
        layers=tuple(
            pack_signs(units.signs(matrix)) if chain is None else chain.pack()
            for (matrix, units), chain in zip(found, chains, strict=True)
        ),
        biases=tuple(biases[1:]),
        activations=tuple(layers.activations),
        chains=tuple(chains),
        method=method,
        bits=bits,
        bias_mode=bias,
        source=layers,
        errors=tuple(units.errors for _, units in found),
    )


def _decomposition(method: str, bits: int | None) -> Callable[[Array], Units]:
    *exact, last = accepted = (*_EXACT, "bits")
    if method not in accepted:
        raise ValueError(f"method was {method!r}; {', '.join(map(repr, exact))} and {last!r} are accepted")
    if method != "bits":
        if bits is not None:
            raise ValueError(f"bits was {bits!r} and method {method!r}, which is exact; method='bits' takes bits")
        return _EXACT[method]
    if bits is None:
        raise ValueError(f"bits was None; with method='bits' 1 to {_MOST_BITS} is accepted")
    return partial(grid, bits=check_integer("bits", bits, 1, _MOST_BITS))


def _pushed_down(
    layers: Layers, decompose: Callable[[Array], Units]
) -> tuple[list[Array], list[tuple[Array, Units]]]:
    """Return the real weight and the biases of all layers, and for each layer of signs its matrix and its units."""
    found: list[tuple[Array, Units]] = []
    matrix, biases = layers.weights[-1], [layers.biases[-1]]
    held = 0
    for i in reversed(range(len(layers.weights) - 1)):
        units = decompose(matrix)
        if not units.coefs.all():
            raise ValueError(
                f"weights[{i + 1}] takes coefficients below the least float64 by this method; 'chain' is accepted"
            )
        count = len(units.coefs)
        held += count * len(matrix) + 8 * count * layers.weights[i].shape[1]
        arrays.require_memory(held, 1, f"a binary network of {count} units in hidden layer {i}")
        found.insert(0, (matrix, units))
        with np.errstate(over="ignore"):
            matrix = units.coefs[:, None] * layers.weights[i][units.sources]
            biases.insert(0, units.coefs * layers.biases[i][units.sources])
        if not np.isfinite(matrix).all():
            raise ValueError(f"weights[{i}] times the coefficients of the layers above overflow; less is accepted")
    return [matrix, *biases], found
