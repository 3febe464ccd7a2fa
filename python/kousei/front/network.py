"""The network that `construct` returns: an MLP that says how far it is from its function, and why it was chosen."""

from __future__ import annotations

from typing import Any, NamedTuple, Self

import numpy as np

from kousei._lib import arrays
from kousei._lib.boxes import Bounds, check_bounds
from kousei.front.report import Report
from kousei.network import MLP

Array = np.ndarray[Any, Any]

#: By which a slope of an activation is taken.
_STEP = 1e-6


class ErrorBound(NamedTuple):
    """Bound on the error of a network on its box, see `ConstructedNetwork.error_bound`.

    Parameters
    ----------
    approximation : float
        The network, in exact arithmetic, against the function: 1.25 times the largest difference at `points` points:
        corners of the box, others that took no part in its construction, and those around the worst of them.
        0 where the function was a polynomial of NumPy, the network is that polynomial, and no difference of more than
        `rounding` was found.
    rounding : float
        The precision times the sum of |v df/dv| over all parameters, inputs and hidden values v of the network f, the
        largest at 256 points: what relative roundings of each change at most, to first order.
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
    """Where a network comes from: the box, its error there, the rounding for precision 1."""

    lo: Array
    hi: Array
    approximation: float
    rounding: float
    points: int


class ConstructedNetwork(MLP):
    """A network of a function on a box, as `kousei.construct` returns it.

    Parameters
    ----------
    net : MLP
        The layers.
    origin : tuple
        What `error_bound` tells.
    report : Report
        What else was tried.
    """

    def __init__(self, net: MLP, origin: Origin, report: Report) -> None:
        super().__init__(net.weights, net.biases, net.activations)
        self._formula, self._origin, self._report = net._formula, origin, report

    @property
    def report(self) -> Report:
        """Every constructor that was tried: units, error, seconds, and why it was chosen or not."""
        return self._report

    def _map(self, convert: Any) -> Self:
        plain = MLP(self.weights, self.biases, self.activations)._map(convert)
        plain._formula = self._formula
        return type(self)(plain, self._origin, self._report)

    def error_bound(self, box: Bounds | None = None) -> ErrorBound:
        """Bound the largest error on a box, part by part.

        Parameters
        ----------
        box : sequence of (lo, hi), optional
            One inside that of the construction, which it is by default.

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
        >>> bound = kousei.construct(lambda x: np.exp(x[:, 0]), [(0, 1)], 1e-4).error_bound()
        >>> bound.total < 1e-4, bound.kind
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


def rounding_of(net: MLP, x: Array) -> float:
    """Return how much the output changes, at most at these points, by roundings of relative size 1, to first order.

    That is the sum of |v df/dv| over all parameters, inputs and hidden values v, with the derivatives carried back
    from the output.
    """
    hidden, slopes = [x], []
    for weight, bias, phi in zip(net.weights, net.biases, net.activations, strict=False):
        z = np.ascontiguousarray(hidden[-1] @ arrays.dense(weight).T + bias)
        step = _STEP * (1 + np.abs(z))
        slopes.append((phi(z + step) - phi(z - step)) / (2 * step))
        hidden.append(phi(z))
    back, total = np.ones((len(x), 1)), np.zeros(len(x))
    for i in reversed(range(len(net.weights))):
        weight = arrays.dense(net.weights[i])
        of_layer = 2 * np.abs(hidden[i]) @ np.abs(weight.T) + np.abs(net.biases[i])
        total += np.sum(np.abs(back) * of_layer, axis=1)
        if i > 0:
            back = back @ weight * slopes[i - 1]
    return float(total.max())
