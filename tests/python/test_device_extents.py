"""Kernels on a device refuse what does not fit, with made-up pointers: what is called below the public functions.

Without a device a correct call gets as far as the CUDA runtime and reports its error, CudaError; a wrong one is
refused before, with an error that names the argument.
"""

from typing import Any

import pytest

import kousei
from fake_arrays import POINTER, needs_build
from kousei._lib import _core
from kousei._lib.backends import why_no_cuda


def network_arguments(dtype: str = "f8") -> dict[str, Any]:
    shapes = {"weight": (64, 2), "bias": (64,), "coef": (1, 64), "offset": (1,), "x": (5, 2), "out": (5,)}
    views = {name: _core.cuda.Array(POINTER, shape, dtype) for name, shape in shapes.items()}
    return views | {"activation": _core.Activation.logistic, "on": _core.cuda.Cuda()}


@needs_build
@pytest.mark.parametrize("name", ["weight", "bias", "coef", "offset", "x", "out"])
def test_low_level_route_checks_every_extent(name: str) -> None:
    arguments = network_arguments()
    arguments[name] = _core.cuda.Array(POINTER, (3, 3, 3), "f8")
    with pytest.raises(ValueError, match=f"{name} has shape|{name} is accepted"):
        _core.cuda.network_evaluate(**arguments)
    arguments[name] = _core.cuda.Array(POINTER, (5,), "f4")
    with pytest.raises(TypeError):
        _core.cuda.network_evaluate(**arguments)


@needs_build
@pytest.mark.parametrize(
    ("parts", "parameters", "bias", "message"),
    [
        ([("relu", 3, 0)], 0, None, "the parts have 3 units; 4 are accepted"),
        ([("relu", 3, 0), ("tanh", -1, 0), ("relu", 2, 0)], 0, None, "a part has -1 units"),
        ([("repu", 4, 0)], 0, None, "a part has 4 units and the count 0"),
        ([("piecewise_linear", 4, 2**62)], 8, None, "the count 4611686018427387904"),
        ([("piecewise_linear", 4, 2)], 7, None, r"parameters has shape \(7,\); \(8,\) is accepted"),
        ([("homogeneous", 4, 0)], 4, None, r"parameters has shape \(4,\); \(8,\) is accepted"),
        ([("relu", 4, 0)], 1, None, r"parameters has shape \(1,\); \(0,\) is accepted"),
        ([("relu", 4, 0)], 0, 3, r"bias has shape \(3,\); \(4,\) is accepted"),
    ],
)
def test_low_level_route_checks_parts(parts: list, parameters: int, bias: int | None, message: str) -> None:
    array = lambda *shape: _core.cuda.Array(POINTER, shape, "f8")  # noqa: E731
    named = [(_core.Activation[name], units, count) for name, units, count in parts]
    with pytest.raises(ValueError, match=message):
        _core.cuda.activation_apply(
            named, array(parameters), bias and array(bias), array(5, 4), array(5, 4), _core.cuda.Cuda()
        )


@needs_build
@pytest.mark.parametrize("name", ["weight", "bias", "parts", "parameters", "x", "out"])
def test_low_level_route_checks_a_layer(name: str) -> None:
    shapes = {"weight": (4, 3), "bias": (4,), "parameters": (0,), "x": (5, 3), "out": (5, 4)}
    arguments: dict[str, Any] = {key: _core.cuda.Array(POINTER, shape, "f8") for key, shape in shapes.items()}
    arguments |= {"parts": [(_core.Activation.relu, 4, 0)], "on": _core.cuda.Cuda()}
    bad = [(_core.Activation.relu, 3, 0)] if name == "parts" else _core.cuda.Array(POINTER, (5, 5, 5), "f8")
    with pytest.raises(ValueError, match=f"{name} has shape|the parts have 3 units"):
        _core.cuda.network_layer(**arguments | {name: bad})


@needs_build
@pytest.mark.parametrize("name", ["bias", "parts", "parameters", "streams"])
def test_low_level_route_checks_the_derivatives_of_a_layer(name: str) -> None:
    shapes = {"bias": (4,), "parameters": (0,), "streams": (4, 5, 4)}
    arguments: dict[str, Any] = {key: _core.cuda.Array(POINTER, shape, "f8") for key, shape in shapes.items()}
    arguments |= {"parts": [(_core.Activation.tanh, 4, 0)], "laplacian": True, "on": _core.cuda.Cuda()}
    bad = [(_core.Activation.tanh, 3, 0)] if name == "parts" else _core.cuda.Array(POINTER, (5, 5), "f8")
    with pytest.raises(ValueError, match=f"{name} has shape|the parts have 3 units"):
        _core.cuda.network_derive(**arguments | {name: bad})
    few = _core.cuda.Array(POINTER, (1, 5, 4), "f8")
    with pytest.raises(ValueError, match=r"streams has shape \(1, 5, 4\); \(2 or more, points, units\) is accepted"):
        _core.cuda.network_derive(**arguments | {"streams": few})


def packed_arguments(dtype: str = "f8") -> dict[str, Any]:
    array = _core.cuda.Array
    return {
        "words": array(POINTER, (70, 4), "u4"),
        "columns": 40,
        "x": array(POINTER, (5, 40), dtype),
        "out": array(POINTER, (5, 70), dtype),
        "on": _core.cuda.Cuda(),
    }


@needs_build
@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"words": ((70, 8), "u4")}, r"words has shape \(70, 8\); \(70, 4\)"),
        ({"words": ((70,), "u4")}, r"words has shape \(70,\); 2 axes"),
        ({"columns": 130}, r"words has shape \(70, 4\); \(70, 8\)"),
        ({"x": ((5, 41), "f8")}, r"x has shape \(5, 41\); \(\.\.\., 40\)"),
        ({"out": ((5, 71), "f8")}, r"out has shape \(5, 71\); \(5, 70\)"),
        ({"scales": ((70, 3), "f8"), "group": 32}, r"scales has shape \(70, 3\); \(70, 2\)"),
        ({"scales": ((70, 2), "f8"), "group": 33}, "group was 33; a multiple of 32"),
        ({"interleaved": ((0,), "u4")}, "interleaved was an array; in CUDA memory None is accepted"),
    ],
)
def test_low_level_route_checks_products_of_signs(changes: dict, message: str) -> None:
    made = {
        key: _core.cuda.Array(POINTER, *value) if key != "columns" and key != "group" else value
        for key, value in changes.items()
    }
    with pytest.raises(ValueError, match=message):
        _core.cuda.packed_matmul(**packed_arguments() | made)


@needs_build
def test_low_level_route_checks_packing() -> None:
    array, on = _core.cuda.Array, _core.cuda.Cuda()
    signs, words, first_wrong = (
        array(POINTER, (3, 40), "i1"),
        array(POINTER, (3, 4), "u4"),
        array(POINTER, (1,), "i8"),
    )
    for bad, message in [
        ((array(POINTER, (3,), "i1"), words, first_wrong), r"signs has shape \(3,\); 2 axes"),
        ((signs, array(POINTER, (3, 8), "u4"), first_wrong), r"words has shape \(3, 8\); \(3, 4\)"),
        ((signs, words, array(POINTER, (2,), "i8")), r"first_wrong has shape \(2,\); \(1,\)"),
    ]:
        with pytest.raises(ValueError, match=message):
            _core.cuda.packed_pack(*bad, on)
    with pytest.raises(TypeError):
        _core.cuda.packed_pack(signs, array(POINTER, (3, 4), "i4"), first_wrong, on)
    with pytest.raises(ValueError, match=r"signs has shape \(4, 40\); \(3, 40\)"):
        _core.cuda.packed_unpack(words, array(POINTER, (4, 40), "i1"), on)
    with pytest.raises(ValueError, match=r"other has shape \(5, 8\); \(5, 4\)"):
        _core.cuda.packed_dot(words, array(POINTER, (5, 8), "u4"), 40, array(POINTER, (3, 5), "i4"), on)


@needs_build
def test_low_level_route_refuses_read_only_out() -> None:
    arguments = network_arguments()
    arguments["out"] = _core.cuda.Array(POINTER, (5,), "f8", read_only=True)
    with pytest.raises(ValueError, match="out is read-only"):
        _core.cuda.network_evaluate(**arguments)


@needs_build
def test_low_level_route_checks_the_steps_of_an_epoch() -> None:
    cuda, on = _core.cuda, _core.cuda.Cuda()

    def array(*shape: int, dtype: str = "u4", **options: Any) -> Any:
        return cuda.Array(POINTER, shape, dtype, **options)

    data, batch, order, clock = array(5, 4), array(2, 4), array(5, dtype="i8"), array(3, dtype="i8")
    for changed, text in (
        ((array(5), order, clock, batch), r"data has shape \(5,\); 2 axes"),
        ((data, array(4, dtype="i8"), clock, batch), r"order has shape \(4,\); \(5,\) is accepted"),
        ((data, order, array(2, dtype="i8"), batch), r"clock has shape \(2,\); \(3,\) is accepted"),
        ((data, order, clock, array(2, 8)), r"batch has shape \(2, 8\); \(2, 4\) is accepted"),
    ):
        with pytest.raises(ValueError, match=text):
            cuda.rbm_next_rows(*changed, on)
    with pytest.raises(TypeError):
        cuda.rbm_next_rows(data, array(5, dtype="i4"), clock, batch, on)
    with pytest.raises(ValueError, match=r"model has shape \(3, 4\); \(2, 4\) is accepted"):
        cuda.rbm_advance(clock, 1, batch, array(3, 4), on)
    with pytest.raises(ValueError, match="read-only"):
        cuda.rbm_advance(array(3, dtype="i8", read_only=True), 1, batch, None, on)
    with pytest.raises(TypeError):
        cuda.Graph(0, 3)


def funahashi_arguments(dtype: str = "f8", points: int = 5) -> dict[str, Any]:
    shapes = {"frequencies": (4, 2), "amplitudes": (4, 2), "thresholds": (8,), "phases": (8, 2), "center": (2,)}
    views = {name: _core.cuda.Array(POINTER, shape, dtype) for name, shape in shapes.items()}
    views |= {
        "x": _core.cuda.Array(POINTER if points else 0, (points, 2), dtype),
        "out": _core.cuda.Array(POINTER if points else 0, (points,), dtype),
    }
    numbers = {"spacing": 1.0, "delta": 1.0, "alpha": 1.0, "activation": _core.Activation.logistic}
    return views | numbers | {"on": _core.cuda.Cuda()}


@needs_build
def test_low_level_workspace() -> None:
    cuda, asked = _core.cuda, []

    def allocate(size: int) -> Any:
        asked.append(size)
        return cuda.Array(POINTER, (size,), "u1")

    arguments = funahashi_arguments(points=0) | {"method": _core.FunahashiMethod.shared}
    cuda.funahashi_evaluate(**arguments | {"on": cuda.Cuda(0, allocate)})
    assert len(asked) == 1
    assert asked[0] > 0
    with pytest.raises(ValueError, match=f"workspace has 0 bytes; {asked[0]} are needed"):
        cuda.funahashi_evaluate(**arguments)
    few = cuda.Cuda(0, lambda size: cuda.Array(POINTER, (size - 1,), "u1"))
    with pytest.raises(ValueError, match=f"workspace has {asked[0] - 1} bytes"):
        cuda.funahashi_evaluate(**arguments | {"on": few})
    with pytest.raises(ValueError, match="workspace has shape"):
        cuda.funahashi_evaluate(**arguments | {"on": cuda.Cuda(0, lambda _: cuda.Array(POINTER, (64, 64), "u1"))})
    with pytest.raises(TypeError, match="allocate returned None; an Array of u1 is accepted"):
        cuda.funahashi_evaluate(**arguments | {"on": cuda.Cuda(0, lambda _: None)})
    with pytest.raises(ZeroDivisionError):
        cuda.funahashi_evaluate(**arguments | {"on": cuda.Cuda(0, lambda _: 1 / 0)})


@needs_build
@pytest.mark.skipif(not why_no_cuda(), reason="has a device, which must not see made-up pointers")
@pytest.mark.parametrize("dtype", ["f4", "f8"])
def test_a_correct_call_gets_as_far_as_the_runtime(dtype: str) -> None:
    with pytest.raises(kousei.CudaError, match="cudaError"):
        _core.cuda.network_evaluate(**network_arguments(dtype))
    z = _core.cuda.Array(POINTER, (5,), dtype)
    with pytest.raises(kousei.CudaError, match="cudaError"):
        _core.cuda.Graph(0, lambda stream: None)
    none = _core.cuda.Array(0, (0,), dtype)
    with pytest.raises(kousei.CudaError, match="cudaError"):
        _core.cuda.activation_apply([(_core.Activation.tanh, 5, 0)], none, None, z, z, _core.cuda.Cuda())
    layer, streams = _core.cuda.Array(POINTER, (4,), dtype), _core.cuda.Array(POINTER, (3, 5, 4), dtype)
    for laplacian in (False, True):
        with pytest.raises(kousei.CudaError, match="cudaError"):
            _core.cuda.network_derive(
                [(_core.Activation.tanh, 4, 0)], none, layer, streams, laplacian, _core.cuda.Cuda()
            )
    with pytest.raises(kousei.CudaError, match="cudaError"):
        _core.cuda.funahashi_bump_transform(_core.Activation.tanh, 1.0, 1.0, z, z, _core.cuda.Cuda(3))
    table = _core.cuda.Array(POINTER, _core.cpu.ridgelet_tabulate(3, False).shape, dtype)
    with pytest.raises(kousei.CudaError, match="cudaError"):
        _core.cuda.ridgelet_kernel(table, 3, False, z, z, _core.cuda.Cuda())
    with pytest.raises(ValueError, match=r"table has shape \(5,\); "):
        _core.cuda.ridgelet_kernel(z, 3, False, z, z, _core.cuda.Cuda())
    for function in ((table, 4.0, False), (_core.Activation.tanh,), (1,)):
        with pytest.raises(kousei.CudaError, match="cudaError"):
            _core.cuda.ridgelet_sum_over_units(*function, **ridgelet_arguments(dtype))
    for labels in ((3, 2, 0, 27), (_core.cuda.Array(POINTER, (9, 27), "i4"),)):
        with pytest.raises(kousei.CudaError, match="cudaError"):
            _core.cuda.equivariant_sum_over_points(*labels, **equivariant_arguments(dtype))
    with pytest.raises(kousei.CudaError, match="cudaError"):
        _core.cuda.packed_matmul(**packed_arguments(dtype))
    signs, words = _core.cuda.Array(POINTER, (3, 40), dtype), _core.cuda.Array(POINTER, (3, 4), "u4")
    with pytest.raises(kousei.CudaError, match="cudaError"):
        _core.cuda.packed_pack(signs, words, _core.cuda.Array(POINTER, (1,), "i8"), _core.cuda.Cuda())
    with pytest.raises(kousei.CudaError, match="cudaError"):
        _core.cuda.packed_unpack(words, signs, _core.cuda.Cuda())
    with pytest.raises(kousei.CudaError, match="cudaError"):
        _core.cuda.packed_dot(words, words, 40, _core.cuda.Array(POINTER, (3, 3), "i4"), _core.cuda.Cuda())
    arguments = funahashi_arguments(dtype)
    for method in _core.FunahashiMethod.__members__.values():
        with pytest.raises(kousei.CudaError, match="cudaError"):
            _core.cuda.funahashi_evaluate(**arguments, method=method)
    gradient = arguments | {"out": _core.cuda.Array(POINTER, (5, 2), dtype)}
    with pytest.raises(kousei.CudaError, match="cudaError"):
        _core.cuda.funahashi_gradient(**gradient)
    with pytest.raises(ValueError, match=r"out has shape \(5,\); \(5, 2\) is accepted"):
        _core.cuda.funahashi_gradient(**arguments)
    parts = {name: arguments[name] for name in ("frequencies", "amplitudes", "center", "x", "out", "on")}
    values = _core.cuda.Array(POINTER, (20, 9, 2), dtype)
    with pytest.raises(kousei.CudaError, match="cudaError"):
        _core.cuda.funahashi_evaluate_table(**parts, offset=0.0, values=values, first=-5.0, cells_per_unit=4.0)
    for shape in ((8, 2), (8, 6, 2), (8, 6, 4, 2)):
        values = _core.cuda.Array(POINTER, shape, dtype)
        angles = _core.cuda.Array(POINTER, (5, len(shape) - 1), dtype)
        out = _core.cuda.Array(POINTER, (5, 2), dtype)
        with pytest.raises(kousei.CudaError, match="cudaError"):
            _core.cuda.funahashi_fourier_sum(values, angles, out, _core.cuda.Cuda())


@needs_build
def test_low_level_methods_check_what_they_take() -> None:
    for name, value in (("spacing", 0.0), ("spacing", float("nan")), ("delta", -1.0)):
        with pytest.raises(ValueError, match="spacing or delta is not positive and finite"):
            _core.cuda.funahashi_evaluate(**funahashi_arguments() | {name: value})
    with pytest.raises(ValueError, match="method is not for this network"):
        _core.cuda.funahashi_evaluate(
            **funahashi_arguments(points=0)
            | {"activation": _core.Activation.erf, "method": _core.FunahashiMethod.window}
        )
    cuda, on = _core.cuda, _core.cuda.Cuda()
    for shape in ((2,), (8, 3), (2, 2, 2, 2, 2)):
        with pytest.raises(ValueError, match=r"values has shape .*; \(..., 2\), 1 to 3 axes, is accepted"):
            cuda.funahashi_fourier_sum(
                cuda.Array(POINTER, shape, "f8"),
                cuda.Array(POINTER, (5, 1), "f8"),
                cuda.Array(POINTER, (5, 2), "f8"),
                on,
            )
    empty = cuda.Array(0, (3, 0, 4, 2), "f8"), cuda.Array(POINTER, (5, 3), "f8"), cuda.Array(POINTER, (5, 2), "f8")
    with pytest.raises(ValueError, match=r"values has shape \(3, 0, 4, 2\); no axis of 0 is accepted"):
        cuda.funahashi_fourier_sum(*empty, on)
    values = cuda.Array(POINTER, (8, 2), "f8")
    for angles, out in (((5, 2), (5, 2)), ((5, 1), (5,)), ((5, 1), (4, 2))):
        with pytest.raises(ValueError, match="angles has shape|out has shape"):
            cuda.funahashi_fourier_sum(values, cuda.Array(POINTER, angles, "f8"), cuda.Array(POINTER, out, "f8"), on)


def ridgelet_arguments(dtype: str = "f8", **shapes: tuple[int, ...]) -> dict[str, Any]:
    """A sum over 4 directions and 6 biases for each of 5 points, of 2 spectra."""
    shapes = {"points": (5, 3), "directions": (4, 3), "biases": (6,), "values": (2, 4, 6), "out": (2, 5)} | shapes
    types = {name: dtype if name in ("values", "out") else "f8" for name in shapes}
    views = {name: _core.cuda.Array(POINTER, shape, types[name]) for name, shape in shapes.items()}
    return views | {"on": _core.cuda.Cuda()}


@needs_build
@pytest.mark.parametrize(
    "wrong",
    [
        {"points": (5,)},
        {"directions": (4, 2)},
        {"biases": (6, 1)},
        {"values": (2, 6, 4)},
        {"values": (24,)},
        {"out": (5, 2)},
        {"out": (1, 5)},
    ],
)
def test_every_extent_of_sums_of_ridgelets_is_checked(wrong: dict[str, tuple[int, ...]]) -> None:
    for function in ((_core.Activation.tanh,), (1,)):
        with pytest.raises(ValueError, match=f"{next(iter(wrong))} has shape"):
            _core.cuda.ridgelet_sum_over_units(*function, **ridgelet_arguments(**wrong))
    table = _core.cuda.Array(POINTER, (7,), "f8")
    with pytest.raises(ValueError, match=r"table has shape \(7,\)"):
        _core.cuda.ridgelet_sum_over_units(table, 3.0, False, **ridgelet_arguments())


def equivariant_arguments(dtype: str = "f8", **shapes: tuple[int, ...]) -> dict[str, Any]:
    """A sum over the 9 points of Z_3^2 for each of 27 units, of 2 functions."""
    shapes = {"values": (3,), "f": (2, 9), "out": (2, 27)} | shapes
    views = {name: _core.cuda.Array(POINTER, shape, dtype) for name, shape in shapes.items()}
    return views | {"on": _core.cuda.Cuda()}


@needs_build
@pytest.mark.parametrize(
    "wrong", [{"values": (3, 1)}, {"f": (2, 8)}, {"f": (9,)}, {"f": (2, 27)}, {"out": (2, 9)}, {"out": (1, 27)}]
)
def test_every_extent_of_sums_of_features_is_checked(wrong: dict[str, tuple[int, ...]]) -> None:
    labels = _core.cuda.Array(POINTER, (9, 27), "i4")
    for function in ((3, 2, 0, 27), (labels,)):
        with pytest.raises(ValueError, match=f"{next(iter(wrong))} has shape"):
            _core.cuda.equivariant_sum_over_points(*function, **equivariant_arguments(**wrong))
    with pytest.raises(ValueError, match=r"f has shape \(2, 9\); \(2, 27\) is accepted"):
        _core.cuda.equivariant_sum_over_units(labels, **equivariant_arguments())
    with pytest.raises(ValueError, match=r"labels has shape \(9,\); 2 axes are accepted"):
        _core.cuda.equivariant_sum_over_units(_core.cuda.Array(POINTER, (9,), "i4"), **equivariant_arguments())
    with pytest.raises(TypeError, match="incompatible function arguments"):
        _core.cuda.equivariant_sum_over_points(_core.cuda.Array(POINTER, (9, 27), "i8"), **equivariant_arguments())


@needs_build
def test_no_points_need_no_device() -> None:
    arguments = network_arguments()
    arguments["x"] = _core.cuda.Array(0, (0, 2), "f8")
    arguments["out"] = _core.cuda.Array(0, (0,), "f8")
    assert _core.cuda.network_evaluate(**arguments) is None
