"""Owen values by the workers of a Dask cluster: those of one machine, to the last digit."""

import threading
from typing import Any

import numpy as np
import pytest

import kousei
from kousei import MLP
from kousei.attribution import AttentionPooling, DeepSet, owen_values
from kousei.distributed import owen_values as by_workers

distributed = pytest.importorskip("distributed")


def _items(n: int, columns: int, dtype: str = "float64") -> Any:
    return np.random.default_rng(4).normal(size=(n, columns)).astype(dtype)


def _deep_set(columns: int, dtype: str = "float64") -> DeepSet:
    phi, rho = MLP.random([columns, 6, 4], "tanh", rng=0), MLP.random([4, 8, 1], "tanh", rng=1)
    return DeepSet(phi.astype(dtype), rho.astype(dtype))


def _attention(columns: int) -> AttentionPooling:
    phi, score = MLP.random([columns, 6, 4], "tanh", rng=0), MLP.random([columns, 3, 1], "tanh", rng=2)
    return AttentionPooling(phi, score, MLP.random([4, 8, 1], "tanh", rng=1))


def _wave(x: Any, mask: Any) -> Any:
    return np.sin(x.sum(axis=(1, 2))) + x[:, 0, 0] * mask.sum(axis=1)


def _require_the_same(found: Any, expected: Any) -> None:
    for name in ("features", "items", "errors", "item_errors", "value", "base", "evaluations"):
        np.testing.assert_array_equal(getattr(found, name), getattr(expected, name))


@pytest.mark.parametrize(
    ("f", "shape"),
    [
        (_wave, (3, 2)),
        (_wave, (1, 1)),
        (_wave, (6, 9)),  # of several blocks for an item
        (_wave, (16, 1)),  # of several blocks of items
        (MLP.random([24, 30, 1], rng=0), (6, 4)),
        (_deep_set(3), (5, 3)),
        (_attention(3), (5, 3)),
        (DeepSet(MLP.random([2, 4], rng=0), MLP.random([4, 8, 1], kousei.Activation("own", np.cos))), (4, 2)),
    ],
)
def test_the_values_are_those_of_one_machine(client: Any, f: Any, shape: tuple[int, int]) -> None:
    items = _items(*shape)
    _require_the_same(by_workers(f, items, client), owen_values(f, items))


@pytest.mark.parametrize("absent", ["baseline", "remove"])
def test_arguments_go_over(client: Any, absent: str) -> None:
    items, groups = _items(4, 3, "float32"), [0, 1, 0]
    for f in (_deep_set(3, "float32"), lambda x, mask: (x**2).sum(axis=(1, 2)) * mask.sum(axis=1)):
        its = (items[1] / 2, absent)
        _require_the_same(
            by_workers(f, items, client, *its, groups=groups), owen_values(f, items, *its, groups=groups)
        )


@pytest.mark.slow  # workers import torch
def test_modules_of_torch(client: Any) -> None:
    torch = pytest.importorskip("torch")
    torch.manual_seed(0)
    module = torch.nn.Sequential(torch.nn.Linear(3, 5), torch.nn.Tanh(), torch.nn.Linear(5, 1))
    items = torch.from_numpy(_items(5, 3, "float32"))

    def f(x: Any, mask: Any) -> Any:
        return (module(x)[..., 0] * mask).sum(dim=1)

    _require_the_same(by_workers(f, items, client), owen_values(f, items))


def test_a_bar(client: Any, capsys: pytest.CaptureFixture[str]) -> None:
    by_workers(_wave, _items(3, 2), client, progress=True)
    shown = capsys.readouterr().err
    assert "coalitions" in shown
    assert "32/32" in shown


def _with_a_lock() -> Any:
    lock = threading.Lock()

    def f(x: Any, mask: Any) -> Any:
        with lock:
            return x.sum(axis=(1, 2))

    return f


def _with_a_locked_activation() -> DeepSet:
    f = kousei.Activation("locked", _with_a_lock())
    return DeepSet(MLP.random([2, 3, 4], f, rng=0), MLP.random([4, 1], rng=0))


@pytest.mark.parametrize(
    ("f", "named"),
    [
        (_with_a_lock(), "its variable 'lock'"),
        (kousei.attribution.SetFunction(_with_a_lock()), "its variable 'lock'"),
        (_with_a_locked_activation(), "the function of its activation 'locked'"),
    ],
)
def test_functions_that_cannot_be_sent_are_named(client: Any, f: Any, named: str) -> None:
    with pytest.raises(TypeError, match=f"f cannot be sent to workers, for {named}: .*lock"):
        by_workers(f, np.ones((2, 2)), client)


def test_what_a_function_does_on_a_worker_is_told(client: Any) -> None:
    def f(x: Any, mask: Any) -> Any:
        return np.where(mask[:, 1] & ~mask[:, 0], np.nan, 1.0)

    with pytest.raises(ValueError, match="f returned nan for the coalition of item 1"):
        by_workers(f, np.ones((2, 2)), client, None, "remove")
    with pytest.raises(TypeError, match="f returned int; an array of one number for each set is accepted"):
        by_workers(lambda x, mask: 3, np.ones((2, 2)), client)


@pytest.mark.parametrize(
    ("f", "items", "named", "error", "message"),
    [
        (3, [[1, 2]], {}, TypeError, "f was int; a function of x and mask is accepted"),
        (_wave, [1, 2], {}, ValueError, r"items has shape \(2,\); \(items, columns\)"),
        (_wave, [[1, 2]], {"absent": "gone"}, ValueError, "absent was 'gone'"),
        (_wave, [[1, 2]], {"groups": [0]}, ValueError, r"groups has shape \(1,\)"),
        (_wave, [[1, 2]], {"progress": 1}, TypeError, "progress was 1; True and False are accepted"),
        (_wave, np.ones((45, 1)), {}, MemoryError, r"a table of the 2\^45 sets of items"),
    ],
)
def test_bad_arguments(
    client: Any, f: Any, items: Any, named: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        by_workers(f, items, client, **named)


def test_cupy_items_are_refused(client: Any) -> None:
    cupy = pytest.importorskip("cupy")
    with pytest.raises(TypeError, match="items lies in the memory of CUDA device 0 .*host memory is accepted"):
        by_workers(_wave, cupy.asarray(np.ones((2, 2))), client)


@pytest.mark.parametrize("other", [None, "tcp://127.0.0.1:8786"])
def test_other_clients_are_refused(other: Any) -> None:
    with pytest.raises(TypeError, match=f"client was {type(other).__name__}; a distributed.Client is accepted"):
        by_workers(_wave, np.ones((2, 2)), other)
