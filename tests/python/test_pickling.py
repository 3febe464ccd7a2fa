"""Every network, operator and model goes to another process by its state, and gives the same bits there."""

import pickle
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pytest

import kousei
from kousei.activation import prelu
from kousei.attribution import AttentionPooling, DeepSet
from kousei.attribution.game import Game
from kousei.equivariant import Convolution, FiniteGroup, FiniteRidgelet, GSet, JointEquivariantFeature
from kousei.ising import Lattice
from kousei.recommend import (
    CosineRecommender,
    CTRModel,
    DeliveryOptimizer,
    ItemSimilarity,
    NMFRecommender,
    PopularRecommender,
    PreferenceGraph,
)
from kousei.ridgelet import AdmissiblePair, RidgeletTransform, ball_directions

#: Reads objects, methods of theirs and arguments, and writes what the methods return.
_OTHER_PROCESS = """
import pickle, sys
with open(sys.argv[1], "rb") as file:
    cases = pickle.load(file)
found = {name: getattr(of, method)(*args, **named) for name, (of, method, args, named) in cases.items()}
with open(sys.argv[2], "wb") as file:
    pickle.dump(found, file)
"""


class Case(NamedTuple):
    """An object, a method of it, and what the method takes."""

    of: Any
    method: str
    arguments: tuple[Any, ...]
    named: dict[str, Any] = {}  # noqa: RUF012 # never written to

    def values(self) -> Any:
        return getattr(self.of, self.method)(*self.arguments, **self.named)


def _points(dim: int, dtype: str = "float64") -> np.ndarray[Any, Any]:
    return np.random.default_rng(5).uniform(-1, 1, (20, dim)).astype(dtype)


def _called(net: Any, dim: int) -> Case:
    return Case(net, "__call__", (_points(dim),))


def _funahashi(method: str) -> Case:
    net = kousei.FunahashiNetwork.from_function(lambda x: np.sin(x[..., 0]) * x[..., 1], [(-1, 1)] * 2, tol=1e-2)
    return Case(net, method, (_points(2),))


def _binary() -> Case:
    return _called(kousei.binarize(kousei.MLP.random([3, 4, 3, 2], "relu", rng=1)), 3)


def _signs(scaled: bool) -> Case:
    signs = kousei.pack_signs(np.where(_points(70) > 0, 1, -1).astype(np.int8))
    matrix = kousei.packed.ScaledSigns(signs, np.linspace(0.5, 2, 20)) if scaled else signs
    return Case(matrix, "__matmul__", (_points(70)[0],))


def _monotone(method: str) -> Case:
    x = _points(2)
    return Case(kousei.MonotoneRegressor().fit(x, x.sum(axis=1)), method, (x,))


def _score() -> Case:
    x = np.random.default_rng(0).normal(size=(500, 2))
    return Case(kousei.ScoreEstimator(random_state=0).fit(x), "score", (x[:20],))


def _transform(method: Any) -> Case:
    x = np.linspace(-8, 8, 65)
    R = RidgeletTransform((x,), [[0.7], [1.1]], np.linspace(-2, 2, 9), AdmissiblePair("relu", 1), method)
    return Case(R, "transform", (np.exp(-(x**2) / 2),))


def _plane(method: str) -> Case:
    points, gamma = np.random.default_rng(0).uniform(-1, 1, (30, 2)), np.random.default_rng(1).normal(size=(8, 9))
    directions = np.random.default_rng(2).normal(size=(8, 2))
    R = RidgeletTransform(points, directions, np.linspace(-2, 2, 9), AdmissiblePair("relu", 2), "spread")
    return Case(R, method, (gamma if method == "adjoint" else points[:, 0],))


def _reconstruction() -> Case:
    x = np.linspace(-8, 8, 65)
    R = RidgeletTransform((x,), ball_directions(1, 4.0, 16), np.linspace(-36, 36, 289), AdmissiblePair("tanh", 1))
    return Case(R, "reconstruct", (np.exp(-(x**2) / 2), True), {"tol": 0.5})


def _finite(method: Any) -> Case:
    g = np.maximum(np.arange(5) - 2.0, 0.0)
    return Case(FiniteRidgelet(5, 2, g, g - g.mean(), method), "transform", (np.arange(25.0).reshape(5, 5) % 7,))


def _feature(method: str) -> Case:
    X = GSet.natural(FiniteGroup.dihedral(5))
    feature = JointEquivariantFeature.from_orbits([1.0, 0.5, 0.0], X, X)
    return Case(feature, method, (np.array([1.0, 0.0, 2.0, -1.0, 3.0]),))


def _convolution() -> Case:
    line = FiniteGroup.cyclic(6)
    rng = np.random.default_rng(0)
    conv = Convolution(FiniteGroup.product(line, line), rng.standard_normal((2, 36)))
    return Case(conv, "ridgelet", (rng.standard_normal(36),))


def _rbm() -> Case:
    X = np.repeat([[1, 1, -1], [-1, -1, 1]], 10, axis=0)
    machine = kousei.RBM(3, 2, learning_rate=0.1, batch_size=10, rng=0).fit(X, epochs=3)
    return Case(machine, "score_samples", (X,))


def _dbn() -> Case:
    net = kousei.rg.DBN([kousei.RBM.from_weights([[9.0], [-8.0]]), kousei.RBM.from_weights([[0.5]])])
    return Case(net, "sample", (7, 3), {"rng": 0})


def _set_function(attention: bool) -> Case:
    phi, score, rho = (kousei.MLP.random(sizes, "tanh", rng=2) for sizes in ([3, 5, 2], [3, 4, 1], [2, 4, 1]))
    f = AttentionPooling(phi, score, rho) if attention else DeepSet(phi, rho)
    x = _points(3).reshape(5, 4, 3)
    return Case(f, "__call__", (x, np.arange(20).reshape(5, 4) % 3 > 0))


def _game() -> Case:
    phi, rho = (kousei.MLP.random(sizes, "tanh", rng=2) for sizes in ([3, 5, 2], [2, 4, 1]))
    game = Game(DeepSet(phi, rho), _points(3)[:4], None, "baseline", None)
    game.tabulate(1000)
    return Case(game, "ends", ())


_RATINGS = pd.DataFrame({"user": [1, 1, 2], "shop": ["inn", "bar", "bar"], "rating": ["Excellent", "Good", "Good"]})


def _similarity() -> Case:
    rows = {"shop": ["a", "b"], "categories": ["ramen", "ramen;bar"], "scenes": ["lunch", "lunch"]}
    rows |= {"price_band": [1, 1], "latitude": [35.69, 35.69], "longitude": [139.70, 139.70]}  # type: ignore[dict-item]
    return Case(ItemSimilarity(pd.DataFrame(rows)), "recommend", (), {"shop": "a"})


def _ctr() -> Case:
    rng = np.random.default_rng(0)
    features = rng.normal(size=(60, 3))
    shown = np.full((60, 2), 100)
    return Case(CTRModel().fit(features, shown, rng.binomial(shown, 0.1)), "predict", (features,))


def _delivery() -> Case:
    features = pd.DataFrame({"price": [1, 2, 3]}, index=["ichi", "ni", "san"])
    return Case(DeliveryOptimizer(features, ["similar", "popular"], rng=0), "shares", ())


_MADE: dict[str, Callable[[], Case]] = {
    "MLP": lambda: _called(kousei.MLP.random([3, 7, 5, 2], "tanh", rng=1), 3),
    "MLP, one activation a unit": lambda: _called(kousei.MLP.random([3, 7, 1], prelu(np.arange(7.0)), rng=1), 3),
    "FunahashiNetwork": lambda: _funahashi("__call__"),
    "FunahashiNetwork, gradient": lambda: _funahashi("gradient"),
    "BinaryNetwork": _binary,
    "PackedSigns": lambda: _signs(scaled=False),
    "ScaledSigns": lambda: _signs(scaled=True),
    "PolynomialNetwork": lambda: _called(kousei.repu.from_function(lambda x: np.exp(x[:, 0]), [(0, 1)], 1e-8), 1),
    "ConstructedNetwork": lambda: _called(kousei.construct(lambda x: x[:, 0] * x[:, 1], [(-1, 1)] * 2, 1e-1), 2),
    "MonotoneRegressor": lambda: _monotone("predict"),
    "ScoreEstimator": _score,
    "RidgeletTransform, slices": lambda: _transform("slice"),
    "RidgeletTransform, spread": lambda: _transform("spread"),
    "RidgeletTransform, direct": lambda: _transform("direct"),
    "RidgeletTransform, plane": lambda: _plane("transform"),
    "RidgeletTransform, adjoint": lambda: _plane("adjoint"),
    "RidgeletTransform, reconstruct": _reconstruction,
    "FiniteRidgelet": lambda: _finite("fft"),
    "FiniteRidgelet, direct": lambda: _finite("direct"),
    "JointEquivariantFeature": lambda: _feature("network"),
    "JointEquivariantFeature, dual": lambda: _feature("dual"),
    "Convolution": _convolution,
    "RBM": _rbm,
    "DBN": _dbn,
    "Lattice": lambda: Case(Lattice((4, 6), 0.4), "sample", (), {"chains": 3, "sweeps": 20, "thin": 10, "rng": 0}),
    "Spins": lambda: Case(Lattice((4, 6), 0.4).sample(chains=3, sweeps=4, rng=0), "configurations", ()),
    "DeepSet": lambda: _set_function(attention=False),
    "AttentionPooling": lambda: _set_function(attention=True),
    "Game": _game,
    "ItemSimilarity": _similarity,
    "PopularRecommender": lambda: Case(PopularRecommender(_RATINGS), "recommend", (), {"user": 2}),
    "CosineRecommender": lambda: Case(CosineRecommender(_RATINGS), "recommend", (), {"shop": "inn"}),
    "NMFRecommender": lambda: Case(NMFRecommender(_RATINGS, components=1, rng=0), "recommend", (), {"user": 2}),
    "PreferenceGraph": lambda: Case(PreferenceGraph(_RATINGS), "pagerank", ()),
    "CTRModel": _ctr,
    "DeliveryOptimizer": _delivery,
}


@cache
def _case(name: str) -> tuple[Case, Any]:
    """Return a case and its values; what a call keeps is there by then."""
    case = _MADE[name]()
    return case, case.values()


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Return the values of all cases in a fresh process."""
    folder = tmp_path_factory.mktemp("pickles")
    sent, found = folder / "sent", folder / "found"
    sent.write_bytes(pickle.dumps({name: tuple(_case(name)[0]) for name in _MADE}))
    home = str(Path(kousei.__file__).parents[1])
    code = f"import sys; sys.path.insert(0, {home!r})\n{_OTHER_PROCESS}"
    subprocess.run([sys.executable, "-c", code, sent, found], check=True)
    return dict(pickle.loads(found.read_bytes()))


def _require_the_same(found: Any, values: Any) -> None:
    assert type(found) is type(values)
    np.testing.assert_array_equal(_bits(found), _bits(values))


def _bits(value: Any) -> Any:
    return value.unpack() if isinstance(value, kousei.PackedSigns) else np.asarray(value)


@pytest.mark.parametrize("name", _MADE)
def test_values_are_the_same_bits_after_pickling(name: str) -> None:
    case, values = _case(name)
    _require_the_same(pickle.loads(pickle.dumps(case)).values(), values)


@pytest.mark.parametrize("name", _MADE)
def test_values_are_the_same_bits_in_another_process(name: str, elsewhere: dict[str, Any]) -> None:
    _require_the_same(elsewhere[name], _case(name)[1])


# The tables of a group stay with it: they take longer to find than to send.
@pytest.mark.parametrize("name", [name for name in _MADE if name[:5] not in ("Joint", "Convo")])
def test_what_calls_keep_is_not_pickled(name: str) -> None:
    fresh = len(pickle.dumps(_MADE[name]()))
    assert len(pickle.dumps(_case(name)[0])) <= 1.02 * fresh + 200
