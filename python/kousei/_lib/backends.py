"""The compiled kernels for each kind of memory, and how a call reaches them."""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from typing import Any, Final, TypeAlias, TypeVar, cast

import numpy as np
from array_api_compat import is_numpy_array, is_torch_array

from kousei._lib import _core, arrays
from kousei._lib.arrays import Array
from kousei._lib.errors import CudaError, check_choice

Result = TypeVar("Result")


class Host:
    """The kernels for host memory, as one call on the array `model` uses them."""

    kernels = _core.cpu
    #: There is one alone.
    stream = 0

    def __init__(self, model: Array) -> None:
        self._model = model

    def array(self, name: str, array: Array) -> Any:
        """Return `array` as a C-contiguous one to compute with: of NumPy here, on a device of its own library."""
        return arrays.host_view(name, array)

    def view(self, name: str, array: Array, *, copy: bool = True) -> Any:
        """Return what the kernels read `array` by; without `copy`, ValueError where its layout asks for one."""
        return arrays.host_view(name, array, copy=copy)

    def empty(self, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Array:
        """Return a new array that `view` accepts."""
        return np.empty(shape, dtype)

    @property
    def library(self) -> tuple[str, int]:
        """What tells the arrays of `keep` from those for another library or device."""
        return "numpy", 0

    def keep(self, array: np.ndarray[Any, Any]) -> Array:
        """Return `array` as one that `view` accepts, for other calls too."""
        return array

    def finish(self, result: Array) -> Array:
        """Return an array made by `empty` as one of the caller's library."""
        return arrays.from_host(result, self._model)

    def real_pairs(self, view: Any) -> Any:
        """Return the view of a complex array as one of real pairs."""
        return view[..., None].view(view.real.dtype)

    def extent(self, array: Array) -> range:
        """Return the addresses from the first to the last byte of an array."""
        return arrays.extent(array)

    def launch(self) -> Any:
        """Return the execution argument of a kernel."""
        return _core.cpu.Cpu()

    def repeated(self) -> Callable[[Callable[[], Result]], Result]:
        """Return what does the work it is called with: the same calls of kernels on the same arrays each time."""
        return lambda work: work()


@dataclass
class _Recording:
    """Kernels that are recorded instead of launched: on which stream, and what memory is theirs from then on."""

    stream: int
    kept: list[Any]
    #: For all of them, since they run one after the other.
    workspace: Array | None = None


class Device:
    """The same for CUDA memory; work goes to the current stream of the library of `model`."""

    def __init__(self, model: Array, *, fast: bool) -> None:
        self.kernels: Final = _core.cuda  # type: ignore[attr-defined, unused-ignore]
        self._model = model
        self._fast = fast
        self.stream: int = _current_stream(model)
        self._recording: _Recording | None = None

    def array(self, name: str, array: Array) -> Any:
        """As `Host.array`."""
        return arrays.contiguous(array)

    def view(self, name: str, array: Array, *, copy: bool = True) -> Any:
        """As `Host.view`."""
        if copy:
            array = arrays.contiguous(array)
        elif is_torch_array(array) and array.is_neg():
            raise ValueError(f"{name} is a negated view; an array of its own is accepted")
        return self.kernels.Array.borrow(name, array, self.stream)

    def empty(self, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Array:
        """As `Host.empty`."""
        xp = arrays.namespace(self._model)
        device = {"device": self._model.device} if hasattr(self._model, "device") else {}
        array = xp.empty(shape, dtype=getattr(xp, dtype.name), **device)
        if self._recording:
            self._recording.kept.append(array)
        return array

    @property
    def library(self) -> tuple[str, int]:
        """As `Host.library`."""
        return arrays.namespace(self._model).__name__, arrays.device_index(self._model)

    def keep(self, array: np.ndarray[Any, Any]) -> Array:
        """As `Host.keep`."""
        return arrays.like(array, self.empty((0,), array.dtype))

    def finish(self, result: Array) -> Array:
        """As `Host.finish`."""
        return result

    def real_pairs(self, view: Any) -> Any:
        """As `Host.real_pairs`."""
        return view.as_real()

    def extent(self, array: Array) -> range:
        """As `Host.extent`."""
        view = self.view("array", array)
        return range(view.pointer, view.pointer + math.prod(view.shape) * int(view.dtype[1:]))

    def launch(self) -> Any:
        """As `Host.launch`; scratch memory comes from the pool of the library of `model`."""
        stream = self._recording.stream if self._recording else self.stream
        return self.kernels.Cuda(stream, self._allocate, self._fast)

    def repeated(self) -> Callable[[Callable[[], Result]], Result]:
        """As `Host.repeated`; from the second time on it is a CUDA graph, and its result is in the same arrays."""
        done, graph = False, None

        def run(work: Callable[[], Result]) -> Result:
            nonlocal done, graph
            if not done:  # kernels are loaded when they are launched first
                done = True
                return work()
            graph = graph or self._record(work)
            return graph()

        return run

    def _record(self, work: Callable[[], Result]) -> Callable[[], Result]:
        kept: list[Any] = []

        def enqueue(stream: int) -> None:
            self._recording = _Recording(stream, kept)
            try:
                kept.append(work())
            finally:
                self._recording = None

        graph = self.kernels.Graph(arrays.device_index(self._model), enqueue)

        def launch() -> Result:
            graph.launch(self.stream)
            return cast(Result, kept[-1])

        return launch

    def _allocate(self, size: int) -> Any:
        recording, dtype = self._recording, np.dtype(np.uint8)
        if not recording:
            return self.view("workspace", self.empty((size,), dtype))
        if recording.workspace is None or recording.workspace.shape[0] < size:
            recording.workspace = self.empty((size,), dtype)
        return self.view("workspace", recording.workspace)


#: How a call reaches the kernels.
Backend: TypeAlias = Host | Device


class Kept:
    """Arrays of NumPy that many calls read, and their copies for each library and device."""

    def __init__(self, *arrays: np.ndarray[Any, Any]) -> None:
        self._arrays = arrays
        self._copies: dict[tuple[str, int], tuple[Array, ...]] = {}

    def on(self, backend: Backend) -> tuple[Array, ...]:
        """Return them where a call computes; for the first copy to a device the host waits."""
        if backend.library not in self._copies:
            self._copies[backend.library] = tuple(map(backend.keep, self._arrays))
        return self._copies[backend.library]

    def __getstate__(self) -> dict[str, Any]:
        return {"_arrays": self._arrays, "_copies": {}}


def require_cuda(name: str) -> None:
    """Raise CudaError, naming the array, where CUDA memory cannot be computed on."""
    reason = why_no_cuda()
    if reason:
        raise CudaError(f"{name} lies in CUDA memory, but {reason}")


@cache
def why_no_cuda() -> str:
    """Return why CUDA memory cannot be computed on; empty where it can."""
    if not hasattr(_core, "cuda"):
        return "this build of kousei has no CUDA kernels (built without nvcc or with KOUSEI_CUDA=OFF)"
    try:
        count = _core.cuda.device_count()
    except CudaError as error:
        return f"the CUDA runtime reports {error}"
    return "" if count else "no CUDA device is visible"


def _current_stream(array: Array) -> int:
    if is_torch_array(array):
        import torch

        return int(torch.cuda.current_stream(array.device).cuda_stream)
    # Results on arrays of libraries without a namespace of their own are CuPy's.
    import cupy

    with cupy.cuda.Device(arrays.device_index(array)):
        return int(cupy.cuda.get_current_stream().ptr)


def enter(name: str, array: Array, precision: str = "full") -> tuple[Backend, Array]:
    """Return the backend for the memory that the argument `name` lies in, and the argument, known to be an array."""
    check_choice("precision", precision, "full", "fast")
    if not arrays.on_host(array):
        require_cuda(name)
    array = arrays.known(name, array)
    return Host(array) if arrays.on_host(array) else Device(array, fast=precision == "fast"), array


def output(
    backend: Backend,
    out: Array | None,
    shape: tuple[int, ...],
    dtype: np.dtype[Any],
    model: Array,
    *parameters: Array,
    in_place: bool = False,
) -> tuple[Array, Any]:
    """Return the array a call on `model` answers with, and the view its kernel writes: of `out`, or of a new array.

    The kernel reads `model` and the parameters.

    Raises
    ------
    TypeError
        If `out` is not an array of the library and the memory of `model`.
    ValueError
        If `out` does not fit: it is never reshaped, converted or copied; or if it overlaps what is read, unless
        it is the same memory and the kernel works in place.
    """
    if out is None:
        result = backend.empty(shape, dtype)
        return backend.finish(result), backend.view("out", result)
    if not _of_one_library(out, model):
        raise TypeError(f"out was {type(out).__name__}; an array like the input, {type(model).__name__}, is accepted")
    out = arrays.known("out", out)
    arrays.require_one_place("out", out, "the input", model)
    view = None
    if arrays.shape_of(out) == shape and arrays.dtype_name(out) == dtype.name:
        with suppress(ValueError):  # of a layout that would need a copy
            view = backend.view("out", out, copy=False)
    if view is None or (isinstance(view, np.ndarray) and not view.flags.writeable):
        raise ValueError(
            f"out has shape {arrays.shape_of(out)} and dtype {arrays.dtype_name(out)}; "
            f"a writeable C-contiguous {dtype.name} array of shape {shape} is accepted"
        )
    written = backend.extent(out)
    for array in (model, *parameters):
        read = backend.extent(array)
        if max(written.start, read.start) < min(written.stop, read.stop) and not (in_place and written == read):
            raise ValueError("out overlaps the input or the network; memory of its own is accepted")
    return out, view


def _of_one_library(out: Array, model: Array) -> bool:
    kinds = is_torch_array, is_numpy_array
    return type(out) is type(model) or any(is_kind(out) and is_kind(model) for is_kind in kinds)
