"""Finite networks from the profiles of a function along directions, written by formula."""

from __future__ import annotations

import math
from bisect import bisect_right

import numpy as np

from kousei._lib import arrays
from kousei._lib.boxes import Bounds, check_bounds, fill_cube
from kousei._lib.errors import check_callable, check_choice, check_integer, require_positive, warn
from kousei.activation import Activation
from kousei.activation.named import resolve
from kousei.network import MLP
from kousei.ridgelet.radon import REACH, Function, centred, profiles
from kousei.ridgelet.samples import Reals

#: Biases of every direction of a tanh network outside the box; beyond them a tanh is +-1 on it, to 7e-4.
_OUTSIDE = 10
#: Slope of tanh times the spacing of its biases.
_SLOPE = 0.8
#: Biases inside the box, at least.
_LEAST = {"tanh": 4, "relu": 8}
#: Directions for each bias, in the plane: a network is as fine across its directions as along them.
_DIRECTIONS = {"tanh": 0.3 * math.pi, "relu": 0.5}
#: Points that the constant is calibrated at, and those that an error is measured at.
_CALIBRATION, _HELD_OUT = 1024, 2048
#: An error relative to f that is warned of.
_POOR = 0.3
#: Units that a tolerance is first tried with, and at most.
_FIRST, _MOST = 16, 1 << 17


def single_scale(
    f: Function,
    bounds: Bounds,
    units: int | None = None,
    tol: float | None = None,
    activation: Activation | str = "tanh",
) -> MLP:
    """Return a network with one hidden layer of a function on a box, its weights written by formula.

    f(x) is the integral of its profiles g_u(u . x) over the unit vectors u, g_u = c_d Lambda^(d-1) Rad f(u, .) with
    c_d = 1/(2 (2 pi)^(d-1)). Every profile is written in units of one scale: a ReLU at bias b has the output weight
    g_u''(b), and what the box cuts off is an affine function, one more unit; a tanh has the weight whose transform is
    that of g_u over that of tanh, and what lies outside of the box is a constant. Directions and biases are those of
    midpoint rules, in three dimensions with Gauss's towards the poles.
    The constant of the network is the one whose mean error at 1024 points of the box is 0.

    Parameters
    ----------
    f : callable
        Takes points (n, dim) and returns real values (n,). It is evaluated on a box half as wide again as `bounds`,
        since profiles are those of a function on the whole space, and faded out beyond: what it does there costs
        units, and one that grows there by a factor loses about that factor in accuracy.
    bounds : sequence of (lo, hi)
        The box, one pair for each of 1, 2 or 3 dimensions. Directions are those of the box made a cube.
    units : int, optional
        Hidden units, at most.
    tol : float, optional
        In place of `units`: they grow by a quarter at a time until ||network - f|| <= tol ||f||, root mean squares
        over 2048 points of the box that nothing else is done with. That is measured, not proven.
    activation : {"tanh", "relu"} or Activation
        Of the hidden units.

    Returns
    -------
    MLP
        dim -> at most `units` -> 1, of float64.

    Raises
    ------
    TypeError
        If f is not callable, its values are not real, or an argument is of another type.
    ValueError
        If an argument is out of range, f has values that are not finite, or 131072 units do not reach `tol`.
    MemoryError
        If the samples do not fit.

    Warns
    -----
    UserWarning
        If a network of so many `units` is off by more than 30 % of f.

    Notes
    -----
    For smooth functions the error of ReLU falls as 1/biases^2, and that of tanh faster at first, down to 1e-6 or so,
    to which the window fades. Jumps and kinks are as sharp as the spacing of the biases. A function that exists on
    the box alone has to be continued: ``lambda x: f(np.clip(x, lo, hi))`` does it, with a kink at the boundary.

    Examples
    --------
    >>> import numpy as np
    >>> from kousei.ridgelet import single_scale
    >>> net = single_scale(lambda x: np.exp(-2 * (x**2).sum(-1)), [(-1, 1), (-1, 1)], units=400)
    >>> net
    MLP(2 -> 375 tanh -> 1, float64, 1501 parameters)
    >>> abs(net(np.array([0.3, 0.4])) - np.exp(-0.5)) < 1e-4
    True
    """
    lo, hi = check_bounds(bounds)
    if len(lo) > 3:
        raise ValueError(f"bounds has {len(lo)} dimensions; 1, 2 or 3 are accepted")
    kind = resolve(activation).name
    check_choice("activation", kind, *_LEAST)
    check_callable("f", f, "a function of points (n, dim)")
    if (units is None) == (tol is None):
        raise ValueError(f"units was {units} and tol {tol}; exactly one of them is accepted")
    with np.errstate(over="ignore"):
        wide = REACH * (hi - lo)
    if not np.isfinite(wide).all():
        raise ValueError(f"bounds was {bounds!r}; a box is accepted that is representable half as wide again")
    box = _Box(f, lo, hi)
    if tol is None:
        net, error = _write(box, check_integer("units", units, _least_units(kind, box.dim), 1 << 31), kind)
        if error > _POOR:
            warn(
                f"the network of {net.units} units differs from f by {100 * error:.0f} % of it, in the root mean "
                "square; it takes more units, and most where f grows just outside of bounds"
            )
        return net
    require_positive(tol=tol)
    return _reach(box, float(tol), kind)


class _Box:
    """The function in the coordinates in which the box is [-1, 1]^dim."""

    def __init__(self, f: Function, lo: Reals, hi: Reals) -> None:
        self.dim = len(lo)
        self.center, self.half = lo + (hi - lo) / 2, (hi - lo) / 2
        self._f = f

    def place(self, y: Reals) -> Reals:
        return self.center + self.half * y

    def __call__(self, y: Reals) -> Reals:
        x = self.place(y)
        values = arrays.real_numbers("f(x)", self._f(x), "biuf")
        if values.shape != x.shape[:1]:
            raise ValueError(f"f(x) has shape {values.shape}; {x.shape[:1]} is accepted, one value for each point")
        bad = np.flatnonzero(~np.isfinite(values))
        if bad.size:
            outside = " (f is evaluated on a box half as wide again as bounds)" * bool((np.abs(y[bad[0]]) > 1).any())
            raise ValueError(f"f was {values[bad[0]]} at {x[bad[0]].tolist()}{outside}; finite values are accepted")
        return values


def _directions(kind: str, dim: int, inside: int) -> int:
    """Directions that go with so many biases across the box."""
    if dim == 1:
        return 1
    share = _DIRECTIONS[kind] * inside
    return math.ceil(share if dim == 2 else share * share / 2)


def _count(kind: str, dim: int, inside: int) -> int:
    directions = _directions(kind, dim, inside)
    return directions * (inside + _OUTSIDE) if kind == "tanh" else directions * inside + 1


def _least_units(kind: str, dim: int) -> int:
    return _count(kind, dim, _LEAST[kind])


def _write(box: _Box, units: int, kind: str) -> tuple[MLP, float]:
    """Return the network and its error relative to f, at the points of the calibration."""
    # The largest number of biases across the box for which the units are enough.
    inside = bisect_right(range(1, units + 1), units, key=lambda n: _count(kind, box.dim, n))
    directions = _directions(kind, box.dim, inside)
    with np.errstate(over="ignore", invalid="ignore"):
        weight, bias, coef = (_tanh if kind == "tanh" else _relu)(box, directions, inside)
    if not (np.isfinite(weight).all() and np.isfinite(coef).all()):
        raise ValueError("f has values so large that the weights overflow; smaller ones are accepted")
    # From the cube to the box.
    weight = weight / box.half
    net = MLP([weight, coef[None]], [bias - weight @ box.center, np.zeros(1)], [kind])
    y = 2 * fill_cube(box.dim, _CALIBRATION) - 1
    values = box(y)
    # Squares of large values overflow.
    size = np.abs(values).max() or 1.0
    rest = (values - net(box.place(y))) / size
    net.biases[1][0] = size * rest.mean()
    return net, float(rest.std() / (np.linalg.norm(values / size) / math.sqrt(len(values)) or 1))


def _tanh(box: _Box, directions: int, inside: int) -> tuple[Reals, Reals, Reals]:
    """Weights of tanh(slope (u . y - b)): gamma^ = g^/sigma^, sigma^(w) = -i pi/(slope sinh(pi w/(2 slope)))."""
    radius = math.sqrt(box.dim)
    spacing, count = 2 * radius / inside, inside + _OUTSIDE
    slope = _SLOPE / spacing
    found = profiles(box, box.dim, directions, math.pi / spacing, spacing * count / 2)
    inverse = 1j * slope / math.pi * np.sinh(math.pi / (2 * slope) * found.frequencies)
    coef = spacing * found.areas[:, None] * found.at(count, spacing, inverse)
    bias = -slope * np.tile(centred(count, spacing), len(found.directions))
    return slope * np.repeat(found.directions, count, axis=0), bias, coef.ravel()


def _relu(box: _Box, directions: int, inside: int) -> tuple[Reals, Reals, Reals]:
    """Weights g_u''(b) of relu(u . y - b), and the slope at the lower end in a unit that is nowhere 0 on the box."""
    radius = math.sqrt(box.dim)
    spacing = 2 * radius / inside
    found = profiles(box, box.dim, directions, math.pi / spacing, radius)
    w = found.frequencies
    coef = spacing * found.areas[:, None] * found.at(inside, spacing, -w * w)
    # g'(-radius), and the slope that the midpoint rule of g'' misses (Euler and Maclaurin).
    slopes = (found.transform @ (1j * w * (1 + (spacing * w) ** 2 / 24) * np.exp(-1j * radius * w))).real
    slope = slopes * found.areas @ found.directions
    weight = np.concatenate([np.repeat(found.directions, inside, axis=0), slope[None]])
    bias = np.append(np.tile(-centred(inside, spacing), len(found.directions)), np.abs(slope).sum())
    return weight, bias, np.append(coef.ravel(), 1.0)


def _reach(box: _Box, tol: float, kind: str) -> MLP:
    y = 2 * fill_cube(box.dim, _HELD_OUT, _CALIBRATION) - 1
    x, values = box.place(y), box(y)
    largest = np.abs(values).max() or 1.0
    units = max(_FIRST, _least_units(kind, box.dim))
    while True:
        net, _ = _write(box, units, kind)
        error, size = np.linalg.norm((net(x) - values) / largest), np.linalg.norm(values / largest)
        if error <= tol * size:
            return net
        if units == _MOST:
            reached = error / size if size else math.inf
            raise ValueError(f"tol was {tol}; {net.units} units reach {reached:.2g}, and that or more is accepted")
        units = min(_MOST, units * 5 // 4)
