r"""
The bounds of the paper, corrected
==================================

The bounds (3.2), that after (4.1), (4.4), (4.5), and (4.6) and (4.7) of Kakizaki and Akiba, "Possible Application of
Funahashi's Theorem to Neural Networks", beside measured errors. What the paper prints is said at each; the
corrected forms are derived here, and asserted at every point that is drawn.

Throughout, :math:`\alpha\delta = \pi/2`, so that :math:`\Psi(1) = 2\pi\delta/\sinh \pi\delta`.
"""

# %%
# .. _bound-3-2:
#
# (3.2): the error tends to 0 only if A and A' grow with N
# --------------------------------------------------------
#
# (3.2) bounds :math:`|f - \bar f|` by four things: the spectrum beyond the cut :math:`A`, its sampling at
# distances :math:`2A/N`, the thresholds beyond the cut :math:`A'`, and their spacing :math:`2A'/N`. For
# :math:`f(x) = e^{-x^2/2}` on :math:`|x| \le 2`, :math:`\hat f(w) = \sqrt{2\pi}\, e^{-w^2/2}`, the amplitudes
# are :math:`a_w = \hat f(w)\,2A/(2\pi N)`, and
#
# - beyond :math:`A`: :math:`\sum |a_w|` over the frequencies of the same spacing that are left out;
# - sampling: :math:`\sum_{m \ne 0} f(2 - |m| P)`, the neighbours at the period :math:`P = \pi N/A`, by Poisson's
#   formula;
# - the thresholds: :math:`\sum |a_w|` times the two parts of :func:`kousei.funahashi.quadrature_bound`.
#
# The second and the fourth fall with :math:`N`; the first and the third do not, they are those of :math:`A` and
# :math:`A'`. On the left both are fixed, and neither the bound nor the error falls below what they leave. On the
# right they grow like :math:`\sqrt N`.

import warnings

import matplotlib.pyplot as plt
import numpy as np

import kousei
from kousei.activation import logistic
from kousei.funahashi import bump_transform, quadrature_bound, universal_function

# h >= pi/2 is meant here.
warnings.simplefilter("ignore", UserWarning)
half_width = 2.0
x = np.linspace(-half_width, half_width, 801)[:, None]
far = np.arange(1, 2000)


def gaussian_network(order, cut, cutoff):
    """Return the network of exp(-x^2/2) with N = N_0 = order."""
    w = -cut + 2 * cut * np.arange(order) / order
    a = np.exp(-(w**2) / 2) * np.sqrt(2 * np.pi) * cut / (np.pi * order)
    thresholds = -cutoff + 2 * cutoff * np.arange(order) / order
    return kousei.FunahashiNetwork(w[:, None], a, thresholds, delta=1.0, alpha=np.pi / 2)


def four_parts(net, order, cut):
    """Return the terms of (3.2), and rounding."""
    step, period = 2 * cut / order, np.pi * order / cut
    outside = np.concatenate([cut + step * (far - 1), cut + step * far])
    beyond = np.exp(-(outside**2) / 2).sum() * step / np.sqrt(2 * np.pi)
    neighbours = 2 * np.exp(-((far * period - half_width) ** 2) / 2).sum()
    bound = net.error_bound([(-half_width, half_width)])
    return np.array([beyond, neighbours, bound.edge, bound.quadrature, bound.rounding])


orders = np.array([10, 12, 14, 16, 20, 24, 32, 48, 64, 96, 128])
figure, axes = plt.subplots(1, 2, figsize=(11, 4.8), layout="constrained", sharey=True)
for axis, title, choice in (
    (axes[0], "A = 4, A' = 14", lambda order: (4.0, 14.0)),
    (axes[1], "A = √(2N), A' = π√N", lambda order: (np.sqrt(2 * order), np.pi * np.sqrt(order))),
):
    parts, errors = [], []
    for order in orders:
        cut, cutoff = choice(order)
        net = gaussian_network(order, cut, cutoff)
        parts.append(four_parts(net, order, cut))
        errors.append(np.abs(net(x, method="dense") - np.exp(-(x[:, 0] ** 2) / 2)).max())
    parts = np.array(parts)
    total = parts.sum(axis=1)
    assert (errors <= total).all()
    names = ("spectrum beyond A", "its sampling", "thresholds beyond A'", "their spacing")
    for part, name, color, marker in zip(
        parts.T, names, ("#D55E00", "#E69F00", "#0072B2", "#56B4E9"), "v^<>", strict=False
    ):
        axis.loglog(orders, part, marker=marker, markersize=4, linewidth=1, color=color, label=name)
    axis.loglog(orders, total, color="black", linestyle="--", label="bound")
    axis.loglog(orders, errors, "o", color="black", label="measured")
    axis.set(title=title, xlabel="N", ylim=(1e-16, 10))
    axis.set_xticks(orders[::2], labels=orders[::2])
    axis.minorticks_off()
    print(f"{title}: N, bound, measured")
    for row in zip(orders[::2], total[::2], errors[::2], strict=True):
        print(f"{row[0]:5} {row[1]:9.1e} {row[2]:9.1e}")
axes[0].set_ylabel("largest error on |x| ≤ 2")
figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=6)
plt.show()

# %%
# .. _bound-after-4-1:
#
# After (4.1): the thresholds beyond A'
# -------------------------------------
#
# The thresholds :math:`|t| > A'` that are left out cost :math:`\frac{1}{|\Psi(1)|} \bigl|\int_{|t|>A'} e^{it}
# \psi(s - t)\,dt\bigr|`. With :math:`\psi(u) = E(u)\,r(u)`, :math:`E(u) = 2 \sinh\alpha\, e^{-|u|/\delta}` and
# :math:`r` rising to 1 away from 0, each end is at most, for :math:`A' \ge |s|`,
#
# .. math::
#
#     \Bigl| \int_{A'}^\infty e^{it}\, 2 \sinh\alpha\; e^{-(t - s)/\delta}\,dt \Bigr|
#     = \frac{2\delta}{\sqrt{1 + \delta^2}}\, \sinh\alpha\; e^{-(A' - s)/\delta},
#
# because :math:`\int e^{it} E r = G(A')\,r(A') + \int G\,r'` with :math:`G(t) = \int_t^\infty e^{i\tau} E`,
# :math:`|G| \le \frac{\delta}{\sqrt{1+\delta^2}} E` and :math:`E` falling. The two ends together, for
# :math:`|s| \le S`, are at most
#
# .. math::
#
#     \frac{4\delta}{\sqrt{1 + \delta^2}} \cdot \frac{\sinh\alpha}{|\Psi(1)|}\; e^{-(A' - S)/\delta}.
#
# The paper prints the factor :math:`2\delta` in place of the first one, which is smaller for :math:`\delta <
# \sqrt 3`.
#
# Below, the error divided by what follows the factor, the largest over :math:`|s| \le S` and over ten
# :math:`A'` spread over half a period, with thresholds so close that only the ends are felt. It is
# :math:`(1 + e^{-2S/\delta})` times half of the corrected factor. Where :math:`S` is small both ends count, and the
# printed bound is violated: for every :math:`\delta < \sqrt 3` once :math:`S` is small enough. Where
# :math:`S/\delta` is large only the nearer end counts, and the printed bound, too small by its derivation, is not
# violated.


def factor_of_ends(s_max, delta):
    """Return the error of H by its ends alone, over sinh(alpha) e^(-(A' - S)/delta) / |Psi(1)|."""
    alpha = np.pi / (2 * delta)
    s, largest = np.linspace(0, s_max, 41), 0.0
    for cutoff in s_max + np.pi / 2 + 8 * delta + np.pi / 10 * np.arange(10):
        count = int(np.ceil(cutoff / 0.02))
        h = 2 * cutoff / count
        t = h * (np.arange(count) - (count - 1) / 2)
        error = np.abs(universal_function(s, delta, alpha, t) - np.exp(1j * s)).max()
        unit = np.sinh(alpha) * np.exp(-(cutoff - s_max) / delta) / bump_transform(1.0, delta, alpha)
        largest = max(largest, error / unit)
    return largest


deltas = np.linspace(0.3, 3, 28)
printed, corrected = 2 * deltas, 4 * deltas / np.sqrt(1 + deltas**2)
figure, axis = plt.subplots(figsize=(8, 4.8), layout="constrained")
axis.plot(deltas, printed, color="#D55E00", linestyle="--", label="2δ, as the paper prints it")
axis.plot(deltas, corrected, color="black", label="4δ/√(1+δ²)")
for s_max, marker, color, name in ((0.05, "o", "#0072B2", "0.05"), (np.pi, "s", "#009E73", "π")):
    measured = np.array([factor_of_ends(s_max, delta) for delta in deltas])
    assert (measured <= corrected).all()
    axis.plot(deltas, measured, marker, color=color, label=f"measured, S = {name}")
    axis.plot(deltas, corrected * (1 + np.exp(-2 * s_max / deltas)) / 2, color=color, linewidth=0.8)
    print(f"S = {name}: measured above 2 delta for delta =", *(f"{d:.1f}" for d in deltas[measured > printed]))
    if s_max < 1:
        # The printed bound is violated as far as the factors say.
        assert (measured > printed)[deltas < 1.6].all()
axis.axvline(np.sqrt(3), color="gray", linewidth=0.8, linestyle=":")
axis.annotate("√3", (np.sqrt(3), 0.3), (np.sqrt(3) + 0.04, 0.3), color="gray")
axis.set(xlabel="δ", ylabel="factor of sinh(α) exp(−(A'−S)/δ) / |Ψ(1)|", ylim=(0, 6.2))
axis.legend()
plt.show()

# %%
# .. _bound-4-4:
#
# (4.4), (4.6) and (4.7): spacing and ends together
# -------------------------------------------------
#
# With :math:`N_0` thresholds :math:`h = 2A'/N_0 = \pi/p` apart, the spacing costs the aliases,
#
# .. math::
#
#     \sum_{m \ne 0} \frac{|\Psi(1 - 2pm)|}{|\Psi(1)|} \approx e^{-\pi\delta(2p - 2)}, \qquad
#     p = \frac{\pi N_0}{2A'},
#
# and the ends what stands above; with thresholds at a distance the sum in place of the integral turns
# :math:`4\delta/\sqrt{1+\delta^2}` into :math:`2h/\sqrt{\sinh^2(h/2\delta) + \sin^2(h/2)}`, less than that for
# :math:`\delta \le 1`. Their sum is (4.4). The paper prints (4.6) and (4.7) with another factor ½. Where the spacing
# decides, the error reaches (4.4) at every integer :math:`p` (in between, :math:`\sin(\alpha\delta\omega)`
# makes the aliases smaller, and takes the first away halfway): with the ½ the bound is wrong there.
#
# For XOR, :math:`(1 - \cos \pi x \cos \pi y)/2`, the amplitudes of the two waves add up to ½, and (4.4) is multiplied
# by that; the error reaches it too, and no further ½ is there.


def by_spacing(delta, h):
    """Return the aliases."""
    return quadrature_bound(1.0, delta, np.pi / (2 * delta), h * np.arange(-40, 41))[0]


def by_ends(s_max, delta, h, cutoff):
    """Return the corrected bound for thresholds that lie symmetrically up to cutoff - h/2."""
    alpha = np.pi / (2 * delta)
    factor = 2 * h / np.hypot(np.sinh(h / (2 * delta)), np.sin(h / 2))
    return factor * np.sinh(alpha) / bump_transform(1.0, delta, alpha) * np.exp(-(cutoff - s_max) / delta)


def symmetric(count, h):
    """Return thresholds with A' = count h/2."""
    return h * (np.arange(count) - (count - 1) / 2)


def xor_network(count, h):
    """Return two waves and a constant."""
    w, center = np.pi * np.array([[1, 1], [1, -1]]), np.array([0.5, 0.5])
    a = -0.25 * np.exp(1j * w @ center)
    return kousei.FunahashiNetwork(w, a, symmetric(count, h), 1.0, np.pi / 2, center, offset=0.5)


s_max, delta, cutoff = np.pi, 1.0, 7 * np.pi
s = np.linspace(-s_max, s_max, 401)
side = np.linspace(0, 1, 41)
grid = np.stack(np.meshgrid(side, side, indexing="ij"), axis=-1)
xor = (1 - np.cos(np.pi * grid[..., 0]) * np.cos(np.pi * grid[..., 1])) / 2
counts = np.arange(18, 85)
spacing, ends, wave, network = np.array(
    [
        (
            by_spacing(delta, h),
            by_ends(s_max, delta, h, cutoff),
            np.abs(universal_function(s, delta, np.pi / 2, symmetric(count, h)) - np.exp(1j * s)).max(),
            np.abs(xor_network(count, h)(grid, method="dense") - xor).max(),
        )
        for count in counts
        for h in [2 * cutoff / count]
    ]
).T
total = spacing + ends
assert (wave <= total).all()
assert (network <= total / 2).all()

figure, axes = plt.subplots(1, 2, figsize=(11, 4.8), layout="constrained", sharey=True)
for axis, errors, share, title, halved in (
    (axes[0], wave, 1.0, "one wave, |s| ≤ π", "with the ½ of (4.6), (4.7)"),
    (axes[1], network, 0.5, "XOR", "with a further ½"),
):
    axis.semilogy(counts, share * spacing, color="#56B4E9", linewidth=1, label="spacing")
    axis.semilogy(counts, share * ends, color="#0072B2", linewidth=1, label="ends")
    axis.semilogy(counts, share * total, color="black", label="(4.4), corrected" if share == 1 else "½ · (4.4)")
    axis.semilogy(counts, share * total / 2, color="#D55E00", linestyle="--", label=halved)
    whole = counts % 14 == 0
    axis.semilogy(counts, errors, color="gray", linewidth=1, label="measured")
    axis.semilogy(counts[whole], errors[whole], "o", color="black", label="p an integer")
    axis.set(title=f"{title}; δ = 1, A' = 7π", xlabel="thresholds N₀", ylim=(1e-9, 1))
    axis.legend()
    print(f"{title}: N_0, measured over the bound")
    for count, ratio in zip(counts[whole], (errors / (share * total))[whole], strict=True):
        print(f"{count:5} {ratio:6.3f}")
assert (wave > total / 2)[counts == 28].all()
assert (network > total / 4)[counts == 28].all()
axes[0].set_ylabel("largest error")
plt.show()

# %%
# .. _bound-4-5:
#
# (4.5): the number of thresholds
# -------------------------------
#
# For an error of :math:`\varepsilon`, let each of the two terms take half of it. With :math:`C =
# \frac{4\delta}{\sqrt{1+\delta^2}} \frac{\sinh\alpha}{|\Psi(1)|}`,
#
# .. math::
#
#     A' = S + \delta \ln\frac{2C}{\varepsilon}, \qquad
#     \frac{\pi}{h} = 1 + \frac{\ln(2/\varepsilon)}{2\pi\delta}, \qquad
#     N_0 = \frac{2A'}{h} = \frac{2}{\pi} \Bigl(S + \delta \ln\frac{2C}{\varepsilon}\Bigr)
#           \Bigl(1 + \frac{\ln(2/\varepsilon)}{2\pi\delta}\Bigr).
#
# Both the range and the density of the thresholds grow with :math:`\ln(1/\varepsilon)`, whereas the paper prints
# (4.5) without logarithmic factors. To leading order the width :math:`\delta = \sqrt{S/2\pi}` needs the fewest,
#
# .. math::
#
#     N_0 \approx \frac{1}{\pi^2} \Bigl(\ln\frac1\varepsilon + \sqrt{2\pi S}\Bigr)^2.
#
# Circles: the fewest symmetric thresholds for which some :math:`\delta` and :math:`h` of a search have an error of at
# most :math:`\varepsilon` for :math:`|s| \le S`. Black: the product above, the smallest over :math:`\delta`;
# blue: the last formula. With the same :math:`\delta`, but without the logarithm of the range (:math:`A' = S`,
# dashed) or without both (:math:`h = \pi` besides, dotted), there are too few.

tolerances = 10.0 ** -np.arange(1, 11)
widths = np.geomspace(0.25, 2.5, 16)
spacings = np.linspace(0.3, 2.5, 45)
counts = np.arange(1, 161)


def errors_of(s_max, delta, h):
    """Return the error of H for each number of symmetric thresholds."""
    alpha, s = np.pi / (2 * delta), np.linspace(0, s_max, 61)[:, None]
    errors = np.empty(len(counts))
    for parity in (0, 1):  # of the index; an odd number of thresholds has one at 0
        t = h * (np.arange(len(counts) // 2) + parity / 2)
        terms = sum(
            np.exp(1j * u) * (logistic((s - u) / delta + alpha) - logistic((s - u) / delta - alpha)) for u in (t, -t)
        )
        terms[:, t == 0] /= 2
        sums = h / bump_transform(1.0, delta, alpha) * np.cumsum(terms, axis=1)
        errors[parity::2] = np.abs(sums - np.exp(1j * s)).max(axis=0)
    return errors


def product(s_max, delta, tol):
    """Return the number of thresholds by the formula, then without one and without both logarithms."""
    ends = 4 * delta / np.sqrt(1 + delta**2) * np.sinh(np.pi / (2 * delta)) * np.sinh(np.pi * delta)
    reach = s_max + delta * np.log(2 * ends / (2 * np.pi * delta) / tol)
    density = 1 + np.log(2 / tol) / (2 * np.pi * delta)
    return 2 / np.pi * np.array([reach * density, s_max * density, np.broadcast_to(s_max, np.shape(density))])


figure, axes = plt.subplots(1, 2, figsize=(11, 4.8), layout="constrained")
for axis, s_max, name in zip(axes, (np.pi, 20.0), ("π", "20"), strict=True):
    best = np.full(len(counts), np.inf)
    for delta in widths:
        for h in spacings:
            errors = errors_of(s_max, delta, h)
            assert (errors <= by_spacing(delta, h) + by_ends(s_max, delta, h, counts * h / 2) + 1e-12).all()
            best = np.minimum(best, errors)
    measured = np.array([counts[np.argmax(best <= tol)] for tol in tolerances])
    numbers = product(s_max, np.geomspace(0.25, 2.5, 200)[:, None], tolerances)
    whole, one, none = numbers[:, numbers[0].argmin(axis=0), np.arange(len(tolerances))]
    assert (measured <= whole).all()
    law = (np.log(1 / tolerances) + np.sqrt(2 * np.pi * s_max)) ** 2 / np.pi**2
    axis.semilogx(tolerances, whole, color="black", label="with both logarithms")
    axis.semilogx(tolerances, law, color="#56B4E9", label="(ln 1/ε + √(2πS))² / π²")
    axis.semilogx(tolerances, one, color="#E69F00", linestyle="--", label="without that of A'")
    axis.semilogx(tolerances, none, color="#D55E00", linestyle=":", label="without both")
    axis.semilogx(tolerances, measured, "o", color="#0072B2", label="fewest, measured")
    axis.set(title=f"S = {name}", xlabel="ε", ylim=(0, None))
    axis.invert_xaxis()
    axis.legend(loc="upper left")
    print(f"S = {name}: tolerance, fewest measured, by the formula, to leading order")
    for row in zip(tolerances, measured, whole, law, strict=True):
        print(f"{row[0]:7.0e} {row[1]:5} {row[2]:7.1f} {row[3]:7.1f}")
axes[0].set_ylabel("thresholds N₀")
plt.show()
