r"""
Units for each activation
=========================

:math:`H(s) \approx e^{is}` can be made of any bounded increasing function. How many units a tolerance takes depends
on two things: how fast the Fourier transform of its derivative falls, which allows thresholds far apart, and how fast
it comes to its limits, which lets them end soon.
"""

# %%
# Transforms and tails
# --------------------
#
# Own functions are accepted as well: the Gudermannian, :math:`2 \arctan(e^z)/\pi`, has :math:`\widehat{\varphi'}(w)
# = 1/\cosh(\pi w/2)`. tanh is the logistic function on another scale and stands for both below; the error function
# falls fastest on both sides, arctan reaches its limits only like :math:`1/z`.

import warnings

import matplotlib.pyplot as plt
import numpy as np

import kousei
from kousei.funahashi import choose_parameters, universal_function

warnings.simplefilter("ignore", UserWarning)  # h = pi/2, the coarsest choice, is within every tolerance below
gudermann = kousei.Activation(
    "gudermann", lambda z: np.arctan(np.exp(z)) * (2 / np.pi), lambda w: 1 / np.cosh(np.pi * w / 2)
)
STYLES = {
    "logistic": ("#0072B2", "o"),
    "tanh": ("#D55E00", "x"),
    "erf": ("#009E73", "s"),
    gudermann: ("#CC79A7", "^"),
    "arctan": ("#E69F00", "D"),
}


def units(s_max, tol, activation):
    """Return the units for one frequency, equal ones merged, and the error of H."""
    rule = choose_parameters(s_max, tol, activation)
    s = np.linspace(-s_max, s_max, 201)
    value = universal_function(s, rule.delta, rule.alpha, rule.thresholds, activation)
    error = np.abs(value - np.exp(1j * s)).max()
    assert error <= tol
    return len(rule.thresholds) + rule.p, error


# %%
# Units against the tolerance
# ---------------------------
#
# For one frequency with :math:`|s| \le S`, by :func:`kousei.funahashi.choose_parameters`: thresholds and :math:`p`
# more, after merging. The error of :math:`H` is asserted to be within the tolerance. arctan is only drawn to 1e-3:
# the number of its units grows like :math:`1/\varepsilon`.
#
# The number of logistic units grows like :math:`(\ln(1/\varepsilon) + \sqrt{2\pi S})^2/\pi^2` thresholds
# (:ref:`derived here <bound-4-5>`), with the square of the number of digits; that of erf with the number of digits,
# two units for each.

tolerances = 10.0 ** -np.array([1, 2, 3, 4, 6, 8, 10, 12])
figure, axes = plt.subplots(1, 2, figsize=(11, 4.8), layout="constrained", sharey=True)
for axis, s_max, title in zip(axes, (np.pi, 20.0), ("S = π", "S = 20"), strict=True):
    law = (np.log(1 / tolerances) + np.sqrt(2 * np.pi * s_max)) ** 2 / np.pi**2
    axis.loglog(tolerances, law, ":", color="gray", label="(ln 1/ε + √(2πS))² / π²")
    print(f"{title}: tolerance", *(f"{tol:9.0e}" for tol in tolerances))
    for activation, (color, marker) in STYLES.items():
        name = activation if isinstance(activation, str) else f"{activation.name}, one's own"
        reached = tolerances[tolerances > 5e-4] if name == "arctan" else tolerances
        numbers, errors = zip(*(units(s_max, tol, activation) for tol in reached), strict=True)
        print(f"{name:>21}", *(f"{number:9}" for number in numbers))
        print(f"{'error':>21}", *(f"{error:9.1e}" for error in errors))
        axis.loglog(reached, numbers, marker=marker, color=color, label=name)
    axis.set(title=title, xlabel="tolerance ε", ylim=(8, 5000))
    axis.invert_xaxis()
axes[0].set_ylabel("hidden units for one frequency")
axes[1].legend(loc="upper right")
plt.show()
