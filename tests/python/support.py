"""Array libraries the tests run over, and functions they share."""

import importlib
import importlib.util
import os
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import settings

import kousei
from kousei._lib.backends import why_no_cuda
from kousei.activation import Mixed
from kousei.equivariant import FiniteGroup


@dataclass(frozen=True)
class Library:
    """How the tests make arrays of one library and read them back."""

    name: str

    @property
    def xp(self) -> Any:
        return importlib.import_module(self.name.partition(":")[0])

    @property
    def on_gpu(self) -> bool:
        return self.name in ("cupy", "torch:cuda")

    def asarray(self, array: np.ndarray) -> Any:
        if self.name == "numpy:read-only":
            array = array.copy(order="K")
            array.flags.writeable = False
            return array
        if self.name == "torch:cuda":
            return self.xp.asarray(array, device="cuda")
        return self.xp.asarray(array)

    def numpy(self, array: Any) -> np.ndarray:
        if self.name == "cupy":
            return array.get()
        if self.name.startswith("torch"):
            return array.cpu().numpy()
        return np.from_dlpack(array)


def libraries() -> list[str]:
    names = ["numpy", "numpy:read-only"]
    names += [name for name in ("array_api_strict", "torch") if importlib.util.find_spec(name)]
    if not why_no_cuda():
        names += ["cupy"] if importlib.util.find_spec("cupy") else []
        names += ["torch:cuda"] if "torch" in names else []
    return names


def share(examples: int) -> int:
    """Return how many examples a property has where the default profile, of 200, has so many: each takes long."""
    return examples * settings.default.max_examples // 200


def quartic(x: np.ndarray) -> np.ndarray:
    """First function of Kakizaki and Akiba, on [0, 5]."""
    return np.prod([x[..., 0] - k for k in (1, 2, 3, 4)], axis=0)


def xor(x: np.ndarray) -> np.ndarray:
    """Second function of Kakizaki and Akiba, on [0, 1]^2."""
    return (1 - np.cos(np.pi * x[..., 0]) * np.cos(np.pi * x[..., 1])) / 2


def random_network(
    rng: np.random.Generator,
    activations: list[Any],
    *,
    dim: int | None = None,
    outputs: int | None = None,
    least_depth: int = 1,
) -> kousei.MLP:
    """Depth up to 4, widths 1 to 8, mixed layers, with zeros, ties and biases of 0."""
    sizes = rng.integers(1, 9, rng.integers(least_depth + 2, 7)).tolist()
    sizes[0], sizes[-1] = dim or sizes[0], outputs or sizes[-1]
    weights, biases, functions = [], [], []
    for inputs, units in pairwise(sizes):
        weight = rng.normal(size=(units, inputs))
        weight[rng.random(weight.shape) < 0.2] = 0
        weights.append(np.round(weight) if rng.random() < 0.3 else weight)
        biases.append(rng.normal(size=units) * (rng.random() < 0.7))
    for units in sizes[1:-1]:
        one, other = (activations[i] for i in rng.integers(0, len(activations), 2))
        split = int(rng.integers(0, units))
        functions.append(Mixed([(one, split), (other, units - split)]) if split else other)
    return kousei.MLP(weights, biases, functions)


#: Piecewise-linear activations: the named ones, and others with more kinks, none, or two slopes of one modulus.
PIECEWISE_LINEAR = [
    *("relu", "leaky_relu", "hardtanh", "hardsigmoid", "relu6", "abs", "hat", "softshrink"),
    kousei.PiecewiseLinear([-0.5, 0.25, 2], [0.3, -1, 0.7, 2], 0.1, name="three kinks"),
    kousei.PiecewiseLinear([-3, 1], [2, -2, 0.5], 4, name="tent"),
    kousei.PiecewiseLinear([1], [2, 2], 1, name="affine"),
    kousei.PiecewiseLinear([0], [0, 0], 2, name="constant"),
]


def same_for_threads(call: Callable[[], Any], counts: tuple[int, ...] = (1, 2, 4)) -> Any:
    """Return what a call returns, an array or several of them, which has the same bits for any number of threads."""
    before, results = kousei.num_threads(), []
    try:
        for count in counts:
            kousei.set_num_threads(count)
            results.append(call())
    finally:
        kousei.set_num_threads(before)
    first, *others = results
    for other in others:
        several = isinstance(first, tuple | list)
        for one, another in zip(first, other, strict=True) if several else [(first, other)]:
            np.testing.assert_array_equal(one, another)
    return first


def seconds_to_interrupt(call: Callable[[], Any]) -> float:
    """Return how long a call goes on after Ctrl-C, which comes when it has run for a while.

    By the clock or by the time of this process, whichever is less: other processes are in one, threads in the other.
    """
    sent: list[tuple[float, float]] = []

    def now() -> tuple[float, float]:
        return time.monotonic(), time.process_time()

    def interrupt() -> None:
        time.sleep(0.3)
        sent.append(now())
        os.kill(os.getpid(), signal.SIGINT)

    # A shell's background job starts with SIGINT ignored, and would go on to the end.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    sender = threading.Thread(target=interrupt)
    sender.start()
    try:
        with pytest.raises(KeyboardInterrupt):
            call()
    finally:
        signal.signal(signal.SIGINT, before)
    delay = min(end - start for end, start in zip(now(), sent[0], strict=True))
    sender.join()
    return delay


def _quaternions() -> FiniteGroup:
    """The group of 1, -1, i, -i, j, -j, k and -k; real functions on it have quaternionic parts."""
    i, j = np.array([[1j, 0], [0, -1j]]), np.array([[0, 1], [-1, 0]])
    units = [sign * unit for unit in (np.eye(2), i, j, i @ j) for sign in (1, -1)]
    return FiniteGroup.from_table(
        [[[np.allclose(a @ b, c) for c in units].index(True) for b in units] for a in units]
    )


#: Groups of order 120 at most: all ready-made kinds.
GROUPS: dict[str, Callable[[], FiniteGroup]] = {
    **{f"cyclic {n}": lambda n=n: FiniteGroup.cyclic(n) for n in (1, 2, 5, 6)},
    **{f"dihedral {n}": lambda n=n: FiniteGroup.dihedral(n) for n in (3, 4, 6)},
    **{f"symmetric {n}": lambda n=n: FiniteGroup.symmetric(n) for n in (3, 4, 5)},
    **{f"affine {p}": lambda p=p: FiniteGroup.affine(p) for p in (2, 5, 7, 11)},
    "affine 2, 2": lambda: FiniteGroup.affine(2, 2),
    "product": lambda: FiniteGroup.product(FiniteGroup.cyclic(3), FiniteGroup.dihedral(4)),
    "abelian product": lambda: FiniteGroup.product(FiniteGroup.cyclic(2), FiniteGroup.cyclic(4)),
    "even permutations": lambda: FiniteGroup([[1, 2, 0, 3], [1, 0, 3, 2]]),
    "quaternions": _quaternions,
}


def largest_error(
    net: Callable[[Any], Any], f: Callable[[Any], Any], bounds: list[tuple[float, float]], seed: int = 1
) -> float:
    """Return how far a network is from a function, at most, at points drawn from a box."""
    lo, hi = np.array(bounds).T
    x = lo + (hi - lo) * np.random.default_rng(seed).uniform(size=(10_000, len(lo)))
    return float(np.abs(net(x) - f(x)).max())
