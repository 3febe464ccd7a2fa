"""Ridgelet transforms on a Dask cluster of two worker processes."""

import pickle
import warnings
from typing import Any

import numpy as np
import pytest

import kousei
from kousei.distributed import adjoint, dual, transform, transforms
from kousei.distributed.units import cuts
from kousei.equivariant import FiniteRidgelet
from kousei.ridgelet import AdmissiblePair, Directions, RidgeletTransform, ball_directions
from kousei.ridgelet.spread import spread_kind

dask = pytest.importorskip("dask")
da = pytest.importorskip("dask.array")
distributed = pytest.importorskip("distributed")


@pytest.fixture
def small_tasks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transforms, "_TASK_BYTES", 1 << 13)
    monkeypatch.setattr(transforms, "_ROWS", 2)


def _plain(dim: int, method: Any, dtype: str = "float64", activation: str = "tanh") -> RidgeletTransform:
    sizes = {1: 65, 2: 17, 3: 9}[dim]
    axes = tuple(np.linspace(-3, 3 + i, sizes - i) for i in range(dim))
    directions = ball_directions(dim, 3.0, {1: 30, 2: 8, 3: 4}[dim], None if dim == 1 else 6)
    pair = AdmissiblePair(activation, dim, order=2)
    return RidgeletTransform(axes, directions, np.linspace(-20, 20, 81), pair, method, dtype=dtype)


def _scattered(dim: int, dtype: str = "float64") -> RidgeletTransform:
    rng = np.random.default_rng(2)
    points, vectors = rng.uniform(-2, 2, (300, dim)), rng.normal(size=(60, dim))
    directions = Directions(vectors, rng.uniform(1, 2, 60), 3.0)
    pair, biases = AdmissiblePair("tanh", dim), np.linspace(-20, 20, 81)
    return RidgeletTransform(points, directions, biases, pair, "spread", dtype=dtype)


def _finite(p: int, dim: int, method: Any, dtype: Any = None) -> FiniteRidgelet:
    rng = np.random.default_rng(4)
    g, r = rng.normal(size=(2, p))
    if np.dtype(dtype).kind == "c":
        g, r = g + 1j * rng.normal(size=p), r * 1j**0.3
    return FiniteRidgelet(p, dim, g, r - r.mean(), method, dtype=dtype)


def _drawn(operator: Any, spectrum: bool, batch: tuple[int, ...] = ()) -> Any:
    """Return functions or spectra of an operator."""
    shape = (*batch, *transforms._shapes(operator)[spectrum])
    rng = np.random.default_rng(7)
    values = rng.normal(size=shape)
    if operator.dtype.kind == "c":
        values = values + 1j * rng.normal(size=shape)
    return values.astype(operator.dtype)


def _require_close(found: Any, values: Any, tol: float) -> None:
    assert (found.dtype, found.shape) == (values.dtype, values.shape)
    np.testing.assert_allclose(found, values, rtol=0, atol=tol * np.abs(values).max())


_EPS = {"float32": 1e-6, "float64": 1e-14, "complex64": 1e-6, "complex128": 1e-14}


def _parts(operator: Any) -> list[Any]:
    """Return the operators of three blocks, which come from another process."""
    rows = transforms._shapes(operator)[1][0]
    return [pickle.loads(pickle.dumps(operator._some(cut))) for cut in cuts(rows, -(-rows // 3))]


def _require_parts_of(operator: Any, same_bits: bool, tol: float) -> None:
    f, gamma = _drawn(operator, False, (2,)), _drawn(operator, True, (2,))
    parts = _parts(operator)
    spectrum = np.concatenate([part.transform(f) for part in parts], axis=1)
    if same_bits:
        np.testing.assert_array_equal(spectrum, operator.transform(f))
    else:
        _require_close(spectrum, operator.transform(f), tol)
    blocks = np.array_split(gamma, np.cumsum([transforms._shapes(part)[1][0] for part in parts])[:-1], axis=1)
    for name in ("adjoint", "dual"):
        total = sum(getattr(part, name)(block) for part, block in zip(parts, blocks, strict=True))
        _require_close(total, getattr(operator, name)(gamma), 10 * tol)


@pytest.mark.parametrize("dim", [1, 2, 3])
@pytest.mark.parametrize("method", ["slice", "direct"])
def test_parts_of_a_transform_on_axes(dim: int, method: str, dtype: str) -> None:
    _require_parts_of(_plain(dim, method, dtype), method == "direct", _EPS[dtype])


@pytest.mark.parametrize("dim", [1, 2, 5])
def test_parts_of_scattered_points(dim: int, dtype: str) -> None:
    R = _scattered(dim, dtype)
    _require_parts_of(R, dim > 2, max(R.tol, _EPS[dtype]) if dim < 3 else _EPS[dtype])


@pytest.mark.parametrize(("p", "dim"), [(2, 3), (7, 1), (11, 2), (5, 3), (257, 1), (131, 1)])
@pytest.mark.parametrize("dtype", [None, "float32", "complex128", "complex64"])
@pytest.mark.parametrize("method", ["fft", "direct"])
def test_parts_of_a_finite_transform(p: int, dim: int, dtype: Any, method: str) -> None:
    R = _finite(p, dim, method, dtype)
    _require_parts_of(R, method == "direct", _EPS[R.dtype.name])


def test_parts_are_sampled_alike() -> None:
    # Directions of the first block are the shorter ones: their own biases and period would be others.
    R = _plain(2, "slice")
    parts = _parts(R)
    assert len({part._sampling for part in parts}) == 1
    alone = RidgeletTransform(R.samples.axes, parts[0].directions, R.biases, R.pair, "slice")
    assert alone._sampling.reach < R._sampling.reach
    plane = _scattered(2)
    parts = _parts(plane)
    assert {part._kind for part in parts} == {plane._kind}
    assert spread_kind(plane.samples, parts[0]._vectors) is not plane._kind


@pytest.mark.usefixtures("small_tasks")
@pytest.mark.parametrize("method", ["slice", "direct"])
def test_the_same_as_the_operator(client: Any, method: str) -> None:
    R = _plain(2, method, "float32")
    rows, functions = transforms._blocks(R, 5)
    assert min(len(rows), len(functions)) > 1
    f, gamma = _drawn(R, False, (5, 1)), _drawn(R, True)
    spectrum = transform(R, f, client)
    if method == "direct":
        np.testing.assert_array_equal(spectrum, R.transform(f))
    _require_close(spectrum, R.transform(f), 1e-6)
    _require_close(dual(R, gamma, client), R.dual(gamma), 1e-5)
    _require_close(adjoint(R, gamma, client), R.adjoint(gamma), 1e-5)


@pytest.mark.usefixtures("small_tasks")
@pytest.mark.parametrize(("dtype", "method"), [("complex64", "fft"), ("float64", "direct")])
def test_the_same_as_the_finite_operator(client: Any, dtype: str, method: str) -> None:
    R = _finite(11, 2, method, dtype)
    assert min(map(len, transforms._blocks(R, 15))) > 1
    f, gamma = _drawn(R, False, (3, 5)), _drawn(R, True, (2,))
    _require_close(transform(R, f, client), R.transform(f), 10 * _EPS[dtype])
    _require_close(dual(R, gamma, client), R.dual(gamma), 10 * _EPS[dtype])
    _require_close(adjoint(R, gamma, client), R.adjoint(gamma), 10 * _EPS[dtype])


@pytest.mark.usefixtures("small_tasks")
def test_sums_are_those_of_float64_in_the_order_of_the_blocks(client: Any) -> None:
    R = _plain(2, "slice", "float32")
    gamma = _drawn(R, True)
    total = np.zeros(R.samples.shape)
    for rows in transforms._blocks(R, 1)[0]:
        total += R._some(rows).adjoint(gamma[rows])
    np.testing.assert_array_equal(adjoint(R, gamma, client), total.astype("float32"))


@pytest.mark.usefixtures("small_tasks")
def test_the_number_of_workers_changes_nothing(client: Any) -> None:
    for R in (_plain(2, "slice"), _finite(5, 3, "fft")):
        f, gamma = _drawn(R, False), _drawn(R, True)
        calls = [(transform, f), (dual, gamma), (adjoint, gamma)]
        both = [function(R, values, client) for function, values in calls]
        with dask.annotate(workers=[min(client.nthreads())]):
            alone = [function(R, values, client) for function, values in calls]
        for found, its in zip(both, alone, strict=True):
            np.testing.assert_array_equal(found, its)


@pytest.mark.parametrize("batch", [(0,), (2, 0, 3)])
def test_empty_batches(client: Any, batch: tuple[int, ...]) -> None:
    for R in (_plain(1, "slice"), _finite(5, 1, "fft")):
        f, gamma = _drawn(R, False, batch), _drawn(R, True, batch)
        assert transform(R, f, client).shape == gamma.shape
        assert dual(R, gamma, client).shape == f.shape


@pytest.mark.usefixtures("small_tasks")
def test_dask_arrays_stay_dask_arrays(client: Any) -> None:
    for R, batch in (
        (_plain(2, "slice", "float32"), (2, 2)),
        (_finite(5, 2, "fft"), ()),
        (_finite(3, 1, "direct"), (2,)),
    ):
        f, gamma = _drawn(R, False, batch), _drawn(R, True, batch)
        whole = dict.fromkeys(range(f.ndim), -1)
        lazy = transform(R, da.from_array(f, chunks=whole | dict.fromkeys(range(len(batch)), 2)), client)
        assert isinstance(lazy, da.Array)
        assert (lazy.shape, lazy.dtype) == (gamma.shape, R.dtype)
        assert lazy.chunks[len(batch)] == tuple(cut.stop - cut.start for cut in transforms._blocks(R, 1)[0])
        _require_close(lazy.compute(), R.transform(f), 10 * _EPS[R.dtype.name])
        # Spectra in chunks of three directions, which are joined.
        chunks = dict.fromkeys(range(gamma.ndim), -1) | {len(batch): 3}
        for function in (dual, adjoint):
            lazy = function(R, da.from_array(gamma, chunks=chunks), client)
            assert (lazy.shape, lazy.dtype) == (f.shape, R.dtype)
            _require_close(lazy.compute(), getattr(R, function.__name__)(gamma), 10 * _EPS[R.dtype.name])


def test_a_spectrum_need_not_come_back(client: Any) -> None:
    R = _plain(2, "slice")
    f = _drawn(R, False, (2,))
    again = dual(R, transform(R, da.from_array(f, chunks=(1, -1, -1)), client), client)
    _require_close(again.compute(), R.dual(R.transform(f)), 1e-12)


def test_a_spectrum_may_be_larger_than_memory(client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    axes, biases, pair = (np.linspace(-3, 3, 9),), np.linspace(-9, 9, 9001), AdmissiblePair("tanh", 1)
    with monkeypatch.context() as small:
        small.setattr("os.sysconf", {"SC_PAGE_SIZE": 1, "SC_PHYS_PAGES": 1 << 22}.__getitem__)
        R = RidgeletTransform(axes, np.linspace(-1, 1, 70)[:, None], biases, pair)
        f = _drawn(R, False)
        for function in (R.transform, lambda f: transform(R, f, client)):
            with pytest.raises(MemoryError, match="a batch of 1 spectra of 630070 and functions of 9 numbers takes"):
                function(f)
        lazy = transform(R, da.from_array(f), client)
    assert lazy.numblocks[0] > 1
    _require_close(lazy.max(axis=1).compute(), R.transform(f).max(axis=1), 1e-14)


def test_transforms_are_mapped_over_blocks_of_functions() -> None:
    R = _plain(1, "slice")
    f = _drawn(R, False, (6,))
    spectra = da.from_array(f, chunks=(2, -1)).map_blocks(
        R.transform, new_axis=2, chunks=(2, *R.spectrum_shape), dtype=R.dtype
    )
    assert spectra.shape == (6, *R.spectrum_shape)
    np.testing.assert_array_equal(spectra.compute(scheduler="synchronous"), R.transform(f))


def test_projections_beyond_the_biases_are_warned_of_once(client: Any) -> None:
    axes, biases, pair = (np.linspace(-9, 9, 33),), np.linspace(-4, 4, 33), AdmissiblePair("relu", 1, order=2)
    R = RidgeletTransform(axes, ball_directions(1, 2.0, 5), biases, pair)
    gamma = _drawn(R, True)
    with pytest.warns(UserWarning, match="biases are -4 to 4; projections of these points reach") as local:
        R.dual(gamma)
    with pytest.warns(UserWarning, match="biases are") as found:
        dual(R, gamma, client)
    assert [str(each.message) for each in found] == [str(each.message) for each in local]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        R._some(slice(0, 4))._network_of(gamma[:4])


@pytest.mark.parametrize("method", ["slice", "spread", "direct"])
@pytest.mark.parametrize("count", [1, 1000])
def test_tasks_hold_what_is_said(method: str, count: int) -> None:
    b, pair = np.linspace(-60, 60, 5001), AdmissiblePair("tanh", 2)
    x = np.linspace(-4, 4, 100)
    points = np.random.default_rng(0).uniform(-4, 4, (10_000, 2))
    R = RidgeletTransform(points if method == "spread" else (x, x), ball_directions(2, 6.0, 60, 10), b, pair, method)
    rows, functions = transforms._blocks(R, count)
    most = max(cut.stop - cut.start for cut in rows)
    together = max(cut.stop - cut.start for cut in functions)
    assert most * together * len(b) * 8 <= transforms._TASK_BYTES
    assert together * 10_000 * 8 <= transforms._TASK_BYTES
    assert len(rows) > 1


def _weightless() -> RidgeletTransform:
    return RidgeletTransform((np.linspace(0, 1, 4),), [[1.0], [2.0]], [0.0, 1.0, 2.0], AdmissiblePair("tanh", 1))


_R, _Z = _weightless(), _finite(5, 1, "fft")
_F, _GAMMA = np.ones(4), np.ones((2, 3))
_DASK = da.ones((3, 4))


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        ((transform, 3, _F), TypeError, "operator was int; a RidgeletTransform or a FiniteRidgelet is accepted"),
        ((dual, kousei.MLP.random([1, 2, 1]), _F), TypeError, "operator was MLP; a RidgeletTransform or a Finite"),
        ((adjoint, _R.H, _GAMMA), TypeError, "operator was _Adjoint; a RidgeletTransform or a FiniteRidgelet is"),
        ((transform, _R, [1.0] * 4), TypeError, "f was list; a NumPy or a Dask array is accepted"),
        ((dual, _Z, [1.0] * 4), TypeError, "spectrum was list; a NumPy or a Dask array is accepted"),
        ((transform, _R, _F.astype("float32")), TypeError, "f has dtype float32 and the transform float64"),
        ((transform, _Z, np.ones(5, "float32")), TypeError, "f has dtype float32 and the transform float64"),
        ((transform, _R, np.ones(5)), ValueError, r"f has shape \(5,\); \(..., 4\) is accepted"),
        ((adjoint, _R, _F), ValueError, r"spectrum has shape \(4,\); \(..., 2, 3\) is accepted"),
        ((adjoint, _Z, _F), ValueError, r"spectrum has shape \(4,\); \(..., 5, 5\) is accepted"),
        ((transform, _R, _F * np.nan), ValueError, "f has NaN or infinite values; finite numbers are accepted"),
        ((transform, _R, np.ma.ones(4)), TypeError, "f is masked"),
        ((dual, _R, _GAMMA), ValueError, "directions has no weights; Directions, such as ball_directions returns"),
        ((transform, _R, _DASK.astype("float32")), TypeError, "f has dtype float32 and the transform float64"),
        ((transform, _R, da.ones((4, 3))), ValueError, r"f has shape \(4, 3\); \(..., 4\) is accepted"),
        ((transform, _R, da.ones((3, 4), chunks=(3, 2))), ValueError, r"f has chunks \(2, 2\) along axis 1; one is"),
        ((transform, _R, _DASK[da.ones(3) > 0]), ValueError, r"f has chunks of unknown lengths; f.compute_chunk_s"),
        ((adjoint, _R, da.ones((2, 3), chunks=1)), ValueError, r"spectrum has chunks \(1, 1, 1\) along axis 1; one"),
    ],
)
def test_bad_arguments(client: Any, call: tuple[Any, ...], error: type[Exception], message: str) -> None:
    function, *given = call
    with pytest.raises(error, match=message):
        function(*given, client)


def test_numbers_of_dask_arrays_are_looked_at_when_they_are_there(client: Any) -> None:
    lazy = transform(_R, _DASK * np.nan, client)
    with pytest.raises(ValueError, match="f has NaN or infinite values; finite numbers are accepted"):
        lazy.compute()


@pytest.mark.parametrize("function", [transform, dual, adjoint])
def test_no_client(function: Any) -> None:
    values = np.ones(5) if function is transform else np.ones((5, 5))
    for array in (values, da.from_array(values)):
        with pytest.raises(TypeError, match="client was NoneType; a distributed.Client is accepted"):
            function(_Z, array, None)
