"""How files hold modules."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Self, TypeVar

import torch
from torch import nn

from kousei import io
from kousei._lib.arrays import require_finite
from kousei.fashion.backbones import name_of
from kousei.fashion.masks import MaskPredictor
from kousei.io.state import Arrays, Config, check_names, entry, shown

if TYPE_CHECKING:
    from kousei.fashion.embedding import VisualSemanticEmbedding

Model = TypeVar("Model", bound="VisualSemanticEmbedding")
Module = TypeVar("Module", bound=nn.Module)


class FiledModule(nn.Module):
    """A module that `kousei.save` and `kousei.load` know."""

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write what was trained, and a `mask_predictor`, into a safetensors file, as `kousei.save` does.

        Raises
        ------
        ValueError
            If a backbone is a module of its own, which no file holds.
        OSError
            If the file cannot be written.
        """
        io.save(path, self)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Self:
        """Read what `save` wrote.

        Raises
        ------
        ValueError
            If the file is malformed, or holds a module of another class or architecture.
        OSError
            If the file cannot be read.
        """
        found = io.load(path)
        if type(found) is not cls:
            raise ValueError(f"{os.fspath(path)} holds a {type(found).__name__}; a {cls.__name__} is accepted")
        return found


def to_state(model: VisualSemanticEmbedding) -> tuple[Config, Arrays]:
    """Return the architecture of an embedding as JSON, and its arrays."""
    predictor = model.mask_predictor
    config = {name: getattr(model, name) for name in model.ARCHITECTURE} | {
        "backbone": name_of(model.backbone),
        "mask_predictor": predictor and {"part_names": predictor.part_names, "backbone": name_of(predictor.backbone)},
    }
    return config, arrays_of(model)


def from_state(cls: type[Model], config: Config, arrays: Arrays) -> Model:
    """Return the embedding of `to_state`; ValueError or TypeError if they make none."""
    check_names("config", config, (*cls.ARCHITECTURE, "backbone", "mask_predictor"))
    names, dim, backbone = entry(config, "tag_names", list), entry(config, "dim", int), entry(config, "backbone", str)
    if "tag_vectors" not in arrays or arrays["tag_vectors"].shape != (len(names), dim):  # before a module is made
        raise ValueError(f"there are no tag_vectors of {len(names)} tags and dim {dim}")
    predictor = entry(config, "mask_predictor", dict, type(None))
    if predictor is not None:
        check_names("mask_predictor", predictor, ("part_names", "backbone"))
        predictor = MaskPredictor(predictor["part_names"], backbone=entry(predictor, "backbone", str), rng=0)
    model = cls(**config | {"mask_predictor": predictor}, rng=0)
    return restored(model, arrays, f"backbone {backbone!r} and dim {dim}")


def arrays_of(model: nn.Module) -> Arrays:
    """Return the arrays of a module by name."""
    return {name: tensor.cpu().numpy() for name, tensor in model.state_dict().items()}


def restored(model: Module, arrays: Arrays, what: str) -> Module:
    """Return a module with the arrays of a file; ValueError, which says what the module is, where they do not fit."""
    state = model.state_dict()
    check_names("tensors", arrays, state)
    for name, its in state.items():
        array = arrays[name]
        if array.shape != tuple(its.shape) or array.dtype != its.numpy().dtype:
            raise ValueError(
                f"tensor {shown(name)} has shape {array.shape} and dtype {array.dtype}; {tuple(its.shape)} and "
                f"{its.numpy().dtype} are accepted of {what}"
            )
        require_finite(f"tensor {shown(name)}", array)
    model.load_state_dict({name: torch.from_numpy(array) for name, array in arrays.items()})
    return model.eval()
