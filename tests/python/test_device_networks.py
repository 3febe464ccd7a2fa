"""Networks of several layers in CUDA memory, against the same ones in host memory."""

import numpy as np
import pytest

import kousei
from kousei.activation import Mixed, gelu, hardtanh, prelu, repu
from support import Library

SQUARE = kousei.Activation("square", lambda z: z * z)
ACTIVATIONS = {
    "one": [gelu, "tanh", "relu"],
    "of units": [prelu(np.linspace(-1, 1, 70)), Mixed([("silu", 30), (hardtanh(), 41)]), Mixed([(repu(2), 5)] * 13)],
    "many parts": [Mixed([("erf", 3), ("abs", 4)] * 10), "relu6", "hat"],
    "one's own": ["softplus", SQUARE, Mixed([(SQUARE, 60), ("relu", 5)])],
}


@pytest.mark.parametrize("activations", ACTIVATIONS)
@pytest.mark.parametrize("sizes", [(3, 70, 71, 65, 2), (2, 70, 71, 65, 1)])
def test_deep(library: Library, dtype: str, activations: str, sizes: tuple, rng: np.random.Generator) -> None:
    net = kousei.MLP.random(sizes, rng=rng).astype(dtype)
    net = kousei.MLP(net.weights, net.biases, ACTIVATIONS[activations])
    x = rng.standard_normal((2, 9, sizes[0])).astype(dtype)
    expected = net(x)
    points = library.asarray(x)
    there = net.like(points)
    tolerance = 1000 * np.finfo(dtype).eps * np.abs(expected).max()
    values = there(points)
    assert type(values) is type(points)
    np.testing.assert_allclose(library.numpy(values), expected, rtol=0, atol=tolerance)
    if library.name != "numpy:read-only":
        out = library.asarray(np.full(expected.shape, np.nan, dtype))
        assert there(points, out=out) is out
        np.testing.assert_array_equal(library.numpy(out), library.numpy(values))
    assert library.numpy(there(library.asarray(x[:, :0]))).shape == (2, 0, *sizes[-1:])[: expected.ndim]


def test_without_hidden_layers(library: Library, dtype: str, rng: np.random.Generator) -> None:
    for sizes in ((3, 4), (100, 1)):
        net = kousei.MLP.random(sizes, rng=rng).astype(dtype)
        x = rng.standard_normal((5, sizes[0])).astype(dtype)
        values = net.like(library.asarray(x))(library.asarray(x))
        np.testing.assert_allclose(library.numpy(values), net(x), rtol=0, atol=100 * np.finfo(dtype).eps)


def test_blocks_of_points(library: Library, monkeypatch: pytest.MonkeyPatch, rng: np.random.Generator) -> None:
    x = rng.standard_normal((100, 2))
    net = kousei.MLP.random([2, 90, 80, 3], "silu", rng=rng).like(library.asarray(x))
    whole = library.numpy(net(library.asarray(x)))
    monkeypatch.setattr("kousei.network.device._BLOCK_BYTES", 2 * 90 * 8 * 7)
    np.testing.assert_allclose(library.numpy(net(library.asarray(x))), whole, rtol=0, atol=1e-13)


def test_sparse_weights_of_cupy(library: Library, dtype: str, rng: np.random.Generator) -> None:
    if library.name != "cupy":
        pytest.skip("CuPy's alone")
    sparse = pytest.importorskip("cupyx.scipy.sparse")
    scipy_sparse = pytest.importorskip("scipy.sparse")
    dense = kousei.MLP.random([3, 80, 70, 2], "gelu", rng=rng).astype(dtype)
    weights = [scipy_sparse.csr_matrix(np.where(np.abs(weight) < 0.1, 0, weight)) for weight in dense.weights]
    x = rng.standard_normal((7, 3)).astype(dtype)
    expected = kousei.MLP(weights, dense.biases, dense.activations)(x)
    biases = [library.asarray(bias) for bias in dense.biases]
    net = kousei.MLP([sparse.csr_matrix(weight) for weight in weights], biases, dense.activations)
    np.testing.assert_allclose(
        library.numpy(net(library.asarray(x))), expected, rtol=0, atol=100 * np.finfo(dtype).eps
    )
    with pytest.raises(TypeError, match="lies in host memory and .* in the memory of CUDA device 0"):
        kousei.MLP([sparse.csr_matrix(weight) for weight in weights], dense.biases, dense.activations)
    with pytest.raises(TypeError, match="x lies in host memory and the network in the memory of CUDA device 0"):
        net(x)
