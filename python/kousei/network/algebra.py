"""Sums, compositions and maxima of networks are networks: Theorem 2."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from kousei._lib import arrays
from kousei._lib.errors import check_integer, check_type
from kousei.network.layers import check_finite
from kousei.network.mlp import MLP
from kousei.network.summary import Formula
from kousei.network.wiring import Wire, Wiring, spot_costs


def compose(f: MLP, g: MLP) -> MLP:
    """Return x -> g(f(x)): the affine map that ends f and the one that begins g are merged."""
    _check_alike(f, g)
    if g.dim != f.outputs:
        raise ValueError(f"f has {f.outputs} outputs and g {g.dim} inputs; f >> g takes as many inputs as outputs")
    wiring = Wiring(f.dim)
    units = f"{f.units} + {g.units}", f.units + g.units
    return _write(f, wiring, wiring.apply(g, wiring.apply(f, wiring.input)), "f >> g", *units)


def stack(*nets: MLP) -> MLP:
    """Return x -> (f(x), g(x), ...), the outputs side by side.

    Parameters
    ----------
    *nets : MLP
        Networks of the same inputs. Those of fewer layers are carried through the missing ones by ReLU units that
        represent the identity, at the place where that takes fewest: twice the outputs, twice the inputs, or the
        units of a hidden layer whose activation is at least -2.

    Returns
    -------
    MLP
        ``stack(f, kousei.identity(f.dim))`` is the block of a dense network. What a weight has outside its blocks is
        not stored, where that pays.

    Raises
    ------
    TypeError
        For anything but networks, or if they differ in dtype or memory.
    ValueError
        If they differ in the number of inputs, or a parameter is not finite or overflows.

    Notes
    -----
    Theorem 2 of the ReLU representation theory (JSIAM 2024, G3-4-1; after Nagase 2022).

    Examples
    --------
    >>> import numpy as np
    >>> import kousei
    >>> f, g = kousei.MLP.random([2, 5, 3], rng=0), kousei.MLP.random([2, 4, 6, 1], rng=1)
    >>> both = kousei.stack(f, g)
    >>> both
    MLP(2 -> 8 relu -> 11 relu -> 4, float64, 171 parameters)
    >>> x = np.ones((1, 2))
    >>> bool(np.allclose(both(x), np.hstack([f(x), g(x)[:, None]])))
    True
    """
    if not nets:
        raise ValueError("there are no networks; one or more are accepted")
    _check_networks(**{f"nets[{i}]": net for i, net in enumerate(nets)})
    wiring, wires = _side_by_side(nets)
    return _write(nets[0], wiring, wiring.concat(wires), "stack", *_padded(nets))


def add(*nets: MLP) -> MLP:
    """Return x -> f(x) + g(x) + ...."""
    _check_outputs(nets, "f + g")
    wiring, wires = _side_by_side(nets)
    summed = np.tile(np.eye(nets[0].outputs), len(nets))
    total = wiring.affine(wiring.concat(wires), summed, np.zeros(nets[0].outputs))
    return _write(nets[0], wiring, total, "f + g", *_padded(nets))


def scale(factor: float, f: MLP) -> MLP:
    """Return x -> factor f(x)."""
    if not abs(factor) <= float(np.finfo(f.dtype).max):
        raise ValueError(f"the factor was {factor}; a finite number that {f.dtype} can hold is accepted")
    factor = float(factor)
    weights = [*f.weights[:-1], f.weights[-1] * factor]
    net = MLP(weights, [*f.biases[:-1], f.biases[-1] * factor], f.activations)
    net._formula = f._formula
    return net


def maximum(f: MLP, g: MLP) -> MLP:
    """Return x -> max(f(x), g(x)), output by output.

    Parameters
    ----------
    f, g : MLP
        Networks of the same inputs and outputs.

    Returns
    -------
    MLP
        One hidden layer deeper than the deeper of the two: max(f, g) = g + R(f - g), with g carried through the last
        layer.

    Raises
    ------
    TypeError
        For anything but networks, or if they differ in dtype or memory.
    ValueError
        If they differ in the number of inputs or outputs, or a parameter is not finite or overflows.

    Examples
    --------
    >>> import numpy as np
    >>> import kousei
    >>> x = kousei.identity(1)
    >>> net = kousei.maximum(x, -2 * x)
    >>> net(np.array([[-1.0], [0.0], [3.0]]))
    array([2., 0., 3.])
    """
    _check_networks(f=f, g=g)
    _check_outputs((f, g), "maximum(f, g)")
    wiring, wires = _side_by_side((f, g))
    text, units = _padded((f, g))
    carried = min(2 * f.outputs, *(spot_costs(net, 2 * net.dim)[-2] for net in (f, g)))
    more = f"{text} + {f.outputs} + {carried}", units + f.outputs + carried
    return _write(f, wiring, wiring.maximum(*wires), "maximum(f, g)", *more)


def minimum(f: MLP, g: MLP) -> MLP:
    """Return x -> min(f(x), g(x)), output by output: -max(-f, -g).

    Parameters, results and errors are those of `maximum`.

    Examples
    --------
    >>> import numpy as np
    >>> import kousei
    >>> x = kousei.identity(1)
    >>> kousei.minimum(x, -2 * x)(np.array([[-1.0], [3.0]]))
    array([-1., -6.])
    """
    _check_networks(f=f, g=g)
    net = scale(-1, maximum(scale(-1, f), scale(-1, g)))
    assert net._formula is not None
    return _with_formula(net, "minimum(f, g)", net._formula.text, net._formula.units)


def identity(n: int, *, hidden_layers: int = 0, lower: float = -math.inf) -> MLP:
    """Return x -> x on R^n.

    Parameters
    ----------
    n : int
        Inputs and outputs.
    hidden_layers : int
        Layers of ReLU units that the values pass: 2n units a layer, x = R(x) - R(-x).
    lower : float
        Where x >= lower is known, n units a layer are enough: x = R(x - lower) + lower. Below it the values are
        wrong.

    Returns
    -------
    MLP
        In float64, with NumPy arrays. Without hidden layers it takes those of the network it is added to or stacked
        with, at the cheapest place: ``f + kousei.identity(n)`` is the residual block.

    Raises
    ------
    TypeError
        If a number is not an integer, or `lower` not a real number.
    ValueError
        If n < 1 or hidden_layers < 0, or `lower` is NaN or +inf.

    Examples
    --------
    >>> import kousei
    >>> kousei.identity(3, hidden_layers=2)
    MLP(3 -> 6 relu -> 6 relu -> 3, float64, 87 parameters)
    >>> kousei.identity(3, hidden_layers=2, lower=0.0)
    MLP(3 -> 3 relu -> 3 relu -> 3, float64, 36 parameters)
    """
    check_integer("n", n, 1)
    check_integer("hidden_layers", hidden_layers, 0)
    arrays.require_memory(n * n, 8, f"an identity of {n} x {n} weights")
    bound = arrays.real_numbers("lower", lower)
    if bound.shape != () or not bound < math.inf:
        raise ValueError(f"lower was {lower!r}; a number, or -inf, is accepted")
    wiring = Wiring(n, float(bound))
    each = n if np.isfinite(bound) else 2 * n
    wire = wiring.lift(wiring.input, hidden_layers)
    return _with_formula(wiring.network(wire), "identity", f"{hidden_layers} x {each}", hidden_layers * each)


def _side_by_side(nets: Sequence[MLP]) -> tuple[Wiring, list[Wire]]:
    """Return the values of networks at the same inputs, all as functions of the same hidden layer."""
    first = nets[0]
    for net in nets[1:]:
        _check_alike(first, net)
        if net.dim != first.dim:
            raise ValueError(f"f has {first.dim} inputs and g {net.dim}; networks of the same inputs are accepted")
    wiring = Wiring(first.dim)
    depth = max(len(net.activations) for net in nets)
    return wiring, [wiring.apply(net, wiring.input, depth) for net in nets]


def _padded(nets: Sequence[MLP]) -> tuple[str, int]:
    """Return the units of networks side by side: their own, and those that carry shallow ones to the depth of all."""
    depth = max(len(net.activations) for net in nets)
    own = [net.units for net in nets]
    missing = [(depth - len(net.activations), min(spot_costs(net, 2 * net.dim))) for net in nets]
    text = " + ".join([*map(str, own), *(f"{layers} x {width}" for layers, width in missing if layers)])
    return text, sum(own) + sum(layers * width for layers, width in missing)


def _check_networks(**nets: object) -> None:
    for name, net in nets.items():
        check_type(name, net, MLP, "a kousei.MLP")


def _check_alike(f: MLP, g: MLP) -> None:
    if f.dtype != g.dtype:
        raise TypeError(f"f has dtype {f.dtype} and g {g.dtype}; they must agree: g.astype('{f.dtype}')")
    arrays.require_one_place("f", f.biases[0], "g", g.biases[0], "g.like(x) brings it elsewhere")


def _check_outputs(nets: Sequence[MLP], what: str) -> None:
    for net in nets[1:]:
        if net.outputs != nets[0].outputs:
            raise ValueError(
                f"f has {nets[0].outputs} outputs and g {net.outputs}; {what} takes networks of as many outputs"
            )


def _write(model: MLP, wiring: Wiring, wire: Wire, name: str, text: str, units: int) -> MLP:
    """Return the network of a wire, in the dtype and the memory of `model`."""
    with np.errstate(over="ignore"):
        net = wiring.network(wire, model.dtype)
    check_finite(name, net.weights, net.biases, net.dtype)
    return _with_formula(net.like(model.biases[0]), name, text, units)


def _with_formula(net: MLP, name: str, text: str, units: int) -> MLP:
    net._formula = Formula(name, text, units)
    return net
