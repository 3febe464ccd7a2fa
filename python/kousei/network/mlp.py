"""Multi-layer perceptrons: the common currency of constructors and rewriters."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Self

import numpy as np

from kousei._lib import arrays, backends
from kousei._lib.arrays import Array
from kousei._lib.boxes import check_bounds
from kousei._lib.errors import check_bool, is_real_number
from kousei._lib.random import Rng, generator
from kousei.activation import Activation
from kousei.activation.named import resolve
from kousei.network import rewriting
from kousei.network.bounds import bounds, propagate
from kousei.network.evaluation import evaluate
from kousei.network.jet import divergence, jet
from kousei.network.layers import (
    Layers,
    check_finite,
    check_layers,
    layers_of,
    size_of,
    with_dtype,
)
from kousei.network.summary import Formula, summary


class MLP:
    """A fully connected network: hidden = activation(W x + b), layer after layer; the last layer is affine.

    Parameters
    ----------
    weights : sequence of arrays (outputs of the layer, inputs of the layer)
        NumPy, CuPy, torch or other DLPack arrays, or SciPy sparse matrices; float32 or float64, all alike and in
        the same memory. They are kept, not copied: a call computes with what was written to them.
    biases : sequence of arrays (outputs of the layer,)
        One per weight.
    activations : sequence of str or Activation
        One per hidden layer: one fewer than the weights. Without hidden layers the network is an affine map.

    Raises
    ------
    TypeError
        For anything but arrays of one floating dtype in one memory.
    ValueError
        If the shapes do not chain.

    Notes
    -----
    A network with one output is a real function: its values at points (..., dim) have shape (...). With more
    outputs they have shape (..., outputs).

    Examples
    --------
    The function |x| = relu(x) + relu(-x):

    >>> import numpy as np
    >>> import kousei
    >>> net = kousei.MLP([np.array([[1.0], [-1.0]]), np.ones((1, 2))], [np.zeros(2), np.zeros(1)], ["relu"])
    >>> net
    MLP(1 -> 2 relu -> 1, float64, 7 parameters)
    >>> net(np.array([[-3.0], [0.0], [2.0]]))
    array([3., 0., 2.])
    """

    _formula: Formula | None = None  # what the theorem that made it says of its size
    #: NumPy's numbers leave ``a * net`` to the network.
    __array_ufunc__ = None

    def __init__(
        self, weights: Sequence[Array], biases: Sequence[Array], activations: Sequence[Activation | str]
    ) -> None:
        for name, given in (("weights", weights), ("biases", biases), ("activations", activations)):
            if isinstance(given, str) or not hasattr(given, "__iter__"):
                layer = "hidden layer" if name == "activations" else "layer"
                raise TypeError(f"{name} was {given!r}; a sequence, one for each {layer}, is accepted")
        self._weights = tuple(
            weight if arrays.is_sparse(weight) else arrays.known(f"weights[{i}]", weight)
            for i, weight in enumerate(weights)
        )
        self._biases = tuple(arrays.known(f"biases[{i}]", bias) for i, bias in enumerate(biases))
        self._activations = tuple(resolve(given, f"activations[{i}]") for i, given in enumerate(activations))
        self._dtype = check_layers(self._weights, self._biases, self._activations)
        self._sizes = (*arrays.shape_of(self._weights[0])[::-1], *(int(w.shape[0]) for w in self._weights[1:]))
        self._layers: Any = None  # kept by evaluate

    @classmethod
    def random(
        cls,
        sizes: Sequence[int],
        activation: Activation | str = "relu",
        *,
        rng: Rng = None,
    ) -> MLP:
        """Return a network with normal weights of variance 1/inputs and standard normal biases.

        Parameters
        ----------
        sizes : sequence of int, at least two
            Units of each layer, from the inputs to the outputs.
        activation : str or Activation
            Of every hidden layer.
        rng : numpy.random.Generator, int or None
            Source of the weights (SPEC 7).

        Returns
        -------
        MLP
            With NumPy arrays of float64.

        Raises
        ------
        ValueError
            For fewer than two sizes or one below 1.

        Examples
        --------
        >>> import kousei
        >>> kousei.MLP.random([2, 100, 100, 3], "tanh", rng=0)
        MLP(2 -> 100 tanh -> 100 tanh -> 3, float64, 10703 parameters)
        """
        if not isinstance(sizes, Sequence | np.ndarray):
            raise TypeError(f"sizes was {sizes!r}; a sequence of two or more positive integers is accepted")
        counts = [isinstance(size, int | np.integer) and not isinstance(size, bool) and size >= 1 for size in sizes]
        if len(counts) < 2 or not all(counts):
            raise ValueError(f"sizes was {list(sizes)}; two or more positive integers are accepted")
        draw, phi = generator(rng).standard_normal, resolve(activation)
        pairs = list(zip(sizes[1:], sizes[:-1], strict=True))
        return MLP(
            [draw(pair) / math.sqrt(pair[1]) for pair in pairs],
            [draw(outputs) for outputs, _ in pairs],
            [phi] * (len(pairs) - 1),
        )

    @property
    def weights(self) -> tuple[Array, ...]:
        """Weights of the layers, (outputs, inputs) each."""
        return self._weights

    @property
    def biases(self) -> tuple[Array, ...]:
        """Biases of the layers, (outputs,) each."""
        return self._biases

    @property
    def activations(self) -> tuple[Activation, ...]:
        """Activations of the hidden layers."""
        return self._activations

    @property
    def sizes(self) -> tuple[int, ...]:
        """Units of each layer, from the inputs to the outputs."""
        return self._sizes

    @property
    def dim(self) -> int:
        """Inputs of the network."""
        return self.sizes[0]

    @property
    def outputs(self) -> int:
        """Outputs of the network."""
        return self.sizes[-1]

    @property
    def units(self) -> int:
        """Hidden units of the network."""
        return sum(self.sizes[1:-1])

    @property
    def parameters(self) -> int:
        """Weights and biases; of sparse weights the stored ones."""
        return sum(size_of(weight) for weight in self.weights) + sum(self.sizes[1:])

    @property
    def dtype(self) -> np.dtype[Any]:
        """Dtype of the parameters and of the points the network accepts."""
        return self._dtype

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"_layers": None}

    def __repr__(self) -> str:
        names = [f" ({name})" if " + " in name else f" {name}" for name in (a.name for a in self.activations)] + [""]
        layers = [f"{size}{name}" for size, name in zip(self.sizes[1:], names, strict=True)]
        chain = " -> ".join([str(self.dim), *layers])
        return f"MLP({chain}, {self.dtype.name}, {self.parameters} parameters)"

    def __call__(self, x: Array, /, *, out: Array | None = None, precision: str = "full") -> Array:
        """Evaluate the network.

        All layers run in one compiled call, in blocks of points with bounded memory. One hidden layer of few inputs
        and outputs and many units runs through a fused kernel that never holds points times units. A function of
        one's own among the activations is called from Python, layer by layer.

        A value does not depend on the number of threads. In the fused kernel it does not depend on the other points;
        otherwise by their number alone, in the last digits: up to four are summed in another order than more.

        Parameters
        ----------
        x : array (..., dim)
            Points, of the dtype and in the memory of the network.
        out : array, optional
            Where to put the result: like `x`, of exactly its shape, C-contiguous.
        precision : {"full", "fast"}
            On CUDA, "fast" lets float32 logistic and tanh use the approximate instruction: absolute error up to
            2.5e-4 (logistic) and 5e-4 (tanh) times the output weight of each unit. Elsewhere no difference.

        Returns
        -------
        array (...) or (..., outputs)
            Of the library and dtype of `x`; without the last axis for a network with one output.

        Raises
        ------
        TypeError
            If `x` is not an array of the network's dtype and memory.
        ValueError
            If its last axis is not `dim`, or `out` does not fit.
        CudaError
            If `x` lies in CUDA memory and there is no device or no CUDA build.
        """
        return evaluate(self, x, out, precision)

    # Methods that stand with what they return.
    bounds = bounds
    jet = jet
    divergence = divergence
    summary = summary

    def to_relu(self) -> MLP:
        """Return the same function with ReLU units: Theorem 3, exact on all of R.

        A unit whose activation has n kinks becomes at most n + 1 units; ReLU units stay as they are.

        Returns
        -------
        MLP
            Of the dtype, in the library and memory of the network; computed on the host in float64.

        Raises
        ------
        ValueError
            If an activation is not piecewise linear, or a parameter overflows.

        Notes
        -----
        Theorem 3 of the ReLU representation theory (JSIAM 2024, G3-4-1; after Nagase 2022). A unit is then off by
        rounding in proportion to the kink nearest to 0.

        Examples
        --------
        >>> import numpy as np
        >>> import kousei
        >>> net = kousei.MLP.random([2, 5, 1], "hardtanh", rng=0)
        >>> net.to_relu()
        MLP(2 -> 10 relu -> 1, float64, 41 parameters)
        >>> x = np.random.default_rng(1).normal(size=(100, 2))
        >>> bool(np.abs(net(x) - net.to_relu()(x)).max() < 1e-14)
        True
        """
        layers = layers_of(self)
        rewriting.check_piecewise_linear(layers)
        net = _written(rewriting.to_relu(layers), self)
        net._formula = rewriting.formula_of_relu(layers)
        return net

    def to_activation(
        self, g: Activation | str, bounds: Sequence[tuple[float, float]] | None = None, *, everywhere: bool = False
    ) -> MLP:
        """Return the same function with units of a piecewise-linear g: Theorem 3.

        On a box a ReLU is 1 or 2 units at a kink of g, after a change of scale by which the unit stays between its
        neighbours there. ReLU units that are 0 or linear on the box take none or one.

        Parameters
        ----------
        g : PiecewiseLinear or str
            Of all hidden units; its slope has to change.
        bounds : sequence of (lo, hi)
            The box on which the function is the same, one pair for each input.
        everywhere : bool
            On all of R instead, without bounds. It takes a g whose slopes on the far left and right have different
            moduli, and of n kinks 2, 6, 18, 50, 130, 322 units at most for each ReLU, n = 1, ..., 6.

        Returns
        -------
        MLP
            Of the dtype, in the library and memory of the network; computed on the host in float64.

        Raises
        ------
        TypeError
            If `g` is no activation.
        ValueError
            If `g` or an activation of the network is not piecewise linear, `g` is affine, there are not bounds or
            everywhere=True, one of the two; if lo > hi, a bound is not finite or they are not one for each input; if
            `g` cannot stand for ReLU everywhere; if a parameter overflows.

        Notes
        -----
        Theorem 3 of the ReLU representation theory (JSIAM 2024, G3-4-1; after Nagase 2022). A ReLU at arguments of
        modulus at most rho is then off by rounding in proportion to rho: see the page on networks for the bound.

        Examples
        --------
        >>> import numpy as np
        >>> import kousei
        >>> net = kousei.MLP.random([2, 5, 1], "relu", rng=1)
        >>> tight = net.to_activation("hardtanh", [(-3, 3), (-3, 3)])
        >>> tight
        MLP(2 -> 5 hardtanh -> 1, float64, 21 parameters)
        >>> x = np.random.default_rng(1).uniform(-3, 3, (100, 2))
        >>> bool(np.abs(net(x) - tight(x)).max() < 1e-14)
        True
        >>> net.to_activation("leaky_relu", everywhere=True)
        MLP(2 -> 10 leaky_relu -> 1, float64, 41 parameters)
        """
        check_bool("everywhere", everywhere)
        if everywhere == (bounds is not None):
            raise ValueError(
                f"bounds was {bounds!r} and everywhere {everywhere}; bounds, or everywhere=True without, is accepted"
            )
        target, layers = rewriting.check_target(g), layers_of(self)
        rewriting.check_piecewise_linear(layers)
        if bounds is None:
            return _written(rewriting.to_activation_everywhere(layers, target), self)
        box = check_bounds(bounds, "bounds", self.dim, flat=True)
        # Without rounding: by how much it passes these, values change, as they do by rounding anyhow.
        ranges = [(layer.lower, layer.upper) for layer in propagate(layers, box, 0.0)]
        return _written(rewriting.to_activation(layers, target, ranges), self)

    def __rshift__(self, after: MLP) -> MLP:
        return _algebra().compose(self, after) if isinstance(after, MLP) else _left("after", after)

    def __add__(self, other: MLP) -> MLP:
        return _algebra().add(self, other) if isinstance(other, MLP) else _left("other", other)

    def __sub__(self, other: MLP) -> MLP:
        return self + -other if isinstance(other, MLP) else _left("other", other)

    def __mul__(self, factor: float) -> MLP:
        return _algebra().scale(factor, self) if is_real_number(factor) else _left("factor", factor, "a real number")

    __rmul__ = __mul__

    def __neg__(self) -> MLP:
        return -1.0 * self

    def astype(self, dtype: Any) -> Self:
        """Return the network with parameters of another dtype.

        Parameters
        ----------
        dtype : {"float32", "float64"} or numpy.dtype

        Returns
        -------
        MLP
            Of the same class.

        Raises
        ------
        TypeError
            For any other dtype.
        """
        wanted = arrays.check_dtype(dtype, "float32", "float64")
        return self._map(lambda array: with_dtype(array, wanted))

    def like(self, x: Array, /) -> Self:
        """Return the network with its parameters where `x` is: in its library, on its device, of its dtype.

        Calls never move arrays between devices; this does, once. Sparse weights stay sparse for NumPy, and become
        dense for other libraries.

        Parameters
        ----------
        x : array of float32 or float64

        Returns
        -------
        MLP
            Of the same class.

        Raises
        ------
        TypeError
            If `x` is not such an array.
        CudaError
            If `x` lies in CUDA memory and there is no device or no CUDA build.

        Examples
        --------
        >>> import numpy as np
        >>> import kousei
        >>> x = np.zeros((5, 2), "float32")
        >>> net = kousei.MLP.random([2, 10, 1], rng=0).like(x)
        >>> net(x).dtype
        dtype('float32')
        """
        _, x = backends.enter("x", x)
        dtype = arrays.real_dtype(x=x)

        def convert(array: Array) -> Array:
            if arrays.is_sparse(array) and not isinstance(x, np.ndarray):
                array = array.toarray()
            array = with_dtype(array, dtype)
            return array if arrays.is_sparse(array) else arrays.like(array, x)

        return self._map(convert)

    def _map(self, convert: Any) -> Self:
        weights, biases = ([convert(array) for array in group] for group in (self._weights, self._biases))
        return type(self)(weights, biases, self._activations)


def _written(layers: Layers, model: MLP) -> MLP:
    """Return layers as a network of the dtype, in the library and memory of `model`."""
    with np.errstate(over="ignore"):
        weights: list[Any] = [array.astype(model.dtype) for array in layers.weights]
        biases = [array.astype(model.dtype) for array in layers.biases]
    for weight in filter(arrays.is_sparse, weights):
        weight.sum_duplicates()  # canonical: the kernels read it where it stands
    check_finite("the rewritten network", weights, biases, model.dtype)
    return MLP(weights, biases, layers.activations).like(model.biases[0])


def _left(name: str, operand: Any, accepted: str = "a kousei.MLP") -> Any:
    """Leave an operand to Python; but refuse an array, of which NumPy would say that ufuncs are not supported."""
    if isinstance(operand, np.ndarray):
        raise TypeError(f"{name} was {type(operand).__name__}; {accepted} is accepted")
    return NotImplemented


def _algebra() -> Any:
    # Which is itself written with networks.
    from kousei.network import algebra

    return algebra
