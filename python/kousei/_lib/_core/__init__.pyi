"""
Compiled kernels of kousei; one submodule for each kind of memory.
"""
from __future__ import annotations
import enum
import typing
from . import cpu
from . import cuda
__all__: list[str] = ['Activation', 'CudaError', 'FunahashiMethod', 'SizeError', 'activation_names', 'cpu', 'cuda', 'file_format', 'funahashi_table_degree', 'funahashi_unit_count', 'funahashi_work', 'instruction_set_name', 'largest_power', 'num_threads', 'packed_few_points', 'packed_stride', 'rbm_rows_of_sum', 'read_safetensors_header', 'ridgelet_largest_power', 'safetensors_header_bytes', 'set_num_threads']
class SizeError(ValueError):
    """
    A network, grid or workspace has more elements than 64 bits can count.
    """
class CudaError(RuntimeError):
    """
    CUDA memory cannot be computed on: no build, driver or device for it, or an error of the CUDA runtime.
    """
class Activation(enum.Enum):
    arctan: typing.ClassVar[Activation]
    erf: typing.ClassVar[Activation]
    gelu: typing.ClassVar[Activation]
    homogeneous: typing.ClassVar[Activation]
    logistic: typing.ClassVar[Activation]
    piecewise_linear: typing.ClassVar[Activation]
    relu: typing.ClassVar[Activation]
    repu: typing.ClassVar[Activation]
    silu: typing.ClassVar[Activation]
    softplus: typing.ClassVar[Activation]
    tanh: typing.ClassVar[Activation]
class FunahashiMethod(enum.Enum):
    dense: typing.ClassVar[FunahashiMethod]
    shared: typing.ClassVar[FunahashiMethod]
    window: typing.ClassVar[FunahashiMethod]
def funahashi_unit_count(order: typing.SupportsInt | typing.SupportsIndex, dim: typing.SupportsInt | typing.SupportsIndex, thresholds: typing.SupportsInt | typing.SupportsIndex) -> int:
    ...
def funahashi_work(thresholds: typing.SupportsInt | typing.SupportsIndex, spacing: typing.SupportsFloat | typing.SupportsIndex, delta: typing.SupportsFloat | typing.SupportsIndex, alpha: typing.SupportsFloat | typing.SupportsIndex, activation: Activation, merged: typing.SupportsInt | typing.SupportsIndex, method: FunahashiMethod, single: bool) -> int:
    ...
def instruction_set_name() -> str:
    ...
def num_threads() -> int:
    ...
def packed_stride(columns: typing.SupportsInt | typing.SupportsIndex) -> int:
    ...
def read_safetensors_header(start: bytes, file_bytes: typing.SupportsInt | typing.SupportsIndex) -> tuple[dict, dict]:
    ...
def safetensors_header_bytes(start: bytes, file_bytes: typing.SupportsInt | typing.SupportsIndex) -> int:
    ...
def set_num_threads(count: typing.SupportsInt | typing.SupportsIndex) -> None:
    ...
__version__: str = '0.1.0'
activation_names: tuple = ('logistic', 'tanh', 'erf', 'arctan', 'relu', 'gelu', 'silu', 'softplus')
file_format: int = 1
funahashi_table_degree: int = 8
largest_power: int = 32
packed_few_points: int = 8
rbm_rows_of_sum: int = 2048
ridgelet_largest_power: float = 32.0
