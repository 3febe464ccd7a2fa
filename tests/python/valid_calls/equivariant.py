"""Valid calls of groups and equivariant machines."""

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

from kousei import (
    equivariant,
)
from kousei.equivariant import FiniteGroup, GSet, JointEquivariantFeature, Representation
from valid_calls.common import Call


@cache
def group() -> FiniteGroup:
    return FiniteGroup.dihedral(3)


@cache
def corners() -> GSet:
    return GSet.natural(group())


@cache
def feature() -> JointEquivariantFeature:
    return JointEquivariantFeature.from_orbits([1.0, 0.5], corners(), corners())


@cache
def convolution() -> equivariant.Convolution:
    return equivariant.Convolution(FiniteGroup.cyclic(3), np.array([[1.0, 0.5, 0.0]]))


@cache
def finite() -> equivariant.FiniteRidgelet:
    g = np.maximum(np.arange(3) - 1.0, 0.0)
    return equivariant.FiniteRidgelet(3, 1, g, g - g.mean())


@cache
def finite_network() -> Any:
    return finite().sample([0.0, 1.0, 2.0], 4, rng=0)


@cache
def polygon() -> Representation:
    return Representation.dihedral(group())


ON_X = np.arange(3.0)
SPECTRUM = np.arange(9.0).reshape(3, 3)
CALLS: dict[str, Callable[[], Call]] = {
    "kousei.equivariant.Convolution.network": lambda: (convolution().network, {"gamma": np.ones((1, 3))}),
    "kousei.equivariant.Convolution.ridgelet": lambda: (convolution().ridgelet, {"f": ON_X}),
    "kousei.equivariant.FiniteGroup.affine": lambda: (FiniteGroup.affine, {"p": 3}),
    "kousei.equivariant.FiniteGroup.cyclic": lambda: (FiniteGroup.cyclic, {"n": 3}),
    "kousei.equivariant.FiniteGroup.dihedral": lambda: (FiniteGroup.dihedral, {"n": 3}),
    "kousei.equivariant.FiniteGroup.find": lambda: (group().find, {"permutation": [1, 2, 0]}),
    "kousei.equivariant.FiniteGroup.from_table": lambda: (FiniteGroup.from_table, {"table": [[0, 1], [1, 0]]}),
    "kousei.equivariant.FiniteGroup.inverse": lambda: (group().inverse, {"g": 1}),
    "kousei.equivariant.FiniteGroup.multiply": lambda: (group().multiply, {"g": 1, "h": 2}),
    "kousei.equivariant.FiniteGroup.power": lambda: (group().power, {"g": 1, "n": 2}),
    "kousei.equivariant.FiniteGroup.product": lambda: (FiniteGroup.product, {"groups": (group(), group())}),
    "kousei.equivariant.FiniteGroup.symmetric": lambda: (FiniteGroup.symmetric, {"n": 3}),
    "kousei.equivariant.FiniteNetwork.__call__": lambda: (finite_network(), {"x": [[0], [1]]}),
    "kousei.equivariant.FiniteRidgelet.adjoint": lambda: (finite().adjoint, {"spectrum": SPECTRUM}),
    "kousei.equivariant.FiniteRidgelet.dot": lambda: (finite().dot, {"x": ON_X}),
    "kousei.equivariant.FiniteRidgelet.dual": lambda: (finite().dual, {"spectrum": SPECTRUM}),
    "kousei.equivariant.FiniteRidgelet.matmat": lambda: (finite().matmat, {"X": ON_X[:, None]}),
    "kousei.equivariant.FiniteRidgelet.matvec": lambda: (finite().matvec, {"x": ON_X}),
    "kousei.equivariant.FiniteRidgelet.reconstruct": lambda: (finite().reconstruct, {"spectrum": SPECTRUM}),
    "kousei.equivariant.FiniteRidgelet.rmatmat": lambda: (finite().rmatmat, {"X": np.ones((9, 1))}),
    "kousei.equivariant.FiniteRidgelet.rmatvec": lambda: (finite().rmatvec, {"x": np.ones(9)}),
    "kousei.equivariant.FiniteRidgelet.sample": lambda: (finite().sample, {"f": ON_X, "units": 4}),
    "kousei.equivariant.FiniteRidgelet.transform": lambda: (finite().transform, {"f": ON_X}),
    "kousei.equivariant.GSet.act": lambda: (corners().act, {"g": 1, "x": 0}),
    "kousei.equivariant.GSet.cosets": lambda: (GSet.cosets, {"group": group(), "subgroup": [1]}),
    "kousei.equivariant.GSet.functions": lambda: (GSet.functions, {"X": corners(), "rows": [[0, 0, 0]]}),
    "kousei.equivariant.GSet.is_same": lambda: (corners().is_same, {"other": corners()}),
    "kousei.equivariant.GSet.natural": lambda: (GSet.natural, {"group": group()}),
    "kousei.equivariant.GSet.product": lambda: (GSet.product, {"X": corners(), "Y": corners()}),
    "kousei.equivariant.GSet.regular": lambda: (GSet.regular, {"group": group()}),
    "kousei.equivariant.GSet.subsets": lambda: (GSet.subsets, {"X": corners(), "k": 2}),
    "kousei.equivariant.GSet.trivial": lambda: (GSet.trivial, {"group": group(), "size": 2}),
    "kousei.equivariant.GSet.tuples": lambda: (GSet.tuples, {"X": corners(), "k": 2}),
    "kousei.equivariant.GSet.words": lambda: (GSet.words, {"X": corners(), "letters": 2}),
    "kousei.equivariant.JointEquivariantFeature.average": lambda: (
        JointEquivariantFeature.average,
        {"seed": np.ones((3, 3)), "X": corners(), "Xi": corners()},
    ),
    "kousei.equivariant.JointEquivariantFeature.certify": lambda: (feature().certify, {"psi": feature()}),
    "kousei.equivariant.JointEquivariantFeature.dual": lambda: (feature().dual, {"f": ON_X}),
    "kousei.equivariant.JointEquivariantFeature.frame_operator": lambda: (feature().frame_operator, {}),
    "kousei.equivariant.JointEquivariantFeature.from_orbits": lambda: (
        JointEquivariantFeature.from_orbits,
        {"values": [1.0, 0.5], "X": corners(), "Xi": corners()},
    ),
    "kousei.equivariant.JointEquivariantFeature.network": lambda: (feature().network, {"gamma": ON_X}),
    "kousei.equivariant.JointEquivariantFeature.reconstruct": lambda: (feature().reconstruct, {"f": ON_X}),
    "kousei.equivariant.JointEquivariantFeature.ridgelet": lambda: (feature().ridgelet, {"f": ON_X}),
    "kousei.equivariant.Representation.dihedral": lambda: (Representation.dihedral, {"group": group()}),
    "kousei.equivariant.Representation.is_same": lambda: (polygon().is_same, {"other": polygon()}),
    "kousei.equivariant.Representation.matrix": lambda: (polygon().matrix, {"g": 1}),
    "kousei.equivariant.Representation.of_set": lambda: (Representation.of_set, {"X": corners()}),
    "kousei.equivariant.Representation.trivial": lambda: (Representation.trivial, {"group": group()}),
    "kousei.equivariant.isotypic": lambda: (equivariant.isotypic, {"X": corners()}),
    "kousei.equivariant.lift": lambda: (equivariant.lift, {"phi": np.ones((3, 2)), "X": corners()}),
    "kousei.equivariant.orbit_sum": lambda: (
        equivariant.orbit_sum,
        {"f": np.ones(3), "labels": np.zeros((3, 3), np.int32), "values": np.ones(1)},
    ),
    "kousei.equivariant.pair_orbits": lambda: (equivariant.pair_orbits, {"X": corners(), "Xi": corners()}),
    "kousei.equivariant.polynomials": lambda: (
        equivariant.polynomials,
        {"X": GSet.natural(FiniteGroup.affine(3)), "degree": 1},
    ),
    "kousei.equivariant.sample": lambda: (equivariant.sample, {"gamma": ON_X, "units": 4}),
}
