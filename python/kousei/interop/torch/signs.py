"""Layers of signs as PyTorch modules."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from kousei._lib import arrays
from kousei._lib.errors import check_bool, check_integer, check_type, shown
from kousei.packed import PackedSigns, ScaledSigns, pack_signs

#: Columns that can share a scale; None for all of a row.
_GROUPS = (None, 32, 128)
#: Signs that a gradient holds as numbers at a time.
_BLOCK = 1 << 22


class SignLinear(nn.Module):
    """A linear layer whose weights are packed signs, times scales: `torch.nn.Linear` with one bit for each weight.

    The signs stay as they are, in a buffer. Scales and bias are parameters; gradients reach them and the inputs.

    Parameters
    ----------
    in_features, out_features : int
        Inputs and outputs, at least one of each.
    bias : bool
        Whether the layer has one.
    group : {None, 32, 128}
        How many columns of a row share a scale; None for all of them.
    device, dtype
        As those of `torch.nn.Linear`; the dtype float32 or float64.

    Attributes
    ----------
    words : torch.Tensor (out_features, stride) of int32
        The bits of `PackedSigns.words`; there is little that torch does with uint32.
    scales : torch.nn.Parameter (out_features,) or (out_features, groups), or None
        One for each row, or for each group of its columns; None if the weights are the signs themselves.
    bias : torch.nn.Parameter (out_features,), or None

    Raises
    ------
    TypeError
        If a size is not an integer, or the dtype neither float32 nor float64.
    ValueError
        If a size is not positive, or for another `group`.

    See Also
    --------
    kousei.packed.ScaledSigns

    Notes
    -----
    A new layer has random signs, biases as those of a new `torch.nn.Linear`, and as scales the mean modulus of its
    weights. Backward writes the signs out as numbers, some rows at a time, and multiplies these.

    `words` may be assigned, and written to in place by operations of torch; what goes past them, ``words.data`` or
    ``words.numpy()``, is not seen.

    Examples
    --------
    >>> import torch
    >>> from kousei.interop.torch import SignLinear
    >>> layer = SignLinear.from_linear(torch.nn.Linear(256, 64), group=32)
    >>> layer
    SignLinear(in_features=256, out_features=64, bias=True, group=32)
    >>> layer(torch.ones(5, 256)).shape
    torch.Size([5, 64])
    """

    words: Tensor
    scales: nn.Parameter | None
    bias: nn.Parameter | None

    def __init__(
        self,
        in_features: int,
        out_features: int,
        bias: bool = True,
        *,
        group: int | None = None,
        device: Any = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__()
        self.in_features: int = check_integer("in_features", in_features, 1, 2**31 - 1)
        self.out_features: int = check_integer("out_features", out_features, 1, 2**31 - 1)
        check_bool("bias", bias)
        _check_group(group)
        self.group = group
        if _device(device).type == "cpu":
            arrays.require_memory(in_features * out_features // 32, 4, f"{out_features} x {in_features} signs")
        scales = torch.empty(_shape(out_features, in_features, group), device=device, dtype=dtype)
        if scales.dtype not in (torch.float32, torch.float64):
            raise TypeError(f"dtype was {scales.dtype}; torch.float32 and torch.float64 are accepted")
        words = torch.empty(out_features, math.ceil(in_features / 128) * 4, device=device, dtype=torch.int32)
        self.register_buffer("words", words)
        self.register_parameter("scales", nn.Parameter(scales))
        self.register_parameter("bias", nn.Parameter(scales.new_empty(out_features)) if bias else None)
        self._signs: tuple[Tensor, int, int | None, PackedSigns] | None = None
        self._scaled: ScaledSigns | None = None
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw signs and biases, by the generator of torch, as the notes of the class say."""
        bound = 1 / math.sqrt(self.in_features)
        columns = np.clip(self.in_features - 32 * np.arange(self.words.shape[1]), 0, 32)
        used = (2**columns - 1).astype(np.uint32).view(np.int32)
        self.words.random_(-(2**31), 2**31).bitwise_and_(torch.tensor(used, device=self.words.device))
        if self.scales is not None:
            nn.init.constant_(self.scales, bound / 2)
        if self.bias is not None:
            nn.init.uniform_(self.bias, -bound, bound)

    @classmethod
    def from_linear(cls, linear: nn.Linear, group: int | None = None) -> SignLinear:
        """Return the layer of signs that is nearest to a linear one.

        Parameters
        ----------
        linear : torch.nn.Linear
            Of float32 or float64.
        group : {None, 32, 128}
            How many columns of a row share a scale; None for all of them.

        Returns
        -------
        SignLinear
            Of the dtype of `linear` and on its device; nothing is shared.

        Raises
        ------
        TypeError
            If `linear` is not a linear layer, or its dtype neither float32 nor float64.
        ValueError
            If it has no inputs or no outputs, a weight is not finite, or for another `group`.

        Notes
        -----
        The scales are the mean moduli of the weights of a row, or of a group of its columns: the least-squares choice
        for their signs, which are the best signs for any positive scale (XNOR-Net, arXiv:1603.05279). The sign of 0
        is taken to be +1.

        Examples
        --------
        >>> import torch
        >>> from kousei.interop.torch import SignLinear
        >>> linear = torch.nn.Linear(4, 1, bias=False)
        >>> linear.weight = torch.nn.Parameter(torch.tensor([[1.0, -2.0, 3.0, 0.0]]))
        >>> SignLinear.from_linear(linear).weight.tolist()
        [[1.5, -1.5, 1.5, 1.5]]
        """
        check_type("linear", linear, nn.Linear, "a torch.nn.Linear")
        _check_group(group)
        for name in ("in_features", "out_features"):
            check_integer(f"linear.{name}", getattr(linear, name), 1)
        weight = linear.weight.detach()
        arrays.real_dtype(**{"linear.weight": weight})
        if not bool(weight.isfinite().all()):
            raise ValueError("linear.weight is not finite; finite weights are accepted")
        signs = pack_signs(torch.where(weight < 0, -1, 1).to(torch.int8).cpu())
        scales = _sums(weight.abs(), group) / _sums(torch.ones_like(weight[:1]), group)
        bias = None if linear.bias is None else linear.bias.detach()
        return cls.from_signs(signs, scales.reshape(_shape(*signs.shape, group)), bias)

    @classmethod
    def from_signs(cls, signs: PackedSigns, scales: Tensor | None = None, bias: Tensor | None = None) -> SignLinear:
        """Return the layer of given signs, scales and bias, which are copied.

        Parameters
        ----------
        signs : PackedSigns
            The signs of the weights, (out_features, in_features).
        scales : torch.Tensor (out_features,) or (out_features, groups), optional
            One for each row, or for each 32 or 128 of its columns. None: the weights are the signs themselves.
        bias : torch.Tensor (out_features,), optional

        Returns
        -------
        SignLinear
            Of the dtype and on the device of the tensors; without them in host memory.

        Raises
        ------
        TypeError
            If an argument is not of its type, or of a dtype that is neither float32 nor float64, or not that of the
            other tensor.
        ValueError
            If a shape is not that of the signs, or the tensors lie on two devices.

        Examples
        --------
        >>> import numpy as np
        >>> import torch
        >>> import kousei
        >>> from kousei.interop.torch import SignLinear
        >>> signs = kousei.pack_signs(np.array([[1, -1, 1], [-1, -1, 1]]))
        >>> layer = SignLinear.from_signs(signs, torch.tensor([1.0, 0.5]))
        >>> layer(torch.tensor([1.0, 2.0, 4.0])).tolist()
        [3.0, 0.5]
        """
        check_type("signs", signs, PackedSigns, "a kousei.PackedSigns")
        given = {name: each for name, each in (("scales", scales), ("bias", bias)) if each is not None}
        for name, tensor in given.items():
            check_type(name, tensor, Tensor, "a torch.Tensor")
        dtype = getattr(torch, arrays.real_dtype(**given).name) if given else None
        places = [tensor.device for tensor in given.values()]
        if len(set(places)) > 1:
            raise ValueError(f"bias lies on {places[1]} and scales on {places[0]}; they must agree")
        rows, columns = signs.shape
        # A row of one group has the scales (rows, 1) of either size.
        groups = {_shape(rows, columns, group): group for group in reversed(_GROUPS)}
        if scales is not None and tuple(scales.shape) not in groups:
            accepted = ", ".join(map(str, groups))
            raise ValueError(f"scales has shape {tuple(scales.shape)}; one of {accepted} is accepted")
        if bias is not None:
            arrays.require_shape("bias", bias, (rows,))
        group = None if scales is None else groups[tuple(scales.shape)]
        layer = cls(columns, rows, bias is not None, group=group, device="meta", dtype=dtype)
        layer.words = torch.tensor(arrays.to_host(signs.words).view(np.int32)).to(places[0] if places else "cpu")
        layer.scales = None if scales is None else nn.Parameter(scales.detach().clone())
        layer.bias = None if bias is None else nn.Parameter(bias.detach().clone())
        return layer

    @property
    def signs(self) -> PackedSigns:
        """The signs, which share the memory of `words`."""
        # What writes to a tensor in place counts up its version, of which those of inference mode have none; and its
        # memory can be exchanged for another.
        words = self.words
        version, pointer = None if words.is_inference() else words._version, words.data_ptr()
        known = self._signs
        if known is None or known[0] is not words or known[1:3] != (pointer, version) or version is None:
            self._signs = known = words, pointer, version, _packed(words, self.in_features)
        return known[3]

    @property
    def weight(self) -> Tensor:
        """The weights as `torch.nn.Linear` has them, (out_features, in_features), made anew each time."""
        dtype = torch.get_default_dtype() if self.scales is None else self.scales.dtype
        signs = _unpacked(self.words, self.in_features, dtype)
        return signs if self.scales is None else signs * _spread(self.scales, self.in_features, self.group)

    def forward(self, x: Tensor) -> Tensor:
        """Return the products of the weights with points, plus the bias.

        Parameters
        ----------
        x : torch.Tensor (..., in_features)
            Points, of the dtype of the layer and on its device.

        Returns
        -------
        torch.Tensor (..., out_features)

        Raises
        ------
        TypeError
            If `x` is not a tensor, or its dtype not that of the layer, or neither float32 nor float64.
        ValueError
            If its last axis is not `in_features`, or `words` has a bit past the last column.
        """
        check_type("x", x, Tensor, "a torch.Tensor")
        named = {"x": x, "scales": self.scales, "bias": self.bias}
        arrays.real_dtype(**{name: tensor for name, tensor in named.items() if tensor is not None})
        factor = self._factor()
        product: Tensor = _Product.apply(x, self.scales, self.group, self.words, factor)  # type: ignore[no-untyped-call]
        return product if self.bias is None else product + self.bias

    def extra_repr(self) -> str:
        """Return what is shown of the layer."""
        scales = ", scales=None" if self.scales is None else ""
        return (
            f"in_features={self.in_features}, out_features={self.out_features}, bias={self.bias is not None}, "
            f"group={self.group}{scales}"
        )

    def _factor(self) -> PackedSigns | ScaledSigns:
        """Return what multiplies points; in host memory one object while its numbers stay, for the copy it keeps."""
        signs = self.signs
        if self.scales is None:
            return signs
        if self.scales.is_cuda:
            return ScaledSigns(signs, self.scales.detach())
        scales = self.scales.detach().numpy()
        if self._scaled is None or self._scaled.signs is not signs or not np.array_equal(self._scaled.scales, scales):
            self._scaled = ScaledSigns(signs, scales.copy())
        return self._scaled

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"_signs": None, "_scaled": None}


class _Product(torch.autograd.Function):
    """x @ (signs * scales).T, with the scales of groups of columns."""

    @staticmethod
    def forward(
        ctx: Any,
        x: Tensor,
        scales: Tensor | None,
        group: int | None,
        words: Tensor,
        factor: PackedSigns | ScaledSigns,
    ) -> Tensor:
        ctx.save_for_backward(x, scales, words)
        ctx.group = group
        product: Tensor = factor.matmul(x.detach())
        return product

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        # In operations of torch, so that gradients of gradients follow from it.
        x, scales, words = ctx.saved_tensors
        (rows, columns), group = (len(words), x.shape[-1]), ctx.group
        grad, points = grad.reshape(-1, rows), x.reshape(-1, columns)
        grad_x, grad_scales = torch.zeros_like(points), []
        step = max(1, _BLOCK // columns)
        for block in (slice(start, start + step) for start in range(0, rows, step)):
            signs = _unpacked(words[block], columns, x.dtype)
            if ctx.needs_input_grad[0]:
                weight = signs if scales is None else signs * _spread(scales[block], columns, group)
                grad_x = grad_x + grad[:, block] @ weight
            if ctx.needs_input_grad[1]:
                grad_scales.append(_sums(grad[:, block].mT @ points * signs, group))
        of_scales = torch.cat(grad_scales).reshape(scales.shape) if grad_scales else None
        return grad_x.reshape(x.shape), of_scales, None, None, None


def _device(device: Any) -> torch.device:
    """Return the device that an argument stands for; ValueError where there is none."""
    try:
        return torch.empty(0, device=device).device
    except (RuntimeError, TypeError, ValueError):
        raise ValueError(
            f"device was {shown(device)}; None, and a torch.device that is there, are accepted"
        ) from None


def _check_group(group: int | None) -> None:
    if not isinstance(group, int | None) or group not in _GROUPS:
        raise ValueError(
            f"group was {shown(group)}; {', '.join(map(str, _GROUPS[:-1]))} and {_GROUPS[-1]} are accepted"
        )


def _shape(rows: int, columns: int, group: int | None) -> tuple[int, ...]:
    """Return the shape of the scales."""
    return (rows,) if group is None else (rows, math.ceil(columns / group))


def _sums(matrix: Tensor, group: int | None) -> Tensor:
    """Return the sums over each group of columns, (rows, groups)."""
    group = group or matrix.shape[1]
    padded = nn.functional.pad(matrix, (0, -matrix.shape[1] % group))
    return padded.reshape(len(matrix), -1, group).sum(-1)


def _spread(scales: Tensor, columns: int, group: int | None) -> Tensor:
    """Return the scale of each weight, (rows, columns) or (rows, 1)."""
    return scales[:, None] if group is None else scales.repeat_interleave(group, 1)[:, :columns]


def _packed(words: Tensor, columns: int) -> PackedSigns:
    """Return rows of words as signs."""
    # PackedSigns takes words in host memory from NumPy.
    seen = words.view(torch.uint32) if words.is_cuda else words.numpy().view(np.uint32)
    return PackedSigns(seen, (len(words), columns))


def _unpacked(words: Tensor, columns: int, dtype: torch.dtype) -> Tensor:
    """Return rows of words as numbers -1 and +1, (rows, columns); those of each byte are looked up."""
    number, bit = torch.arange(256, device=words.device), torch.arange(8, device=words.device)
    signs_of_byte = ((number[:, None] >> bit & 1) * 2 - 1).to(dtype)
    return nn.functional.embedding(words.view(torch.uint8).int(), signs_of_byte).flatten(1)[:, :columns]
