"""Where the powers of a network can leave the range of its numbers."""

from __future__ import annotations

from kousei._lib.boxes import Bounds as Box
from kousei._lib.errors import check_type, warn
from kousei.network import MLP, Bounds


def check_range(net: MLP, box: Box) -> Bounds:
    """Warn where a network can overflow on a box: powers of powers grow fast.

    Parameters
    ----------
    net : MLP
        Of any activations.
    box : sequence of (lo, hi)
        One pair for each input.

    Returns
    -------
    Bounds
        Of ``net.bounds(box)``, by intervals. They are wide where units cancel: inside its own box no unit of a
        `PolynomialNetwork` sees more than 2, beside the nodes of its monomials, whatever intervals say.

    Raises
    ------
    TypeError, ValueError
        As of `MLP.bounds`.

    Warns
    -----
    UserWarning
        If a number can be beyond the largest of float32 or float64, with the layer where that is so first.

    Examples
    --------
    Of weights 1, four layers of max(z, 0)^2 overflow in float32 from 256 on:

    >>> import numpy as np
    >>> import kousei
    >>> one, zero = [np.ones((1, 1))] * 5, [np.zeros(1)] * 5
    >>> net = kousei.MLP(one, zero, ["repu2"] * 4)
    >>> kousei.repu.check_range(net, [(-255, 255)]).overflow
    {'float32': None, 'float64': None}
    """
    check_type("net", net, MLP, "kousei.MLP")
    bounds = net.bounds(box)
    found = [f"{name} from layer {layer} on" for name, layer in bounds.overflow.items() if layer is not None]
    if found:
        warn(f"on the box numbers can overflow, by intervals, in {' and in '.join(found)}")
    return bounds
