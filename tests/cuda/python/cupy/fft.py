"""Of NumPy, with arrays of the package."""

import numpy as np

from ._array import function

__all__ = [name for name in np.fft.__all__ if callable(getattr(np.fft, name))]
globals().update({name: function(getattr(np.fft, name)) for name in __all__})
