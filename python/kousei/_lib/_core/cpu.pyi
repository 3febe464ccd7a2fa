"""
Kernels for arrays in host memory.
"""
from __future__ import annotations
import collections.abc
import kousei._lib._core
import numpy
import numpy.typing
import typing
__all__: list[str] = ['Cpu', 'Float32Binary', 'Float32Layers', 'Float64Binary', 'Float64Layers', 'activation_apply', 'binary_signs', 'funahashi_bump_transform', 'funahashi_evaluate', 'funahashi_evaluate_table', 'funahashi_gradient', 'network_evaluate', 'packed_interleave', 'packed_interleaved_words', 'packed_matmul', 'packed_pack', 'packed_unpack']
class Cpu:
    """
    On at most `threads` threads (0: as set by set_num_threads).
    """
    def __init__(self, threads: typing.SupportsInt | typing.SupportsIndex = 0) -> None:
        ...
class Float32Layers:
    """
    Layers of a network, evaluated together; arrays are borrowed.
    """
    def __init__(self) -> None:
        ...
    def add(self, weight: numpy.typing.NDArray[numpy.float32], bias: numpy.typing.NDArray[numpy.float32], parts: collections.abc.Sequence[tuple[kousei._lib._core.Activation, typing.SupportsInt | typing.SupportsIndex, typing.SupportsInt | typing.SupportsIndex]], parameters: numpy.typing.NDArray[numpy.float32]) -> None:
        ...
    def add_sparse(self, values: numpy.typing.NDArray[numpy.float32], starts: numpy.typing.NDArray[numpy.int64], columns: numpy.typing.NDArray[numpy.int64], inputs: typing.SupportsInt | typing.SupportsIndex, bias: numpy.typing.NDArray[numpy.float32], parts: collections.abc.Sequence[tuple[kousei._lib._core.Activation, typing.SupportsInt | typing.SupportsIndex, typing.SupportsInt | typing.SupportsIndex]], parameters: numpy.typing.NDArray[numpy.float32]) -> None:
        ...
    def evaluate(self, x: numpy.typing.NDArray[numpy.float32], out: numpy.typing.NDArray[numpy.float32], on: Cpu) -> None:
        ...
class Float64Layers:
    """
    Layers of a network, evaluated together; arrays are borrowed.
    """
    def __init__(self) -> None:
        ...
    def add(self, weight: numpy.typing.NDArray[numpy.float64], bias: numpy.typing.NDArray[numpy.float64], parts: collections.abc.Sequence[tuple[kousei._lib._core.Activation, typing.SupportsInt | typing.SupportsIndex, typing.SupportsInt | typing.SupportsIndex]], parameters: numpy.typing.NDArray[numpy.float64]) -> None:
        ...
    def add_sparse(self, values: numpy.typing.NDArray[numpy.float64], starts: numpy.typing.NDArray[numpy.int64], columns: numpy.typing.NDArray[numpy.int64], inputs: typing.SupportsInt | typing.SupportsIndex, bias: numpy.typing.NDArray[numpy.float64], parts: collections.abc.Sequence[tuple[kousei._lib._core.Activation, typing.SupportsInt | typing.SupportsIndex, typing.SupportsInt | typing.SupportsIndex]], parameters: numpy.typing.NDArray[numpy.float64]) -> None:
        ...
    def evaluate(self, x: numpy.typing.NDArray[numpy.float64], out: numpy.typing.NDArray[numpy.float64], on: Cpu) -> None:
        ...
@typing.overload
def activation_apply(parts: collections.abc.Sequence[tuple[kousei._lib._core.Activation, typing.SupportsInt | typing.SupportsIndex, typing.SupportsInt | typing.SupportsIndex]], parameters: numpy.typing.NDArray[numpy.float32], bias: numpy.typing.NDArray[numpy.float32] | None, z: numpy.typing.NDArray[numpy.float32], out: numpy.typing.NDArray[numpy.float32], on: Cpu) -> None:
    ...
@typing.overload
def activation_apply(parts: collections.abc.Sequence[tuple[kousei._lib._core.Activation, typing.SupportsInt | typing.SupportsIndex, typing.SupportsInt | typing.SupportsIndex]], parameters: numpy.typing.NDArray[numpy.float64], bias: numpy.typing.NDArray[numpy.float64] | None, z: numpy.typing.NDArray[numpy.float64], out: numpy.typing.NDArray[numpy.float64], on: Cpu) -> None:
    ...
@typing.overload
def funahashi_bump_transform(activation: kousei._lib._core.Activation, delta: typing.SupportsFloat | typing.SupportsIndex, alpha: typing.SupportsFloat | typing.SupportsIndex, omega: numpy.typing.NDArray[numpy.float32], out: numpy.typing.NDArray[numpy.float32], on: Cpu) -> None:
    ...
@typing.overload
def funahashi_bump_transform(activation: kousei._lib._core.Activation, delta: typing.SupportsFloat | typing.SupportsIndex, alpha: typing.SupportsFloat | typing.SupportsIndex, omega: numpy.typing.NDArray[numpy.float64], out: numpy.typing.NDArray[numpy.float64], on: Cpu) -> None:
    ...
@typing.overload
def funahashi_evaluate(frequencies: numpy.typing.NDArray[numpy.float32], amplitudes: numpy.typing.NDArray[numpy.float32], thresholds: numpy.typing.NDArray[numpy.float32], phases: numpy.typing.NDArray[numpy.float32], center: numpy.typing.NDArray[numpy.float32], spacing: typing.SupportsFloat | typing.SupportsIndex, delta: typing.SupportsFloat | typing.SupportsIndex, alpha: typing.SupportsFloat | typing.SupportsIndex, activation: kousei._lib._core.Activation, x: numpy.typing.NDArray[numpy.float32], out: numpy.typing.NDArray[numpy.float32], on: Cpu, offset: typing.SupportsFloat | typing.SupportsIndex = 0.0, merged: typing.SupportsInt | typing.SupportsIndex = 0, bumps: numpy.typing.NDArray[numpy.int64] | None = None, starts: numpy.typing.NDArray[numpy.int64] | None = None, units: typing.SupportsInt | typing.SupportsIndex = 0, method: kousei._lib._core.FunahashiMethod = ...) -> None:
    ...
@typing.overload
def funahashi_evaluate(frequencies: numpy.typing.NDArray[numpy.float64], amplitudes: numpy.typing.NDArray[numpy.float64], thresholds: numpy.typing.NDArray[numpy.float64], phases: numpy.typing.NDArray[numpy.float64], center: numpy.typing.NDArray[numpy.float64], spacing: typing.SupportsFloat | typing.SupportsIndex, delta: typing.SupportsFloat | typing.SupportsIndex, alpha: typing.SupportsFloat | typing.SupportsIndex, activation: kousei._lib._core.Activation, x: numpy.typing.NDArray[numpy.float64], out: numpy.typing.NDArray[numpy.float64], on: Cpu, offset: typing.SupportsFloat | typing.SupportsIndex = 0.0, merged: typing.SupportsInt | typing.SupportsIndex = 0, bumps: numpy.typing.NDArray[numpy.int64] | None = None, starts: numpy.typing.NDArray[numpy.int64] | None = None, units: typing.SupportsInt | typing.SupportsIndex = 0, method: kousei._lib._core.FunahashiMethod = ...) -> None:
    ...
@typing.overload
def funahashi_evaluate_table(frequencies: numpy.typing.NDArray[numpy.float32], amplitudes: numpy.typing.NDArray[numpy.float32], center: numpy.typing.NDArray[numpy.float32], offset: typing.SupportsFloat | typing.SupportsIndex, values: numpy.typing.NDArray[numpy.float32], first: typing.SupportsFloat | typing.SupportsIndex, cells_per_unit: typing.SupportsFloat | typing.SupportsIndex, x: numpy.typing.NDArray[numpy.float32], out: numpy.typing.NDArray[numpy.float32], on: Cpu) -> None:
    ...
@typing.overload
def funahashi_evaluate_table(frequencies: numpy.typing.NDArray[numpy.float64], amplitudes: numpy.typing.NDArray[numpy.float64], center: numpy.typing.NDArray[numpy.float64], offset: typing.SupportsFloat | typing.SupportsIndex, values: numpy.typing.NDArray[numpy.float64], first: typing.SupportsFloat | typing.SupportsIndex, cells_per_unit: typing.SupportsFloat | typing.SupportsIndex, x: numpy.typing.NDArray[numpy.float64], out: numpy.typing.NDArray[numpy.float64], on: Cpu) -> None:
    ...
@typing.overload
def funahashi_gradient(frequencies: numpy.typing.NDArray[numpy.float32], amplitudes: numpy.typing.NDArray[numpy.float32], thresholds: numpy.typing.NDArray[numpy.float32], phases: numpy.typing.NDArray[numpy.float32], center: numpy.typing.NDArray[numpy.float32], spacing: typing.SupportsFloat | typing.SupportsIndex, delta: typing.SupportsFloat | typing.SupportsIndex, alpha: typing.SupportsFloat | typing.SupportsIndex, activation: kousei._lib._core.Activation, x: numpy.typing.NDArray[numpy.float32], out: numpy.typing.NDArray[numpy.float32], on: Cpu, merged: typing.SupportsInt | typing.SupportsIndex = 0, bumps: numpy.typing.NDArray[numpy.int64] | None = None, starts: numpy.typing.NDArray[numpy.int64] | None = None, units: typing.SupportsInt | typing.SupportsIndex = 0) -> None:
    ...
@typing.overload
def funahashi_gradient(frequencies: numpy.typing.NDArray[numpy.float64], amplitudes: numpy.typing.NDArray[numpy.float64], thresholds: numpy.typing.NDArray[numpy.float64], phases: numpy.typing.NDArray[numpy.float64], center: numpy.typing.NDArray[numpy.float64], spacing: typing.SupportsFloat | typing.SupportsIndex, delta: typing.SupportsFloat | typing.SupportsIndex, alpha: typing.SupportsFloat | typing.SupportsIndex, activation: kousei._lib._core.Activation, x: numpy.typing.NDArray[numpy.float64], out: numpy.typing.NDArray[numpy.float64], on: Cpu, merged: typing.SupportsInt | typing.SupportsIndex = 0, bumps: numpy.typing.NDArray[numpy.int64] | None = None, starts: numpy.typing.NDArray[numpy.int64] | None = None, units: typing.SupportsInt | typing.SupportsIndex = 0) -> None:
    ...
@typing.overload
def network_evaluate(weight: numpy.typing.NDArray[numpy.float32], bias: numpy.typing.NDArray[numpy.float32], coef: numpy.typing.NDArray[numpy.float32], offset: numpy.typing.NDArray[numpy.float32], activation: kousei._lib._core.Activation, x: numpy.typing.NDArray[numpy.float32], out: numpy.typing.NDArray[numpy.float32], on: Cpu) -> None:
    ...
@typing.overload
def network_evaluate(weight: numpy.typing.NDArray[numpy.float64], bias: numpy.typing.NDArray[numpy.float64], coef: numpy.typing.NDArray[numpy.float64], offset: numpy.typing.NDArray[numpy.float64], activation: kousei._lib._core.Activation, x: numpy.typing.NDArray[numpy.float64], out: numpy.typing.NDArray[numpy.float64], on: Cpu) -> None:
    ...
@typing.overload
def packed_interleave(words: numpy.typing.NDArray[numpy.uint32], columns: typing.SupportsInt | typing.SupportsIndex, interleaved: numpy.typing.NDArray[numpy.uint32], on: Cpu, scales: numpy.typing.NDArray[numpy.float32] | None = None, group: typing.SupportsInt | typing.SupportsIndex = 0) -> None:
    ...
@typing.overload
def packed_interleave(words: numpy.typing.NDArray[numpy.uint32], columns: typing.SupportsInt | typing.SupportsIndex, interleaved: numpy.typing.NDArray[numpy.uint32], on: Cpu, scales: numpy.typing.NDArray[numpy.float64] | None = None, group: typing.SupportsInt | typing.SupportsIndex = 0) -> None:
    ...
@typing.overload
def packed_interleaved_words(words: numpy.typing.NDArray[numpy.uint32], columns: typing.SupportsInt | typing.SupportsIndex, scales: numpy.typing.NDArray[numpy.float32] | None = None, group: typing.SupportsInt | typing.SupportsIndex = 0) -> int:
    ...
@typing.overload
def packed_interleaved_words(words: numpy.typing.NDArray[numpy.uint32], columns: typing.SupportsInt | typing.SupportsIndex, scales: numpy.typing.NDArray[numpy.float64] | None = None, group: typing.SupportsInt | typing.SupportsIndex = 0) -> int:
    ...
@typing.overload
def packed_matmul(words: numpy.typing.NDArray[numpy.uint32], columns: typing.SupportsInt | typing.SupportsIndex, x: numpy.typing.NDArray[numpy.float32], out: numpy.typing.NDArray[numpy.float32], on: Cpu, interleaved: numpy.typing.NDArray[numpy.uint32] | None = None, scales: numpy.typing.NDArray[numpy.float32] | None = None, group: typing.SupportsInt | typing.SupportsIndex = 0) -> None:
    ...
@typing.overload
def packed_matmul(words: numpy.typing.NDArray[numpy.uint32], columns: typing.SupportsInt | typing.SupportsIndex, x: numpy.typing.NDArray[numpy.float64], out: numpy.typing.NDArray[numpy.float64], on: Cpu, interleaved: numpy.typing.NDArray[numpy.uint32] | None = None, scales: numpy.typing.NDArray[numpy.float64] | None = None, group: typing.SupportsInt | typing.SupportsIndex = 0) -> None:
    ...
@typing.overload
def packed_pack(signs: numpy.typing.NDArray[numpy.float32], words: numpy.typing.NDArray[numpy.uint32], on: Cpu) -> int:
    ...
@typing.overload
def packed_pack(signs: numpy.typing.NDArray[numpy.float64], words: numpy.typing.NDArray[numpy.uint32], on: Cpu) -> int:
    ...
@typing.overload
def packed_pack(signs: numpy.typing.NDArray[numpy.int8], words: numpy.typing.NDArray[numpy.uint32], on: Cpu) -> int:
    ...
@typing.overload
def packed_pack(signs: numpy.typing.NDArray[numpy.int16], words: numpy.typing.NDArray[numpy.uint32], on: Cpu) -> int:
    ...
@typing.overload
def packed_pack(signs: numpy.typing.NDArray[numpy.int32], words: numpy.typing.NDArray[numpy.uint32], on: Cpu) -> int:
    ...
@typing.overload
def packed_pack(signs: numpy.typing.NDArray[numpy.int64], words: numpy.typing.NDArray[numpy.uint32], on: Cpu) -> int:
    ...
@typing.overload
def packed_unpack(words: numpy.typing.NDArray[numpy.uint32], signs: numpy.typing.NDArray[numpy.float32], on: Cpu) -> None:
    ...
@typing.overload
def packed_unpack(words: numpy.typing.NDArray[numpy.uint32], signs: numpy.typing.NDArray[numpy.float64], on: Cpu) -> None:
    ...
@typing.overload
def packed_unpack(words: numpy.typing.NDArray[numpy.uint32], signs: numpy.typing.NDArray[numpy.int8], on: Cpu) -> None:
    ...
@typing.overload
def packed_unpack(words: numpy.typing.NDArray[numpy.uint32], signs: numpy.typing.NDArray[numpy.int16], on: Cpu) -> None:
    ...
@typing.overload
def packed_unpack(words: numpy.typing.NDArray[numpy.uint32], signs: numpy.typing.NDArray[numpy.int32], on: Cpu) -> None:
    ...
@typing.overload
def packed_unpack(words: numpy.typing.NDArray[numpy.uint32], signs: numpy.typing.NDArray[numpy.int64], on: Cpu) -> None:
    ...
