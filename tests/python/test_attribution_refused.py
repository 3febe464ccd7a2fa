"""What attributions of sets refuse, and in what words."""

from typing import Any

import numpy as np
import pytest

import kousei
from kousei.attribution import (
    SetFunction,
    completeness_gap,
    consistency_gap,
    consistent_two_level,
    deletion_curve,
    integrated_gradients,
    owen_kernel,
    owen_permutation,
    owen_values,
    shapley_values,
)

ITEMS = np.ones((3, 2))


def total(x: Any, mask: Any) -> Any:
    return x.sum(axis=(1, 2))


METHODS = {
    "owen_values": owen_values,
    "shapley_values": shapley_values,
    "owen_permutation": lambda *args, **named: owen_permutation(*args[:2], 100, *args[2:], **named),
    "owen_kernel": lambda *args, **named: owen_kernel(*args[:2], 100, *args[2:], **named),
    "consistent_two_level": lambda *args, **named: consistent_two_level(*args[:2], 100, *args[2:], **named),
    "deletion_curve": lambda *args, **named: deletion_curve(*args[:2], owen_values(total, ITEMS), *args[2:], **named),
}


@pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)
@pytest.mark.parametrize(
    ("arguments", "error", "said"),
    [
        ((3, ITEMS), TypeError, "f was int; a function of x and mask is accepted"),
        ((total, np.ones((0, 2))), ValueError, r"items has shape \(0, 2\); \(items, columns\), at least one of each"),
        ((total, []), ValueError, r"items has shape \(0,\); \(items, columns\), at least one of each, is accepted"),
        ((total, np.ones((2, 0))), ValueError, r"items has shape \(2, 0\); \(items, columns\), at least one of each"),
        ((total, np.ones(3)), ValueError, r"items has shape \(3,\); \(items, columns\), at least one of each"),
        (
            (total, [np.ones(2), np.ones(3)]),
            ValueError,
            r"items have shapes \(2,\), \(3,\); items of one width are accepted",
        ),
        ((total, [[1.0, 2.0], [3.0]]), ValueError, r"items was \[\[1.0, 2.0\], \[3.0\]\]; rows of the same length"),
        ((total, [np.ones(2), np.ones(2, "float32")]), TypeError, r"items\[1\] has dtype float32 and items\[0\] has"),
        ((total, np.ones((2, 2), int)), TypeError, "items has dtype int64; float32 and float64 are accepted"),
        ((total, ITEMS * np.nan), ValueError, "items has NaN or infinite values; finite numbers are accepted"),
        ((total, ITEMS, np.ones(3)), ValueError, r"baseline has shape \(3,\); \(2,\) is accepted"),
        ((total, ITEMS, np.ones((3, 2))), ValueError, r"baseline has shape \(3, 2\); \(2,\) is accepted"),
        ((total, ITEMS, np.ones(2, "float32")), TypeError, "items has dtype float64 and baseline has float32"),
        ((total, ITEMS, np.full(2, np.inf)), ValueError, "baseline has NaN or infinite values"),
        ((total, ITEMS, None, "zero"), ValueError, "absent was 'zero'; 'baseline' and 'remove' are accepted"),
        (
            (lambda x, mask: x.sum(axis=2), ITEMS),
            ValueError,
            r"f returned shape \(\d+, 3\) for (\d+) sets; \(\1,\) is",
        ),
        (
            (lambda x, mask: 1.0, ITEMS),
            TypeError,
            "f returned float; an array of one number for each set is",
        ),
        ((lambda x, mask: x.sum(axis=(1, 2)) * np.nan, ITEMS), ValueError, "f returned nan for "),
        (
            (lambda x, mask: x.sum(axis=(1, 2)) * 1j, ITEMS),
            TypeError,
            r"f\(x, mask\) has dtype complex128; real numbers are accepted",
        ),
    ],
)
def test_refused_by_all(method: Any, arguments: Any, error: type[Exception], said: str) -> None:
    with pytest.raises(error, match=said):
        method(*arguments)


@pytest.mark.parametrize("method", [name for name in METHODS if name != "shapley_values"])
@pytest.mark.parametrize(
    ("groups", "said"),
    [
        ([0], r"groups has shape \(1,\) and dtype int64; \(2,\) integers, the feature of each column, are accepted"),
        ([0.0, 1.0], r"groups has shape \(2,\) and dtype float64; \(2,\) integers"),
        ([0, 2], r"groups has the labels \[0, 2\]; all of 0, 1, ... are accepted"),
        (np.array([0, 2**64 - 1], "uint64"), r"groups has the labels \[0, 18446744073709551615\]; all of 0, 1"),
        ([-1, 0], r"groups has the labels \[-1, 0\]; all of 0, 1, ... are accepted"),
    ],
)
def test_groups(method: str, groups: Any, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        METHODS[method](total, ITEMS, groups=groups)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (lambda x: ~x.any(axis=(1, 2)), "f returned nan for no item; finite numbers are accepted"),
        (lambda x: x.all(axis=(1, 2)), "f returned nan for all items; finite numbers are accepted"),
        (
            lambda x: x[:, 0].all(axis=1) & x[:, 2, 1] & ~x[:, 2, 0] & ~x[:, 1].any(axis=1),
            r"f returned nan for the coalition of item 0, item 2 with features \[1\] alone; finite numbers",
        ),
    ],
)
def test_coalitions_without_a_value_are_named(wrong: Any, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        owen_values(lambda x, mask: np.where(wrong(x > 0.5), np.nan, 1.0), ITEMS)


@pytest.mark.parametrize(
    ("method", "least"), [(owen_kernel, 8 + 6 * 3), (owen_permutation, 2 + 20), (consistent_two_level, 18)]
)
def test_budgets(method: Any, least: int) -> None:
    assert method(total, ITEMS, least, rng=0).evaluations <= least
    with pytest.raises(ValueError, match=f"budget was {least - 1}; at least {least} is accepted"):
        method(total, ITEMS, least - 1)
    for budget in (100.0, None, True):
        with pytest.raises(TypeError, match=f"budget was {budget}; an integer is accepted"):
            method(total, ITEMS, budget)


@pytest.mark.parametrize("method", [owen_kernel, owen_permutation, consistent_two_level])
def test_seeds_and_bars(method: Any) -> None:
    with pytest.raises(ValueError, match="rng was -1"):
        method(total, ITEMS, 100, rng=-1)
    with pytest.raises(TypeError, match="progress was 1; True and False are accepted"):
        method(total, ITEMS, 100, progress=1)


def test_one_item_and_one_feature_are_sets() -> None:
    for items in (np.ones((1, 3)), np.ones((3, 1)), np.ones((1, 1))):
        for name, method in METHODS.items():
            if name != "deletion_curve":
                found = method(total, items)
                tolerance = 1e-3 if name == "consistent_two_level" else 1e-12  # which has a penalty
                np.testing.assert_allclose(found.features.sum(), items.size, rtol=tolerance)


def test_two_levels() -> None:
    for named, error, said in (
        ({"kernel": "gauss"}, ValueError, "kernel was 'gauss'; 'shapley' and 'lime' are accepted"),
        ({"ridge": 0}, ValueError, "ridge was 0; a positive finite number is accepted"),
        ({"nonnegative": 1}, TypeError, "nonnegative was 1; True and False are accepted"),
    ):
        with pytest.raises(error, match=said):
            consistent_two_level(total, ITEMS, 100, **named)
    for nonnegative in (False, True):
        with pytest.raises(ValueError, match="ridge was 1e-300, by which 16 coalitions do not tell 40 features"):
            consistent_two_level(total, np.ones((5, 8)), 18, ridge=1e-300, nonnegative=nonnegative, rng=0)


def test_attributions() -> None:
    for gap in (consistency_gap, completeness_gap):
        with pytest.raises(TypeError, match="attribution was ndarray; an Attribution is accepted"):
            gap(np.ones((3, 2)))
    with pytest.raises(TypeError, match="attribution was ndarray; an Attribution is accepted"):
        deletion_curve(total, ITEMS, np.ones((3, 2)))
    with pytest.raises(ValueError, match=r"attribution.features has shape \(3, 2\); \(2, 2\) is accepted"):
        deletion_curve(total, np.ones((2, 2)), owen_values(total, ITEMS))


def test_tables_that_do_not_fit() -> None:
    with pytest.raises(MemoryError, match=r"a table of the 2\^45 sets of items takes"):
        owen_values(total, np.ones((45, 1)))
    with pytest.raises(kousei.SizeError, match=r"2 tables of the 2\^80 sets of features, 8 bytes each, is not"):
        owen_values(total, np.ones((2, 80)))
    for shape in ((2000, 1), (1, 2000)):  # more than a float counts
        with pytest.raises(kousei.SizeError, match=r"2\^2000 sets"):
            owen_values(total, np.ones(shape))


def test_coalitions_that_do_not_fit() -> None:
    with pytest.raises(MemoryError, match=r"a table of 499999999488 pairs of coalitions takes"):
        consistent_two_level(total, np.ones((10, 8)), 10**12)
    with pytest.raises(MemoryError, match=r"a table of 1000000\^2 features on a walk takes"):
        owen_permutation(total, np.ones((10, 10**5)), 10**7)


def test_gradients() -> None:
    torch = pytest.importorskip("torch")
    tensor = torch.ones(3, 2, dtype=torch.float64)
    with pytest.raises(TypeError, match="items was ndarray; a tensor of torch is accepted"):
        integrated_gradients(total, ITEMS)
    with pytest.raises(TypeError, match="f was MLP, which gradients of torch do not pass"):
        integrated_gradients(kousei.MLP.random([6, 3, 1]), tensor)
    with pytest.raises(ValueError, match="f returned values without a gradient"):
        integrated_gradients(lambda x, mask: x.detach().sum(dim=(1, 2)), tensor)
    parameter = torch.ones(1, requires_grad=True)
    with pytest.raises(ValueError, match="f returned values without a gradient"):
        integrated_gradients(lambda x, mask: parameter.expand(len(x)), tensor)
    with pytest.raises(ValueError, match="steps was 0; at least 1 is accepted"):
        integrated_gradients(lambda x, mask: x.sum(dim=(1, 2)), tensor, steps=0)
    with pytest.raises(ValueError, match="f has a gradient with NaN or infinite values"):
        integrated_gradients(lambda x, mask: (x - x).sum(dim=(1, 2)).sqrt(), tensor)
    with pytest.raises(TypeError, match="baseline was ndarray; an array like items, Tensor, is accepted"):
        integrated_gradients(lambda x, mask: x.sum(dim=(1, 2)), tensor, np.zeros(2))


def test_values_and_items_of_torch() -> None:
    torch = pytest.importorskip("torch")
    with pytest.raises(TypeError, match=r"f\(x, mask\) has dtype bfloat16, which NumPy has not; float32 and float64"):
        owen_values(lambda x, mask: x.sum(dim=(1, 2)).bfloat16(), torch.ones(2, 2))
    with pytest.raises(TypeError, match=r"items\[1\] was ndarray; an array like items\[0\], Tensor, is accepted"):
        owen_values(total, [torch.ones(2), np.ones(2, "float32")])


def test_set_functions() -> None:
    with pytest.raises(TypeError, match="f was str; a function of x and mask is accepted"):
        SetFunction("f")  # type: ignore[arg-type]
    for arguments, error, said in (
        (([[[1.0]]], [[True]]), TypeError, "x was list; a NumPy, CuPy or torch array"),
        ((ITEMS, ITEMS > 0), ValueError, r"x has shape \(3, 2\); \(batch, items, columns\) is accepted"),
        ((ITEMS[None], np.ones((1, 2), bool)), ValueError, r"mask has shape \(1, 2\); \(1, 3\) is accepted"),
        ((ITEMS[None], np.ones((1, 3))), TypeError, "mask has dtype float64; bool is accepted"),
        ((ITEMS[None].astype(int), np.ones((1, 3), bool)), TypeError, "x has dtype int64; float32 and float64"),
    ):
        with pytest.raises(error, match=said):
            SetFunction(total)(*arguments)
    assert repr(SetFunction(total)) == "SetFunction(total)"
    assert repr(SetFunction(kousei.MLP.random([2, 1]))) == "SetFunction(MLP)"
