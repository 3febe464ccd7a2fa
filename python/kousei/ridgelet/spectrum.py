"""Spectra: the values of R[f] with the units they belong to, and the network that they are."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from kousei._lib import arrays, backends
from kousei._lib.arrays import Array
from kousei._lib.errors import check_type, require_real_number
from kousei.network import MLP
from kousei.ridgelet.directions import Directions, quadrature, units_of, vectors_of
from kousei.ridgelet.pair import AdmissiblePair
from kousei.ridgelet.samples import Reals

#: Activations that networks do not have.
_OF_PAIRS_ALONE = ("step", "gaussian")


@dataclass(frozen=True, eq=False)
class Spectrum:
    """Values R[f](a, b) at directions a and biases b.

    `ridgelet_transform` returns it; with `gaussian_mixture_ridgelet` it is made of the values.

    Parameters
    ----------
    values : array of shape (..., directions, biases)
        Of float32 or float64.
    directions : array_like of shape (directions, dim), or Directions
        The vectors a; kept in float64.
    biases : array_like of shape (biases,)
        Increasing; kept in float64.
    pair : AdmissiblePair
        Of the dimension of the directions.

    Raises
    ------
    TypeError
        If an argument is not of the kind named above.
    ValueError
        If directions or biases are empty or not finite, or shapes do not agree.
    CudaError
        If the values lie in CUDA memory that cannot be computed on.

    Examples
    --------
    >>> from kousei.ridgelet import AdmissiblePair, Spectrum, ball_directions, gaussian_mixture_ridgelet
    >>> pair, disc, b = AdmissiblePair("tanh", 2), ball_directions(2, 3.0, radii=4, angles=9), [-1.0, 0.0, 1.0]
    >>> values = gaussian_mixture_ridgelet([1.0], [[0.0, 0.0]], [1.0], disc.vectors, b, pair)
    >>> Spectrum(values, disc, b, pair)
    Spectrum(36 directions x 3 biases, float64, tanh)
    """

    values: Array
    directions: Directions | Reals
    biases: Reals
    pair: AdmissiblePair

    def __post_init__(self) -> None:
        check_type("pair", self.pair, AdmissiblePair, "an AdmissiblePair")
        directions, biases = units_of(self.directions, self.biases, self.pair.dim)
        _, values = backends.enter("values", self.values)
        arrays.real_dtype(values=values)
        wanted = len(vectors_of(directions)), len(biases)
        if arrays.shape_of(values)[-2:] != wanted:
            shape = ", ".join(map(str, ("...", *wanted)))
            raise ValueError(f"values has shape {arrays.shape_of(values)}; ({shape}) is accepted")
        self.__dict__.update(values=values, directions=directions, biases=biases)

    def __repr__(self) -> str:
        *batch, directions, biases = arrays.shape_of(self.values)
        several = f"{' x '.join(map(str, batch))} of " if batch else ""
        dtype = arrays.dtype_name(self.values)
        return f"Spectrum({several}{directions} directions x {biases} biases, {dtype}, {self.pair.activation})"

    @property
    def vectors(self) -> Reals:
        """The vectors a, (directions, dim)."""
        return vectors_of(self.directions)

    def plot(self, ax: Any = None, *, length: float | None = None) -> Any:
        """Draw the values over directions and biases as a heat map, with Matplotlib.

        Directions are shown by a itself in one dimension, by the angle of a in the plane, those of one length, and
        otherwise as rows, in the order they have.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw; in a new figure unless given.
        length : float, optional
            Of directions in the plane, such as `ball_directions` has them, those of the nearest length are drawn;
            unless given, those of the length that times the norm of the values is largest, as an integral weighs it.

        Returns
        -------
        matplotlib.axes.Axes

        Raises
        ------
        ImportError
            If Matplotlib is not installed.
        TypeError
            If the values do not lie in host memory, or `length` is no real number.
        ValueError
            If there are several spectra, or values that are not finite, or if `length` is given for directions that
            are not in the plane, or of which few have the same length.
        """
        values, vectors = one_of(self), self.vectors
        if length is not None:
            require_real_number("length", length)
        ring = _ring(vectors, values, length)
        if length is not None and ring is None:
            raise ValueError(f"length was {length}; None is accepted for directions that are no circles")
        try:
            import matplotlib.pyplot as plt
            from matplotlib.axes import Axes
        except ImportError:
            raise ImportError("matplotlib is not installed: pip install 'kousei[plot]'") from None
        check_type("ax", ax, Axes | None, "matplotlib.axes.Axes")
        if ax is None:
            ax = plt.subplots(layout="constrained")[1]
        if ring is not None:
            values, vectors = values[ring], vectors[ring]
            name, along = "angle of a, in degrees", np.degrees(np.arctan2(vectors[:, 1], vectors[:, 0]))
            ax.set_title(f"|a| = {np.linalg.norm(vectors[0]):.3g}")
        elif vectors.shape[1] == 1:
            name, along = "a", vectors[:, 0]
        else:
            name, along = "number of a", np.arange(len(vectors), dtype=float)
        order = np.argsort(along, kind="stable")
        size = np.abs(values).max() or 1.0
        drawn = ax.pcolormesh(
            along[order], self.biases, values[order].T, shading="nearest", cmap="RdBu_r", vmin=-size, vmax=size
        )
        ax.set(xlabel=name, ylabel="b")
        ax.figure.colorbar(drawn, ax=ax, label="R[f](a, b)")
        return ax


def from_spectrum(spectrum: Spectrum) -> MLP:
    """Return the network that a spectrum is, S[R[f]]/K with the integral as a sum: f, but for what the sum misses.

    The unit of a and b has the output weight R[f](a, b) da db/K. Units whose weight is 0 are left out.

    Parameters
    ----------
    spectrum : Spectrum
        One, in host memory, of `Directions` with weights and uniform biases.

    Returns
    -------
    MLP
        dim -> at most directions * biases -> 1, of the library and the dtype of the values; its values are those of
        `dual_ridgelet_transform` divided by K, at any point.

    Raises
    ------
    TypeError
        If `spectrum` is none, or not in host memory.
    ValueError
        If there are several spectra, values that are not finite or all 0, directions without weights, biases that
        are not uniform, or if the activation is "step" or "gaussian", which networks do not have.
    SizeError, MemoryError
        If the network cannot be held.

    Examples
    --------
    >>> import numpy as np
    >>> import kousei
    >>> from kousei.ridgelet import AdmissiblePair, ball_directions, from_spectrum
    >>> x, b, pair = np.linspace(-8, 8, 129), np.linspace(-60, 60, 601), AdmissiblePair("tanh", 1, order=2)
    >>> f = np.exp(-(x**2) / 2)
    >>> net = from_spectrum(kousei.ridgelet_transform(f, (x,), ball_directions(1, 6.0, radii=40), b, pair))
    >>> net
    MLP(1 -> 48080 tanh -> 1, float64, 144241 parameters)
    >>> bool(abs(net(x[:, None]) - f).max() < 0.03)
    True
    """
    coef = output_weights(spectrum).ravel()
    return network_of(spectrum, np.flatnonzero(coef), coef).like(spectrum.values)


def one_of(spectrum: Spectrum) -> Reals:
    """Return the values (directions, biases) of a single spectrum in host memory, finite ones."""
    check_type("spectrum", spectrum, Spectrum, "a kousei.ridgelet.Spectrum")
    shape = arrays.shape_of(spectrum.values)
    if len(shape) != 2:
        one = "dataclasses.replace(spectrum, values=spectrum.values[i]) for one of them"
        raise ValueError(f"spectrum has values of shape {shape}; {shape[-2:]} is accepted, {one}")
    if not arrays.on_host(spectrum.values):
        raise TypeError(f"spectrum has values in {arrays.place(spectrum.values)}; host memory is accepted")
    # In float64, with what tells finite ones.
    arrays.require_memory(math.prod(shape), 16, f"a spectrum of {shape[0]} directions x {shape[1]} biases")
    values = arrays.host_view("spectrum", spectrum.values)
    arrays.require_finite("spectrum", values)
    return values


def output_weights(spectrum: Spectrum) -> Reals:
    """Return R[f](a, b) da db/K, (directions, biases) of float64, not all 0."""
    values = one_of(spectrum).astype(np.float64, copy=False)
    with np.errstate(over="ignore"):
        weights = values * (quadrature(spectrum.directions, spectrum.biases) / spectrum.pair.constant)[:, None]
        total = float(np.abs(weights).sum())
    if not 0 < total < math.inf:
        raise ValueError(
            f"spectrum has output weights whose moduli sum up to {total:g}; a finite sum > 0 is accepted"
        )
    return weights


def network_of(spectrum: Spectrum, units: Reals, coef: Reals) -> MLP:
    """Return the float64 network of some units, by their flat numbers; `coef` has the output weights of all."""
    if spectrum.pair.activation in _OF_PAIRS_ALONE:
        raise ValueError(f"spectrum is of {spectrum.pair.activation!r}; what kousei.Activation has is accepted")
    a, b = spectrum.vectors, spectrum.biases
    arrays.require_memory(len(units) * (a.shape[1] + 2), 8, f"a network of {len(units)} units")
    row, column = np.unravel_index(units, (len(a), len(b)))
    return MLP([a[row], coef[None, units]], [-b[column], np.zeros(1)], [spectrum.pair.activation])


def _ring(vectors: Reals, values: Reals, length: float | None) -> Reals | None:
    """Return the numbers of the directions in the plane that have one length; None where few have the same."""
    lengths = np.linalg.norm(vectors, axis=1)
    order = np.argsort(lengths, kind="stable")
    rings = np.split(order, np.flatnonzero(np.diff(lengths[order]) > 1e-6 * lengths.max()) + 1)
    if vectors.shape[1] != 2 or len(rings) > max(1, len(vectors) // 2):
        return None
    if length is not None:
        return min(rings, key=lambda ring: abs(lengths[ring[0]] - length))
    # Squares of large values overflow; the integral over the plane is one of r dr dphi.
    values = values / (np.abs(values).max() or 1.0)
    return max(rings, key=lambda ring: lengths[ring[0]] * np.linalg.norm(values[ring]))
