"""Networks of one hidden layer of tanh that are trained, to compare with."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from kousei.front.comparing.trials import Array, Predict, Run, Task, Watch

_RATES = (1e-2, 3e-3, 1e-3)
#: What L-BFGS has its loss multiplied by: that of PyTorch learns nothing from steps whose product with the change of
#: the gradient is 1e-10 at most, as all are of a loss that is small, and comes to crawl.
_LOSS = 1e8


def adam(task: Task) -> list[Run]:
    """Train by Adam of PyTorch: full batch, float64, rates that fall to 0 as a cosine of time."""
    return _best_start(task, _adam, _RATES)


def lbfgs(task: Task) -> list[Run]:
    """Train by L-BFGS of PyTorch with a strong Wolfe line search."""
    return _best_start(task, _lbfgs, (1.0,))


def _best_start(task: Task, train: Callable[..., Run], rates: Sequence[float]) -> list[Run]:
    """Give half of the budget to all rates, widths and seeds alike, and the whole once more to the best of them."""
    starts = list(itertools.product(rates, task.widths, range(task.seeds)))
    runs = [train(task, *start, task.budget / 2 / len(starts)) for start in starts]
    best = int(np.argmin([run.error for run in runs]))
    if runs[best].error > task.target:
        runs.append(train(task, *starts[best], task.budget))
    return runs


def _adam(task: Task, rate: float, units: int, seed: int, seconds: float) -> Run:
    import torch

    net, loss, predict = _network(task, units, seed)
    optimizer = torch.optim.Adam(net.parameters(), rate)
    watch = Watch(task, seconds)
    while watch.goes_on(predict):
        optimizer.param_groups[0]["lr"] = rate * (1 + math.cos(math.pi * watch.share)) / 2
        optimizer.zero_grad()
        loss().backward()
        optimizer.step()
    return watch.run("Adam", f"rate {rate:g}, seed {seed}, {seconds:.3g} s", units)


def _lbfgs(task: Task, rate: float, units: int, seed: int, seconds: float) -> Run:
    import torch

    net, loss, predict = _network(task, units, seed)
    # Few iterations at a time, so that it ends where the time does.
    optimizer: Any = torch.optim.LBFGS(
        net.parameters(),
        rate,
        max_iter=5,
        tolerance_grad=0,
        tolerance_change=0,
        history_size=50,
        line_search_fn="strong_wolfe",
    )

    def closure() -> Any:
        optimizer.zero_grad()
        value = _LOSS * loss()
        value.backward()
        return value.detach()

    watch, before, after = Watch(task, seconds), math.inf, math.inf
    while watch.goes_on(predict, stuck=after == before < math.inf):
        before, after = after, float(optimizer.step(closure))
    return watch.run("L-BFGS", f"seed {seed}, {seconds:.3g} s", units)


def _network(task: Task, units: int, seed: int) -> tuple[Any, Callable[[], Any], Predict]:
    """Return a network with the weights that PyTorch gives it, its loss, and how it predicts."""
    import torch

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        net = torch.nn.Sequential(
            torch.nn.Linear(task.x.shape[1], units), torch.nn.Tanh(), torch.nn.Linear(units, 1)
        ).double()
    x, y = torch.tensor(task.x), torch.tensor(task.y)[:, None]

    def loss() -> Any:
        return torch.nn.functional.mse_loss(net(x), y)

    def predict(at: Array) -> Array:
        with torch.no_grad():
            return np.asarray(net(torch.tensor(at))[:, 0])

    return net, loss, predict


def mlp_regressor(task: Task) -> list[Run]:
    """Train scikit-learn's MLPRegressor as it comes, by Adam in batches of 200: widths and seeds share the budget."""
    from sklearn.neural_network import MLPRegressor

    runs = []
    starts = list(itertools.product(task.widths, range(task.seeds)))
    for units, seed in starts:
        regressor = MLPRegressor(hidden_layer_sizes=(units,), activation="tanh", random_state=seed)
        watch = Watch(task, task.budget / len(starts))
        regressor.partial_fit(task.x, task.y)
        while watch.goes_on(regressor.predict):
            regressor.partial_fit(task.x, task.y)
        runs.append(watch.run("MLPRegressor", f"seed {seed}", units))
    return runs
