"""Least squares with a given sum of the coefficients."""

from __future__ import annotations

import numpy as np

from kousei.attribution.game import Reals


def constrained_least_squares(x: Reals, y: Reals, weight: Reals, total: Reals) -> Reals:
    """Minimise sum_r weight_r (x_r . b - y_r)^2 over the b whose sum is `total`, for a batch of problems.

    Directions that no row tells apart take nothing: what is left of the total is shared alike.

    Parameters
    ----------
    x : numpy.ndarray (batch, rows, p) of float64
    y, weight : numpy.ndarray (batch, rows) of float64
    total : numpy.ndarray (batch,) of float64

    Returns
    -------
    numpy.ndarray (batch, p) of float64
    """
    p = x.shape[-1]
    share = np.repeat(total[:, None] / p, p, axis=1)
    # Centred rows see only what has sum 0.
    centred = (x - x.mean(axis=2, keepdims=True)) * weight[..., None]
    gram = centred.transpose(0, 2, 1) @ (x - x.mean(axis=2, keepdims=True))
    left = y - np.einsum("brp,bp->br", x, share)
    inverse = np.linalg.pinv(gram, rcond=1e-12, hermitian=True)
    return share + np.einsum("bpq,brq,br->bp", inverse, centred, left, optimize=True)
