"""Valid calls of modules of torch."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

from kousei import (
    fashion,
)
from valid_calls.common import X2, Call
from valid_calls.networks import signs
from valid_calls.ridgelets import operator


@cache
def pictures() -> fashion.ImageTable:
    return fashion.render_outfits(3, rng=0)


@cache
def outfits() -> fashion.OutfitTable:
    return fashion.render_items(4, rng=0)


@cache
def embedding() -> fashion.VisualSemanticEmbedding:
    return fashion.VisualSemanticEmbedding(pictures().tag_names, weights="uniform", dim=4, rng=0)


@cache
def partial_embedding() -> fashion.PartialVSE:
    return fashion.PartialVSE(pictures().tag_names, pictures().part_names, dim=4, rng=0)


@cache
def predictor() -> fashion.MaskPredictor:
    return fashion.MaskPredictor(pictures().part_names, rng=0)


@cache
def scorer() -> fashion.OutfitScorer:
    return fashion.OutfitScorer(dim=2, rng=0)


def model_file(model: Any) -> str:
    model.save("valid.safetensors")
    return "valid.safetensors"


def tensor(*shape: int) -> Any:
    import torch

    return torch.ones(*shape)


def layers(*which: str) -> Any:
    from torch import nn

    return nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 2))


IMAGES: dict[str, Any] = {"images": np.full((1, 3, 64, 64), 0.5, "float32")}
CALLS: dict[str, Callable[[], Call]] = {
    "kousei.fashion.ContrastiveLoss.forward": lambda: (
        fashion.ContrastiveLoss().forward,
        {"scores": tensor(2, 2), "tags": tensor(2, 2).bool()},
    ),
    "kousei.fashion.ImageIndex.retrieve": lambda: (index().retrieve, {"tags": ["formal"], "n": 1}),
    "kousei.fashion.MaskPredictor.fit": lambda: (
        fashion.MaskPredictor(pictures().part_names, rng=0).fit,
        {"table": pictures(), "epochs": 1},
    ),
    "kousei.fashion.MaskPredictor.forward": lambda: (predictor().eval().forward, {"images": tensor(1, 3, 64, 64)}),
    "kousei.fashion.MaskPredictor.predict": lambda: (predictor().predict, IMAGES),
    "kousei.fashion.OutfitScorer.cells": lambda: (scorer().cells, {"images": tensor(3, 3, 32, 32)}),
    "kousei.fashion.OutfitScorer.explain": lambda: (scorer().explain, {"images": outfits().images[0]}),
    "kousei.fashion.OutfitScorer.fit": lambda: (
        fashion.OutfitScorer(dim=2, rng=0).fit,
        {"table": outfits(), "epochs": 1},
    ),
    "kousei.fashion.OutfitScorer.forward": lambda: (
        scorer().eval().forward,
        {"images": tensor(1, 3, 3, 32, 32), "present": tensor(1, 3).bool()},
    ),
    "kousei.fashion.OutfitScorer.load": lambda: (fashion.OutfitScorer.load, {"path": model_file(scorer())}),
    "kousei.fashion.OutfitScorer.save": lambda: (scorer().save, {"path": "valid.safetensors"}),
    "kousei.fashion.OutfitScorer.scores": lambda: (scorer().scores, {"images": outfits().images}),
    "kousei.fashion.PartialVSE.load": lambda: (
        fashion.PartialVSE.load,
        {"path": model_file(partial_embedding())},
    ),
    "kousei.fashion.PartialVSE.part_attention": lambda: (partial_embedding().part_attention, {"tag": "cap"}),
    "kousei.fashion.PartialVSE.save": lambda: (partial_embedding().save, {"path": "valid.safetensors"}),
    "kousei.fashion.PartialVSE.shares": lambda: (
        partial_embedding().shares,
        {"cosines": tensor(1, 1 + len(pictures().part_names), len(pictures().tag_names))},
    ),
    "kousei.fashion.VisualSemanticEmbedding.explain": lambda: (
        embedding().explain,
        {"image": IMAGES["images"][0], "tag": "cap", "budget": 300},
    ),
    "kousei.fashion.VisualSemanticEmbedding.fit": lambda: (
        fashion.VisualSemanticEmbedding(pictures().tag_names, weights="uniform", dim=4, rng=0).fit,
        {"table": pictures(), "epochs": 1},
    ),
    "kousei.fashion.VisualSemanticEmbedding.forward": lambda: (
        embedding().eval().forward,
        {"images": tensor(1, 3, 64, 64)},
    ),
    "kousei.fashion.VisualSemanticEmbedding.grid": lambda: (embedding().grid, {"images": tensor(1, 3, 64, 64)}),
    "kousei.fashion.VisualSemanticEmbedding.heatmaps": lambda: (embedding().heatmaps, IMAGES),
    "kousei.fashion.VisualSemanticEmbedding.index": lambda: (embedding().index, IMAGES),
    "kousei.fashion.VisualSemanticEmbedding.load": lambda: (
        fashion.VisualSemanticEmbedding.load,
        {"path": model_file(embedding())},
    ),
    "kousei.fashion.VisualSemanticEmbedding.related_tags": lambda: (embedding().related_tags, {"tag": "cap"}),
    "kousei.fashion.VisualSemanticEmbedding.save": lambda: (embedding().save, {"path": "valid.safetensors"}),
    "kousei.fashion.VisualSemanticEmbedding.scores": lambda: (embedding().scores, IMAGES),
    "kousei.fashion.VisualSemanticEmbedding.shares": lambda: (
        embedding().shares,
        {"cosines": tensor(1, 1, len(pictures().tag_names))},
    ),
    "kousei.fashion.VisualSemanticEmbedding.tag_heatmap": lambda: (
        embedding().tag_heatmap,
        IMAGES | {"tag": "cap"},
    ),
    "kousei.fashion.VisualSemanticEmbedding.tag_scores": lambda: (
        embedding().tag_scores,
        {"embeddings": tensor(1, 1, 4)},
    ),
    "kousei.fashion.average_precision": lambda: (
        fashion.average_precision,
        {"scores": np.array([[0.9], [0.8]]), "holds": np.array([[True], [False]])},
    ),
    "kousei.fashion.pointing": lambda: (fashion.pointing, {"model": embedding(), "table": pictures()}),
    "kousei.fashion.read_folder": lambda: (fashion.read_folder, {"folder": folder()}),
    "kousei.fashion.render_items": lambda: (fashion.render_items, {"n": 1}),
    "kousei.fashion.render_outfits": lambda: (fashion.render_outfits, {"n": 1}),
    "kousei.fashion.triplet_loss": lambda: (
        fashion.triplet_loss,
        {"scores": tensor(2, 2), "tags": tensor(2, 2).bool()},
    ),
    "kousei.fashion.write_folder": lambda: (fashion.write_folder, {"folder": "written", "table": pictures()[:1]}),
    "kousei.interop.torch.RePU.forward": lambda: (torch_room().RePU(2).forward, {"z": tensor(3)}),
    "kousei.interop.torch.RidgeletLayer.dual": lambda: (ridgelet_layer().dual, {"spectrum": tensor(6, 33).double()}),
    "kousei.interop.torch.RidgeletLayer.forward": lambda: (ridgelet_layer().forward, {"f": tensor(9).double()}),
    "kousei.interop.torch.SignLinear.forward": lambda: (
        torch_room().SignLinear.from_signs(signs()).forward,
        {"x": tensor(2)},
    ),
    "kousei.interop.torch.SignLinear.from_linear": lambda: (
        torch_room().SignLinear.from_linear,
        {"linear": layers()[0]},
    ),
    "kousei.interop.torch.SignLinear.from_signs": lambda: (
        torch_room().SignLinear.from_signs,
        {"signs": signs(), "scales": tensor(2), "bias": tensor(2)},
    ),
    "kousei.interop.torch.divergence": lambda: (
        torch_room().divergence,
        {"module": layers(), "x": tensor(1, 2)},
    ),
    "kousei.interop.torch.introduce_repu": lambda: (
        torch_room().introduce_repu,
        {"module": layers(), "layer": 1, "p": 2, "x": tensor_points()},
    ),
    "kousei.interop.torch.laplacian": lambda: (torch_room().laplacian, {"module": layers(), "x": tensor(1, 2)}),
    "kousei.interop.torch.value_and_divergence": lambda: (
        torch_room().value_and_divergence,
        {"module": layers(), "x": tensor(1, 2)},
    ),
}


@cache
def index() -> Any:
    return embedding().index(pictures().images)


def folder() -> str:
    if not os.path.exists("valid"):
        fashion.write_folder("valid", pictures()[:1])
    return "valid"


def torch_room() -> Any:
    import kousei.interop.torch

    return kousei.interop.torch


@cache
def ridgelet_layer() -> Any:
    return torch_room().RidgeletLayer(operator())


def tensor_points() -> Any:
    import torch

    return torch.tensor(X2, dtype=torch.float32)
