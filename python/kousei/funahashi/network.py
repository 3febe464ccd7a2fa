"""The network: its construction from a function, and its evaluation without writing out the weights."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, Self

import numpy as np

from kousei._lib import _core, arrays, backends
from kousei._lib.arrays import Array
from kousei._lib.errors import SizeError
from kousei.activation import Activation
from kousei.funahashi.bump import bounded, bump_phases, require_positive
from kousei.funahashi.extension import (
    Bounds,
    Extension,
    check_bounds,
    fourier_coefficients,
    sample_points,
    samples_for,
)
from kousei.funahashi.parameters import fill_parameters
from kousei.network import MLP
from kousei.network.mlp import check_points


class FunahashiNetwork(MLP):
    """A three-layer network written down from the Fourier coefficients of a function.

    It is the sum of Re[a_w H(w . (x - center))] over frequencies w. H is the `universal_function`, a sum of bumps of
    two hidden units each, so there are 2 * thresholds * frequencies units. The object holds frequencies, amplitudes
    and thresholds, from which every weight follows; `to_mlp` writes them out. `from_function` and `from_samples`
    construct one from a function on a box.

    Parameters
    ----------
    frequencies : array_like (n, dim)
        The w.
    amplitudes : array_like of complex (n,)
        The a_w.
    thresholds : array_like (m,)
        The t_k of H: increasing, equally spaced by h < pi.
    delta, alpha : float
        The bump of H, see `bump_transform`; alpha delta must not be a multiple of pi.
    center : array_like (dim,), optional
        Where w . (x - center) is 0; the origin by default.
    activation : {"logistic", "tanh", "erf", "arctan"} or Activation
        Of the hidden units.

    Raises
    ------
    ValueError
        If shapes do not fit, a parameter is out of range, or a number is not finite.

    Warns
    -----
    UserWarning
        If h >= pi/2.

    Notes
    -----
    From M. Kakizaki and T. Akiba, "Possible Application of Funahashi's Theorem to Neural Networks", after Funahashi
    (1989). The unit of frequency w, threshold t_k and sign s has the weight w/delta, the bias s alpha - t_k/delta and
    the output weight s (h/Psi(1)) Re(a_w e^(i t_k)).

    Examples
    --------
    A polynomial as a network, without training:

    >>> import numpy as np
    >>> import kousei
    >>> net = kousei.FunahashiNetwork.from_function(
    ...     lambda x: (x[..., 0] - 1) * (x[..., 0] - 2), bounds=[(0.0, 3.0)], order=16, n_thresholds=128)
    >>> net
    FunahashiNetwork(1 -> 4096 logistic -> 1, float64, 16 frequencies x 128 thresholds)
    >>> x = np.linspace(0, 3, 301)[:, None]
    >>> bool(np.abs(net(x) - (x[:, 0] - 1) * (x[:, 0] - 2)).max() < 1e-7)
    True
    """

    def __init__(
        self,
        frequencies: Any,
        amplitudes: Any,
        thresholds: Any,
        delta: float,
        alpha: float,
        center: Any = None,
        activation: Activation | str = "logistic",
    ) -> None:
        w = arrays.real_numbers("frequencies", frequencies)
        if w.ndim != 2 or 0 in w.shape:
            raise ValueError(f"frequencies has shape {w.shape}; (n, dim), not empty, is accepted")
        a = arrays.real_numbers("amplitudes", amplitudes, kinds="iufc")
        if a.shape != w.shape[:1]:
            raise ValueError(f"amplitudes has shape {a.shape}; {w.shape[:1]} is accepted")
        t = arrays.real_numbers("thresholds", thresholds)
        c = np.zeros(w.shape[1]) if center is None else arrays.real_numbers("center", center)
        if c.shape != w.shape[1:]:
            raise ValueError(f"center has shape {c.shape}; {w.shape[1:]} is accepted")
        for name, array in (("frequencies", w), ("amplitudes", a), ("center", c)):
            if not np.isfinite(array).all():
                raise ValueError(f"{name} has NaN or infinite values; finite numbers are accepted")
        require_positive(delta=delta, alpha=alpha)
        self._activations = (bounded(activation),)
        self._delta, self._alpha = float(delta), float(alpha)
        self._dtype = np.dtype(np.float64)
        phases = bump_phases(self._delta, self._alpha, t, self._activations[0])
        self._arrays = {
            "frequencies": w,
            "amplitudes": _real_pairs(a),
            "thresholds": t,
            "phases": _real_pairs(phases),
            "center": c,
        }

    @classmethod
    def from_function(
        cls,
        f: Callable[[np.ndarray[Any, Any]], Any],
        bounds: Bounds,
        order: int,
        *,
        activation: Activation | str = "logistic",
        extension: Extension = "fourier",
        period: float | Sequence[float] | None = None,
        delta: float | None = None,
        alpha: float | None = None,
        cutoff: float | None = None,
        n_thresholds: int | None = None,
        center: bool = True,
    ) -> Self:
        """Construct the network of a function on a box.

        Parameters
        ----------
        f : callable
            Takes points (..., dim) and returns real values (...). With ``extension="fourier"`` it is only evaluated
            inside `bounds`; with "window" and "periodic" also outside, over the whole `period`: see
            `sample_points`.
        bounds : sequence of (lo, hi)
            The box, one pair for each dimension.
        order : int
            The paper's N, frequencies along each axis: even, at least 2.
        activation : {"logistic", "tanh", "erf", "arctan"} or Activation
            Of the hidden units.
        extension : {"fourier", "window", "periodic"}
            How f is continued from the box to a period. "fourier" fits a series of period 3 (hi - lo) to values in
            the box by least squares, and falls fastest for a smooth f; "window" multiplies f by a smooth window;
            "periodic" takes f as it is, which is the paper's choice and converges like 1/order where f jumps or
            kinks from one period to the next.
        period : float or sequence of float, optional
            Per axis, for "window" and "periodic"; see `sample_points`.
        delta, alpha : float, optional
            The bump; by default that of `choose_parameters` which is best for this number of thresholds.
        cutoff : float, optional
            The paper's A': thresholds are t_k = -A' + 2 A' k/n_thresholds. By default they cover the box.
        n_thresholds : int, optional
            The paper's N_0; `order` by default, which is enough for "periodic" in one dimension at most: the warning
            or the error says how many are.
        center : bool
            Count coordinates from the centre of the box, which needs the fewest thresholds.

        Returns
        -------
        FunahashiNetwork
            Of 2 n_thresholds order^dim hidden units, in float64, with NumPy arrays.

        Raises
        ------
        TypeError
            If the values of f are complex.
        ValueError
            If an argument is out of range, the values are not finite, or the thresholds lie h >= pi apart.
        SizeError
            If the number of units does not fit 64 bits.

        Warns
        -----
        UserWarning
            If the thresholds lie h >= pi/2 apart.

        Examples
        --------
        >>> import numpy as np
        >>> import kousei
        >>> net = kousei.FunahashiNetwork.from_function(
        ...     lambda x: np.cos(x[..., 0] + x[..., 1]), [(-1, 1), (-1, 1)], order=16, n_thresholds=64)
        >>> net.units, net.dim
        (32768, 2)
        """
        lo, _ = check_bounds(bounds)
        _check_order(order, len(lo), n_thresholds)
        order = int(order)
        values = f(sample_points(bounds, samples_for(order, len(lo), extension), extension, period))
        return cls.from_samples(
            values,
            bounds,
            order,
            activation=activation,
            extension=extension,
            period=period,
            delta=delta,
            alpha=alpha,
            cutoff=cutoff,
            n_thresholds=n_thresholds,
            center=center,
        )

    @classmethod
    def from_samples(
        cls,
        values: Any,
        bounds: Bounds,
        order: int | None = None,
        *,
        activation: Activation | str = "logistic",
        extension: Extension = "fourier",
        period: float | Sequence[float] | None = None,
        delta: float | None = None,
        alpha: float | None = None,
        cutoff: float | None = None,
        n_thresholds: int | None = None,
        center: bool = True,
    ) -> Self:
        """Construct the network of a function given by its values on a grid.

        Parameters
        ----------
        values : array_like (samples, ..., samples)
            Real values at ``sample_points(bounds, samples, extension, period)``, which names the grid: one axis for
            each dimension, all of the same length.
        bounds : sequence of (lo, hi)
            The box, one pair for each dimension.
        order : int, optional
            Frequencies along each axis, even. For "window" and "periodic" it is the number of samples; for
            "fourier" at most that, by default the largest even number up to a quarter of it.
        activation, extension, period, delta, alpha, cutoff, n_thresholds, center
            As in `from_function`.

        Returns
        -------
        FunahashiNetwork
            As in `from_function`.

        Raises
        ------
        TypeError, ValueError, SizeError
            As in `from_function`.

        Examples
        --------
        >>> import numpy as np
        >>> import kousei
        >>> x = kousei.funahashi.sample_points([(0.0, 2 * np.pi)], 8, "periodic")[..., 0]
        >>> net = kousei.FunahashiNetwork.from_samples(
        ...     np.sin(x), [(0.0, 2 * np.pi)], extension="periodic", n_thresholds=64)
        >>> round(float(net(np.array([1.0]))), 6) == round(np.sin(1.0), 6)
        True
        """
        lo, hi = check_bounds(bounds)
        samples = _check_values(values, len(lo))
        if order is None:
            order = max(2, samples.shape[0] // 8 * 2) if extension == "fourier" else samples.shape[0]
        count = _check_order(order, len(lo), n_thresholds)
        order = int(order)
        if order > samples.shape[0] or (extension != "fourier" and order != samples.shape[0]):
            raise ValueError(
                f"values has {samples.shape[0]} samples along each axis and order was {order}; "
                "as many are accepted, or with extension='fourier' more samples"
            )
        if not isinstance(center, bool | np.bool_):
            raise TypeError(f"center was {center!r}; True and False are accepted")
        middle = (lo + hi) / 2 if center else np.zeros(len(lo))
        w, a = fourier_coefficients(samples, bounds, order, extension, period, middle)
        farthest = np.maximum(np.abs(lo - middle), np.abs(hi - middle))
        s_max = float((np.abs(w) @ farthest).max())
        resolved = bounded(activation)
        delta, alpha, cutoff = fill_parameters(s_max, count, delta, alpha, cutoff, resolved)
        thresholds = -cutoff + 2 * cutoff / count * np.arange(count)
        return cls(w, a, thresholds, delta, alpha, middle, resolved)

    @property
    def frequencies(self) -> Array:
        """The w, (n, dim)."""
        return self._arrays["frequencies"]

    @property
    def amplitudes(self) -> Array:
        """The complex a_w, (n,)."""
        pairs = self._arrays["amplitudes"]
        return pairs[:, 0] + 1j * pairs[:, 1]

    @property
    def thresholds(self) -> Array:
        """The t_k, (m,)."""
        return self._arrays["thresholds"]

    @property
    def center(self) -> Array:
        """Where w . (x - center) is 0, (dim,)."""
        return self._arrays["center"]

    @property
    def delta(self) -> float:
        """Width of the bump."""
        return self._delta

    @property
    def alpha(self) -> float:
        """Half the distance of the bump's two units, in widths."""
        return self._alpha

    @property
    def sizes(self) -> tuple[int, ...]:
        """Units of each layer."""
        n, dim = arrays.shape_of(self.frequencies)
        return dim, 2 * n * arrays.shape_of(self.thresholds)[0], 1

    @property
    def parameters(self) -> int:
        """Weights and biases of the network written out."""
        return self.units * (self.dim + 2) + 1

    @property
    def weights(self) -> tuple[Array, ...]:
        """Weights of the network written out, see `to_mlp`."""
        return self.to_mlp().weights

    @property
    def biases(self) -> tuple[Array, ...]:
        """Biases of the network written out, see `to_mlp`."""
        return self.to_mlp().biases

    def __repr__(self) -> str:
        n, m = (arrays.shape_of(self._arrays[name])[0] for name in ("frequencies", "thresholds"))
        return (
            f"FunahashiNetwork({self.dim} -> {self.units} {self._activations[0].name} -> 1, {self.dtype.name}, "
            f"{n} frequencies x {m} thresholds)"
        )

    def __call__(self, x: Array, /, *, out: Array | None = None, precision: str = "full") -> Array:
        """Evaluate the network: every unit, at every point, without writing the weights out.

        Memory is that of the points, the values and O(frequencies + thresholds).

        Parameters
        ----------
        x : array (..., dim)
            Points, of the dtype and in the memory of the network.
        out, precision
            As in `MLP`.

        Returns
        -------
        array (...)
            Of the library and dtype of `x`.

        Raises
        ------
        TypeError, ValueError, CudaError
            As in `MLP`.
        """
        backend, x = backends.enter("x", x, precision)
        batch = check_points(self, x, self.frequencies)
        result, out_view = backends.output(backend, out, batch, self._dtype, x, *self._arrays.values())
        counts = [arrays.shape_of(self._arrays[name])[0] for name in ("frequencies", "thresholds")]
        launch = backend.launch(
            lambda: backend.kernels.funahashi_workspace_bytes(*counts, self.dim, math.prod(batch))
        )
        backend.kernels.funahashi_evaluate(
            **{name: backend.view(name, array) for name, array in self._arrays.items()},
            delta=self._delta,
            alpha=self._alpha,
            activation=self._activations[0].code,
            x=backend.view("x", x),
            out=out_view,
            on=launch,
        )
        return result

    def to_mlp(self) -> MLP:
        """Write the network out: 2 * thresholds * frequencies weights, biases and output weights.

        Returns
        -------
        MLP
            The same function of x, with arrays of the same library.

        Raises
        ------
        MemoryError
            If they do not fit into memory.

        Examples
        --------
        >>> import numpy as np
        >>> import kousei
        >>> net = kousei.FunahashiNetwork([[1.0]], [1.0], np.pi / 4 * np.arange(-32, 33), 1.0, np.pi / 2)
        >>> net.to_mlp()
        MLP(1 -> 130 logistic -> 1, float64, 391 parameters)
        """
        w, a, t, phases, center = self._arrays.values()
        xp = arrays.namespace(w)
        n, m = w.shape[0], t.shape[0]
        weight = xp.reshape(xp.broadcast_to((w / self._delta)[:, None, :], (n, 2 * m, self.dim)), (-1, self.dim))
        shift = -(t[None, :] + (w @ center)[:, None]) / self._delta
        bias = xp.reshape(xp.stack([shift + self._alpha, shift - self._alpha], axis=-1), (-1,))
        plus = a[:, :1] @ phases[:, 0][None, :] - a[:, 1:] @ phases[:, 1][None, :]
        coef = xp.reshape(xp.stack([plus, -plus], axis=-1), (1, -1))
        return MLP([weight, coef], [bias, xp.zeros_like(bias[:1])], self._activations)

    def _map(self, convert: Any) -> Self:
        mapped = object.__new__(type(self))
        mapped.__dict__.update(self.__dict__)
        mapped._arrays = {name: convert(array) for name, array in self._arrays.items()}
        mapped._dtype = arrays.real_dtype(frequencies=mapped.frequencies)
        return mapped


def _real_pairs(z: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    return np.stack([z.real, z.imag], axis=-1)


def _check_order(order: int, dim: int, n_thresholds: int | None) -> int:
    """Return the number of thresholds once the network is known to be addressable."""
    if isinstance(order, bool) or not isinstance(order, int | np.integer) or order < 2 or order % 2:
        raise ValueError(f"order was {order!r}; an even integer of at least 2 is accepted")
    count = order if n_thresholds is None else n_thresholds
    if isinstance(count, bool) or not isinstance(count, int | np.integer) or count < 2:
        raise ValueError(f"n_thresholds was {count!r}; an integer of at least 2 is accepted")
    if max(order, count) >= 2**63:
        raise SizeError(f"order was {order} and n_thresholds {count}, which is not representable in 64 bits")
    _core.funahashi_unit_count(order, dim, count)
    return int(count)


def _check_values(values: Any, dim: int) -> np.ndarray[Any, Any]:
    if isinstance(values, np.ma.MaskedArray):
        raise TypeError("the values of f are masked; an array without a mask is accepted")
    samples = np.asarray(values)
    if samples.dtype.kind not in "biuf":
        raise TypeError(f"the values of f have dtype {samples.dtype}; real numbers are accepted")
    if samples.ndim != dim or len(set(samples.shape)) != 1 or samples.shape[0] < 2:
        raise ValueError(
            f"the values of f have shape {samples.shape}; {dim} axes of the same length, one for each dimension, "
            "are accepted: f maps points (..., dim) to values (...)"
        )
    if not np.isfinite(samples).all():
        raise ValueError("the values of f are NaN or infinite at some samples; finite numbers are accepted")
    return samples.astype(np.float64)
