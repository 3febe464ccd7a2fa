"""How far monotone regression is from what noise was added to: `python benchmarks/monotone_designs.py`.

Nothing is timed: any machine will do. Some fifteen minutes, nearly all of them for the trained networks.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

import kousei
from records import write

NAME = "monotone-designs"
SEEDS, SAMPLES, POINTS = range(10), (64, 256), 2000
NOISE = {1: 0.5, 2: 1.0}
#: Those that splines are held against on smooth designs.
RIVALS = ("isotonic", "block", "boosting")

Array = np.ndarray[Any, Any]
#: Samples and values to a function of points.
Method = Callable[[Array, Array], Callable[[Array], Array]]


def wave(s: Array) -> Array:
    return s * (5 + 3 * np.sin(np.pi * s))


class Design(NamedTuple):
    """A function on [0, 1]^dim; "smooth" and monotone, or not one of the two."""

    formula: str
    dim: int
    kind: str
    f: Callable[[Array], Array]


DESIGNS = (
    Design("$2x$", 1, "smooth", lambda x: 2 * x[:, 0]),
    Design("$e^{2x}$", 1, "smooth", lambda x: np.exp(2 * x[:, 0])),
    Design("$1_{x\\ge0.2}+2\\cdot1_{x\\ge0.6}$", 1, "steps", lambda x: (x[:, 0] >= 0.2) + 2.0 * (x[:, 0] >= 0.6)),
    Design("$e^{\\max(x,1/3)}$", 1, "kink", lambda x: np.exp(np.maximum(x[:, 0], 1 / 3))),
    Design("$4x+2x\\sin4\\pi x$", 1, "not monotone", lambda x: x[:, 0] * (4 + 2 * np.sin(4 * np.pi * x[:, 0]))),
    Design("$10\\,(s/2)^{3/4}$", 2, "smooth", lambda x: 10 * (x.sum(axis=1) / 2) ** 0.75),
    Design("$1+3x_1(1-e^{-3x_2})$", 2, "smooth", lambda x: 1 + 3 * x[:, 0] * (1 - np.exp(-3 * x[:, 1]))),
    Design("$10\\sum_j\\max(x_j-1/3,0)$", 2, "kink", lambda x: 10 * np.maximum(x - 1 / 3, 0).sum(axis=1)),
    Design("$3$", 2, "smooth", lambda x: np.full(len(x), 3.0)),
    Design("$5s+3s\\sin\\pi s$", 2, "not monotone", lambda x: wave(x.sum(axis=1))),
)


def main() -> int:
    from ratios import fix_environment

    fix_environment()  # which scikit-learn and torch read when they are first asked for

    rows = []
    for design in DESIGNS:
        for n in SAMPLES:
            rows.append(measured(design, n))
            print(json.dumps(rows[-1]), flush=True)
    missed = [row for row in rows if row["kind"] == "smooth" and not best(row)]
    record = {
        "case": NAME,
        "command": "python benchmarks/monotone_designs.py",
        "noise": {f"{dim}-D": noise for dim, noise in NOISE.items()},
        "seeds": len(SEEDS),
        "points": POINTS,
        "rows": rows,
        "met": not missed,
    }
    write(record)
    print(table(record))
    return int(bool(missed))


def measured(design: Design, n: int) -> dict[str, Any]:
    """Return the root mean square errors of each method, averaged over the seeds."""
    at = np.random.default_rng(len(SEEDS)).random((POINTS, design.dim))
    exact = design.f(at)
    errors: dict[str, list[float]] = {}
    violations = []
    for seed in SEEDS:
        rng = np.random.default_rng(seed)
        x = rng.random((n, design.dim))
        y = design.f(x) + NOISE[design.dim] * rng.standard_normal(n)
        network = kousei.MonotoneRegressor(method="pdir", random_state=seed).fit(x, y)
        violations.append(network.violations(at))
        fitted = {"pdir": network.predict} | {name: method(x, y) for name, method in methods(design.dim).items()}
        for name, predict in fitted.items():
            errors.setdefault(name, []).append(float(np.sqrt(np.mean((predict(at) - exact) ** 2))))
    return {
        "design": design.formula,
        "dim": design.dim,
        "kind": design.kind,
        "samples": n,
        "errors": {name: float(np.mean(of_seeds)) for name, of_seeds in errors.items()},
        "deviations": {name: float(np.std(of_seeds, ddof=1)) for name, of_seeds in errors.items()},
        "violations of pdir": float(np.mean(violations)),
    }


def methods(dim: int) -> dict[str, Method]:
    from sklearn.ensemble import HistGradientBoostingRegressor
    from sklearn.isotonic import IsotonicRegression

    steps: dict[int, tuple[str, Method]] = {
        1: ("isotonic", lambda x, y: IsotonicRegression(out_of_bounds="clip").fit(x, y).predict),
        2: ("block", block),
    }
    return dict(
        [
            ("spline", lambda x, y: kousei.MonotoneRegressor().fit(x, y).predict),
            steps[dim],
            ("boosting", lambda x, y: HistGradientBoostingRegressor(monotonic_cst=[1] * dim).fit(x, y).predict),
        ]
    )


def block(x: Array, y: Array) -> Callable[[Array], Array]:
    """Return max_u min_v of the means of samples in boxes [u, v], over those u <= x <= v with a sample between.

    u and v are samples or the ends of the line; after H. Deng and C.-H. Zhang, "Isotonic regression in
    multi-dimensional spaces and graphs", Annals of Statistics 48 (2020).
    """
    lower, upper = (np.vstack([x, np.full((1, x.shape[1]), end)]) for end in (-np.inf, np.inf))
    above = (lower[:, None] <= x).all(axis=-1).astype(float)
    below = (upper[:, None] >= x).all(axis=-1).astype(float)
    with np.errstate(invalid="ignore"):
        means = (above * y) @ below.T / (above @ below.T)
    means[np.isnan(means)] = np.inf  # no sample between

    def value(point: Array) -> float:
        rows, columns = (lower <= point).all(axis=1), (upper >= point).all(axis=1)
        least = means[np.ix_(rows, columns)].min(axis=1)
        return float(least[np.isfinite(least)].max())

    return lambda points: np.array([value(point) for point in points])


def best(row: dict[str, Any]) -> bool:
    errors = row["errors"]
    return all(errors["spline"] < errors[rival] for rival in RIVALS if rival in errors)


def table(record: dict[str, Any]) -> str:
    """Return a record as a table in Markdown."""
    names = {"spline": "spline", "pdir": "PDIR", "steps": "isotonic, block", "boosting": "boosting"}
    lines = [
        f"| function on $[0,1]^d$ | | $n$ | {' | '.join(names.values())} | PDIR violates |",
        "|---" * 8 + "|",
    ]
    for row in record["rows"]:
        errors = row["errors"] | {"steps": row["errors"].get("isotonic", row["errors"].get("block"))}
        least = min(errors.values())
        cells = [f"**{errors[name]:.3f}**" if errors[name] == least else f"{errors[name]:.3f}" for name in names]
        head = [row["design"], row["kind"], str(row["samples"])]
        lines.append("| " + " | ".join([*head, *cells, f"{row['violations of pdir']:.1%}"]) + " |")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
