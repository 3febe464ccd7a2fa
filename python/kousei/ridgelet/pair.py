"""Activations with the ridgelet functions that are admissible for them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from kousei._lib import arrays
from kousei._lib.arrays import Array
from kousei._lib.errors import check_integer, is_real_number, require_real_number
from kousei.activation import Activation
from kousei.ridgelet.kernel import LARGEST_POWER, check_derivative, check_power, gaussian_kernel
from kousei.ridgelet.profile import FAR, Profile, profile_of

_PEAK = math.sqrt(2 * math.pi)  # of the transform of G, at 0


def admissibility_constant(activation: Activation | str, dim: int, s: float, derivative: bool = False) -> float:
    r"""Constant K of an activation sigma with psi = Lambda^s G, or its derivative.

    .. math:: K = (2\pi)^{d-1} \int \hat\sigma(w)\, \overline{\hat\psi(w)}\, \lvert w\rvert^{-d}\, dw,
        \qquad S[R[f]] = K f.

    Parameters
    ----------
    activation : str or Activation
        As that of `AdmissiblePair`.
    dim : int
        The dimension d of the points, at least 1.
    s : float
        Power of the kernel, above -1 and at most 32.
    derivative : bool
        Whether psi is the derivative of Lambda^s G.

    Returns
    -------
    float
        To 1e-12 of itself.

    Raises
    ------
    TypeError
        If a parameter is not of its type.
    ValueError
        If K is 0, the transform of one of the two being even and that of the other odd, or the integral diverges,
        or a parameter is out of range.

    Examples
    --------
    >>> from kousei.ridgelet import admissibility_constant
    >>> round(admissibility_constant("relu", 2, 4), 12)  # -4 pi^2
    -39.478417604357
    >>> admissibility_constant("relu", 2, 3, derivative=True)
    Traceback (most recent call last):
        ...
    ValueError: derivative was True; 'relu' has an even transform and the kernel would have an odd one, so that K = 0
    """
    name, profile = profile_of(activation)
    dim, s, derivative = check_integer("dim", dim, 1), check_power(s), check_derivative(derivative)
    if derivative != profile.odd:
        its, other = ("odd", "even") if profile.odd else ("even", "odd")
        raise ValueError(
            f"derivative was {derivative}; {name!r} has an {its} transform and the kernel would have an {other} one, "
            "so that K = 0"
        )
    lowest = _power(profile, dim, -1)
    if s <= lowest:
        raise ValueError(
            f"s was {s:g}; above {lowest} is accepted for {name!r} in dimension {dim}, where the integral of K exists"
        )
    return _constant(profile, dim, s - _power(profile, dim, 0))


def _power(profile: Profile, dim: int, order: int) -> int:
    """Return the s for which the integrand of K is |w|^order r(w) e^(-w^2/2)."""
    return dim + profile.pole - profile.odd + order


def _constant(profile: Profile, dim: int, order: float) -> float:
    # conj(i w)/(i w) = -1
    sign = -1 if profile.odd else 1
    return sign * (2 * math.pi) ** (dim - 1) * _PEAK * 2 * profile.integral(order)


@dataclass(frozen=True, init=False)
class AdmissiblePair:
    r"""An activation sigma with a ridgelet function psi for which S R f = K f, K neither 0 nor infinite.

    psi is Lambda^s G, or its derivative where the Fourier transform of sigma is odd, with the least s for which K
    exists, and the order q more:

    ============================  ====================  =================
    sigma                         psi                   K/(2 pi)^(d-1)
    ============================  ====================  =================
    relu, gelu, silu, softplus    Lambda^(d+2+q) G      negative
    step, tanh, logistic, erf     (Lambda^(d+q) G)'     negative
    repu p, p odd                 Lambda^(d+p+1+q) G    of either sign
    repu p, p even                (Lambda^(d+p+q) G)'   of either sign
    gaussian, e^(-t^2/2)          Lambda^(d+q) G        positive
    ============================  ====================  =================

    Parameters
    ----------
    activation : str or Activation
        "relu", "repu2" to "repu32", "step" (1 for t > 0, else 0), "tanh", "logistic", "erf", "softplus", "gelu",
        "silu" or "gaussian", or a `kousei.Activation` of these.
    dim : int
        The dimension d of the points, at least 1.
    order : int
        The order q of the truncation, at least 0: what `multiplier` is short of 1 is O((k/A)^(q+1)). The s of the
        kernel is at most 32.

    Raises
    ------
    TypeError
        If a parameter is not of its type.
    ValueError
        If the activation is none of these, or `dim` or `order` out of range.

    Attributes
    ----------
    activation : str
        Its name.
    dim, order : int
        As given.

    See Also
    --------
    admissibility_constant : of the same activations with a kernel that is chosen.

    Notes
    -----
    The transforms are those of functions that grow: as distributions, they have a part at w = 0 as well, which the
    zero of the transform of psi there takes away.

    Examples
    --------
    >>> import numpy as np
    >>> from kousei.ridgelet import AdmissiblePair
    >>> pair = AdmissiblePair("relu", 2)
    >>> pair.kernel_power, pair.kernel_is_derivative
    (4, False)
    >>> pair.kernel(np.zeros(1))
    array([3.])
    >>> round(pair.constant, 12)  # -4 pi^2
    -39.478417604357
    >>> pair.multiplier([0.0, 0.5, 4.0], scale=1.0)
    array([1.00000000e+00, 6.17075077e-01, 6.33424837e-05])
    """

    activation: str
    dim: int
    order: int

    def __init__(self, activation: Activation | str, dim: int, order: int = 0) -> None:
        name, profile = profile_of(activation)
        dim, order = check_integer("dim", dim, 1), check_integer("order", order, 0)
        s = _power(profile, dim, order)
        if s > LARGEST_POWER:
            least = _power(profile, 0, 0)
            given = f"dim was {dim} and order {order}"
            raise ValueError(f"{given}; together at most {LARGEST_POWER - least:g} are accepted for {name!r}")
        self.__dict__.update(activation=name, dim=dim, order=order)

    @property
    def _profile(self) -> Profile:
        return profile_of(self.activation)[1]

    @property
    def kernel_power(self) -> int:
        """The s of psi = Lambda^s G, or of its derivative."""
        return _power(self._profile, self.dim, self.order)

    @property
    def kernel_is_derivative(self) -> bool:
        """Whether psi is the derivative of Lambda^s G."""
        return self._profile.odd

    @property
    def constant(self) -> float:
        """The constant K, to 1e-12 of itself."""
        return _constant(self._profile, self.dim, self.order)

    def kernel(self, t: Array | float) -> Array:
        """Ridgelet function psi(t).

        Parameters
        ----------
        t : array of float32 or float64, any shape, or a real number
            Arguments.

        Returns
        -------
        array or float
            See `gaussian_kernel`.

        Raises
        ------
        TypeError
            If `t` is neither.
        """
        return gaussian_kernel(t, self.kernel_power, self.kernel_is_derivative)

    def kernel_hat(self, w: Any) -> np.ndarray[Any, Any]:
        """Fourier transform of the kernel, the integral of psi(t) e^(-iwt) dt.

        Parameters
        ----------
        w : array_like, any shape
            Angular frequencies.

        Returns
        -------
        numpy.ndarray of float64, or of complex128 where psi is a derivative
            Of the shape of `w`.

        Raises
        ------
        TypeError
            If `w` is not real numbers.
        """
        w = arrays.real_numbers("w", w)
        size = np.minimum(np.abs(w), FAR)
        even = size**self.kernel_power * (_PEAK * np.exp(-size * size / 2))
        return np.asarray(1j * np.sign(w) * size * even if self.kernel_is_derivative else even)

    def activation_hat(self, w: Any) -> np.ndarray[Any, Any]:
        """Fourier transform of the activation away from 0.

        Parameters
        ----------
        w : array_like, any shape
            Angular frequencies; not 0, unless for "gaussian".

        Returns
        -------
        numpy.ndarray of float64, or of complex128 where `kernel_is_derivative`
            Of the shape of `w`.

        Raises
        ------
        TypeError
            If `w` is not real numbers.
        ValueError
            If there is a 0 among them, where the transform is not a function.
        """
        w = arrays.real_numbers("w", w)
        profile = self._profile
        if profile.pole and not w.all():
            raise ValueError(f"w has a 0; the transform of {self.activation!r} is a function for other numbers only")
        with np.errstate(over="ignore", divide="ignore"):
            values = profile.regular(w) / w**profile.pole
        return np.asarray(-1j * values if profile.odd else values)

    def multiplier(self, k_norm: Any, scale: float) -> Any:
        r"""Return what the transform of f is multiplied by where only :math:`\lvert a\rvert \le A` are kept.

        This is the truncation law:

        .. math:: m_A(k) = \frac{\int_{\lvert w\rvert \ge \lvert k\rvert/A} \hat\sigma\,\overline{\hat\psi}\,
            \lvert w\rvert^{-d}\, dw}{\int \hat\sigma\,\overline{\hat\psi}\,\lvert w\rvert^{-d}\, dw}.

        Parameters
        ----------
        k_norm : array_like, any shape, or a real number
            Norms of frequencies k of f, at least 0.
        scale : float
            The A, positive and finite.

        Returns
        -------
        numpy.ndarray of float64, or float for a number
            Of the shape of `k_norm`, from 1 at 0 down to 0.

        Raises
        ------
        TypeError
            If these are not real numbers.
        ValueError
            If they are out of range.
        """
        if is_real_number(k_norm):
            return float(self.multiplier(np.asarray(k_norm, dtype=np.float64), scale))
        k_norm = arrays.real_numbers("k_norm", k_norm)
        if not (k_norm >= 0).all():
            raise ValueError("k_norm has numbers that are not >= 0; norms are accepted")
        require_real_number("scale", scale)
        if not 0 < scale < math.inf:
            raise ValueError(f"scale was {scale}; a positive finite number is accepted")
        return np.asarray(self._profile.tail(self.order, k_norm / float(scale)))
