"""The divergence and the Laplacian of PyTorch modules, which gradients pass."""

from __future__ import annotations

from itertools import pairwise

from torch import Tensor, nn

from kousei._lib import arrays
from kousei._lib.errors import check_type
from kousei.activation import Activation, PiecewiseLinear
from kousei.io.torch import steps_of
from kousei.network import torch_jet


def divergence(module: nn.Module, x: Tensor) -> Tensor:
    """Return the divergence of a module, sum_k d f_k/d x_k, as a function that can be trained through.

    Parameters
    ----------
    module : torch.nn.Module
        Linear, Identity, Dropout in eval mode, activations that `kousei.io.from_torch` takes, but PReLU, or a
        Sequential of these; with as many outputs as inputs.
    x : torch.Tensor (..., dim)
        Points, of the dtype of the module, float32 or float64, and on its device.

    Returns
    -------
    torch.Tensor (...)
        Gradients reach the parameters and `x`, of any order; `torch.func` takes it.

    Raises
    ------
    TypeError
        If `module` is no module, or `x` no tensor of its dtype.
    ValueError
        If parts of the module are none of these: all of them are named with their place. Also if widths do not chain,
        or there are not as many outputs as inputs.

    See Also
    --------
    kousei.MLP.divergence : the same without gradients, faster.

    Notes
    -----
    The formulas are those of `kousei.MLP.divergence`, with derivatives carried forwards. Of two hidden layers it is
    f_2'(z_2) . M f_1'(z_1) with M = W_2 o (W_1 W_3)^T, for the cost of another value, whatever `dim` is; otherwise
    that of `dim` values. At a kink, f' is the slope on its left.

    Examples
    --------
    >>> import torch
    >>> from torch import nn
    >>> from kousei.interop.torch import RePU, divergence
    >>> field = nn.Sequential(nn.Linear(2, 8), RePU(2), nn.Linear(8, 8), RePU(2), nn.Linear(8, 2))
    >>> divergence(field, torch.rand(5, 2)).square().mean().backward()
    >>> field[0].weight.grad.shape
    torch.Size([8, 2])
    """
    return value_and_divergence(module, x)[1]


def value_and_divergence(module: nn.Module, x: Tensor) -> tuple[Tensor, Tensor]:
    """Return the values of a module and their divergence, which share what they have in common.

    Parameters
    ----------
    module : torch.nn.Module
    x : torch.Tensor (..., dim)
        As of `divergence`.

    Returns
    -------
    value : torch.Tensor (..., dim)
    divergence : torch.Tensor (...)

    Raises
    ------
    TypeError, ValueError
        As `divergence`.

    Examples
    --------
    A step of implicit score matching, after which `model` is nearer to the gradient of log p of the samples:

    >>> import torch
    >>> from torch import nn
    >>> from kousei.interop.torch import value_and_divergence
    >>> model = nn.Sequential(nn.Linear(2, 8), nn.Tanh(), nn.Linear(8, 8), nn.Tanh(), nn.Linear(8, 2))
    >>> optimizer = torch.optim.Adam(model.parameters())
    >>> score, div = value_and_divergence(model, torch.randn(100, 2))
    >>> (score.square().sum(-1) / 2 + div).mean().backward()
    >>> optimizer.step()
    """
    steps, outputs = _steps(module, x, twice=False)
    if outputs != x.shape[-1]:
        raise ValueError(f"module has {outputs} outputs; {x.shape[-1]}, as many as inputs, are accepted")
    return torch_jet.value_and_divergence(steps, x)


def laplacian(module: nn.Module, x: Tensor) -> Tensor:
    """Return the Laplacian of each output of a module, as a function that can be trained through.

    Parameters
    ----------
    module : torch.nn.Module
        As of `divergence`, with any number of outputs, and activations with a second derivative.
    x : torch.Tensor (..., dim)
        Points, of the dtype of the module, float32 or float64, and on its device.

    Returns
    -------
    torch.Tensor (..., outputs)
        The sum of the second derivatives, each twice by one input. Gradients reach the parameters and `x`.

    Raises
    ------
    TypeError, ValueError
        As `divergence`; also a ValueError for activations that are piecewise linear, such as ReLU.

    See Also
    --------
    kousei.MLP.jet : the same without gradients, faster.

    Notes
    -----
    Behind a layer z = W h + b with h of Jacobian J and Laplacian L, f(z) has the Laplacian
    f'(z) (W L) + f''(z) sum_k (W J)_k^2. The cost is that of dim + 2 values. f'' of RePU(2) is 0 at 0.

    Examples
    --------
    >>> import torch
    >>> from torch import nn
    >>> from kousei.interop.torch import RePU, laplacian
    >>> net = nn.Sequential(nn.Linear(2, 1), RePU(2))
    >>> _ = nn.init.ones_(net[0].weight)
    >>> laplacian(net, torch.ones(5, 2)).tolist()  # of (x_0 + x_1 + b)^2
    [[4.0], [4.0], [4.0], [4.0], [4.0]]
    """
    steps, _ = _steps(module, x, twice=True)
    second = torch_jet.jet(steps, x, laplacian=True)[2]
    assert second is not None
    return second


def _steps(module: nn.Module, x: Tensor, *, twice: bool) -> tuple[list[torch_jet.Step], int]:
    """Return what a module runs through, and the number of its outputs, after checks of both arguments."""
    check_type("module", module, nn.Module, "a torch.nn.Module")
    check_type("x", x, Tensor, "a torch.Tensor")
    placed = steps_of(module)
    weights = {f"{place}.weight": step[0] for place, step in placed if not isinstance(step, Activation)}
    arrays.real_dtype(x=x, **weights)
    if not weights:
        raise ValueError("module has no Linear; at least one is needed")
    sizes = [(name, *weight.shape) for name, weight in weights.items()]
    arrays.batch_axes("x", x, (sizes[0][2],))
    for (_, outputs, _), (name, _, inputs) in pairwise(sizes):
        if inputs != outputs:
            raise ValueError(f"{name} has {inputs} columns; there are {outputs} values before it")
    if twice:
        for place, step in placed:
            if isinstance(step, PiecewiseLinear):
                raise ValueError(
                    f"{place} has {step.name!r}, which is piecewise linear: its second derivative is 0 between "
                    "kinks, there is none at them, and it says nothing of the function; divergence takes it"
                )
    return [step for _, step in placed], sizes[-1][1]
