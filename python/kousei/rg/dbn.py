"""Machines on top of one another, trained from the first to the last."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Self

import numpy as np

from kousei._lib import arrays
from kousei._lib.errors import check_integer, check_type
from kousei._lib.random import Rng, generator
from kousei.packed import pack_signs
from kousei.rbm import RBM


class DBN:
    """A deep belief network: machines on top of one another, whose hidden units are the visible ones of the next.

    Parameters
    ----------
    machines : sequence of kousei.RBM
        From the data upwards, all of the same units.

    Attributes
    ----------
    machines : tuple of kousei.RBM

    Raises
    ------
    TypeError
        If they are something else.
    ValueError
        If there is none, or one does not fit on the one before.

    Notes
    -----
    G. E. Hinton, S. Osindero and Y.-W. Teh, "A fast learning algorithm for deep belief nets" (2006): the distribution
    is that of the last machine, and given its visible units the layers below are drawn one after the other.

    Examples
    --------
    >>> import numpy as np
    >>> import kousei
    >>> spins = kousei.rg.decimation_stack(16, 0.6, 4).sample(2000, rng=0)
    >>> made = dict(algorithm="pcd", learning_rate=0.05, rng=0)
    >>> net = kousei.rg.DBN([kousei.RBM(16, 8, **made), kousei.RBM(8, 4, **made)]).fit(spins, epochs=5, rng=0)
    >>> net
    DBN(16, 8, 4, 'spin')
    >>> net.reconstruct(spins, 2, rng=0).shape
    (2000, 16)
    """

    def __init__(self, machines: Sequence[RBM]) -> None:
        check_type("machines", machines, Iterable, "a sequence of kousei.RBM")
        self.machines: tuple[RBM, ...] = tuple(machines)
        if not self.machines:
            raise ValueError("machines was empty; at least one kousei.RBM is accepted")
        for i, machine in enumerate(self.machines):
            check_type(f"machines[{i}]", machine, RBM, "a kousei.RBM")
            below = self.machines[max(i - 1, 0)]
            if machine.units != below.units:
                raise ValueError(f"machines[{i}] has {machine.units} units; {below.units} ones are accepted")
            if i and machine.visible != below.hidden:
                raise ValueError(f"machines[{i}] has {machine.visible} visible units; {below.hidden} are accepted")

    def fit(self, X: Any, *, epochs: int = 10, progress: bool = False, rng: Rng = None) -> Self:
        """Train the machines, each on hidden states that those below draw of the data.

        Parameters
        ----------
        X : array (n, visible) or PackedSigns
            States of the visible units of the first machine.
        epochs : int
            Of every machine.
        progress : bool
            Whether there are bars.
        rng : numpy.random.Generator or seed, optional
            Where the hidden states come from; training draws by the `rng` of each machine.

        Returns
        -------
        DBN
            Itself.

        Raises
        ------
        TypeError, ValueError, CudaError
            As of `kousei.RBM.fit`.

        Examples
        --------
        >>> import numpy as np
        >>> import kousei
        >>> net = kousei.rg.DBN([kousei.RBM(4, 2, rng=0), kousei.RBM(2, 1, rng=0)])
        >>> net.fit(np.ones((10, 4)), epochs=2, rng=0).machines[1].epoch
        2
        """
        rng = generator(rng)
        for machine in self.machines:
            machine.fit(X, epochs=epochs, progress=progress)
            X = machine.sample_hidden(X, rng=rng)
        return self

    def ascend(self, X: Any, layers: int, *, rng: Rng = None) -> Any:
        """Draw the units of a layer given those of the data, one layer after the other.

        Parameters
        ----------
        X : array (n, visible) or PackedSigns
            States of the visible units.
        layers : int
            How far up: 0 gives `X`.
        rng : numpy.random.Generator or seed, optional
            Where the numbers come from.

        Returns
        -------
        array (n, units) or PackedSigns
            As `X` is.

        Raises
        ------
        TypeError, ValueError, CudaError
            As of `kousei.RBM.sample_hidden`, or if there are not as many layers.

        Examples
        --------
        >>> import numpy as np
        >>> import kousei
        >>> net = kousei.rg.DBN([kousei.RBM.from_weights([[9.0], [9.0]]), kousei.RBM.from_weights([[-9.0]])])
        >>> net.ascend(np.ones((1, 2)), 2, rng=0), net.descend(np.ones((1, 1)), 2, rng=0)
        (array([[-1.]]), array([[-1., -1.]]))
        """
        rng = generator(rng)
        for machine in self.machines[: self._layers(layers)]:
            X = machine.sample_hidden(X, rng=rng)
        return X

    def descend(self, h: Any, layers: int, *, rng: Rng = None) -> Any:
        """Draw the visible units given those of a layer: as `ascend`, from `h` (n, units) down."""
        rng = generator(rng)
        for machine in self.machines[: self._layers(layers)][::-1]:
            h = machine.sample_visible(h, rng=rng)
        return h

    def reconstruct(self, X: Any, layers: int, *, rng: Rng = None) -> Any:
        """Draw the units of a layer given the data, and the visible ones given these: `ascend` and `descend`."""
        rng = generator(rng)
        return self.descend(self.ascend(X, layers, rng=rng), layers, rng=rng)

    def sample(self, n: int, sweeps: int, *, rng: Rng = None) -> np.ndarray[Any, Any]:
        """Draw visible states: the last machine by Gibbs sweeps from random states on, and the layers down from it.

        Parameters
        ----------
        n : int
            Number of states, of one chain each.
        sweeps : int
            Of the last machine.
        rng : numpy.random.Generator or seed, optional
            Where the numbers come from.

        Returns
        -------
        ndarray (n, visible) of int8

        Raises
        ------
        TypeError, ValueError
            If a number is no integer of at least 0.
        MemoryError
            If they do not fit into memory.

        Examples
        --------
        >>> import kousei
        >>> net = kousei.rg.DBN([kousei.RBM.from_weights([[9.0], [-9.0]]), kousei.RBM.from_weights([[9.0]])])
        >>> net.sample(2, 10, rng=0).sum(axis=1)
        array([0, 0])
        """
        n, sweeps, rng = check_integer("n", n, 0), check_integer("sweeps", sweeps, 0), generator(rng)
        first, last = self.machines[0], self.machines[-1]
        arrays.require_memory(n * max(first.visible, last.visible), 2, f"{n} states of {first.visible} units")
        states = last.gibbs(pack_signs(rng.choice(np.array([-1, 1], np.int8), (n, last.visible))), sweeps, rng=rng)
        signs = self.descend(states, len(self.machines) - 1, rng=rng).unpack(np.int8)
        return signs if first.units == "spin" else (signs + 1) // 2

    def receptive_fields(self) -> tuple[np.ndarray[Any, Any], ...]:
        """Return the effective weights from the visible units to each layer, :math:`W_1`, :math:`W_1W_2`, and so on.

        Returns
        -------
        tuple of ndarray (visible, units)
            Of float64, one for each machine.

        Examples
        --------
        >>> import kousei
        >>> net = kousei.rg.DBN([kousei.RBM.from_weights([[1.0], [2.0]]), kousei.RBM.from_weights([[3.0, 4.0]])])
        >>> net.receptive_fields()[1]
        array([[3., 4.],
               [6., 8.]])
        """
        fields = [np.asarray(self.machines[0].weights, np.float64)]
        for machine in self.machines[1:]:
            fields.append(fields[-1] @ machine.weights)
        return tuple(fields)

    def _layers(self, layers: int) -> int:
        return check_integer("layers", layers, 0, len(self.machines))

    def __repr__(self) -> str:
        first = self.machines[0]
        sizes = [first.visible, *(machine.hidden for machine in self.machines)]
        return f"DBN({', '.join(map(str, sizes))}, {first.units!r})"
