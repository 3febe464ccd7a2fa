"""How the time of an evaluation grows with its points and its frequencies: `python benchmarks/scaling.py`."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from records import write

if TYPE_CHECKING:
    from kousei import FunahashiNetwork

NAME = "funahashi-scaling"
#: The exponents that pass where the time is proportional to the size.
LINEAR = 0.9, 1.1


@dataclass(frozen=True)
class Sweep:
    """Evaluations that differ in one size."""

    method: str
    along: str
    fixed: Mapping[str, int]
    #: What is timed at each size.
    runs: Mapping[int, Callable[[], Any]]
    #: The largest size of the fit, N^D for nufft; 0: all are in it.
    most: int = 0


def main() -> int:
    import ratios

    record = ratios.begin(NAME, "scaling.py", __doc__.splitlines()[0], usual=7, least=5)
    if record is None:
        return 2
    repetitions = record["repetitions"]
    record |= {"sweeps": {}}
    for name, prepare in sweeps().items():
        record["sweeps"][name] = result = measure(prepare(), repetitions)
        print(table(name, result))
    record["met"] = all(result["met"] is not False for result in record["sweeps"].values())
    write(record)
    return 0 if record["met"] else 1


def sweeps() -> dict[str, Callable[[], Sweep]]:
    """Return what prepares each sweep. Orders and thresholds fix the cost: that a network follows is not asked."""
    return {
        "shared-1d-points": lambda: along_points("shared", (1, 512, 64, math.pi / 2, 1.0, 4.0), powers(9, 14)),
        "shared-2d-points": lambda: along_points("shared", (2, 64, 64, math.pi / 2, 1.0, 4.0), powers(9, 13)),
        "shared-1d-frequencies": lambda: along_frequencies(1, powers(7, 12)),
        "shared-2d-frequencies": lambda: along_frequencies(2, powers(4, 7)),
        "nufft-1d-points": lambda: along_points("nufft", (1, 16384, 7000, math.pi / 4, 0.7, 20.0), thousands(8)),
        "nufft-2d-points": lambda: along_points("nufft", (2, 256, 300, math.pi / 4, 0.7, 20.0), thousands(10)),
    }


def powers(first: int, last: int) -> list[int]:
    return [2**k for k in range(first, last + 1)]


def thousands(doublings: int) -> list[int]:
    """Return 1000 and what follows from it by doubling."""
    return [1000 * 2**k for k in range(doublings + 1)]


def along_points(method: str, parameters: tuple[int, int, int, float, float, float], counts: Sequence[int]) -> Sweep:
    """Return the evaluations of a network at numbers of points; for nufft also at N^D of them."""
    from cases.dense import points
    from cases.funahashi import symmetric

    net = symmetric(*parameters).merge().halve()
    dim, order = parameters[:2]
    most = order**dim if method == "nufft" else 0
    sizes = sorted({*counts, most} - {0})
    x = points(dim, count=sizes[-1])
    runs = {size: evaluation(net, x[:size], method) for size in sizes}
    return Sweep(method, "points", shape(net) | {"order": order}, runs, most)


def along_frequencies(dim: int, orders: Sequence[int], count: int = 1024) -> Sweep:
    """Return the evaluations by shared exponentials of networks that differ in their frequencies."""
    from cases.dense import points
    from cases.funahashi import symmetric

    nets = [symmetric(dim, order, 64, math.pi / 2, 1.0, 4.0).merge().halve() for order in orders]
    x = points(dim, count=count)
    runs = {len(net.frequencies): evaluation(net, x, "shared") for net in nets}
    fixed = {name: size for name, size in shape(nets[0]).items() if name != "frequencies"}
    return Sweep("shared", "frequencies", fixed | {"points": count}, runs)


def shape(net: FunahashiNetwork) -> dict[str, int]:
    return {"dim": net.dim, "frequencies": len(net.frequencies), "thresholds": len(net.thresholds)}


def evaluation(net: FunahashiNetwork, x: Any, method: str) -> Callable[[], Any]:
    return lambda: net(x, method=method)


def measure(sweep: Sweep, repetitions: int) -> dict[str, Any]:
    """Return the times of a sweep, all sizes in turns after a warm-up, and what follows from the best of each."""
    from cases import cpu_seconds

    for run in sweep.runs.values():
        run()
    seconds: dict[int, list[float]] = {size: [] for size in sweep.runs}
    for _ in range(repetitions):
        for size, run in sweep.runs.items():
            seconds[size].append(cpu_seconds(run))
    best = {size: min(times) for size, times in seconds.items()}
    fitted = {size: time for size, time in best.items() if not sweep.most or size <= sweep.most}
    slope = exponent(fitted)
    result = {
        "method": sweep.method,
        "along": sweep.along,
        "sizes": dict(sweep.fixed),
        sweep.along: list(best),
        "best_seconds": list(best.values()),
        "seconds": list(seconds.values()),
        "exponent": slope,
        "fitted": [min(fitted), max(fitted)],
    }
    if not sweep.most:
        return result | {"target": list(LINEAR), "met": LINEAR[0] <= slope <= LINEAR[1]}
    first, last = min(best), max(best)
    return result | {
        "growth": best[sweep.most] / best[first],
        "growth_of_points": sweep.most / first,
        "seconds_per_point_beyond": (best[last] - best[sweep.most]) / (last - sweep.most),
        "target": None,
        "met": None,
    }


def exponent(seconds: Mapping[int, float]) -> float:
    """Return the slope of the line closest to log(seconds) over log(size)."""
    import numpy as np

    return float(np.polyfit(np.log(list(seconds)), np.log(list(seconds.values())), 1)[0])


def table(name: str, result: dict[str, Any]) -> str:
    """Return the result of a sweep as text."""
    from ratios import as_time

    sizes = ", ".join(f"{key} {size}" for key, size in result["sizes"].items())
    least, most = result["fitted"]
    lines = [f"{name}: {sizes}"]
    for size, seconds in zip(result[result["along"]], result["best_seconds"], strict=True):
        lines.append(f"  {size:>8} {result['along']} {as_time(seconds):>9} {as_time(seconds / size):>9} each")
    lines.append(f"  exponent {result['exponent']:.3f} from {least} to {most}")
    if result["target"]:
        lines[-1] += f"; {LINEAR[0]} to {LINEAR[1]}: {'met' if result['met'] else 'MISSED'}"
    else:
        beyond = as_time(result["seconds_per_point_beyond"])
        lines.append(
            f"  N^D = {most} points, {result['growth_of_points']:.0f} times as many as {least}, take "
            f"{result['growth']:.2f} times as long; beyond, {beyond} each"
        )
    return "\n".join([*lines, ""])


if __name__ == "__main__":
    sys.exit(main())
