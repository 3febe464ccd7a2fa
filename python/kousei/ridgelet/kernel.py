"""The fractional derivatives of the Gaussian that ridgelets are made of."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from kousei._lib import _core, arrays, backends
from kousei._lib.arrays import Array
from kousei._lib.errors import check_bool, is_real_number, require_real_number

#: The largest s of Lambda^s.
LARGEST_POWER: float = _core.ridgelet_largest_power


def gaussian_kernel(t: Array | float, s: float, derivative: bool = False) -> Array:
    r"""Lambda^s G of the Gaussian G(t) = e^(-t^2/2), or the derivative of it.

    Lambda^s multiplies the Fourier transform by :math:`\lvert w\rvert^s`:

    .. math::

        \Lambda^s G(t) = \sqrt{2/\pi} \int_0^\infty w^s e^{-w^2/2} \cos(wt)\, dw
            = \frac{2^{s/2}}{\sqrt\pi}\, \Gamma\Bigl(\frac{s+1}2\Bigr)\,
              {}_1F_1\Bigl(\frac{s+1}2; \frac12; -\frac{t^2}2\Bigr).

    For an even s it is :math:`(-1)^{s/2}` times the s-th derivative of G; any other falls off as
    :math:`\lvert t\rvert^{-s-1}`.

    Parameters
    ----------
    t : array of float32 or float64, any shape, or a real number
        Arguments. Infinities give 0, NaN gives NaN.
    s : float
        Above -1, at most 32.
    derivative : bool
        Whether the derivative in t is asked for.

    Returns
    -------
    array or float
        Of the library, dtype and shape of `t`. The error is at most 8 eps of the largest absolute value the function
        has on the line.

    Raises
    ------
    TypeError
        If `t` or `s` is neither, or `derivative` not a bool.
    ValueError
        If `s` is out of range.

    Notes
    -----
    For an even s, Hermite's polynomials by their recurrence, up to the order 9. For any other s, Taylor polynomials
    around the multiples of 1/4 up to 16, and the asymptotic series beyond; their coefficients are made once for each
    s, which takes some 10 ms.

    Examples
    --------
    >>> import numpy as np
    >>> from kousei.ridgelet import gaussian_kernel
    >>> round(gaussian_kernel(1.5, 3), 12)
    -0.874603743496
    >>> gaussian_kernel(np.array([0.0, 100.0]), 3)
    array([1.59576912e+00, 4.79209970e-08])
    >>> round(gaussian_kernel(1.5, 0.5), 12), round(gaussian_kernel(1.5, 1, derivative=True), 12)
    (0.060470461376, -0.446679504210)
    """
    s, derivative = check_power(s), check_bool("derivative", derivative)
    if is_real_number(t):
        return float(gaussian_kernel(np.asarray(t, dtype=np.float64), s, derivative))
    backend, t = backends.enter("t", t)
    dtype = arrays.real_dtype(t=t)
    result, out = backends.output(backend, None, arrays.shape_of(t), dtype, t)
    parameters = GaussianKernel(s, derivative).parameters(backend, dtype)
    backend.kernels.ridgelet_kernel(*parameters, backend.view("t", t), out, backend.launch())
    return result


@dataclass(frozen=True)
class GaussianKernel:
    """`gaussian_kernel` of one power."""

    s: float
    derivative: bool = False

    def __call__(self, t: Array) -> Array:
        """Return the values at t."""
        return gaussian_kernel(t, self.s, self.derivative)

    def parameters(self, backend: backends.Backend, dtype: np.dtype[Any]) -> tuple[Any, ...]:
        """Return what the compiled kernels know it by."""
        (table,) = _table(self.s, self.derivative, dtype.name).on(backend)
        return backend.view("table", table), self.s, self.derivative


def check_power(s: float) -> float:
    """Return s as float once it is known to be the power of a kernel."""
    require_real_number("s", s)
    if not -1 < s <= LARGEST_POWER:
        raise ValueError(f"s was {s}; above -1, and at most {LARGEST_POWER:g}, is accepted")
    return float(s)


@lru_cache(maxsize=64)
def _table(s: float, derivative: bool, dtype: str) -> backends.Kept:
    """Return the table of a kernel."""
    return backends.Kept(_core.cpu.ridgelet_tabulate(s, derivative).astype(dtype))
