"""What a binary network says of its size."""

from __future__ import annotations

import math
import operator
from dataclasses import dataclass
from itertools import accumulate, pairwise


@dataclass(frozen=True)
class BinarySummary:
    """Sizes of a binary network.

    Attributes
    ----------
    sizes : tuple of int
        Units of each layer, from the inputs to the outputs.
    real : int
        Real parameters: of the first layer, and of biases that are not all 0.
    given : tuple of int
        Units of each layer of the network it stands for, with those for the constant where bias="strict"; empty
        where it stands for none.
    """

    sizes: tuple[int, ...]
    real: int
    given: tuple[int, ...]

    @property
    def widths(self) -> tuple[int, ...]:
        """Units of each hidden layer."""
        return self.sizes[1:-1]

    @property
    def binary(self) -> int:
        """Parameters that are signs."""
        return _signs(self.sizes)

    @property
    def generic(self) -> tuple[int, ...]:
        """`sizes` by Theorem 4 for weights without zeros or ties, decomposed in chains: (n, klm, kl, k)."""
        products = accumulate(reversed(self.given[1:]), operator.mul)
        return (*self.given[:1], *reversed(list(products)))

    @property
    def generic_real(self) -> int:
        """Real weights by Theorem 4: klmn, the product of all sizes."""
        return math.prod(self.given)

    @property
    def expansion(self) -> float:
        """Real weights by Theorem 4, as a multiple of those of the given network: klmn / (kl + lm + mn)."""
        given = sum(outputs * inputs for inputs, outputs in pairwise(self.given))
        return self.generic_real / given if given else math.nan

    @property
    def generic_binary(self) -> int:
        """Signs of the widths by Theorem 4: k^2 l + k^2 l^2 m for hidden layers of m and l units and k outputs."""
        return _signs(self.generic)

    @property
    def ratio(self) -> float:
        """Signs, as a part of those by Theorem 4; nan without hidden layers."""
        return self.binary / self.generic_binary if self.generic_binary else math.nan

    def __str__(self) -> str:
        lines = [f"{'layer':>5} {'inputs':>8} {'outputs':>8} {'generic':>8}  weights"]
        for number, (inputs, outputs, generic) in enumerate(
            zip(self.sizes, self.sizes[1:], self.generic[1:] or [""] * len(self.sizes), strict=False)
        ):
            lines.append(f"{number:>5} {inputs:>8} {outputs:>8} {generic:>8}  {'signs' if number else 'real'}")
        lines.append(f"real parameters {self.real}, signs {self.binary}")
        if self.generic_binary:
            lines.append(
                f"Theorem 4: generically {self.generic_binary} signs, here {self.ratio:.3g} times as many, "
                f"and {self.generic_real} real weights, {self.expansion:.3g} times those given"
            )
        return "\n".join(lines)


def _signs(sizes: tuple[int, ...]) -> int:
    return sum(outputs * inputs for inputs, outputs in pairwise(sizes[1:]))
