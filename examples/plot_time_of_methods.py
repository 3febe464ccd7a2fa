r"""
The time of each method
=======================

One network, five ways to evaluate it: against the number of frequencies, and against the number of points. Which of
them ``method="auto"`` takes is what :meth:`kousei.FunahashiNetwork.plan` estimates.
"""

# %%
# The network
# -----------
#
# A function of two variables, :math:`N` frequencies along each axis and :math:`2N` thresholds, symmetric about 0 and
# far enough for every frequency: :math:`4N^3` hidden units. "dense" adds up all of them. The other methods
# evaluate the same function after ``merge()`` and ``halve()``, which change nothing but rounding. "dense" is also
# shown after these.
#
# Times are those of one thread, the better of two, on the machine that built this page; "table" and "nufft" after a
# first call, which makes the table or the grid. What is estimated to take more than 0.7 seconds is left out.

import time
import warnings

import matplotlib.pyplot as plt
import numpy as np

import kousei

COLORS = {
    "dense, all units": "#999999",
    "dense": "#000000",
    "shared": "#D55E00",
    "window": "#E69F00",
    "table": "#009E73",
    "nufft": "#0072B2",
}
MARKERS = dict(zip(COLORS, "xos^Dv", strict=True))

kousei.set_num_threads(1)
warnings.simplefilter("ignore", UserWarning)  # few thresholds at first, before they are made symmetric


def networks(order, delta=0.7, h=np.pi / 4):
    """Return a network of 4 order^3 units, and the same one rewritten."""
    net = kousei.FunahashiNetwork.from_function(
        lambda x: np.exp(np.sin(np.pi * x[..., 0]) * np.cos(x[..., 1])),
        [(-1, 1), (-1, 1)],
        order,
        n_thresholds=2 * order,
        extension="window",
        period=20,
        delta=delta,
        cutoff=h * order,
    )
    t = h * (np.arange(2 * order) - order + 0.5)
    net = kousei.FunahashiNetwork(net.frequencies, net.amplitudes, t, delta, np.pi / 2 / delta, net.center)
    return net, net.merge().halve()


def seconds(net, x, method):
    """Return the processor time of one call, None for about a second and more."""
    if net.plan(len(x)).nanoseconds[method] > 0.7e9:
        return None
    net(x[:8], method=method)
    best = np.inf
    for _ in range(2):
        start = time.process_time()
        net(x, method=method)
        best = min(best, time.process_time() - start)
    return best


def time_all(net, rewritten, x):
    """Return the seconds of each method, and check that all give the same."""
    scale = np.abs(net.amplitudes).sum()
    exact = net(x[:20], method="dense")
    found = {}
    for name in COLORS:
        method = name.removesuffix(", all units")
        chosen = net if method != name else rewritten
        assert np.abs(chosen(x[:20], method=method) - exact).max() <= 1e-11 * scale
        found[name] = seconds(chosen, x, method)
    return found


def draw(axis, sizes, times):
    """Draw one curve for each method, and print the exponent of its upper half."""
    for name, color in COLORS.items():
        kept = [(size, found[name]) for size, found in zip(sizes, times, strict=True) if found[name]]
        number, taken = np.array(kept).T
        upper = slice(-min(3, len(kept)), None)
        exponent = np.polyfit(np.log(number[upper]), np.log(taken[upper]), 1)[0]
        print(f"{name:>17} {exponent:9.2f}", *(f"{value * 1e3:10.3f}" for value in taken))
        axis.loglog(number, taken, marker=MARKERS[name], color=color, label=name)


# %%
# Against the frequencies, and against the points
# -----------------------------------------------
#
# The work of "dense" and "shared" is :math:`N^3` for each point, that of "window" and "table" :math:`N^2`, and of
# "nufft" :math:`N^2 \log N` once and a constant for each point. Where thresholds end close to the largest
# :math:`|w \cdot x|`, here for :math:`N \le 32`, "nufft" also subtracts the bumps that are missing. The exponents are
# fitted to the last three sizes.

rng = np.random.default_rng(0)
orders = [8, 16, 32, 64, 128]
counts = [10, 100, 1000, 10_000, 100_000]
x = rng.uniform(-1, 1, (100_000, 2))

figure, (left, right) = plt.subplots(1, 2, figsize=(11, 5), layout="constrained")
print(f"{'1000 points':>17}  exponent of N; milliseconds for N =", *orders)
draw(left, orders, [time_all(*networks(order), x[:1000]) for order in orders])
left.set(title="1000 points", xlabel="N, for 4 N³ hidden units", ylabel="seconds")
left.set_xticks(orders, labels=orders)
left.minorticks_off()

print(f"{'N = 64':>17}  exponent of points; milliseconds for points =", *counts)
pair = networks(64)
draw(right, counts, [time_all(*pair, x[:count]) for count in counts])
right.set(title="N = 64, 1048576 hidden units", xlabel="points")
figure.legend(*left.get_legend_handles_labels(), loc="outside lower center", ncols=6)
plt.show()
