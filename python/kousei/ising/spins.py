"""Configurations of a lattice, one bit for each spin."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from kousei._lib.arrays import Array, shape_of
from kousei._lib.errors import check_integer, check_type
from kousei.packed import PackedSigns

if TYPE_CHECKING:
    from kousei.ising.lattice import Lattice


class Spins(PackedSigns):
    """Configurations of a lattice, a row of packed signs for each: what `Lattice.sample` returns.

    Parameters
    ----------
    words : array (samples * chains, stride) of uint32
        As in `PackedSigns`, whose columns are the sites in the order of C. Row ``i * chains + j`` is the i-th sample
        of chain j.
    lattice : Lattice
        What they are configurations of.
    chains : int
        At least 1.

    Raises
    ------
    TypeError
        If `words` is no such array, `lattice` no Lattice or `chains` no integer.
    ValueError
        If `words` does not fit the lattice, the rows are no multiple of the chains, or `chains` is below 1.

    Examples
    --------
    >>> import numpy as np
    >>> from kousei.ising import Lattice, Spins
    >>> spins = Spins(np.array([[0b0110, 0, 0, 0], [0b1111, 0, 0, 0]], np.uint32), Lattice((2, 2), 0.4), chains=1)
    >>> spins
    Spins(2 samples of 1 chain, lattice (2, 2), 32 bytes)
    >>> spins.configurations()[0, 0]
    array([[-1,  1],
           [ 1, -1]], dtype=int8)
    """

    def __init__(self, words: Array, lattice: Lattice, chains: int) -> None:
        from kousei.ising.lattice import Lattice

        check_type("lattice", lattice, Lattice, "a kousei.ising.Lattice")
        self._chains = check_integer("chains", chains, 1)
        shape = shape_of(words) if hasattr(words, "shape") else ()
        rows = shape[0] if shape else 0
        super().__init__(words, (rows, lattice.sites))
        if rows % self._chains:
            raise ValueError(f"words has shape {shape}; a multiple of {chains} rows is accepted for {chains} chains")
        self._lattice = lattice

    @property
    def lattice(self) -> Lattice:
        """What they are configurations of."""
        return self._lattice

    @property
    def chains(self) -> int:
        """The number of chains."""
        return self._chains

    @property
    def samples(self) -> int:
        """The number of configurations of each chain."""
        return self.shape[0] // self._chains

    def configurations(self, dtype: Any = np.int8) -> Array:
        """Return the spins as numbers -1 and +1.

        Parameters
        ----------
        dtype : dtype
            As in `PackedSigns.unpack`.

        Returns
        -------
        array (samples, chains, ...)
            With the axes of the lattice at the end. Of NumPy in host memory, else of the library of the words.

        Raises
        ------
        TypeError
            For another dtype.
        MemoryError
            If it lies in host memory, and is larger than that of this machine.

        Examples
        --------
        >>> from kousei.ising import Lattice
        >>> Lattice((4, 6), 0.4).sample(chains=3, sweeps=20, thin=10, rng=0).configurations().shape
        (2, 3, 4, 6)
        """
        return self.unpack(dtype).reshape(self.samples, self._chains, *self._lattice.shape)

    def like(self, x: Array, /) -> Spins:
        """Return the spins in the memory of `x`, see `PackedSigns.like`."""
        there = super().like(x)
        return self if there is self else Spins(there.words, self._lattice, self._chains)

    def __reduce__(self) -> tuple[Any, ...]:
        return Spins, (self._words, self._lattice, self._chains)

    def __repr__(self) -> str:
        chains = f"{self._chains} chain{'s' if self._chains > 1 else ''}"
        return f"Spins({self.samples} samples of {chains}, lattice {self._lattice.shape}, {self._words.nbytes} bytes)"
