"""How far chosen sets of frequencies come in four to eight dimensions: `python benchmarks/chosen_frequencies.py`.

Nothing is timed: any machine will do. Some ten minutes.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterator
from itertools import product
from typing import Any, NamedTuple

import numpy as np

from kousei import FunahashiNetwork
from kousei.funahashi import from_frequencies, hyperbolic_cross
from records import write

NAME = "funahashi-chosen-frequencies"

Array = np.ndarray[Any, Any]


class Row(NamedTuple):
    """A function of x in [-1, 1]^dim, a set of frequencies, and about the smallest tolerance that it reaches."""

    function: str
    dim: int
    kind: str
    tol: float


FUNCTIONS: dict[str, Callable[[Array], Array]] = {
    "sum cos(pi x_j+1)/(2 - sin(pi x_j))": lambda x: (
        np.cos(np.pi * x[..., 1:]) / (2 - np.sin(np.pi * x[..., :-1]))
    ).sum(axis=-1),
    "sum 1/(2 - sin(pi (x_j+1 - x_j)))": lambda x: (1 / (2 - np.sin(np.pi * (x[..., 1:] - x[..., :-1])))).sum(
        axis=-1
    ),
    "exp(-|x|^2/2)": lambda x: np.exp(-(x**2).sum(axis=-1) / 2),
    "exp(sum x_j x_j+1/(D-1))": lambda x: np.exp((x[..., 1:] * x[..., :-1]).mean(axis=-1)),
}
NEIGHBOURS, DIFFERENCES, GAUSSIAN, PRODUCTS = FUNCTIONS
FORMULAS = {
    NEIGHBOURS: r"$\sum_j \cos\pi x_{j+1}/(2-\sin\pi x_j)$",
    DIFFERENCES: r"$\sum_j 1/(2-\sin\pi(x_{j+1}-x_j))$",
    GAUSSIAN: r"$e^{-\lvert x\rvert^2/2}$",
    PRODUCTS: r"$\exp\bigl(\frac1{D-1}\sum_j x_jx_{j+1}\bigr)$",
}
ROWS = (
    *(Row(NEIGHBOURS, dim, "cross 12, pairs", tol) for dim, tol in ((4, 1.7e-3), (6, 2.0e-3), (8, 2.6e-3))),
    *(Row(DIFFERENCES, dim, "cross 12, pairs", tol) for dim, tol in ((4, 0.52), (8, 0.61))),
    Row(DIFFERENCES, 4, "sum 6", 0.14),
    Row(GAUSSIAN, 4, "sum 5", 5.9e-5),
    Row(GAUSSIAN, 4, "cross 8", 2.8e-5),
    Row(GAUSSIAN, 6, "sum 4", 7.5e-3),
    Row(GAUSSIAN, 6, "cross 4", 2.2e-3),
    Row(GAUSSIAN, 6, "cross 2", 0.12),
    Row(GAUSSIAN, 8, "sum 3", 0.12),
    Row(PRODUCTS, 4, "sum 5", 0.021),
    Row(PRODUCTS, 4, "sum 6", 1.5e-3),
    Row(PRODUCTS, 6, "sum 4", 0.18),
    Row(PRODUCTS, 8, "sum 3", 1.2),
)


def main() -> int:

    rows = []
    for row in ROWS:
        rows.append(measured(row))
        print(json.dumps(rows[-1]), flush=True)
    record = {"case": NAME, "command": "python benchmarks/chosen_frequencies.py", "rows": rows}
    write(record)
    print(table(record))
    return 0


def measured(row: Row) -> dict[str, Any]:
    f, bounds = FUNCTIONS[row.function], [(-1.0, 1.0)] * row.dim
    periodic = row.function in (NEIGHBOURS, DIFFERENCES)
    numbers = indices(row.kind, row.dim)
    net = from_frequencies(f, bounds, numbers, row.tol, period=2 if periodic else None, rng=0)
    x = np.random.default_rng(1).uniform(-1, 1, (3000, row.dim))
    error = float(np.abs(net(x) - f(x)).max())
    result = row._asdict() | {"indices": len(numbers), "error": error} | size(net)
    try:
        extension = "periodic" if periodic else "fourier"
        whole = FunahashiNetwork.from_function(f, bounds, tol=row.tol, extension=extension)
        return result | {"from_function": size(whole)}
    except (ValueError, MemoryError) as refusal:
        return result | {"from_function": str(refusal)}


def table(record: dict[str, Any]) -> str:
    """Return a record as a table in Markdown."""
    lines = [
        "| function | $D$ | set | indices | `tol` | error | frequencies, units | `from_function` | grid |",
        "|---" * 9 + "|",
    ]
    previous = None
    for row in record["rows"]:
        shape, number = row["kind"].split(",")[0].split()
        largest = int(number) if shape == "sum" else int(number) // 2
        cells = (
            FORMULAS[row["function"]] if row["function"] != previous else "",
            row["dim"],
            rf"$\sum\lvert k_j\rvert\le{number}$" if shape == "sum" else row["kind"],
            row["indices"],
            short(row["tol"], 1),
            short(row["error"], 0),
            network(row),
            network(row["from_function"]),
            short((2 * largest + 1) ** row["dim"], 0),
        )
        lines.append(f"| {' | '.join(map(str, cells))} |")
        previous = row["function"]
    return "\n".join(lines)


def network(found: dict[str, int] | str) -> str:
    """Return what a table says of a network, or of its refusal."""
    return "refused" if isinstance(found, str) else f"{found['frequencies']}, {found['units']}"


def short(number: float, digits: int) -> str:
    text = f"{number:.2g}" if 0.01 <= number < 1e2 else f"{number:.{digits}e}"
    return re.sub(r"e([+-])0", lambda sign: "e" + sign[1].strip("+"), text)


def size(net: FunahashiNetwork) -> dict[str, int]:
    return {"frequencies": len(net.frequencies), "units": net.units}


def indices(kind: str, dim: int) -> Array:
    """Return the set "cross N", of it the "pairs" with at most two numbers that are not 0, or "sum n"."""
    shape, number = kind.split(",")[0].split()
    if shape == "sum":
        return np.array(list(of_sum(dim, int(number))))
    numbers = hyperbolic_cross(dim, int(number))
    return numbers[np.count_nonzero(numbers, axis=1) <= 2] if kind.endswith("pairs") else numbers


def of_sum(dim: int, most: int) -> Iterator[tuple[int, ...]]:
    """Yield the k with |k_1| + ... + |k_dim| <= most."""
    if dim == 1:
        yield from product(range(-most, most + 1))
        return
    for first in range(-most, most + 1):
        for rest in of_sum(dim - 1, most - abs(first)):
            yield (first, *rest)


if __name__ == "__main__":
    sys.exit(main())
