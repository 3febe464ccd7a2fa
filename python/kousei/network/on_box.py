"""Networks of a function on a box, and how far they are from it there."""

from __future__ import annotations

from typing import Any, NamedTuple, Self

import numpy as np

from kousei._lib.boxes import Bounds, check_bounds
from kousei._lib.errors import check_type
from kousei.network.mlp import MLP

Array = np.ndarray[Any, Any]


class ErrorBound(NamedTuple):
    """Bound on the error of a network on its box, see `error_bound` of the class.

    Parameters
    ----------
    approximation : float
        The network, in exact arithmetic, against the function: the notes of the class say how it is found.
    rounding : float
        What the precision of the network can change; the notes of the class give the rule.
    kind : {"proven", "estimated"}
        Of the approximation.
    points : int
        At which it was estimated.
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


class BoxNetwork(MLP):
    """A network that knows the box of its function, and its error there."""

    def __init__(self, net: MLP, origin: Origin) -> None:
        check_type("net", net, MLP, "a kousei.MLP")
        check_type("origin", origin, Origin, "an Origin, which constructors make,")
        super().__init__(net.weights, net.biases, net.activations)
        self._formula, self._origin = net._formula, origin

    def _map(self, convert: Any) -> Self:
        plain = MLP(self.weights, self.biases, self.activations)._map(convert)
        plain._formula = self._formula
        mapped = self._of(plain)
        if plain.dtype.itemsize > self.dtype.itemsize:  # what was rounded stays so
            mapped._origin = self._origin._replace(approximation=self.error_bound().total)
        return mapped

    def _of(self, net: MLP) -> Self:
        """Return the network with other layers for the same function."""
        return type(self)(net, self._origin)

    def error_bound(self, box: Bounds | None = None) -> ErrorBound:
        """Bound the largest error on a box, part by part.

        Parameters
        ----------
        box : sequence of (lo, hi), optional
            One inside that of the construction, which it is by default. Nothing is said of what is outside.

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
