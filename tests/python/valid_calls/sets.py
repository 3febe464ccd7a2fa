"""Valid calls of attribution."""

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
from array_api_compat import array_namespace

import kousei
from kousei import (
    attribution,
)
from valid_calls.common import Call


def total(x: Any, mask: Any) -> Any:
    """Return a set function's values: the square of the sum of what is in."""
    return array_namespace(x).sum(x, axis=(1, 2)) ** 2


ITEMS = [[1.0, 2.0], [3.0, 1.0]]
SETS: dict[str, Any] = {"x": np.array([ITEMS, ITEMS]), "mask": np.array([[True, True], [True, False]])}
GAME: dict[str, Any] = {"f": total, "items": ITEMS}
TABLE: dict[str, Any] = {
    "items": np.array(ITEMS),
    "baseline": np.zeros((2, 2)),
    "absent": "baseline",
    "groups": None,
}


@cache
def owen() -> attribution.Attribution:
    return attribution.owen_values(total, ITEMS)


@cache
def linear() -> kousei.MLP:
    return kousei.MLP([np.ones((1, 2))], [np.zeros(1)], [])


@cache
def deep_set() -> attribution.DeepSet:
    return attribution.DeepSet(linear(), kousei.MLP([np.ones((1, 1))], [np.zeros(1)], []))


@cache
def pooling() -> attribution.AttentionPooling:
    return attribution.AttentionPooling(linear(), 0 * linear(), kousei.MLP([np.ones((1, 1))], [np.zeros(1)], []))


def differentiable(x: Any, mask: Any) -> Any:
    """Return a set function's values that torch differentiates."""
    return x.prod(dim=-1).sum(dim=-1) ** 2


def tensor_items() -> Any:
    import torch

    return torch.tensor(ITEMS, dtype=torch.float64)


CALLS: dict[str, Callable[[], Call]] = {
    "kousei.attribution.Attribution.plot": lambda: (owen().plot, {}),
    "kousei.attribution.DeepSet.values": lambda: (deep_set().values, SETS),
    "kousei.attribution.AttentionPooling.values": lambda: (pooling().values, SETS),
    "kousei.attribution.SetFunction.__call__": lambda: (attribution.SetFunction(total), SETS),
    "kousei.attribution.SetFunction.values": lambda: (attribution.SetFunction(total).values, SETS),
    "kousei.attribution.completeness_gap": lambda: (attribution.completeness_gap, {"attribution": owen()}),
    "kousei.attribution.consistency_gap": lambda: (attribution.consistency_gap, {"attribution": owen()}),
    "kousei.attribution.consistent_two_level": lambda: (
        attribution.consistent_two_level,
        GAME | {"budget": 40},
    ),
    "kousei.attribution.deletion_curve": lambda: (attribution.deletion_curve, GAME | {"attribution": owen()}),
    "kousei.attribution.integrated_gradients": lambda: (
        attribution.integrated_gradients,
        {"f": differentiable, "items": tensor_items(), "steps": 2},
    ),
    "kousei.attribution.owen_kernel": lambda: (attribution.owen_kernel, GAME | {"budget": 40}),
    "kousei.attribution.owen_permutation": lambda: (attribution.owen_permutation, GAME | {"budget": 40}),
    "kousei.attribution.owen_values": lambda: (attribution.owen_values, GAME),
    "kousei.attribution.shapley_values": lambda: (attribution.shapley_values, GAME),
}
