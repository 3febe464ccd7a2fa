"""RePU as a PyTorch module."""

import copy
import doctest
import sys
from typing import Any

import numpy as np
import pytest

import kousei

torch = pytest.importorskip("torch")
nn = torch.nn

from kousei.interop.torch import RePU, introduce_repu  # noqa: E402


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


def trained_like(*, bias: bool = True, activation: Any = None) -> Any:
    torch.manual_seed(1)
    linear = nn.Linear(20, 4, bias=bias)
    return nn.Sequential(nn.Linear(3, 20), activation or nn.Tanh(), linear, nn.Tanh(), nn.Linear(4, 2)).double()


def test_examples_run() -> None:
    results = doctest.testmod(sys.modules[introduce_repu.__module__])
    assert results.failed == 0
    assert results.attempted >= 4


@pytest.mark.parametrize("bias", [True, False])
def test_the_next_layer_is_fitted_by_least_squares(bias: bool) -> None:
    module, x = trained_like(bias=bias), torch.randn(400, 3, dtype=torch.float64)
    before = copy.deepcopy(module.state_dict())
    found = introduce_repu(module, 1, 2, x)
    assert str(module[1]) == "Tanh()"
    assert all(torch.equal(tensor, before[name]) for name, tensor in module.state_dict().items())
    assert str(found[1]) == "RePU(p=2)"
    same = [name for name, tensor in found.state_dict().items() if torch.equal(tensor, before.get(name, tensor * 0))]
    assert same == ["0.weight", "0.bias", "4.weight", "4.bias"]
    # The same by rows of a larger least-squares problem, of which the ridge is some.
    z = module[0](x).detach()
    wanted, h = module[2](module[1](z)).detach().numpy(), np.maximum(z.numpy(), 0) ** 2
    scale = h.std(axis=0)
    rows = np.vstack([h - h.mean(axis=0), np.sqrt(400e-3) * np.diag(scale)])
    weight = np.linalg.lstsq(rows, np.vstack([wanted - wanted.mean(axis=0), np.zeros((20, 4))]), rcond=None)[0]
    np.testing.assert_allclose(found[2].weight.detach().numpy(), weight.T, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(found[:3](x).mean(0).detach().numpy(), wanted.mean(axis=0), rtol=1e-12)
    assert found[2].bias.requires_grad


def test_what_repu_can_be_is_kept() -> None:
    # relu(z)^2 as a function of one's own, of which RePU(2) is a multiple.
    class Square(nn.Module):
        def forward(self, z: Any) -> Any:
            return 3 * torch.relu(z) ** 2 - 1

    module, x = trained_like(activation=Square()), torch.randn(4000, 3, dtype=torch.float64)
    found = introduce_repu(module, 1, 2, x)
    assert (found(x) - module(x)).std() < 0.02 * module(x).std()


def test_units_that_are_never_positive_lose_their_weight() -> None:
    module, x = trained_like(), torch.randn(400, 3, dtype=torch.float64)
    with torch.no_grad():
        module[0].bias[7] = -100
    found = introduce_repu(module, 1, 2, x)
    assert not found[2].weight[:, 7].any()
    assert found(x).isfinite().all()


def test_layers_below_are_run_in_eval_mode() -> None:
    torch.manual_seed(0)
    module = nn.Sequential(nn.Dropout(), nn.Linear(3, 20), nn.BatchNorm1d(20), nn.ReLU(), nn.Linear(20, 2))
    x = torch.randn(100, 3)
    first, second = introduce_repu(module, 3, 2, x), introduce_repu(module, 3, 2, x)
    assert torch.equal(first[4].weight, second[4].weight)
    assert first.training
    assert first[2].training
    assert first[2].num_batches_tracked == 0
    assert first[4].weight.dtype == first[4].bias.dtype == torch.float32


def test_activations_that_write_in_place() -> None:
    x = torch.randn(400, 3, dtype=torch.float64)
    kept = x.clone()
    found, same = (introduce_repu(trained_like(activation=nn.SiLU(each)), 1, 2, x) for each in (True, False))
    assert torch.equal(found[2].weight, same[2].weight)
    introduce_repu(nn.Sequential(nn.SiLU(inplace=True), nn.Linear(3, 2).double()), 0, 2, x)
    assert torch.equal(x, kept)


def test_a_layer_that_stands_twice_is_fitted_once() -> None:
    torch.manual_seed(0)
    shared = nn.Linear(4, 4)
    found = introduce_repu(
        nn.Sequential(shared, nn.Tanh(), shared, nn.Tanh(), nn.Linear(4, 1)), 1, 2, torch.rand(50, 4)
    )
    assert torch.equal(found[0].weight, shared.weight)
    assert not torch.equal(found[2].weight, shared.weight)


def test_introductions_that_are_refused() -> None:
    module, x = trained_like(), torch.randn(50, 3, dtype=torch.float64)
    for layer in (0, 2, 4, 5):
        message = f"layer was {layer}; the place of an activation before a Linear is accepted: 1, 3"
        with pytest.raises(ValueError, match=message):
            introduce_repu(module, layer, 2, x)
    with pytest.raises(ValueError, match="before a Linear is accepted: there is none"):
        introduce_repu(module[:2], 1, 2, x)
    with pytest.raises(ValueError, match="layer was -1; at least 0 is accepted"):
        introduce_repu(module, -1, 2, x)
    with pytest.raises(ValueError, match="p was 0; 1 to 32 is accepted"):
        introduce_repu(module, 1, 0, x)
    with pytest.raises(TypeError, match=r"module was Tanh; a torch\.nn\.Sequential is accepted"):
        introduce_repu(module[1], 1, 2, x)
    with pytest.raises(TypeError, match=r"x was ndarray; a torch\.Tensor is accepted"):
        introduce_repu(module, 1, 2, x.numpy())
    with pytest.raises(TypeError, match=r"x has dtype float16; float32 and float64 are accepted"):
        introduce_repu(trained_like().half(), 1, 2, x.half())
    with pytest.raises(TypeError, match=r"2\.weight has dtype float64 and x has float32; they must agree"):
        introduce_repu(module, 1, 2, x.float())
    with pytest.raises(
        ValueError, match=r"takes values of shape \(0, 20\) and returns \(0, 20\); the same shape, and at"
    ):
        introduce_repu(module, 1, 2, x[:0])
    with pytest.raises(ValueError, match=r"layer 0 takes values of shape \(50, 1, 3\) and returns \(50, 3\)"):
        introduce_repu(nn.Sequential(nn.Flatten(), *module), 0, 2, x[:, None])
    with pytest.raises(ValueError, match="x has values, or the layer units, that are not finite"):
        introduce_repu(module, 1, 2, torch.full((5, 3), float("nan"), dtype=torch.float64))
