"""How many hidden units each activation takes: `python benchmarks/units.py`.

Nothing is timed: any machine will do.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from kousei import FunahashiNetwork
from kousei.funahashi import choose_parameters, fourier_series
from records import write

NAME = "funahashi-units"
ACTIVATIONS = ("logistic", "tanh", "erf", "arctan")
REACHES = (math.pi, 10.0, 50.0)
TOLERANCES = tuple(10.0**-k for k in range(2, 13))

Array = np.ndarray[Any, Any]
#: Units of a network to a tolerance, with an activation.
Units = Callable[[float, str], int]


def main() -> int:

    record = {
        "case": NAME,
        "command": "python benchmarks/units.py",
        "wave": {f"s_max {reach:.6g}": counts(wave(reach), TOLERANCES) for reach in REACHES},
        "function": {name: counts(units, TOLERANCES[::2]) for name, units in functions().items()},
    }
    write(record)
    for part in ("wave", "function"):
        print(table(part, record[part]))
    return 0


def wave(reach: float) -> Units:
    """Return the units of H for |s| <= reach, equal ones merged."""

    def units(tol: float, activation: str) -> int:
        rule = choose_parameters(reach, tol, activation)
        return len(rule.thresholds) + rule.p

    return units


def functions() -> dict[str, Units]:
    def made(f: Callable[[Array], Array], bounds: list[tuple[float, float]]) -> Units:
        return lambda tol, phi: FunahashiNetwork.from_function(f, bounds, tol=tol, activation=phi).units

    series = {(0, 0): 0.5, (1, 1): -0.25, (1, -1): -0.25}
    return {
        "(x-1)(x-2)(x-3)(x-4) on [0, 5]": made(lambda x: np.prod(x - [1, 2, 3, 4], axis=-1), [(0, 5)]),
        "XOR on [0, 1]^2": made(lambda x: (1 - np.cos(np.pi * x).prod(axis=-1)) / 2, [(0, 1)] * 2),
        "XOR on [0, 1]^2, as a Fourier series": lambda tol, phi: (
            fourier_series(series, [(0, 1)] * 2, tol, period=2, activation=phi).units
        ),
        "exp(sin(pi x) cos(y)) on [-1, 1]^2": made(
            lambda x: np.exp(np.sin(np.pi * x[..., 0]) * np.cos(x[..., 1])), [(-1, 1)] * 2
        ),
    }


def counts(units: Units, tolerances: tuple[float, ...]) -> list[dict[str, Any]]:
    """Return the units by tolerance and activation; null, with the reason, where the tolerance is out of reach."""
    rows = []
    for tol in tolerances:
        row: dict[str, Any] = {"tol": float(f"{tol:.0e}"), "units": {}, "reasons": {}}
        for activation in ACTIVATIONS:
            try:
                row["units"][activation] = units(tol, activation)
            except ValueError as error:
                row["units"][activation] = None
                row["reasons"][activation] = str(error)
        rows.append(row)
    return rows


def table(part: str, results: dict[str, Any]) -> str:
    """Return the counts as text."""
    lines = []
    for name, rows in results.items():
        lines += [f"{part}: {name}", f"  {'tol':<6}" + "".join(f"{activation:>10}" for activation in ACTIVATIONS)]
        for row in rows:
            cells = "".join(f"{'n/a' if units is None else units:>10}" for units in row["units"].values())
            lines.append(f"  {row['tol']:<6.0e}" + cells)
        lines.append("")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
