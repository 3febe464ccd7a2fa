r"""
The universal function H
========================

Every network of this kind is :math:`\sum_w \mathrm{Re}[a_w H(w \cdot x)]` with one function
:math:`H(s) \approx e^{is}`, and :math:`H` is a sum of bumps

.. math::

    H(s) = \frac{h}{\Psi(1)} \sum_k e^{i t_k} \psi(s - t_k), \qquad
    \psi(u) = \sigma(u/\delta + \alpha) - \sigma(u/\delta - \alpha),

of two hidden units each. This script draws the bump, its Fourier transform :math:`\Psi`, and how far
:math:`H` is from :math:`e^{is}`, beside the bound that :func:`kousei.funahashi.quadrature_bound` proves.
"""

# %%
# The bump and its transform
# --------------------------
#
# :math:`\Psi(\omega) = 2\pi\delta \sin(\alpha\delta\omega)/\sinh(\pi\delta\omega)`. Dividing by
# :math:`\Psi(1)` needs :math:`\alpha\delta` off the multiples of :math:`\pi`; with :math:`\alpha\delta =
# \pi/2` the sine is 1 there. The transform of a wide bump falls fast, so that few thresholds suffice; but
# :math:`\Psi(1)` is then small beside :math:`\Psi(0) = \pi`, the terms of :math:`H` cancel, and digits are
# lost.

import matplotlib.pyplot as plt
import numpy as np

from kousei.activation import logistic
from kousei.funahashi import bump_transform, quadrature_bound, universal_function

plt.rcParams["axes.prop_cycle"] = plt.cycler(color=["#0072B2", "#E69F00", "#009E73", "#D55E00"])

u = np.linspace(-8, 8, 801)
omega = np.linspace(0, 6, 1201)

figure, (left, right) = plt.subplots(1, 2, figsize=(10, 3.8), layout="constrained")
for delta in (0.5, 1.0, 2.0):
    alpha = np.pi / (2 * delta)
    left.plot(u, logistic(u / delta + alpha) - logistic(u / delta - alpha), label=f"δ = {delta:g}")
    right.semilogy(omega, np.abs(bump_transform(omega, delta, alpha)), label=f"δ = {delta:g}")
left.set(title="bump ψ, αδ = π/2", xlabel="u", ylabel="ψ(u)")
right.axvline(1, color="gray", linewidth=0.8, linestyle=":")
right.annotate("ω = 1", (1, 3e-7), (1.1, 3e-7), color="gray")
right.set(title="its Fourier transform", xlabel="ω", ylabel="|Ψ(ω)|", ylim=(1e-7, 20))
left.legend()
right.legend()
plt.show()

# %%
# From bumps to a wave
# --------------------
#
# With thresholds :math:`h = \pi/p` apart, what is left of :math:`e^{is}` comes from the aliases :math:`1 -
# 2pm`, :math:`m \ne 0`, and falls as :math:`e^{-\pi\delta(2p-2)}`. Towards the ends of the thresholds the
# missing bumps are felt. ``quadrature_bound(s_max, ...)`` proves both parts for every :math:`|s| \le
# s_\mathrm{max}`: their sum is dashed. Near 1e-14 rounding begins, which the bound does not count.

delta, alpha = 1.0, np.pi / 2
s = np.linspace(-60, 60, 4801)
s_max = np.linspace(0.5, 44, 88)

figure, (wave, error) = plt.subplots(2, 1, figsize=(9, 7), sharex=True, layout="constrained", height_ratios=(1, 2))
for number, p in enumerate((3, 4, 5, 6)):
    thresholds = np.pi / p * np.arange(-14 * p, 14 * p + 1)
    value = universal_function(s, delta, alpha, thresholds)
    if p == 3:
        wave.plot(s, value.real, color="C0", label="Re H(s), p = 3")
    color = f"C{number}"
    error.semilogy(s, np.abs(value - np.exp(1j * s)), color=color, label=f"p = {p}, {2 * len(thresholds)} units")
    bound = [sum(quadrature_bound(reach, delta, alpha, thresholds)) for reach in s_max]
    for side in (-1, 1):
        error.plot(side * s_max, bound, color="black", linestyle="--", linewidth=0.9)
wave.plot(s, np.cos(s), color="black", linewidth=3, alpha=0.2, label="cos s")
wave.axvspan(-14 * np.pi, 14 * np.pi, color="gray", alpha=0.1, label="thresholds")
wave.set(title="H with thresholds from −14π to 14π, δ = 1, α = π/2", ylim=(-1.3, 2.1))
wave.legend(loc="upper center", ncols=3)
error.set(xlabel="s", ylabel="|H(s) − exp(is)|, bound dashed", ylim=(1e-16, 10))
error.legend(loc="upper center", ncols=2)
plt.show()
