"""Valid calls of the constructors of public classes.

Estimators of scikit-learn check what they are made of when they are fitted, and are fitted here.
"""

import dataclasses
import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

import kousei
from kousei import (
    activation,
    attribution,
    binary,
    equivariant,
    fashion,
    front,
    ising,
    packed,
    recommend,
    repu,
    rg,
    ridgelet,
)
from valid_calls import equivariant as sets_of_groups
from valid_calls import front as fitted
from valid_calls import machines, networks, ridgelets, sets, shops, torch_modules
from valid_calls.common import X2, Call, Y


def fields(of: Any) -> dict[str, Any]:
    """Return what a dataclass is made of."""
    return {field.name: getattr(of, field.name) for field in dataclasses.fields(of) if field.init}


def fitted_once(estimator: type, *data: Any, **parameters: Any) -> Call:
    def call(**given: Any) -> Any:
        return estimator(**given).fit(*data)

    call.__signature__ = inspect.signature(estimator)  # type: ignore[attr-defined]
    return call, parameters


def pictures() -> dict[str, Any]:
    return fields(torch_modules.pictures()[:2])


RECOMMENDERS = {
    "CosineRecommender": {"neighbours": 1},
    "NMFRecommender": {"components": 1},
    "PopularRecommender": {},
    "RandomRecommender": {},
}
CALLS: dict[str, Callable[[], Call]] = {
    "kousei.Activation": lambda: (
        kousei.Activation,
        {"name": "own", "function": np.tanh, "derivative_transform": np.abs},
    ),
    "kousei.BinaryNetwork": lambda: (kousei.BinaryNetwork, fields(networks.binarized())),
    "kousei.ClosedFormClassifier": lambda: fitted_once(kousei.ClosedFormClassifier, X2, Y > 0, units=2),
    "kousei.ClosedFormRegressor": lambda: fitted_once(kousei.ClosedFormRegressor, X2, Y, units=2),
    "kousei.FunahashiNetwork": lambda: (
        kousei.FunahashiNetwork,
        {"frequencies": [[1.0]], "amplitudes": [1.0], "thresholds": networks.THRESHOLDS, "delta": 1.0, "alpha": 1.5},
    ),
    "kousei.MLP": lambda: (
        kousei.MLP,
        {"weights": [np.ones((1, 1))] * 2, "biases": [np.ones(1)] * 2, "activations": ["relu"]},
    ),
    "kousei.MonotoneRegressor": lambda: fitted_once(kousei.MonotoneRegressor, X2, Y, cells=2, steps=2),
    "kousei.PackedSigns": lambda: (kousei.PackedSigns, {"words": networks.signs().words, "shape": (2, 2)}),
    "kousei.PiecewiseLinear": lambda: (kousei.PiecewiseLinear, {"kinks": [0.0], "slopes": [0.0, 1.0]}),
    "kousei.RBM": lambda: (kousei.RBM, {"visible": 2, "hidden": 1}),
    "kousei.RidgeletTransform": lambda: (
        kousei.RidgeletTransform,
        {
            "axes": [ridgelets.AXIS],
            "directions": ridgelet.ball_directions(1, 2.0, radii=3),
            "biases": ridgelets.BIASES,
            "pair": ridgelets.pair(),
        },
    ),
    "kousei.ScoreEstimator": lambda: fitted_once(kousei.ScoreEstimator, X2, hidden=4, steps=2),
    "kousei.activation.Mixed": lambda: (activation.Mixed, {"parts": [("relu", 1), ("tanh", 2)]}),
    "kousei.attribution.AttentionPooling": lambda: (
        attribution.AttentionPooling,
        {name: getattr(sets.pooling(), name) for name in ("phi", "score", "rho")},
    ),
    "kousei.attribution.DeepSet": lambda: (
        attribution.DeepSet,
        {name: getattr(sets.deep_set(), name) for name in ("phi", "rho")},
    ),
    "kousei.attribution.SetFunction": lambda: (attribution.SetFunction, {"f": sets.total}),
    "kousei.binary.Chain": lambda: (binary.Chain, fields(networks.binarized().chains[0])),
    "kousei.binary.Multiples": lambda: (
        binary.Multiples,
        {"rows": np.array([0, 0], np.int32), "scales": np.array([1.0, 0.5])},
    ),
    "kousei.equivariant.Convolution": lambda: (
        equivariant.Convolution,
        {"group": equivariant.FiniteGroup.cyclic(3), "filters": np.ones((1, 3))},
    ),
    "kousei.equivariant.FiniteGroup": lambda: (equivariant.FiniteGroup, {"generators": [[1, 2, 0]]}),
    "kousei.equivariant.FiniteRidgelet": lambda: (
        equivariant.FiniteRidgelet,
        {"p": 3, "dim": 1, "feature": [0.0, 0.0, 1.0], "ridgelet_function": [-1.0, 0.0, 1.0]},
    ),
    "kousei.equivariant.GSet": lambda: (
        equivariant.GSet,
        {"group": equivariant.FiniteGroup.cyclic(3), "images": [[1, 2, 0]]},
    ),
    "kousei.equivariant.JointEquivariantFeature": lambda: (
        equivariant.JointEquivariantFeature,
        {"phi": sets_of_groups.feature().values, "X": sets_of_groups.corners(), "Xi": sets_of_groups.corners()},
    ),
    "kousei.equivariant.Layer": lambda: (
        equivariant.Layer,
        {"function": lambda h, parameter: h + 0 * parameter, "Xi": sets_of_groups.corners()},
    ),
    "kousei.equivariant.Representation": lambda: (
        equivariant.Representation,
        {"group": sets_of_groups.group(), "matrices": sets_of_groups.polygon().matrices},
    ),
    "kousei.fashion.ImageIndex": lambda: (
        fashion.ImageIndex,
        {"model": torch_modules.embedding(), "embeddings": torch_modules.tensor(2, 1, 4)},
    ),
    "kousei.fashion.ImageTable": lambda: (fashion.ImageTable, pictures()),
    "kousei.fashion.MaskPredictor": lambda: (fashion.MaskPredictor, {"part_names": ["top"]}),
    "kousei.fashion.OutfitScorer": lambda: (fashion.OutfitScorer, {"dim": 2}),
    "kousei.fashion.OutfitTable": lambda: (fashion.OutfitTable, fields(torch_modules.outfits())),
    "kousei.fashion.PartialVSE": lambda: (
        fashion.PartialVSE,
        {"tag_names": ["cap"], "part_names": ["top"], "dim": 2},
    ),
    "kousei.fashion.VisualSemanticEmbedding": lambda: (
        fashion.VisualSemanticEmbedding,
        {"tag_names": ["cap"], "dim": 2},
    ),
    "kousei.front.ConstructedNetwork": lambda: (
        front.ConstructedNetwork,
        {"net": networks.net(), "origin": fitted.constructed()._origin, "report": fitted.constructed().report},
    ),
    "kousei.front.FittedNetwork": lambda: (
        front.FittedNetwork,
        {"net": networks.net(), "error": fitted.network().error_bound(), "report": fitted.network().report},
    ),
    "kousei.front.Report": lambda: (front.Report, {"attempts": list(fitted.constructed().report)}),
    "kousei.interop.torch.RePU": lambda: (torch_modules.torch_room().RePU, {"p": 2}),
    "kousei.interop.torch.RidgeletLayer": lambda: (
        torch_modules.torch_room().RidgeletLayer,
        {"operator": ridgelets.operator()},
    ),
    "kousei.interop.torch.SignLinear": lambda: (
        torch_modules.torch_room().SignLinear,
        {"in_features": 2, "out_features": 2},
    ),
    "kousei.ising.Lattice": lambda: (ising.Lattice, {"shape": (2, 2), "coupling": 0.4}),
    "kousei.ising.Spins": lambda: (
        ising.Spins,
        {"words": machines.spins().words, "lattice": machines.lattice(), "chains": 8},
    ),
    "kousei.packed.ScaledSigns": lambda: (packed.ScaledSigns, {"signs": networks.signs(), "scales": np.ones(2)}),
    "kousei.recommend.CTRModel": lambda: (recommend.CTRModel, {}),
    "kousei.recommend.DeliveryOptimizer": lambda: (
        recommend.DeliveryOptimizer,
        {"features": shops.rates(), "algorithms": ["similar", "popular"]},
    ),
    "kousei.recommend.ItemSimilarity": lambda: (recommend.ItemSimilarity, {"shops": shops.shops()}),
    "kousei.recommend.PreferenceGraph": lambda: (recommend.PreferenceGraph, {"ratings": shops.ratings()}),
    "kousei.repu.PolynomialNetwork": lambda: (
        repu.PolynomialNetwork,
        {"net": networks.net(), "origin": networks.polynomial()._origin},
    ),
    "kousei.rg.DBN": lambda: (rg.DBN, {"machines": machines.dbn().machines}),
    "kousei.rg.DecimationStack": lambda: (rg.DecimationStack, {"sites": 4, "couplings": (0.4, 0.1)}),
    "kousei.ridgelet.AdmissiblePair": lambda: (ridgelet.AdmissiblePair, {"activation": "tanh", "dim": 1}),
    "kousei.ridgelet.Spectrum": lambda: (ridgelet.Spectrum, fields(ridgelets.spectrum())),
} | {
    f"kousei.recommend.{name}": lambda name=name, its=its: (
        getattr(recommend, name),
        {"ratings": shops.ratings(), "similarity": shops.similarity()} | its,
    )
    for name, its in RECOMMENDERS.items()
}
