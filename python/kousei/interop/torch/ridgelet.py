"""Ridgelet transforms as PyTorch modules."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from kousei._lib.errors import check_type
from kousei.ridgelet import RidgeletTransform


class RidgeletLayer(nn.Module):
    """The ridgelet transform of functions on a grid, and its dual, as operators that gradients pass.

    The layer has no parameters. The gradient is the adjoint, and its gradient the operator again. `torch.func` takes
    it too: `vmap`, `jvp`, `jacrev` and what is made of them.

    Parameters
    ----------
    operator : RidgeletTransform
        What is applied; tensors are of its dtype.

    Raises
    ------
    TypeError
        If `operator` is none.

    Examples
    --------
    >>> import numpy as np
    >>> import torch
    >>> from kousei.interop.torch import RidgeletLayer
    >>> from kousei.ridgelet import AdmissiblePair, RidgeletTransform, ball_directions
    >>> x, b = np.linspace(-1, 1, 9), np.linspace(-8, 8, 33)
    >>> layer = RidgeletLayer(RidgeletTransform((x,), ball_directions(1, 2.0, radii=3), b, AdmissiblePair("tanh", 1)))
    >>> f = torch.ones(4, 9, dtype=torch.float64, requires_grad=True)
    >>> layer(f).shape
    torch.Size([4, 6, 33])
    >>> layer(f).square().sum().backward()
    >>> f.grad.shape
    torch.Size([4, 9])
    >>> layer.dual(layer(f)).shape
    torch.Size([4, 9])
    """

    def __init__(self, operator: RidgeletTransform) -> None:
        super().__init__()
        check_type("operator", operator, RidgeletTransform, "a kousei.RidgeletTransform")
        self.operator = operator

    def forward(self, f: Tensor) -> Tensor:
        """Return the spectrum of a function, `RidgeletTransform.transform`.

        Parameters
        ----------
        f : torch.Tensor of shape ``(..., *points)``
            Of the operator's dtype.

        Returns
        -------
        torch.Tensor of shape (..., directions, biases)

        Raises
        ------
        TypeError, ValueError, MemoryError
            As that method, of gradients too; or if `f` is not a tensor.
        """
        return _linear("f", f, self.operator.transform, self.operator.adjoint)

    def dual(self, spectrum: Tensor) -> Tensor:
        """Return the network of a spectrum at the points, `RidgeletTransform.dual`.

        Parameters
        ----------
        spectrum : torch.Tensor of shape (..., directions, biases)
            Of the operator's dtype.

        Returns
        -------
        torch.Tensor of shape ``(..., *points)``

        Raises
        ------
        TypeError, ValueError, MemoryError
            As that method, of gradients too; or if `spectrum` is not a tensor.
        """
        return _linear("spectrum", spectrum, self.operator.dual, self.operator.dual_adjoint)

    def extra_repr(self) -> str:
        """Return what is shown of the layer."""
        directions, biases = self.operator.spectrum_shape
        return f"{directions} directions x {biases} biases, {self.operator.dtype}, {self.operator.pair.activation}"


def _linear(name: str, x: Tensor, apply: Callable[[Any], Any], adjoint: Callable[[Any], Any]) -> Tensor:
    check_type(name, x, Tensor, "a torch.Tensor")
    return _Linear.apply(x, apply, adjoint)  # type: ignore[no-untyped-call]


class _Linear(torch.autograd.Function):
    """A linear operator that comes with its adjoint."""

    @staticmethod
    def forward(x: Tensor, apply: Callable[[Any], Any], adjoint: Callable[[Any], Any]) -> Tensor:
        values: Tensor = apply(x.detach())
        return values

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Any) -> None:
        _, ctx.operator, ctx.adjoint = inputs

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        # What is linear too, with the two exchanged.
        return _Linear.apply(grad, ctx.adjoint, ctx.operator), None, None  # type: ignore[no-untyped-call]

    @staticmethod
    def jvp(ctx: Any, tangent: Tensor, *_: None) -> Tensor:
        return _Linear.apply(tangent, ctx.operator, ctx.adjoint)  # type: ignore[no-untyped-call]

    @staticmethod
    def vmap(info: Any, in_dims: tuple[int, ...], x: Tensor, *operators: Any) -> tuple[Tensor, int]:
        # Batch axes stand in front.
        return _Linear.apply(x.movedim(in_dims[0], 0), *operators), 0  # type: ignore[no-untyped-call]
