"""The machine: its parameters, its distribution, and how it is trained."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable
from typing import Any, Self

import numpy as np

from kousei._lib import arrays
from kousei._lib.arrays import Array
from kousei._lib.errors import (
    check_bool,
    check_choice,
    check_integer,
    check_type,
    require_positive,
    require_real_number,
    shown,
)
from kousei._lib.progress import bar
from kousei._lib.random import Rng, generator
from kousei.packed import PackedSigns
from kousei.rbm import checkpoint, states
from kousei.rbm.conversion import convert
from kousei.rbm.distribution import Distribution
from kousei.rbm.partition import log_partition
from kousei.rbm.sampling import Draws
from kousei.rbm.training import Progress, Trainer

#: Standard deviation of the first weights.
_DEVIATION = 0.01


class RBM(Distribution):
    """A restricted Boltzmann machine, p(v, h) = exp(-E(v, h)) / Z with E(v, h) = -v W h - b v - c h.

    It has the methods of a transformer of scikit-learn and needs none of it. States are taken and given as arrays, or
    packed, one bit for each unit, as they are computed with.

    Parameters
    ----------
    visible, hidden : int
        How many units there are.
    units : str
        "spin", which are -1 or +1, or "binary", which are 0 or 1.
    algorithm : str
        How states of the model are drawn for the gradient: "cd", contrastive divergence, Gibbs steps from the data;
        "pcd", persistent chains that go on from update to update; "tempering", such chains at several inverse
        temperatures from 1 to 0, which trade their states.
    k : int
        Gibbs steps for an update.
    learning_rate, momentum, l1 : float
        An update adds V to the weights, V = momentum V + learning_rate (gradient - l1 sign(W)); likewise biases,
        without l1. The momentum is less than 1.
    centered : bool
        Whether the gradient is that by weights of v - m and h - n, with m the mean of the data and n the sliding mean
        of hidden units.
    batch_size : int
        Rows of data for an update.
    chains : int
        Persistent chains, at each temperature.
    temperatures : int
        How many inverse temperatures there are, at least 2.
    precision : str
        "full", or "fast", which on a device takes weights and means as float16 for draws and gradients, by the tensor
        cores: of each the error is at most 2^-11, and runs are no longer those of the host.
    rng : seed, numpy.random.Generator, ...
        Draws the first weights, and the key of the random numbers of training.

    Attributes
    ----------
    weights : ndarray (visible, hidden) of float32 or float64
        Trained in float32, as states are drawn. They, and biases, may be assigned: TypeError or ValueError
        unless it is finite numbers of these dtypes and shapes.
    visible_bias, hidden_bias : ndarray (visible,) and (hidden,)
        b and c.

    Raises
    ------
    TypeError
        If an argument has the wrong type.
    ValueError
        If a number is out of range or a name is not known.
    MemoryError
        If the weights or the chains do not fit into memory.

    Notes
    -----
    The gradient of log p is <v h> - <v h> of the data and of the model, with the means of the hidden units given v
    for h. Contrastive divergence is that of G. E. Hinton, "Training products of experts by minimizing contrastive
    divergence" (2002), persistent chains those of T. Tieleman (ICML 2008), tempered ones those of G. Desjardins et
    al. (AISTATS 2010), and the centred gradient that of J. Melchior, A. Fischer and L. Wiskott (JMLR 17, 2016).
    Random numbers are counted (Philox), so that a run depends on its seed alone: not on threads, on the instruction
    set or, in full precision, on whether it is one of a device.

    Examples
    --------
    >>> import numpy as np
    >>> import kousei
    >>> X = np.repeat([[1, 1, -1], [-1, -1, 1]], 50, axis=0)
    >>> machine = kousei.RBM(3, 2, learning_rate=0.1, momentum=0.5, batch_size=10, rng=0).fit(X, epochs=30)
    >>> machine.transform(X).shape
    (100, 2)
    >>> likely, unlikely = machine.score_samples(np.array([[1, 1, -1], [1, -1, -1]]))
    >>> bool(likely > unlikely + 1)
    True
    """

    visible: int
    hidden: int
    units: str
    algorithm: str
    k: int
    learning_rate: float
    momentum: float
    l1: float
    centered: bool
    batch_size: int
    chains: int
    temperatures: int
    precision: str
    rng: Rng

    def __init__(
        self,
        visible: int,
        hidden: int,
        units: str = "spin",
        *,
        algorithm: str = "cd",
        k: int = 1,
        learning_rate: float = 0.01,
        momentum: float = 0.0,
        l1: float = 0.0,
        centered: bool = False,
        batch_size: int = 100,
        chains: int = 100,
        temperatures: int = 10,
        precision: str = "full",
        rng: Rng = None,
    ) -> None:
        self.visible, self.hidden, self.units = visible, hidden, units
        self.algorithm, self.k = algorithm, k
        self.learning_rate, self.momentum, self.l1 = learning_rate, momentum, l1
        self.centered, self.batch_size = centered, batch_size
        self.chains, self.temperatures = chains, temperatures
        self.precision, self.rng = precision, rng
        self._check()
        self._begin()

    def _check(self) -> None:
        check_choice("units", self.units, "spin", "binary")
        check_choice("algorithm", self.algorithm, "cd", "pcd", "tempering")
        check_choice("precision", self.precision, "full", "fast")
        for name in ("visible", "hidden", "k", "batch_size", "chains"):
            check_integer(name, getattr(self, name), 1, 2**31 - 1)
        check_integer("temperatures", self.temperatures, 2, 2**31 - 1)
        check_bool("centered", self.centered)
        require_positive(learning_rate=self.learning_rate)
        for name, below in (("momentum", 1.0), ("l1", float(np.finfo(np.float32).max))):
            value = getattr(self, name)
            require_real_number(name, value)
            if not 0 <= value < below:
                raise ValueError(f"{name} was {shown(value)}; a number from 0 to below {below:.8g} is accepted")
        arrays.require_memory(self.visible * self.hidden, 8, f"{self.visible} x {self.hidden} weights")
        # While they are drawn and their energies are formed, single precision of both sides, twice.
        arrays.require_memory(self._replicas, 8 * (self.visible + self.hidden), f"{self._replicas} persistent chains")

    @property
    def _replicas(self) -> int:
        """How many chains go on from update to update, at all temperatures."""
        return self.chains * {"cd": 0, "pcd": 1, "tempering": self.temperatures}[self.algorithm]

    def _begin(self) -> None:
        rng = generator(self.rng)
        self.weights = rng.normal(0, _DEVIATION, (self.visible, self.hidden)).astype(np.float32)
        self.visible_bias = np.zeros(self.visible, np.float32)
        self.hidden_bias = np.zeros(self.hidden, np.float32)
        self._progress = Progress(Draws(int(rng.integers(0, 2**63))))

    @classmethod
    def from_weights(
        cls, weights: Any, visible_bias: Any = None, hidden_bias: Any = None, units: str = "spin", **parameters: Any
    ) -> Self:
        """Return the machine with these parameters.

        Parameters
        ----------
        weights : array_like (visible, hidden)
            Kept in float64; states are drawn with them in float32, and free energies are formed in float64.
        visible_bias, hidden_bias : array_like (visible,) and (hidden,), optional
            0 if there are none.
        units : str
            "spin" or "binary".
        **parameters
            Those of the constructor.

        Returns
        -------
        RBM

        Raises
        ------
        TypeError
            If they are not real numbers.
        ValueError
            If they are not finite numbers of float32, or the shapes do not fit.

        Examples
        --------
        >>> import kousei
        >>> kousei.RBM.from_weights([[1.0], [-1.0]])
        RBM(2, 1, 'spin')
        """
        weights = arrays.finite_numbers("weights", weights)
        if weights.ndim != 2:
            raise ValueError(f"weights has shape {weights.shape}; (visible, hidden) is accepted")
        visible, hidden = weights.shape
        machine = cls(visible, hidden, units, **{"rng": 0} | parameters)
        machine.weights = weights
        for name, bias, size in (
            ("visible_bias", visible_bias, machine.visible),
            ("hidden_bias", hidden_bias, machine.hidden),
        ):
            setattr(machine, name, np.zeros(size) if bias is None else arrays.finite_numbers(name, bias))
        return machine

    def fit(
        self,
        X: Any,
        y: None = None,
        *,
        epochs: int = 10,
        checkpoint: str | os.PathLike[str] | None = None,
        progress: bool = False,
    ) -> Self:
        """Train from new weights on.

        Parameters
        ----------
        X : array (n, visible) or PackedSigns
            States of the visible units, all of them known. On a CUDA device they are trained on there.
        y : None
            Not read: scikit-learn's pipelines hand one over.
        epochs : int
            How often all data are passed, in a new order each time.
        checkpoint : path, optional
            A file that is written after each epoch, see `save`.
        progress : bool
            Whether a bar is shown.

        Returns
        -------
        RBM
            Itself. If training is interrupted it is what it was after the last whole epoch.

        Raises
        ------
        TypeError
            If `X` is not such an array.
        ValueError
            If a state is not one of the units', the width is not that of the machine, there are no rows, or the
            weights overflow.
        CudaError
            If `X` lies in CUDA memory and there is no device or no CUDA build.

        Examples
        --------
        >>> import numpy as np
        >>> import kousei
        >>> X = np.repeat([[1, 1], [0, 0]], 50, axis=0)
        >>> machine = kousei.RBM(2, 1, "binary", learning_rate=0.1, rng=0).fit(X, epochs=3)
        >>> machine.epoch, sorted(machine.history)
        (3, ['free_energy_data', 'free_energy_model', 'reconstruction_error'])
        """
        data = self._data(X)
        self._begin()
        return self.partial_fit(data, epochs=epochs, checkpoint=checkpoint, progress=progress)

    def partial_fit(
        self,
        X: Any,
        y: None = None,
        *,
        epochs: int = 1,
        checkpoint: str | os.PathLike[str] | None = None,
        progress: bool = False,
    ) -> Self:
        """Train on from where the machine is: two calls of some epochs are, bit for bit, one of as many.

        Parameters
        ----------
        X, y, epochs, checkpoint, progress
            As for `fit`.

        Returns
        -------
        RBM
            Itself.

        Raises
        ------
        TypeError, ValueError, CudaError
            As for `fit`.

        Examples
        --------
        >>> import numpy as np
        >>> import kousei
        >>> X = np.ones((10, 4))
        >>> once = kousei.RBM(4, 3, rng=0).fit(X, epochs=5)
        >>> twice = kousei.RBM(4, 3, rng=0).fit(X, epochs=2).partial_fit(X, epochs=3)
        >>> bool((once.weights == twice.weights).all())
        True
        """
        return self._train(lambda: Trainer(self, self._data(X)), epochs, checkpoint, progress)

    def _train(
        self,
        prepare: Callable[[], Trainer],
        epochs: int,
        checkpoint: str | os.PathLike[str] | None,
        progress: bool,
    ) -> Self:
        self._check()
        epochs = check_integer("epochs", epochs, 0)
        check_bool("progress", progress)
        check_type("checkpoint", checkpoint, str | os.PathLike | None, "a path")
        trainer = prepare()
        with bar(progress, "rows", epochs * trainer.rows) as seen:
            for _ in range(epochs):
                trainer.epoch(seen)
                if checkpoint is not None:
                    self.save(checkpoint)
        return self

    def _data(self, X: Any) -> PackedSigns:
        data = states.packed("X", X, self.visible, self.units)
        if data.shape[0] == 0:
            raise ValueError(f"X has shape {data.shape}; (n, {self.visible}) with n of at least 1 is accepted")
        return data

    @property
    def epoch(self) -> int:
        """How often data have been passed."""
        return self._progress.epoch

    @property
    def history(self) -> dict[str, list[float]]:
        """What was seen in each epoch.

        "free_energy_data" and "free_energy_model" are means over the last batch and the states of the model for it;
        with "cd", "reconstruction_error" is the share of units in which all data of the epoch and the states of the
        model for them differ; with "tempering", "swaps" is that of trades that were made.
        """
        return {name: list(values) for name, values in self._progress.history.items()}

    def fit_transform(self, X: Any, y: None = None, **parameters: Any) -> Array:
        """Train on data and return their hidden means: `fit` and `transform`."""
        return self.fit(X, y, **parameters).transform(X)

    # Methods that stand with what they return.
    convert = convert
    log_partition = log_partition

    @classmethod
    def _parameter_names(cls) -> list[str]:
        """Return the names of the arguments of the constructor."""
        return list(inspect.signature(cls).parameters)

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the arguments of the constructor, as scikit-learn asks for them."""
        return {name: getattr(self, name) for name in self._parameter_names()}

    def set_params(self, **parameters: Any) -> Self:
        """Set arguments of the constructor; those that weights depend on give new ones."""
        unknown = set(parameters) - set(self._parameter_names())
        if unknown:
            raise ValueError(f"parameters were {sorted(unknown)}; {', '.join(self._parameter_names())} are accepted")
        type(self)(**self.get_params() | parameters)
        for name, value in parameters.items():
            setattr(self, name, value)
        if {"visible", "hidden", "units", "rng"} & set(parameters):
            self._begin()
        return self

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the machine to an HDF5 file, with all that its training goes on from.

        A file of this name stays whole until the new one is, and is replaced then.

        Parameters
        ----------
        path : path
            Of the file. It needs h5py: ``pip install kousei[rg]``.

        Raises
        ------
        OSError
            If it cannot be written.
        """
        checkpoint.write(self, path)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Self:
        """Return the machine of a file that `save` wrote: `partial_fit` goes on bit for bit as it would have.

        Parameters
        ----------
        path : path
            Of the file. Its `rng` is not kept, and is 0.

        Returns
        -------
        RBM

        Raises
        ------
        FileNotFoundError
            If there is none.
        ValueError
            If it is no such file, or not whole; what is wrong is said.

        Examples
        --------
        >>> import os, tempfile
        >>> import numpy as np
        >>> import kousei
        >>> X = np.ones((10, 4))
        >>> path = os.path.join(tempfile.mkdtemp(), "machine.h5")
        >>> machine = kousei.RBM(4, 3, rng=0).fit(X, epochs=2, checkpoint=path)
        >>> resumed = kousei.RBM.load(path).partial_fit(X, epochs=3)
        >>> bool((resumed.weights == machine.partial_fit(X, epochs=3).weights).all())
        True
        """
        return checkpoint.read(cls, path)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.visible}, {self.hidden}, {self.units!r})"
