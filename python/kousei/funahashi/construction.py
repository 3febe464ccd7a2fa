"""From a function on a box, or its samples, to a network."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import numpy as np

from kousei._lib import _core, arrays
from kousei._lib.boxes import Bounds, check_bounds
from kousei._lib.errors import (
    SizeError,
    check_bool,
    check_callable,
    check_choice,
    check_integer,
    require_positive,
    warn,
)
from kousei.activation import Activation
from kousei.funahashi.bump import bounded
from kousei.funahashi.error import Residual
from kousei.funahashi.extension import (
    FOURIER_RCOND,
    Extension,
    check_periods,
    fourier_coefficients,
    grid_points,
    phase_range,
    sample_points,
    samples_for,
)
from kousei.funahashi.parameters import (
    bumps_for,
    fill_parameters,
    smallest_parameters,
)
from kousei.funahashi.rewriting import add_partners, significant

if TYPE_CHECKING:
    from kousei.funahashi.network import FunahashiNetwork

    Net = TypeVar("Net", bound=FunahashiNetwork)

Array = np.ndarray[Any, Any]
Function = Callable[[Array], Any]

#: The largest difference found on a grid is multiplied by this.
SAFETY = 1.5
#: Largest shares of a tolerance; what they leave is that of H.
FOURIER_SHARE, _PRUNING, _ROUNDING = 0.5, 0.05, 0.1
_WEIGHTS = 30
#: Orders and numbers of samples beyond which `to_tolerance` does not go.
_MOST_FREQUENCIES = {"fourier": 512, "window": 4096, "periodic": 4096}
_MOST_SAMPLES = 1 << 22
#: Points, along each axis and in all, at which the Fourier sum is held against the function.
_HELD_OUT_AXIS, _HELD_OUT = 4099, 300_000


class Box(NamedTuple):
    """Where a function is, and how it is continued: see `FunahashiNetwork.from_function`."""

    bounds: Bounds
    extension: Extension
    period: float | Sequence[float] | None
    center: bool
    tail: Callable[[int], float] | None


class Bump(NamedTuple):
    """What a caller says of the bump and its thresholds; None is by the rule."""

    delta: float | None
    alpha: float | None
    cutoff: float | None
    n_thresholds: int | None


class Series(NamedTuple):
    """sum_w Re[a_w e^(iw . (x - center))], and how far it is from the function."""

    frequencies: Array
    amplitudes: Array
    center: Array
    residual: Residual


def from_function(
    cls: type[Net], f: Function, box: Box, order: int | None, activation: Activation | str, bump: Bump
) -> Net:
    """See `FunahashiNetwork.from_function`."""
    order, count = _check_counts(order, len(check_bounds(box.bounds)[0]), bump.n_thresholds)
    return _with_bump(cls, _Samples(f, box, order, _HeldOut(f, box)).series(), count, activation, bump)


def from_samples(
    cls: type[Net], values: Any, box: Box, order: int | None, activation: Activation | str, bump: Bump
) -> Net:
    """See `FunahashiNetwork.from_samples`."""
    check_choice("extension", box.extension, *_MOST_FREQUENCIES)
    lo, hi = check_bounds(box.bounds)
    samples = check_values(values, len(lo), name="values")
    fitted = box.extension == "fourier"
    if order is None:
        order = max(2, samples.shape[0] // 8 * 2) if fitted else samples.shape[0]
        if order % 2:
            raise ValueError(f"values has {order} samples along each axis; an even number is accepted")
    order, count = _check_counts(order, len(lo), bump.n_thresholds)
    if order > samples.shape[0] or (not fitted and order != samples.shape[0]):
        raise ValueError(
            f"values has {samples.shape[0]} samples along each axis and order was {order}; "
            "as many are accepted, or with extension='fourier' more samples"
        )
    middle = _middle(lo, hi, box.center)
    w, a = fourier_coefficients(samples, box.bounds, order, box.extension, box.period, middle)
    if fitted:
        points = sample_points(box.bounds, samples.shape[0], box.extension)
        size = float(np.abs(_fourier_sum(w, a, middle, points) - samples).max())
    else:
        # The sum agrees with the samples; what is beyond the grid is taken to be less than its outer half.
        numbers = np.abs(w) / np.abs(w).max(axis=0)
        size = float(np.abs(a[(numbers > 0.5).any(axis=1)]).sum())
    # Twice: nothing is known between the samples.
    residual = Residual(lo, hi, 2 * SAFETY * size, False, samples.size if fitted else 0)
    return _with_bump(cls, Series(w, a, middle, residual), count, activation, bump)


def to_tolerance(
    cls: type[Net], f: Function, box: Box, tol: float, activation: Activation | str, given: dict[str, Any]
) -> Net:
    """See `FunahashiNetwork.from_function`, `tol`."""
    require_positive(tol=tol)
    check_periods(*check_bounds(box.bounds), box.extension, box.period)
    for name, value in given.items():
        if value is not None:
            raise ValueError(f"{name} was {value!r} beside tol; tol chooses it, and accepts none")
    phi = bounded(activation)
    return of_series(cls, _lowest_order(f, box, float(tol)), float(tol), phi)


def of_series(cls: type[Net], series: Series, tol: float, phi: Activation) -> Net:
    """Return the network with the fewest units for what the residual of a series leaves of the tolerance."""
    w, center = series.frequencies, series.center
    kept, a = add_partners(w, series.amplitudes)
    constant = ~w[kept].any(axis=1)
    offset = float(a[kept[constant]].real.sum())
    kept = kept[~constant]
    whole = float(np.abs(a[kept]).sum())
    kept = kept[significant(a[kept], _PRUNING * tol)]
    lost = whole - float(np.abs(a[kept]).sum())
    residual = series.residual._replace(size=series.residual.size + lost)
    w, a = w[kept], a[kept]

    share = min(((1 - _ROUNDING) * tol - residual.size) / max(float(np.abs(a).sum()), 1e-300), 0.5)
    if share < 1e-15:
        raise ValueError(
            f"tol was {tol}: rounding stops it, as the amplitudes add up to {np.abs(a).sum():.3g} and rounding "
            "leaves about 1e-15 of that; a larger tol, or a smaller box, is accepted"
        )
    reach = np.abs(phase_range(w, center, residual.lo, residual.hi)).max(axis=0)
    # A smaller share makes the bump narrower, and its units cancel less.
    for part in (share, share / 8, share / 64):
        rule = smallest_parameters(reach if len(reach) else np.array([math.pi]), max(part, 1e-15), phi)
        net = cls._of_parts(w, a, rule.thresholds, rule.delta, rule.alpha, center, phi, offset)
        net = net._derive(_bumps=bumps_for(reach, share, rule, phi), _merged=rule.p, _residual=residual)
        bound = net.error_bound()
        if bound.total <= tol:
            return net
    raise ValueError(
        f"tol was {tol}: rounding stops it, at {bound.rounding:.3g} with output weights that cancel; "
        "a larger tol, or a smaller box, is accepted"
    )


def _lowest_order(f: Function, box: Box, tol: float) -> Series:
    """Return the series of the lowest order whose residual takes its share of the tolerance."""
    dim, held_out = len(check_bounds(box.bounds)[0]), _HeldOut(f, box)

    def near(series: Series) -> bool:
        return series.residual.size <= FOURIER_SHARE * tol

    def enough(series: Series) -> bool:
        # Output weights add up to some _WEIGHTS times the amplitudes.
        rounding = _WEIGHTS * np.finfo(np.float64).eps * float(np.abs(series.amplitudes).sum())
        return near(series) and bool(rounding <= _ROUNDING * tol)

    def attempt(order: int) -> Series:
        samples = _Samples(f, box, order, held_out)
        series = samples.series()
        return samples.series(tol) if near(series) and not enough(series) else series

    failed, order, best, sizes = 0, 2, math.inf, []
    while True:
        if samples_for(order, dim, box.extension) ** dim > _MOST_SAMPLES or order > _MOST_FREQUENCIES[box.extension]:
            raise ValueError(
                f"tol was {tol}: the function stops it, whose Fourier sum is still {best:.3g} off with "
                f"order {failed}, and its share is half of tol (a jump, a kink, many oscillations or dimensions); "
                "a larger tol, or another extension, is accepted"
            )
        series = attempt(order)
        if enough(series):
            break
        sizes.append(series.residual.size)
        best = min(sizes)
        scale = 0.0 if box.tail else float(np.abs(held_out.values).max())
        if len(sizes) > 5 and min(sizes[-4:]) > 0.5 * min(sizes[:-4]) and best < 1e-9 * scale:
            raise ValueError(
                f"tol was {tol}: rounding stops it, as the Fourier sum stays {best:.3g} off whatever its order; "
                "a larger tol is accepted"
            )
        failed, order = order, max(order + 2, order * 5 // 8 * 2)
    while order - failed > 2:
        middle = max((failed + order) // 4 * 2, failed + 2)
        candidate = attempt(middle)
        if enough(candidate):
            series, order = candidate, middle
        else:
            failed = middle
    return series


class _HeldOut:
    """Points of the box and f at them, which no series is fitted to; taken when a series is first held against them.

    As many whatever the order: a few would miss what oscillates faster. Denser towards the sides of the box, where
    the residual is largest.
    """

    def __init__(self, f: Function, box: Box) -> None:
        check_choice("extension", box.extension, *_MOST_FREQUENCIES)
        if box.tail is not None and box.extension != "periodic":
            raise ValueError(
                f"tail came with extension={box.extension!r}; it bounds coefficients of 'periodic' alone"
            )
        check_callable("f", f)
        self._f, self._bounds = f, check_bounds(box.bounds)

    @cached_property
    def points(self) -> Array:
        lo, hi = self._bounds
        held = min(_HELD_OUT_AXIS, max(5, round(_HELD_OUT ** (1 / len(lo)))))
        nodes = np.cos(np.pi * np.arange(held) / (held - 1))
        return grid_points([(x0 + x1) / 2 + (x1 - x0) / 2 * nodes for x0, x1 in zip(lo, hi, strict=True)])

    @cached_property
    def values(self) -> Array:
        return check_values(self._f(self.points), self.points.ndim - 1, len(self.points))


class _Samples:
    """A function where the series of an order needs it, and where it is held against that."""

    def __init__(self, f: Function, box: Box, order: int, held_out: _HeldOut) -> None:
        self._box, self._order, self._held_out = box, order, held_out
        lo, hi = self._lo, self._hi = check_bounds(box.bounds)
        self._center = _middle(lo, hi, box.center)
        count = samples_for(order, len(lo), box.extension)
        self._values = check_values(f(sample_points(box.bounds, count, box.extension, box.period)), len(lo), count)

    def series(self, tol: float = 0.0) -> Series:
        """Return the series; with a tolerance one whose amplitudes are no larger than it asks for."""
        box, center = self._box, self._center
        largest = float(np.abs(self._values).max())
        rcond = min(max(FOURIER_RCOND, 0.1 * tol / largest if largest else 1.0), 1e-2)
        w, a = fourier_coefficients(self._values, box.bounds, self._order, box.extension, box.period, center, rcond)
        return Series(w, a, center, self._residual(w, a))

    def _residual(self, w: Array, a: Array) -> Residual:
        held = self._held_out
        if self._box.tail is None:
            size = float(np.abs(_fourier_sum(w, a, self._center, held.points) - held.values).max())
            return Residual(self._lo, self._hi, SAFETY * size, False, held.values.size)
        beyond = float(self._box.tail(self._order))
        if not beyond >= 0:
            raise ValueError(f"tail({self._order}) was {beyond}; a bound, at least 0, is accepted")
        # What is left out, and what sampling folds onto the grid.
        return Residual(self._lo, self._hi, 2 * beyond, True, 0)


def _fourier_sum(w: Array, a: Array, center: Array, points: Array) -> Array:
    """Return sum_w Re[a_w e^(iw . (x - center))] on a grid of points, for w on an even grid, axis after axis."""
    dim = points.ndim - 1
    order = round(len(a) ** (1 / dim))
    grid, total = w.reshape((order,) * dim + (dim,)), a.reshape((order,) * dim)
    for axis in range(dim):
        total = np.moveaxis(
            _sum_of_waves(_along(points, axis) - center[axis], _along(grid, axis), np.moveaxis(total, axis, 0)),
            0,
            axis,
        )
    return np.asarray(total.real)


def _sum_of_waves(t: Array, w: Array, a: Array) -> Array:
    """Return sum_k a_k e^(i w_k t) for evenly spaced w, of products of 2 sqrt(n) exponentials for each t."""
    step = math.isqrt(len(w) - 1) + 1
    fine = np.exp(1j * np.outer(t, w[:step] - w[0]))
    total = np.zeros((len(t), *a.shape[1:]), np.complex128)
    for k in range(0, len(w), step):
        some = a[k : k + step]
        coarse = np.exp(1j * w[k] * t).reshape(-1, *[1] * (a.ndim - 1))
        total += coarse * np.tensordot(fine[:, : len(some)], some, 1)
    return total


def _along(grid: Array, axis: int) -> Array:
    """Return the coordinates of a grid (..., dim) along one axis."""
    along = np.moveaxis(grid[..., axis], axis, 0)
    return np.asarray(along.reshape(len(along), -1)[:, 0])


def _with_bump(cls: type[Net], series: Series, count: int, activation: Activation | str, bump: Bump) -> Net:
    lo, hi = series.residual.lo, series.residual.hi
    s_max = float(np.abs(phase_range(series.frequencies, series.center, lo, hi)).max())
    phi = bounded(activation)
    delta, alpha, cutoff = fill_parameters(s_max, count, bump.delta, bump.alpha, bump.cutoff, phi)
    thresholds = -cutoff + 2 * cutoff / count * np.arange(count)
    net = cls(series.frequencies, series.amplitudes, thresholds, delta, alpha, series.center, phi)
    if cutoff < s_max:
        warn(
            f"cutoff is {cutoff:.6g}, and w . (x - center) reaches {s_max:.6g} on the box: beyond the thresholds the "
            "network does not follow the function"
        )
    return net._derive(_residual=series.residual)


def _middle(lo: Array, hi: Array, center: bool) -> Array:
    return (lo + hi) / 2 if check_bool("center", center) else np.zeros(len(lo))


def check_order(order: Any) -> int:
    """Return the order; TypeError or ValueError unless it is an even integer of at least 2."""
    if check_integer("order", order, 2) % 2:
        raise ValueError(f"order was {order}; an even integer of at least 2 is accepted")
    return int(order)


def _check_counts(order: int | None, dim: int, n_thresholds: int | None) -> tuple[int, int]:
    """Return the order and the number of thresholds once the network is known to be addressable."""
    order = check_order(order)
    count = order if n_thresholds is None else check_integer("n_thresholds", n_thresholds, 2)
    too_many = SizeError(
        f"order was {order} and n_thresholds {count}; fewer are accepted: in {dim} dimensions the number of "
        "hidden units is not representable in 64 bits"
    )
    if max(order, count) >= 2**63:
        raise too_many
    try:
        _core.funahashi_unit_count(order, dim, count)
    except SizeError:
        raise too_many from None
    return order, count


def check_values(values: Any, dim: int, count: int | None = None, name: str = "f(x)") -> Array:
    """Return the values of f on a grid of `count` points along each axis, or of as many along each as they are.

    A list of points is a grid of one axis.
    """
    samples = arrays.real_numbers(name, values, "biuf")
    length = count or max(samples.shape, default=2)
    if samples.shape != (length,) * dim or length < 2:
        raise ValueError(f"{name} has shape {samples.shape}; {(length,) * dim} is accepted, one value for each point")
    arrays.require_finite(name, samples)
    return samples
