"""The call itself: every constructor is tried, what it makes is held against the function, and one is chosen."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from kousei._lib import progress as bars
from kousei._lib.boxes import Bounds, check_bounds, fill_cube
from kousei._lib.errors import check_bool, check_choice, check_integer, require_positive
from kousei._lib.random import Rng, generator
from kousei.activation import Activation, Mixed
from kousei.activation.named import resolve
from kousei.front.calling import vectorised
from kousei.front.candidates import CANDIDATES, Candidate
from kousei.front.constructors.polynomials import of_numpy
from kousei.front.diagnosis import jumps, obstacles
from kousei.front.network import ConstructedNetwork, rounding_of
from kousei.front.problem import Array, FunctionError, Problem, RefusedError
from kousei.front.report import Attempt, Report
from kousei.funahashi import FunahashiNetwork
from kousei.network import MLP
from kousei.network.on_box import Origin
from kousei.repu import PolynomialNetwork

#: Dimensions, and units where nothing else is said.
_MOST_DIM, _MOST_UNITS = 10, 1 << 14
_EPS = float(np.finfo(np.float64).eps)
#: The largest difference that is found is multiplied by this.
_SAFETY = 1.25
#: Points around which a larger difference is looked for, how many around each, and how often.
_WORST, _AROUND, _ROUNDS = 8, 32, 3
#: How much too far, in tolerances, a network may be for another try, and of how many times less.
_ALMOST, _HARDER = 100, 4
#: Points at which the rounding of a network is taken.
_ROUNDED = 256
#: Points of a batch that is timed, how often, and by how much of the least time others are as fast.
_BATCH, _REPEATS, _TIE = 4096, 5, 1.1


def construct(
    f: Callable[..., Any],
    bounds: Bounds,
    tol: float = 1e-6,
    *,
    activation: Activation | str | None = None,
    max_units: int | None = None,
    target: str = "units",
    max_evaluations: int | None = None,
    progress: bool = False,
    rng: Rng = None,
) -> ConstructedNetwork:
    """Construct the network of a function on a box to a tolerance, by the constructor that does it best.

    Every constructor of the package is tried, and what it makes is held against f at 16384 points, the corners of the
    box and others that it was not given, and around the worst of them.

    Parameters
    ----------
    f : callable
        Takes points (n, dim) of the box, as arrays of float64, and returns real values (n,). One that takes one array
        for each coordinate, or one point at a time, is called so, with a warning. A polynomial of NumPy, as
        `numpy.polynomial.Chebyshev`, becomes the network of that polynomial, with a proven bound
        where its coefficients are not rounded visibly on the way.
    bounds : sequence of (lo, hi)
        The box, one pair for each of up to 10 dimensions.
    tol : float
        Largest error on the box, absolute.
    activation : Activation or str, optional
        Of all hidden units; by default each constructor has the one that it does best with.
    max_units : int, optional
        Hidden units, at most; 16384 by default.
    target : {"units", "time"}
        What is to be least: hidden units, or the seconds that a batch of 4096 points takes here, as measured; of
        networks within a tenth of the fastest the one with the fewest units.
    max_evaluations : int, optional
        Points at which f may be evaluated by constructors and checks, for an f that is slow; the check takes a
        quarter of them, and 46 more, or a few times that, find out how f is called. No limit by default.
    progress : bool
        Whether to show a bar of the constructors.
    rng : numpy.random.Generator, int or None
        Source of what is drawn (SPEC 7). With the same seed and target="units" the network is the same on one
        machine, with as many threads of BLAS.

    Returns
    -------
    ConstructedNetwork
        An `MLP` in float64, with NumPy arrays, with `error_bound` and `report`.

    Raises
    ------
    TypeError
        If f is not callable, its values are no real numbers, or an argument is of another kind.
    ValueError
        If an argument is out of range or `tol` below the rounding of f; if values of f are not finite or not one for
        each point, or two calls differ; if no constructor reaches `tol`: the message has what was tried, how near
        each came, and what would help, and `report` of the error is the table of it.

    Warns
    -----
    UserWarning
        If f does not take points (n, dim).

    Notes
    -----
    The page on the front door says what each constructor promises, and which functions are hopeless.

    Examples
    --------
    >>> import numpy as np
    >>> import kousei
    >>> net = kousei.construct(lambda x: np.exp(-(x[:, 0] ** 2)), [(-2, 2)], 1e-4, rng=0)
    >>> net.units < 16, net.error_bound().total < 1e-4
    (True, True)
    >>> net.report.chosen.name
    'ridge function'
    """
    box = check_bounds(bounds)
    if len(box[0]) > _MOST_DIM:
        raise ValueError(f"bounds has {len(box[0])} dimensions; up to {_MOST_DIM} are accepted")
    require_positive(tol=tol)
    phi = None if activation is None else _usable(resolve(activation))
    most = _MOST_UNITS if max_units is None else check_integer("max_units", max_units, 0)
    check_choice("target", target, "units", "time")
    if max_evaluations is not None:
        max_evaluations = check_integer("max_evaluations", max_evaluations, 1)
    check_bool("progress", progress)
    draw = generator(rng)
    with np.errstate(over="ignore"):
        wide = np.flatnonzero(~np.isfinite(box[1] - box[0]))
    if wide.size:
        raise ValueError(
            f"bounds has ({box[0][wide[0]]}, {box[1][wide[0]]}); pairs whose difference is finite are accepted"
        )
    f, given = of_numpy(f, *box)
    problem = Problem(vectorised(f, *box, float(tol)), *box, float(tol), phi, draw, max_evaluations)
    first = [] if given is None else [Candidate("polynomial of NumPy, RePU", given)]
    work = _Construction(problem, most, target)
    try:
        if given is None:
            work.refuse_jumps()
        with bars.bar(progress, "construct", len(first) + len(CANDIDATES)) as advance:
            for candidate in [*first, *CANDIDATES]:
                work.attempt(candidate)
                advance(1)
                if first and work.made:  # what is proven is better than what takes fewer units
                    break
        return work.result()
    except FunctionError as error:
        raise error.error from None


def _usable(activation: Activation) -> Activation:
    """Return an activation that any number of units may have and whose values are finite; ValueError for others."""
    if isinstance(activation, Mixed):
        raise ValueError(f"activation was {activation!r}, of a layer of that many units; one of any unit is accepted")
    with np.errstate(all="ignore"):
        values = activation(np.linspace(-1, 1, 9))
    if not np.isfinite(values).all():
        raise ValueError(
            f"activation was {activation.name!r}, whose values on [-1, 1] are not finite; finite ones are accepted"
        )
    return activation


class NotReachedError(ValueError):
    """Says that no constructor reaches a tolerance, and what each made of it: `report`."""

    def __init__(self, message: str, report: Report) -> None:
        super().__init__(message, report)
        self.report = report

    def __str__(self) -> str:
        return str(self.args[0])


class _Made(NamedTuple):
    """A network that is near enough: which attempt it is of, where it comes from, and what it is off."""

    attempt: int
    net: MLP
    origin: Origin
    errors: Array

    @property
    def error(self) -> float:
        """The bound on the error."""
        return self.origin.approximation + _EPS * self.origin.rounding


class _Construction:
    """The attempts at a problem, and the networks that are near enough."""

    def __init__(self, problem: Problem, most: int, target: str) -> None:
        self.problem, self.most, self.target = problem, most, target
        self.attempts: list[Attempt] = []
        self.made: list[_Made] = []

    def attempt(self, candidate: Candidate) -> None:
        """Try a constructor, with fewer units than the best network so far where these are to be few."""
        allowed = self.most
        if self.target == "units":
            allowed = min([allowed, *(made.net.units - 1 for made in self.made)])
        units, error, why = None, None, ""
        start, before = time.perf_counter(), self.problem.evaluations
        try:
            if allowed < 0:
                raise RefusedError("no network has fewer units")
            with np.errstate(over="ignore", invalid="ignore"):  # that numbers are too large shows in the error
                made = self._made(candidate, allowed)
            units, error = made.net.units, made.error
            if units > allowed:
                why = f"it takes more than {allowed} units"
            elif not error <= self.problem.tol:
                why = "it is off by more than tol, at points that it was not given"
            else:
                self.made.append(made)
        except RefusedError as refusal:
            why = str(refusal)
        except np.linalg.LinAlgError as failure:
            why = f"linear algebra in float64 fails: {failure}"
        seconds, spent = time.perf_counter() - start, self.problem.evaluations - before
        self.attempts.append(Attempt(candidate.name, units, error, seconds, spent, False, why))

    def refuse_jumps(self) -> None:
        """Raise NotReachedError where f jumps by more than a continuous function can follow."""
        found = jumps(self.problem)
        if found:
            raise NotReachedError(
                f"tol was {self.problem.tol}: {'; '.join(found)}, and a network is continuous: half of that is as "
                "near as any comes; a larger tol, or a box on one side of it, is accepted",
                Report([]),
            )

    def _made(self, candidate: Candidate, allowed: int) -> _Made:
        """Return what a constructor makes of the problem; where it is not quite near enough, of a harder one."""
        problem, tol = self.problem, self.problem.tol
        made = self._checked(candidate.make(problem, allowed))
        if not tol < made.error < _ALMOST * tol:
            return made
        problem.tol = tol / _HARDER
        try:
            net = candidate.make(problem, allowed)
        except RefusedError:
            return made
        finally:
            problem.tol = tol
        return self._checked(net)

    def _checked(self, net: MLP | FunahashiNetwork) -> _Made:
        """Hold a network against the function."""
        problem = self.problem
        if isinstance(net, FunahashiNetwork):
            net = net.to_mlp()
        x, values = problem.held_out
        errors = np.abs(net(x) - values)
        largest, points = float(errors.max()), len(x)
        if largest <= problem.tol:
            largest, more = self._search(net, x, errors)
            points += more
        rounding = rounding_of(net, x[:: max(1, len(x) // _ROUNDED)])
        origin = Origin(problem.lo, problem.hi, _SAFETY * largest, rounding, points)
        proven = isinstance(net, PolynomialNetwork) and net.error_bound().kind == "proven"
        # Coefficients are converted in float64: where that shows, nothing is proven.
        if proven and largest <= _EPS * rounding:
            origin = origin._replace(approximation=0.0, points=0)
        return _Made(len(self.attempts), net, origin, errors)

    def _search(self, net: MLP, x: Array, errors: Array) -> tuple[float, int]:
        """Return the largest difference around the worst points, and how many points that took."""
        problem = self.problem
        worst = np.argsort(errors)[-_WORST:]
        centers, largest = x[worst], errors[worst]
        reach, points = 2 * problem.half * len(x) ** (-1 / problem.dim), 0
        around = 2 * fill_cube(problem.dim, _AROUND) - 1
        for _ in range(_ROUNDS):
            near = np.clip(centers[:, None] + reach * around, problem.lo, problem.hi)
            try:
                off = np.abs(net(near) - problem(near.reshape(-1, problem.dim)).reshape(near.shape[:-1]))
            except RefusedError:  # f may not be evaluated more often
                break
            best = off.argmax(axis=1)
            better = off.max(axis=1) > largest
            rows = np.arange(len(centers))
            centers = np.where(better[:, None], near[rows, best], centers)
            largest = np.maximum(largest, off.max(axis=1))
            points, reach = points + off.size, reach / 3
        return float(largest.max()), points

    def result(self) -> ConstructedNetwork:
        """Return the best network; NotReachedError where there is none."""
        if not self.made:
            raise self._failure()
        if self.target == "units":
            best = min(self.made, key=lambda made: made.net.units)
            why = {made.attempt: f"{best.net.units} units are fewer" for made in self.made}
            why[best.attempt] = "fewest units"
        else:
            seconds = [_seconds(made.net, self.problem) for made in self.made]
            fast = [made for made, its in zip(self.made, seconds, strict=True) if its <= _TIE * min(seconds)]
            best = min(fast, key=lambda made: made.net.units)
            why = {
                made.attempt: f"{1e3 * its:.2g} ms for {_BATCH} points"
                for made, its in zip(self.made, seconds, strict=True)
            }
        rows = [
            row._replace(chosen=i == best.attempt, why=why.get(i, row.why)) for i, row in enumerate(self.attempts)
        ]
        report = Report(rows, self.problem.held_out[0], best.errors)
        return ConstructedNetwork(best.net, best.origin, report)

    def _failure(self) -> NotReachedError:
        problem, report = self.problem, Report(self.attempts)
        try:
            found = obstacles(problem)
        except RefusedError:
            found = []
        said = "".join(f"; {obstacle}" for obstacle in found)
        helps = "a larger tol, or more units, or a smaller box"
        if problem.exhausted:
            helps += ", or a larger max_evaluations"
        return NotReachedError(
            f"tol was {problem.tol}, and no constructor reaches it with at most {self.most} units{said}; {helps}, is "
            f"accepted. What was tried:\n{report}",
            report,
        )


def _seconds(net: MLP, problem: Problem) -> float:
    """Return the least of a few measured times for a batch."""
    x = problem.place(2 * fill_cube(problem.dim, _BATCH) - 1)
    net(x)
    times = []
    for _ in range(_REPEATS):
        start = time.perf_counter()
        net(x)
        times.append(time.perf_counter() - start)
    return min(times)
