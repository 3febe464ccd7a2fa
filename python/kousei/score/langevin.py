"""Samples of a density from its score alone."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from kousei.score.moments import Array


def langevin(
    score: Callable[[Array], Array],
    start: Array,
    scale: Array,
    steps: int,
    step_size: float,
    rng: np.random.Generator,
    progress: bool,
) -> Array:
    """Return where the chains x + step_size D^2 score(x) + sqrt(2 step_size) D xi are after `steps`, D of `scale`.

    ValueError as soon as one is not finite.
    """
    from tqdm import tqdm  # which loads much

    x, drift, noise = start.copy(), step_size * scale**2, math.sqrt(2 * step_size) * scale
    for step in tqdm(range(steps), "Langevin steps", disable=not progress):
        with np.errstate(over="ignore", invalid="ignore"):
            x += drift * score(x) + noise * rng.standard_normal(x.shape)
        lost = np.count_nonzero(~np.isfinite(x).all(axis=1))
        if lost:
            raise ValueError(
                f"{lost} of {len(x)} chains left all bounds at step {step + 1}: step_size was {step_size}; less is "
                "accepted, and with a bounded activation no estimate points away from the data far off"
            )
    return x
