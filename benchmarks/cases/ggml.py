"""ggml's product of signs with a point, of type Q1_0, by the libraries that llama-cpp-python installs.

Points become int8 there, with a scale for 32 of their coordinates.
"""

from __future__ import annotations

import ctypes
import weakref
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]

#: Numbers of types, from ggml.h.
_F32, _Q1_0 = 0, 41


class _Context(ctypes.Structure):
    _fields_ = [("size", ctypes.c_size_t), ("buffer", ctypes.c_void_p), ("no_alloc", ctypes.c_bool)]


def product(signs: Array, x: Array) -> Callable[[], Array]:
    """Return what multiplies signs (rows, columns) of float32 with x (columns,), on one thread."""
    base, cpu = _libraries()
    rows, columns = signs.shape
    context = _pointer(base.ggml_init)(_Context(rows * columns // 2 + (1 << 24), None, False))
    new = _pointer(base.ggml_new_tensor_2d)
    weight, point = (new(context, kind, columns, ctypes.c_int64(n)) for kind, n in ((_Q1_0, rows), (_F32, 1)))
    data = _pointer(base.ggml_get_data)
    base.ggml_quantize_chunk(
        _Q1_0,
        signs.ctypes.data_as(ctypes.c_void_p),
        data(weight),
        *map(ctypes.c_int64, (0, rows, columns)),
        None,
    )
    ctypes.memmove(data(point), x.ctypes.data, x.nbytes)
    result = _pointer(base.ggml_mul_mat)(context, weight, point)
    graph = _pointer(base.ggml_new_graph)(context)
    base.ggml_build_forward_expand(graph, result)
    values = np.ctypeslib.as_array(ctypes.cast(data(result), ctypes.POINTER(ctypes.c_float)), (rows,))

    def run() -> Array:
        cpu.ggml_graph_compute_with_ctx(context, graph, 1)
        return values.copy()

    weakref.finalize(run, base.ggml_free, context)  # with the memory of the values
    return run


def _libraries() -> tuple[Any, Any]:
    found = find_spec("llama_cpp")
    if found is None or found.origin is None:
        raise ImportError("No module named 'llama_cpp'")
    folder = Path(found.origin).parent / "lib"
    return tuple(ctypes.CDLL(str(folder / f"libggml-{part}.so"), ctypes.RTLD_GLOBAL) for part in ("base", "cpu"))


def _pointer(function: Any) -> Any:
    """Declare that a function takes and returns pointers."""
    function.restype = ctypes.c_void_p

    def call(*arguments: Any) -> ctypes.c_void_p:
        return ctypes.c_void_p(function(*arguments))

    return call
