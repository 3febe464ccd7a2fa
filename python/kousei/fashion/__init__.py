"""Images and tags in one space: clothes found by tags, and what in an image makes a tag hold."""

from kousei.fashion.data import ImageTable
from kousei.fashion.renderer import render_outfits

__all__ = ["ImageTable", "render_outfits"]
