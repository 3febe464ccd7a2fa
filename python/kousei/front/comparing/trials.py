"""What methods that are compared are given, and what each of their runs gives back."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

Array = np.ndarray[Any, Any]
Predict = Callable[[Array], Array]


class Run(NamedTuple):
    """A network, or what stands beside it, that one method has made; see `kousei.compare`.

    Parameters
    ----------
    method : str
    setting : str
        What tells this run from others of the method.
    units : int
        Hidden units; of a tensor of polynomials its coefficients.
    error : float
        The largest at the points that are held out. Of a training, which is looked at now and then, the least seen.
    seconds : float
        Of this run, until it had this error; looking at it is left out.
    curve : tuple of (seconds, error)
        Of a training, each time that it was looked at.
    """

    method: str
    setting: str
    units: int
    error: float
    seconds: float
    curve: tuple[tuple[float, float], ...]


class Task(NamedTuple):
    """Samples of a function in coordinates from -1 to 1, and values of mean 0 and variance 1.

    Parameters
    ----------
    f : callable
        The function in these coordinates, of points (n, dim), scaled alike.
    x, y : array (n, dim), (n,)
        Samples.
    at, values : array (m, dim), (m,)
        Points that are held out, and the function there.
    scale : float
        What values are divided by.
    widths : tuple of int
        Hidden units of the networks that are trained.
    target : float
        The error at which a training stops.
    budget : float
        Seconds.
    seeds : int
        How many a training has, from 0 on.
    """

    f: Predict
    x: Array
    y: Array
    at: Array
    values: Array
    scale: float
    widths: tuple[int, ...]
    target: float
    budget: float
    seeds: int

    def error(self, predict: Predict) -> float:
        """Return the largest error of a method at the points that are held out, in units of the function."""
        worst = np.abs(predict(self.at) - self.values).max()
        return float(self.scale * worst) if np.isfinite(worst) else np.inf

    def timed(self, method: str, setting: str, units: int, make: Callable[[], Predict]) -> Run:
        """Return the run of a method that has no steps to look at in between."""
        start = time.perf_counter()
        predict = make()
        seconds = time.perf_counter() - start
        return Run(method, setting, units, self.error(predict), seconds, ())


class Watch:
    """Looks at a training now and then, at times that grow by a factor, and does not count what that takes."""

    _GROWTH = 1.3

    def __init__(self, task: Task, seconds: float) -> None:
        self._task, self._seconds = task, seconds
        self._curve: list[tuple[float, float]] = []
        self._next = min(0.05, seconds)
        self._start = time.perf_counter()

    @property
    def share(self) -> float:
        """The part of the time that is over, up to 1."""
        return min(1.0, (time.perf_counter() - self._start) / self._seconds)

    def goes_on(self, predict: Predict, *, stuck: bool = False) -> bool:
        """Tell whether the training is to go on: it has time, and has neither reached its target nor a standstill."""
        elapsed = time.perf_counter() - self._start
        over = stuck or elapsed >= self._seconds
        if over or elapsed >= self._next:
            self._curve.append((elapsed, self._task.error(predict)))
            over |= self._curve[-1][1] <= self._task.target
            self._next = min(self._GROWTH * elapsed, self._seconds)
            self._start = time.perf_counter() - elapsed
        return not over

    def run(self, method: str, setting: str, units: int) -> Run:
        """Return what was seen."""
        seconds, error = min(self._curve, key=lambda point: point[1])
        return Run(method, setting, units, error, seconds, tuple(self._curve))
