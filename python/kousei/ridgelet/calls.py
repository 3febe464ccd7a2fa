"""The transform and its dual in one call."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kousei._lib import arrays, backends
from kousei._lib.arrays import Array
from kousei._lib.errors import check_type
from kousei.ridgelet.pair import AdmissiblePair
from kousei.ridgelet.spectrum import Spectrum
from kousei.ridgelet.transform import Method, RidgeletTransform


def ridgelet_transform(
    f: Array,
    axes: Sequence[Any] | Array,
    directions: Any,
    biases: Any,
    pair: AdmissiblePair,
    method: Method = "auto",
    tol: float | None = None,
    *,
    weights: Any = None,
) -> Spectrum:
    """Return R[f](a, b), the integral of f(x) psi(a.x - b) dx; for several f a `RidgeletTransform` is planned once.

    Parameters
    ----------
    f : array of shape ``(..., *points)``
        Values on the axes or at the points, float32 or float64.
    axes, directions, biases, pair, method, tol, weights
        As for `RidgeletTransform`.

    Returns
    -------
    Spectrum
        Whose values (..., directions, biases) are of the library and the dtype of f.

    Raises
    ------
    TypeError, ValueError, MemoryError
        As `RidgeletTransform` and its `transform` do.

    Examples
    --------
    >>> import numpy as np
    >>> import kousei
    >>> x = np.linspace(-8, 8, 129)
    >>> pair = kousei.ridgelet.AdmissiblePair("tanh", 1)
    >>> kousei.ridgelet_transform(np.exp(-(x**2) / 2), (x,), [[0.7]], [0.3], pair).values.round(9)
    array([[0.519140353]])
    """
    _, f = backends.enter("f", f)
    dtype = arrays.real_dtype(f=f)
    operator = RidgeletTransform(axes, directions, biases, pair, method, tol, weights=weights, dtype=dtype)
    return Spectrum(operator.transform(f), operator.directions, operator.biases, pair)


def dual_ridgelet_transform(
    spectrum: Spectrum, axes: Sequence[Any] | Array, method: Method = "auto", tol: float | None = None
) -> Array:
    """Return S[gamma](x), the integral of gamma(a, b) sigma(a.x - b) da db, at points.

    Parameters
    ----------
    spectrum : Spectrum
        Of `Directions` with weights and uniform biases.
    axes, method, tol
        As for `RidgeletTransform`.

    Returns
    -------
    array of shape ``(..., *points)``
        Of the library and the dtype of the values.

    Warns
    -----
    UserWarning
        If projections of the points lie beyond the biases, as `RidgeletTransform.dual`.

    Raises
    ------
    TypeError, ValueError, MemoryError
        As `RidgeletTransform` and its `dual` do; or if `spectrum` is none.

    Examples
    --------
    >>> import numpy as np
    >>> import kousei
    >>> from kousei.ridgelet import AdmissiblePair, ball_directions
    >>> x, b, pair = np.linspace(-8, 8, 129), np.linspace(-60, 60, 601), AdmissiblePair("relu", 1, order=2)
    >>> f = np.exp(-(x**2) / 2)
    >>> spectrum = kousei.ridgelet_transform(f, (x,), ball_directions(1, 6.0, radii=40), b, pair)
    >>> again = kousei.dual_ridgelet_transform(spectrum, (x,)) / pair.constant
    >>> bool(abs(again - f).max() < 0.02)
    True
    """
    check_type("spectrum", spectrum, Spectrum, "a kousei.ridgelet.Spectrum")
    dtype = arrays.real_dtype(values=spectrum.values)
    operator = RidgeletTransform(axes, spectrum.directions, spectrum.biases, spectrum.pair, method, tol, dtype=dtype)
    return operator.dual(spectrum.values)
