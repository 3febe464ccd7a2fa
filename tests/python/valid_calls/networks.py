"""Valid calls of networks, and what makes, rewrites and files them."""

from collections.abc import Callable
from functools import cache
from importlib import import_module
from typing import Any

import numpy as np

import kousei
from kousei import (
    activation,
    funahashi,
    io,
    packed,
    repu,
)
from kousei.io import mlp
from valid_calls.common import BOX, POINTS, X2, Call, Y, f


class Registered(kousei.MLP):
    """A class of networks that files learn of."""


LINE = np.linspace(0, 1, 60)[:, None]
THRESHOLDS = np.pi / 4 * np.arange(-32, 33)


@cache
def net() -> kousei.MLP:
    return kousei.MLP.random([2, 4, 1], rng=0)


@cache
def field() -> kousei.MLP:
    return kousei.MLP.random([2, 4, 2], "tanh", rng=0)


@cache
def binarized() -> kousei.BinaryNetwork:
    return kousei.binarize(net())


@cache
def signs() -> kousei.PackedSigns:
    return kousei.pack_signs(np.array([[1, -1], [-1, -1]]))


@cache
def scaled() -> packed.ScaledSigns:
    return packed.ScaledSigns(signs(), np.ones(2))


@cache
def closed_form() -> kousei.FunahashiNetwork:
    return kousei.FunahashiNetwork([[1.0, 0.0]], [1.0], THRESHOLDS, 1.0, np.pi / 2)


@cache
def sampled() -> kousei.FunahashiNetwork:
    return kousei.FunahashiNetwork.from_function(f, [(0, 1)], tol=1e-2)


@cache
def polynomial() -> repu.PolynomialNetwork:
    return repu.from_polynomial([1.0, 2.0, 1.0])


def file_of(saved: Any) -> str:
    kousei.save("valid.safetensors", saved)
    return "valid.safetensors"


CALLS: dict[str, Callable[[], Call]] = {
    "kousei.Activation.__call__": lambda: (kousei.Activation("tanh"), {"z": np.ones(3)}),
    "kousei.Activation.image": lambda: (kousei.Activation("tanh").image, {"lo": -1.0, "hi": 1.0}),
    "kousei.BinaryNetwork.__call__": lambda: (binarized(), POINTS),
    "kousei.BinaryNetwork.astype": lambda: (binarized().astype, {"dtype": "float32"}),
    "kousei.BinaryNetwork.error_bound": lambda: (binarized().error_bound, {"box": BOX, "net": net()}),
    "kousei.BinaryNetwork.like": lambda: (binarized().like, POINTS),
    "kousei.FunahashiNetwork.__call__": lambda: (closed_form(), POINTS),
    "kousei.FunahashiNetwork.error_bound": lambda: (closed_form().error_bound, {"box": BOX}),
    "kousei.FunahashiNetwork.from_function": lambda: (
        kousei.FunahashiNetwork.from_function,
        {"f": f, "bounds": [(0, 1)], "order": 4, "n_thresholds": 64},
    ),
    "kousei.FunahashiNetwork.from_samples": lambda: (
        kousei.FunahashiNetwork.from_samples,
        {"values": np.ones(8), "bounds": [(0, 1)], "extension": "periodic", "n_thresholds": 64},
    ),
    "kousei.FunahashiNetwork.gradient": lambda: (closed_form().gradient, POINTS),
    "kousei.FunahashiNetwork.plan": lambda: (closed_form().plan, {"n_points": 10}),
    "kousei.FunahashiNetwork.prune": lambda: (closed_form().prune, {"tol": 0.1}),
    "kousei.FunahashiNetwork.refit": lambda: (sampled().refit, {"x": LINE, "y": LINE[:, 0]}),
    "kousei.MLP.__call__": lambda: (net(), POINTS),
    "kousei.MLP.astype": lambda: (net().astype, {"dtype": "float32"}),
    "kousei.MLP.bounds": lambda: (net().bounds, {"box": BOX}),
    "kousei.MLP.divergence": lambda: (field().divergence, POINTS),
    "kousei.MLP.jet": lambda: (field().jet, POINTS),
    "kousei.MLP.like": lambda: (net().like, POINTS),
    "kousei.MLP.random": lambda: (kousei.MLP.random, {"sizes": [2, 3, 1]}),
    "kousei.MLP.to_activation": lambda: (net().to_activation, {"g": "relu6", "bounds": BOX}),
    "kousei.PackedSigns.dot": lambda: (signs().dot, {"other": signs()}),
    "kousei.PackedSigns.like": lambda: (signs().like, POINTS),
    "kousei.PackedSigns.matmul": lambda: (signs().matmul, POINTS),
    "kousei.PackedSigns.unpack": lambda: (signs().unpack, {}),
    "kousei.activation.hardsigmoid": lambda: (activation.hardsigmoid, {}),
    "kousei.activation.hardtanh": lambda: (activation.hardtanh, {}),
    "kousei.activation.leaky_relu": lambda: (activation.leaky_relu, {}),
    "kousei.activation.prelu": lambda: (activation.prelu, {"slopes": [0.1, 0.2]}),
    "kousei.activation.repu": lambda: (activation.repu, {"power": 2}),
    "kousei.activation.softshrink": lambda: (activation.softshrink, {}),
    "kousei.binarize": lambda: (kousei.binarize, {"net": net()}),
    "kousei.chain_decomposition": lambda: (kousei.chain_decomposition, {"t": [1, -2, 3]}),
    "kousei.funahashi.bump_transform": lambda: (
        funahashi.bump_transform,
        {"omega": 1.0, "delta": 1.0, "alpha": 1.5},
    ),
    "kousei.funahashi.choose_parameters": lambda: (funahashi.choose_parameters, {"s_max": 3.0, "tol": 1e-3}),
    "kousei.funahashi.fourier_series": lambda: (
        funahashi.fourier_series,
        {"coefficients": {1: 1.0}, "bounds": [(0, 1)]},
    ),
    "kousei.funahashi.from_frequencies": lambda: (
        funahashi.from_frequencies,
        {"f": f, "bounds": [(0, 1)], "numbers": [[0], [1], [-1]], "tol": 10.0, "rng": 0},
    ),
    "kousei.funahashi.hyperbolic_cross": lambda: (funahashi.hyperbolic_cross, {"dim": 2, "order": 2}),
    "kousei.funahashi.parity": lambda: (funahashi.parity, {"dim": 2}),
    "kousei.funahashi.quadrature_bound": lambda: (
        funahashi.quadrature_bound,
        {"s_max": 3.0, "delta": 1.0, "alpha": 1.5, "thresholds": THRESHOLDS},
    ),
    "kousei.funahashi.ridge_directions": lambda: (
        funahashi.ridge_directions,
        {"f": f, "bounds": BOX, "directions": [[1, 0]], "units": 4},
    ),
    "kousei.funahashi.sample_points": lambda: (funahashi.sample_points, {"bounds": BOX, "samples": 3}),
    "kousei.funahashi.universal_function": lambda: (
        funahashi.universal_function,
        {"s": 1.0, "delta": 1.0, "alpha": 1.5, "thresholds": THRESHOLDS},
    ),
    "kousei.funahashi.variable_projection": lambda: (
        funahashi.variable_projection,
        {"x": X2, "y": Y, "units": 1, "starts": 1, "rng": 0},
    ),
    "kousei.identity": lambda: (kousei.identity, {"n": 2}),
    "kousei.io.from_onnx": lambda: (io.from_onnx, {"source": io.to_onnx(net())}),
    "kousei.io.from_sklearn": lambda: (io.from_sklearn, {"estimator": regression()}),
    "kousei.io.from_torch": lambda: (io.from_torch, {"module": io.to_torch(net())}),
    "kousei.io.register": lambda: (
        io.register,
        {"cls": Registered, "to_state": mlp.to_state, "from_state": mlp.from_state},
    ),
    "kousei.io.to_onnx": lambda: (io.to_onnx, {"net": net()}),
    "kousei.io.to_torch": lambda: import_module("torch") and (io.to_torch, {"net": net()}),
    "kousei.load": lambda: (kousei.load, {"path": file_of(net())}),
    "kousei.maximum": lambda: (kousei.maximum, {"f": net(), "g": net()}),
    "kousei.minimum": lambda: (kousei.minimum, {"f": net(), "g": net()}),
    "kousei.pack_signs": lambda: (kousei.pack_signs, {"S": np.ones((2, 3))}),
    "kousei.packed.ScaledSigns.like": lambda: (scaled().like, POINTS),
    "kousei.packed.ScaledSigns.matmul": lambda: (scaled().matmul, POINTS),
    "kousei.repu.PolynomialNetwork.error_bound": lambda: (polynomial().error_bound, {"box": [(0, 1)]}),
    "kousei.repu.check_range": lambda: (repu.check_range, {"net": polynomial(), "box": [(0, 1)]}),
    "kousei.repu.derivative_network": lambda: (repu.derivative_network, {"net": polynomial()}),
    "kousei.repu.from_chebyshev": lambda: (repu.from_chebyshev, {"coefficients": [1.0, 1.0]}),
    "kousei.repu.from_function": lambda: (repu.from_function, {"f": f, "bounds": [(0, 1)], "tol": 1e-2}),
    "kousei.repu.from_polynomial": lambda: (repu.from_polynomial, {"coefficients": [1.0, 1.0]}),
    "kousei.save": lambda: (kousei.save, {"path": "valid.safetensors", "net": net()}),
    "kousei.set_num_threads": lambda: (kousei.set_num_threads, {"count": kousei.num_threads()}),
    "kousei.stack": lambda: (kousei.stack, {"nets": (net(), net())}),
} | {
    f"kousei.activation.{name}": lambda name=name: (getattr(activation, name), {"z": np.ones(3)})
    for name in ("logistic", "tanh", "erf", "arctan", "relu", "gelu", "silu", "softplus", "abs", "hat", "relu6")
}


@cache
def regression() -> Any:
    from sklearn.linear_model import LinearRegression

    return LinearRegression().fit(X2, Y)
