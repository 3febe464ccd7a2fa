"""Networks with their derivatives: value, Jacobian and Laplacian in one pass, and the divergence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kousei._lib import backends
from kousei._lib.arrays import Array
from kousei._lib.errors import check_bool
from kousei.activation.mixed import parts_of
from kousei.activation.piecewise import PiecewiseLinear
from kousei.network import device
from kousei.network.evaluation import check_points, compiled_layers

if TYPE_CHECKING:
    from kousei.network.mlp import MLP


@dataclass(frozen=True, eq=False)
class Jet:
    """The values of a network and their derivatives, see `MLP.jet`.

    Parameters
    ----------
    value : array (..., outputs)
        Also of a network with one output.
    jacobian : array (..., outputs, dim)
        The derivative of each output by each input.
    laplacian : array (..., outputs) or None
        The sum of the second derivatives of each output, each twice by one input.
    """

    value: Array
    jacobian: Array
    laplacian: Array | None


def jet(net: MLP, x: Array, /, *, laplacian: bool = True) -> Jet:
    """Evaluate the network with its derivatives, in one pass and without a tape.

    Parameters
    ----------
    x : array (..., dim)
        Points, of the dtype and in the memory of the network.
    laplacian : bool
        Whether the Laplacian is wanted. Without it, activations need no second derivative.

    Returns
    -------
    Jet
        `value` (..., outputs), `jacobian` (..., outputs, dim) and `laplacian` (..., outputs) or None, of the library
        and dtype of `x`.

    Raises
    ------
    TypeError
        If `x` is not an array of the network's dtype and memory, `laplacian` is not a bool, or an activation is a
        function of one's own, whose derivatives are not known.
    ValueError
        If the last axis of `x` is not `dim`, or the Laplacian is asked for and an activation has no second
        derivative: "relu" and all that is piecewise linear.
    CudaError
        If `x` lies in CUDA memory and there is no device or no CUDA build.

    Notes
    -----
    Behind a layer z = W h + b with h of Jacobian J and Laplacian L, f(z) has the Jacobian f'(z) (W J) and the
    Laplacian f'(z) (W L) + f''(z) sum_k (W J)_k^2. The cost is that of dim + 1 values, or dim + 2. At a kink of an
    activation f' is the slope on its left, and f'' of "repu2" is 0 at 0. On the host no point's result depends on
    the others or on the number of threads.

    Examples
    --------
    f(x) = max(x_0 + 2 x_1, 0)^2 has the gradient (2, 4) (x_0 + 2 x_1) and the Laplacian 10 where it is positive:

    >>> import numpy as np
    >>> import kousei
    >>> weights, biases = [np.array([[1.0, 2.0]]), np.ones((1, 1))], [np.zeros(1), np.zeros(1)]
    >>> at = kousei.MLP(weights, biases, ["repu2"]).jet(np.array([1.0, 1.0]))
    >>> at.value, at.jacobian, at.laplacian
    (array([9.]), array([[ 6., 12.]]), array([10.]))
    """
    check_bool("laplacian", laplacian)
    backend, x = backends.enter("x", x)
    batch = check_points(net, x, net.biases[0])
    _check_differentiable(net, twice=laplacian)
    shapes = [(*batch, net.outputs), (*batch, net.outputs, net.dim)]
    if laplacian:
        shapes.append((*batch, net.outputs))
    pairs = [backends.output(backend, None, shape, net.dtype, x) for shape in shapes]
    (value, to_value), (jacobian, to_jacobian) = pairs[:2]
    second, to_second = pairs[2] if laplacian else (None, None)
    if isinstance(backend, backends.Device):
        device.evaluate_jet(net, backend, x, value, jacobian, second)
    else:
        layers = compiled_layers(net, backend)
        layers.jet(backend.view("x", x), to_value, to_jacobian, to_second, backend.launch())
    return Jet(value, jacobian, second)


def divergence(net: MLP, x: Array, /) -> Array:
    """Evaluate the divergence of a vector field, sum_k d f_k/d x_k.

    Parameters
    ----------
    x : array (..., dim)
        Points, of the dtype and in the memory of the network.

    Returns
    -------
    array (...)
        Of the library and dtype of `x`.

    Raises
    ------
    TypeError
        If `x` is not an array of the network's dtype and memory, or an activation is a function of one's own.
    ValueError
        If the last axis of `x` is not `dim`, or the network has not as many outputs as inputs.
    CudaError
        If `x` lies in CUDA memory and there is no device or no CUDA build.

    Notes
    -----
    A network of two hidden layers, W_3 f_2(W_2 f_1(z_1) + b_2) + b_3, with dense weights has the divergence
    f_2'(z_2) . M f_1'(z_1) with M = W_2 o (W_1 W_3)^T, entry by entry: one product of matrices more than its value,
    whatever `dim` is. Any other one takes the derivatives of `jet`.

    Examples
    --------
    >>> import numpy as np
    >>> import kousei
    >>> net = kousei.MLP.random([2, 30, 30, 2], "tanh", rng=0)
    >>> x = np.random.default_rng(1).normal(size=(5, 2))
    >>> jacobian = net.jet(x, laplacian=False).jacobian
    >>> bool(np.abs(net.divergence(x) - np.trace(jacobian, axis1=-2, axis2=-1)).max() < 1e-14)
    True
    """
    backend, x = backends.enter("x", x)
    batch = check_points(net, x, net.biases[0])
    if net.outputs != net.dim:
        raise ValueError(f"the network has {net.outputs} outputs; {net.dim}, as many as inputs, are accepted")
    _check_differentiable(net, twice=False)
    result, view = backends.output(backend, None, batch, net.dtype, x)
    if isinstance(backend, backends.Device):
        device.evaluate_divergence(net, backend, x, result)
    else:
        compiled_layers(net, backend).divergence(backend.view("x", x), view, backend.launch())
    return result


def _check_differentiable(net: MLP, *, twice: bool) -> None:
    for i, (activation, units) in enumerate(zip(net.activations, net.sizes[1:], strict=False)):
        for part, _ in parts_of(activation, units):
            if part.function is not None:
                raise TypeError(
                    f"activations[{i}] has {part.name!r}, a function of one's own, whose derivatives are not known"
                )
            if twice and isinstance(part, PiecewiseLinear):
                raise ValueError(
                    f"activations[{i}] has {part.name!r}, which is piecewise linear: its second derivative is 0 "
                    "between kinks, there is none at them, and it says nothing of the function; "
                    "laplacian=False is accepted"
                )
