"""The way of a CUDA array to its kernel, with objects that only look like arrays in CUDA memory.

What kernels refuse is in test_device_extents.py; the tests with real arrays are those of test_contract.py.
"""

from typing import Any

import numpy as np
import pytest

import kousei
from fake_arrays import POINTER, FakeDLPack, FakeInterface, FakeTensor, needs_build
from kousei._lib import _core, arrays
from kousei._lib.backends import why_no_cuda


@needs_build
class TestArray:
    """What `Array.borrow` sees."""

    def borrow(self, source: Any, stream: int = 0) -> Any:
        return _core.cuda.Array.borrow("x", source, stream)

    def test_interface(self) -> None:
        view = self.borrow(FakeInterface((2, 3), "<f4", data=(POINTER, True)))
        assert (view.pointer, view.shape, view.dtype, view.read_only) == (POINTER, (2, 3), "f4", True)

    def test_interface_with_c_strides_and_own_stream(self) -> None:
        assert self.borrow(FakeInterface((2, 3), strides=(24, 8), stream=5), stream=5).shape == (2, 3)
        assert self.borrow(FakeInterface((2, 3), stream=1), stream=0).shape == (2, 3)  # 1 is the legacy default
        assert self.borrow(FakeInterface((2, 3), stream=None), stream=7).shape == (2, 3)
        assert self.borrow(FakeInterface((1, 3), strides=(999, 8))).shape == (1, 3)

    def test_empty_arrays_have_any_strides(self) -> None:
        assert self.borrow(FakeDLPack((2, 0, 3), strides=(3, 3, 1))).shape == (2, 0, 3)
        assert self.borrow(FakeInterface((2, 0, 3), strides=(24, 24, 8))).shape == (2, 0, 3)

    def test_empty_interface_may_have_no_pointer(self) -> None:
        assert self.borrow(FakeInterface((0, 3), data=(0, False))).shape == (0, 3)

    @pytest.mark.parametrize(
        ("changes", "error", "message"),
        [
            ({"stream": 0}, ValueError, "x names stream 0"),
            ({"strides": (8, 16)}, ValueError, "x is not C-contiguous"),
            ({"strides": (8,)}, ValueError, "x has 1 strides"),
            ({"mask": object()}, TypeError, "x is masked"),
            ({"version": 1}, ValueError, "x has __cuda_array_interface__ version 1"),
            ({"data": (0, False)}, ValueError, "x has a null pointer"),
            ({"typestr": ">f8"}, TypeError, "x has typestr >f8"),
            ({"typestr": "<fx"}, TypeError, "x has typestr <fx"),
            ({"typestr": "<f"}, TypeError, "x has typestr <f"),
            ({"typestr": "<f8 junk"}, TypeError, "x has typestr <f8 junk"),
            ({"shape": (2**40, 2**40)}, ValueError, "not representable in 64 bits"),
            ({"shape": (-1, 3)}, ValueError, "not representable"),
        ],
    )
    def test_bad_interface(self, changes: dict, error: type[Exception], message: str) -> None:
        source = FakeInterface((2, 3))
        source.__cuda_array_interface__ |= changes
        with pytest.raises(error, match=message):
            self.borrow(source)

    @pytest.mark.parametrize("version", [None, 1])
    def test_dlpack(self, version: int | None) -> None:
        source = FakeDLPack((4,), bits=32, offset=8, version=version)
        view = self.borrow(source, stream=9)
        assert (view.pointer, view.shape, view.dtype) == (POINTER + 8, (4,), "f4")
        assert source.stream == 9
        assert source.deleted == 0
        del view
        assert source.deleted == 1

    def test_dlpack_default_stream_and_flags(self) -> None:
        source = FakeDLPack((2, 2), flags=1, strides=(2, 1))
        assert self.borrow(source).read_only
        assert source.stream == 1

    @pytest.mark.parametrize(
        ("options", "error", "message"),
        [
            ({"strides": (1, 4)}, ValueError, "x is not C-contiguous"),
            ({"lanes": 4}, TypeError, "4 lanes"),
            ({"code": 99}, TypeError, "code 99"),
            ({"bits": 4}, TypeError, "4 bits"),
            ({"device": 10}, ValueError, "x is not in CUDA memory"),
            ({"version": 2}, BufferError, "x speaks DLPack 2"),
        ],
    )
    def test_bad_dlpack(self, options: dict, error: type[Exception], message: str) -> None:
        source = FakeDLPack((4, 4), **options)
        with pytest.raises(error, match=message):
            self.borrow(source)
        assert source.deleted == 1

    def test_no_array(self) -> None:
        with pytest.raises(TypeError, match="x was <class 'list'>; an object with __cuda_array_interface__"):
            self.borrow([1.0])

    def test_pointer(self) -> None:
        view = _core.cuda.Array(POINTER, (3, 2), "c16")
        assert view.as_real().shape == (3, 2, 2)
        assert view.as_real().dtype == "f8"
        assert self.borrow(view).pointer == POINTER
        with pytest.raises(TypeError, match="not complex"):
            _core.cuda.Array(POINTER, (3,), "f8").as_real()
        assert _core.cuda.Array(0, (0, 3), "f4").shape == (0, 3)
        with pytest.raises(ValueError, match="array has a null pointer and shape"):
            _core.cuda.Array(0, (3,), "f4")
        for shape in ((-1,), (2**40, 2**40)):
            with pytest.raises(kousei.SizeError):
                _core.cuda.Array(POINTER, shape, "f4")


@pytest.mark.skipif(not why_no_cuda(), reason="has a device, which must not see made-up pointers")
@pytest.mark.parametrize("fake", [FakeInterface, FakeDLPack])
def test_a_cuda_array_without_a_device_names_the_argument(fake: type) -> None:
    x = fake((5, 2))
    net = kousei.MLP.random([2, 3, 1], rng=0)
    signs = kousei.pack_signs(np.ones((3, 2)))
    pair = kousei.ridgelet.AdmissiblePair("relu", 2)
    ridgelets = {
        "axes": [np.arange(5.0), np.arange(2.0)],
        "directions": np.eye(2),
        "biases": [0.0, 1.0],
        "pair": pair,
    }
    assert not arrays.on_host(x)
    for call in (
        lambda: net(x),
        lambda: net.like(x),
        lambda: kousei.FunahashiNetwork([[1.0, 1.0]], [1.0], 0.5 * np.arange(9), 1.0, 1.5)(x),
        lambda: kousei.FunahashiNetwork([[1.0, 1.0]], [1.0], 0.5 * np.arange(9), 1.0, 1.5).gradient(x),
        lambda: kousei.activation.tanh(x),
        lambda: kousei.pack_signs(x),
        lambda: signs.matmul(x),
        lambda: signs.like(x),
        lambda: kousei.funahashi.bump_transform(x, 1.0, 1.0),
        lambda: kousei.funahashi.universal_function(x, 1.0, 1.5, 0.5 * np.arange(9)),
        lambda: kousei.ridgelet.gaussian_kernel(x, 3),
        lambda: kousei.ridgelet_transform(x, **ridgelets),
        lambda: kousei.ridgelet.Spectrum(x, np.eye(2), [0.0, 1.0], pair),
        lambda: kousei.RidgeletTransform(**ridgelets).transform(x),
        lambda: kousei.RidgeletTransform(**ridgelets).truncation_loss(x),
        lambda: kousei.equivariant.FiniteRidgelet(2, 1, [0.0, 1.0], [-0.5, 0.5]).transform(x),
        lambda: kousei.equivariant.orbit_sum(x, np.zeros((2, 2), np.int32), np.zeros(1)),
        lambda: kousei.ising.Lattice((4, 4), 0.4).sample(chains=1, sweeps=1, like=x),
    ):
        with pytest.raises(
            kousei.CudaError,
            match="(x|z|s|S|t|f|omega|values|spectrum|like) lies in CUDA memory, but (this build|the CUDA|no CUDA)",
        ):
            call()


def test_nothing_moves_between_memories(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kousei._lib.backends.enter", lambda name, array, *_: (None, array))
    net = kousei.MLP.random([2, 3, 1], rng=0)
    with pytest.raises(TypeError, match=r"x lies in the memory of CUDA device 0 and the network in host memory; net"):
        net(FakeTensor((5, 2)))
    with pytest.raises(TypeError, match=r"biases\[1\] lies in the memory of CUDA device 0 and weights\[0\] in host"):
        kousei.MLP(net.weights, [net.biases[0], FakeTensor((1,))], net.activations)


def test_parameters_that_are_read_lie_in_host_memory() -> None:
    good = {"axes": np.ones((5, 2)), "directions": np.eye(2), "biases": [0.0, 1.0]}
    pair, there = kousei.ridgelet.AdmissiblePair("relu", 2), FakeTensor((2, 2))
    for feature, r in ((there, [-1.0, 1.0]), ([-1.0, 1.0], there)):
        with pytest.raises(TypeError, match="(feature|ridgelet_function) lies in CUDA memory; host memory is"):
            kousei.equivariant.FiniteRidgelet(2, 1, feature, r)
    for name in ("axes", "directions", "biases", "weights"):
        with pytest.raises(TypeError, match=f"{name} lies in CUDA memory; host memory is accepted"):
            kousei.RidgeletTransform(**good | {name: there}, pair=pair)
    with pytest.raises(TypeError, match="x was FakeTensor in the memory of CUDA device 0; an array of NumPy or CuPy"):
        kousei.RidgeletTransform(**good, pair=pair).matvec(there)


def test_nothing_moves_between_devices(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kousei._lib.backends.enter", lambda name, array, *_: (None, array))
    weights, biases = [FakeTensor((3, 2)), FakeTensor((1, 3))], [FakeTensor((3,)), FakeTensor((1,))]
    net = kousei.MLP(weights, biases, ["relu"])
    with pytest.raises(TypeError, match="x lies in the memory of CUDA device 1 and the network in .* CUDA device 0"):
        net(FakeTensor((5, 2), device_id=1))
    with pytest.raises(TypeError, match="out lies in the memory of CUDA device 1 and the input in .* device 0"):
        net(FakeTensor((5, 2)), out=FakeTensor((5,), device_id=1))
    biases[1] = FakeTensor((1,), device_id=1)
    with pytest.raises(TypeError, match="device 1 and weights.0. in .* device 0; a network lies in one memory"):
        kousei.MLP(weights, biases, ["relu"])


def test_a_host_array_by_protocol_alone() -> None:
    class Bare:
        def __init__(self, array: np.ndarray) -> None:
            self.__dlpack__ = array.__dlpack__
            self.__dlpack_device__ = array.__dlpack_device__

    x = np.random.default_rng(0).normal(size=(5, 2))
    net = kousei.MLP.random([2, 3, 1], rng=0)
    assert np.array_equal(net(Bare(x)), net(x))
    assert np.array_equal(kousei.MLP([Bare(w) for w in net.weights], net.biases, net.activations)(x), net(x))
    with pytest.raises(TypeError, match="x has dtype int64"):
        net(Bare(x.astype(int)))
