"""A stand-in for cufinufft, by finufft."""

from collections.abc import Callable
from typing import Any

import cupy
import finufft


def _on_device(transform: Callable[..., Any]) -> Callable[..., Any]:
    def call(*arrays: Any, eps: float, isign: int, gpu_stream: int, gpu_device_id: int) -> Any:
        assert (gpu_stream, gpu_device_id) == (0, 0)
        return cupy.ndarray(transform(*(array.get() for array in arrays), eps=eps, isign=isign))

    return call


nufft1d2, nufft2d2, nufft3d2 = map(_on_device, (finufft.nufft1d2, finufft.nufft2d2, finufft.nufft3d2))
