"""The ridgelet transform and its dual as operators of PyTorch."""

import copy
import pickle
from typing import Any

import numpy as np
import pytest

from kousei.ridgelet import AdmissiblePair, RidgeletTransform, ball_directions

torch = pytest.importorskip("torch")

from kousei.interop.torch import RidgeletLayer  # noqa: E402

AXES = (np.linspace(-1, 1, 4), np.linspace(-1, 1.5, 3))


def layer_of(activation: str, method: Any = "auto", dtype: str = "float64") -> Any:
    disc, b = ball_directions(2, 2.0, radii=1, angles=3), np.linspace(-2, 2, 4)
    return RidgeletLayer(RidgeletTransform(AXES, disc, b, AdmissiblePair(activation, 2), method, dtype=dtype))


def random(*shape: int, dtype: Any = torch.float64) -> Any:
    values = np.random.default_rng(1).normal(size=shape)
    return torch.tensor(values, dtype=dtype, requires_grad=True)


@pytest.mark.parametrize("method", ["slice", "direct"])
@pytest.mark.parametrize("activation", ["tanh", "relu"])
@pytest.mark.parametrize("batch", [(), (2, 1)])
def test_gradients_of_gradients(activation: str, method: Any, batch: tuple[int, ...]) -> None:
    layer = layer_of(activation, method)
    f, spectrum = random(*batch, 4, 3), random(*batch, 3, 4)
    for function, x in ((layer, f), (layer.dual, spectrum), (lambda f: layer.dual(layer(f).sin()), f)):
        assert torch.autograd.gradcheck(function, (x,), fast_mode=bool(batch))
        assert torch.autograd.gradgradcheck(function, (x,), fast_mode=True)


# Forward mode of PyTorch loads what it calls deprecated itself.
@pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning")
@pytest.mark.parametrize("method", ["slice", "direct"])
def test_transformations_of_functions(method: Any) -> None:
    layer = layer_of("relu", method)
    f, spectrum, tangent = random(4, 3), random(3, 4), random(4, 3).detach().flip(0)
    for function, x, shape in ((layer, f, (3, 4)), (layer.dual, spectrum, (4, 3))):
        assert torch.autograd.gradcheck(function, (x,), check_forward_ad=True)
        jacobian = torch.func.jacrev(function)(x.detach())
        assert jacobian.shape == (*shape, *x.shape)
        torch.testing.assert_close(torch.einsum("abcd,cd->ab", jacobian, x.detach()), function(x.detach()))
        torch.testing.assert_close(torch.func.jacfwd(function)(x.detach()), jacobian)
    torch.testing.assert_close(torch.func.jvp(layer, (f.detach(),), (tangent,))[1], layer(tangent))
    several = random(4, 5, 3).detach()
    found = torch.func.vmap(layer, in_dims=1, out_dims=2)(several)
    torch.testing.assert_close(found, layer(several.movedim(1, 0)).movedim(0, 2))
    squares = torch.func.hessian(lambda f: layer.dual(layer(f)).square().sum())(f.detach())
    torch.testing.assert_close(
        squares, torch.autograd.functional.hessian(lambda f: layer.dual(layer(f)).square().sum(), f)
    )


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_it_is_the_operator_and_its_adjoint(dtype: str) -> None:
    layer = layer_of("relu", dtype=dtype)
    R = layer.operator
    f, spectrum = random(5, 4, 3, dtype=getattr(torch, dtype)), random(5, 3, 4, dtype=getattr(torch, dtype))
    for function, x, y, apply, adjoint in (
        (layer, f, spectrum, R.transform, R.adjoint),
        (layer.dual, spectrum, f, R.dual, R.dual_adjoint),
    ):
        values = function(x)
        assert values.dtype == x.dtype
        np.testing.assert_array_equal(values.detach().numpy(), apply(x.detach().numpy()))
        (grad,) = torch.autograd.grad(values, x, y.detach())
        assert grad.dtype == x.dtype
        np.testing.assert_array_equal(grad.numpy(), adjoint(y.detach().numpy()))
    # The gradient of a sum is not contiguous.
    (grad,) = torch.autograd.grad(layer(f).sum(), f)
    np.testing.assert_array_equal(grad.numpy(), R.adjoint(np.ones((5, 3, 4), dtype)))


def test_it_learns_a_spectrum_that_makes_a_function() -> None:
    layer = layer_of("tanh")
    target, spectrum = layer.dual(random(3, 4)).detach(), torch.zeros(3, 4, dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.LBFGS([spectrum], max_iter=200, line_search_fn="strong_wolfe")

    def loss() -> Any:
        optimizer.zero_grad()
        value = (layer.dual(spectrum) - target).square().sum()
        value.backward()
        return value

    before = float(loss().detach())
    optimizer.step(loss)
    assert float(loss().detach()) < 1e-6 * before


def test_it_is_a_module() -> None:
    layer = layer_of("relu")
    f = random(4, 3)
    values = layer(f)
    assert repr(layer) == "RidgeletLayer(3 directions x 4 biases, float64, relu)"
    assert not list(layer.parameters())
    for again in (copy.deepcopy(layer), pickle.loads(pickle.dumps(layer))):
        assert torch.equal(again(f), values)


def test_bad_input() -> None:
    layer = layer_of("tanh")
    with pytest.raises(TypeError, match="operator was int; a kousei.RidgeletTransform is accepted"):
        RidgeletLayer(3)
    with pytest.raises(TypeError, match="f was ndarray; a torch.Tensor is accepted"):
        layer(np.zeros((4, 3)))
    with pytest.raises(TypeError, match="spectrum has dtype float32 and the transform float64"):
        layer.dual(torch.zeros(3, 4))
    with pytest.raises(ValueError, match=r"f has shape \(3, 4\); \(\.\.\., 4, 3\) is accepted"):
        layer(random(3, 4))
