"""What the tables of valid calls share."""

from collections.abc import Callable
from typing import Any

import numpy as np

Call = tuple[Callable[..., Any], dict[str, Any]]
BOX = [(-1.0, 1.0)] * 2
X2 = np.random.default_rng(0).uniform(-1, 1, (12, 2))
Y = X2[:, 0] + X2[:, 1] ** 2
POINTS = {"x": X2}


def f(x: Any) -> Any:
    """Return a smooth function's values at points."""
    return np.exp(x[..., 0])
