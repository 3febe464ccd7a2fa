"""The Ising model on a periodic lattice."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from kousei._lib import backends
from kousei._lib.arrays import Array
from kousei._lib.errors import check_bool, check_integer, finite_number
from kousei._lib.progress import bar
from kousei._lib.random import Rng
from kousei.ising.runs import Plan
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
        self._coupling, self._field = finite_number("coupling", coupling), finite_number("field", field)

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
        progress: bool = False,
    ) -> Spins:
        r"""Draw configurations, by chains that forget where they began.

        Parameters
        ----------
        method : str
            "metropolis": sweeps over the sites of one colour of a checkerboard and the other, 32 chains to a word.
            "tempering": the same, with exchanges between temperatures, of which most are higher. "swendsen-wang":
            clusters of spins, all of them in each sweep. "wolff": clusters of random sites, in a sweep about as many
            as hold all the sites.
        chains : int
            How many are drawn, independent of each other. Those of "metropolis" and "tempering" cost least in
            multiples of 512.
        sweeps : int
            Sweeps of each chain after the burn-in, a multiple of `thin`.
        thin : int
            Sweeps for each sample.
        burn_in : int or None
            Sweeps before. None: enough at the critical coupling, which is L**z sweeps of "metropolis" for the longest
            side L, with z = 2, 2.17, 2.03 in 1, 2, 3 dimensions, and 5 times as many in a field; 10 for each pair of
            temperatures of "tempering"; and 100 of clusters.
        rng : numpy.random.Generator, int or None
            Source of the draws (SPEC 7).
        like : array or None
            Samples lie in the memory of this array, and chains of "metropolis" and "tempering" are advanced there.
            None: in host memory.
        progress : bool
            Show a bar.

        Returns
        -------
        Spins
            sweeps / thin samples of each chain, one bit for each spin.

        Raises
        ------
        TypeError
            If an argument is not of these types.
        ValueError
            For another method, a number that is too small, `sweeps` that is no multiple of `thin`, more than 2**32
            sweeps, or a coupling or a field that "tempering" has too many temperatures for.
        MemoryError
            If samples or chains lie in host memory, and are larger than that of this machine.
        SizeError
            If their bytes cannot be counted in 64 bits.
        CudaError
            If `like` lies in CUDA memory and there is no device or no CUDA build.

        Notes
        -----
        For one seed the chains are the same whatever the instruction set, the number of threads and the memory.
        They begin with all spins alike, or in an antiferromagnet those of "metropolis" and "tempering" each colour,
        with a sign that is drawn by the probabilities of the two states: sums over many chains have the symmetry of
        the distribution from the start, also where a chain never turns over.

        Metropolis' algorithm [1]_ accepts a flip with the probability :math:`\frac{15}{16} \min(1, p'/p)`. Were it
        :math:`\min(1, p'/p)`, all sites of a colour with as many neighbours of each sign would flip together, and
        some states, such as diagonal stripes, lead to each other alone.

        References
        ----------
        .. [1] N. Metropolis, A. W. Rosenbluth, M. N. Rosenbluth, A. H. Teller and E. Teller, "Equation of state
           calculations by fast computing machines", J. Chem. Phys. 21 (1953) 1087.
        .. [2] R. H. Swendsen and J.-S. Wang, "Replica Monte Carlo simulation of spin-glasses", Phys. Rev. Lett. 57
           (1986) 2607: tempering.
        .. [3] J. K. Salmon, M. A. Moraes, R. O. Dror and D. E. Shaw, "Parallel random numbers: as easy as 1, 2, 3"
           (SC 2011).

        Examples
        --------
        >>> import numpy as np
        >>> from kousei.ising import Lattice, exact
        >>> spins = Lattice((8, 8), 0.4).sample(chains=1024, sweeps=20, thin=10, rng=0)
        >>> spins
        Spins(2 samples of 1024 chains, lattice (8, 8), 32768 bytes)
        >>> s = spins.configurations("float64")
        >>> bonds = s * np.roll(s, 1, axis=2) + s * np.roll(s, 1, axis=3)
        >>> bool(abs(bonds.mean() + exact((8, 8), 0.4).energy) < 0.02)
        True
        """
        plan = Plan(self, method, chains, sweeps, thin, burn_in, rng)
        backend, _ = backends.enter("like", np.empty(0) if like is None else like)
        if isinstance(backend, backends.Host):
            plan.require_memory()
        elif method in ("wolff", "swendsen-wang"):
            raise ValueError(f"like lies in CUDA memory and method was {method!r}; host memory is accepted")
        total = plan.burn_in + plan.samples * plan.thin
        with bar(check_bool("progress", progress), f"sweeps of {method}", total) as advance:
            run = plan.start(backend)
            run.go(plan.burn_in, advance)
            words = run.draw(plan.samples, plan.thin, advance)
        return Spins(words, self, plan.chains)

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
