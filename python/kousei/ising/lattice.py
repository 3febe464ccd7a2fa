"""The Ising model on a periodic lattice."""

from __future__ import annotations

import math
from typing import Any

from kousei._lib.arrays import Array
from kousei._lib.errors import check_choice, check_integer, require_real_number
from kousei._lib.random import Rng
from kousei.ising.spins import Spins


class Lattice:
    r"""The Ising model on a periodic lattice of one, two or three dimensions.

    A configuration :math:`s \in \{-1, +1\}^N` has the probability

    .. math:: p(s) \propto \exp\Bigl(K \sum_{\langle i, j\rangle} s_i s_j + h \sum_i s_i\Bigr),

    where each site has one bond in each direction of each axis: N bonds for each axis. On an axis of length 2 both of
    its bonds join the same two sites.

    Parameters
    ----------
    shape : tuple of int
        One, two or three lengths, even and at least 2, so that the sites of a checkerboard have their neighbours in
        the other colour.
    coupling : float
        K, in units of the temperature. It may be negative, of an antiferromagnet.
    field : float
        h, in units of the temperature.

    Raises
    ------
    TypeError
        If `shape` is no tuple or list of integers, or the others are no real numbers.
    ValueError
        If there are not one to three lengths, one is odd or below 2, they have 2**32 sites or more, or a number is
        not finite.

    Examples
    --------
    >>> from kousei.ising import Lattice
    >>> lattice = Lattice((4, 4), 0.4)
    >>> lattice
    Lattice((4, 4), coupling=0.4)
    >>> lattice.sites
    16
    """

    def __init__(self, shape: tuple[int, ...], coupling: float, field: float = 0.0) -> None:
        if not isinstance(shape, tuple | list):
            raise TypeError(f"shape was {shape!r}; a tuple of one to three integers is accepted")
        if not 1 <= len(shape) <= 3:
            raise ValueError(f"shape was {tuple(shape)}; one to three lengths are accepted")
        self._shape = tuple(check_integer(f"shape[{axis}]", length, 2) for axis, length in enumerate(shape))
        for axis, length in enumerate(self._shape):
            if length % 2:
                raise ValueError(f"shape[{axis}] was {length}; an even length is accepted")
        if self.sites >= 2**32:
            raise ValueError(f"shape was {self._shape}, {self.sites} sites; fewer than 2**32 are accepted")
        for name, value in ("coupling", coupling), ("field", field):
            require_real_number(name, value)
            if not math.isfinite(value):
                raise ValueError(f"{name} was {value}; a finite number is accepted")
        self._coupling, self._field = float(coupling), float(field)

    @property
    def shape(self) -> tuple[int, ...]:
        """The lengths of the axes."""
        return self._shape

    @property
    def sites(self) -> int:
        """The number N of spins."""
        return math.prod(self._shape)

    @property
    def coupling(self) -> float:
        """The coupling K."""
        return self._coupling

    @property
    def field(self) -> float:
        """The field h."""
        return self._field

    def sample(
        self,
        method: str = "metropolis",
        *,
        chains: int,
        sweeps: int,
        thin: int = 1,
        burn_in: int | None = None,
        rng: Rng = None,
        like: Array | None = None,
    ) -> Spins:
        """Draw configurations."""
        check_choice("method", method, "metropolis", "wolff", "swendsen-wang", "tempering")
        raise NotImplementedError

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Lattice):
            return NotImplemented
        return self._key == other._key

    def __hash__(self) -> int:
        return hash(self._key)

    @property
    def _key(self) -> tuple[Any, ...]:
        return self._shape, self._coupling, self._field

    def __repr__(self) -> str:
        field = f", field={self._field}" if self._field else ""
        return f"Lattice({self._shape}, coupling={self._coupling}{field})"
