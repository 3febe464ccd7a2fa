"""Derivatives of networks as `network.jet` has them, in operations of PyTorch that gradients pass."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import islice
from typing import TypeAlias

import torch
from torch import Tensor
from torch.nn.functional import gelu, linear, softplus

from kousei.activation import Activation, PiecewiseLinear
from kousei.activation.base import power_of

#: A weight and a bias, or an activation.
Step: TypeAlias = tuple[Tensor, Tensor | None] | Activation


def jet(steps: Sequence[Step], x: Tensor, *, laplacian: bool) -> tuple[Tensor, Tensor, Tensor | None]:
    """Return the values at points (..., dim), derivatives by each input, (dim, ..., outputs), and the Laplacian.

    An axis of the derivatives is 1 where they are the same for all points. The chain rule is that of `MLP.jet`.
    """
    dim = x.shape[-1]
    first = torch.eye(dim, dtype=x.dtype, device=x.device).reshape(dim, *[1] * (x.ndim - 1), dim)
    second = torch.zeros_like(x) if laplacian else None
    for step in steps:
        if not isinstance(step, Activation):
            weight, bias = step
            x, first = linear(x, weight, bias), linear(first, weight)
            second = None if second is None else linear(second, weight)
        elif second is None:
            x, slope = derivatives(step, x, 1)
            first = slope * first
        else:
            x, slope, curvature = derivatives(step, x, 2)
            second = slope * second + curvature * first.square().sum(0)
            first = slope * first
    return x, first, second


def value_and_divergence(steps: Sequence[Step], x: Tensor) -> tuple[Tensor, Tensor]:
    """Return the values at points (..., dim), of as many outputs, and the divergence, (...), as `MLP.divergence`."""
    match steps:
        case [(first, b1), Activation() as f1, (second, b2), Activation() as f2, (third, b3)]:
            hidden, slope1 = derivatives(f1, linear(x, first, b1), 1)
            hidden, slope2 = derivatives(f2, linear(hidden, second, b2), 1)
            mixing = second * (first @ third).mT
            return linear(hidden, third, b3), (linear(slope1, mixing) * slope2).sum(-1)
        case [*below, (last, bias)]:
            hidden, jacobian, _ = jet(below, x, laplacian=False)
            # (dim, ..., units) by (outputs, units), where outputs are dim.
            return linear(hidden, last, bias), torch.einsum("k...u,ku->...", jacobian, last).expand(x.shape[:-1])
    values, jacobian, _ = jet(steps, x, laplacian=False)
    return values, jacobian.diagonal(dim1=0, dim2=-1).sum(-1).expand(x.shape[:-1])


def derivatives(activation: Activation, z: Tensor, order: int) -> tuple[Tensor, ...]:
    """Return f(z), f'(z) and, for order 2, f''(z); conventions are those of the compiled kernels.

    A function of one's own has none, and one that is piecewise linear no second one.
    """
    if isinstance(activation, PiecewiseLinear):
        formula = _piecewise_linear(activation, z)
    elif power := power_of(activation.name):
        formula = _repu(power, z)
    else:
        formula = _FORMULAS[activation.name](z)
    return tuple(islice(formula, order + 1))


# Each yields f, f' and f'' one after the other: what is not taken is not computed.


def _logistic(z: Tensor) -> Iterator[Tensor]:
    value = torch.sigmoid(z)
    yield value
    slope = value * (1 - value)
    yield slope
    yield slope * (1 - 2 * value)


def _tanh(z: Tensor) -> Iterator[Tensor]:
    value = torch.tanh(z)
    yield value
    slope = 1 - value * value
    yield slope
    yield -2 * value * slope


def _erf(z: Tensor) -> Iterator[Tensor]:
    yield torch.erf(z)
    slope = 2 / math.sqrt(math.pi) * torch.exp(-z * z)
    yield slope
    yield -2 * z * slope


def _arctan(z: Tensor) -> Iterator[Tensor]:
    yield torch.arctan(z)
    slope = 1 / (1 + z * z)
    yield slope
    yield -2 * z * slope * slope


def _gelu(z: Tensor) -> Iterator[Tensor]:
    yield gelu(z)
    density = torch.exp(-z * z / 2) / math.sqrt(2 * math.pi)
    yield torch.special.ndtr(z) + z * density
    yield (2 - z * z) * density


def _silu(z: Tensor) -> Iterator[Tensor]:
    logistic = torch.sigmoid(z)
    value = z * logistic
    yield value
    yield logistic + value * (1 - logistic)
    yield logistic * (1 - logistic) * (2 + z - 2 * value)


def _softplus(z: Tensor) -> Iterator[Tensor]:
    yield softplus(z)
    yield from islice(_logistic(z), 2)


def _repu(power: int, z: Tensor) -> Iterator[Tensor]:
    base = torch.relu(z)
    below = base if power == 2 else base ** (power - 1)
    yield base * below
    yield power * below
    yield 2 * (z > 0).to(z.dtype) if power == 2 else power * (power - 1) * base ** (power - 2)


def _piecewise_linear(activation: PiecewiseLinear, z: Tensor) -> Iterator[Tensor]:
    numbers = partial(torch.tensor, dtype=z.dtype, device=z.device)
    piece = torch.bucketize(z.detach(), numbers(activation.kinks))
    slope = numbers(activation.slopes)[piece]
    yield slope * z + numbers(activation.intercepts)[piece]
    yield slope


_FORMULAS: dict[str, Callable[[Tensor], Iterator[Tensor]]] = {
    "logistic": _logistic,
    "tanh": _tanh,
    "erf": _erf,
    "arctan": _arctan,
    "gelu": _gelu,
    "silu": _silu,
    "softplus": _softplus,
}
