"""Networks of signs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import Any

import numpy as np

from kousei._lib import arrays, backends
from kousei._lib.boxes import Bounds, check_bounds
from kousei._lib.errors import check_type
from kousei.activation import Activation
from kousei.binary.chain import Chain, read_only
from kousei.binary.checks import check, check_groups
from kousei.binary.decomposition import Rounding
from kousei.binary.error import ErrorBound, bound_error
from kousei.binary.evaluation import evaluate
from kousei.binary.homogeneous import of_units
from kousei.binary.multiples import Multiples
from kousei.binary.source import digest_of, source_of
from kousei.binary.summary import BinarySummary
from kousei.network import MLP
from kousei.network.layers import Layers, with_dtype
from kousei.packed import PackedSigns

Array = np.ndarray[Any, Any]


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class BinaryNetwork:
    """A network whose weights are -1 or +1 on every layer but the first, which is real; made by `binarize`.

    Unit k of the first hidden layer is f(scales[k] (weight[sources[k]] . x + bias[sources[k]])), and as f is
    positively homogeneous it is a multiple of f at a row of `weight`: rows are fewer than units.

    Parameters
    ----------
    weight, bias : arrays (rows, dim) and (rows,) of float32 or float64
        A real affine map of the inputs.
    sources : numpy.ndarray (units,) of int32
        The row that a unit of the first hidden layer takes.
    scales : numpy.ndarray (units,) of float64
        Its multiple: positive. Without hidden layers, that of an output.
    layers : tuple of PackedSigns (outputs of the layer, inputs of the layer)
        The weights after it. A hidden layer of which nothing is left has no units.
    biases : tuple of arrays (outputs of the layer,)
        One for each of these, of the dtype of `weight`; zeros for bias="strict".
    activations : tuple of Activation
        One for each of these, applied before it; each positively homogeneous. The first says what is applied to each
        row of `weight`, and to all units that take it; the others, what to each unit.
    chains : tuple of Chain or None
        One for each of these: its columns as chains, where it consists of them.
    method, bits, bias_mode
        How it was made, see `binarize`.
    multiples : tuple of Multiples or None
        One for each of these: which of its rows have pre-activations that are multiples of those of others, where
        that is known, as of exact methods; never of the outputs. Empty: of none. Biases are held
        against it, signs are not.
    source : Layers, optional
        The network it stands for, with a unit for the constant where bias="strict".
    errors : tuple of Rounding (inputs of the layer of `source`,)
        For each layer of signs, by how much it can differ from the weights of a column; none of an exact method.
    source_sizes : tuple of int
        Units of each layer of `source`; known where that is given.
    source_digest : str
        What `error_bound` knows the network by that was given to `binarize`; empty where it is not known.

    Raises
    ------
    TypeError
        If a parameter is of another type.
    ValueError
        If the shapes do not chain, a source is no row, a scale is not positive and finite, an activation is not
        positively homogeneous, chains do not give the signs of their layer, or biases are not the multiples given.

    Examples
    --------
    >>> import numpy as np
    >>> import kousei
    >>> net = kousei.MLP([np.array([[1.0], [-1.0]]), np.array([[3.0, 2.0]])], [np.zeros(2), np.ones(1)], ["relu"])
    >>> binary = kousei.binarize(net)
    >>> binary.first
    (array([[ 3.],
           [-2.]]), array([0., 0.]))
    >>> binary.layers[0].unpack()
    array([[1, 1]], dtype=int8)
    >>> binary(np.array([[-1.0], [2.0]]))
    array([3., 7.])
    """

    weight: Array
    bias: Array
    sources: Array
    scales: Array
    layers: tuple[PackedSigns, ...]
    biases: tuple[Array, ...]
    activations: tuple[Activation, ...]
    chains: tuple[Chain | None, ...]
    method: str
    bits: int | None = None
    bias_mode: str = "affine"
    multiples: tuple[Multiples | None, ...] = ()
    source: Layers | None = None
    errors: tuple[Rounding, ...] = ()
    source_sizes: tuple[int, ...] = ()
    source_digest: str = ""

    def __post_init__(self) -> None:
        check_groups(self)
        if self.source is not None:
            weights = self.source.weights
            self.__dict__["source_sizes"] = (weights[0].shape[1], *map(len, weights))
        self.__dict__.update(
            weight=_real("weight", self.weight),
            bias=_real("bias", self.bias),
            **{name: tuple(getattr(self, name)) for name in ("layers", "activations", "chains")},
            multiples=tuple(self.multiples) or (None,) * len(self.layers),
            biases=tuple(_real(f"biases[{i}]", bias) for i, bias in enumerate(self.biases)),
            sources=read_only("sources", self.sources, np.int32),
            scales=read_only("scales", self.scales, np.float64),
        )
        check(self)
        if arrays.on_host(self.bias):  # of equal signs those that the chains keep, so that they are held once
            pairs = zip(self.layers, self.chains, strict=True)
            self.__dict__["layers"] = tuple(chain.pack() if chain else layer for layer, chain in pairs)

    def __reduce__(self) -> tuple[Any, ...]:
        return _restored, ({field.name: getattr(self, field.name) for field in fields(self)},)

    @cached_property
    def _kept(self) -> dict[Any, Any]:
        """What calls make once, of the host and of a device."""
        return {}

    @cached_property
    def sizes(self) -> tuple[int, ...]:
        """Units of each layer, from the inputs to the outputs."""
        return (arrays.shape_of(self.weight)[1], len(self.sources), *(layer.shape[0] for layer in self.layers))

    @property
    def dim(self) -> int:
        """Inputs of the network."""
        return self.sizes[0]

    @property
    def outputs(self) -> int:
        """Outputs of the network."""
        return self.sizes[-1]

    @property
    def dtype(self) -> np.dtype[Any]:
        """Dtype of the real parameters and of the points the network accepts."""
        return np.dtype(arrays.dtype_name(self.weight))

    @property
    def first(self) -> tuple[Array, Array]:
        """The real affine map at the inputs written out, in NumPy: weight (units, dim) and bias (units,)."""
        weight, bias = (arrays.to_host(array)[self.sources] for array in (self.weight, self.bias))
        with np.errstate(over="ignore"):
            return (self.scales[:, None] * weight).astype(self.dtype), (self.scales * bias).astype(self.dtype)

    def __repr__(self) -> str:
        chain, sizes = " -> ".join(map(str, self.sizes)), self.summary()
        return f"BinaryNetwork({chain}, {self.dtype.name}, {sizes.real} real numbers, {sizes.binary} signs)"

    def __call__(self, x: Array, /, *, out: Array | None = None, form: str = "auto") -> Array:
        """Evaluate the network.

        Parameters
        ----------
        x : array (..., dim)
            Points, of the dtype of the network, in its memory.
        out : array, optional
            Where to put the result: like `x`, of exactly its shape, C-contiguous.
        form : {"auto", "ranks", "packed"}
            How signs are applied: by the ranks of their chains, in time proportional to rows and columns together for
            each column of the given network; or bit by bit, as rows times columns. "auto" takes ranks where a layer
            has them, in host memory. Both compute one of the rows that are multiples of each other, which "packed"
            does not: bit by bit all rows, as hardware for signs would, and with more rounding.

        Returns
        -------
        array (...) or (..., outputs)
            Of the library and dtype of `x`; without the last axis for a network with one output.

        Raises
        ------
        TypeError
            If `x` is not an array of the network's dtype and memory.
        ValueError
            If its last axis is not `dim`, `out` does not fit, or `form` is "ranks" where a layer does not consist of
            chains, or in CUDA memory.
        CudaError
            If `x` lies in CUDA memory and there is no device or no CUDA build.

        Notes
        -----
        A value does not depend on the number of threads, and on the other points by their number alone: a few are
        summed in another order than more.
        """
        return evaluate(self, x, out, form)

    def to_mlp(self) -> MLP:
        """Return the network as an MLP, its signs as numbers.

        A hidden layer without units becomes one with a unit that is 0. Every row is a sum of its own, as with
        form="packed", so that it rounds by more than the network does.

        Returns
        -------
        MLP
            In the library and memory of the network.

        Examples
        --------
        >>> import kousei
        >>> kousei.binarize(kousei.MLP.random([2, 4, 3, 2], "relu", rng=0)).to_mlp()
        MLP(2 -> 24 relu -> 6 relu -> 2, float64, 236 parameters)
        """
        weight, bias = self.first
        weights = [weight, *(arrays.to_host(layer.unpack(self.dtype)) for layer in self.layers)]
        biases = [bias, *map(arrays.to_host, self.biases)]
        activations = list(self.activations)
        if activations:
            activations[0] = of_units(activations[0], len(self.weight), self.sources)
        for i, bias in enumerate(biases):
            if len(bias) == 0:
                # Below it there is no unit either: all that is 0 up to the layer above.
                fill = 1 if i else 0
                weights[i] = np.full((1, weights[i].shape[1]), fill, self.dtype)
                weights[i + 1] = np.ones((len(weights[i + 1]), 1), self.dtype)
                biases[i] = np.zeros(1, self.dtype)
        return MLP(weights, biases, activations).like(self.bias)

    def astype(self, dtype: Any) -> BinaryNetwork:
        """Return the network with real parameters of another dtype.

        Parameters
        ----------
        dtype : {"float32", "float64"} or numpy.dtype

        Returns
        -------
        BinaryNetwork

        Raises
        ------
        TypeError
            For any other dtype.
        ValueError
            If a scale overflows in it.
        """
        wanted = arrays.check_dtype(dtype, "float32", "float64")
        with np.errstate(over="ignore"):
            return self._map(lambda array: with_dtype(array, wanted))

    def like(self, x: Array, /) -> BinaryNetwork:
        """Return the network where `x` is: in its memory, with real parameters of its dtype.

        In host memory they are arrays of NumPy, whatever the library of `x`; in CUDA memory they are of that library.

        Parameters
        ----------
        x : array of float32 or float64

        Returns
        -------
        BinaryNetwork

        Raises
        ------
        TypeError
            If `x` is not such an array.
        CudaError
            If `x` lies in CUDA memory and there is no device or no CUDA build.
        """
        backend, x = backends.enter("x", x)
        model = backend.empty((0,), arrays.real_dtype(x=x))
        there = self.astype(arrays.dtype_name(model))
        layers = tuple(layer.like(model) for layer in self.layers)
        return there._map(lambda array: arrays.like(array, model), layers=layers)

    def _map(self, convert: Callable[[Array], Array], **others: Any) -> BinaryNetwork:
        weight, bias, *biases = map(convert, (self.weight, self.bias, *self.biases))
        return replace(self, weight=weight, bias=bias, biases=tuple(biases), **others)

    def error_bound(self, box: Bounds, net: MLP | None = None) -> ErrorBound:
        """Bound the difference of the outputs from those of the network this one was made from.

        Parameters
        ----------
        box : sequence of (lo, hi)
            One pair for each input.
        net : MLP, optional
            That network; needed where this one was read from a file and is not exact.

        Returns
        -------
        ErrorBound
            Of the largest difference of an output on the box, in real arithmetic; 0 for an exact method.

        Raises
        ------
        TypeError
            If `net` is not an MLP.
        ValueError
            If lo > hi, a bound is not finite, or they are not one for each input; if `net` is needed and missing, or
            not that network.

        Notes
        -----
        With e_p the error of column p of layer l and h_p the largest modulus on the box, by `MLP.bounds` with the
        method "linear", of the unit of the given network that it takes, less the mean for which the bias of a
        calibrated network makes up, layer l contributes (prod over t > l of W_t) sum_p e_p h_p. W_t are the inputs of
        the signs of layer t, each times the largest slope of its activation; of a power of ReLU that is the largest
        one on what it can take.

        Examples
        --------
        >>> import kousei
        >>> net = kousei.MLP.random([2, 4, 3, 2], "relu", rng=0)
        >>> kousei.binarize(net).error_bound([(-1, 1), (-1, 1)]).total
        0.0
        >>> bound = kousei.binarize(net, "bits", bits=16).error_bound([(-1, 1), (-1, 1)])
        >>> 0 < bound.total < 0.1
        True
        """
        ends = check_bounds(box, "box", self.dim, flat=True)
        if net is not None:
            check_type("net", net, MLP, "a kousei.MLP")
            # Before it is rewritten: no network that cannot be is the one this was made from.
            if not self.source_digest or digest_of(net) != self.source_digest:
                raise ValueError(f"net was {net!r}, which is not the network this one was made from")
        if self.bits is None:
            return ErrorBound((0.0,) * len(self.layers), "proven")
        source = self.source if net is None else source_of(net, self.bias_mode)
        if source is None:
            raise ValueError(
                "net was None; the network this one was made from is accepted, which a file does not hold"
            )
        return bound_error(source, self.bits, self.errors, ends)

    def summary(self) -> BinarySummary:
        """Sizes, beside those of Theorem 4 for weights without zeros or ties.

        Returns
        -------
        BinarySummary
            Printed, it is a table.

        Examples
        --------
        >>> import kousei
        >>> print(kousei.binarize(kousei.MLP.random([2, 4, 3, 2], "relu", rng=0), "bits", bits=4).summary())
        layer   inputs  outputs  generic  weights
            0        2       16       24  real
            1       16       12        6  signs
            2       12        2        2  signs
        real parameters 62, signs 216
        Theorem 4: generically 156 signs, here 1.38 times as many, and 48 real weights, 1.85 times those given
        """
        biases = [arrays.to_host(self.bias)[self.sources], *map(arrays.to_host, self.biases)]
        real = self.dim * len(self.sources) + sum(bias.size for bias in biases if bias.any())
        return BinarySummary(self.sizes, real, self.source_sizes)


def _restored(parameters: dict[str, Any]) -> BinaryNetwork:
    return BinaryNetwork(**parameters)


def _real(name: str, array: Any) -> Any:
    """Return an array of real parameters: one of NumPy, read-only, or one in CUDA memory."""
    if isinstance(array, np.ndarray) or arrays.on_host(arrays.known(name, array)):
        return read_only(name, array)
    return array
