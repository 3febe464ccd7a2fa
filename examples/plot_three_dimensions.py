r"""
Three dimensions
================

A smooth function on a cube as a network to a tolerance: what it looks like, how far it is from the function, what
:meth:`kousei.FunahashiNetwork.error_bound` says of that, and how long it takes.
"""

# %%
# A network to 1e-4
# -----------------
#
# Given ``tol``, the construction looks for the lowest order and the fewest thresholds. Three slices of the
# network, and its error there, in units of 1e-6.

import time

import matplotlib.pyplot as plt
import numpy as np

import kousei


def f(x):
    """Return e^(-xy) cos(z + x^2)."""
    return np.exp(-x[..., 0] * x[..., 1]) * np.cos(x[..., 2] + x[..., 0] ** 2)


kousei.set_num_threads(1)
cube = [(-1, 1)] * 3
net = kousei.FunahashiNetwork.from_function(f, cube, tol=1e-4)
print(net)

axis = np.linspace(-1, 1, 61)
figure, axes = plt.subplots(2, 3, figsize=(9.5, 6), layout="constrained", sharex=True, sharey=True)
for column, z in enumerate((-0.8, 0.0, 0.8)):
    slice_at_z = np.stack(np.meshgrid(axis, axis, [z], indexing="ij"), axis=-1)[:, :, 0]
    values = net(slice_at_z)
    error = 1e6 * (values - f(slice_at_z))
    shown = {"origin": "lower", "extent": (-1, 1, -1, 1)}
    top = axes[0, column].imshow(values.T, cmap="viridis", vmin=-1.1, vmax=2.7, **shown)
    bottom = axes[1, column].imshow(error.T, cmap="RdBu_r", vmin=-8, vmax=8, **shown)
    axes[0, column].set(title=f"z = {z:g}", xticks=[-1, 0, 1], yticks=[-1, 0, 1])
    axes[1, column].set(xlabel="x")
for row in axes:
    row[0].set_ylabel("y")
figure.colorbar(top, ax=axes[0], label=f"network of {net.units} units")
figure.colorbar(bottom, ax=axes[1], label="(network − function) · 10⁶", extend="both")
plt.show()

# %%
# Tolerance, bound and error
# --------------------------
#
# The largest error at 20,000 random points stands beside the bound, which is at most the tolerance. The bound is
# an estimate: its Fourier part comes from points that took no part in the construction. Times are those of one
# thread, the construction in all and the evaluation for each point. The number of frequencies grows like the third
# power of the order: three dimensions are about as far as this construction goes.

x = np.random.default_rng(0).uniform(-1, 1, (20_000, 3))
exact = f(x)
tolerances = 10.0 ** -np.arange(1, 7)
units, bounds, errors = [], [], []
print("tolerance     units     bound     error   construction   microseconds a point, method")
for tol in tolerances:
    start = time.perf_counter()
    net = kousei.FunahashiNetwork.from_function(f, cube, tol=tol)
    built = time.perf_counter()
    values = net(x)
    evaluated = time.perf_counter()
    units.append(net.units)
    bounds.append(net.error_bound().total)
    errors.append(np.abs(values - exact).max())
    assert errors[-1] <= bounds[-1] <= tol
    print(
        f"{tol:9.0e} {units[-1]:9} {bounds[-1]:9.1e} {errors[-1]:9.1e} {built - start:12.3f} s "
        f"{(evaluated - built) / len(x) * 1e6:15.1f}, {net.plan(len(x)).method}"
    )

figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4.3), layout="constrained")
left.loglog(tolerances, tolerances, color="gray", linestyle=":", label="tolerance")
left.loglog(tolerances, bounds, "o-", color="#000000", label="error_bound().total")
left.loglog(tolerances, errors, "s-", color="#009E73", label="largest error at 20,000 points")
left.set(xlabel="tolerance", ylabel="error")
left.invert_xaxis()
left.legend()
right.loglog(tolerances, units, "o-", color="#009E73")
right.set(xlabel="tolerance", ylabel="hidden units")
right.invert_xaxis()
plt.show()
