"""RePU as a PyTorch module, which `from_torch` reads and `to_torch` writes; this module imports torch."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from kousei._lib.errors import check_integer, check_type
from kousei.activation.base import LARGEST_POWER


class RePU(nn.Module):
    """The rectified power unit, max(z, 0)^p entry by entry.

    `kousei.io.from_torch` takes it as the activation "repu<p>", and `kousei.io.to_torch` makes it of that.

    Parameters
    ----------
    p : int
        1 to 32; 1 is ReLU.

    Raises
    ------
    TypeError
        If `p` is not an integer.
    ValueError
        If it is another one.

    Notes
    -----
    Two operations of PyTorch, which keep one tensor of the size of the inputs for the gradient; `torch.func`,
    `torch.compile` and the exporters to ONNX take it. float16 ends at 65504: it overflows from z = 256 on for p = 2,
    and from z = 40.34 on for p = 3. Of bfloat16 the range is that of float32.

    Examples
    --------
    >>> import torch
    >>> from kousei.interop.torch import RePU
    >>> z = torch.tensor([-1.0, 0.5, 3.0], requires_grad=True)
    >>> RePU(2)(z).sum().backward()
    >>> z.grad
    tensor([0., 1., 6.])
    """

    def __init__(self, p: int) -> None:
        super().__init__()
        self.p: int = check_integer("p", p, 1, LARGEST_POWER)

    def forward(self, z: Tensor) -> Tensor:
        """Return the values.

        Parameters
        ----------
        z : torch.Tensor, any shape
            Of a floating-point dtype.

        Returns
        -------
        torch.Tensor, of the same shape and dtype
        """
        check_type("z", z, Tensor, "a torch.Tensor")
        return torch.relu(z) ** self.p

    def extra_repr(self) -> str:
        """Return what is shown of the module."""
        return f"p={self.p}"
