"""What is constructed beside what is trained, fitted and interpolated: errors against units and against seconds."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

import numpy as np

from kousei._lib import arrays
from kousei._lib.boxes import Bounds, check_bounds, fill_cube
from kousei._lib.errors import check_choice, check_integer, require_positive
from kousei._lib.random import Rng, generator
from kousei.front.calling import vectorised
from kousei.front.comparing import regressions, training
from kousei.front.comparing.trials import Run, Task
from kousei.front.construction import NotReachedError, construct
from kousei.front.constructors.polynomials import of_numpy
from kousei.front.problem import Array, Function

#: What each method is, and the library that it needs.
_METHODS: dict[str, tuple[Callable[[Task], list[Run]], str]] = {
    "Adam": (training.adam, "torch"),
    "L-BFGS": (training.lbfgs, "torch"),
    "MLPRegressor": (training.mlp_regressor, "sklearn"),
    "RBFSampler": (regressions.rbf_sampler, "sklearn"),
    "Nystroem": (regressions.nystroem, "sklearn"),
    "Chebyshev": (regressions.chebyshev, "numpy"),
}
#: The name of what this package makes.
_OURS = "construct"
#: Units of a trained network, at most, those of a second one where ours has fewer, and points that are held out.
_WIDEST, _WIDE, _HELD_OUT = 512, 64, 10_000
#: Samples for each dimension, up to 4 of them.
_SAMPLES = 1024
#: Dimensions in which grids have few enough points.
_GRIDS = 3


@dataclass(frozen=True, repr=False)
class Comparison:
    """What `compare` has found; it prints as a table.

    Attributes
    ----------
    runs : tuple of Run
        Every network that was made: the method, what tells it from others, hidden units, the largest error at the
        points held out, seconds, and of a training the curve of (seconds, error).
    left_out : dict of str to str
        What was not done, and why.
    tol : float
        The least of the tolerances that `construct` was given and met; that which was asked for where it met none.
    """

    runs: tuple[Run, ...]
    left_out: dict[str, str]
    tol: float

    @property
    def methods(self) -> list[str]:
        """The methods that have runs."""
        return list(dict.fromkeys(run.method for run in self.runs))

    def best(self, method: str) -> Run:
        """Return the run of a method with the least error; ValueError if it has none."""
        return min(self._runs_of(method), key=lambda run: run.error)

    def seconds_to(self, error: float, method: str) -> float:
        """Return in how many seconds a run of a method had at most this error; infinity if none had."""
        looks = [look for run in self._runs_of(method) for look in (*run.curve, (run.seconds, run.error))]
        return min((seconds for seconds, seen in looks if seen <= error), default=math.inf)

    def _runs_of(self, method: str) -> list[Run]:
        runs = [run for run in self.runs if run.method == method]
        if not runs:
            raise ValueError(f"method was {method!r}; one of those that have runs, {self.methods}, is accepted")
        return runs

    def __str__(self) -> str:
        lines = [f"{'method':<13}{'units':>7}{'largest error':>15}{'seconds':>9}{f'to {self.tol:g}':>11}  setting"]
        for method in self.methods:
            run, reached = self.best(method), self.seconds_to(self.tol, method)
            to_tol = "never" if reached == math.inf else f"{reached:.2g} s"
            lines.append(
                f"{method:<13}{run.units:>7}{run.error:>15.1e}{run.seconds:>9.2g}{to_tol:>11}  {run.setting}"
            )
        return "\n".join([*lines, *(f"left out: {what}: {why}" for what, why in self.left_out.items())])

    def draw(self, axes: Any = None) -> Any:
        """Draw errors against units and against seconds, by Matplotlib.

        Parameters
        ----------
        axes : two of matplotlib.axes.Axes, optional
            Where to draw; in a new figure unless given.

        Returns
        -------
        two of matplotlib.axes.Axes

        Raises
        ------
        ImportError
            If Matplotlib is not installed.
        """
        try:
            import matplotlib.pyplot as plt
        except ImportError:
            raise ImportError("Matplotlib is not installed: pip install 'kousei[plot]'") from None
        if axes is None:
            axes = plt.subplots(1, 2, figsize=(10, 4), layout="constrained", sharey=True)[1]
        for number, method in enumerate(self.methods):
            look = {"color": f"C{number}", "label": method}
            runs = self._runs_of(method)
            sizes = sorted({run.units for run in runs})
            least = [min(run.error for run in runs if run.units == units) for units in sizes]
            axes[0].plot(sizes, least, "o-", markersize=4, **look)
            steps = {"drawstyle": "steps-post"} if runs[0].curve else {"marker": "o", "markersize": 4}
            _, seconds, errors = zip(*nearer(runs), strict=True)
            axes[1].plot(seconds, errors, **look, **steps)
        for panel, label in zip(axes, ("hidden units, or coefficients", "seconds"), strict=True):
            panel.axhline(self.tol, color="0.6", linewidth=1, linestyle=":")
            panel.set(xscale="log", yscale="log", xlabel=label)
        axes[0].set_ylabel("largest error")
        axes[0].legend(fontsize=8)
        return axes


def nearer(runs: Sequence[Run]) -> list[tuple[int, float, float]]:
    """Return the (units, seconds, error) of some runs, in the order of seconds, that are nearer than all before."""
    kept: list[tuple[int, float, float]] = []
    looks = ((*look, run.units) for run in runs for look in run.curve or ((run.seconds, run.error),))
    for seconds, error, units in sorted(looks):
        if not kept or error < kept[-1][2]:
            kept.append((units, seconds, error))
    return kept


def compare(
    f: Function,
    bounds: Bounds,
    tol: float = 1e-6,
    *,
    methods: Sequence[str] = tuple(_METHODS),
    budget: float = 10.0,
    seeds: int = 3,
    rng: Rng = None,
) -> Comparison:
    """Hold what `construct` makes of a function against networks that are trained, features and polynomials.

    Parameters
    ----------
    f : callable
        As for `construct`.
    bounds : sequence of (lo, hi)
        The box.
    tol : float
        The largest error that is asked of `construct`, absolute. It makes networks to larger ones, too, in steps of
        10, for a curve.
    methods : sequence of {"Adam", "L-BFGS", "MLPRegressor", "RBFSampler", "Nystroem", "Chebyshev"}
        What to compare with. "Adam" and "L-BFGS" need PyTorch; the next three scikit-learn. "Chebyshev" is for up to
        3 dimensions. What cannot be done is left out and said.
    budget : float
        Seconds of each method, and of the longest run of Adam and of L-BFGS, which have half of it before that to
        choose rate, width and seed.
    seeds : int
        Of each training; the best is kept. MLPRegressor has its part of the budget for each.
    rng : numpy.random.Generator, int or None
        Source of the points that are held out, and of what `construct` draws (SPEC 7).

    Returns
    -------
    Comparison

    Raises
    ------
    TypeError, ValueError
        If an argument is none of these, or f or a number of dimensions none that `construct` takes.

    See Also
    --------
    kousei.construct : What makes the networks.

    Notes
    -----
    Trained networks have one hidden layer of tanh, as many units as ours, up to 512, and 64 as well where those are
    fewer; 512 where `construct` makes none. They are given 1024 samples for each dimension, up to 4096, which fill
    the box evenly. Features are 32, 128 and 512. Errors are the largest at 10,000 random points that nothing else is
    done with. A training ends at `tol`. Seconds are those of one run: choosing among rates, widths, seeds and kernels
    is not counted, and neither are samples of f.

    Examples
    --------
    >>> import numpy as np
    >>> import kousei
    >>> found = kousei.compare(lambda x: np.sin(3 * x[:, 0]), [(-1, 1)], methods=["Chebyshev"], rng=0)
    >>> found.best("construct").error < 1e-6, found.best("Chebyshev").units
    (True, 32)
    >>> found.methods, found.left_out
    (['construct', 'Chebyshev'], {})
    """
    lo, hi = check_bounds(bounds)
    require_positive(tol=tol, budget=budget)
    check_integer("seeds", seeds, 1)
    if isinstance(methods, str) or not isinstance(methods, Sequence):
        raise TypeError(f"methods was {methods!r}; a sequence of names is accepted")
    for method in methods:
        check_choice("methods", method, *_METHODS)
    rng = generator(rng)
    polynomial, given = of_numpy(f, lo, hi)
    points = vectorised(polynomial, lo, hi, float(tol))

    def in_cube(y: Array) -> Array:
        return arrays.finite_numbers("f(x)", points(_placed(y, lo, hi)), "biuf")

    y = rng.uniform(-1, 1, (_HELD_OUT, len(lo)))
    at = _placed(y, lo, hi), in_cube(y)
    # A polynomial of NumPy is left one: its network is proven.
    ours, left_out = _constructed(f if given else points, bounds, float(tol), budget, at, rng)
    task = _task(in_cube, y, at[1], ours, float(tol), budget, seeds)
    runs = [run for _, run in ours]
    for method in dict.fromkeys(methods):
        make, library = _METHODS[method]
        if find_spec(library) is None:
            left_out[method] = f"{library} is not installed"
        elif method == "Chebyshev" and len(lo) > _GRIDS:
            left_out[method] = f"a grid in {len(lo)} dimensions has too many points"
        else:
            runs += make(task)
    return Comparison(tuple(runs), left_out, task.target)


def _placed(y: Array, lo: Array, hi: Array) -> Array:
    """Return the points of a box whose coordinates are y, -1 to 1 along each axis."""
    return np.asarray(np.clip(lo + (hi - lo) / 2 * (1 + y), lo, hi))


def _constructed(
    f: Function, bounds: Bounds, tol: float, budget: float, at: tuple[Array, Array], rng: np.random.Generator
) -> tuple[list[tuple[float, Run]], dict[str, str]]:
    """Return the networks to tol, 10 tol, 100 tol ..., with their tolerances, and why others are missing."""
    runs, left_out, begin = [], {}, time.perf_counter()
    while True:
        start = time.perf_counter()
        try:
            net = construct(f, bounds, tol, rng=rng)
        except NotReachedError as refusal:
            left_out[f"{_OURS} to {tol:g}"] = str(refusal).splitlines()[0].removesuffix(" What was tried:")
        else:
            seconds, error = time.perf_counter() - start, float(np.abs(net(at[0]) - at[1]).max())
            runs.append((tol, Run(_OURS, f"tol {tol:g}", net.units, error, seconds, ())))
        tol *= 10
        if tol >= np.ptp(at[1]) / 2 or time.perf_counter() - begin > budget:
            return runs, left_out


def _task(
    f: Function, at: Array, values: Array, ours: list[tuple[float, Run]], tol: float, budget: float, seeds: int
) -> Task:
    """Return what the others are given: the units, and the error, of ours to the least tolerance."""
    dim = at.shape[1]
    x = 2 * fill_cube(dim, _SAMPLES * min(dim, 4)) - 1
    y = f(x)
    mean, scale = float(y.mean()), float(y.std()) or 1.0
    target, units = (ours[0][0], ours[0][1].units) if ours else (tol, _WIDEST)
    units = max(1, min(units, _WIDEST))  # ours has none where the function is affine
    # A training may need more units than a construction.
    widths = (units, _WIDE) if units < _WIDE else (units,)

    def scaled(points: Array) -> Array:
        return (f(points) - mean) / scale

    return Task(scaled, x, scaled(x), at, (values - mean) / scale, scale, widths, target, budget, seeds)
