"""Networks on the GPUs of workers. Those with `cupy` in their name run on emulated kernels, too."""

import importlib.util
import pickle
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import kousei
from clusters import in_this_process
from kousei._lib.backends import why_no_cuda
from kousei.distributed import devices, evaluate, units
from kousei.distributed.devices import OnGpu, why_no_gpu

da = pytest.importorskip("dask.array")
distributed = pytest.importorskip("distributed")

_X = np.random.default_rng(3).uniform(-1, 1, (3000, 2))
_NET = kousei.MLP.random([2, 300, 1], "tanh", rng=0)


@pytest.fixture
def cupy() -> Any:
    if why_no_cuda():
        pytest.skip(why_no_cuda())
    return pytest.importorskip("cupy")


def _on_device_alone() -> kousei.MLP:
    """Return a network of a function that knows where it is called."""

    def function(z: Any) -> Any:  # within a function, so that its text goes to the workers
        if not type(z).__module__.startswith("cupy"):
            raise AssertionError(f"points are of {type(z)}")
        return 2 * z

    return kousei.MLP.random([2, 30, 3], kousei.Activation("where", function), rng=0)


@pytest.mark.parametrize("split", ["points", "units"])
def test_values_by_cupy_on_workers_come_back(
    cupy: Any, client: Any, monkeypatch: pytest.MonkeyPatch, split: str
) -> None:
    monkeypatch.setattr(units, "_UNITS", 100)
    box = [(-1, 1)] * 2
    funahashi = kousei.FunahashiNetwork.from_function(lambda x: np.cos(x[..., 0] + x[..., 1]), box, tol=1e-3)
    nets = [_NET, _NET.astype("float32"), funahashi, _on_device_alone()]
    nets += [kousei.binarize(kousei.MLP.random([2, 5, 4, 3], rng=0))] if split == "points" else []
    for net in nets:
        x = _X[:40].astype(net.dtype)
        values = evaluate(net, x, client, split=split, device="cuda")
        assert isinstance(values, np.ndarray)
        expected = net.like(cupy.asarray(x))(cupy.asarray(x)).get()
        assert (values.shape, values.dtype) == (expected.shape, net.dtype)
        np.testing.assert_allclose(values, expected, rtol=0, atol=1e-11 if net.dtype == np.float64 else 1e-4)


@pytest.fixture
def alone() -> Iterator[Any]:
    """A client of one worker: Dask takes arrays of CuPy to others by libraries that the stand-in does not suit."""
    with in_this_process() as cluster, distributed.Client(cluster) as client:
        yield client


def test_dask_arrays_of_numpy_and_cupy_chunks(cupy: Any, alone: Any) -> None:
    x = da.from_array(_X, chunks=(1000, 2))
    net = _on_device_alone()
    values = evaluate(net, x, alone, device="cuda")
    assert isinstance(values._meta, np.ndarray)
    expected = net.like(cupy.asarray(_X))(cupy.asarray(_X)).get()
    np.testing.assert_allclose(values.compute(), expected, rtol=0, atol=1e-12)
    there = x.map_blocks(cupy.asarray, meta=cupy.empty((0, 0)))
    for f in (net, _NET):
        values = evaluate(f, there, alone, device="cuda")
        assert isinstance(values._meta, cupy.ndarray)
        assert values._meta.ndim == values.ndim
        back = values.map_blocks(lambda block: block.get(), meta=np.empty((0,) * values.ndim)).compute()
        np.testing.assert_allclose(back, expected if f is net else _NET(_X), rtol=0, atol=1e-12)
    with pytest.raises(ValueError, match="x has chunks in CUDA memory; device='cuda' is accepted for them"):
        evaluate(_NET, there, alone)


def test_networks_are_mapped_over_cupy_chunks(cupy: Any, alone: Any) -> None:
    meta = cupy.empty(0)
    x = da.from_array(_X, chunks=(1000, 2)).map_blocks(cupy.asarray, meta=cupy.empty((0, 0)))
    values = x.map_blocks(_NET.like(meta), drop_axis=1, dtype=_NET.dtype, meta=meta)
    back = values.map_blocks(lambda block: block.get(), meta=np.empty(0)).compute()
    np.testing.assert_allclose(back, _NET(_X), rtol=0, atol=1e-12)


def test_the_copy_of_cupy_stays_and_is_not_pickled(cupy: Any) -> None:
    net = OnGpu(_NET)
    size = len(pickle.dumps(net))
    first = net(_X), net._there
    second = net(_X), net._there
    assert first[1] is second[1]
    np.testing.assert_array_equal(first[0], second[0])
    assert len(pickle.dumps(net)) == size
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(net))(_X), first[0])


def test_workers_without_a_gpu_are_named(client: Any) -> None:
    workers = sorted(client.nthreads())

    def pretend(reasons: dict[str, str], dask_worker: Any) -> None:
        vars(devices).update(real=devices.why_no_gpu, why_no_gpu=lambda: reasons[dask_worker.address])

    def undo() -> None:
        devices.why_no_gpu = vars(devices).pop("real")

    reasons = dict(zip(workers, ("CuPy is not installed", ""), strict=True))
    client.run(pretend, reasons)
    try:
        for x in (_X, da.from_array(_X)):
            with pytest.raises(ValueError, match=f"cannot compute on a GPU: CuPy is not installed on {workers[0]}$"):
                evaluate(_NET, x, client, device="cuda")
        np.testing.assert_array_equal(evaluate(_NET, _X, client), _NET(_X))
    finally:
        client.run(undo)


def test_why_there_is_no_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cupy", None)
    assert why_no_gpu() == "CuPy is not installed"
    monkeypatch.setattr(devices, "find_spec", lambda name: name == "cupy")
    assert why_no_gpu() == why_no_cuda()
    monkeypatch.setattr(devices, "why_no_cuda", lambda: "no CUDA device is visible")
    assert why_no_gpu() == "no CUDA device is visible"


@pytest.mark.skipif(importlib.util.find_spec("cupy") is not None, reason="CuPy is there")
def test_workers_here_have_none(client: Any) -> None:
    named = ", ".join(f"CuPy is not installed on {worker}" for worker in client.nthreads())
    with pytest.raises(ValueError, match=f"device was 'cuda', and client has workers that .*: {named}$"):
        evaluate(_NET, _X, client, device="cuda")


def test_other_devices_are_refused(client: Any) -> None:
    with pytest.raises(ValueError, match="device was 'gpu'; 'cpu' and 'cuda' are accepted"):
        evaluate(_NET, _X, client, device="gpu")
