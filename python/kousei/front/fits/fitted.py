"""The network that `fit` returns: an MLP that says how far it is from samples it has not seen, and what was tried."""

from __future__ import annotations

from typing import Any, NamedTuple, Self

import numpy as np

from kousei._lib.errors import check_type
from kousei.network import MLP

Array = np.ndarray[Any, Any]


class LeftOutError(NamedTuple):
    """Errors at samples that were left out, see `FittedNetwork.error_bound`.

    Parameters
    ----------
    each : tuple of float
        Root mean square error of each output, noise of the samples included.
    kind : str
        "estimated": from samples, and for samples like them.
    points : int
        Different points, each of which was left out once.
    """

    each: tuple[float, ...]
    kind: str
    points: int

    @property
    def total(self) -> float:
        """The largest error of an output."""
        return max(self.each)


class Trial(NamedTuple):
    """A hidden layer that was tried, see `Trials`.

    Parameters
    ----------
    units : int
        Its units.
    slope : float
        Steepest slope of a unit, in coordinates of variance 1.
    metric : {"none", "axes", "directions"}
        What directions were drawn by: alike along all coordinates, more along coordinates, or along directions, that
        the fit before changed more along.
    points : int
        Different points that it was fitted to.
    error : float
        Root mean square error at points that were left out, for values of variance 1, over all outputs.
    seconds : float
        That it took.
    chosen : bool
        Whether it is that of the network.
    """

    units: int
    slope: float
    metric: str
    points: int
    error: float
    seconds: float
    chosen: bool


class Trials(tuple[Trial, ...]):
    """The hidden layers that were tried, in their order; printed, it is a table.

    Parameters
    ----------
    trials : sequence of Trial
    """

    __slots__ = ()

    @property
    def chosen(self) -> Trial:
        """The layer of the network."""
        return next(trial for trial in self if trial.chosen)

    def __repr__(self) -> str:
        return f"Trials({len(self)} layers, chosen: {self.chosen.units} units)"

    def __str__(self) -> str:
        lines = [f"  {'units':>5} {'slope':>8} {'metric':>10} {'points':>7} {'error':>8} {'seconds':>8}"]
        for units, slope, metric, points, error, seconds, chosen in self:
            mark = "*" if chosen else " "
            lines.append(f"{mark} {units:5} {slope:8.3g} {metric:>10} {points:7} {error:8.2e} {seconds:8.3f}")
        return "\n".join(lines)


class FittedNetwork(MLP):
    """A network with one hidden layer, as `kousei.fit` returns it.

    Parameters
    ----------
    net : MLP
        The layers.
    error : LeftOutError
        What `error_bound` tells.
    report : Trials
        What was tried.
    """

    def __init__(self, net: MLP, error: LeftOutError, report: Trials) -> None:
        check_type("net", net, MLP, "a kousei.MLP")
        check_type("error", error, LeftOutError, "a kousei.front.LeftOutError")
        check_type("report", report, Trials, "a kousei.front.Trials")
        super().__init__(net.weights, net.biases, net.activations)
        self._error, self._report = error, report

    @property
    def report(self) -> Trials:
        """Every hidden layer that was tried: units, error, seconds."""
        return self._report

    def error_bound(self) -> LeftOutError:
        """Tell the error at samples that took no part: each was left out once, by a formula.

        It is an estimate, and of what was chosen by it, so that it is low rather than high where samples are few. Of
        points beyond the samples it says nothing: without noise errors there may be larger by orders of magnitude.
        It is that of the network as it was fitted, in float64: what float32 rounds comes on top.

        Returns
        -------
        LeftOutError

        Examples
        --------
        >>> import numpy as np
        >>> import kousei
        >>> rng = np.random.default_rng(0)
        >>> x = rng.uniform(-1, 1, (500, 1))
        >>> bound = kousei.fit(x, np.sin(3 * x[:, 0]) + 0.1 * rng.normal(size=500), rng=0).error_bound()
        >>> bound.kind, round(bound.total, 1)
        ('estimated', 0.1)
        """
        return self._error

    def _map(self, convert: Any) -> Self:
        return type(self)(MLP(self.weights, self.biases, self.activations)._map(convert), self._error, self._report)
