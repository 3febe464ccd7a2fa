"""Networks from and to PyTorch modules."""

import re
from typing import Any

import numpy as np
import pytest

import kousei
from kousei.activation import Mixed, PiecewiseLinear, hardsigmoid, hardtanh, leaky_relu, prelu, softshrink

torch = pytest.importorskip("torch")
nn = torch.nn

from kousei.interop.torch import RePU  # noqa: E402

ACTIVATIONS = [
    nn.ReLU(),
    nn.ReLU6(),
    nn.LeakyReLU(0.1),
    nn.PReLU(),
    nn.PReLU(5),
    nn.Hardtanh(-2, 0.5),
    nn.Hardsigmoid(),
    nn.Softshrink(0.3),
    nn.Sigmoid(),
    nn.Tanh(),
    nn.GELU(),
    nn.SiLU(),
    nn.Softplus(),
    RePU(2),
    RePU(5),
]


def same(net: kousei.MLP, module: Any, dtype: Any) -> None:
    x = torch.from_numpy(np.random.default_rng(1).normal(size=(100, net.dim))).to(dtype)
    expected = module(x).detach().numpy()
    values = net(x.numpy()).reshape(expected.shape)
    np.testing.assert_allclose(
        values, expected, rtol=0, atol=50 * np.finfo(values.dtype).eps * np.abs(expected).max()
    )


@pytest.mark.parametrize("activation", ACTIVATIONS, ids=str)
def test_activations(activation: Any, dtype: str) -> None:
    kind = getattr(torch, dtype)
    torch.manual_seed(0)
    if isinstance(activation, nn.PReLU):
        nn.init.normal_(activation.weight)
    module = nn.Sequential(nn.Linear(3, 5), activation, nn.Linear(5, 5), activation, nn.Linear(5, 2)).to(kind)
    net = kousei.io.from_torch(module)
    assert net.dtype == dtype
    assert net.sizes == (3, 5, 5, 2)
    if not isinstance(activation, nn.Softplus) or dtype == "float32":  # that of torch is z from z = 20 on
        same(net, module, kind)
    back = kousei.io.to_torch(net)
    shared = isinstance(activation, nn.PReLU) and len(activation.weight) == 1
    assert type(back[1]) is type(back[3]) is (nn.LeakyReLU if shared else type(activation))
    assert not back.training
    assert all(parameter.requires_grad and parameter.dtype == kind for parameter in back.parameters())
    for name, parameter in back.state_dict().items():
        assert torch.equal(parameter, module.state_dict()[name])
    x = torch.randn(50, 3, dtype=kind)
    assert torch.equal(back(x), module(x))


def test_layers(dtype: str) -> None:
    kind = getattr(torch, dtype)
    torch.manual_seed(0)
    module = nn.Sequential(
        nn.Flatten(),
        nn.BatchNorm1d(4),
        nn.Sequential(nn.Linear(4, 5), nn.Identity(), nn.Linear(5, 6, bias=False), nn.ReLU6()),
        nn.Dropout(),
        nn.BatchNorm1d(6, affine=False),
        nn.Linear(6, 5),
        nn.PReLU(5),
        nn.BatchNorm1d(5),
        nn.Tanh(),
        nn.Sequential(),
        nn.Hardsigmoid(),
    ).to(kind)
    module(torch.randn(100, 4, dtype=kind))
    net = kousei.io.from_torch(module.eval())
    assert net.sizes == (4, 6, 5, 5, 5, 5)  # affine maps that follow one another are one
    same(net, module, kind)


def test_an_activation_may_come_first() -> None:
    module = nn.Sequential(nn.ReLU(), nn.Linear(3, 2))
    net = kousei.io.from_torch(module)
    assert net.sizes == (3, 3, 2)
    same(net, module, torch.float32)
    assert kousei.io.from_torch(nn.Linear(3, 2)).sizes == (3, 2)
    assert kousei.io.from_torch(nn.BatchNorm1d(3).eval()).sizes == (3, 3)


def test_images_are_flattened() -> None:
    module = nn.Sequential(nn.Flatten(), nn.Linear(6, 4), nn.ReLU(), nn.Linear(4, 2))
    x = torch.randn(5, 2, 3)
    values = kousei.io.from_torch(module)(x.reshape(5, 6).numpy())
    np.testing.assert_allclose(values, module(x).detach().numpy(), rtol=0, atol=1e-6)


def test_a_module_in_training_shares_no_memory(dtype: str) -> None:
    module = nn.Sequential(nn.Linear(3, 2), nn.ReLU(), nn.Linear(2, 1)).to(getattr(torch, dtype))
    net = kousei.io.from_torch(module)
    back = kousei.io.to_torch(net)
    before = net(np.ones((1, 3), dtype))
    with torch.no_grad():
        for parameter in (*module.parameters(), *back.parameters()):
            parameter.zero_()
    assert net(np.ones((1, 3), dtype)) == before


def test_classes_of_ones_own() -> None:
    class Net(nn.Sequential):
        def __init__(self) -> None:
            super().__init__(nn.Linear(3, 2), nn.ReLU())

    class Other(nn.Linear):
        def forward(self, x: Any) -> Any:
            return 2 * super().forward(x)

    assert kousei.io.from_torch(Net()).sizes == (3, 2, 2)
    with pytest.raises(ValueError, match="module: Other is none of those known"):
        kousei.io.from_torch(Other(3, 2))
    normed = nn.utils.parametrizations.weight_norm(nn.Linear(3, 2))
    same(kousei.io.from_torch(normed), normed, torch.float32)


@pytest.mark.parametrize(
    ("activation", "modules"),
    [
        ("abs", ["LeakyReLU"]),
        ("hat", ["ReLU"]),
        (PiecewiseLinear([-1, 0.25, 2], [0.5, -1, 2, -0.25], 0.75), ["ReLU"]),
        (PiecewiseLinear([0], [0.5, 2]), ["ReLU"]),
        (hardsigmoid(0.2), ["ReLU"]),
        (Mixed([("hardtanh", 2), ("hat", 3), ("abs", 1)]), ["ReLU"]),
        (Mixed([("abs", 2), ("relu", 3), (leaky_relu(0.1), 1)]), ["PReLU"]),
        (hardtanh(-1, 2), ["Hardtanh"]),
        (softshrink(2), ["Softshrink"]),
    ],
    ids=str,
)
def test_to_torch(activation: Any, modules: list[str], dtype: str) -> None:
    net = kousei.MLP.random([3, 6, 6, 2], activation, rng=0).astype(dtype)
    module = kousei.io.to_torch(net)
    assert [type(part).__name__ for part in module] == ["Linear", *modules, "Linear", *modules, "Linear"]
    same(net, module, getattr(torch, dtype))


def test_to_torch_keeps_what_it_can_say() -> None:
    net = kousei.MLP.random([3, 6, 2], "hat", rng=0) >> kousei.MLP.random([2, 4, 1], "tanh", rng=1)
    module = kousei.io.to_torch(net)
    assert [type(part).__name__ for part in module] == ["Linear", "ReLU", "Linear", "Tanh", "Linear"]
    same(net, module, torch.float64)


def test_batch_norms_of_images_are_not_of_points() -> None:
    with pytest.raises(ValueError, match="BatchNorm2d is none of those known"):
        kousei.io.from_torch(torch.nn.BatchNorm2d(4).eval())


def test_to_torch_of_sparse_and_constructed_networks() -> None:
    f = kousei.MLP.random([3, 50, 50, 2], "hardtanh", rng=0)
    wide = kousei.stack(*[f] * 9)
    assert any(hasattr(weight, "tocsr") for weight in wide.weights)
    series = kousei.funahashi.fourier_series({(1, 0): 1.0}, [(-1, 1)] * 2, 1e-2)
    for net in (wide, series):
        same(net, kousei.io.to_torch(net), torch.float64)
    tensors = kousei.MLP.random([3, 5, 1], prelu(np.arange(5) / 5), rng=0).like(torch.zeros(1))
    same(tensors.like(np.zeros(1, "float32")), kousei.io.to_torch(tensors), torch.float32)


def hooked() -> Any:
    module = nn.Sequential(nn.Linear(3, 2))
    module[0].register_forward_hook(lambda module, inputs, output: 2 * output)
    return module


def patched() -> Any:
    module = nn.Sequential(nn.Linear(3, 2))
    module[0].forward = torch.zeros_like
    return module


def test_everything_that_is_refused_is_named() -> None:
    module = nn.Sequential(
        nn.Conv1d(2, 2, 1),
        nn.Sequential(nn.Dropout(), nn.GELU("tanh"), nn.BatchNorm1d(3)),
        nn.MultiheadAttention(4, 2),
        nn.Flatten(0),
        nn.Softplus(2.0),
        nn.BatchNorm1d(3, track_running_stats=False).eval(),
        nn.Linear(3, 2),
        hooked(),
        patched(),
    )
    message = (
        "module has parts that cannot be taken over: 0: Conv1d is none of those known; "
        "1.0: Dropout is in training mode (.eval() ends it); 1.1: GELU has approximate='tanh', 'none' is accepted; "
        "1.2: BatchNorm1d is in training mode (.eval() ends it); 2: MultiheadAttention is none of those known; "
        "3: Flatten has start_dim 0 and end_dim -1, 1 and -1 are accepted; "
        "4: Softplus has beta 2.0 and threshold 20.0, 1 and 20 are accepted; 5: BatchNorm1d keeps no running mean; "
        "7.0: Linear has hooks; 8.0: Linear has a forward of its own. Known are Sequential, Identity, Flatten, "
        "Dropout, Linear, BatchNorm1d, ReLU, LeakyReLU, PReLU, Hardtanh, Hardsigmoid, Softshrink, Sigmoid, Tanh, "
        "GELU, SiLU, Softplus, RePU"
    )
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        kousei.io.from_torch(module)


def nan() -> Any:
    module = nn.Linear(3, 2)
    nn.init.constant_(module.bias, float("nan"))
    return module


@pytest.mark.parametrize(
    ("module", "error", "message"),
    [
        (nn.Sequential(nn.Linear(3, 2), nn.Linear(3, 2)), ValueError, "1 takes 3 values; there are 2 before it"),
        (nn.Sequential(nn.Linear(3, 2), nn.PReLU(3)), ValueError, "1 takes 3 values; there are 2 before it"),
        (nn.Sequential(nn.ReLU(), nn.PReLU()), ValueError, "no part that tells its number of inputs"),
        (nn.Sequential(), ValueError, "no part that tells its number of inputs"),
        (nn.Linear(3, 2).half(), TypeError, "module.weight has dtype float16; float32 and float64 are accepted"),
        (nn.Sequential(nn.Linear(3, 2).bfloat16()), TypeError, "0.weight has dtype bfloat16"),
        (
            nn.Sequential(nn.Linear(3, 2), nn.Linear(2, 2).double()),
            TypeError,
            "1.weight has dtype float64 and 0.weight has float32; they must agree",
        ),
        (nn.Linear(3, 2, device="meta"), TypeError, "module.weight is a torch.strided tensor on meta"),
        (nn.LazyLinear(3), ValueError, "LazyLinear has hooks"),
        (nan(), ValueError, "module.bias has NaN or infinite values"),
        (nn.Sequential(nn.Linear(3, 2), nn.PReLU(2, np.inf)), ValueError, "1.weight has NaN or infinite values"),
        (torch.zeros(3), TypeError, "module was Tensor; a torch.nn.Module is accepted"),
        (nn.Linear, TypeError, "module was type"),
    ],
    ids=str,
)
def test_bad_modules(module: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        kousei.io.from_torch(module)


def test_what_torch_has_no_word_for() -> None:
    net = kousei.MLP.random([2, 3, 1], "erf", rng=0)
    mixed = kousei.MLP.random([1, 4, 1], Mixed([("tanh", 2), ("relu", 2)]), rng=0)
    with pytest.raises(
        ValueError, match=r"torch has no word for: erf in hidden layer 0, tanh beside others in hidden layer 1$"
    ):
        kousei.io.to_torch(net >> mixed)
    with pytest.raises(TypeError, match="net was Linear; a kousei.MLP is accepted"):
        kousei.io.to_torch(nn.Linear(2, 1))
