"""Functions of sets that are sums over the items, or means by attention, behind a network."""

from __future__ import annotations

from typing import Any

from kousei._lib import arrays
from kousei._lib.arrays import Array
from kousei._lib.errors import check_type
from kousei.attribution.function import SetFunction, check_sets
from kousei.attribution.masks import Groups
from kousei.attribution.tables import Tables, tabulate
from kousei.network import MLP


class DeepSet(SetFunction):
    """The function rho(sum of phi(item) over the items) of a set: deep sets.

    `owen_values` and the other methods tabulate phi for it, on the masked items, and never form the sets: values of
    coalitions are sums of lines of the table behind rho.

    Parameters
    ----------
    phi : kousei.MLP
        Of the columns of an item.
    rho : kousei.MLP
        Of as many inputs as phi has outputs, with one output; of the dtype and in the memory of phi. Of several
        outputs, ``rho >> MLP([row], [offset], [])`` takes a combination.

    Raises
    ------
    TypeError
        If an argument is no network, or their dtypes or places differ.
    ValueError
        If the networks do not fit each other.

    Notes
    -----
    M. Zaheer et al., "Deep Sets", arXiv:1703.06114. Networks of torch become ones of kousei by
    `kousei.io.from_torch`.

    Examples
    --------
    The square of the sum of all numbers of a set, at [[1, 2], [3, 1]] and without its second item:

    >>> import numpy as np
    >>> from kousei import MLP
    >>> from kousei.attribution import DeepSet
    >>> phi = MLP([np.ones((1, 2))], [np.zeros(1)], [])
    >>> rho = MLP([np.array([[1.0], [-1.0]]), np.ones((1, 2))], [np.zeros(2), np.zeros(1)], ["repu2"])
    >>> x = np.array([[[1.0, 2.0], [3.0, 1.0]]] * 2)
    >>> DeepSet(phi, rho)(x, np.array([[True, True], [True, False]]))
    array([49.,  9.])
    """

    phi: MLP
    rho: MLP

    def __init__(self, phi: MLP, rho: MLP) -> None:
        self.phi, self.rho = _check(phi, "phi"), _check(rho, "rho", phi)
        _check_outputs("phi", phi.outputs, rho.dim)
        _check_outputs("rho", rho.outputs, 1)

    def __repr__(self) -> str:
        return f"DeepSet({self.phi} -> {self.rho})"

    def values(self, x: Array, mask: Array) -> Array:
        """As that of `SetFunction`; rho(0) of a set without items."""
        x, mask = check_sets(x, mask)
        xp = arrays.namespace(x)
        terms = xp.where(mask[..., None], _columns(xp, self.phi, x), 0)
        return self.rho(xp.sum(terms, axis=1))

    def tabulate(self, items: Array, baseline: Array, absent: str, groups: Groups) -> Tables | None:
        """Return the values of coalitions of `items` by a table; None where there is none for a network."""

        def terms_of(x: Array) -> tuple[Array, Array | None]:
            return _columns(arrays.namespace(x), self.phi, x), None

        return tabulate(terms_of, self.rho, items, baseline, absent, groups)


class AttentionPooling(SetFunction):
    """The function rho(sum of w_i phi(item i)) of a set, w = softmax of score(item) over its items.

    Values of coalitions are had by tables, as those of `DeepSet`.

    Parameters
    ----------
    phi : kousei.MLP
        Of the columns of an item.
    score : kousei.MLP
        Of the columns of an item, with one output.
    rho : kousei.MLP
        As that of `DeepSet`.

    Raises
    ------
    TypeError
        If an argument is no network, or their dtypes or places differ.
    ValueError
        If the networks do not fit each other.

    Notes
    -----
    M. Ilse, J. M. Tomczak and M. Welling, "Attention-based deep multiple instance learning", arXiv:1802.04712.

    Examples
    --------
    Where all scores are alike it is the mean:

    >>> import numpy as np
    >>> from kousei import MLP
    >>> from kousei.attribution import AttentionPooling
    >>> total = MLP([np.ones((1, 2))], [np.zeros(1)], [])
    >>> f = AttentionPooling(total, 0 * total, MLP([np.ones((1, 1))], [np.zeros(1)], []))
    >>> x = np.array([[[1.0, 2.0], [3.0, 1.0]]] * 2)
    >>> f(x, np.array([[True, True], [True, False]]))
    array([3.5, 3. ])
    """

    score: MLP
    rho: MLP

    def __init__(self, phi: MLP, score: MLP, rho: MLP) -> None:
        self.phi: MLP = _check(phi, "phi")
        self.score, self.rho = _check(score, "score", phi), _check(rho, "rho", phi)
        if score.dim != phi.dim:
            raise ValueError(f"score has {score.dim} inputs and phi has {phi.dim}; they must agree")
        _check_outputs("score", score.outputs, 1)
        _check_outputs("phi", phi.outputs, rho.dim)
        _check_outputs("rho", rho.outputs, 1)

    def __repr__(self) -> str:
        return f"AttentionPooling({self.phi}, {self.score} -> {self.rho})"

    def values(self, x: Array, mask: Array) -> Array:
        """As that of `SetFunction`; rho(0) of a set without items."""
        x, mask = check_sets(x, mask)
        xp = arrays.namespace(x)
        scores = xp.where(mask, self.score(x), -xp.inf)
        largest = xp.max(scores, axis=1, keepdims=True)
        weights = xp.exp(scores - xp.where(xp.isfinite(largest), largest, 0))
        total = xp.sum(weights, axis=1)[:, None]
        terms = xp.where(mask[..., None], weights[..., None] * _columns(xp, self.phi, x), 0)
        return self.rho(xp.sum(terms, axis=1) / xp.where(total > 0, total, 1))

    def tabulate(self, items: Array, baseline: Array, absent: str, groups: Groups) -> Tables | None:
        """As that of `DeepSet`; None too where scores are so far apart that a weight would be 0."""

        def terms_of(x: Array) -> tuple[Array, Array | None]:
            return _columns(arrays.namespace(x), self.phi, x), self.score(x)

        return tabulate(terms_of, self.rho, items, baseline, absent, groups)


def _columns(xp: Any, net: MLP, x: Array) -> Array:
    """Return the values (..., outputs) of a network, with an axis for one output too."""
    values = net(x)
    return values[..., None] if net.outputs == 1 else values


def _check(net: Any, name: str, beside: MLP | None = None) -> MLP:
    check_type(name, net, MLP, "a kousei.MLP")
    if beside is not None:
        if net.dtype != beside.dtype:
            raise TypeError(f"{name} has dtype {net.dtype} and phi has {beside.dtype}; they must agree")
        arrays.require_one_place(name, net.biases[0], "phi", beside.biases[0])
    checked: MLP = net
    return checked


def _check_outputs(name: str, outputs: int, wanted: int) -> None:
    if outputs != wanted:
        raise ValueError(f"{name} has {outputs} outputs; {wanted} is accepted")
