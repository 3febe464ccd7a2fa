"""The constructors, in the order in which they are tried: what is quick, and what tells much by few units, first."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from kousei.front.features import features
from kousei.front.frequencies import formula, refitted, series
from kousei.front.polynomials import affine, few_units, polynomial
from kousei.front.problem import Array, Problem, RefusedError
from kousei.front.profiles import ridgelet
from kousei.front.univariate import fit_line
from kousei.funahashi import FunahashiNetwork
from kousei.network import MLP

Constructor = Callable[[Problem, int], MLP | FunahashiNetwork]


class Candidate(NamedTuple):
    """A constructor, and what reports call it."""

    name: str
    make: Constructor


def line(problem: Problem, most: int) -> MLP:
    """Return one hidden layer of a function of one variable, see `fit_line`."""
    if problem.dim > 1:
        raise RefusedError("it is for functions of one variable")

    def g(t: Array) -> Array:
        return problem(t[:, None])[:, None]

    lo, hi, tol = float(problem.lo[0]), float(problem.hi[0]), np.array([problem.tol / 2])
    layer = fit_line(g, lo, hi, tol, problem.activation, most)
    return MLP([layer.weight[:, None], layer.coef], [layer.bias, layer.offset], [layer.activation])


CANDIDATES = (
    Candidate("affine", affine),
    Candidate("few units for a polynomial", few_units),
    Candidate("one variable", line),
    Candidate("polynomial, RePU", polynomial),
    Candidate("finite Fourier series", series),
    Candidate("random directions", features),
    Candidate("Funahashi, output weights refitted", refitted),
    Candidate("Funahashi's formula", formula),
    Candidate("ridgelets of one scale", ridgelet),
)
