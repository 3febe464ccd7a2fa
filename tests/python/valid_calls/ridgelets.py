"""Valid calls of ridgelets."""

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

import kousei
from kousei import (
    ridgelet,
)
from valid_calls.common import Call, f

AXIS, BIASES = np.linspace(-1, 1, 9), np.linspace(-8, 8, 33)
ON_AXIS = np.exp(-(AXIS**2))


@cache
def pair() -> ridgelet.AdmissiblePair:
    return ridgelet.AdmissiblePair("tanh", 1)


@cache
def operator() -> ridgelet.RidgeletTransform:
    return ridgelet.RidgeletTransform((AXIS,), ridgelet.ball_directions(1, 2.0, radii=3), BIASES, pair())


@cache
def spectrum() -> Any:
    return kousei.ridgelet_transform(ON_AXIS, [AXIS], ridgelet.ball_directions(1, 2.0, radii=3), BIASES, pair())


VALUES = np.ones((6, 33))
MIXTURE: dict[str, Any] = {
    "coefs": [1.0],
    "means": [[0.0]],
    "widths": [1.0],
    "directions": [[1.0]],
    "biases": BIASES,
}
CALLS: dict[str, Callable[[], Call]] = {
    "kousei.RidgeletTransform.adjoint": lambda: (operator().adjoint, {"spectrum": VALUES}),
    "kousei.RidgeletTransform.dot": lambda: (operator().dot, {"x": ON_AXIS}),
    "kousei.RidgeletTransform.dual": lambda: (operator().dual, {"spectrum": VALUES}),
    "kousei.RidgeletTransform.dual_adjoint": lambda: (operator().dual_adjoint, {"f": ON_AXIS}),
    "kousei.RidgeletTransform.matmat": lambda: (operator().matmat, {"X": ON_AXIS[:, None]}),
    "kousei.RidgeletTransform.matvec": lambda: (operator().matvec, {"x": ON_AXIS}),
    "kousei.RidgeletTransform.reconstruct": lambda: (operator().reconstruct, {"f": ON_AXIS, "tol": 0.9}),
    "kousei.RidgeletTransform.rmatmat": lambda: (operator().rmatmat, {"X": VALUES.reshape(-1, 1)}),
    "kousei.RidgeletTransform.rmatvec": lambda: (operator().rmatvec, {"x": VALUES.ravel()}),
    "kousei.RidgeletTransform.transform": lambda: (operator().transform, {"f": ON_AXIS}),
    "kousei.RidgeletTransform.truncation_loss": lambda: (operator().truncation_loss, {"f": ON_AXIS}),
    "kousei.dual_ridgelet_transform": lambda: (
        kousei.dual_ridgelet_transform,
        {"spectrum": spectrum(), "axes": [AXIS]},
    ),
    "kousei.ridgelet.AdmissiblePair.activation_hat": lambda: (pair().activation_hat, {"w": 1.0}),
    "kousei.ridgelet.AdmissiblePair.kernel": lambda: (pair().kernel, {"t": 1.0}),
    "kousei.ridgelet.AdmissiblePair.kernel_hat": lambda: (pair().kernel_hat, {"w": 1.0}),
    "kousei.ridgelet.AdmissiblePair.multiplier": lambda: (pair().multiplier, {"k_norm": 1.0, "scale": 2.0}),
    "kousei.ridgelet.Spectrum.plot": lambda: (spectrum().plot, {}),
    "kousei.ridgelet.admissibility_constant": lambda: (
        ridgelet.admissibility_constant,
        {"activation": "tanh", "dim": 1, "s": 1.5, "derivative": True},
    ),
    "kousei.ridgelet.ball_directions": lambda: (ridgelet.ball_directions, {"dim": 1, "scale": 2.0, "radii": 3}),
    "kousei.ridgelet.from_spectrum": lambda: (ridgelet.from_spectrum, {"spectrum": spectrum()}),
    "kousei.ridgelet.gaussian_kernel": lambda: (ridgelet.gaussian_kernel, {"t": 1.0, "s": 1.5}),
    "kousei.ridgelet.gaussian_mixture_ridgelet": lambda: (
        ridgelet.gaussian_mixture_ridgelet,
        MIXTURE | {"pair": pair()},
    ),
    "kousei.ridgelet.sample": lambda: (ridgelet.sample, {"spectrum": spectrum(), "units": 3}),
    "kousei.ridgelet.single_scale": lambda: (
        ridgelet.single_scale,
        {"f": f, "bounds": [(0, 1)], "units": 32},
    ),
    "kousei.ridgelet.single_scale_weights": lambda: (ridgelet.single_scale_weights, MIXTURE),
    "kousei.ridgelet_transform": lambda: (
        kousei.ridgelet_transform,
        {
            "f": ON_AXIS,
            "axes": [AXIS],
            "directions": ridgelet.ball_directions(1, 2.0, radii=3),
            "biases": BIASES,
            "pair": pair(),
        },
    ),
}
