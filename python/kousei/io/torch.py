"""Networks from and to PyTorch modules."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from kousei import activation as act
from kousei._lib import arrays
from kousei._lib.errors import check_type
from kousei.activation import Activation
from kousei.activation.base import power_of
from kousei.activation.mixed import parts_of
from kousei.activation.named import resolve
from kousei.io.chain import Step, chain, diagonal
from kousei.io.wording import leak, leaks, limits, reworded, threshold
from kousei.network import MLP

if TYPE_CHECKING:
    from torch import nn

#: Smooth activations, and the modules of the same values.
_SMOOTH = {"logistic": "Sigmoid", "tanh": "Tanh", "gelu": "GELU", "silu": "SiLU", "softplus": "Softplus"}
_PIECEWISE = ("ReLU", "LeakyReLU", "PReLU", "Hardtanh", "Hardsigmoid", "Softshrink")
_LAYERS = ("Sequential", "Identity", "Flatten", "Dropout", "Linear", "BatchNorm1d")
_KNOWN = (*_LAYERS, *_PIECEWISE, *_SMOOTH.values(), "RePU")
_PARAMETRIC = ("Linear", "BatchNorm1d", "PReLU")
_TENSORS = ("weight", "bias", "running_mean", "running_var")


def from_torch(module: nn.Module) -> MLP:
    """Return the network that a PyTorch module computes.

    Parameters
    ----------
    module : torch.nn.Module
        Linear, ReLU, ReLU6, LeakyReLU, PReLU, Hardtanh, Hardsigmoid, Softshrink, Sigmoid, Tanh, GELU (not its tanh
        approximation), SiLU, Softplus (of the default beta and threshold), `kousei.interop.torch.RePU`, BatchNorm1d
        and Dropout in eval mode, Flatten, Identity, or a Sequential of these, nested as deep as it comes. A class of
        one's own counts as the one whose `forward` it inherits.

    Returns
    -------
    MLP
        With NumPy arrays of the dtype of the module's parameters. They are copies, on whatever device the module
        lies: training the module further does not change the network, and ``net.like(x)`` takes it to a device.

    Raises
    ------
    TypeError
        If `module` is not a module, or its parameters are not all float32 or all float64.
    ValueError
        If parts of it are none of these, in training mode where that matters, or have hooks or a forward of their
        own: all of them are named with their place. Also if the widths do not chain, no number of inputs follows, or
        parameters are not finite.

    Notes
    -----
    The network is the module at points (..., dim): a module that flattens images gives the network of their values in
    C order. Affine maps that follow one another become one. Softplus of torch is z itself from z = 20 on, up to
    2.1e-9 less than the network's.

    Examples
    --------
    >>> import kousei
    >>> from torch import nn
    >>> kousei.io.from_torch(nn.Sequential(nn.Linear(2, 8), nn.LeakyReLU(), nn.Linear(8, 3)))
    MLP(2 -> 8 leaky_relu -> 3, float32, 51 parameters)
    """
    from torch import nn

    check_type("module", module, nn.Module, "a torch.nn.Module")
    parts = _known_parts(module, _KNOWN)
    tensors = {
        f"{path}.{name}": tensor
        for path, part, kind in parts
        if kind in _PARAMETRIC
        for name in _TENSORS
        if (tensor := getattr(part, name, None)) is not None
    }
    dtype = arrays.real_dtype(**tensors) if tensors else np.dtype(np.float64)
    steps = [(path, step) for path, part, kind in parts for step in _steps(path, part, kind, tensors)]
    return chain("module", steps, dtype)


def steps_of(module: nn.Module) -> list[tuple[str, Step]]:
    """Return the affine maps of a module, by its own tensors, and its activations, with their places.

    As `from_torch`, without parts whose numbers are not those of an affine map alone: Flatten, BatchNorm1d, PReLU.
    """
    known = [kind for kind in _KNOWN if kind not in ("Flatten", "BatchNorm1d", "PReLU")]
    return [
        (path, step)
        for path, part, kind in _known_parts(module, known)
        for step in ([(part.weight, part.bias)] if kind == "Linear" else _steps(path, part, kind, {}))
    ]


def to_torch(net: MLP) -> nn.Sequential:
    """Return a network as a PyTorch module.

    Parameters
    ----------
    net : MLP
        With activations that are piecewise linear, or logistic, tanh, gelu, silu, softplus or a power of ReLU.

    Returns
    -------
    torch.nn.Sequential
        Of Linear and activations, in eval mode, on the device of the network and of its dtype. The parameters are
        copies that require grad, as those of any module; sparse weights become dense. Its values have shape
        (..., outputs), also for one output.

    Raises
    ------
    TypeError
        If `net` is not a network.
    ValueError
        For activations that torch has no module for: all of them are named. It has none for a layer of which some
        units apply a smooth activation or a power and others another function.

    Notes
    -----
    A layer of piecewise-linear activations that torch has no module for becomes one of ReLU units, as by
    `MLP.to_relu`.

    Examples
    --------
    >>> import kousei
    >>> kousei.io.to_torch(kousei.MLP.random([2, 8, 1], "hardtanh", rng=0))
    Sequential(
      (0): Linear(in_features=2, out_features=8, bias=True)
      (1): Hardtanh(min_val=-1.0, max_val=1.0)
      (2): Linear(in_features=8, out_features=1, bias=True)
    )
    """
    from torch import nn

    check_type("net", net, MLP, "a kousei.MLP")
    net = reworded(net, _said, "torch")
    modules: list[Any] = []
    for weight, bias, activation in zip(net.weights, net.biases, [*net.activations, None], strict=True):
        linear = nn.Linear(weight.shape[1], weight.shape[0], device="meta")
        linear.weight, linear.bias = nn.Parameter(_tensor(weight)), nn.Parameter(_tensor(bias))
        modules.append(linear)
        if activation is not None:
            modules.append(_module(activation, linear.out_features).to(linear.bias))
    return nn.Sequential(*modules).eval()


def _known_parts(module: nn.Module, known: Sequence[str]) -> list[tuple[str, Any, str]]:
    """Return what a module runs through, with places and kinds; ValueError names what cannot be taken over."""
    parts = [(path, part, kind if kind in known else "") for path, part, kind in _parts("", module)]
    refused = [f"{path}: {type(part).__name__} {why}" for path, part, kind in parts if (why := _refusal(part, kind))]
    if refused:
        accepted = "" if all(kind for _, _, kind in parts) else f". Known are {', '.join(known)}"
        raise ValueError(f"module has parts that cannot be taken over: {'; '.join(refused)}{accepted}")
    return parts


def _parts(path: str, module: nn.Module) -> Iterator[tuple[str, nn.Module, str]]:
    """Yield a module and, where it is a Sequential, what it runs through, with places and kinds."""
    kind = _kind(module)
    yield path or "module", module, kind
    if kind == "Sequential":
        for name, child in module._modules.items():
            if child is not None:
                yield from _parts(f"{path}.{name}".lstrip("."), child)


def _kind(module: nn.Module) -> str:
    """Return the class of torch, or RePU, whose forward a module runs; empty for what is not accepted."""
    from torch import nn

    from kousei.io.torch_repu import RePU

    def runs(name: str) -> bool:
        # Batch norms of images have the forward of BatchNorm1d, and are not of its class.
        cls = RePU if name == "RePU" else getattr(nn, name)
        return isinstance(module, cls) and type(module).forward is cls.forward

    return next(filter(runs, _KNOWN), "")


def _refusal(part: Any, kind: str) -> str:
    """Return what speaks against a part, if anything does."""
    if not kind:
        return "is none of those known"
    if "forward" in vars(part):
        return "has a forward of its own"
    if part._forward_hooks or part._forward_pre_hooks:
        return "has hooks"
    if part.training and kind in ("Dropout", "BatchNorm1d"):
        return "is in training mode (.eval() ends it)"
    if kind == "BatchNorm1d" and part.running_mean is None:
        return "keeps no running mean"
    if kind == "Flatten" and (part.start_dim, part.end_dim) != (1, -1):
        return f"has start_dim {part.start_dim} and end_dim {part.end_dim}, 1 and -1 are accepted"
    if kind == "GELU" and part.approximate != "none":
        return f"has approximate={part.approximate!r}, 'none' is accepted"
    if kind == "Softplus" and (part.beta, part.threshold) != (1, 20):
        return f"has beta {part.beta} and threshold {part.threshold}, 1 and 20 are accepted"
    return ""


def _steps(path: str, part: Any, kind: str, tensors: dict[str, Any]) -> Iterator[Step]:
    """Yield the affine maps and activations that a part is; none if it changes nothing."""
    numbers = {name: _numbers(place, tensors[place]) for name in _TENSORS if (place := f"{path}.{name}") in tensors}
    match kind:
        case "Linear":
            yield numbers["weight"], numbers.get("bias", np.zeros(part.out_features))
        case "BatchNorm1d":
            with np.errstate(all="ignore"):  # chain() refuses what is not finite
                scale = numbers.get("weight", 1.0) / np.sqrt(numbers["running_var"] + part.eps)
            yield diagonal(scale), numbers.get("bias", 0.0) - scale * numbers["running_mean"]
        case "PReLU":
            slopes = numbers["weight"]
            if len(slopes) > 1:  # only so many values fit
                yield diagonal(np.ones(len(slopes))), np.zeros(len(slopes))
            yield act.prelu(slopes)
        case "ReLU":
            yield act.relu
        case "LeakyReLU":
            yield act.leaky_relu(part.negative_slope)
        case "Hardtanh":
            limits = (part.min_val, part.max_val)
            yield act.relu6 if limits == (0, 6) else act.hardtanh(*limits)
        case "Hardsigmoid":
            yield act.hardsigmoid()
        case "Softshrink":
            yield act.softshrink(part.lambd)
        case "RePU":
            yield act.repu(part.p)
        case _:
            yield from (resolve(ours) for ours, theirs in _SMOOTH.items() if theirs == kind)


def _numbers(place: str, tensor: Any) -> np.ndarray[Any, Any]:
    """Return a copy of a parameter."""
    numbers = arrays.to_host(arrays.known(place, tensor.detach())).astype(np.float64)
    arrays.require_finite(place, numbers)
    return numbers


def _tensor(array: Any) -> Any:
    """Return a copy of an array as a tensor on its device."""
    import torch

    array = arrays.dense(array)
    return torch.tensor(array) if isinstance(array, np.ndarray) else torch.utils.dlpack.from_dlpack(array).clone()


def _said(activation: Activation, units: int) -> list[bool]:
    """Return, of each part of a layer, whether torch has a module for the layer."""
    return [_module(activation, units) is not None] * len(parts_of(activation, units))


def _module(activation: Activation, units: int) -> Any:
    """Return the module of the activation of a layer; None if torch has none."""
    import torch
    from torch import nn

    from kousei.io.torch_repu import RePU

    if activation in (act.relu, act.relu6, act.hardsigmoid()):
        return {act.relu: nn.ReLU, act.relu6: nn.ReLU6, act.hardsigmoid(): nn.Hardsigmoid}[activation]()
    if (slope := leak(activation)) is not None:
        return nn.LeakyReLU(slope)
    if (cut := limits(activation)) is not None:
        return nn.Hardtanh(*cut)
    if (shift := threshold(activation)) is not None:
        return nn.Softshrink(shift)
    if (slopes := leaks(activation, units)) is not None:
        module = nn.PReLU(units)
        module.weight = nn.Parameter(torch.tensor(slopes, dtype=torch.float64))
        return module
    if power := power_of(activation.name):
        return RePU(power)
    return getattr(nn, _SMOOTH[activation.name])() if activation.compiled and activation.name in _SMOOTH else None
