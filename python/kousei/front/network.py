"""The network that `construct` returns: an MLP that says how far it is from its function, and why it was chosen."""

from __future__ import annotations

from typing import Any, Self

import numpy as np

from kousei._lib import arrays
from kousei._lib.errors import check_type
from kousei.front.report import Report
from kousei.network import MLP
from kousei.network.on_box import BoxNetwork, Origin

Array = np.ndarray[Any, Any]

#: By which a slope of an activation is taken.
_STEP = 1e-6


class ConstructedNetwork(BoxNetwork):
    """A network of a function on a box, as `kousei.construct` returns it.

    Parameters
    ----------
    net : MLP
        The layers.
    origin : tuple
        What `error_bound` tells.
    report : Report
        What else was tried.

    Notes
    -----
    Of the error, `approximation` is 1.25 times the largest difference at `points` points: corners of the box, others
    that took no part in its construction, and those around the worst of them. It is 0 where the function was a
    polynomial of NumPy, the network is that polynomial, and no difference of more than `rounding` was found.

    `rounding` is the precision times the sum of |v df/dv| over all parameters, inputs and hidden values v of the
    network f, the largest at 256 points: what relative roundings of each change at most, to first order.
    """

    def __init__(self, net: MLP, origin: Origin, report: Report) -> None:
        check_type("report", report, Report, "a kousei.front.Report")
        super().__init__(net, origin)
        self._report = report

    @property
    def report(self) -> Report:
        """Every constructor that was tried: units, error, seconds, and why it was chosen or not."""
        return self._report

    def _of(self, net: MLP) -> Self:
        return type(self)(net, self._origin, self._report)


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
