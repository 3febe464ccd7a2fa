"""Units drawn from a spectrum over Z_p^d that is not stored."""

from __future__ import annotations

import math

import numpy as np

from kousei.equivariant.finite_network import FiniteNetwork
from kousei.equivariant.finite_sums import Numbers, transform_of_residues
from kousei.equivariant.primes import inverses

#: Numbers of rows of a spectrum that are held at a time.
_BLOCK = 1 << 18


def draw(
    f: Numbers, feature: Numbers, ridgelet_function: Numbers, constant: complex, units: int, rng: np.random.Generator
) -> FiniteNetwork:
    """Return a network of draws (a, b) with probability |R[f](a, b)|^2, and weights that make its mean f.

    The sum of |R[f](a, b)|^2 over b is that of |f^(v a)|^2 |r^(v)|^2 over v, so that v, k = v a, and b given a are
    drawn one after the other.
    """
    from scipy import fft

    p, dim = f.shape[0], f.ndim
    largest = np.abs(f).max()
    f = f / largest  # so that squares do not overflow
    transformed, hat = fft.fftn(f).ravel(), transform_of_residues(ridgelet_function)
    v = _drawn(hat, units, rng)
    k = np.stack(np.unravel_index(_drawn(transformed, units, rng), f.shape), axis=-1)
    a = k * inverses(p)[v, None] % p
    b, values = np.empty(units, np.int64), np.empty(units, np.result_type(f, ridgelet_function))
    rows = max(1, _BLOCK // p)
    for start in range(0, units, rows):
        block = slice(start, start + rows)
        places = np.ravel_multi_index(tuple(a[block].T[..., None] * np.arange(p) % p), f.shape)
        spectrum = p ** (-dim / 2) * fft.ifft(transformed[places] * hat.conj())
        total = (np.abs(spectrum) ** 2).cumsum(axis=1)
        # Below the last total, however it is rounded.
        threshold = rng.random(len(total)) * np.nextafter(total[:, -1], 0)
        b[block] = (total > threshold[:, None]).argmax(axis=1)
        drawn = np.take_along_axis(spectrum, b[block, None], axis=1)[:, 0]
        values[block] = drawn if np.iscomplexobj(values) else drawn.real
    square = np.vdot(f, f).real * np.vdot(ridgelet_function, ridgelet_function).real
    weights = square / (units * constant * p ** (dim / 2) * values.conj())
    _, first, times = np.unique(
        np.ravel_multi_index((*a.T, b), (p,) * (dim + 1)), return_index=True, return_counts=True
    )
    return FiniteNetwork(feature, a[first], b[first], weights[first] * times * largest)


def _drawn(transformed: Numbers, count: int, rng: np.random.Generator) -> Numbers:
    """Return indices drawn with probability as the squares."""
    chances = np.abs(transformed / np.abs(transformed).max()) ** 2
    return rng.choice(len(chances), count, p=chances / math.fsum(chances))
