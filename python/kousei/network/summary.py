"""The sizes of a network, beside the formula that predicts them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kousei._lib import arrays
from kousei.network.layers import nonzero

if TYPE_CHECKING:
    from kousei.network.mlp import MLP


@dataclass(frozen=True)
class Formula:
    """How many hidden units a construction takes, by its theorem, from the sizes of what it was given.

    Attributes
    ----------
    construction : str
        What made the network.
    text : str
        The sum, term by term.
    units : int
        Its value: hidden units, at most.
    """

    construction: str
    text: str
    units: int


@dataclass(frozen=True)
class LayerSummary:
    """Sizes of one layer.

    Attributes
    ----------
    outputs, inputs : int
        Shape of the weight.
    activation : str
        Name of the activation; empty for the last layer.
    nonzero : int
        Entries of the weight that are not zero.
    sparse : bool
        Whether it is stored sparse.
    """

    outputs: int
    inputs: int
    activation: str
    nonzero: int
    sparse: bool


@dataclass(frozen=True)
class Summary:
    """Sizes of a network.

    Attributes
    ----------
    layers : tuple of LayerSummary
        One per weight.
    formula : Formula or None
        The number of hidden units by the theorem that made the network, where one did.
    """

    layers: tuple[LayerSummary, ...]
    formula: Formula | None = None

    @property
    def depth(self) -> int:
        """Hidden layers."""
        return len(self.layers) - 1

    @property
    def widths(self) -> tuple[int, ...]:
        """Units of each hidden layer."""
        return tuple(layer.outputs for layer in self.layers[:-1])

    @property
    def units(self) -> int:
        """Hidden units."""
        return sum(self.widths)

    @property
    def parameters(self) -> int:
        """Weights and biases of the network if every weight were dense."""
        return sum(layer.outputs * (layer.inputs + 1) for layer in self.layers)

    @property
    def nonzero(self) -> int:
        """Weights that are not zero."""
        return sum(layer.nonzero for layer in self.layers)

    def __str__(self) -> str:
        lines = [f"{'layer':>5} {'inputs':>8} {'outputs':>8} {'nonzero':>10} {'share':>6}  activation"]
        for number, layer in enumerate(self.layers):
            share = layer.nonzero / (layer.inputs * layer.outputs)
            stored = ", stored sparse" if layer.sparse else ""
            name = layer.activation or "affine"
            lines.append(
                f"{number:>5} {layer.inputs:>8} {layer.outputs:>8} {layer.nonzero:>10} {share:>6.0%}  {name}{stored}"
            )
        lines.append(f"hidden layers {self.depth}, hidden units {self.units}, weights and biases {self.parameters}")
        if self.formula is not None:
            lines.append(
                f"{self.formula.construction}: at most {self.formula.text} = {self.formula.units} hidden units"
            )
        return "\n".join(lines)


def summary(net: MLP) -> Summary:
    """Sizes, layer by layer, beside the formula of the theorem that made the network.

    Returns
    -------
    Summary
        Printed, it is a table.

    Examples
    --------
    >>> import kousei
    >>> f, g = kousei.MLP.random([2, 5, 3], rng=0), kousei.MLP.random([2, 4, 6, 3], rng=1)
    >>> print((f + g).summary())
    layer   inputs  outputs    nonzero  share  activation
        0        2        8         12    75%  relu
        1        8       11         44    50%  relu
        2       11        3         33   100%  affine
    hidden layers 2, hidden units 19, weights and biases 159
    f + g: at most 5 + 10 + 1 x 4 = 19 hidden units
    """
    names = [activation.name for activation in net.activations] + [""]
    return Summary(
        tuple(
            LayerSummary(outputs, inputs, name, nonzero(weight), arrays.is_sparse(weight))
            for weight, outputs, inputs, name in zip(net.weights, net.sizes[1:], net.sizes, names, strict=False)
        ),
        net._formula,
    )
