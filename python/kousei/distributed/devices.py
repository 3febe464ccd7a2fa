"""The GPUs of workers: whether each has one to compute on, and networks that do."""

from __future__ import annotations

from functools import cached_property
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import numpy as np

from kousei._lib import arrays
from kousei._lib.arrays import Array
from kousei._lib.backends import why_no_cuda
from kousei._lib.pickling import without_cached
from kousei.distributed.cluster import loss_named

if TYPE_CHECKING:
    from distributed import Client


def check_gpus(client: Client) -> None:
    """Raise ValueError unless all workers can compute on a GPU; those that cannot are named, with what they lack."""
    with loss_named(client):
        answers = client.run(why_no_gpu, on_error="return")
    # An OSError is of a worker that is lost meanwhile.
    lacking = {worker: reason for worker, reason in answers.items() if reason and not isinstance(reason, OSError)}
    if lacking:
        named = ", ".join(f"{reason} on {worker}" for worker, reason in lacking.items())
        raise ValueError(f"device was 'cuda', and client has workers that cannot compute on a GPU: {named}")


def why_no_gpu() -> str:
    """Return why this process cannot compute on a GPU; empty where it can."""
    return "CuPy is not installed" if find_spec("cupy") is None else why_no_cuda()


class OnGpu:
    """A network evaluated on the GPU of the process it is in, where a copy stays as long as it is there itself."""

    def __init__(self, net: Any) -> None:
        self._net = net

    __getstate__ = without_cached

    @cached_property
    def _there(self) -> Any:
        import cupy

        return self._net.like(cupy.empty(0, self._net.dtype))

    def __call__(self, x: Array) -> Array:
        """Return the values of points: in host memory where they are, else of CuPy."""
        import cupy

        values = self._there(cupy.asarray(x))
        return arrays.to_host(values) if isinstance(x, np.ndarray) else values
