"""The sizes of a network, beside the formula that predicts them."""

from __future__ import annotations

from dataclasses import dataclass


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
