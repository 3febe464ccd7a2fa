"""Images and tags in one space: clothes found by tags, and what in an image makes a tag hold."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from kousei.fashion.data import ImageTable
from kousei.fashion.measures import average_precision, pointing
from kousei.fashion.renderer import render_outfits

if TYPE_CHECKING:
    from kousei.fashion.embedding import VisualSemanticEmbedding
    from kousei.fashion.losses import ContrastiveLoss, triplet_loss
    from kousei.fashion.masks import MaskPredictor
    from kousei.fashion.partial import PartialVSE
    from kousei.fashion.retrieval import ImageIndex, Retrieved

__all__ = [
    "ContrastiveLoss",
    "ImageIndex",
    "ImageTable",
    "MaskPredictor",
    "PartialVSE",
    "Retrieved",
    "VisualSemanticEmbedding",
    "average_precision",
    "pointing",
    "render_outfits",
    "triplet_loss",
]

#: What imports torch, and where it stands.
_LATER = {
    "ContrastiveLoss": "losses",
    "ImageIndex": "retrieval",
    "MaskPredictor": "masks",
    "PartialVSE": "partial",
    "Retrieved": "retrieval",
    "VisualSemanticEmbedding": "embedding",
    "triplet_loss": "losses",
}


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_LATER[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
