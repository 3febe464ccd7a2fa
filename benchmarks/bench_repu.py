from __future__ import annotations

import numpy as np

import kousei
from kousei import MLP

from .evaluation import DTYPES

_POINTS = 2048


class Derivatives:
    """Values with Jacobian and Laplacian, and divergences, on one CPU thread."""

    params = ([2, 3], [64, 128], [2, 16], DTYPES)
    param_names = ("hidden layers", "width", "dim", "dtype")

    def setup(self, layers: int, width: int, dim: int, dtype: str) -> None:
        kousei.set_num_threads(1)
        self.net = MLP.random([dim, *[width] * layers, dim], "repu2", rng=0).astype(dtype)
        self.x = 0.3 * np.random.default_rng(0).normal(size=(_POINTS, dim)).astype(dtype)
        self.net.divergence(self.x)

    def time_jet(self, layers: int, width: int, dim: int, dtype: str) -> None:
        self.net.jet(self.x)

    def time_divergence(self, layers: int, width: int, dim: int, dtype: str) -> None:
        self.net.divergence(self.x)


class Polynomials:
    """RePU networks of Chebyshev series, and of their derivatives."""

    params = ([15, 255], [2, 3])
    param_names = ("degree", "p")

    def setup(self, degree: int, p: int) -> None:
        self.coefficients = np.random.default_rng(0).normal(size=degree + 1) / np.arange(1, degree + 2)
        self.net = kousei.repu.from_chebyshev(self.coefficients, p)

    def time_from_chebyshev(self, degree: int, p: int) -> None:
        kousei.repu.from_chebyshev(self.coefficients, p)

    def time_derivative_network(self, degree: int, p: int) -> None:
        kousei.repu.derivative_network(self.net)


class ScoreMatching:
    """Gradients of mean(|s|^2/2 + div s) in torch, for a network s of two hidden layers, on one thread."""

    params = ([64, 128], [2, 16, 64])
    param_names = ("width", "dim")

    def setup(self, width: int, dim: int) -> None:
        try:
            import torch
        except ImportError as error:
            raise NotImplementedError(str(error)) from None
        from kousei.interop.torch import RePU

        torch.set_num_threads(1)
        linear = torch.nn.Linear
        self.model = torch.nn.Sequential(
            linear(dim, width), RePU(2), linear(width, width), RePU(2), linear(width, dim)
        )
        self.x = torch.randn(_POINTS, dim)

    def time_gradients(self, width: int, dim: int) -> None:
        from kousei.interop.torch import value_and_divergence

        score, divergence = value_and_divergence(self.model, self.x)
        (score.square().sum(-1) / 2 + divergence).mean().backward()
