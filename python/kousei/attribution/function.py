"""Functions of sets."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from array_api_compat import is_torch_array

from kousei._lib import arrays
from kousei._lib.arrays import Array
from kousei._lib.errors import check_callable
from kousei.attribution.masks import Groups
from kousei.attribution.tables import Tables
from kousei.network import MLP


class SetFunction:
    """A function of sets of items, over padded batches.

    Parameters
    ----------
    f : callable or kousei.MLP
        Called with x (batch, items, columns), of float32 or float64, and mask (batch, items) of bool, False where
        there is no item; it returns a real number for each set, (batch,), of the library of x. A module of torch is
        such a function, in the mode it is in: `eval` makes those deterministic that are not. A `kousei.MLP` takes all
        numbers of a set in a row, and no set without one of its items.

    Raises
    ------
    TypeError
        If `f` is not callable.

    Examples
    --------
    >>> import numpy as np
    >>> from kousei.attribution import SetFunction
    >>> largest = SetFunction(lambda x, mask: np.where(mask, x.sum(axis=-1), -np.inf).max(axis=-1))
    >>> largest(np.array([[[1.0, 2.0], [3.0, 4.0]]]), np.array([[True, False]]))
    array([3.])
    """

    def __init__(self, f: Callable[[Array, Array], Array]) -> None:
        check_callable("f", f, "a function of x and mask")
        self._f = f

    def __repr__(self) -> str:
        return f"SetFunction({getattr(self._f, '__name__', None) or type(self._f).__name__})"

    def __call__(self, x: Array, mask: Array, /) -> Array:
        """Evaluate the function, without gradients.

        Parameters
        ----------
        x : array (batch, items, columns)
            Of float32 or float64.
        mask : array (batch, items) of bool
            Like `x`.

        Returns
        -------
        array (batch,)
            Of the library of `x`.

        Raises
        ------
        TypeError
            If an argument is no array of these dtypes, or the function is a module of torch and `x` no tensor, or
            returns no array.
        ValueError
            If an argument has another shape, or what it returns, or it is a `kousei.MLP` and an item is absent.
        """
        x = arrays.known("x", x)
        if not is_torch_array(x):
            return self.values(x, mask)
        import torch

        with torch.no_grad():
            return self.values(x, mask)

    def tabulate(self, items: Array, baseline: Array, absent: str, groups: Groups) -> Tables | None:
        """Return what has the values of all coalitions of a set by a table, where a function has one.

        Parameters
        ----------
        items : array (n, columns)
        baseline : array (columns,)
        absent : {"baseline", "remove"}
        groups : numpy.ndarray (columns,) of int64

        Returns
        -------
        Tables or None
            None, but of `DeepSet` and `AttentionPooling`.
        """
        return None

    def values(self, x: Array, mask: Array) -> Array:
        """Evaluate the function as `__call__`, with gradients where it has them.

        Parameters
        ----------
        x, mask : array
            As those of `__call__`.

        Returns
        -------
        array (batch,)

        Raises
        ------
        TypeError, ValueError
            As `__call__`.
        """
        x, mask = check_sets(x, mask)
        batch, items, columns = arrays.shape_of(x)
        if isinstance(self._f, MLP):
            if not bool(arrays.namespace(mask).all(mask)):
                raise ValueError("f is a kousei.MLP and takes all items; absent='baseline' is accepted")
            values = self._f(arrays.namespace(x).reshape(x, (batch, items * columns)))
        elif _is_module(self._f) and not is_torch_array(x):
            raise TypeError(f"f is a module of torch and items was {type(x).__name__}; a tensor is accepted")
        else:
            values = self._f(x, mask)
        if not hasattr(values, "shape"):
            raise TypeError(f"f returned {type(values).__name__}; an array of one number for each set is accepted")
        if arrays.shape_of(values) != (batch,):
            raise ValueError(f"f returned shape {arrays.shape_of(values)} for {batch} sets; ({batch},) is accepted")
        return values


def check_sets(x: Array, mask: Array) -> tuple[Array, Array]:
    """Return the arrays of sets, and of what is in them, once they are known to be such."""
    if not (is_torch_array(x) and x.requires_grad):
        x = arrays.known("x", x)
    mask = arrays.known("mask", mask)
    if arrays.namespace(x) is not arrays.namespace(mask):
        raise TypeError(
            f"mask was {type(mask).__name__} and x {type(x).__name__}; arrays of one library are accepted"
        )
    arrays.real_dtype(x=x)
    shape = arrays.shape_of(x)
    if len(shape) != 3:
        raise ValueError(f"x has shape {shape}; (batch, items, columns) is accepted")
    arrays.require_shape("mask", mask, shape[:2])
    if arrays.dtype_name(mask) != "bool":
        raise TypeError(f"mask has dtype {arrays.dtype_name(mask)}; bool is accepted")
    return x, mask


def as_set_function(f: Any) -> SetFunction:
    """Return a function of sets itself, or what makes a callable one."""
    return f if isinstance(f, SetFunction) else SetFunction(f)


def _is_module(f: Any) -> bool:
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(f, torch.nn.Module)
