"""Owen values of sets behind deep sets and attention pooling against all coalitions in torch, and estimates."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from kousei import MLP
from kousei.attribution import AttentionPooling, DeepSet, SetFunction, owen_kernel, owen_values

from . import Case, Check, case
from .dense import Array
from .network import repeat, repeated

_ITEMS, _FEATURES, _COLUMNS = 5, 8, 64
_GROUPS = np.repeat(np.arange(_FEATURES), _COLUMNS // _FEATURES)


def _function(pooling: str) -> tuple[SetFunction, Array]:
    # Of the sizes of a network that finds a 9 in a bag of digits.
    phi, rho = MLP.random([_COLUMNS, 64, 32], rng=0), MLP.random([32, 32, 1], rng=1)
    score = phi >> MLP.random([32, 16, 1], "tanh", rng=2)
    items = np.random.default_rng(0).normal(size=(_ITEMS, _COLUMNS))
    return DeepSet(phi, rho) if pooling == "deep-set" else AttentionPooling(phi, score, rho), items


@case("attribution-owen-deep-set", "deep-set")
@case("attribution-owen-attention", "attention")
def exact(pooling: str) -> Case:
    f, items = _function(pooling)
    calls = 5
    return Case(
        work=calls,
        sizes={"items": _ITEMS, "features": _FEATURES, "calls": calls},
        dtype="float64",
        ours=lambda: repeat(lambda: owen_values(f, items, groups=_GROUPS), calls),
        others={"torch, all coalitions": lambda: repeated(in_torch(f, items), calls)},
        floors={"torch, all coalitions": 15.0},
        checks={"difference": Check(lambda: _difference(f, items), "from all coalitions in torch", 1e-12)},
    )


def in_torch(f: Any, items: Array) -> Callable[[], Any]:
    """Prepare the exact values of the same function in torch, as of any module."""
    import torch

    from kousei.io import to_torch

    torch.set_num_threads(1)
    phi, rho = to_torch(f.phi), to_torch(f.rho)
    # Scores are of the terms of phi, as one writes it in torch.
    score = to_torch(MLP.random([32, 16, 1], "tanh", rng=2)) if isinstance(f, AttentionPooling) else None

    def pooled(x: Any, mask: Any) -> Any:
        terms = phi(x)
        if score is None:
            return rho(terms.sum(dim=1))[:, 0]
        return rho((torch.softmax(score(terms), dim=1) * terms).sum(dim=1))[:, 0]

    tensor = torch.from_numpy(items)
    return lambda: owen_values(pooled, tensor, groups=_GROUPS)


def _difference(f: SetFunction, items: Array) -> float:
    ours = owen_values(f, items, groups=_GROUPS).features
    return float(np.abs(ours - in_torch(f, items)().features).max())


@case("attribution-kernel-800")
def estimate() -> Case:
    """800 values of a function that takes no time: what the drawing and the least squares take."""
    weights = np.random.default_rng(0).normal(size=_ITEMS * _FEATURES)

    def f(present: Array) -> Array:
        return np.maximum(present.reshape(len(present), -1) @ weights, 0)

    ones, calls = np.ones((_ITEMS, _FEATURES)), 3
    return Case(
        work=calls,
        sizes={"items": _ITEMS, "features": _FEATURES, "values": 800, "calls": calls},
        dtype="float64",
        ours=lambda: repeat(lambda: owen_kernel(lambda x, mask: f(x), ones, 800, rng=0), calls),
        others={"shap KernelExplainer, twice": lambda: repeated(twice(f), calls)},
        floors={"shap KernelExplainer, twice": 2.0},
    )


def twice(f: Callable[[Array], Array]) -> Callable[[], Any]:
    """Prepare shap's attribution of features by 768 values and, again, of items by 32."""
    import logging

    import shap

    logging.getLogger("shap").setLevel(logging.ERROR)

    def of_items(present: Array) -> Array:
        return f(present.repeat(_FEATURES, axis=1))

    def run() -> Any:
        for values, players, budget in ((f, _ITEMS * _FEATURES, 768), (of_items, _ITEMS, 32)):
            explainer = shap.KernelExplainer(values, np.zeros((1, players)))
            explainer.shap_values(np.ones((1, players)), nsamples=budget, l1_reg=0, silent=True)

    return run
