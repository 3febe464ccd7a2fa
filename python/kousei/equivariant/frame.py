"""NN R as an operator, where its matrix would be large."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from kousei._lib.arrays import Array
from kousei._lib.operator import Operator

if TYPE_CHECKING:
    from kousei.equivariant.feature import JointEquivariantFeature


class FrameOperator(Operator):
    """T = NN R of a feature phi in NN and another, psi, in R, on flattened functions."""

    def __init__(self, phi: JointEquivariantFeature, psi: JointEquivariantFeature) -> None:
        self._features = phi, psi
        self._points = phi.values.shape[:1] + phi.values.shape[2:]
        size = math.prod(self._points)
        super().__init__(np.result_type(phi.values, psi.values), (size, size))

    def _matmat(self, X: Array) -> Array:
        phi, psi = self._features
        return self._flat(phi.network(psi.ridgelet(self._functions(X))))

    def _rmatmat(self, X: Array) -> Array:
        phi, psi = self._features
        return self._flat(psi.network(phi.ridgelet(self._functions(X))))

    def _functions(self, X: Array) -> Array:
        return X.T.reshape(-1, *self._points)

    def _flat(self, functions: Array) -> Array:
        return functions.reshape(-1, self.shape[0]).T
