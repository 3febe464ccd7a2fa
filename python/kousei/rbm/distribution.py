"""The distribution of a machine: means, energies and samples."""

from __future__ import annotations

from typing import Any

import numpy as np

from kousei._lib import arrays, backends
from kousei._lib.arrays import Array
from kousei._lib.errors import check_integer, require_real_number
from kousei._lib.random import Rng, generator
from kousei.packed import PackedSigns
from kousei.rbm import states
from kousei.rbm.sampling import Draws, Sides

#: The parameters of a distribution.
PARAMETERS = ("weights", "visible_bias", "hidden_bias")
#: Rows of states whose free energies are formed at a time.
_ROWS = 4096


def parameter_shapes(visible: int, hidden: int) -> dict[str, tuple[int, ...]]:
    """Return the shapes of the parameters."""
    return dict(zip(PARAMETERS, ((visible, hidden), (visible,), (hidden,)), strict=True))


class Parameter:
    """Real numbers of the shape that a machine has for them, whatever is assigned."""

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __get__(self, machine: Any, owner: type | None = None) -> np.ndarray[Any, Any]:
        if machine is None:
            raise AttributeError(self._name)  # the class has none
        return vars(machine)[self._name]

    def __set__(self, machine: Any, value: Any) -> None:
        array = arrays.array_like(self._name, value)
        arrays.real_dtype(**{self._name: array})
        arrays.require_shape(self._name, array, parameter_shapes(machine.visible, machine.hidden)[self._name])
        arrays.require_finite(self._name, array)
        if (np.abs(array) > np.finfo(np.float32).max).any():
            raise ValueError(f"{self._name} has numbers beyond those of float32, in which states are drawn")
        vars(machine)[self._name] = array


class Distribution:
    """p(v, h) = exp(-E(v, h)) / Z with E(v, h) = -v W h - b v - c h: what a machine is apart from its training."""

    visible: int
    hidden: int
    units: str
    precision: str
    weights: Parameter = Parameter()
    visible_bias: Parameter = Parameter()
    hidden_bias: Parameter = Parameter()

    def transform(self, X: Any) -> Array:
        """Return the means of the hidden units given visible ones.

        Parameters
        ----------
        X : array (n, visible) or PackedSigns
            States of the visible units.

        Returns
        -------
        array (n, hidden) of float32
            Between -1 and 1 for spins, 0 and 1 for binary units; of the library of `X`, or of its words.

        Raises
        ------
        TypeError, ValueError, CudaError
            As for `fit`, but there may be no rows.

        Examples
        --------
        >>> import numpy as np
        >>> import kousei
        >>> machine = kousei.RBM.from_weights([[1.0], [1.0]], hidden_bias=[-1.0])
        >>> machine.transform(np.array([[1, 1], [1, -1]])).round(3)  # tanh(1), tanh(-1)
        array([[ 0.762],
               [-0.762]], dtype=float32)
        """
        sides, words = self._sides(states.packed("X", X, self.visible, self.units))
        return states.in_library(sides.hidden(words, None, "means").means, X)

    def _sides(self, packed: PackedSigns) -> tuple[Sides, Array]:
        """Return the sides of the machine where packed states lie, and their words."""
        backend, words = backends.enter("states", packed.words, self.precision)
        parameters = [backend.keep(np.asarray(getattr(self, name), np.float32)) for name in PARAMETERS]
        return Sides(backend, parameters, self.units), words

    def free_energy(self, v: Any) -> Array:
        """Return F(v) = -log sum_h exp(-E(v, h)), with p(v) = exp(-F(v)) / Z.

        Parameters
        ----------
        v : array (n, visible) or PackedSigns
            States of the visible units.

        Returns
        -------
        array (n,) of float64
            Of the library of `v`, or of its words; formed from the weights as they are.

        Raises
        ------
        TypeError, ValueError, CudaError
            As for `transform`.

        Examples
        --------
        >>> import numpy as np
        >>> import kousei
        >>> machine = kousei.RBM.from_weights([[1.0], [1.0]])
        >>> machine.free_energy(np.array([[1, 1], [1, -1]]))  # -log(2 cosh 2), -log 2
        array([-2.01814993, -0.69314718])
        """
        return self._free_energy("v", v)

    def _free_energy(self, name: str, v: Any) -> Array:
        packed = states.packed(name, v, self.visible, self.units)
        xp = arrays.namespace(packed.words)
        weights, visible_bias, hidden_bias = (
            arrays.like(np.asarray(getattr(self, name), np.float64), packed.words) for name in PARAMETERS
        )
        energies = [xp.zeros(0, dtype=xp.float64)]
        for first in range(0, packed.shape[0], _ROWS):
            words = packed.words[first : first + _ROWS]
            at = states.unpacked(PackedSigns(words, (words.shape[0], self.visible)), self.units, np.float64)
            fields = at @ weights + hidden_bias
            energies.append(-(at @ visible_bias) - states.log_sums(fields, self.units))
        return states.in_library(xp.concat(energies), v)

    def score_samples(self, X: Any) -> Array:
        """Return log p(v) + log Z of states, minus their free energies: see `free_energy`.

        Of one machine they compare states; of two machines their log Z differ.
        """
        return -self._free_energy("X", X)

    def sample_hidden(self, v: Any, *, beta: float = 1.0, rng: Rng = None) -> Any:
        """Draw hidden states given visible ones.

        Parameters
        ----------
        v : array (n, visible) or PackedSigns
            States of the visible units.
        beta : float
            The inverse temperature: of p^beta.
        rng : seed, numpy.random.Generator, ...
            What they are drawn by.

        Returns
        -------
        array (n, hidden) or PackedSigns
            As `v` is, of its dtype.

        Raises
        ------
        TypeError, ValueError, CudaError
            As for `transform`; or if `beta` is no finite number of float32.

        Examples
        --------
        >>> import numpy as np
        >>> import kousei
        >>> machine = kousei.RBM.from_weights([[9.0, -9.0]])
        >>> machine.sample_hidden(np.array([[1.0], [-1.0]]), rng=0)
        array([[ 1., -1.],
               [-1.,  1.]])
        """
        return self._walk(v, 1, beta, rng, from_visible=True)

    def sample_visible(self, h: Any, *, beta: float = 1.0, rng: Rng = None) -> Any:
        """Draw visible states given hidden ones: as `sample_hidden`, from `h` (n, hidden)."""
        return self._walk(h, 1, beta, rng, from_visible=False)

    def gibbs(self, v: Any, steps: int = 1, *, beta: float = 1.0, rng: Rng = None) -> Any:
        """Run Markov chains from visible states: in a step the hidden units are drawn, and then the visible ones.

        Parameters
        ----------
        v : array (n, visible) or PackedSigns
            The states of n chains.
        steps : int
            How many steps; 0 gives `v`.
        beta, rng
            As for `sample_hidden`.

        Returns
        -------
        array (n, visible) or PackedSigns
            As `v` is, of its dtype.

        Raises
        ------
        TypeError, ValueError, CudaError
            As for `sample_hidden`; or if `steps` is no integer of at least 0.

        Examples
        --------
        >>> import numpy as np
        >>> import kousei
        >>> machine = kousei.RBM.from_weights([[2.0], [2.0]], rng=0)  # visible units agree
        >>> machine.gibbs(np.ones((4, 2), np.int8), 1000, rng=1)
        array([[ 1,  1],
               [-1, -1],
               [ 1,  1],
               [ 1,  1]], dtype=int8)
        """
        return self._walk(v, 2 * check_integer("steps", steps, 0), beta, rng, from_visible=True)

    def _walk(self, given: Any, half_steps: int, beta: float, rng: Rng, *, from_visible: bool) -> Any:
        name, width = ("v", self.visible) if from_visible else ("h", self.hidden)
        packed = states.packed(name, given, width, self.units)
        require_real_number("beta", beta)
        if not abs(beta) <= float(np.finfo(np.float32).max):
            raise ValueError(f"beta was {beta}; a finite number of float32 is accepted")
        draws = Draws(int(generator(rng).integers(0, 2**63)))
        sides, words = self._sides(packed)
        levels = None if beta == 1 else arrays.like(np.full(packed.shape[0], beta, np.float32), words)
        for _ in range(half_steps):
            side, width = (sides.hidden, self.hidden) if from_visible else (sides.visible, self.visible)
            words, from_visible = side(words, draws, "drawn", levels).drawn, not from_visible
        return states.like(PackedSigns(words, (packed.shape[0], width)), given, self.units)
