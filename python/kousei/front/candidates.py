"""The constructors, in the order in which they are tried: what is quick, and what tells much by few units, first."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from kousei.front.constructors.features import features
from kousei.front.constructors.frequencies import formula, refitted, series
from kousei.front.constructors.grids import grid
from kousei.front.constructors.polynomials import few_units, polynomial
from kousei.front.constructors.profiles import ridgelet
from kousei.front.constructors.ridge import additive, bent, ridge, tilted
from kousei.front.constructors.ridges import ridges
from kousei.front.problem import Problem
from kousei.front.trains.tensor import tensor
from kousei.funahashi import FunahashiNetwork
from kousei.network import MLP

Constructor = Callable[[Problem, int], MLP | FunahashiNetwork]


class Candidate(NamedTuple):
    """A constructor, and what reports call it."""

    name: str
    make: Constructor


CANDIDATES = (
    Candidate("ridge function", ridge),
    Candidate("ridge function in ReLU units", bent),
    Candidate("sum over the variables", additive),
    Candidate("ridge function and a plane", tilted),
    Candidate("sum of ridge functions", ridges),
    Candidate("few units for a polynomial", few_units),
    Candidate("finite Fourier series", series),
    Candidate("products of functions of one variable", tensor),
    Candidate("polynomial, RePU", polynomial),
    Candidate("random directions", features),
    Candidate("ReLU interpolation on a grid", grid),
    Candidate("Funahashi, output weights refitted", refitted),
    Candidate("Funahashi's formula", formula),
    Candidate("ridgelets of one scale", ridgelet),
)
