"""Images and tags in one space: clothes found by tags, and what in an image makes a tag hold."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from kousei.fashion.data import ImageTable
from kousei.fashion.folder import ImageFolder, read_folder, write_folder
from kousei.fashion.item_renderer import render_items
from kousei.fashion.items import OutfitTable
from kousei.fashion.measures import average_precision, pointing
from kousei.fashion.renderer import render_outfits

if TYPE_CHECKING:
    from kousei.fashion.embedding import VisualSemanticEmbedding
    from kousei.fashion.losses import ContrastiveLoss, triplet_loss
    from kousei.fashion.masks import MaskPredictor
    from kousei.fashion.partial import PartialVSE
    from kousei.fashion.retrieval import ImageIndex, Retrieved
    from kousei.fashion.scorer import OutfitScorer

__all__ = [
    "ContrastiveLoss",
    "ImageFolder",
    "ImageIndex",
    "ImageTable",
    "MaskPredictor",
    "OutfitScorer",
    "OutfitTable",
    "PartialVSE",
    "Retrieved",
    "VisualSemanticEmbedding",
    "average_precision",
    "pointing",
    "read_folder",
    "render_items",
    "render_outfits",
    "triplet_loss",
    "write_folder",
]

#: What imports torch, and where it stands.
_LATER = {
    "ContrastiveLoss": "losses",
    "ImageIndex": "retrieval",
    "MaskPredictor": "masks",
    "OutfitScorer": "scorer",
    "PartialVSE": "partial",
    "Retrieved": "retrieval",
    "VisualSemanticEmbedding": "embedding",
    "triplet_loss": "losses",
}


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        module = import_module(f"{__name__}.{_LATER[name]}")
    except ModuleNotFoundError as error:
        if error.name != "torch":
            raise
        raise ImportError("torch is not installed: pip install 'kousei[fashion]'") from None
    return getattr(module, name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
