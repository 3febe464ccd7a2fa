"""Of NumPy, with arrays of the package."""

import numpy as np

from ._array import function

__all__ = [name for name in np.linalg.__all__ if callable(getattr(np.linalg, name))]
globals().update({name: function(getattr(np.linalg, name)) for name in __all__})
