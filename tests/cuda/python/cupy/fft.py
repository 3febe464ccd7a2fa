"""Of NumPy, with arrays of the package; none of them is empty."""

from collections.abc import Callable
from typing import Any

import numpy as np

from ._array import function

__all__ = [name for name in np.fft.__all__ if callable(getattr(np.fft, name))]


def _of_some(transform: Callable[..., Any]) -> Callable[..., Any]:
    def call(array: Any, *arguments: Any, **options: Any) -> Any:
        if getattr(array, "size", 1) == 0:
            raise ValueError("Invalid number of FFT data points (0) specified.")
        return transform(array, *arguments, **options)

    return call


globals().update({name: function(_of_some(getattr(np.fft, name))) for name in __all__})
