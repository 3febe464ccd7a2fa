"""What an attribution is, and how far its levels agree."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from kousei._lib.errors import check_type
from kousei.attribution.game import Reals


@dataclass(frozen=True, repr=False, eq=False)
class Attribution:
    """What each feature, and each item, adds to the value of a set.

    Attributes
    ----------
    features : numpy.ndarray (n, features) of float64
        Of each feature of each item.
    items : numpy.ndarray (n,) of float64
        Of each item.
    errors, item_errors : numpy.ndarray (n, features), (n,) of float64
        Standard errors of what was drawn; 0 where nothing was.
    value, base : float
        The value of all items, and without them.
    evaluations : int
        Values of the function that it took.
    """

    features: Reals
    items: Reals
    errors: Reals
    item_errors: Reals
    value: float
    base: float
    evaluations: int

    def __repr__(self) -> str:
        n, features = self.features.shape
        size = f"{n} items x {features} features, {self.base:.6g} -> {self.value:.6g}"
        return f"Attribution({size}, {self.evaluations} evaluations)"

    def plot(self, ax: Any = None, *, item_names: Any = None, feature_names: Any = None) -> Any:
        """Draw the features as a heat map, with a column for the items, by Matplotlib.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw; in a new figure unless given.
        item_names, feature_names : sequence of str, optional
            Their numbers unless given.

        Returns
        -------
        matplotlib.axes.Axes

        Raises
        ------
        ImportError
            If Matplotlib is not installed.
        ValueError
            If there are not as many names.
        """
        n, features = self.features.shape
        rows = _names("item_names", item_names, n)
        columns = _names("feature_names", feature_names, features)
        try:
            import matplotlib.pyplot as plt
            from matplotlib.axes import Axes
        except ImportError:
            raise ImportError("Matplotlib is not installed: pip install 'kousei[plot]'") from None
        check_type("ax", ax, Axes | None, "matplotlib.axes.Axes")
        ax = plt.subplots(layout="constrained")[1] if ax is None else ax
        # A column of nothing stands between features and items.
        shown = np.column_stack([self.features, np.full(n, np.nan), self.items])
        most = float(np.nanmax(np.abs(shown))) or 1.0
        picture = ax.imshow(shown, cmap="RdBu_r", vmin=-most, vmax=most)
        ax.set_xticks([*range(features), features + 1], [*columns, "item"])
        ax.set_yticks(range(n), rows)
        ax.set(xlabel="feature", ylabel="item")
        ax.figure.colorbar(picture, ax=ax, label="adds to the value")
        return ax


def _names(name: str, names: Any, count: int) -> list[str]:
    check_type(name, names, Iterable | None, "a sequence of names")
    names = [str(each) for each in (range(count) if names is None else names)]
    if len(names) != count:
        raise ValueError(f"{name} has {len(names)} entries; {count} are accepted")
    return names


def consistency_gap(attribution: Attribution) -> float:
    """Return by how much the features of an item do not add up to it, at most: max_i |sum_d features_id - items_i|.

    Parameters
    ----------
    attribution : Attribution

    Returns
    -------
    float

    Raises
    ------
    TypeError
        If it is no attribution.

    Examples
    --------
    >>> from kousei.attribution import consistency_gap, owen_values
    >>> consistency_gap(owen_values(lambda x, mask: x.sum(axis=(1, 2)), [[1, 2], [3, 1]])) < 1e-14
    True
    """
    check_type("attribution", attribution, Attribution, "an Attribution")
    return float(np.abs(attribution.features.sum(axis=1) - attribution.items).max())


def completeness_gap(attribution: Attribution) -> float:
    """Return by how much the items do not add up to the value: |sum_i items_i - (value - base)|.

    Parameters
    ----------
    attribution : Attribution

    Returns
    -------
    float

    Raises
    ------
    TypeError
        If it is no attribution.

    Examples
    --------
    >>> from kousei.attribution import completeness_gap, owen_values
    >>> completeness_gap(owen_values(lambda x, mask: x.prod(axis=(1, 2)), [[1, 2], [3, 1]])) < 1e-14
    True
    """
    check_type("attribution", attribution, Attribution, "an Attribution")
    return abs(float(attribution.items.sum()) - (attribution.value - attribution.base))
