"""The network: its construction from a function, and its evaluation without writing out the weights."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any, Self

import numpy as np

from kousei._lib import arrays
from kousei._lib.arrays import Array
from kousei._lib.boxes import Bounds
from kousei._lib.errors import check_choice, check_integer
from kousei.activation import Activation
from kousei.activation.base import BOUNDED
from kousei.funahashi import construction, evaluation, nufft, table
from kousei.funahashi.bump import warn_of_aliases
from kousei.funahashi.error import ErrorBound, bound_error
from kousei.funahashi.extension import Extension
from kousei.funahashi.rewriting import Rewrites


class FunahashiNetwork(Rewrites):
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
    offset : float
        Bias of the output.

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
    (1989). The unit of frequency w, threshold t_k and sign s has the weight w/delta, the bias
    s alpha - (t_k + w . center)/delta and the output weight s (h/Psi(1)) Re(a_w e^(i t_k)).

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
        *,
        offset: float = 0.0,
    ) -> None:
        self._set_parts(frequencies, amplitudes, thresholds, delta, alpha, center, activation, offset)
        warn_of_aliases(self.thresholds)

    @classmethod
    def from_function(
        cls,
        f: Callable[[np.ndarray[Any, Any]], Any],
        bounds: Bounds,
        order: int | None = None,
        *,
        tol: float | None = None,
        activation: Activation | str = "logistic",
        extension: Extension = "fourier",
        period: float | Sequence[float] | None = None,
        delta: float | None = None,
        alpha: float | None = None,
        cutoff: float | None = None,
        n_thresholds: int | None = None,
        tail: Callable[[int], float] | None = None,
        center: bool = True,
    ) -> Self:
        """Construct the network of a function on a box: of a given order, or to a tolerance.

        Parameters
        ----------
        f : callable
            Takes points (..., dim) and returns real values (...). With ``extension="fourier"`` it is only evaluated
            inside `bounds`; with "window" and "periodic" also outside, over the whole `period`: see
            `sample_points`.
        bounds : sequence of (lo, hi)
            The box, one pair for each dimension.
        order : int, optional
            The paper's N, frequencies along each axis: even, at least 2.
        tol : float, optional
            Instead of `order`, the largest error on the box. The network then has the lowest order and the fewest
            thresholds for which `error_bound` is at most that: frequencies that do not count are left out, w and -w
            are one, equal units are merged, and each frequency takes the thresholds it needs.
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
        tail : callable, optional
            For a periodic f and ``extension="periodic"``: takes an even order and returns a bound on the sum of the
            moduli of the Fourier coefficients of f outside the grid of that order, -order/2 <= k < order/2 along each
            axis. It makes the Fourier part of `error_bound` proven instead of estimated.
        center : bool
            Count coordinates from the centre of the box, which needs the fewest thresholds.

        Returns
        -------
        FunahashiNetwork
            Of 2 n_thresholds order^dim hidden units, with `tol` of fewer, in float64, with NumPy arrays.

        Raises
        ------
        TypeError
            If a number of frequencies or thresholds is not an integer, or the values of f are complex.
        ValueError
            If an argument is out of range, the values are not finite, the thresholds lie h >= pi apart, or `tol`
            cannot be reached: the message says whether rounding or the function stops it.
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

        To a tolerance:

        >>> net = kousei.FunahashiNetwork.from_function(
        ...     lambda x: np.cos(x[..., 0] + x[..., 1]), [(-1, 1), (-1, 1)], tol=1e-4)
        >>> net.error_bound().total <= 1e-4
        True
        """
        box = construction.Box(bounds, extension, period, center, tail)
        bump = construction.Bump(delta, alpha, cutoff, n_thresholds)
        if tol is None and order is None:
            raise ValueError("order and tol were None; one of them is accepted")
        if tol is None:
            return construction.from_function(cls, f, box, order, activation, bump)
        return construction.to_tolerance(cls, f, box, tol, activation, {"order": order} | bump._asdict())

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
        box = construction.Box(bounds, extension, period, center, None)
        bump = construction.Bump(delta, alpha, cutoff, n_thresholds)
        return construction.from_samples(cls, values, box, order, activation, bump)

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
        most = "" if self._bumps is None else "up to "
        return (
            f"FunahashiNetwork({self.dim} -> {self.units} {self._activations[0].name} -> 1, {self.dtype.name}, "
            f"{n} frequencies x {most}{m} thresholds)"
        )

    def __call__(
        self, x: Array, /, *, out: Array | None = None, precision: str = "full", method: str = "auto"
    ) -> Array:
        """Evaluate the network without writing the weights out.

        Memory is that of the points, the values and O(frequencies + thresholds).

        Parameters
        ----------
        x : array (..., dim)
            Points, of the dtype and in the memory of the network.
        out, precision
            As in `MLP`.
        method : {"auto", "dense", "shared", "window", "table", "nufft", "separable"}
            "dense" adds up every unit. The others give the same values to rounding, a few 1e-16 times the sum of
            |output weights| in float64: "shared" takes one exponential for each frequency and point, "window" the
            same for the units near the point alone, and "table" has H on a fine grid, made by the first call.
            "shared" and "window" are for logistic and tanh units, "table" also for erf. "nufft" is for frequencies
            on a grid besides, in up to 3 dimensions: fast Fourier transforms, with an error of some 1e-13 (float32:
            1e-5) times the sum of |amplitudes|. "separable", for CUDA arrays, adds up the same Fourier sums axis by
            axis. On a device these two wait for the largest coordinate. "auto" is what `plan` says.

        Returns
        -------
        array (...)
            Of the library and dtype of `x`.

        Raises
        ------
        TypeError, ValueError, CudaError
            As in `MLP`.
        """
        check_choice("method", method, "auto", *evaluation.METHODS)
        if not self._activations[0].compiled and method in ("auto", "dense"):
            return self.to_mlp()(x, out=out, precision=precision)
        return evaluation.call(self, x, out, precision, method)

    def gradient(self, x: Array, /, *, out: Array | None = None, method: str = "auto") -> Array:
        """Gradient of the network: the derivatives of its units, not those of the function it stands for.

        Parameters
        ----------
        x : array (..., dim)
            Points, of the dtype and in the memory of the network.
        out : array, optional
            Where to put the result: like `x`, of exactly its shape, C-contiguous.
        method : {"auto", "dense", "table", "nufft", "separable"}
            As in `__call__`: "dense" adds up the derivative of every unit, "table" has that of H on a fine grid, and
            "nufft" and "separable" multiply each wave by its frequency. "auto" is the cheapest by estimate.

        Returns
        -------
        array (..., dim)
            Of the library and dtype of `x`.

        Raises
        ------
        TypeError, CudaError
            As in `MLP`.
        ValueError
            As in `MLP`, and for an activation of one's own, whose derivative is not known.

        Examples
        --------
        >>> import numpy as np
        >>> import kousei
        >>> f = lambda x: np.sin(x[..., 0]) * x[..., 1]
        >>> net = kousei.FunahashiNetwork.from_function(f, [(-1, 1)] * 2, tol=1e-6)
        >>> net.gradient(np.array([0.5, 0.25])).round(4)
        array([0.2194, 0.4794])
        """
        check_choice("method", method, "auto", *evaluation.GRADIENT_METHODS)
        if not self._activations[0].compiled:
            raise ValueError(
                f"the derivative of activation {self._activations[0].name!r} is not known; a gradient is for "
                f"{', '.join(map(repr, BOUNDED))}"
            )
        return evaluation.call(self, x, out, "full", method, gradient=True)

    def plan(self, n_points: int) -> evaluation.Plan:
        """Say how ``method="auto"`` evaluates this many points, and why.

        Parameters
        ----------
        n_points : int

        Returns
        -------
        Plan
            `method`, and `nanoseconds`, what every possible method is estimated to take on one thread.

        Raises
        ------
        TypeError, ValueError
            If `n_points` is not an integer of at least 0.

        Examples
        --------
        >>> import numpy as np
        >>> import kousei
        >>> net = kousei.FunahashiNetwork.from_function(lambda x: np.exp(x[..., 0]), [(0, 1)], 32, n_thresholds=256)
        >>> sorted(net.plan(1_000_000).nanoseconds)
        ['dense', 'nufft', 'shared', 'table', 'window']
        """
        return evaluation.plan(self, check_integer("n_points", n_points, 0, 2**63 - 1))

    def error_bound(self, box: Bounds | None = None) -> ErrorBound:
        """Bound on the error of the network on a box.

        Parameters
        ----------
        box : sequence of (lo, hi), optional
            Inside the bounds the network was constructed on, which are the default. A network that was given by its
            frequencies needs one.

        Returns
        -------
        ErrorBound
            Its parts `fourier`, `quadrature`, `edge` and `rounding`, their sum `total`, and `kind`.

        Raises
        ------
        ValueError
            If there is no box, or it is not inside the bounds.

        Examples
        --------
        >>> import numpy as np
        >>> import kousei
        >>> net = kousei.FunahashiNetwork.from_function(lambda x: np.exp(x[..., 0]), [(0, 1)], tol=1e-6)
        >>> bound = net.error_bound()
        >>> bound.total <= 1e-6, bound.kind
        (True, 'estimated')
        """
        return bound_error(self, box)

    @cached_property
    def _groups(self) -> list[table.Group]:
        return table.groups(self)

    @cached_property
    def _bump_values(self) -> table.Bumps:
        return table.Bumps(self, derivative=False)

    @cached_property
    def _bump_slopes(self) -> table.Bumps:
        return table.Bumps(self, derivative=True)

    @cached_property
    def _missing_on_box(self) -> nufft.Missing:
        return nufft.missing_on_box(self)

    @cached_property
    def _fourier(self) -> nufft.FourierSum | None:
        return nufft.fourier_sum(self)
