"""Sums of a feature that has one value for each label of a pair (x, xi), by the compiled kernels."""

from __future__ import annotations

import math
from typing import Any, Literal

import numpy as np

from kousei._lib import arrays, backends
from kousei._lib.arrays import Array
from kousei._lib.backends import Backend
from kousei._lib.errors import check_bool

Over = Literal["points", "units"]

_PRECISIONS = {"float32": "float32", "complex64": "float32", "float64": "float64", "complex128": "float64"}


def orbit_sum(f: Array, labels: Array, values: Array, *, transpose: bool = False) -> Array:
    r"""Return the sums :math:`\sum_x f(x)\,v_{\ell(x,\xi)}` of a feature that is constant on orbits of pairs.

    A feature of numbers that is invariant when a group moves x and xi together has one value v for each orbit of the
    pairs. It is not stored: its labels take half of float64, and a label serves a whole batch of functions.

    Parameters
    ----------
    f : array of shape (..., X)
        Functions, of float32, float64, complex64 or complex128.
    labels : array of int32, shape (X, Xi)
        Orbit of each pair, such as `pair_orbits` returns as int32; in the memory of f.
    values : array of shape (orbits,)
        Value on each orbit, real or complex, in the precision and the memory of f.
    transpose : bool
        Sum over xi instead: f is (..., Xi) and the result (..., X).

    Returns
    -------
    array of shape (..., Xi)
        Of the library and precision of f; complex if f or the values are.

    Raises
    ------
    TypeError
        If an argument is not such an array.
    ValueError
        If shapes do not fit; or in host memory if numbers are not finite, or a label is not the number of a value.
        In CUDA memory, such a label makes its sums NaN.

    Notes
    -----
    In host memory the sums are the same for any number of threads, and in CUDA memory from run to run.

    Examples
    --------
    Sums over the neighbours of each corner of a square, and over the corner itself:

    >>> import numpy as np
    >>> from kousei.equivariant import FiniteGroup, GSet, orbit_sum, pair_orbits
    >>> X = GSet.natural(FiniteGroup.dihedral(4))
    >>> labels = pair_orbits(X, X).astype(np.int32)
    >>> orbit_sum(np.array([1.0, 10.0, 100.0, 1000.0]), labels, np.array([1.0, 2.0, 0.0]))
    array([2021.,  212., 2120., 1202.])
    """
    check_bool("transpose", transpose)
    backend, f = backends.enter("f", f)
    labels, values = arrays.known("labels", labels), arrays.known("values", values)
    for name, array in (("f", f), ("values", values)):
        if arrays.dtype_name(array) not in _PRECISIONS:
            accepted = "float32, float64, complex64 and complex128 are accepted"
            raise TypeError(f"{name} has dtype {arrays.dtype_name(array)}; {accepted}")
    given, its = arrays.dtype_name(f), arrays.dtype_name(values)
    if _PRECISIONS[given] != _PRECISIONS[its]:
        raise TypeError(f"values has dtype {its} and f has {given}; they must agree in precision")
    if arrays.dtype_name(labels) != "int32":
        raise TypeError(f"labels has dtype {arrays.dtype_name(labels)}; int32 is accepted")
    for name, array in (("labels", labels), ("values", values)):
        arrays.require_one_place(name, array, "f", f)
    shape = arrays.shape_of(labels)
    if len(shape) != 2:
        raise ValueError(f"labels has shape {shape}; (X, Xi) is accepted")
    if len(arrays.shape_of(values)) != 1 or not arrays.shape_of(values)[0]:
        raise ValueError(f"values has shape {arrays.shape_of(values)}; (orbits,) is accepted")
    terms, cells = shape[::-1] if transpose else shape
    batch = arrays.batch_axes("f", f, (terms,))
    arrays.require_memory(math.prod(batch) * cells, 16, f"a batch of {math.prod(batch)} sums for {cells} cells")
    g, v = backend.array("f", f), backend.array("values", values)
    if arrays.on_host(g):
        arrays.require_finite("f", g)
        arrays.require_finite("values", v)
    over: Over = "units" if transpose else "points"
    view = backend.view("labels", labels)
    total = label_sum(backend, (view,), v, g.reshape(math.prod(batch), terms), cells, over)
    return backend.finish(total.reshape(*batch, cells))


def label_sum(backend: Backend, labels: tuple[Any, ...], values: Array, f: Array, cells: int, over: Over) -> Array:
    """Return sums of (batch, terms) over points or units, (batch, cells).

    Labels are those of a view of orbits, or (a.x - b) mod p of (p, dim, the first unit, the number of units).
    """
    if arrays.dtype_name(values).startswith("complex"):
        real, imaginary = (label_sum(backend, labels, part, f, cells, over) for part in (values.real, values.imag))
        return real + 1j * imaginary
    if arrays.dtype_name(f).startswith("complex"):
        both = label_sum(backend, labels, values, arrays.namespace(f).concat([f.real, f.imag]), cells, over)
        return both[: len(f)] + 1j * both[len(f) :]
    total = backend.empty((len(f), cells), np.dtype(arrays.dtype_name(f)))
    views = [backend.view(name, array) for name, array in (("values", values), ("f", f), ("out", total))]
    getattr(backend.kernels, f"equivariant_sum_over_{over}")(*labels, *views, backend.launch())
    return total
