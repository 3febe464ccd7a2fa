"""Theorem 4: networks with signs as weights."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from kousei._lib import _core, arrays
from kousei._lib.errors import check_bool, check_type
from kousei._lib.progress import bar
from kousei.activation import Activation
from kousei.binary.calibration import Rounded, Statistics, calibrated, plain, points_of, statistics_of
from kousei.binary.chain import Chain, chain_of
from kousei.binary.checks import check_method
from kousei.binary.decomposition import Array, Rounding, Units, chain, dyadic, joined, on_grid, shortest
from kousei.binary.homogeneous import degrees_of, of_units
from kousei.binary.multiples import multiples_of
from kousei.binary.network import BinaryNetwork
from kousei.binary.source import digest_of, source_of
from kousei.network import MLP
from kousei.network.layers import Layers, check_finite
from kousei.packed import PackedSigns, pack_signs

_DECOMPOSITIONS = {"chain": chain, "dyadic": dyadic, "auto": shortest}
#: Matrices of its size that rounding one takes.
_COPIES = 6
#: Numbers, or signs, that are computed at a time.
_BLOCK = 1 << 20
#: Exponent of two up to which multiples of a row's values stay as they are: those 2^30 times less are normal float32.
_FAR = 96


def binarize(
    net: MLP,
    method: str = "chain",
    bits: int | None = None,
    calibrate: Any = None,
    bias: str = "affine",
    *,
    progress: bool = False,
) -> BinaryNetwork:
    """Return the same function by units whose weights, but for the first layer's, are -1 or +1: Theorem 4.

    From the last layer downwards each column of the weights becomes a sum of sign vectors. Their coefficients, being
    positive, pass through the activation into the layer below, where the unit stands once for each of them, and in
    the end into the first layer. Units with zero columns are left out.

    Parameters
    ----------
    net : MLP
        ReLU, leaky ReLU, PReLU, abs and every piecewise-linear activation whose only kink is at 0, where it is 0,
        stay as they are, and so do the powers of ReLU, `kousei.activation.repu`. Units of other piecewise-linear ones
        are rewritten with ReLU first, as by `MLP.to_relu`.
    method : {"chain", "dyadic", "auto", "bits"}
        How a column is decomposed. "chain" takes at most one unit for each of its entries. "dyadic" takes powers of
        two, so that the number of units is proportional to the digits of the weights and the depth: short for
        weights of few digits. "auto" takes whichever is shorter for a column. These three are exact. "bits" takes
        `bits` units for every column and rounds to what they can represent.
    bits : int, 1 to 24
        With the method "bits", and only then.
    calibrate : array (points, dim), optional
        With the method "bits": points like those the network is for, of its dtype and in its memory. Columns are then
        so rounded that little changes there: each makes up for the errors of others, and the bias for what is left
        in the mean.
    bias : {"affine", "strict"}
        Whether the layers of signs have real biases, or none: then there is one unit for the constant 1 in each
        hidden layer, which is decomposed with the others.
    progress : bool
        Whether to show a bar over columns and rows of each layer.

    Returns
    -------
    BinaryNetwork
        Of the dtype of the network, in NumPy arrays; computed in float64.

    Raises
    ------
    TypeError
        If `net` is not an MLP, `bits` no integer, or `calibrate` not such an array.
    ValueError
        If an activation is not one of these, a parameter is not finite or becomes so, a coefficient underflows, for
        an unknown `method`, `bias` or number of bits; if `calibrate` is of another width, not finite, or empty.
    MemoryError
        If there are more units than this machine can hold; they are counted first.

    Notes
    -----
    Theorem 4 of the ReLU representation theory (JSIAM 2024, G3-4-1; after Nagase 2022). The calibration is that of
    E. Frantar et al., "GPTQ: accurate post-training quantization for generative pre-trained transformers" (2023). See
    the page on binary networks for the decompositions.

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
    >>> rounded = kousei.binarize(net, "bits", bits=4)
    >>> rounded
    BinaryNetwork(2 -> 16 -> 12 -> 2, float64, 62 real numbers, 216 signs)
    >>> fitted = kousei.binarize(net, "bits", bits=4, calibrate=x)
    >>> bool(np.square(net(x) - fitted(x)).mean() < np.square(net(x) - rounded(x)).mean())
    True
    """
    check_type("net", net, MLP, "a kousei.MLP")
    check_method(method, bits, bias)
    if calibrate is not None and method != "bits":
        raise ValueError(f"calibrate was given and method {method!r}, which is exact; method='bits' takes points")
    check_bool("progress", progress)
    points = None if calibrate is None else points_of(net, calibrate)
    source = source_of(net, bias)
    statistics = None if points is None else statistics_of(source, points, bias)
    first, found = _pushed_down(source, method, bits, statistics, progress)
    weight, row_bias = source.weights[0], source.biases[0]
    with np.errstate(over="ignore"):
        reach = first.scales * np.maximum(np.abs(weight).max(axis=1), np.abs(row_bias))[first.sources]
        _check_product(reach, 0)
        shift = _shift(source, first)
        weight, row_bias = np.ldexp(weight, shift[:, None]), np.ldexp(row_bias, shift)
        scales = np.ldexp(first.scales, -shift[first.sources])
        weight, row_bias, reach = (array.astype(net.dtype) for array in (weight, row_bias, reach))
        biases = tuple(layer.bias.astype(net.dtype) for layer in found)
    check_finite("the binary network", [reach], [row_bias, *biases], net.dtype)
    chains = tuple(map(_chain, found))
    with bar(progress, "rows of signs", sum(layer.matrix.shape[0] for layer in found)) as advance:
        pairs = zip(found, chains, strict=True)
        signs = tuple(_packed(layer, chain, advance) for layer, chain in pairs)
    return BinaryNetwork(
        weight=weight,
        bias=row_bias,
        sources=first.sources.astype(np.int32),
        scales=scales,
        layers=signs,
        biases=biases,
        activations=tuple(layer.activation for layer in found),
        chains=chains,
        multiples=tuple(multiples_of(layer.matrix.sources, layer.matrix.scales) for layer in found),
        method=method,
        bits=bits,
        bias_mode=bias,
        source=source,
        source_digest=digest_of(net),
        errors=tuple(layer.rounding for layer in found if layer.rounding is not None),
    )


class _Matrix(NamedTuple):
    """Rows of a weight, times scales."""

    weight: Array
    sources: Array
    scales: Array

    @classmethod
    def of(cls, weight: Array) -> _Matrix:
        return cls(weight, np.arange(len(weight)), np.ones(len(weight)))

    @property
    def shape(self) -> tuple[int, int]:
        return len(self.sources), self.weight.shape[1]

    def part(self, rows: slice, columns: slice | Array) -> Array:
        with np.errstate(over="ignore"):
            return self.scales[rows, None] * self.weight[:, columns][self.sources[rows]]

    def blocks(self) -> Iterator[tuple[Array, Array]]:
        """Yield the numbers of some columns after the others, and these columns."""
        rows, count = self.shape
        block = max(1, _BLOCK // max(1, rows))
        for start in range(0, count, block):
            columns = np.arange(start, min(start + block, count))
            yield columns, self.part(slice(None), columns)


class _Layer(NamedTuple):
    """A layer of signs."""

    matrix: _Matrix
    units: Units
    bias: Array
    #: Of the first layer's rows; then of the units at its inputs.
    activation: Activation
    rounding: Rounding | None


def _shift(source: Layers, first: _Matrix) -> Array:
    """Return the powers of two that go from the multiples of each row into the row.

    Of the values of a row multiples are taken, and so of what float32 holds of them: the largest is kept within it.
    """
    rows = len(source.weights[0])
    largest = np.zeros(rows)
    np.maximum.at(largest, first.sources, first.scales)
    degrees = degrees_of(source.activations[0], rows) if source.activations else np.ones(rows, np.int64)
    exponent = np.frexp(largest)[1] - 1
    return exponent - np.clip(exponent, -(_FAR // degrees), _FAR // degrees)


def _pushed_down(
    source: Layers, method: str, bits: int | None, statistics: list[Statistics] | None, progress: bool
) -> tuple[_Matrix, list[_Layer]]:
    """Return the first layer, as rows of the given one, and the layers of signs."""
    found: list[_Layer] = []
    matrix, offset = _Matrix.of(source.weights[-1]), source.biases[-1]
    held = 0
    for i in reversed(range(len(source.activations))):
        rows, columns = matrix.shape
        rounding = None
        with bar(progress, f"columns of weights[{i + 1}]", columns) as advance:
            if bits is None:
                parts = partial(_parts, matrix, _DECOMPOSITIONS[method], i + 1)
                count = sum(len(units.coefs) for _, units in parts(advance))
            else:
                rounded = _rounded(matrix, bits, statistics[i] if statistics else None, i + 1, advance)
                matrix, offset, rounding = _Matrix.of(rounded.matrix), offset + rounded.shift, rounded.rounding
                count = bits * int(np.count_nonzero(rounding.step))
        # Bits, ranks, and what is known of each unit.
        held += 4 * rows * _core.packed_stride(count) + 4 * rows * columns + 48 * count
        arrays.require_memory(held, 1, f"a binary network of {count} units in hidden layer {i}")
        units = joined(list(parts())) if bits is None or rounding is None else on_grid(rounding.step, bits)
        _check_coefs(units.coefs, i + 1)
        activation = of_units(source.activations[i], columns, units.sources) if i else source.activations[0]
        found.insert(0, _Layer(matrix, units, offset, activation, rounding))
        # f(c z) = c^p f(z)
        degrees = degrees_of(source.activations[i], columns)[units.sources]
        scales = np.where(degrees == 1, units.coefs, units.coefs ** (1 / degrees))
        matrix = _Matrix(source.weights[i], units.sources, scales)
        with np.errstate(over="ignore"):
            offset = scales * source.biases[i][units.sources]
    return matrix, found


def _rounded(
    matrix: _Matrix, bits: int, statistics: Statistics | None, number: int, advance: Callable[[int], Any]
) -> Rounded:
    """Return weights[number] times the coefficients of the layers above, rounded to bits."""
    rows, columns = matrix.shape
    arrays.require_memory(
        _COPIES * rows * columns, 8, f"rounding weights[{number}] as a matrix of {rows} x {columns}"
    )
    dense = matrix.part(slice(None), slice(None))
    _check_product(dense, number)
    rounded = plain(dense, bits) if statistics is None else calibrated(dense, statistics, bits, advance)
    _check_coefs(rounded.rounding.step[dense.any(axis=0)], number)
    return rounded


def _parts(
    matrix: _Matrix, decompose: Callable[[Array], Units], number: int, advance: Callable[[int], Any] | None = None
) -> Iterator[tuple[Array, Units]]:
    """Yield the units of some columns of weights[number] after the others."""
    for columns, part in matrix.blocks():
        _check_product(part, number)
        yield columns, decompose(part)
        if advance:
            advance(len(columns))


def _packed(layer: _Layer, chain: Chain | None, advance: Callable[[int], Any]) -> PackedSigns:
    """Return the signs of a layer."""
    (rows, _), columns = layer.matrix.shape, len(layer.units.coefs)
    if chain is not None:
        advance(rows)
        return chain.pack()
    words = np.empty((rows, _core.packed_stride(columns)), np.uint32)
    block = max(1, _BLOCK // max(1, columns))
    for start in range(0, rows, block):
        part = slice(start, min(start + block, rows))
        words[part] = pack_signs(layer.units.signs(layer.matrix.part(part, slice(None)))).words
        advance(part.stop - start)
    return PackedSigns(words, (rows, columns))


def _chain(layer: _Layer) -> Chain | None:
    """Return the ranks of a layer that consists of chains."""
    if not layer.units.chains:
        return None
    found = [(columns, chain_of(part)) for columns, part in layer.matrix.blocks()]
    return Chain(
        np.concatenate([chain.ranks for _, chain in found], axis=1),
        np.concatenate([columns[chain.sources] for columns, chain in found]).astype(np.int32),
        np.concatenate([chain.signs for _, chain in found]),
    )


def _check_product(product: Array, number: int) -> None:
    if not np.isfinite(product).all():
        raise ValueError(f"weights[{number}] times the coefficients of the layers above overflow; less is accepted")


def _check_coefs(coefs: Array, number: int) -> None:
    if not coefs.all():
        raise ValueError(
            f"weights[{number}] takes coefficients below the least float64 by this method; 'chain' is accepted"
        )
