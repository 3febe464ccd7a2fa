"""How the value of a set falls as its features leave."""

from __future__ import annotations

from typing import Any

import numpy as np

from kousei._lib.arrays import require_shape
from kousei._lib.errors import check_type
from kousei.attribution.game import Game, Reals
from kousei.attribution.result import Attribution


def deletion_curve(
    f: Any,
    items: Any,
    attribution: Attribution,
    baseline: Any = None,
    absent: str = "baseline",
    *,
    groups: Any = None,
) -> Reals:
    """Return the value of a set as its features leave, from the one that adds most to the one that adds least.

    Parameters
    ----------
    f, items, baseline, absent, groups
        As those of `owen_values`.
    attribution : Attribution
        Of this set; it tells the order.

    Returns
    -------
    numpy.ndarray (n features + 1,) of float64
        The value with 0, 1, ... features gone.

    Raises
    ------
    TypeError, ValueError
        As `owen_values`, or if `attribution` is none or of another size.

    Notes
    -----
    The sooner it falls the better the first features are found; much of it depends on features acting together, which
    no attribution tells. Errors and gaps tell methods apart, these curves hardly do.

    Examples
    --------
    >>> from kousei.attribution import deletion_curve, owen_values
    >>> total, items = (lambda x, mask: x.sum(axis=(1, 2))), [[1, 2], [4, 3]]
    >>> deletion_curve(total, items, owen_values(total, items))
    array([10.,  6.,  3.,  1.,  0.])
    """
    check_type("attribution", attribution, Attribution, "an Attribution")
    game = Game(f, items, baseline, absent, groups)
    require_shape("attribution.features", attribution.features, (game.n, game.features))
    order = np.argsort(-attribution.features, axis=None, kind="stable")
    rank = np.argsort(order).reshape(game.n, game.features)
    return game(rank >= np.arange(rank.size + 1)[:, None, None])
