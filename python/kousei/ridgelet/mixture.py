"""Spectra of mixtures of Gaussians, in closed form."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from kousei._lib import arrays
from kousei._lib.errors import check_type
from kousei.ridgelet.directions import vectors_of
from kousei.ridgelet.kernel import gaussian_kernel
from kousei.ridgelet.pair import AdmissiblePair
from kousei.ridgelet.samples import Reals


def gaussian_mixture_ridgelet(
    coefs: Any, means: Any, widths: Any, directions: Any, biases: Any, pair: AdmissiblePair
) -> Reals:
    """Return the ridgelet spectrum of f(x) = sum_i c_i e^(-|x - mu_i|^2/(2 tau_i^2)).

    With s_i^2 = 1 + tau_i^2 |a|^2 and the kernel psi = Lambda^m G,

        R[f](a, b) = sum_i c_i (2 pi tau_i^2)^(dim/2) s_i^(-m-1) Lambda^m G((b - a . mu_i)/s_i),

    and with psi = d/dt Lambda^m G, which is odd, minus the same of d/dt Lambda^m G with one power of s_i more.

    Parameters
    ----------
    coefs : array_like (n,)
        The c_i.
    means : array_like (n, dim)
        The mu_i, in as many dimensions as kernels go, some 30.
    widths : array_like (n,)
        The tau_i, positive.
    directions : array_like (A, dim), or Directions
        The vectors a, of any length.
    biases : array_like (B,)
        The numbers b.
    pair : AdmissiblePair
        Whose kernel psi is; of the same dim.

    Returns
    -------
    array (A, B) of float64

    Raises
    ------
    TypeError, ValueError
        If an argument is no array of finite numbers of these shapes, or the pair of another dimension.

    Examples
    --------
    >>> from kousei.ridgelet import AdmissiblePair, gaussian_mixture_ridgelet
    >>> pair = AdmissiblePair("relu", 2)
    >>> gaussian_mixture_ridgelet([1.0], [[0.0, 0.0]], [1.0], [[0.7, -0.4]], [0.3], pair).round(12)
    array([[4.678034591646]])
    """
    c, mu, tau, a, b = _checked(coefs, means, widths, vectors_of(directions), biases)
    check_type("pair", pair, AdmissiblePair, "an AdmissiblePair")
    dim = mu.shape[1]
    if pair.dim != dim:
        raise ValueError(f"pair is of dim {pair.dim} and means has shape {mu.shape}; the same dim is accepted")
    _require_memory(a, b, c)
    m, odd = pair.kernel_power, pair.kernel_is_derivative
    s = np.sqrt(1 + np.outer((a * a).sum(-1), tau * tau))[:, None]  # (A, 1, n)
    kernel = gaussian_kernel((b[:, None] - (a @ mu.T)[:, None]) / s, m, odd)
    front = c * (2 * math.pi) ** (dim / 2) * tau**dim
    values: Reals = (front * s ** -float(m + 1 + odd) * kernel).sum(-1)
    return -values if odd else values


def single_scale_weights(coefs: Any, means: Any, widths: Any, directions: Any, biases: Any) -> Reals:
    """Return the weights g_u''(b) of the ReLU network of one scale for a mixture of Gaussians.

    On a ball of radius B around 0, f is an affine function plus the integral of g_u''(b) relu(u . x - b) over |b| < B
    and over unit vectors u, and

        g_u''(b) = -(2 pi)^((1 - dim)/2)/2 sum_i c_i tau_i^(-2) Lambda^(dim+1) G((b - u . mu_i)/tau_i).

    `single_scale` finds the same from samples of any function.

    Parameters
    ----------
    coefs, means, widths
        As in `gaussian_mixture_ridgelet`.
    directions : array_like (A, dim)
        The u, of length 1.
    biases : array_like (B,)
        The b.

    Returns
    -------
    array (A, B) of float64

    Raises
    ------
    TypeError, ValueError
        If an argument is no array of finite numbers of these shapes, or a direction not of length 1.

    Examples
    --------
    >>> from kousei.ridgelet import single_scale_weights
    >>> single_scale_weights([1.0], [[0.0]], [1.0], [[1.0]], [0.0, 1.25]).round(12)
    array([[-0.5       ,  0.128765632998]])
    """
    c, mu, tau, u, b = _checked(coefs, means, widths, directions, biases)
    lengths = np.linalg.norm(u, axis=-1)
    if not np.allclose(lengths, 1, rtol=0, atol=1e-12):
        raise ValueError(
            f"directions has vectors of length {lengths.min():.6g} to {lengths.max():.6g}; 1 is accepted"
        )
    _require_memory(u, b, c)
    dim = mu.shape[1]
    kernel = gaussian_kernel((b[:, None] - (u @ mu.T)[:, None]) / tau, dim + 1)
    values: Reals = -((2 * math.pi) ** ((1 - dim) / 2)) / 2 * (c / tau**2 * kernel).sum(-1)
    return values


def _require_memory(directions: Reals, biases: Reals, coefs: Reals) -> None:
    shape = (len(directions), len(biases), len(coefs))
    arrays.require_memory(math.prod(shape), 32, f"a kernel of shape {shape}")


def _checked(coefs: Any, means: Any, widths: Any, directions: Any, biases: Any) -> list[Reals]:
    given = {"coefs": coefs, "means": means, "widths": widths, "directions": directions, "biases": biases}
    found = {name: arrays.finite_numbers(name, value) for name, value in given.items()}
    means = found["means"]
    if means.ndim != 2 or means.shape[1] == 0:
        raise ValueError(f"means has shape {means.shape}; (n, dim) is accepted")
    n, dim = means.shape
    for name in ("coefs", "widths"):
        if found[name].shape != (n,):
            raise ValueError(f"{name} has shape {found[name].shape}; ({n},), one for each of means, is accepted")
    if found["directions"].ndim != 2 or found["directions"].shape[1] != dim:
        raise ValueError(f"directions has shape {found['directions'].shape}; (A, {dim}) is accepted")
    if found["biases"].ndim != 1:
        raise ValueError(f"biases has shape {found['biases'].shape}; (B,) is accepted")
    if not (found["widths"] > 0).all():
        raise ValueError(f"widths has {found['widths'].min()}; positive numbers are accepted")
    return list(found.values())
