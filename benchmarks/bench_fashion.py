from __future__ import annotations

import numpy as np

import kousei


class Outfits:
    """Rendering, an epoch, scores, heat maps and retrieval of 256 outfits, on one CPU thread."""

    params = (["plain", "attention"],)
    param_names = ("model",)

    def setup(self, model: str) -> None:
        import torch

        from kousei.fashion import PartialVSE, VisualSemanticEmbedding

        torch.set_num_threads(1)
        self.table = kousei.fashion.render_outfits(256, rng=0)
        tags, parts = self.table.tag_names, self.table.part_names
        self.model = (
            PartialVSE(tags, parts, rng=0)
            if model == "attention"
            else VisualSemanticEmbedding(tags, weights="uniform", rng=0)
        )
        self.index = self.model.index(self.table.images, self.table.masks)

    def time_render(self, model: str) -> None:
        kousei.fashion.render_outfits(64, rng=0)

    def time_epoch(self, model: str) -> None:
        self.model.fit(self.table, epochs=1, rng=0)

    def time_scores(self, model: str) -> None:
        self.model.scores(self.table.images, self.table.masks)

    def time_heatmaps(self, model: str) -> None:
        self.model.heatmaps(self.table.images, self.table.masks)

    def time_retrieve(self, model: str) -> None:
        self.index.retrieve(["red-top"], without=["black-top"], like=0)

    def track_heat_gap(self, model: str) -> float:
        """Return the largest difference of the sum of a heat map from its score."""
        heat = self.model.heatmaps(self.table.images, self.table.masks)
        scores = self.model.scores(self.table.images, self.table.masks)
        return float(np.abs(heat.sum(axis=(2, 3)) - scores).max())
