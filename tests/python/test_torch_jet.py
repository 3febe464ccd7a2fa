"""Divergence and Laplacian of PyTorch modules, against autograd and the compiled jets, and their gradients."""

import doctest
import sys
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

import kousei

torch = pytest.importorskip("torch")
nn = torch.nn

from kousei.interop.torch import RePU, divergence, laplacian, value_and_divergence  # noqa: E402
from kousei.network import torch_jet  # noqa: E402

SMOOTH = [nn.Sigmoid(), nn.Tanh(), nn.GELU(), nn.SiLU(), nn.Softplus(), RePU(2), RePU(3), RePU(5)]
PIECEWISE = [nn.ReLU(), nn.ReLU6(), nn.LeakyReLU(0.1), nn.Hardtanh(-2, 0.5), nn.Hardsigmoid(), nn.Softshrink(0.3)]
NAMES = ["logistic", "tanh", "erf", "arctan", "gelu", "silu", "softplus", "repu2", "repu3", "repu4", "repu7"]


@pytest.fixture(autouse=True)
def _seeded() -> None:
    torch.manual_seed(20261126)


def network(*sizes: int, activation: Any) -> Any:
    parts: list[Any] = []
    for inputs, outputs in pairwise(sizes):
        parts += [nn.Linear(inputs, outputs, dtype=torch.float64), activation]
    return nn.Sequential(*parts[:-1])


def by_autograd(module: Any, x: Any) -> tuple[Any, Any]:
    """The divergence of as many outputs as inputs, and the Laplacian of each output, of points (n, dim)."""
    x = x.clone().requires_grad_()
    values = module(x)
    slopes = [torch.autograd.grad(output.sum(), x, create_graph=True)[0] for output in values.T]

    def second(slope: Any, k: int) -> Any:
        return torch.autograd.grad(slope[:, k].sum(), x, retain_graph=True, materialize_grads=True)[0][:, k]

    trace = sum(slope[:, k] for k, slope in enumerate(slopes)) if len(slopes) == x.shape[1] else None
    return trace, torch.stack([sum(second(slope, k) for k in range(x.shape[1])) for slope in slopes], 1)


def close(found: Any, expected: Any) -> None:
    assert found.shape == expected.shape
    largest = torch.as_tensor(expected).abs().flatten().tolist()
    assert ((found - expected).abs() <= 1e-12 * max(largest, default=1.0)).all()


def test_examples_run() -> None:
    for name in ("kousei.interop.torch.derivatives", "kousei.io.torch_repu"):
        results = doctest.testmod(sys.modules[name])
        assert results.failed == 0
        assert results.attempted >= 4


def test_golden_network() -> None:
    # Values of mpmath with 40 digits.
    module = network(2, 3, 2, 1, activation=RePU(2))
    weights = [[[0.5, -0.25], [-0.75, 1], [0.25, 0.5]], [[1, -0.5, 0.25], [-0.25, 0.75, 1.5]], [[2, -1]]]
    biases = [[0.125, 0.25, -0.5], [0.1, -0.2], [0.5]]
    for linear, weight, bias in zip(module[::2], weights, biases, strict=True):
        linear.weight = nn.Parameter(torch.tensor(weight, dtype=torch.float64))
        linear.bias = nn.Parameter(torch.tensor(bias, dtype=torch.float64))
    x = torch.tensor([[0.3, 0.7], [1.25, 2]], dtype=torch.float64)
    expected = torch.tensor([[-4.6720703125], [-35.3656005859375]], dtype=torch.float64)
    close(laplacian(module, x), expected)
    # A field whose first component it is, and whose second one is 0: the first partial derivative.
    module[-1].weight = nn.Parameter(torch.tensor([[2.0, -1], [0, 0]], dtype=torch.float64))
    module[-1].bias = nn.Parameter(torch.tensor([0.5, 0], dtype=torch.float64))
    close(divergence(module, x), torch.tensor([0.3223271484375, 3.8425872802734375], dtype=torch.float64))


@pytest.mark.parametrize("activation", SMOOTH, ids=str)
@pytest.mark.parametrize("hidden", [(), (6,), (5, 7), (5, 7, 4)], ids=len)
def test_values(activation: Any, hidden: tuple[int, ...]) -> None:
    module, x = network(3, *hidden, 3, activation=activation), torch.randn(9, 3, dtype=torch.float64)
    trace, second = by_autograd(module, x)
    values, found = value_and_divergence(module, x)
    close(values, module(x))
    close(found, trace)
    close(divergence(module, x), trace)
    close(laplacian(module, x), second)
    net = kousei.io.from_torch(module)
    close(found.detach(), net.divergence(x))
    close(laplacian(module, x).detach(), net.jet(x).laplacian)


@pytest.mark.parametrize("activation", PIECEWISE, ids=str)
def test_piecewise_linear_has_a_divergence_alone(activation: Any) -> None:
    for hidden in [(6,), (5, 7), (5, 7, 4)]:
        module, x = network(3, *hidden, 3, activation=activation), torch.randn(50, 3, dtype=torch.float64)
        values, found = value_and_divergence(module, x)
        close(values, module(x))
        # The slope that torch has of Hardsigmoid is 1/6 in float32.
        close(found.detach(), kousei.io.from_torch(module).divergence(x))
        with pytest.raises(ValueError, match=r"1 has '\w+', which is piecewise linear: its second derivative is 0"):
            laplacian(module, x)


@pytest.mark.parametrize("name", [*NAMES, "relu"])
def test_derivatives_are_those_of_the_compiled_kernels(name: str) -> None:
    z = np.concatenate([np.linspace(-6, 6, 201), [0.0, -30, 30]])  # also at the kink
    order = 1 if name == "relu" else 2
    f = kousei.MLP.random([1, 1, 1], name).activations[0]
    ours = torch_jet.derivatives(f, torch.from_numpy(z), order)
    one, zero = np.ones((1, 1)), np.zeros(1)
    jet = kousei.MLP([one, one], [zero, zero], [f]).jet(z[:, None], laplacian=order == 2)
    expected = [jet.value, jet.jacobian[:, 0], jet.laplacian][: order + 1]
    for found, compiled in zip(ours, expected, strict=True):
        scale = np.maximum(1, np.abs(compiled.ravel()))
        # softplus of torch is z itself from z = 20 on
        tolerance = 1e-12 if name == "softplus" else 1e-14
        assert (np.abs(found.numpy() - compiled.ravel()) <= tolerance * scale).all()


@pytest.mark.parametrize("batch", [(), (0,), (1,), (2, 3), (2, 0)])
@pytest.mark.parametrize("hidden", [(), (4, 5), (4, 5, 6)], ids=len)
def test_shapes(batch: tuple[int, ...], hidden: tuple[int, ...]) -> None:
    module, x = network(3, *hidden, 3, activation=nn.Tanh()), torch.randn(*batch, 3, dtype=torch.float64)
    assert divergence(module, x).shape == batch
    values, found = value_and_divergence(module, x)
    assert (values.shape, found.shape) == ((*batch, 3), batch)
    assert laplacian(module, x).shape == (*batch, 3)
    flat = x.reshape(-1, 3)
    close(found, divergence(module, flat).reshape(batch))
    close(laplacian(module, x), laplacian(module, flat).reshape(*batch, 3))


@pytest.mark.parametrize("activation", SMOOTH, ids=str)
@pytest.mark.parametrize("hidden", [(4, 3), (3, 4, 3)], ids=len)
@pytest.mark.parametrize("function", [divergence, laplacian])
def test_gradients(activation: Any, hidden: tuple[int, ...], function: Any) -> None:
    module = network(2, *hidden, 2, activation=activation)
    x = torch.randn(3, 2, dtype=torch.float64, requires_grad=True)
    names = [name for name, _ in module.named_parameters()]

    def values(x: Any, *tensors: Any) -> Any:
        own = network(2, *hidden, 2, activation=activation)
        for name, tensor in zip(names, tensors, strict=True):
            place, kind = name.split(".")
            delattr(own[int(place)], kind)
            setattr(own[int(place)], kind, tensor)
        return function(own, x)

    assert torch.autograd.gradcheck(values, (x, *module.parameters()))
    if len(hidden) == 2:
        assert torch.autograd.gradgradcheck(values, (x, *module.parameters()), fast_mode=True)


def test_gradients_of_a_divergence_reach_all_that_it_depends_on() -> None:
    module = network(2, 5, 5, 2, activation=RePU(2))
    x = torch.randn(7, 2, dtype=torch.float64)
    (divergence(module, x).square().mean() + module(x).mean()).backward()
    assert all(parameter.grad.abs().sum() > 0 for parameter in module.parameters())
    assert x.grad is None


def test_functions_of_torch_take_them() -> None:
    module, x = network(2, 5, 5, 2, activation=nn.SiLU()), torch.randn(7, 2, dtype=torch.float64)
    for function in (divergence, laplacian):
        each = torch.func.vmap(lambda point, function=function: function(module, point))(x)
        close(each, function(module, x))
        slopes = torch.func.vmap(torch.func.jacrev(lambda point, function=function: function(module, point)))(x)
        at = x.clone().requires_grad_()
        expected = torch.autograd.grad(function(module, at).sum(), at)[0]
        close(slopes if function is divergence else slopes.sum(1), expected)


def test_score_matching_finds_the_score() -> None:
    # Of normal samples of variance 1/4 it is -4 x.
    x = torch.randn(2000, 2) / 2
    module = nn.Sequential(nn.Linear(2, 16), RePU(2), nn.Linear(16, 16), RePU(2), nn.Linear(16, 2))
    optimizer = torch.optim.Adam(module.parameters(), 1e-2)
    for _ in range(200):
        optimizer.zero_grad()
        score, div = value_and_divergence(module, x)
        assert score.dtype == div.dtype == torch.float32
        (score.square().sum(-1) / 2 + div).mean().backward()
        optimizer.step()
    assert (module(x) + 4 * x).square().mean() < 0.1 * (4 * x).square().mean()


def test_nested_parts_that_change_nothing() -> None:
    inner = nn.Sequential(nn.Linear(3, 4, bias=False), nn.Identity(), nn.Tanh())
    module = nn.Sequential(inner, nn.Dropout(), nn.Linear(4, 5), nn.Linear(5, 3)).double().eval()
    x = torch.randn(6, 3, dtype=torch.float64)
    trace, second = by_autograd(module, x)
    close(divergence(module, x), trace)
    close(laplacian(module, x), second)


def test_an_activation_may_come_first_and_last() -> None:
    module = nn.Sequential(RePU(2), nn.Linear(3, 3), nn.Tanh()).double()
    x = torch.randn(6, 3, dtype=torch.float64)
    trace, second = by_autograd(module, x)
    close(divergence(module, x), trace)
    close(laplacian(module, x), second)


@pytest.mark.parametrize("function", [divergence, laplacian, value_and_divergence])
def test_refused(function: Any) -> None:
    module, x = network(3, 4, 3, activation=nn.Tanh()), torch.zeros(5, 3, dtype=torch.float64)
    with pytest.raises(TypeError, match=r"module was function; a torch\.nn\.Module is accepted"):
        function(lambda x: x, x)
    with pytest.raises(TypeError, match=r"x was ndarray; a torch\.Tensor is accepted"):
        function(module, x.numpy())
    with pytest.raises(TypeError, match=r"0\.weight has dtype float64 and x has float32; they must agree"):
        function(module, x.float())
    with pytest.raises(TypeError, match="x has dtype float16; float32 and float64 are accepted"):
        function(module, x.half())
    with pytest.raises(ValueError, match=r"x has shape \(5, 2\); \(\.\.\., 3\) is accepted"):
        function(module, x[:, :2])
    with pytest.raises(ValueError, match=r"x has shape \(\); \(\.\.\., 3\) is accepted"):
        function(module, x[0, 0])
    with pytest.raises(ValueError, match=r"1\.weight has 4 columns; there are 3 values before it"):
        function(nn.Sequential(nn.Linear(3, 3), nn.Linear(4, 3)).double(), x)
    with pytest.raises(ValueError, match="module has no Linear; at least one is needed"):
        function(nn.Tanh(), x)
    with pytest.raises(
        ValueError, match=r"1: ELU is none of those known; 2: PReLU is none of those known\. Known are"
    ):
        function(nn.Sequential(nn.Linear(3, 3), nn.ELU(), nn.PReLU()).double(), x)
    with pytest.raises(ValueError, match="1: Dropout is in training mode"):
        function(nn.Sequential(nn.Linear(3, 3), nn.Dropout()).double(), x)
    with pytest.raises(ValueError, match="0: BatchNorm1d is none of those known"):
        function(nn.Sequential(nn.BatchNorm1d(3), nn.Linear(3, 3)).double().eval(), x)


def test_a_divergence_needs_as_many_outputs_as_inputs() -> None:
    module, x = network(3, 4, 2, activation=nn.Tanh()), torch.zeros(5, 3, dtype=torch.float64)
    assert laplacian(module, x).shape == (5, 2)
    with pytest.raises(ValueError, match="module has 2 outputs; 3, as many as inputs, are accepted"):
        divergence(module, x)
