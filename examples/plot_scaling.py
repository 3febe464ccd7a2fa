r"""
A thousand workers, simulated
=============================

How long tasks have to be for many workers, and how far points go that one client sends. The model is that of
``benchmarks/distributed_scaling.py``, which takes its costs from measurements; here they are round: each task costs
client and scheduler, which are one process, 2 ms, and each byte 1 ns.
"""

# %%
# Long tasks and short ones
# -------------------------
#
# Two hours of work of one thread, in tasks of 0.1 to 30 seconds, which vary by 5 %; one of a hundred takes three
# times as long. Dashed: what the scheduler takes, :math:`N s` for :math:`N` tasks, which only longer tasks make less.
# Of long ones there are few, and all wait for the last of them. 2.2 s is :math:`\sqrt{W s/3}` for the work :math:`W`,
# which is how ``evaluate`` chooses.

import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

root = next(folder for folder in (Path.cwd(), *Path.cwd().parents) if (folder / "benchmarks" / "results").is_dir())
sys.path.insert(0, str(root / "benchmarks"))
from distributed_scaling import Costs, Work, durations, simulate  # noqa: E402

COSTS = Costs(serial=2e-3, serial_byte=1e-9, worker=2e-3, worker_byte=1e-9)
WORKERS = np.unique(np.round(np.logspace(0, 3, 13)).astype(int))
TOTAL = 7200.0


def outcome(work, workers, rate):
    """Return what the model says, with tasks that vary and workers that start within two seconds."""
    rng = np.random.default_rng(0)
    return simulate(work, workers, COSTS, rate, durations(work, 0.05, rng), rng.uniform(0, 2, workers))


best = (TOTAL * COSTS.serial / 3) ** 0.5
figure, (left, right) = plt.subplots(1, 2, figsize=(10.5, 4.4), layout="constrained")
colors = plt.get_cmap("viridis")(np.linspace(0, 0.85, 4))
print(f"{'a task takes':>14}{'tasks':>8}{'1,000 workers':>15}{'busy':>7}")
for seconds, color in zip((0.1, 0.5, best, 30.0), colors, strict=True):
    work = Work(round(TOTAL / seconds), seconds, there=1e4, back=5e3)
    found = [outcome(work, workers, 1.25e9) for workers in WORKERS]
    left.loglog(WORKERS, [its.seconds for its in found], "o-", color=color, markersize=3.5, label=f"{seconds:.2g} s")
    allowed = work.tasks * (COSTS.serial + 1.5e4 * COSTS.serial_byte)
    left.axhline(allowed, color=color, linestyle="--", linewidth=0.8)
    right.semilogx(WORKERS, [its.efficiency for its in found], "o-", color=color, markersize=3.5)
    print(f"{seconds:>12.2f} s{work.tasks:>8}{found[-1].seconds:>13.1f} s{found[-1].efficiency:>7.0%}")
left.loglog(WORKERS, TOTAL / WORKERS, color="black", linewidth=0.8)
left.annotate("work / workers", (WORKERS[4], TOTAL / WORKERS[4]), (-8, -12), textcoords="offset points", ha="right")
left.set(xlabel="workers", ylabel="seconds", ylim=(5, None), title="two hours of work")
left.legend(title="a task takes")
right.set(xlabel="workers", ylabel="part of their time that is work", ylim=(0, 1.02), title="how busy workers are")
plt.show()

# %%
# Points that are sent, and points that are made
# ----------------------------------------------
#
# A network that takes 0.5 µs for a point of two coordinates: 4 MiB of points that the client sends to each task, over
# links of three rates, beside tasks that make 64 MiB of points for themselves. The first wait for the link of
# 1 Gbit/s, and over faster ones, which look the same, for the process of client and scheduler; these for nothing yet.

figure, panel = plt.subplots(figsize=(6.4, 4.4), layout="constrained")
LINKS = ("1", 1.25e8, "#D55E00", 3.5), ("10", 1.25e9, "#E69F00", 7), ("100", 1.25e10, "#0072B2", 3.5)
for name, rate, color, size in LINKS:
    points, tasks = 2**18, 4000
    work = Work(tasks, 0.5e-6 * points, there=16 * points, back=8 * points)
    rates = [tasks * points / outcome(work, workers, rate).seconds for workers in WORKERS]
    panel.loglog(WORKERS, rates, "o-", color=color, markersize=size, label=f"sent, {name} Gbit/s")
points, tasks = 2**22, 8000
work = Work(tasks, 0.5e-6 * points, ordered=False)
rates = [tasks * points / outcome(work, workers, 1.25e9).seconds for workers in WORKERS]
panel.loglog(WORKERS, rates, "s-", color="black", markersize=3.5, label="made by the workers")
panel.set(xlabel="workers", ylabel="points a second", title="a network that takes 0.5 µs for a point")
panel.legend()
plt.show()
