"""Direct ridgelet sums and prefix sums, by the compiled kernels."""

from typing import Any

import numpy as np
import pytest
from scipy.special import eval_hermitenorm

from kousei import Activation
from kousei._lib.backends import Host
from kousei.ridgelet import AdmissiblePair, RidgeletTransform, ball_directions
from kousei.ridgelet.kernel import GaussianKernel
from kousei.ridgelet.sums import DirectSums, Function, PrefixSums
from support import same_for_threads, seconds_to_interrupt

HOST = Host(np.empty(0))
#: What networks have units of, as far as they are summed directly.
ACTIVATIONS = ["tanh", "logistic", "erf", "softplus", "gelu", "silu"]


def arguments(dim: int, points: int = 150, directions: int = 7, biases: int = 70) -> tuple[np.ndarray, ...]:
    rng = np.random.default_rng(dim)
    spread = np.sort(rng.normal(size=biases) * 5)
    return rng.normal(size=(points, dim)), rng.normal(size=(directions, dim)) * 3, spread


def values(function: Any, points: np.ndarray, directions: np.ndarray, biases: np.ndarray) -> np.ndarray:
    """function(a.x - b), (points, directions, biases)."""
    return np.asarray(function((points @ directions.T)[..., None] - biases))


def check(sums: Any, function: Any, where: tuple[np.ndarray, ...], dtype: str, tol: float) -> None:
    """Hold sums and their transpose against those of all values, and against each other."""
    rng, kernel, batch = np.random.default_rng(1), values(function, *where), 3
    g = rng.normal(size=(batch, kernel.shape[0])).astype(dtype)
    c = rng.normal(size=(batch, *kernel.shape[1:])).astype(dtype)
    spectrum, back = sums.forward(HOST, g), sums.transpose(HOST, c)
    assert spectrum.dtype == back.dtype == dtype
    for found, subscripts, weights in ((spectrum, "kn,nab->kab", g), (back, "kab,nab->kn", c)):
        wide = weights.astype("float64")
        size = np.einsum(subscripts, np.abs(wide), np.abs(kernel)).max()
        np.testing.assert_allclose(found, np.einsum(subscripts, wide, kernel), rtol=0, atol=tol * size)
    defect = np.vdot(spectrum, c.astype("float64")) - np.vdot(g.astype("float64"), back)
    assert abs(defect) <= tol * np.linalg.norm(spectrum) * np.linalg.norm(c)
    for k in range(batch):
        np.testing.assert_array_equal(sums.forward(HOST, g[k : k + 1])[0], spectrum[k])
        np.testing.assert_array_equal(sums.transpose(HOST, c[k : k + 1])[0], back[k])


def tolerance(dtype: str) -> float:
    return 1e-6 if dtype == "float32" else 1e-14


@pytest.mark.parametrize("dim", [1, 2, 3, 4, 5])
@pytest.mark.parametrize(
    ("s", "derivative"), [(4, False), (2, True), (3, False), (1, True), (0.5, False), (12, False)]
)
def test_kernels_over_scattered_points(s: float, derivative: bool, dim: int, dtype: str) -> None:
    function = GaussianKernel(s, derivative)
    where = arguments(dim)
    check(DirectSums(*where, function), function, where, dtype, tolerance(dtype))


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activations(name: str, dtype: str) -> None:
    where = arguments(2)
    check(DirectSums(*where, Activation(name)), Activation(name), where, dtype, tolerance(dtype))


@pytest.mark.parametrize("power", [0, 1, 2, 3, 9, 32])
def test_powers_by_prefix_sums(power: int, dtype: str) -> None:
    points, directions, biases = arguments(2)
    directions[0], points[0, 0] = [1.0, 0.0], biases[11]  # a.x = b

    def function(t: np.ndarray) -> np.ndarray:
        return np.where(t > 0, np.maximum(t, 0.0) ** power, 0.0)

    where = points / 3, directions / 3, biases / 9
    check(PrefixSums(*where, power), function, where, dtype, tolerance(dtype))


def ties() -> tuple[np.ndarray, ...]:
    """Points, directions and biases where many a.x are a bias, or would be without rounding."""
    axis = np.linspace(-1, 1, 21)
    points = np.stack(np.meshgrid(axis, axis, indexing="ij"), axis=-1).reshape(-1, 2)
    return points, np.array([[0.3, 0.7], [0.1, 0.2], [0.6, 0.8]]), np.linspace(-3, 3, 61)


def test_the_step_sees_a_tie_on_the_same_side_in_both_directions() -> None:
    points, directions, biases = ties()
    sums = PrefixSums(points, directions, biases, 0)
    forward = sums.forward(HOST, np.eye(len(points)))
    back = sums.transpose(HOST, np.eye(directions.shape[0] * biases.size).reshape(-1, *forward.shape[1:]))
    np.testing.assert_array_equal(forward.reshape(len(points), -1), back.T)


@pytest.mark.parametrize("s", [0, 2, 6, 8, 12, 14])
def test_even_powers_are_hermites_functions(s: int) -> None:
    t = np.linspace(-45, 45, 2001)
    expected = (-1) ** (s // 2) * eval_hermitenorm(s, t) * np.exp(-t * t / 2)
    one = np.ones((1, 1))
    for derivative in (False, True):
        if derivative:
            expected = -((-1) ** (s // 2)) * eval_hermitenorm(s + 1, t) * np.exp(-t * t / 2)
        sums = DirectSums(np.zeros((1, 1)), one, -t[::-1], GaussianKernel(s, derivative))
        found = sums.forward(HOST, one)[0, 0, ::-1]
        np.testing.assert_allclose(found, expected, rtol=0, atol=3e-15 * np.abs(expected).max())


@pytest.mark.parametrize("function", [GaussianKernel(4), GaussianKernel(3), Activation("tanh"), 0, 1])
def test_any_number_of_threads(function: Function | int, dtype: str) -> None:
    where = arguments(2, 900, 20, 130)
    sums = PrefixSums(*where, function) if isinstance(function, int) else DirectSums(*where, function)
    rng = np.random.default_rng(2)
    g, c = rng.normal(size=(2, 900)).astype(dtype), rng.normal(size=(2, 20, 130)).astype(dtype)
    same_for_threads(lambda: (sums.forward(HOST, g), sums.transpose(HOST, c)))


def test_large_projections_keep_the_digits_of_float32() -> None:
    points, directions, biases = np.array([[1.0]]), np.array([[4096.3]]), np.array([4095.3, 4096.0, 4097.1])
    function = GaussianKernel(4)
    found = DirectSums(points, directions, biases, function).forward(HOST, np.ones((1, 1), "float32"))
    np.testing.assert_allclose(found[0, 0], function(directions[0, 0] - biases), rtol=0, atol=2e-6)


@pytest.mark.parametrize("activation", ["relu", "repu2", "step", "tanh", "gaussian"])
def test_batches_of_the_direct_transform(activation: str, dtype: str) -> None:
    rng, disc = np.random.default_rng(4), ball_directions(3, 2.0, 2, 3)
    axes = (np.linspace(-1, 1, 4), np.linspace(-1, 1, 5), np.linspace(0, 1, 3))
    R = RidgeletTransform(axes, disc, np.linspace(-8, 8, 41), AdmissiblePair(activation, 3), "direct", dtype=dtype)
    f = rng.normal(size=(2, 2, 4, 5, 3)).astype(dtype)
    spectrum = R.transform(f)
    assert spectrum.shape == (2, 2, *R.spectrum_shape)
    np.testing.assert_array_equal(spectrum[1, 0], R.transform(f[1, 0]))
    np.testing.assert_array_equal(R.adjoint(spectrum)[0, 1], R.adjoint(spectrum[0, 1]))
    np.testing.assert_array_equal(R.dual(spectrum)[0, 1], R.dual(spectrum[0, 1]))


def test_a_long_sum_can_be_interrupted() -> None:
    where = np.zeros((1_000_000, 1)), np.ones((1000, 1)), np.arange(1000.0)
    sums = DirectSums(*where, GaussianKernel(4))
    assert seconds_to_interrupt(lambda: sums.forward(HOST, np.ones((1, 1_000_000)))) < 0.5


def test_the_bindings_check_shapes() -> None:
    points, directions, biases = arguments(2)
    kernels, out = HOST.kernels, np.empty((1, 7, 70))
    tanh, on = Activation("tanh").code, HOST.launch()
    with pytest.raises(ValueError, match=r"directions has shape \(7, 1\); \(7, 2\) is accepted"):
        kernels.ridgelet_sum_over_points(tanh, points, directions[:, :1].copy(), biases, np.ones((1, 150)), out, on)
    with pytest.raises(ValueError, match=r"values has shape \(1, 149\); \(1, 150\) is accepted"):
        kernels.ridgelet_sum_over_points(tanh, points, directions, biases, np.ones((1, 149)), out, on)
    with pytest.raises(ValueError, match=r"out has shape \(1, 7, 70\); \(1, 150\) is accepted"):
        kernels.ridgelet_sum_over_units(1, points, directions, biases, np.ones((1, 7, 70)), out, on)
    with pytest.raises(ValueError, match="power was 33; 0 to 32 is accepted"):
        kernels.ridgelet_sum_over_units(33, points, directions, biases, np.ones((1, 7, 70)), np.empty((1, 150)), on)
