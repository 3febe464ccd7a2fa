"""Functions of one number against mpmath: activations with their derivatives, bumps, kernels of ridgelets."""

import math

import mpmath
import numpy as np
import pytest

import kousei
from accuracy import PAGE, require_accurate, table
from exact import FORMULAS, LINES, POWERS, TRANSFORMS, bump, derivatives, kernel, mpf
from kousei.activation.named import resolve
from kousei.funahashi import bump_transform, universal_function
from kousei.ridgelet import gaussian_kernel

KINKS = np.array([-6, -3, -1, -0.5, 0, 0.5, 1, 3, 6])


def points(dtype: str) -> np.ndarray:
    """Tiny and huge ones, denormal ones, those around kinks, and the middle; of float64 those of float32, too."""
    kind, rng = np.finfo(dtype), np.random.default_rng(1)
    sizes = np.geomspace(float(kind.smallest_subnormal) * 5, float(kind.max) / 4, 200)
    near = [np.nextafter(KINKS.astype(dtype), np.array(to, dtype)) for to in (-10, 10)]
    middle = [rng.uniform(-reach, reach, 120) for reach in (1, 4, 12, 45, 110, 800)]
    underflow = np.linspace(-1.1, -0.9, 60) * math.log(kind.max)
    given = np.concatenate([sizes, -sizes, KINKS, *near, *middle, underflow]).astype(dtype)
    return given if dtype == "float32" else np.concatenate([given, points("float32").astype(dtype)])


@pytest.mark.parametrize("name", FORMULAS)
def test_activations(name: str, dtype: str) -> None:
    z = points(dtype)
    if name in POWERS:
        z = z[z < float(np.finfo(dtype).max) ** (1 / int(name[4:])) / 2]
    exact = np.array([derivatives(name, each) for each in z.tolist()], dtype=object)
    found = [resolve(name)(z)]
    one, zero = np.ones((1, 1), dtype), np.zeros(1, dtype)
    unit = kousei.MLP([one, one], [zero, zero], [resolve(name)])
    jet = unit.jet(z[:, None], laplacian=name not in LINES)
    found += [jet.jacobian.ravel()] + ([] if jet.laplacian is None else [jet.laplacian.ravel()])
    row = "repu" if name in POWERS else "lines" if name in LINES else name
    for order, values in enumerate(found):
        if order == 2 and name not in POWERS:
            size = np.ones(len(z), dtype=object)
        else:
            size = abs(exact[:, order]) + abs(z.astype(object) * exact[:, order + 1])
        require_accurate(row + order * "'", values, exact[:, order], size)


@pytest.mark.parametrize("name", TRANSFORMS)
def test_bump_transforms(name: str, dtype: str) -> None:
    delta, alpha, (transform, slope) = 0.75, 1.25, TRANSFORMS[name]
    omega = np.concatenate([np.geomspace(1e-30, 1, 100), np.linspace(1, 60, 400), np.linspace(60, 300, 100)])
    omega = np.concatenate([omega, -omega[::7]]).astype(dtype)
    exact, size = [], []
    with mpmath.workdps(40):
        for w in map(mpf, abs(omega).tolist()):
            t = 2 * transform(delta * w)
            exact.append(bump(name, delta, alpha, w))
            size.append(min(mpf(alpha * delta), 1 / w) * t * (1 + alpha * delta * w + slope(delta * w)))
    require_accurate("bump_transform", bump_transform(omega, delta, alpha, name), exact, size)


@pytest.mark.parametrize("name", TRANSFORMS)
def test_universal_functions(name: str, dtype: str) -> None:
    delta, alpha, t = 1.0, np.pi / 2, np.pi / 4 * np.arange(-12, 13)
    s = np.concatenate([np.linspace(-14, 14, 30), [0, 1e-20, 1e-3, -1e-3]]).astype(dtype)
    exact, size = [], []
    with mpmath.workdps(40):
        step = (mpf(t[-1]) - mpf(t[0])) / (len(t) - 1) / bump(name, delta, alpha, mpf(1))
        phases = [mpmath.expj(mpf(k)) for k in t]
        for each in s.tolist():
            total, sum_of_sizes = mpmath.mpc(0), mpf(0)
            for k, phase in zip(t, phases, strict=True):
                for sign in (1, -1):
                    z = (mpf(each) - mpf(k)) / delta + sign * mpf(alpha)
                    value, first = FORMULAS[name](z)[:2]
                    total += sign * phase * value
                    sum_of_sizes += abs(value) + (abs(each) / delta + abs(k) / delta + alpha) * first
            exact.append(total * step)
            size.append(sum_of_sizes * step)
    require_accurate("universal_function", universal_function(s, delta, alpha, t, name), exact, size)


@pytest.mark.parametrize("derivative", [False, True])
@pytest.mark.parametrize("s", [-0.5, 0, 0.5, 1, 2, 3, 4, 7.7, 8, 12, 20.5])
def test_kernels_of_ridgelets(s: float, derivative: bool, dtype: str) -> None:
    t = np.concatenate([np.geomspace(1e-30, 1, 15), np.linspace(0, 17, 90), [20, 1e2, 1e4]]).astype(np.float32)
    exact = [kernel(each, s, derivative) for each in t.tolist()]
    size = np.full(len(t), max(map(abs, exact)))
    require_accurate("gaussian_kernel", gaussian_kernel(t.astype(dtype), s, derivative), exact, size)


def test_the_page_shows_the_bounds() -> None:
    assert table() in PAGE.read_text(), "python tests/python/accuracy.py writes it anew"
