"""What each numeric function promises: a bound on its error, held by the tests of references and shown in the docs.

python tests/python/accuracy.py     writes the table of docs/guide/accuracy.md
"""

import re
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

PAGE = Path(__file__).resolve().parents[2] / "docs" / "guide" / "accuracy.md"


class Bound(NamedTuple):
    """The error is at most `c` units times S: S in words, and the unit where it is not eps of the dtype."""

    function: str
    c: float
    size: str
    unit: str = "eps"


VALUE, SLOPE = "$\\lvert f\\rvert+\\lvert zf'\\rvert$", "$\\lvert f'\\rvert+\\lvert zf''\\rvert$"
CURVATURE = "$\\lvert f''\\rvert+\\lvert zf'''\\rvert$"
TERMS, GIVEN = "the moduli of all terms, added up", "$\\sum_j\\lvert f_jw_j\\rvert\\,\\max\\lvert\\psi\\rvert$"
THROUGH = "the moduli of all terms, added up and taken through the layers"
WAVES = "$\\sum_w\\lvert a_w\\rvert$"

#: Twice the largest error that was found with any instruction set, rounded up. `gaussian_kernel` documents its own.
BOUNDS = {
    "logistic": Bound("`logistic`", 2, VALUE),
    "tanh": Bound("`tanh`", 3, VALUE),
    "erf": Bound("`erf`", 2, VALUE),
    "arctan": Bound("`arctan`", 2, VALUE),
    "gelu": Bound("`gelu`", 4, VALUE),
    "silu": Bound("`silu`", 3, VALUE),
    "softplus": Bound("`softplus`", 3, VALUE),
    "repu": Bound("`repu`", 0.7, VALUE),
    "lines": Bound("piecewise-linear activations", 1, VALUE),
    "logistic'": Bound("`logistic`, first derivative in `MLP.jet`", 2, SLOPE),
    "tanh'": Bound("`tanh`, first derivative", 2, SLOPE),
    "erf'": Bound("`erf`, first derivative", 3, SLOPE),
    "arctan'": Bound("`arctan`, first derivative", 2, SLOPE),
    "gelu'": Bound("`gelu`, first derivative", 3, SLOPE),
    "silu'": Bound("`silu`, first derivative", 4, SLOPE),
    "softplus'": Bound("`softplus`, first derivative", 2, SLOPE),
    "repu'": Bound("`repu`, first derivative", 0.6, SLOPE),
    "lines'": Bound("piecewise-linear activations, slope", 0.5, SLOPE),
    "logistic''": Bound("`logistic`, second derivative", 0.5, "1"),
    "tanh''": Bound("`tanh`, second derivative", 4, "1"),
    "erf''": Bound("`erf`, second derivative", 3, "1"),
    "arctan''": Bound("`arctan`, second derivative", 3, "1"),
    "gelu''": Bound("`gelu`, second derivative", 2, "1"),
    "silu''": Bound("`silu`, second derivative", 2, "1"),
    "softplus''": Bound("`softplus`, second derivative", 0.5, "1"),
    "repu''": Bound("`repu`, second derivative", 0.7, CURVATURE),
    "bump_transform": Bound(
        "`bump_transform`", 3, "its amplitude, times 1 + the arguments of the sine and of what it multiplies"
    ),
    "universal_function": Bound("`universal_function`", 0.4, TERMS),
    "gaussian_kernel": Bound("`gaussian_kernel`", 8, "its largest absolute value"),
    "MLP": Bound("`MLP.__call__`, one hidden layer", 2, THROUGH),
    "MLP deep": Bound("`MLP.__call__`, deep", 0.9, THROUGH),
    "jacobian": Bound("`MLP.jet`, Jacobian", 3, THROUGH),
    "laplacian": Bound("`MLP.jet`, Laplacian", 2, THROUGH),
    "divergence": Bound("`MLP.divergence`", 2, THROUGH),
    "Funahashi": Bound('`FunahashiNetwork.__call__`, but "nufft"', 2, THROUGH),
    "Funahashi gradient": Bound('`FunahashiNetwork.gradient`, but "nufft"', 4, THROUGH),
    "nufft": Bound('`FunahashiNetwork.__call__`, "nufft"', 0.3, WAVES, "1e-13 (float32: 1e-5)"),
    "nufft gradient": Bound(
        '`FunahashiNetwork.gradient`, "nufft"', 0.8, "$\\sum_w\\lvert a_ww_k\\rvert$", "1e-13 (float32: 1e-5)"
    ),
    "ridgelet_transform": Bound(
        '`ridgelet_transform`, "direct"',
        0.2,
        GIVEN + " times $1+\\lvert a\\rvert\\cdot\\lvert x\\rvert+\\lvert b\\rvert$",
    ),
    "slice": Bound('`ridgelet_transform`, "slice"', 0.3, GIVEN, "tol"),
    "spread": Bound('`ridgelet_transform`, "spread"', 0.2, GIVEN, "tol"),
    "dual_ridgelet_transform": Bound('`dual_ridgelet_transform`, "direct"', 0.6, THROUGH),
    "FiniteRidgelet": Bound(
        '`FiniteRidgelet`, "direct"', 2, "$p^{-d/2}\\sum\\lvert f\\rvert\\,\\max\\lvert r\\rvert$, and of g"
    ),
    "FiniteRidgelet fft": Bound('`FiniteRidgelet`, "fft"', 2, "the same"),
    "orbit_sum": Bound("`orbit_sum`", 2, TERMS),
    "PackedSigns": Bound("`PackedSigns.matmul`", 2, TERMS),
    "ScaledSigns": Bound("`ScaledSigns.matmul`", 2, TERMS),
    "BinaryNetwork": Bound(
        "`BinaryNetwork.__call__`, by ranks and packed",
        0.4,
        "the moduli of all products through the layers, added up",
    ),
    "from_polynomial": Bound(
        "`repu.from_polynomial` on $[-1,1]^d$", 2, "$(n_1+\\dots+n_d)\\sum_k\\lvert a_k\\rvert$"
    ),
    "from_chebyshev": Bound("`repu.from_chebyshev`", 2, "$(n_1+\\dots+n_d)\\sum_k\\lvert c_k\\rvert$"),
    "free_energy": Bound("`RBM.free_energy`", 0.7, TERMS),
    "log_partition": Bound('`RBM.log_partition`, "exact"', 0.2, "the largest of those of a free energy"),
    "owen_values": Bound("`owen_values`, `shapley_values`", 2, TERMS),
    "moments": Bound("`ScoreEstimator`, moments", 3, THROUGH),
    "spline": Bound("`MonotoneRegressor`, splines", 0.2, "their largest coefficient, times cells + 2"),
    "spline'": Bound("`MonotoneRegressor`, slopes of splines", 0.7, "the same, divided by the size of a cell"),
}
#: What may come out as 0.
UNDERFLOW = {"float32": 2.0**-116, "float64": 2.0**-980}


def require_accurate(name: str, values: Any, exact: Any, size: Any, unit: float | None = None) -> None:
    """Hold values against exact numbers, within the bound of this name; `unit` is eps of their dtype unless given."""
    off = units_off(values, exact, size, unit)
    worst = int(off.argmax())
    c = BOUNDS[name].c
    assert off[worst] <= c, f"{name}: value {worst} is off by {off[worst]:.3g} of its units, and {c:g} are promised"


def units_off(values: Any, exact: Any, size: Any, unit: float | None = None) -> np.ndarray:
    """Return the errors in units of `unit` times the sizes, flat; what underflow may cost is left out."""
    values, kind = np.asarray(values), np.finfo(values.dtype)
    unit = float(kind.eps) if unit is None else unit
    lost = UNDERFLOW[kind.dtype.name]
    pairs = zip(values.ravel().tolist(), np.ravel(exact), np.ravel(size), strict=True)
    return np.array([float(max(abs(e - v) - lost, 0) / (unit * s)) if e != v else 0.0 for v, e, s in pairs])


def table() -> str:
    """Return the table of the page."""
    rows = [f"| {at.function} | {at.c:g} {at.unit} | {at.size} |" for at in BOUNDS.values()]
    return "\n".join(["| function | c | S |", "|---|---|---|", *rows])


if __name__ == "__main__":
    PAGE.write_text(re.sub(r"^\| function .*?(?=\n\n|\n\Z)", lambda _: table(), PAGE.read_text(), flags=re.M | re.S))
