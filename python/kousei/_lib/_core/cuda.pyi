"""
Kernels for arrays in CUDA memory: the low-level route.

A kernel takes borrowed arrays, `Array(pointer, shape, dtype)` or `Array.borrow(name, object, stream)`, and a
launch, `Cuda(stream, allocate)`; it enqueues on the stream and returns. The caller keeps the memory alive until the
stream has passed the kernel. `allocate(bytes)` returns scratch memory, an Array of "u1".

    w, b, c, o, x, out = (Array(pointer, shape, "f4") for pointer, shape in ...)
    network_evaluate(w, b, c, o, Activation.logistic, x, out, Cuda(stream, allocate))
"""
from __future__ import annotations
import collections.abc
import kousei._lib._core
import typing
__all__: list[str] = ['Array', 'Cuda', 'activation_apply', 'device_count', 'device_name', 'device_of', 'driver_version', 'funahashi_bump_transform', 'funahashi_evaluate', 'funahashi_evaluate_table', 'funahashi_fourier_sum', 'funahashi_gradient', 'network_evaluate', 'network_layer', 'runtime_version']
class Array:
    """
    A C-contiguous array in CUDA memory, borrowed.
    """
    @staticmethod
    def borrow(name: str, source: typing.Any, stream: typing.SupportsInt | typing.SupportsIndex = 0) -> Array:
        ...
    def __init__(self, pointer: typing.SupportsInt | typing.SupportsIndex, shape: collections.abc.Sequence[typing.SupportsInt | typing.SupportsIndex], dtype: str, read_only: bool = False) -> None:
        ...
    def as_real(self) -> Array:
        ...
    @property
    def dtype(self) -> str:
        ...
    @property
    def pointer(self) -> int:
        ...
    @property
    def read_only(self) -> bool:
        ...
    @property
    def shape(self) -> tuple:
        ...
class Cuda:
    """
    On `stream`, with scratch memory; `fast` allows approximate float32 activations.
    """
    def __init__(self, stream: typing.SupportsInt | typing.SupportsIndex = 0, allocate: typing.Any = None, fast: bool = False) -> None:
        ...
@typing.overload
def activation_apply(parts: collections.abc.Sequence[tuple[kousei._lib._core.Activation, typing.SupportsInt | typing.SupportsIndex, typing.SupportsInt | typing.SupportsIndex]], parameters: Array, bias: Array | None, z: Array, out: Array, on: Cuda) -> None:
    ...
@typing.overload
def activation_apply(parts: collections.abc.Sequence[tuple[kousei._lib._core.Activation, typing.SupportsInt | typing.SupportsIndex, typing.SupportsInt | typing.SupportsIndex]], parameters: Array, bias: Array | None, z: Array, out: Array, on: Cuda) -> None:
    ...
def device_count() -> int:
    ...
def device_name(device: typing.SupportsInt | typing.SupportsIndex) -> str:
    ...
def device_of(pointer: typing.SupportsInt | typing.SupportsIndex) -> int:
    ...
def driver_version() -> int:
    ...
@typing.overload
def funahashi_bump_transform(activation: kousei._lib._core.Activation, delta: typing.SupportsFloat | typing.SupportsIndex, alpha: typing.SupportsFloat | typing.SupportsIndex, omega: Array, out: Array, on: Cuda) -> None:
    ...
@typing.overload
def funahashi_bump_transform(activation: kousei._lib._core.Activation, delta: typing.SupportsFloat | typing.SupportsIndex, alpha: typing.SupportsFloat | typing.SupportsIndex, omega: Array, out: Array, on: Cuda) -> None:
    ...
@typing.overload
def funahashi_evaluate(frequencies: Array, amplitudes: Array, thresholds: Array, phases: Array, center: Array, spacing: typing.SupportsFloat | typing.SupportsIndex, delta: typing.SupportsFloat | typing.SupportsIndex, alpha: typing.SupportsFloat | typing.SupportsIndex, activation: kousei._lib._core.Activation, x: Array, out: Array, on: Cuda, offset: typing.SupportsFloat | typing.SupportsIndex = 0.0, merged: typing.SupportsInt | typing.SupportsIndex = 0, bumps: Array | None = None, starts: Array | None = None, units: typing.SupportsInt | typing.SupportsIndex = 0, method: kousei._lib._core.FunahashiMethod = ...) -> None:
    ...
@typing.overload
def funahashi_evaluate(frequencies: Array, amplitudes: Array, thresholds: Array, phases: Array, center: Array, spacing: typing.SupportsFloat | typing.SupportsIndex, delta: typing.SupportsFloat | typing.SupportsIndex, alpha: typing.SupportsFloat | typing.SupportsIndex, activation: kousei._lib._core.Activation, x: Array, out: Array, on: Cuda, offset: typing.SupportsFloat | typing.SupportsIndex = 0.0, merged: typing.SupportsInt | typing.SupportsIndex = 0, bumps: Array | None = None, starts: Array | None = None, units: typing.SupportsInt | typing.SupportsIndex = 0, method: kousei._lib._core.FunahashiMethod = ...) -> None:
    ...
@typing.overload
def funahashi_evaluate_table(frequencies: Array, amplitudes: Array, center: Array, offset: typing.SupportsFloat | typing.SupportsIndex, values: Array, first: typing.SupportsFloat | typing.SupportsIndex, cells_per_unit: typing.SupportsFloat | typing.SupportsIndex, x: Array, out: Array, on: Cuda) -> None:
    ...
@typing.overload
def funahashi_evaluate_table(frequencies: Array, amplitudes: Array, center: Array, offset: typing.SupportsFloat | typing.SupportsIndex, values: Array, first: typing.SupportsFloat | typing.SupportsIndex, cells_per_unit: typing.SupportsFloat | typing.SupportsIndex, x: Array, out: Array, on: Cuda) -> None:
    ...
@typing.overload
def funahashi_fourier_sum(values: Array, angles: Array, out: Array, on: Cuda) -> None:
    ...
@typing.overload
def funahashi_fourier_sum(values: Array, angles: Array, out: Array, on: Cuda) -> None:
    ...
@typing.overload
def funahashi_gradient(frequencies: Array, amplitudes: Array, thresholds: Array, phases: Array, center: Array, spacing: typing.SupportsFloat | typing.SupportsIndex, delta: typing.SupportsFloat | typing.SupportsIndex, alpha: typing.SupportsFloat | typing.SupportsIndex, activation: kousei._lib._core.Activation, x: Array, out: Array, on: Cuda, merged: typing.SupportsInt | typing.SupportsIndex = 0, bumps: Array | None = None, starts: Array | None = None, units: typing.SupportsInt | typing.SupportsIndex = 0) -> None:
    ...
@typing.overload
def funahashi_gradient(frequencies: Array, amplitudes: Array, thresholds: Array, phases: Array, center: Array, spacing: typing.SupportsFloat | typing.SupportsIndex, delta: typing.SupportsFloat | typing.SupportsIndex, alpha: typing.SupportsFloat | typing.SupportsIndex, activation: kousei._lib._core.Activation, x: Array, out: Array, on: Cuda, merged: typing.SupportsInt | typing.SupportsIndex = 0, bumps: Array | None = None, starts: Array | None = None, units: typing.SupportsInt | typing.SupportsIndex = 0) -> None:
    ...
@typing.overload
def network_evaluate(weight: Array, bias: Array, coef: Array, offset: Array, activation: kousei._lib._core.Activation, x: Array, out: Array, on: Cuda) -> None:
    ...
@typing.overload
def network_evaluate(weight: Array, bias: Array, coef: Array, offset: Array, activation: kousei._lib._core.Activation, x: Array, out: Array, on: Cuda) -> None:
    ...
@typing.overload
def network_layer(weight: Array, bias: Array, parts: collections.abc.Sequence[tuple[kousei._lib._core.Activation, typing.SupportsInt | typing.SupportsIndex, typing.SupportsInt | typing.SupportsIndex]], parameters: Array, x: Array, out: Array, on: Cuda) -> None:
    ...
@typing.overload
def network_layer(weight: Array, bias: Array, parts: collections.abc.Sequence[tuple[kousei._lib._core.Activation, typing.SupportsInt | typing.SupportsIndex, typing.SupportsInt | typing.SupportsIndex]], parameters: Array, x: Array, out: Array, on: Cuda) -> None:
    ...
def runtime_version() -> int:
    ...
