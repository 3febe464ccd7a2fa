"""What every public function that takes arrays promises, checked for each of them.

The list of functions is derived from the package: a public name that stands neither in CONTRACTS nor in NO_ARRAYS
fails `test_every_public_name_is_under_contract`.
"""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import pytest

import kousei
from no_arrays import NO_ARRAYS
from public_names import public_functions
from support import Library

BATCHES = [(), (0,), (5,), (2, 0, 3), (2, 3)]
LAYOUTS = ["C", "F", "strided", "negative"]


@dataclass(frozen=True)
class Contract:
    """A function of one array: `make(like)` returns it for arrays like this; points have `dim` coordinates."""

    make: Callable[[Any], Callable[..., Any]]
    dim: int | None = None
    outputs: int = 1
    complex_result: bool = False
    takes_out: bool = True
    any_dtype: bool = False


def _mlp(*sizes: int) -> Callable[[Any], Any]:
    net = kousei.MLP.random(sizes, "tanh", rng=1)
    return lambda like: net.like(like)


def _rewritten(rewrite: Callable[[kousei.MLP], kousei.MLP]) -> Callable[[Any], Any]:
    return lambda like: rewrite(kousei.MLP.random([3, 5, 4, 2], "hardtanh", rng=1).like(like))


def _derivative(like: Any) -> Any:
    return kousei.repu.derivative_network(kousei.MLP.random([3, 5, 4, 2], "repu2", rng=1).like(like))


def _binary(outputs: int, method: str) -> Callable[[Any], Any]:
    net = kousei.binarize(_coarse(outputs), method)
    return lambda like: net.like(like)


def _coarse(outputs: int) -> kousei.MLP:
    net = kousei.MLP.random([3, 4, 3, outputs], rng=1)
    weights, biases = ([np.rint(4 * a) / 4 for a in group] for group in (net.weights, net.biases))
    return kousei.MLP(weights, biases, net.activations)


def _funahashi(like: Any) -> Any:
    w = np.stack(np.meshgrid([-1.0, 0.0, 1.0], [-1.0, 0.0, 1.0]), axis=-1).reshape(-1, 2)
    thresholds = np.pi / 4 * np.arange(-20, 21)
    return kousei.FunahashiNetwork(w, np.arange(9) + 1j, thresholds, 1.0, np.pi / 2, [0.5, 0.5]).like(like)


@cache
def _ranged() -> kousei.FunahashiNetwork:
    # Frequencies of different ranges of thresholds, with output weights that cancel little.
    return kousei.funahashi.fourier_series({(1, 0): 1.0, (1, 3): 0.5j}, [(-1, 1)] * 2, 1e-2)


@cache
def _constructed() -> kousei.MLP:
    return kousei.construct(lambda x: np.exp(x[:, 0] * x[:, 1]), [(-1, 1)] * 2, 1e-2, rng=0)


def _scaled(like: Any) -> Any:
    scales = np.array([0.5, 3], "float32" if "float32" in str(like.dtype) else "float64")
    return kousei.packed.ScaledSigns(kousei.pack_signs(np.array([[1, -1, 1], [-1, -1, 1]])), scales).like(like)


_thresholds = np.pi / 4 * np.arange(-32, 33)
CONTRACTS = {
    "kousei.MLP.__call__": Contract(_mlp(3, 7, 1), dim=3),
    "kousei.MLP.__call__ (outputs)": Contract(_mlp(2, 9, 3), dim=2, outputs=3),
    "kousei.MLP.__call__ (any dim)": Contract(_mlp(5, 6, 1), dim=5),
    "kousei.MLP.__call__ (deep)": Contract(_mlp(2, 5, 4, 2), dim=2, outputs=2),
    "kousei.MLP.__call__ (constructed)": Contract(lambda like: _constructed().like(like), dim=2),
    "kousei.MLP.jet": Contract(
        lambda like: lambda x: _mlp(3, 5, 2)(like).jet(x).value, dim=3, outputs=2, takes_out=False
    ),
    "kousei.MLP.jet (laplacian)": Contract(
        lambda like: lambda x: _mlp(3, 5, 2)(like).jet(x).laplacian, dim=3, outputs=2, takes_out=False
    ),
    "kousei.MLP.divergence": Contract(lambda like: _mlp(3, 5, 3)(like).divergence, dim=3, takes_out=False),
    "kousei.MLP.divergence (bilinear)": Contract(
        lambda like: _mlp(3, 5, 4, 3)(like).divergence, dim=3, takes_out=False
    ),
    "kousei.MLP.to_relu": Contract(_rewritten(lambda net: net.to_relu()), dim=3, outputs=2),
    "kousei.MLP.to_activation": Contract(
        _rewritten(lambda net: net.to_activation("relu6", [(-1, 1)] * 3)), dim=3, outputs=2
    ),
    "kousei.FunahashiNetwork.__call__": Contract(_funahashi, dim=2),
    "kousei.FunahashiNetwork.gradient": Contract(lambda like: _funahashi(like).gradient, dim=2, outputs=2),
    "kousei.FunahashiNetwork.gradient (ranges)": Contract(
        lambda like: _ranged().like(like).gradient, dim=2, outputs=2
    ),
    "kousei.FunahashiNetwork.to_mlp": Contract(lambda like: _funahashi(like).to_mlp(), dim=2),
    "kousei.FunahashiNetwork.merge": Contract(lambda like: _funahashi(like).merge(), dim=2),
    "kousei.FunahashiNetwork.halve": Contract(lambda like: _funahashi(like).halve(), dim=2),
    "kousei.FunahashiNetwork.prune": Contract(lambda like: _funahashi(like).prune(1.5), dim=2),
    "kousei.FunahashiNetwork.__call__ (ranges)": Contract(lambda like: _ranged().like(like), dim=2),
    "kousei.Activation.__call__": Contract(lambda like: kousei.Activation("erf")),
    "kousei.Activation.__call__ (piecewise linear)": Contract(
        lambda like: kousei.PiecewiseLinear([-1, 0.5], [1, 0.5, -2], 0.25)
    ),
    "kousei.repu.derivative_network": Contract(_derivative, dim=3, outputs=6),
    "kousei.BinaryNetwork.__call__": Contract(_binary(1, "chain"), dim=3),
    "kousei.BinaryNetwork.__call__ (packed)": Contract(_binary(2, "dyadic"), dim=3, outputs=2),
    "kousei.PackedSigns.matmul": Contract(
        lambda like: kousei.pack_signs(np.array([[1, -1, 1], [-1, -1, 1]])).like(like).matmul,
        dim=3,
        outputs=2,
        any_dtype=True,
    ),
    "kousei.packed.ScaledSigns.matmul": Contract(lambda like: _scaled(like).matmul, dim=3, outputs=2, any_dtype=True),
    "kousei.funahashi.bump_transform": Contract(
        lambda like: lambda x: kousei.funahashi.bump_transform(x, 0.5, 2.0), takes_out=False
    ),
    "kousei.funahashi.universal_function": Contract(
        lambda like: lambda x: kousei.funahashi.universal_function(x, 1.0, np.pi / 2, _thresholds),
        takes_out=False,
        complex_result=True,
    ),
    "kousei.ridgelet.gaussian_kernel": Contract(
        lambda like: lambda t: kousei.ridgelet.gaussian_kernel(t, 3.5), takes_out=False
    ),
    "kousei.ridgelet.AdmissiblePair.kernel": Contract(
        lambda like: kousei.ridgelet.AdmissiblePair("tanh", 2).kernel, takes_out=False
    ),
} | {
    f"kousei.activation.{name}": Contract(lambda like, name=name: getattr(kousei.activation, name))
    for name in (
        *("logistic", "tanh", "erf", "arctan", "relu", "gelu", "silu", "softplus"),
        *("abs", "hat", "relu6"),
    )
}


def test_every_public_name_is_under_contract() -> None:
    pytest.importorskip("torch")  # whose modules kousei.interop.torch has
    known = {name.partition(" ")[0] for name in CONTRACTS} | NO_ARRAYS
    assert set(public_functions()) == known


@pytest.fixture(params=CONTRACTS)
def contract(request: pytest.FixtureRequest) -> Contract:
    return CONTRACTS[request.param]


def points(contract: Contract, batch: tuple[int, ...], dtype: str) -> np.ndarray:
    shape = batch if contract.dim is None else (*batch, contract.dim)
    return np.random.default_rng(7).uniform(-1, 1, shape).astype(dtype)


def laid_out(library: Library, array: np.ndarray, layout: str) -> Any:
    """The same values in another memory layout, of another library; torch knows no negative strides."""
    if array.ndim == 0 or layout == "C":
        return library.asarray(array)
    if layout == "F":
        # The axes in reverse order of memory, with the numbers in place.
        reversed_axes = tuple(range(array.ndim))[::-1]
        return permuted(library, library.asarray(np.ascontiguousarray(array.T)), reversed_axes)
    if layout == "strided":
        return library.asarray(np.repeat(array, 2, axis=0))[::2, ...]
    if library.name.startswith("torch"):
        return library.asarray(np.concatenate([array, array], axis=-1))[..., array.shape[-1] :]
    return library.asarray(np.ascontiguousarray(array[::-1]))[::-1, ...]


def permuted(library: Library, array: Any, axes: tuple[int, ...]) -> Any:
    if library.name.startswith("torch"):
        return array.permute(axes)
    return library.xp.permute_dims(array, axes) if hasattr(library.xp, "permute_dims") else array.transpose(axes)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("batch", BATCHES, ids=str)
def test_array_in_same_array_out(
    library: Library, contract: Contract, dtype: str, batch: tuple[int, ...], layout: str
) -> None:
    x = points(contract, batch, dtype)
    given = laid_out(library, x, layout)
    before = library.numpy(given).copy()

    result = contract.make(given)(given)

    shape = batch if contract.outputs == 1 else (*batch, contract.outputs)
    assert type(result) is type(given)
    assert tuple(result.shape) == shape
    wanted = {"float32": "complex64", "float64": "complex128"}[dtype] if contract.complex_result else dtype
    assert str(result.dtype).endswith(wanted)
    assert np.array_equal(library.numpy(given), before), "the input was written to"
    expected = contract.make(x)(x)
    if library.on_gpu:
        eps = np.finfo(dtype).eps
        np.testing.assert_allclose(library.numpy(result), expected, rtol=200 * eps, atol=200 * eps)
    else:
        assert np.array_equal(library.numpy(result), expected)


@pytest.mark.parametrize("batch", BATCHES, ids=str)
def test_out_is_filled_and_returned(library: Library, contract: Contract, dtype: str, batch: tuple[int, ...]) -> None:
    if not contract.takes_out:
        parameters = inspect.signature(contract.make(np.zeros(1, dtype))).parameters
        assert "out" not in parameters
        return
    x = points(contract, batch, dtype)
    given = library.asarray(x)
    function = contract.make(given)
    expected = library.numpy(function(given))
    out = library.asarray(np.full_like(expected, np.nan))
    if library.name == "numpy:read-only":
        with pytest.raises(ValueError, match="out has shape .* a writeable C-contiguous"):
            function(given, out=out)
        return
    assert function(given, out=out) is out
    assert np.array_equal(library.numpy(out), expected)


def test_out_that_does_not_fit_is_refused(contract: Contract, dtype: str) -> None:
    if not contract.takes_out:
        return
    x = points(contract, (4, 2), dtype)
    function = contract.make(x)
    expected = function(x)
    other = "float32" if dtype == "float64" else "float64"
    bad = [
        np.zeros(expected.shape[1:], dtype),
        np.zeros((*expected.shape, 1), dtype),
        np.zeros(expected.shape, other),
        np.zeros((*expected.shape, 2), dtype)[..., 0],
        np.asfortranarray(np.zeros(expected.shape, dtype)),
    ]
    for out in bad:
        with pytest.raises(ValueError, match=r"out has shape .* accepted"):
            function(x, out=out)
    with pytest.raises(TypeError, match="out was list"):
        function(x, out=expected.tolist())


def test_wrong_dtype_is_refused(library: Library, contract: Contract) -> None:
    x = points(contract, (3,), "float64")
    for bad in ("int64", "bool", "complex128"):
        with pytest.raises(TypeError, match=r"(x|z|s|t|omega) has dtype " + bad):
            contract.make(x)(library.asarray(x.astype(bad)))
    if library.name == "numpy":
        for bad in (">f8", "float16", "longdouble"):
            with pytest.raises(TypeError, match="has dtype"):
                contract.make(x)(x.astype(bad))


@pytest.mark.parametrize("bad", [[0.5], "0.5", None, np.ma.masked_array([0.5], [True])])
def test_what_is_no_array_is_refused(contract: Contract, bad: Any) -> None:
    with pytest.raises(TypeError, match=r"(x|z|s|t|omega) (was|is masked)"):
        contract.make(np.zeros(1))(bad)


def test_wrong_shape_is_refused(contract: Contract, dtype: str) -> None:
    if contract.dim is None:
        return
    function = contract.make(np.zeros(1, dtype))
    for shape in [(), (contract.dim + 1,), (4, contract.dim - 1), (contract.dim, 4)]:
        if shape and shape[-1] == contract.dim:
            continue
        with pytest.raises(ValueError, match=rf"x has shape .*; \(\.\.\., {contract.dim}\) is accepted"):
            function(np.zeros(shape, dtype))


def test_mixed_dtypes_are_refused(contract: Contract, dtype: str) -> None:
    if contract.dim is None or contract.any_dtype:
        return
    other = "float32" if dtype == "float64" else "float64"
    with pytest.raises(TypeError, match=f"x has dtype {other} and the network {dtype}"):
        contract.make(np.zeros(1, dtype))(points(contract, (3,), other))
