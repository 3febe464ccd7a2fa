"""What ridgelet transforms cost on one thread, by method and points: `python benchmarks/ridgelet_costs.py`."""

from __future__ import annotations

import math
import sys
import warnings
from collections.abc import Callable
from statistics import median
from typing import Any, NamedTuple

from records import write

NAME = "ridgelet-costs"
SIDES = 64, 128, 256, 512
RADII, ANGLES, BIASES, SCALE, HALF_WIDTH = 12, 32, 256, 8.0, 2.5
#: Values of psi that direct sums take at most; beyond, they are timed for some of the directions.
MOST_VALUES = 2**31


class Run(NamedTuple):
    """What is timed, and which part of the work it is."""

    function: Callable[[], Any]
    part: float = 1.0


def main() -> int:
    import ratios

    record = ratios.begin(NAME, "ridgelet_costs.py", __doc__.splitlines()[0], usual=5, least=3)
    if record is None:
        return 2
    repetitions = record["repetitions"]
    sizes = {"directions": RADII * ANGLES, "biases": BIASES, "scale": SCALE, "half_width": HALF_WIDTH}
    record |= {"sizes": sizes, "costs": []}
    for dtype in ("float64", "float32"):
        for side in SIDES:
            measured = measure(runs(side, dtype), repetitions)
            record["costs"].append({"points": side**2, "dtype": dtype, "runs": measured})
    write(record)
    print(table(record))
    return 0


def runs(side: int, dtype: str) -> dict[str, Run]:
    """Return what is timed for side^2 points."""
    import numpy as np

    from kousei.ridgelet import AdmissiblePair, Directions, RidgeletTransform, ball_directions

    x = np.linspace(-HALF_WIDTH, HALF_WIDTH, side)
    rng = np.random.default_rng(0)
    plane, space = (rng.uniform(-HALF_WIDTH, HALF_WIDTH, (side**2, dim)) for dim in (2, 4))
    f = np.exp(-2 * (x[:, None] ** 2 + x**2)).astype(dtype)
    disc = ball_directions(2, SCALE, RADII, ANGLES)
    ends = SCALE * HALF_WIDTH * math.sqrt(2) + 9  # psi is 1e-15 of its maximum at 9
    b = np.linspace(-ends, ends, BIASES)
    pair, in_space = AdmissiblePair("relu", 2), AdmissiblePair("relu", 4)

    def planned(axes: Any, method: Any, directions: Directions = disc) -> RidgeletTransform:
        return RidgeletTransform(axes, directions, b, pair, method, dtype=dtype)

    slices, spread = planned((x, x), "slice"), planned(plane, "spread")
    lines = RidgeletTransform(space, np.tile(disc.vectors, 2) / math.sqrt(2), b, in_space, "spread", dtype=dtype)
    count = max(1, min(len(disc.vectors), MOST_VALUES // (side**2 * BIASES)))
    some = np.arange(count) * len(disc.vectors) // count
    direct = planned((x, x), "direct", Directions(disc.vectors[some], disc.weights[some], disc.scale))
    return {
        "slice": Run(lambda: slices.transform(f)),
        "slice, planned anew": Run(lambda: planned((x, x), "slice").transform(f)),
        "spread in 2 dimensions": Run(lambda: spread.transform(f.ravel())),
        "spread in 4 dimensions": Run(lambda: lines.transform(f.ravel())),
        "direct": Run(lambda: direct.transform(f), count / len(disc.vectors)),
        "reconstruct by slices": Run(lambda: slices.reconstruct(f)),
    }


def measure(costs: dict[str, Run], repetitions: int) -> dict[str, Any]:
    """Return the median times of the whole work, all in turns after a warm-up."""
    from cases import cpu_seconds

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of what a reconstruction loses
        for run in costs.values():
            run.function()
        seconds: dict[str, list[float]] = {name: [] for name in costs}
        for _ in range(repetitions):
            for name, run in costs.items():
                seconds[name].append(cpu_seconds(run.function) / run.part)
    return {
        name: {"seconds": median(times), "min": min(times), "max": max(times), "part": costs[name].part}
        for name, times in seconds.items()
    }


def table(record: dict[str, Any]) -> str:
    """Return a record as a table in Markdown."""
    from ratios import as_time

    names = list(record["costs"][0]["runs"])
    lines = ["| n | | " + " | ".join(names) + " |", "|---" * (len(names) + 2) + "|"]
    for row in record["costs"]:
        of_row = [row["runs"][name] for name in names]
        cells = [("≈ " if run["part"] < 1 else "") + as_time(run["seconds"]) for run in of_row]
        lines.append(f"| {math.isqrt(row['points'])}² | {row['dtype']} | " + " | ".join(cells) + " |")
    return "\n".join([*lines, "", "≈: of some of the directions, for all of them in proportion", ""])


if __name__ == "__main__":
    sys.exit(main())
