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


class Plan:
    """A plan of the package."""

    def __init__(
        self, kind: int, shape: Any, *, eps: float, isign: int, dtype: str, upsampfac: float, **at: int
    ) -> None:
        assert at == {"gpu_stream": 0, "gpu_device_id": 0}
        # The kinds of spreading that a device has are one for both directions, and one thread adds up in order.
        self._plan = finufft.Plan(kind, shape, eps=eps, isign=isign, dtype=dtype, upsampfac=upsampfac, nthreads=1)

    def setpts(self, *angles: Any) -> None:
        self._plan.setpts(*(line.get() for line in angles))

    def execute(self, data: Any, out: Any) -> Any:
        out[...] = cupy.ndarray(self._plan.execute(data.get()))
        return out
