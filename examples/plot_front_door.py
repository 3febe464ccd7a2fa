r"""
The front door: constructed, trained, fitted
============================================

One call, :func:`kousei.construct`, takes a function and a tolerance and returns a network. What it makes of some
functions, and how far trainings, random features and polynomials come on the same ones, by :func:`kousei.compare`.
"""

# %%
# Constructed
# -----------
#
# Networks of six of :func:`kousei.front.benchmark_functions`, made here, to their tolerances and to larger ones. The
# error is the largest at 10,000 random points.

import json
from pathlib import Path
from time import perf_counter

import matplotlib.pyplot as plt
import numpy as np

import kousei
from kousei.front import NotReachedError, benchmark_functions

NAMES = ("XOR", "Runge 1-D", "Franke", "corner peak 3-D", "continuous 2-D", "Gaussian 5-D")
functions = {name: benchmark_functions()[name] for name in NAMES}
networks = {name: [] for name in NAMES}
print(f"{'function':<16}{'tolerance':>10}{'units':>7}{'error':>9}{'seconds':>9}  by")
for name, (f, bounds, tol, _) in functions.items():
    lo, hi = np.transpose(bounds)
    at = np.random.default_rng(1).uniform(lo, hi, (10_000, len(lo)))
    for tolerance in (each for each in (1e-6, 1e-4, 1e-2, 1e-1) if each >= tol):
        start = perf_counter()
        try:
            net = kousei.construct(f, bounds, tolerance, rng=0)
        except NotReachedError as refusal:
            print(f"{name:<16}{tolerance:>10.0e}  refused: {str(refusal).splitlines()[0]:.60}")
            continue
        seconds, error = perf_counter() - start, np.abs(net(at) - f(at)).max()
        networks[name].append((net, error, seconds))
        print(f"{name:<16}{tolerance:>10.0e}{net.units:>7}{error:>9.0e}{seconds:>9.2f}  {net.report.chosen.name}")

# %%
# Where they are off
# ------------------
#
# The networks of two functions of two variables, and how far they are off, on a grid: at the same scale all over the
# square, as it is the largest error that counts.

figure, panels = plt.subplots(2, 2, figsize=(9, 7.5), layout="constrained")
side = np.linspace(0, 1, 201)
square = np.stack(np.meshgrid(side, side, indexing="ij"), axis=-1).reshape(-1, 2)
for row, name in zip(panels, ("XOR", "Franke"), strict=True):
    net, f = networks[name][0][0], functions[name].f
    off = np.log10(np.maximum(np.abs(net(square) - f(square)), 1e-12))
    for panel, values, label in zip(row, (net(square), off), ("network", "log10 of the error"), strict=True):
        drawn = panel.imshow(values.reshape(201, 201).T, origin="lower", extent=(0, 1, 0, 1), cmap="viridis")
        figure.colorbar(drawn, ax=panel, label=label)
    row[0].set_title(f"{name}, {net.units} units")
plt.show()

# %%
# Beside others
# -------------
#
# What the others reach is read from the record of ``benchmarks/front_table.py``, whose budgets are on
# :doc:`the page on comparisons </theory/front_compare>`. Networks of Adam, L-BFGS and MLPRegressor have as many
# units as ours; of features and polynomials there are several sizes. First the errors against the units.

root = next(folder for folder in (Path.cwd(), *Path.cwd().parents) if (folder / "benchmarks" / "results").is_dir())
record = json.loads((root / "benchmarks" / "results" / "front-table.json").read_text())
rows = {row["function"]: row for row in record["rows"]}
LOOKS = {
    "construct": ("#000000", "o"),
    "Adam": ("#D55E00", "v"),
    "L-BFGS": ("#E69F00", "^"),
    "MLPRegressor": ("#CC79A7", "s"),
    "RBFSampler": ("#56B4E9", "d"),
    "Nystroem": ("#0072B2", "D"),
    "Chebyshev": ("#009E73", "x"),
}


def draw(panel, method, x, errors, *, steps=False):
    """Draw the errors of a method."""
    color, marker = LOOKS[method]
    style = {"drawstyle": "steps-post"} if steps else {"marker": marker, "markersize": 5}
    panel.loglog(x, np.maximum(errors, 1e-15), color=color, label=method, linewidth=1.5, **style)


def finish(figure, panels, label):
    """Name the panels and axes, and what each colour is."""
    for panel, name in zip(panels.flat, NAMES, strict=True):
        panel.set(title=name, xlabel=label)
        panel.axhline(functions[name].tol, color="0.6", linewidth=1, linestyle=":")
        panel.label_outer()
    for panel in panels[:, 0]:
        panel.set_ylabel("largest error")
    known = {
        label: line for panel in panels.flat for line, label in zip(*panel.get_legend_handles_labels(), strict=True)
    }
    figure.legend(
        [known[m] for m in LOOKS if m in known], [m for m in LOOKS if m in known], loc="outside lower center", ncols=7
    )


figure, panels = plt.subplots(2, 3, figsize=(12, 8), layout="constrained", sharex=True, sharey=True)
for panel, name in zip(panels.flat, NAMES, strict=True):
    for method, points in rows[name]["points"].items():
        if method in ("Adam", "L-BFGS", "MLPRegressor"):
            draw(panel, method, [points[-1][0]], [points[-1][2]])
        elif method != "construct":
            units, _, errors = np.transpose(points)
            draw(panel, method, units, errors)
    if networks[name]:
        draw(
            panel, "construct", [net.units for net, _, _ in networks[name]], [error for _, error, _ in networks[name]]
        )
finish(figure, panels, "hidden units, or coefficients")
plt.show()

# %%
# And against the seconds: the least errors that a method has had by then. Ours are those of the construction above.

figure, panels = plt.subplots(2, 3, figsize=(12, 8), layout="constrained", sharex=True, sharey=True)
for panel, name in zip(panels.flat, NAMES, strict=True):
    for method, points in rows[name]["points"].items():
        if method != "construct":
            _, seconds, errors = np.transpose(sorted(points, key=lambda point: point[1]))
            nearer = errors <= np.minimum.accumulate(errors)
            steps = method in ("Adam", "L-BFGS", "MLPRegressor")
            draw(panel, method, seconds[nearer], errors[nearer], steps=steps)
    if networks[name]:
        draw(
            panel, "construct", [seconds for *_, seconds in networks[name]], [error for _, error, _ in networks[name]]
        )
finish(figure, panels, "seconds")
plt.show()
