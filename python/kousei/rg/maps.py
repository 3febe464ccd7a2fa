"""Machines that are an Ising model exactly."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from kousei._lib import arrays
from kousei.ising import Lattice
from kousei.rbm import RBM, Conversion


def rbm_from_ising(graph: Any) -> Conversion:
    r"""Return the machine whose visible spins are an Ising model, one hidden spin for each bond.

    Parameters
    ----------
    graph : kousei.ising.Lattice, scipy.sparse array (sites, sites), or sequence of (i, j, coupling)
        The bonds. A sparse array is symmetric, without a diagonal, and its entries are the couplings. Of a sequence
        every triple is a bond, even where two join the same sites, and the largest number is the last site. No
        coupling is negative.

    Returns
    -------
    kousei.rbm.Conversion
        `machine`, of as many visible spins as sites, float64, with the field of the lattice as visible bias, and
        `offset`, what is added to its ln Z to get that of the Ising model: :math:`-\sum(\ln2+K)` over all bonds.

    Raises
    ------
    TypeError
        If it is nothing of the three, or has entries that are no numbers.
    ValueError
        If a coupling is negative or not finite, there is no bond, a bond joins a site to itself, or a sparse array
        is not symmetric.
    MemoryError
        If sites times bonds weights do not fit into memory.

    Notes
    -----
    :math:`\sum_h e^{Wh(s+s')}=2e^Ke^{Kss'}` with :math:`W=\tfrac12\operatorname{arcosh}e^{2K}`: both sides are
    :math:`2\cosh 2W` where s = s', and 2 where not.

    Examples
    --------
    >>> import kousei
    >>> made = kousei.rg.rbm_from_ising(kousei.ising.Lattice((4, 4), 0.4))
    >>> made.machine.weights.shape
    (16, 32)
    >>> round(made.machine.log_partition("exact").value + made.offset, 10)
    14.5610930238
    """
    sites, ends, couplings, field = _bonds(graph)
    if not len(couplings):
        raise ValueError("graph has no bond; at least one is accepted")
    arrays.require_finite("graph", couplings)
    if (couplings < 0).any():
        first = int((couplings < 0).argmax())
        raise ValueError(
            f"graph has the coupling {couplings[first]} between sites {ends[first, 0]} and {ends[first, 1]}; those "
            "of at least 0 are accepted: the weight to the hidden spin of a bond, arcosh(exp(2 K)) / 2, is real for "
            "no other"
        )
    same = ends[:, 0] == ends[:, 1]
    if same.any():
        raise ValueError(f"graph joins site {ends[same.argmax(), 0]} to itself; bonds of two sites are accepted")
    bonds = len(couplings)
    arrays.require_memory(sites * bonds, 8, f"a weight for each of {sites} sites and {bonds} bonds")
    weights = np.zeros((sites, bonds))
    # arcosh(e^2K) = 2K + ln(1 + sqrt(1 - e^-4K)), which has all its digits near 0 and does not overflow.
    weights[ends.T, np.arange(bonds)] = couplings + np.log1p(np.sqrt(-np.expm1(-4 * couplings))) / 2
    machine = RBM.from_weights(weights, np.full(sites, field))
    return Conversion(machine, -float(np.sum(math.log(2) + couplings)))


def sublattice_rbm(shape: tuple[int, ...], coupling: float) -> RBM:
    r"""Return the machine that is an Ising model on a periodic lattice, its sublattices the visible and hidden spins.

    Parameters
    ----------
    shape : tuple of int
        One to three lengths, all even, as of `kousei.ising.Lattice`.
    coupling : float
        K, finite, of either sign.

    Returns
    -------
    kousei.RBM
        Without biases, float64. Visible are the sites with an even sum of indices, in C order, and hidden those with
        an odd one; the weights are K times the number of bonds between them. Its Gibbs sampling is the heat bath in
        checkerboard order, and its ln Z that of the lattice.

    Raises
    ------
    TypeError
        If an argument is of another type.
    ValueError
        If a length is odd or below 2, or the coupling is not finite.
    MemoryError
        If the weights do not fit into memory.

    Examples
    --------
    >>> import kousei
    >>> machine = kousei.rg.sublattice_rbm((4, 4), 0.4)
    >>> machine.weights[0]
    array([0.4, 0.4, 0.4, 0. , 0. , 0. , 0.4, 0. ])
    >>> round(machine.log_partition("exact").value, 10)
    14.5610930238
    """
    lattice = Lattice(shape, coupling)
    half = lattice.sites // 2
    arrays.require_memory(half**2, 8, f"a weight for each of {half} and {half} sites")
    odd = np.indices(lattice.shape).sum(axis=0).ravel() % 2
    number = np.cumsum(odd) - 1  # of a site in its sublattice
    number[odd == 0] = np.arange(half)
    ends = torus_bonds(lattice.shape)
    ends = np.where(odd[ends[:, :1]], ends[:, ::-1], ends)
    weights = np.zeros((half, half))
    np.add.at(weights, (number[ends[:, 0]], number[ends[:, 1]]), lattice.coupling)
    return RBM.from_weights(weights)


def torus_bonds(shape: Sequence[int]) -> np.ndarray[Any, Any]:
    """Return the bonds (bonds, 2) of a periodic lattice, from each site forward along each axis."""
    sites = np.arange(math.prod(shape)).reshape(shape)
    forward = [np.stack([sites, np.roll(sites, -1, axis)], axis=-1).reshape(-1, 2) for axis in range(sites.ndim)]
    return np.concatenate(forward)


def _bonds(graph: Any) -> tuple[int, np.ndarray[Any, Any], np.ndarray[Any, Any], float]:
    """Return the number of sites, the ends (bonds, 2) and couplings (bonds,), and the field."""
    if isinstance(graph, Lattice):
        ends = torus_bonds(graph.shape)
        return graph.sites, ends, np.full(len(ends), graph.coupling), graph.field
    if arrays.is_sparse(graph):
        if graph.shape[0] != graph.shape[1] or abs(graph - graph.T).sum() != 0:
            raise ValueError("graph was not symmetric; a symmetric sparse array is accepted")
        upper = graph.tocoo()
        kept = (upper.row <= upper.col) & (upper.data != 0)
        couplings = arrays.real_numbers("graph", upper.data[kept])
        return graph.shape[0], np.stack([upper.row, upper.col], axis=-1)[kept], couplings, 0.0
    if isinstance(graph, str) or not isinstance(graph, Sequence | np.ndarray):
        raise TypeError(
            f"graph was {type(graph).__name__}; a kousei.ising.Lattice, a SciPy sparse array and a sequence of "
            "(i, j, coupling) are accepted"
        )
    triples = arrays.real_numbers("graph", graph)
    if triples.size == 0:
        triples = triples.reshape(0, 3)
    if triples.ndim != 2 or triples.shape[1] != 3:
        raise ValueError(f"graph has shape {triples.shape}; (bonds, 3) is accepted")
    ends = triples[:, :2]
    if not ((ends >= 0) & (ends < 2**53) & (ends == np.floor(ends))).all():
        raise ValueError("graph has sites that are no integers of at least 0; rows of (i, j, coupling) are accepted")
    return int(ends.max(initial=-1)) + 1, ends.astype(np.int64), triples[:, 2], 0.0
