"""Which algorithm is delivered how often on the page of each shop, learnt from the clicks of each day."""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self
from zipfile import BadZipFile, ZipFile

import numpy as np

from kousei._lib.arrays import finite_numbers, require_shape
from kousei._lib.errors import check_integer, check_type, said, shown
from kousei._lib.random import Rng, generator
from kousei._lib.whole_files import replacing
from kousei.recommend.clicks import Array, click_counts, require_counts
from kousei.recommend.ctr import CTRModel

if TYPE_CHECKING:
    import pandas as pd

    from kousei.recommend.data import Source

#: Impressions that the prediction of the model may count for.
_STRENGTHS = np.geomspace(1, 1e4, 25)
_FORMAT, _VERSION = "kousei.recommend.DeliveryOptimizer", 1
#: What reading a file raises that is cut off, changed or of another kind.
_BROKEN = (EOFError, NotImplementedError, OSError, RuntimeError, TypeError, ValueError, BadZipFile, zlib.error)


class DeliveryOptimizer:
    """Choose, day by day, the share of each algorithm on the page of each shop.

    A share is the probability that the algorithm is the best one there, by Thompson sampling: rates have Beta
    distributions around what an Elastic Net predicts from the features of the shop, and the counts of the shop itself
    are added to them.

    Parameters
    ----------
    features : pandas.DataFrame (shops, features)
        Finite numbers; the index has each shop once, all whole numbers or all texts.
    algorithms : sequence of str
        Two or more.
    draws : int
        Of all rates, by which the shares are estimated: they are multiples of 1/draws.
    rng : numpy.random.Generator, int or None
        Source of the draws.

    Attributes
    ----------
    features : pandas.DataFrame (shops, features)
        Its index, as that of all tables here, is named "shop".
    impressions, clicks : pandas.DataFrame (shops, algorithms)
        Of all days so far.
    day : int
        How many days there were.
    prior_ : pandas.DataFrame (shops, algorithms)
        Once `shares` was called after the first day: the rates that were predicted.
    strength_ : float
        How many impressions these count for.

    Notes
    -----
    The shops are parted into two halves by chance, anew each day; q is predicted for each by a `CTRModel` of the
    other one, so that no click counts twice, and is 1/2 where the other one had no visits. Of the strengths kappa
    of 1 to 10 000 the one with the largest likelihood of the clicks, beta-binomial with the parameters kappa q and
    kappa (1 - q), is taken: where features tell the rates it is large, and where they do not each shop learns from
    its own clicks. A rate is then drawn from Beta(kappa q + clicks, kappa (1 - q) + impressions - clicks).

    On the first day all shares are equal. What is drawn depends on the first state of `rng` and on the day alone: the
    shares of a day are the same however often they are asked for, and by an optimizer that was saved and loaded.

    Examples
    --------
    >>> import pandas as pd
    >>> from kousei.recommend import DeliveryOptimizer, simulate_clicks
    >>> shops = ["Ramen Ichi", "Soba Ni", "Udon San", "Cafe Yon"]
    >>> features = pd.DataFrame({"noodles": [1, 1, 1, 0], "price": [1, 2, 1, 3]}, index=shops)
    >>> ctr = pd.DataFrame({"similar": [0.2, 0.2, 0.2, 0.1], "popular": [0.1, 0.1, 0.1, 0.3]}, index=shops)
    >>> optimizer = DeliveryOptimizer(features, ctr.columns, rng=0)
    >>> for day in range(3):
    ...     optimizer.update(simulate_clicks(ctr, optimizer.shares(), [500] * 4, rng=day))
    >>> optimizer.shares().idxmax(axis="columns").tolist()
    ['similar', 'similar', 'similar', 'popular']
    """

    impressions: pd.DataFrame
    clicks: pd.DataFrame
    prior_: pd.DataFrame
    strength_: float

    def __init__(
        self, features: pd.DataFrame, algorithms: Sequence[str], *, draws: int = 100, rng: Rng = None
    ) -> None:
        import pandas as pd

        check_type("features", features, pd.DataFrame, "a pandas DataFrame")
        finite_numbers("features", features)
        check_type("algorithms", algorithms, Iterable, "a sequence of two names or more")
        shops, names = _labels("features", features.index), _labels("algorithms", algorithms)
        _labels("features", features.columns, least=0)
        if isinstance(algorithms, str) or names.dtype.kind != "U" or len(names) < 2:
            raise ValueError(f"algorithms was {list(algorithms)}; a sequence of two names or more is accepted")
        # As `load` has it: the same index whatever its dtype and its name were.
        self.features: Any = features.copy().set_axis(pd.Index(shops.tolist(), name="shop"))
        self.draws: int = check_integer("draws", draws, 1)
        self.day: int = 0
        self.impressions, self.clicks = (
            pd.DataFrame(np.zeros((len(shops), len(names))), self.features.index, pd.Index(names.tolist()))
            for _ in range(2)
        )
        self._seed = int(generator(rng).integers(2**63))

    def shares(self) -> pd.DataFrame:
        """Return the shares of the coming day.

        Returns
        -------
        pandas.DataFrame (shops, algorithms)
            The rows sum to 1.
        """
        import pandas as pd

        index, columns = self.impressions.index, self.impressions.columns
        n, c = self.impressions.to_numpy(), self.clicks.to_numpy()
        if not n.any():
            return pd.DataFrame(1 / len(columns), index, columns)
        rng = np.random.default_rng([self._seed, self.day])
        q = self._predicted(n, c, rng)
        self.prior_, self.strength_ = pd.DataFrame(q, index, columns), _strength(q, n, c)
        alpha, beta = self.strength_ * q + c, self.strength_ * (1 - q) + (n - c)
        best = np.zeros(n.shape)
        for _ in range(self.draws):
            best[np.arange(len(n)), _logits(alpha, beta, rng).argmax(axis=1)] += 1
        return pd.DataFrame(best / self.draws, index, columns)

    def _predicted(self, n: Array, c: Array, rng: np.random.Generator) -> Array:
        """Return the rates of each half of the shops by a model of the other; 1/2, where that has no visits."""
        x = self.features.to_numpy(dtype=np.float64)
        half = rng.permutation(len(n)) % 2
        q = np.full(n.shape, 0.5)
        for which in (0, 1):
            other = half != which
            if n[other].any():
                q[half == which] = CTRModel().fit(x[other], n[other], c[other]).predict(x[half == which])
        return q

    def update(self, clicks: Source) -> None:
        """Add the click log of a day.

        Parameters
        ----------
        clicks : pandas.DataFrame, or path of a .csv or .parquet file
            As `click_table` takes it; a day on which a shop had no visits has no row of it.

        Raises
        ------
        TypeError, ValueError
            If it is no such log, or has a shop or an algorithm that is not known. Nothing is added then.
        """
        impressions, counted = click_counts(clicks, self.impressions.index, list(self.impressions.columns))
        self.impressions += impressions
        self.clicks += counted
        self.day += 1

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write all that the next days depend on to a file of NumPy's format .npz.

        Parameters
        ----------
        path : path
            Replaced once the new file is whole.
        """
        check_type("path", path, str | os.PathLike, "a path")
        state = {
            "format": np.array([_FORMAT]),
            "version": np.array(_VERSION),
            "shops": _labels("features", self.features.index),
            "names": _labels("features", self.features.columns, least=0),
            "algorithms": _labels("algorithms", self.impressions.columns),
            "features": self.features.to_numpy(dtype=np.float64),
            "impressions": self.impressions.to_numpy(),
            "clicks": self.clicks.to_numpy(),
            "draws": np.array(self.draws),
            "day": np.array(self.day),
            "seed": np.array(self._seed),
        }
        with replacing(path) as written, open(written, "wb") as file:
            np.savez(file, allow_pickle=False, **state)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Self:
        """Return the optimizer of a file that `save` wrote.

        Raises
        ------
        ValueError
            If it is none, or not whole: all bytes are held against their checksums.
        FileNotFoundError
            If there is no such file.

        Examples
        --------
        >>> import os, tempfile
        >>> import pandas as pd
        >>> from kousei.recommend import DeliveryOptimizer
        >>> features = pd.DataFrame({"price": [1, 2]}, index=["Ramen Ichi", "Soba Ni"])
        >>> path = os.path.join(tempfile.mkdtemp(), "delivery.npz")
        >>> DeliveryOptimizer(features, ["similar", "popular"], rng=0).save(path)
        >>> DeliveryOptimizer.load(path).day
        0
        """
        check_type("path", path, str | os.PathLike, "a path")
        with Path(path).open("rb") as file:
            try:
                ZipFile(file).close()  # of any other file NumPy says how to load it unsafely
                file.seek(0)
                with np.load(file, allow_pickle=False) as found:
                    state = {name: np.asarray(found[name]) for name in found.files}
                return cls._from(state)
            except KeyError as error:
                raise ValueError(f"{path}: {error} is missing") from None
            except _BROKEN as error:
                raise ValueError(f"{path} is no whole file of a {_FORMAT}: {said(error)}") from None

    @classmethod
    def _from(cls, state: dict[str, Array]) -> Self:
        import pandas as pd

        found = state["format"].tolist(), state["version"].tolist()
        if found != ([_FORMAT], _VERSION):
            raise ValueError(f"the format and its version were {shown(found)}; {_FORMAT!r}, {_VERSION} is accepted")
        features = pd.DataFrame(state["features"], state["shops"].tolist(), state["names"].tolist())
        optimizer = cls(features, state["algorithms"].tolist(), draws=state["draws"].tolist(), rng=0)
        counts = require_counts(state["impressions"], state["clicks"])
        require_shape("impressions", counts[0], optimizer.impressions.shape)
        optimizer.impressions += counts[0]
        optimizer.clicks += counts[1]
        optimizer.day = check_integer("day", state["day"].tolist(), 0)
        optimizer._seed = check_integer("seed", state["seed"].tolist(), 0, 2**63 - 1)
        return optimizer


def _logits(alpha: Array, beta: Array, rng: np.random.Generator) -> Array:
    """Return the logits of draws from Beta(alpha, beta), whose order is that of the draws.

    Draws themselves are 0 or 1 in float64 where a parameter is far below 1, and tie.
    """

    def log_gamma(shape: Array) -> Array:
        # A variable of Gamma(a) is one of Gamma(a + 1) times U^(1/a).
        return np.log(rng.standard_gamma(shape + 1)) - rng.standard_exponential(shape.shape) / shape

    return log_gamma(alpha) - log_gamma(beta)


def _strength(q: Array, n: Array, c: Array) -> float:
    """Return the strength with the largest likelihood of the counts."""
    from scipy.special import betaln

    alpha, beta = _STRENGTHS[:, None, None] * q, _STRENGTHS[:, None, None] * (1 - q)
    likelihoods = (betaln(alpha + c, beta + (n - c)) - betaln(alpha, beta)).sum(axis=(1, 2))
    return float(_STRENGTHS[likelihoods.argmax()])


def _labels(name: str, labels: Any, least: int = 1) -> Array:
    """Return labels as an array of whole numbers or texts; TypeError or ValueError unless each is there once."""
    values = list(labels)
    array = np.array(values) if values else np.array([], "U1")
    # As a text of a fixed length one loses zeros at its end.
    if array.ndim != 1 or array.dtype.kind not in "iuU" or array.tolist() != values:
        begins = ", ".join(map(shown, values[:5]))
        raise TypeError(f"{name} has the labels {begins}; all whole numbers or all texts are accepted")
    if len(set(values)) < len(values) or len(values) < least:
        raise ValueError(f"{name} has {len(values)} labels, {len(set(values))} different ones; each once is accepted")
    return array
