"""Networks of a few units drawn from coefficients."""

from __future__ import annotations

import numpy as np

from kousei._lib import arrays
from kousei._lib.arrays import Array
from kousei._lib.errors import check_integer
from kousei._lib.random import Rng, generator


def sample(gamma: Array, units: int, *, rng: Rng = None) -> Array:
    r"""Draw a network from coefficients, each unit with a probability as its coefficient is large.

    Parameters
    ----------
    gamma : array of float32, float64, complex64 or complex128
        Coefficients of all units, such as `JointEquivariantFeature.dual` finds.
    units : int
        Draws, and units at most.
    rng : numpy.random.Generator, int or None
        Source of the draws (SPEC 7).

    Returns
    -------
    array
        Like gamma, and 0 but for what was drawn: :math:`\gamma/\lvert\gamma\rvert` times the share of the draws and
        the sum :math:`L` of all :math:`\lvert\gamma\rvert`. Its mean is gamma.

    Raises
    ------
    TypeError
        If gamma is not such an array, or `units` no integer.
    ValueError
        If gamma is empty or has NaN or infinite values, or `units` is below 1.

    Notes
    -----
    The draws are made in host memory, to which coefficients on a device are copied, and the result back.

    The network of what is drawn has the mean :math:`f = NN[\gamma]`, and at each x the mean square error

    .. math:: \frac1n\Bigl(L\sum_\xi \lvert\gamma(\xi)\rvert\,\lvert\phi(x,\xi)\rvert^2 - \lvert f(x)\rvert^2\Bigr)

    for n units. This is the step from the integral to finite networks in S. Sonoda, Y. Hashimoto, I. Ishikawa and
    M. Ikeda, arXiv:2405.13682.

    Examples
    --------
    >>> import numpy as np
    >>> from kousei.equivariant import FiniteGroup, GSet, JointEquivariantFeature, polynomials, sample
    >>> X = GSet.natural(FiniteGroup.affine(7))
    >>> Xi = polynomials(X, 1)  # all functions a x - b
    >>> phi = JointEquivariantFeature(np.maximum(Xi.points[..., 0].T - 3, 0), X, Xi)
    >>> f = np.cos(np.arange(7.0))
    >>> few, many = (sample(phi.dual(f), n, rng=0) for n in (10, 100_000))
    >>> int(np.count_nonzero(few)), bool(abs(phi.network(many) - f).max() < 0.05)
    (10, True)
    """
    gamma = arrays.known("gamma", gamma)
    name = arrays.dtype_name(gamma)
    if name not in ("float32", "float64", "complex64", "complex128"):
        raise TypeError(f"gamma has dtype {name}; float32, float64, complex64 and complex128 are accepted")
    units = check_integer("units", units, 1, 2**63 - 1)
    values = arrays.to_host(gamma)
    arrays.require_finite("gamma", values)
    if not values.size:
        raise ValueError(f"gamma has shape {values.shape}; coefficients are accepted")
    size = np.abs(values).astype(np.float64).ravel()
    largest = size.max()
    if largest == 0:
        return arrays.like(values.copy(), gamma)
    chances = size / largest
    total = chances.sum()
    draws = generator(rng).multinomial(units, chances / total).reshape(values.shape)
    signs = values / np.where(values == 0, 1, np.abs(values))
    with np.errstate(over="ignore"):
        drawn = np.asarray(signs * (draws * (total / units) * largest), values.dtype)
    if not arrays.is_finite(drawn):
        raise ValueError(f"gamma has a sum of absolute values above the largest {name}; smaller ones are accepted")
    return arrays.like(drawn, gamma)
