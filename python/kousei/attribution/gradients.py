"""Attribution by gradients, in PyTorch."""

from __future__ import annotations

from typing import Any

import numpy as np
from array_api_compat import is_torch_array

from kousei._lib import arrays
from kousei._lib.errors import check_integer
from kousei.attribution.game import Game
from kousei.attribution.result import Attribution
from kousei.attribution.structured import AttentionPooling, DeepSet
from kousei.network import MLP


def integrated_gradients(
    f: Any, items: Any, baseline: Any = None, *, steps: int = 64, groups: Any = None
) -> Attribution:
    """Attribute the value of a set to its features by the gradient, integrated from the baseline to the set.

    A number is attributed its distance from the baseline times the mean of the derivative by it along the straight
    line between the two. Items are the sums of their features. Items are all present.

    Parameters
    ----------
    f : callable, torch.nn.Module or SetFunction
        Of x (batch, n, columns) and mask (batch, n), that gradients pass.
    items : torch.Tensor (n, columns)
        The set.
    baseline : torch.Tensor (columns,), optional
        Like `items`; zeros unless given.
    steps : int
        Points of the Gauss-Legendre rule by which it is integrated.
    groups : sequence of int (columns,), optional
        As those of `owen_values`.

    Returns
    -------
    Attribution
        Nothing is drawn: errors are 0. How far the rule is off is `completeness_gap`; of a function with kinks it
        falls as 1/steps.

    Raises
    ------
    ImportError
        If PyTorch is not installed.
    TypeError
        If `items` is no tensor, or f a network of kousei, or pools some: `kousei.io.to_torch` gives modules.
    ValueError
        As `owen_values`, or if f gives values without a gradient.

    Notes
    -----
    M. Sundararajan, A. Taly and Q. Yan, "Axiomatic attribution for deep networks", arXiv:1703.01365.

    Examples
    --------
    >>> import torch
    >>> from kousei.attribution import integrated_gradients
    >>> items = torch.tensor([[1.0, 2.0], [3.0, 1.0]], dtype=torch.float64)
    >>> integrated_gradients(lambda x, mask: x.prod(dim=-1).sum(dim=-1) ** 2, items).features.round(9)
    array([[ 5.,  5.],
           [ 7.5, 7.5]])
    """
    if isinstance(f, MLP | DeepSet | AttentionPooling):
        accepted = "a function in torch, such as a module of kousei.io.to_torch, is accepted"
        raise TypeError(f"f was {type(f).__name__}, which gradients of torch do not pass; {accepted}")
    if not is_torch_array(items):
        raise TypeError(f"items was {type(items).__name__}; a tensor of torch is accepted")
    import torch
    from scipy.special import roots_legendre

    game = Game(f, items, baseline, "baseline", groups)
    arrays.require_memory(check_integer("steps", steps, 1) ** 2, 8, f"a matrix of {steps} x {steps} for the nodes")
    nodes, weights = roots_legendre(steps)
    step = game.items - game.baseline
    along = arrays.like(((nodes + 1) / 2).astype(arrays.dtype_name(items)), items)[:, None, None]
    points = (game.baseline + along * step).requires_grad_()
    with torch.enable_grad():
        values = game.f.values(points, torch.ones(points.shape[:2], dtype=torch.bool, device=items.device))
    gradient = None
    if values.requires_grad:  # be it by its parameters alone
        (gradient,) = torch.autograd.grad(values.sum(), points, allow_unused=True)
    if gradient is None:
        raise ValueError("f returned values without a gradient; operations of torch that gradients pass are accepted")
    mean = np.tensordot(weights / 2, arrays.to_host(gradient).astype(np.float64), axes=1)
    if not np.isfinite(mean).all():
        raise ValueError("f has a gradient with NaN or infinite values; finite numbers are accepted")
    features = (mean * arrays.to_host(step)) @ np.eye(game.features)[game.groups]
    base, value = game.ends()
    zeros = np.zeros_like(features)
    return Attribution(
        features, features.sum(axis=1), zeros, zeros[:, 0].copy(), value, base, game.evaluations + len(nodes)
    )
