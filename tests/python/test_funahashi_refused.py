"""Funahashi networks: thresholds, sizes, options and parts that are refused."""

import math
import warnings

import numpy as np
import pytest

import kousei
from kousei.funahashi import (
    FunahashiNetwork,
    choose_parameters,
    quadrature_bound,
    sample_points,
)
from support import quartic

PI = math.pi


def test_coarse_thresholds_warn_and_aliased_ones_are_refused() -> None:
    options = {"delta": 1.0, "extension": "periodic", "n_thresholds": 40}
    with pytest.warns(
        UserWarning, match="41 instead of 40 of them .n_thresholds. over the same range lie below pi/2"
    ) as caught:
        FunahashiNetwork.from_function(quartic, [(0, 5)], 16, cutoff=40 * PI / 4, **options)
    assert caught[0].filename == __file__
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        FunahashiNetwork.from_function(quartic, [(0, 5)], 16, cutoff=39.9 * PI / 4, **options)
    with pytest.raises(ValueError, match="h < pi is accepted"):
        FunahashiNetwork.from_function(quartic, [(0, 5)], 16, cutoff=40 * PI / 2, **options)
    with pytest.warns(UserWarning, match="cutoff is 20, and w . .x - center. reaches 25.1327 on the box"):
        FunahashiNetwork.from_function(quartic, [(0, 5)], 16, cutoff=20.0, **options)


@pytest.mark.parametrize("order", [0, -2, 1, 7, 2.0, "8", True])
def test_bad_order(order: object) -> None:
    kind = ValueError if type(order) is int else TypeError
    with pytest.raises(kind, match="order was .*; (at least 2|an even integer of at least 2|an integer) is accepted"):
        FunahashiNetwork.from_function(quartic, [(0, 5)], order)


@pytest.mark.parametrize(
    "bounds",
    [
        "ab",
        None,
        [(0, 1), (0,)],
        [],
        [(1, 1)],
        [(1, 0)],
        [(0, np.inf)],
        [(0, np.nan)],
        [(0, 1, 2)],
        (0, 1),
        [(0, 1), (2, 1)],
    ],
)
def test_bad_bounds(bounds: object) -> None:
    with pytest.raises(ValueError, match="bounds (has shape|was)"):
        FunahashiNetwork.from_function(quartic, bounds, 8)


@pytest.mark.parametrize(
    ("f", "error", "message"),
    [
        (lambda x: x[..., 0] * np.nan, ValueError, "NaN or infinite"),
        (lambda x: x[..., 0] + np.inf, ValueError, "NaN or infinite"),
        (lambda x: x[..., 0] * 1j, TypeError, "complex128; real numbers are accepted"),
        (lambda x: x, ValueError, r"has shape \(1000, 1\)"),
        (lambda x: 1.0, ValueError, r"has shape \(\)"),
        (lambda x: "values", TypeError, "real numbers are accepted"),
        (lambda x: np.ma.masked_array(x[..., 0], x[..., 0] > 1), TypeError, "masked"),
    ],
)
def test_bad_values(f: object, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        FunahashiNetwork.from_function(f, [(0, 5)], 8, n_thresholds=64)


def test_fewer_values_than_frequencies() -> None:
    with pytest.raises(ValueError, match=r"f\(x\) has shape \(4,\); \(8,\) is accepted, one value for each"):
        FunahashiNetwork.from_function(lambda x: x[::2, 0], [(0, 5)], 8, extension="periodic", n_thresholds=64)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"delta": 1.0, "alpha": PI, "cutoff": 9.0}, "alpha . delta is 1 pi; anything but a multiple of pi"),
        ({"delta": 0.5, "alpha": 4 * PI, "cutoff": 9.0}, "alpha . delta is 2 pi"),
        ({"delta": 1e300, "alpha": 1e300, "cutoff": 9.0}, "alpha . delta is inf pi"),
        ({"delta": -1.0}, "delta was -1.0; a positive finite number"),
        ({"delta": np.nan, "cutoff": 9.0}, "delta was nan"),
        ({"alpha": 0.0}, "alpha was 0.0"),
        ({"cutoff": -3.0, "delta": 1.0}, "cutoff was -3.0"),
        ({"n_thresholds": 1}, "n_thresholds was 1; at least 2 is accepted"),
        ({"extension": "mirror"}, "extension was 'mirror'; 'fourier', 'window' and 'periodic' are accepted"),
        ({"extension": "fourier", "period": 10.0}, "period was 10.0; extension='fourier'"),
        ({"extension": "window", "period": 5.0}, "more than the box"),
        ({"extension": "periodic", "period": 4.0}, "at least the box"),
        ({"extension": "periodic", "period": [9.0, 9.0]}, r"period has shape \(2,\)"),
        ({"delta": 1e300}, "Psi.1. is 0 for delta = 1e.300|alpha . delta is"),
        ({"delta": 300.0, "cutoff": 20.0}, "Psi.1. is 0 for delta = 300"),
        ({"cutoff": np.inf}, "cutoff was inf"),
        ({"cutoff": 1e300}, "h < pi is accepted"),
        ({"n_thresholds": 10**30}, "not representable in 64 bits"),
        ({"activation": "relu"}, "activation was 'relu'; 'logistic', 'tanh', 'erf', 'arctan' are accepted"),
        # Not known by its name alone.
        ({"activation": kousei.PiecewiseLinear([-1, 1], [0, 1, 0], -1, name="tanh")}, "activation was 'tanh'; 'log"),
        ({"activation": "sine"}, "activation was 'sine'; 'logistic'"),
    ],
)
def test_bad_options(options: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        FunahashiNetwork.from_function(quartic, [(0, 5)], 16, **({"n_thresholds": 64} | options))


@pytest.mark.parametrize("count", [8.5, "8", True])
def test_a_number_of_thresholds_that_is_no_integer(count: object) -> None:
    with pytest.raises(TypeError, match="n_thresholds was .*; an integer is accepted"):
        FunahashiNetwork.from_function(quartic, [(0, 5)], 16, n_thresholds=count)


@pytest.mark.parametrize("name", ["delta", "alpha", "cutoff"])
def test_options_that_are_no_numbers(name: str) -> None:
    with pytest.raises(TypeError, match=f"{name} was 'x'; a positive finite number is accepted"):
        FunahashiNetwork.from_function(quartic, [(0, 5)], 16, n_thresholds=64, **{name: "x"})


@pytest.mark.parametrize(
    ("order", "dim"),
    [(n + step, dim) for dim, n in ((2, 2097152), (3, 65536), (4, 8192), (5, 2048)) for step in (-2, 0, 2)],
)
def test_sizes_that_do_not_fit_64_bits(order: int, dim: int) -> None:
    """2 N^(D+1) is exactly 2^64, 0 in 64-bit arithmetic, in the middle of each of these."""
    assert 2 * order ** (dim + 1) >= 2**63
    message = f"order was {order} and n_thresholds {order}; fewer are accepted: in {dim} dimensions"
    with pytest.raises(kousei.SizeError, match=message):
        FunahashiNetwork.from_function(lambda x: x[..., 0], [(0, 1)] * dim, order)


def test_too_few_thresholds_are_named() -> None:
    message = r"n_thresholds was 16 \(where it is not given, it is order\), which is too few: .* h < pi is accepted"
    with pytest.raises(ValueError, match=message):
        FunahashiNetwork.from_function(lambda x: np.sin(x.sum(-1)), [(-1, 1)] * 2, 16)


def test_unit_count_is_exact_or_an_error() -> None:
    count = kousei._lib._core.funahashi_unit_count
    assert count(64, 2, 64) == 2 * 64**3
    for dim, base in ((2, 2097152), (3, 65536), (4, 8192), (5, 2048)):
        for order in (base - 1, base, base + 1):
            with pytest.raises(kousei.SizeError):
                count(order, dim, order)
    largest = int((2**62) ** (1 / 3)) - 1
    assert count(largest, 2, largest) == 2 * largest**3
    for bad in ((-1, 2, 4), (4, 2, -1)):
        with pytest.raises(kousei.SizeError):
            count(*bad)
    assert issubclass(kousei.SizeError, ValueError)


def test_a_grid_beyond_the_memory_of_the_machine() -> None:
    """Refused before it is asked for, and before f sees it."""
    for dim, order, extension, error in (
        (10, 2, "fourier", MemoryError),
        (20, 2, "fourier", kousei.SizeError),
        (40, 2, "fourier", kousei.SizeError),
        (3, 2**20, "periodic", kousei.SizeError),
        (2, 2**20, "window", MemoryError),
    ):
        with pytest.raises(error, match=r"a grid of \d+\^\d+ points"):
            FunahashiNetwork.from_function(
                lambda x: x[..., 0], [(0, 1)] * dim, order, extension=extension, n_thresholds=2
            )


@pytest.mark.parametrize("name", ["frequencies", "amplitudes", "thresholds", "center"])
def test_parts_are_never_converted_silently(name: str) -> None:
    good = {
        "frequencies": [[1.0]],
        "amplitudes": [1.0],
        "thresholds": PI / 4 * np.arange(-9, 10),
        "center": [0.0],
        "delta": 1.0,
        "alpha": PI / 2,
    }
    values = np.asarray(good[name])
    bad = [np.ma.masked_array(values, values > 9), values.astype(str), values.astype(object), values != 0]
    bad += [] if name == "amplitudes" else [values.astype(complex)]
    for value in bad:
        with pytest.raises(TypeError, match=f"{name} (is masked|has dtype .* numbers are accepted)"):
            FunahashiNetwork(**(good | {name: value}))
    with pytest.raises(TypeError, match="center was 'no'; True and False are accepted"):
        FunahashiNetwork.from_function(quartic, [(0, 5)], 16, n_thresholds=64, center="no")
    for bounds in (np.ma.masked_array([[0.0, 5.0]], [[False, True]]), [("0", "5")], [(0j, 5j)]):
        with pytest.raises(ValueError, match="bounds was"):
            FunahashiNetwork.from_function(quartic, bounds, 16)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"frequencies": [1.0]}, r"frequencies has shape \(1,\)"),
        ({"frequencies": np.zeros((1, 0))}, r"frequencies has shape \(1, 0\)"),
        ({"offset": np.inf}, "offset was inf; a finite number is accepted"),
        ({"amplitudes": [1.0, 2.0]}, r"amplitudes has shape \(2,\)"),
        ({"amplitudes": [np.nan]}, "amplitudes has NaN"),
        ({"center": [0.0, 0.0]}, r"center has shape \(2,\)"),
        ({"thresholds": [0.0]}, r"thresholds has shape \(1,\)"),
        ({"thresholds": [0.0, 1.0, 1.5]}, "equally spaced"),
        ({"thresholds": [1.0, 0.0]}, "increasing"),
        ({"thresholds": [0.0, np.nan]}, "finite"),
        ({"activation": "relu"}, "'logistic', 'tanh', 'erf', 'arctan' are accepted"),
    ],
)
def test_bad_parts(arguments: dict, message: str) -> None:
    good = {
        "frequencies": [[1.0]],
        "amplitudes": [1.0],
        "thresholds": PI / 4 * np.arange(-9, 10),
        "delta": 1.0,
        "alpha": PI / 2,
    }
    assert FunahashiNetwork(**good).units == 38
    with pytest.raises(ValueError, match=message):
        FunahashiNetwork(**(good | arguments))


def test_bad_rule_arguments() -> None:
    for s_max, tol in ((0.0, 1e-3), (-1.0, 1e-3), (1.0, 0.0), (1.0, 1.0), (1.0, 1e-16), (math.nan, 1e-3)):
        with pytest.raises(ValueError, match="was .* accepted"):
            choose_parameters(s_max, tol)
    for thresholds in ([], [1.0], [0.0, 1.0, 1.5], [0.0, np.nan], [[0.0, 1.0]]):
        with pytest.raises(ValueError, match="thresholds"):
            quadrature_bound(1.0, 1.0, 1.0, thresholds)
    with pytest.raises(ValueError, match="samples was 1"):
        sample_points([(0, 1)], 1)
