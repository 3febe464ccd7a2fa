"""The ridgelet transform over Z_p^2 against its definition in NumPy, and sums over orbits against NumPy's."""

from __future__ import annotations

import resource
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from kousei.equivariant import FiniteRidgelet, orbit_sum

from . import Case, Check, case, warm_seconds
from .dense import in_fresh_process

Array = np.ndarray[Any, Any]

POINTS, ORBITS = 2048, 16


def functions(p: int) -> tuple[Array, Array, Array]:
    """Return f, g and r."""
    g = np.maximum(np.arange(p) - (p - 1) / 2, 0.0)
    return np.random.default_rng(p).normal(size=(p, p)), g, g - g.mean()


def finite_ridgelet(p: int, floor: float) -> Case:
    """The spectrum; the residues a.x mod p, which serve any function, are there before."""
    f, g, r = functions(p)
    R = FiniteRidgelet(p, 2, g, r)
    R.transform(f)
    vectors = np.stack(np.unravel_index(np.arange(p * p), (p, p)), axis=-1)
    residues = vectors @ vectors.T % p
    exact = by_rows(f, r, residues).reshape(p, p, p)
    return Case(
        work=p**3,
        sizes={"p": p, "dim": 2},
        dtype="float64",
        ours=lambda: R.transform(f),
        others={
            "numpy": partial(partial, at_once, f, r, residues),
            "numpy, row by row": partial(partial, by_rows, f, r, residues),
        },
        floors={"numpy": floor},
        checks={
            "difference": Check(
                lambda: float(np.abs(R.transform(f) - exact).max() / np.abs(exact).max()),
                "max |ours - numpy| / max |numpy|",
                1e-13,
            ),
            "inverse": Check(
                lambda: float(np.abs(R.reconstruct(R.transform(f)) - f).max()), "max |S R/C f - f|", 1e-13
            ),
        },
        clock=warm_seconds,
    )


for _p, _floor in ((31, 150.0), (61, 500.0)):
    case(f"finite-ridgelet-{_p}", _p, _floor)(finite_ridgelet)


@case("finite-ridgelet-251")
def large() -> Case:
    """A complex spectrum of 253 MB, beside one FFT of all its slices, without which no spectrum is had by FFTs."""
    f, g, r = functions(251)
    R = FiniteRidgelet(251, 2, g, r, dtype="complex128")
    f = f.astype("complex128")
    R.transform(f)
    return Case(
        work=251**3,
        sizes={"p": 251, "dim": 2},
        dtype="complex128",
        ours=lambda: R.transform(f),
        others={"scipy.fft of the slices": slices, "our inverse": lambda: partial(R.reconstruct, R.transform(f))},
        checks={
            "inverse": Check(
                lambda: float(np.abs(R.reconstruct(R.transform(f)) - f).max()), "max |S R/C f - f|", 1e-13
            ),
            "memory": Check(lambda: in_fresh_process(peak_bytes), "bytes at the peak of S R/C f", 2.0**30),
        },
    )


def slices() -> Callable[[], Any]:
    """Prepare an FFT along the last axis of an array like the spectrum, in place."""
    from scipy import fft

    values = np.ones((251, 251, 251), complex)
    return lambda: fft.ifft(values, axis=2, overwrite_x=True)


def peak_bytes() -> int:
    """Return what a process takes that transforms a function of Z_251^2 there and back."""
    f, g, r = functions(251)
    R = FiniteRidgelet(251, 2, g, r, dtype="complex128")
    R.reconstruct(R.transform(f.astype("complex128")))
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def at_once(f: Array, r: Array, residues: Array) -> Array:
    """Return the direct sums, with r(a.x - b) for all a and x and one b at a time."""
    p = len(r)
    spectrum = np.empty((p * p, p))
    for b in range(p):
        spectrum[:, b] = r[(residues - b) % p] @ f.ravel()
    return spectrum / p


def by_rows(f: Array, r: Array, residues: Array) -> Array:
    """Return the same with rows of a table of r for one a at a time, which stay in the cache."""
    p = len(r)
    s = np.arange(p)
    table = r[(s[:, None] - s) % p]
    spectrum = np.empty((p * p, p))
    for a, row in enumerate(residues):
        spectrum[a] = f.ravel() @ table[row]
    return spectrum / p


@case("orbit-sum")
def orbits() -> Case:
    """Sums of some functions with a matrix that is constant on orbits, of which no more than labels are stored."""
    rng = np.random.default_rng(0)
    labels, v = rng.integers(0, ORBITS, (POINTS, POINTS), dtype=np.int32), rng.normal(size=ORBITS)
    f = rng.normal(size=(4, POINTS))

    def ours() -> Array:
        return np.asarray(orbit_sum(f, labels, v))

    def numpy() -> Callable[[], Array]:
        return lambda: f @ v[labels]

    expected = f @ v[labels]
    size = np.abs(f).sum(axis=1).max() * np.abs(v).max()
    return Case(
        work=POINTS**2,
        sizes={"points": POINTS, "units": POINTS, "orbits": ORBITS, "batch": len(f)},
        dtype="float64",
        ours=ours,
        others={"numpy": numpy},
        checks={
            "difference": Check(
                lambda: float(np.abs(ours() - expected).max() / size), "max |ours - numpy| / sum |f| max |v|", 1e-15
            )
        },
    )
