"""How files hold a fitted network, with the layers that were tried."""

from __future__ import annotations

import numpy as np

from kousei._lib.errors import check_integer
from kousei.front.fits.fitted import FittedNetwork, LeftOutError, Trial, Trials
from kousei.io import mlp
from kousei.io.state import Arrays, Config, check_names, checked_row, entry

#: JSON's types of the entries of a trial.
_TYPES = ((int,), (int, float), (str,), (int,), (int, float), (int, float), (bool,))


def to_state(net: FittedNetwork) -> tuple[Config, Arrays]:
    """Return the layers of a network, its errors and its report, as JSON and arrays."""
    config, tensors = mlp.to_state(net)
    bound = net.error_bound()
    tensors["errors"] = np.array(bound.each)
    return {"network": config, "points": bound.points, "report": [list(row) for row in net.report]}, tensors


def from_state(config: Config, tensors: Arrays) -> FittedNetwork:
    """Return the network of `to_state`; ValueError or TypeError if they make none."""
    check_names("config", config, ("network", "points", "report"))
    check_names("tensors", {name for name in tensors if name == "errors"}, ("errors",))
    layers = mlp.from_state(entry(config, "network", dict), {k: v for k, v in tensors.items() if k != "errors"})
    errors = tensors["errors"]
    if errors.dtype != np.float64 or errors.shape != (layers.outputs,) or not (errors >= 0).all():
        raise ValueError(f"errors are not {layers.outputs} numbers of float64 of at least 0, one for each output")
    points = check_integer("points", config["points"], 2)
    rows = [Trial(*checked_row(row, Trial._fields, _TYPES)) for row in entry(config, "report", list)]
    if sum(row.chosen for row in rows) != 1:
        raise ValueError("the report has not one trial that is chosen; one is accepted")
    return FittedNetwork(layers, LeftOutError(tuple(errors.tolist()), "estimated", points), Trials(rows))
