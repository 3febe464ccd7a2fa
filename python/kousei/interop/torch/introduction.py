"""RePU in the place of an activation of a trained PyTorch network."""

from __future__ import annotations

import copy
from itertools import pairwise

import torch
from torch import Tensor, nn

from kousei._lib import arrays
from kousei._lib.errors import check_integer, check_type
from kousei.io.torch_repu import RePU

#: The ridge, as a share of the variance of each unit. That of 1e-6 to 1e-2 makes next to no difference.
_RIDGE = 1e-3


def introduce_repu(module: nn.Sequential, layer: int, p: int, x: Tensor) -> nn.Sequential:
    """Return a network with RePU in the place of an activation, and as nearly the values it had as that allows.

    The Linear behind the activation is fitted anew, so that what it returns at the points `x` changes least. One
    layer after the other, with some training in between, a network of ReLU or tanh becomes one of RePU, which has
    derivatives of more orders.

    Parameters
    ----------
    module : torch.nn.Sequential
        It stays as it is.
    layer : int
        The place of the activation; a Linear stands behind it.
    p : int
        The power, as of `RePU`.
    x : torch.Tensor (points, ...)
        What `module` takes: points it was trained at, several for each unit of the layer.

    Returns
    -------
    torch.nn.Sequential
        A copy, in the mode of `module`.

    Raises
    ------
    TypeError
        If an argument is not of its type, or the dtypes of the layer and `x` differ, or are not float32 or float64.
    ValueError
        If there is no such layer, it is a Linear or does not keep the number of units, none stands behind it, there
        are no points, or what is fitted is not finite.

    Notes
    -----
    Least squares in float64, with a ridge of 1e-3 of the variance of each unit: with the units' new values
    h = max(z, 0)^p and the old ones f = f(z), the weight W' minimises the mean of
    |W' (h - mean h) - W (f - mean f)|^2, and the bias keeps the mean of what the Linear returns. The layers below are
    run in eval mode.

    Examples
    --------
    >>> import torch
    >>> from torch import nn
    >>> from kousei.interop.torch import introduce_repu
    >>> net, x = nn.Sequential(nn.Linear(2, 30), nn.Tanh(), nn.Linear(30, 1)), torch.rand(500, 2)
    >>> smooth = introduce_repu(net, 1, 2, x)
    >>> smooth[1]
    RePU(p=2)
    >>> bool((smooth(x) - net(x)).abs().max() < 0.1)
    True
    """
    check_type("module", module, nn.Sequential, "a torch.nn.Sequential")
    layer = check_integer("layer", layer, 0)
    check_type("x", x, Tensor, "a torch.Tensor")
    places = [
        place
        for place, (at, behind) in enumerate(pairwise(module))
        if type(behind) is nn.Linear and not isinstance(at, nn.Linear)
    ]
    if layer not in places:
        accepted = ", ".join(map(str, places)) or "there is none"
        raise ValueError(f"layer was {layer}; the place of an activation before a Linear is accepted: {accepted}")
    twin = copy.deepcopy(module)
    # A copy: where the module has it in another place, too, the fit is none of that place.
    linear = copy.deepcopy(twin[layer + 1])
    assert isinstance(linear, nn.Linear)
    twin[layer], twin[layer + 1] = RePU(p), linear
    points = {"x": x} if x.is_floating_point() else {}  # others are indices, of an embedding
    arrays.real_dtype(**points, **{f"{layer + 1}.weight": linear.weight})
    with torch.no_grad():
        *below, activation = (part.eval() for part in copy.deepcopy(list(module)[: layer + 1]))
        z = nn.Sequential(*below)(x.clone())
        old, new = activation(z.clone()), twin[layer](z)  # which may write in place
        if old.shape != z.shape or z.numel() == 0:
            raise ValueError(
                f"layer {layer} takes values of shape {tuple(z.shape)} and returns {tuple(old.shape)}; "
                "the same shape, and at least one point, is accepted"
            )
        _fit(linear, new.reshape(-1, z.shape[-1]).double(), linear(old).reshape(-1, linear.out_features).double())
    return twin


def _fit(linear: nn.Linear, x: Tensor, y: Tensor) -> None:
    """Set weight and bias to those that return y (points, outputs) of x (points, inputs), by least squares."""
    mean, scale = x.mean(0), x.std(0, correction=0)
    scale[scale == 0] = 1  # of a unit that is constant, whose weight becomes 0
    normed = (x - mean) / scale
    gram = normed.mT @ normed / len(x)
    gram.diagonal().add_(_RIDGE)
    weight = torch.linalg.solve(gram, normed.mT @ (y - y.mean(0)) / len(x)).mT / scale
    bias = y.mean(0) - weight @ mean
    if not bool(weight.isfinite().all() and bias.isfinite().all()):
        raise ValueError("x has values, or the layer units, that are not finite; finite ones are accepted")
    linear.weight.copy_(weight)
    linear.bias = nn.Parameter(bias.to(linear.weight), requires_grad=linear.weight.requires_grad)
