r"""
Polynomials as RePU networks
============================

A network of units :math:`\max(z, 0)^2` can be a polynomial, and its derivative a network too. How near both come to a
function and its derivative, by the number of hidden units, beside a ReLU network that interpolates it.
"""

# %%
# Four networks
# -------------
#
# - **tree**: :func:`kousei.repu.from_chebyshev` of the series through :math:`n` Chebyshev nodes.
# - **powers, tree**: the same polynomial by powers of :math:`x`, as :math:`A + x^M B`, halved again and again.
# - **powers, Horner**: by :math:`c_0 + x\,(c_1 + x\,(c_2 + \dots))`, one layer for each degree.
# - **ReLU**: straight lines between equidistant points, one unit for each.
#
# The two by powers are here for comparison, and made by hand: each layer takes squares of affine functions,
# :math:`x = ((x + 1)^2 - (x - 1)^2)/4` and :math:`xy = ((x + y)^2 - (x - y)^2)/4`, and layers are composed by ``>>``.

import matplotlib.pyplot as plt
import numpy as np
from numpy.polynomial import chebyshev

import kousei
from kousei.repu import derivative_network, from_chebyshev


def squares(forms, offsets, combination, constant):
    """Return the network combination @ (forms @ v + offsets)^2 + constant."""
    weights = [np.vstack([forms, -forms]), np.hstack([combination, combination])]
    return kousei.MLP(weights, [np.concatenate([offsets, -offsets]), constant], ["repu2"])


def horner(c):
    """Return the network of sum_k c_k x^k by Horner's rule."""
    net = kousei.MLP([np.array([[1.0], [c[-1]]])], [np.array([0.0, c[-2]])], [])
    forms = np.array([[1.0, 0.0], [1.0, 0.0], [1.0, 1.0], [1.0, -1.0]])
    combination = np.array([[0.25, -0.25, 0.0, 0.0], [0.0, 0.0, 0.25, -0.25]])
    for coefficient in c[-3::-1]:
        net = net >> squares(forms, np.array([1.0, -1.0, 0.0, 0.0]), combination, np.array([0.0, coefficient]))
    return net >> kousei.MLP([np.array([[0.0, 1.0]])], [np.zeros(1)], [])


def halves(c):
    """Return the network of sum_{k < 2M} c_k x^k by A + x^M B, for a power of two of coefficients."""
    # x^2 and c_0 + c_1 x, c_2 + c_3 x, ...; then x^2M and a + x^M b from x^M and neighbours a, b, until one is left.
    combination = np.zeros((1 + len(c) // 2, 3))
    combination[0, 2] = 1
    combination[1:, :2] = c[1::2, None] * [0.25, -0.25]
    constant = np.concatenate([[0.0], c[0::2]])
    net = squares(np.ones((3, 1)), np.array([1.0, -1.0, 0.0]), combination, constant)
    while net.outputs > 2:
        pairs = net.outputs // 2
        power, a, b = np.split(
            np.eye(net.outputs)[[0, *range(1, 2 * pairs, 2), *range(2, 2 * pairs + 1, 2)]], [1, 1 + pairs]
        )
        forms = np.vstack([a, a, power + b, power - b, power])
        offsets = np.repeat([1.0, -1.0, 0.0], [pairs, pairs, 2 * pairs + 1])
        sums = np.hstack([np.kron([0.25, -0.25, 0.25, -0.25], np.eye(pairs)), np.zeros((pairs, 1))])
        combination = np.vstack([np.eye(1, 4 * pairs + 1, 4 * pairs), sums])
        net = net >> squares(forms, offsets, combination, np.zeros(pairs + 1))
    return net >> kousei.MLP([np.array([[0.0, 1.0]])], [np.zeros(1)], [])


def polygon(f, units):
    """Return the ReLU network of straight lines between equidistant points of [-1, 1], and its slopes."""
    points = np.linspace(-1, 1, units + 1)
    slopes = np.diff(f(points)) / np.diff(points)
    jumps = np.diff(slopes, prepend=0)
    weights = [np.ones((units, 1)), jumps[None]]
    return kousei.MLP(weights, [-points[:-1], f(points[:1])], ["relu"]), points, slopes


# %%
# Three functions
# ---------------
#
# A smooth function, Runge's, whose coefficients fall slowly at first, and one with a kink in its second derivative.
# The tree comes to rounding, in the derivative too, and of an even function it has half the units. By powers it is
# the same polynomial until their coefficients are large, some 30 degrees on, and then nothing. Where a polynomial is
# of too low a degree, straight lines are nearer: Runge's function below some 60 units. Their derivatives are steps,
# and off by the height of one.

FUNCTIONS = {
    r"$e^{x/2}\sin\pi x$": (
        lambda x: np.exp(x / 2) * np.sin(np.pi * x),
        lambda x: np.exp(x / 2) * (np.sin(np.pi * x) / 2 + np.pi * np.cos(np.pi * x)),
    ),
    "$1/(1+25x^2)$": (lambda x: 1 / (1 + 25 * x**2), lambda x: -50 * x / (1 + 25 * x**2) ** 2),
    "$|x|^3$": (lambda x: np.abs(x) ** 3, lambda x: 3 * x * np.abs(x)),
}
STYLES = {
    "tree": ("#0072B2", "o"),
    "powers, tree": ("#E69F00", "s"),
    "powers, Horner": ("#D55E00", "^"),
    "ReLU": ("#009E73", "x"),
}


def errors(f, slope, n):
    """Return units, largest error and largest error of the derivative of each network from n coefficients."""
    x = np.cos(np.linspace(0, np.pi, 2000))  # none of them a point of a polygon
    c = chebyshev.chebinterpolate(f, n - 1)
    c[np.abs(c) < 1e-15] = 0  # of an even function every second one, to rounding
    powers = np.zeros(n)
    some = chebyshev.cheb2poly(c)
    powers[: len(some)] = some
    nets = {"tree": from_chebyshev(c), "powers, tree": halves(powers)}
    if n <= 64:
        nets["powers, Horner"] = horner(powers)
    result = {
        name: (
            net.units,
            np.abs(net(x[:, None]) - f(x)).max(),
            np.abs(derivative_network(net)(x[:, None]) - slope(x)).max(),
        )
        for name, net in nets.items()
    }
    line, points, slopes = polygon(f, 4 * n)
    steps = slopes[np.searchsorted(points, x[1:-1]) - 1]
    return result | {
        "ReLU": (line.units, np.abs(line(x[:, None]) - f(x)).max(), np.abs(steps - slope(x[1:-1])).max())
    }


figure, axes = plt.subplots(2, 3, figsize=(11.5, 6.6), layout="constrained", sharex=True, sharey=True)
for column, (title, (f, slope)) in enumerate(FUNCTIONS.items()):
    rows = [errors(f, slope, n) for n in (4, 8, 16, 32, 64, 128)]
    print(title)
    for name, (color, marker) in STYLES.items():
        units, value, derivative = np.transpose([row[name] for row in rows if name in row])
        print(
            f"{name:>15}: ",
            ", ".join(f"{n:.0f} {a:.0e} {b:.0e}" for n, a, b in zip(units, value, derivative, strict=True)),
        )
        for axis, error in zip(axes[:, column], (value, derivative), strict=True):
            axis.loglog(units, error, marker=marker, color=color, label=name)
    axes[0, column].set(title=title, ylim=(1e-15, 1e3))
    axes[1, column].set(xlabel="hidden units")
axes[0, 0].set_ylabel("largest error of the value")
axes[1, 0].set_ylabel("largest error of the derivative")
figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=4)
plt.show()
