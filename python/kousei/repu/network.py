"""Networks of polynomials on a box, and how far they are from what they stand for."""

from __future__ import annotations

from typing import Any, NamedTuple, Self

import numpy as np

from kousei._lib.boxes import Bounds, check_bounds
from kousei.network import MLP

Array = np.ndarray[Any, Any]


class ErrorBound(NamedTuple):
    """Bound on the error of a polynomial network on its box, see `PolynomialNetwork.error_bound`.

    Parameters
    ----------
    approximation : float
        The polynomial against the function: 0 where the polynomial, or the spline, is what was given, else 1.5 times
        the largest difference at `points` points of the box that took no part in its construction, or the sum of the
        moduli of the coefficients that were left out, whichever is larger.
    rounding : float
        By a rule that is above what was measured, twice at least: the precision, times the condition of a unit's sum,
        the sum of the moduli of the coefficients by products of T_1, T_2, T_4, ..., 2 dim (n_1 + ... + n_dim) for
        n_j coefficients along axis j, and the largest coordinate in half widths of the box. Of a monotone spline of m
        cells along each axis, 2 dim ((m + 2)^2 + the largest coordinate in cells) times the largest coefficient.
    kind : {"proven", "estimated"}
        Of the approximation.
    points : int
        See `approximation`.
    """

    approximation: float
    rounding: float
    kind: str
    points: int

    @property
    def total(self) -> float:
        """Sum of the parts."""
        return self.approximation + self.rounding


class Origin(NamedTuple):
    """Where a polynomial network comes from: the box, the error of the polynomial, the rounding for precision 1."""

    lo: Array
    hi: Array
    approximation: float
    rounding: float
    points: int


class PolynomialNetwork(MLP):
    """The network of a polynomial on a box, or of polynomials on its cells.

    `from_chebyshev`, `from_polynomial`, `from_function` and `kousei.MonotoneRegressor.to_network` make it.

    Parameters
    ----------
    net : MLP
        The layers.
    origin : tuple
        What `error_bound` tells.
    """

    def __init__(self, net: MLP, origin: Origin) -> None:
        super().__init__(net.weights, net.biases, net.activations)
        self._formula, self._origin = net._formula, origin

    def _map(self, convert: Any) -> Self:
        plain = MLP(self.weights, self.biases, self.activations)._map(convert)
        plain._formula = self._formula
        return type(self)(plain, self._origin)

    def error_bound(self, box: Bounds | None = None) -> ErrorBound:
        """Bound the largest error on a box, part by part.

        Parameters
        ----------
        box : sequence of (lo, hi), optional
            One inside that of the construction, which it is by default. The network computes its polynomial outside
            too, where nothing is said of the function, and rounding is multiplied by the growth of the polynomials.

        Returns
        -------
        ErrorBound

        Raises
        ------
        ValueError
            If the box is not inside that of the construction.

        Examples
        --------
        >>> import numpy as np
        >>> import kousei
        >>> net = kousei.repu.from_function(lambda x: np.exp(x[:, 0]), [(0, 1)], 1e-10)
        >>> bound = net.error_bound()
        >>> bound.total < 1e-10, bound.kind
        (True, 'estimated')
        """
        lo, hi, approximation, rounding, points = self._origin
        if box is not None:
            its_lo, its_hi = check_bounds(box, "box", self.dim, flat=True)
            if not ((lo <= its_lo).all() and (its_hi <= hi).all()):
                bounds = np.stack([lo, hi], axis=-1).tolist()
                raise ValueError(f"box was {box}; one inside that of the construction, {bounds}, is accepted")
        kind = "estimated" if points else "proven"
        return ErrorBound(approximation, float(np.finfo(self.dtype).eps) * rounding, kind, points)
