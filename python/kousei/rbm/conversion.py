"""The machine of the other convention, spins or zeros and ones, that has the same distribution."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from kousei._lib.errors import check_choice
from kousei.rbm.distribution import PARAMETERS

if TYPE_CHECKING:
    from kousei.rbm.machine import RBM


class Conversion(NamedTuple):
    """A machine of another convention, see `RBM.convert`."""

    machine: RBM
    offset: float


def convert(machine: RBM, units: str) -> Conversion:
    """Return the machine of the other convention that has the same distribution.

    Parameters
    ----------
    units : str
        "spin" or "binary".

    Returns
    -------
    Conversion
        `machine`, of float64, and `offset`: log Z of this machine is log Z of that one plus it.

    Raises
    ------
    ValueError
        If `units` is not known.

    Notes
    -----
    With s = 2 x - 1 on both sides, W' = 4 W, b' = 2 (b - W 1), c' = 2 (c - W^T 1), and the offset is the sum of
    W less those of b and c.

    Examples
    --------
    >>> import kousei
    >>> binary, offset = kousei.RBM.from_weights([[1.0], [1.0]]).convert("binary")
    >>> binary.weights.ravel(), binary.visible_bias, binary.hidden_bias, offset
    (array([4., 4.]), array([-2., -2.]), array([-4.]), 2.0)
    """
    check_choice("units", units, "spin", "binary")
    w, b, c = (np.asarray(getattr(machine, name), np.float64) for name in PARAMETERS)
    offset = 0.0
    if units != machine.units and units == "binary":
        offset = float(w.sum() - b.sum() - c.sum())
        w, b, c = 4 * w, 2 * (b - w.sum(axis=1)), 2 * (c - w.sum(axis=0))
    elif units != machine.units:
        w, b, c = w / 4, b / 2 + w.sum(axis=1) / 4, c / 2 + w.sum(axis=0) / 4
        offset = float(b.sum() + c.sum() - w.sum())
    return Conversion(machine.from_weights(w, b, c, units), offset)
