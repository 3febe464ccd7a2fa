"""Networks that are polynomials, to rounding, from their coefficients."""

from __future__ import annotations

from typing import Any

import numpy as np

from kousei._lib import arrays
from kousei._lib.boxes import Bounds, check_bounds
from kousei._lib.errors import check_integer
from kousei.activation.base import LARGEST_POWER
from kousei.network.on_box import Origin
from kousei.repu import tree
from kousei.repu.gadgets import monomial
from kousei.repu.network import PolynomialNetwork

Array = np.ndarray[Any, Any]


def from_chebyshev(coefficients: Any, p: int = 2, *, bounds: Bounds | None = None) -> PolynomialNetwork:
    r"""Return the network of a Chebyshev series, sum_k c_k T_k1(t_1) ... T_kd(t_d).

    It is a tree: sum_{k < 2M} c_k T_k is A + T_M B with series A and B of half the length, down to constants, and
    back with T_2M = 2 T_M^2 - 1; of several variables one after the other, while those that wait are carried.

    Parameters
    ----------
    coefficients : array_like (n_1, ..., n_d)
        c_k. With an axis for each variable, as of `numpy.polynomial.chebyshev.chebval`.
    p : int
        Units are max(z, 0)^p, 2 to 32. With 2 they are the fewest, and round least.
    bounds : sequence of (lo, hi), optional
        The box that t in [-1, 1]^d stands for, one pair for each variable; by default [-1, 1]^d itself.

    Returns
    -------
    PolynomialNetwork
        An `MLP` in float64, with NumPy arrays, and SciPy's sparse ones for weights where that pays. For p = 2 and
        n = 2^k coefficients of one variable of k layers and 4n + 2(k - 3) units, of d variables of some 4 n^d. Zeros
        take no units: those of an even series are fewer by half.

    Raises
    ------
    TypeError
        If p is not an integer, or the coefficients are not real numbers.
    ValueError
        If p is out of range, there are no coefficients or no axes, one is not finite, or the bounds do not fit.
    MemoryError
        If the network is larger than the memory of this machine.

    Notes
    -----
    The statement that polynomials are RePU networks is after arXiv:2305.00608, Z. Shen, Y. Jiao, Y. Lin and J. Huang,
    "Differentiable neural networks with RePU activation: with applications to score estimation and isotonic
    regression". The page on RePU networks derives the tree and its rounding.

    Examples
    --------
    T_3(x) = 4x^3 - 3x:

    >>> import numpy as np
    >>> import kousei
    >>> net = kousei.repu.from_chebyshev([0, 0, 0, 1])
    >>> net(np.array([[0.0], [0.5], [1.0]]))
    array([ 0., -1.,  1.])
    >>> print(kousei.repu.from_chebyshev(1 / np.arange(1.0, 17)).summary())
    layer   inputs  outputs    nonzero  share  activation
        0        1        6          6   100%  repu2
        1        6       34        164    80%  repu2
        2       34       18        148    24%  repu2
        3       18        8         72    50%  repu2
        4        8        1          8   100%  affine
    hidden layers 4, hidden units 66, weights and biases 1041
    tree of 16 coefficients: at most 8 x 7 + 2 x 3 + 4 x 1 = 66 hidden units
    """
    p, c = check_power(p), _check_coefficients(coefficients)
    return of_series(c, *_check_box(bounds, c.ndim), p)


def from_polynomial(coefficients: Any, p: int = 2, *, bounds: Bounds | None = None) -> PolynomialNetwork:
    """Return the network of a polynomial, sum_k a_k x_1^k1 ... x_d^kd.

    It is that of its Chebyshev series on the box, `from_chebyshev`: of the powers themselves a network loses all
    digits by degree 32 or so.

    Parameters
    ----------
    coefficients : array_like (n_1, ..., n_d)
        a_k, those of x^0 first, as of `numpy.polynomial.polynomial.polyval`.
    p, bounds
        As of `from_chebyshev`. The network is the polynomial everywhere but for rounding, which is small on the box.

    Returns
    -------
    PolynomialNetwork
        As of `from_chebyshev`. It is off by rounding in proportion to the sum of the |a_k| max |x^k| on the box.

    Raises
    ------
    TypeError, ValueError, MemoryError
        As of `from_chebyshev`.

    Examples
    --------
    (x - 1)(x - 2)(x - 3)(x - 4) on [0, 5]:

    >>> import numpy as np
    >>> import kousei
    >>> net = kousei.repu.from_polynomial([24, -50, 35, -10, 1], bounds=[(0, 5)])
    >>> bool(np.abs(net(np.array([[1.0], [2.0], [3.0], [4.0]]))).max() < 1e-13)
    True
    """
    p, c = check_power(p), _check_coefficients(coefficients)
    lo, hi = _check_box(bounds, c.ndim)
    for axis, (middle, half) in enumerate(zip((lo + hi) / 2, (hi - lo) / 2, strict=True)):
        powers = _powers(c.shape[axis], middle, half)
        c = np.moveaxis(np.tensordot(powers, c, axes=(1, axis)), 0, axis)
    arrays.require_finite("coefficients on the box", c)
    return of_series(c, lo, hi, p)


def of_series(
    c: Array, lo: Array, hi: Array, p: int, approximation: float = 0.0, points: int = 0
) -> PolynomialNetwork:
    """Return the network of a Chebyshev series on a box that is so far from what it stands for."""
    used = np.nonzero(c)
    with np.errstate(over="ignore"):
        leaves = tree.leaves_of(c[tuple(slice(numbers.max(initial=0) + 1) for numbers in used)])
        total = float(np.abs(leaves).sum())
    if not total < np.finfo(np.float64).max / 4:
        raise ValueError(f"coefficients sum up to {total}, by modulus; less than 4e307 is accepted")
    nodes, coef, _ = monomial(1, p)
    condition = float(np.abs(coef) @ (1 + np.abs(nodes)) ** p)
    reach = float((2 * np.maximum(np.abs(lo), np.abs(hi)) / (hi - lo)).max(initial=1))
    rounding = 2 * c.ndim * sum(leaves.shape) * reach * condition * total
    return PolynomialNetwork(tree.write(leaves, lo, hi, p), Origin(lo, hi, approximation, rounding, points))


def _powers(count: int, middle: float, half: float) -> Array:
    """Return the Chebyshev series of (middle + half t)^i as columns i."""
    powers = np.zeros((count, count))
    powers[0, 0] = 1
    for i in range(1, count):
        series = powers[:, i - 1]
        # t T_k is (T_(k+1) + T_(k-1))/2, and t T_0 is T_1.
        powers[1:, i] = half / 2 * series[:-1]
        powers[1, i] += half / 2 * series[0]
        powers[:-1, i] += half / 2 * series[1:]
        powers[:, i] += middle * series
    return powers


def check_power(p: Any) -> int:
    """Return p; TypeError or ValueError unless it is one of which every polynomial is made."""
    if isinstance(p, int | np.integer) and not isinstance(p, bool) and p == 1:
        raise ValueError(
            f"p was 1; 2 to {LARGEST_POWER} is accepted: units max(z, 0) make piecewise linear functions alone"
        )
    return check_integer("p", p, 2, LARGEST_POWER)


def _check_coefficients(coefficients: Any) -> Array:
    c = arrays.finite_numbers("coefficients", coefficients)
    if c.ndim == 0 or c.size == 0:
        raise ValueError(f"coefficients has shape {c.shape}; (n_1, ..., n_d), not empty, is accepted")
    return c


def _check_box(bounds: Bounds | None, dim: int) -> tuple[Array, Array]:
    return check_bounds([(-1.0, 1.0)] * dim if bounds is None else bounds, "bounds", dim)
