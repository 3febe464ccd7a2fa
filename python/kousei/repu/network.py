"""Networks of polynomials on a box."""

from __future__ import annotations

from kousei.network.on_box import BoxNetwork


class PolynomialNetwork(BoxNetwork):
    """The network of a polynomial on a box, or of polynomials on its cells.

    `from_chebyshev`, `from_polynomial`, `from_function` and `kousei.MonotoneRegressor.to_network` make it.

    Parameters
    ----------
    net : MLP
        The layers.
    origin : tuple
        What `error_bound` tells.

    Notes
    -----
    Of the error, `approximation` is 0 where the polynomial, or the spline, is what was given, else 1.5 times the
    largest difference at points of the box that took no part in its construction, or the sum of the moduli of the
    coefficients that were left out, whichever is larger.

    `rounding` goes by a rule that is above what was measured, twice at least: the precision, times the condition of a
    unit's sum, the sum of the moduli of the coefficients by products of T_1, T_2, T_4, ..., 2 dim (n_1 + ... + n_dim)
    for n_j coefficients along axis j, and the largest coordinate in half widths of the box. Of a monotone spline of m
    cells along each axis, 2 dim ((m + 2)^2 + the largest coordinate in cells) times the largest coefficient.

    The network computes its polynomial outside of the box too, where rounding is multiplied by the growth of the
    polynomials.
    """
