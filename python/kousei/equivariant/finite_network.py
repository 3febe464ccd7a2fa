"""Networks of one hidden layer over Z_p^d."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from kousei._lib import arrays

Numbers: TypeAlias = np.ndarray[Any, Any]

#: Values of units that are held at a time.
_BLOCK = 1 << 20


@dataclass(frozen=True, eq=False)
class FiniteNetwork:
    """The sum of weights c_k g((a_k . x - b_k) mod p) over units k, for x in Z_p^d.

    Attributes
    ----------
    feature : numpy.ndarray of shape (p,)
        g(0), ..., g(p - 1).
    directions : numpy.ndarray of int64, shape (units, dim)
        The vectors a.
    biases : numpy.ndarray of int64, shape (units,)
        The numbers b.
    weights : numpy.ndarray of shape (units,)
        The numbers c.

    See Also
    --------
    FiniteRidgelet.sample : constructs one.
    """

    feature: Numbers
    directions: Numbers
    biases: Numbers
    weights: Numbers

    def __call__(self, x: Any) -> Numbers:
        """Return the values at points.

        Parameters
        ----------
        x : array_like of int, shape (..., dim)
            Points; their numbers count mod p.

        Returns
        -------
        numpy.ndarray of shape (...)

        Raises
        ------
        TypeError
            If x is not of integers.
        ValueError
            If its shape does not fit.
        """
        points = arrays.array_like("x", x)
        if points.dtype.kind not in "iu":
            raise TypeError(f"x has dtype {points.dtype}; integers are accepted")
        batch = arrays.batch_axes("x", points, (self.directions.shape[1],))
        p = len(self.feature)
        residues = (points % p).astype(np.int64).reshape(-1, points.shape[-1])
        values = np.empty(len(residues), np.result_type(self.feature, self.weights))
        rows = max(1, _BLOCK // max(1, len(self.weights)))
        for start in range(0, len(residues), rows):
            products = residues[start : start + rows] @ self.directions.T
            values[start : start + rows] = self.feature[(products - self.biases) % p] @ self.weights
        return values.reshape(batch)
