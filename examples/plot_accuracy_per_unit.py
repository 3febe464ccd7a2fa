r"""
Accuracy per unit
=================

How far each constructor comes with how many hidden units: the quartic on :math:`[0, 5]`, and a smooth function on a
square. The error is the largest one on a grid, over the largest value of the function.
"""

# %%
# The constructors
# ----------------
#
# - **paper**: the formula of the paper, the function repeated with the length of the box, with :math:`N` frequencies
#   along each axis. :math:`N_0 = N` thresholds that reach as far as :math:`w \cdot x` lie :math:`h \ge \pi` apart,
#   which is too far; here :math:`N_0 = 4DN`, and :math:`2 N_0 N^D` units.
# - **window**, **fourier**: the other two extensions, by order; as many thresholds as
#   :func:`kousei.funahashi.choose_parameters` says are enough for the error that the frequencies leave.
# - **tol**: ``from_function(tol=...)``; **tol, erf** with units that are error functions.
# - **refit**: the hidden units of "tol", with output weights fitted at points of the box by ``refit``.
# - **projection**: few units, all of their weights fitted, by :func:`kousei.funahashi.variable_projection`.
# - **ridge**: 8 to 24 units along each of as many directions, output weights fitted, by
#   :func:`kousei.funahashi.ridge_directions`; on the square only, as the next.
# - **cross**: the frequencies of a hyperbolic cross, by :func:`kousei.funahashi.from_frequencies`, to a tolerance.

import warnings

import matplotlib.pyplot as plt
import numpy as np

from kousei import FunahashiNetwork
from kousei.funahashi import (
    choose_parameters,
    from_frequencies,
    hyperbolic_cross,
    ridge_directions,
    variable_projection,
)

STYLES = {
    "paper": ("#D55E00", "v"),
    "window": ("#E69F00", "^"),
    "fourier": ("#0072B2", "o"),
    "tol": ("#009E73", "s"),
    "tol, erf": ("#56B4E9", "D"),
    "refit": ("#CC79A7", "x"),
    "projection": ("#000000", "*"),
    "ridge": ("#999999", "P"),
    "cross": ("#882255", "<"),
}
warnings.simplefilter("ignore", UserWarning)  # of thresholds pi/2 apart and more


def quartic(x):
    """Return (x - 1)(x - 2)(x - 3)(x - 4)."""
    return np.prod([x[..., 0] - k for k in (1, 2, 3, 4)], axis=0)


def ripple(x):
    """Return e^(-x^2 - y) sin(3x + y^2)."""
    return np.exp(-(x[..., 0] ** 2) - x[..., 1]) * np.sin(3 * x[..., 0] + x[..., 1] ** 2)


def paper(f, box, order):
    """Return the network of the paper with 4 dim order thresholds."""
    return FunahashiNetwork.from_function(f, box, order, extension="periodic", n_thresholds=4 * len(box) * order)


def by_order(f, box, order, extension):
    """Return a network of this order with enough thresholds, equal units merged and frequencies halved."""
    net = FunahashiNetwork.from_function(f, box, order, extension=extension, n_thresholds=16 * order)
    w, a, x = net.frequencies, net.amplitudes, grid_of(box, 25)
    left = np.abs((np.exp(1j * (x - net.center) @ w.T) @ a).real - f(x)).max()
    s_max = (np.abs(w) @ (np.diff(box)[:, 0] / 2)).max()
    rule = choose_parameters(s_max, np.clip(left / np.abs(a).sum(), 1e-15, 0.1))
    return FunahashiNetwork(w, a, rule.thresholds, rule.delta, rule.alpha, net.center).merge().halve()


def refit(f, box, tol):
    """Return the network to a tolerance with fitted output weights."""
    net = FunahashiNetwork.from_function(f, box, tol=tol)
    count = int(np.ceil((2 * net.units + 100) ** (1 / len(box))))
    # Denser towards the sides of the box.
    axes = [(lo + hi) / 2 - (hi - lo) / 2 * np.cos(np.pi * (np.arange(count) + 0.5) / count) for lo, hi in box]
    x = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, len(box))
    return net.refit(x, f(x)).network


def projection(f, box, units):
    """Return a small network with all weights fitted."""
    x = grid_of(box, 401 if len(box) == 1 else 21)
    return variable_projection(x, f(x), units, starts=4, rng=0).network


def ridge(f, box, count):
    """Return as many units along each of equally spread directions as there are directions."""
    angles = np.pi * np.arange(count) / count
    return ridge_directions(f, box, np.stack([np.cos(angles), np.sin(angles)], axis=-1), count**2).network


def grid_of(box, count):
    """Return points of a grid, (count^dim, dim)."""
    axes = [np.linspace(lo, hi, count) for lo, hi in box]
    return np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, len(box))


def tolerances(first, last):
    """Return 10^-first, ..., 10^-(last - 1)."""
    return 10.0 ** -np.arange(first, last)


def constructors(f, box, orders, wanted, fitted, small):
    """Return the networks of each constructor, the smallest first."""
    scale = np.abs(f(grid_of(box, 25))).max()
    families = {
        "paper": (paper(f, box, order) for order in orders),
        "window": (by_order(f, box, order, "window") for order in orders),
        "fourier": (by_order(f, box, order, "fourier") for order in orders),
        "tol": (FunahashiNetwork.from_function(f, box, tol=tol * scale) for tol in wanted),
        "tol, erf": (FunahashiNetwork.from_function(f, box, tol=tol * scale, activation="erf") for tol in wanted),
        "refit": (refit(f, box, tol * scale) for tol in fitted),
        "projection": (projection(f, box, units) for units in small),
    }
    if len(box) == 2:
        families["ridge"] = (ridge(f, box, count) for count in (8, 12, 16, 24))
        families["cross"] = (
            from_frequencies(f, box, hyperbolic_cross(2, order), tol * scale, rng=0)
            for order, tol in ((16, 1e-1), (24, 1e-2), (32, 1e-3), (48, 1e-4), (64, 1e-5))
        )
    return families


# %%
# Two functions
# -------------
#
# On the square the repeated function jumps at the sides, where the largest error of "paper" stays as it is. The other
# two extensions and the tolerance differ by what a network is asked for: by order, the thresholds serve the largest
# frequency; with a tolerance each takes what it needs, and those that do not count are left out.
#
# Fitted weights take the fewest units by far, and come without a bound. In two dimensions a hyperbolic cross takes
# more units than the full grid; it is for dimensions in which the grid is too large.


def study(axis, f, box, points, families, title):
    """Print and draw units and errors of networks."""
    exact = f(points)
    print(title)
    for name, nets in families.items():
        units, errors = zip(*((net.units, np.abs(net(points) - exact).max()) for net in nets), strict=True)
        errors = np.array(errors) / np.abs(exact).max()
        print(f"{name:>10}: ", ", ".join(f"{n} {error:.0e}" for n, error in zip(units, errors, strict=True)))
        color, marker = STYLES[name]
        axis.loglog(units, errors, marker=marker, color=color, label=name)
    axis.set(title=title, xlabel="hidden units")


interval, square = [(0, 5)], [(-1, 1), (-1, 1)]
figure, (left, right) = plt.subplots(1, 2, figsize=(11.5, 5.4), layout="constrained", sharey=True)
study(
    left,
    quartic,
    interval,
    grid_of(interval, 1001),
    constructors(quartic, interval, [8, 16, 32, 64, 128], tolerances(1, 10), tolerances(0, 6), (2, 3, 4, 6)),
    "the quartic",
)
study(
    right,
    ripple,
    square,
    grid_of(square, 61),
    constructors(ripple, square, [8, 16, 24, 32], tolerances(1, 9), tolerances(0, 2), (4, 8, 16)),
    "exp(−x² − y) sin(3x + y²)",
)
left.set_ylabel("largest error / largest value")
figure.legend(*right.get_legend_handles_labels(), loc="outside lower center", ncols=9)
plt.show()
