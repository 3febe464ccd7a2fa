"""RePU as a PyTorch module."""

import copy
from typing import Any

import numpy as np
import pytest

import kousei

torch = pytest.importorskip("torch")
nn = torch.nn

from kousei.interop.torch import RePU  # noqa: E402


@pytest.mark.parametrize("p", [1, 2, 3, 4, 7, 32])
def test_values_and_gradients(p: int, dtype: str) -> None:
    z = torch.tensor([-2.0, -0.0, 0.0, 0.5, 1.25], dtype=getattr(torch, dtype), requires_grad=True)
    values = RePU(p)(z)
    assert values.dtype == z.dtype
    np.testing.assert_allclose(values.detach(), np.maximum(z.detach().numpy(), 0) ** p, rtol=1e-6)
    values.sum().backward()
    expected = [0, 0, 0, p * 0.5 ** (p - 1), p * 1.25 ** (p - 1)]
    np.testing.assert_allclose(z.grad, expected, rtol=1e-6)
    assert torch.equal(torch.from_numpy(kousei.activation.repu(p)(z.detach().numpy())).sign(), values.sign())


@pytest.mark.parametrize("p", [1, 2, 3, 5])
def test_gradients_by_differences(p: int) -> None:
    z = torch.tensor([-1.5, -0.3, 0.4, 1.7], dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(RePU(p), z)
    assert torch.autograd.gradgradcheck(RePU(p), z)


def test_what_is_not_a_number_stays() -> None:
    assert RePU(2)(torch.tensor([float("nan"), float("inf"), -float("inf")])).tolist()[1:] == [float("inf"), 0]
    assert RePU(2)(torch.tensor(float("nan"))).isnan()


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_short_floats(dtype: Any) -> None:
    z = torch.tensor([-1.0, 3.0, 255.0, 257.0], dtype=dtype, requires_grad=True)
    values = RePU(2)(z)
    assert values.dtype == dtype
    assert values[:2].tolist() == [0, 9]
    assert values.isfinite().tolist() == [True, True, True, dtype == torch.bfloat16]
    values[1].backward()
    assert z.grad.tolist() == [0, 6, 0, 0]


def test_one_tensor_is_kept_for_the_gradient() -> None:
    kept = set()
    with torch.autograd.graph.saved_tensors_hooks(lambda tensor: kept.add(tensor.data_ptr()), lambda _: None):
        RePU(2)(torch.randn(100, requires_grad=True))
    assert len(kept) == 1


def test_it_is_a_module_like_others() -> None:
    module = nn.Sequential(nn.Linear(3, 4), RePU(3), nn.Linear(4, 2))
    x = torch.randn(5, 3)
    assert str(module[1]) == "RePU(p=3)"
    twin = copy.deepcopy(module)
    twin.load_state_dict(module.state_dict())
    assert torch.equal(twin(x), module(x))
    loaded = kousei.io.from_torch(module)
    assert loaded.activations[0].name == "repu3"
    assert torch.equal(kousei.io.to_torch(loaded)(x), module(x))


def test_the_first_power_is_relu() -> None:
    net = kousei.io.from_torch(nn.Sequential(nn.Linear(3, 4), RePU(1), nn.Linear(4, 2)))
    assert net.activations[0] == kousei.activation.relu


@pytest.mark.parametrize("p", [0, -1, 33])
def test_powers_that_there_are_not(p: int) -> None:
    with pytest.raises(ValueError, match=f"p was {p}; 1 to 32 is accepted"):
        RePU(p)


@pytest.mark.parametrize("p", [2.0, "2", True, None])
def test_powers_that_are_no_integers(p: Any) -> None:
    with pytest.raises(TypeError, match=r"p was .*; an integer is accepted"):
        RePU(p)
