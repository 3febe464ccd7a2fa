"""Linear layers of signs in PyTorch, against dense ones."""

import copy
import doctest
import io
import math
import pickle
import subprocess
import sys
from typing import Any

import numpy as np
import pytest

import kousei
from kousei._lib.backends import why_no_cuda

torch = pytest.importorskip("torch")
nn = torch.nn

from kousei.interop.torch import SignLinear  # noqa: E402

GROUPS = [None, 32, 128]


@pytest.fixture(autouse=True)
def _seeded() -> None:
    torch.manual_seed(20261126)


@pytest.fixture(params=GROUPS, ids=str)
def group(request: pytest.FixtureRequest) -> int | None:
    return request.param


def random_layer(columns: int, rows: int, group: int | None, *, bias: bool = True, dtype: Any = None) -> Any:
    layer = SignLinear(columns, rows, bias, group=group, dtype=dtype or torch.float64)
    with torch.no_grad():
        layer.scales.normal_()
    return layer


def dense_weight(layer: Any) -> Any:
    """By what the packed words and the scales say, entry by entry."""
    signs = torch.from_numpy(layer.signs.unpack("float64"))
    weight = torch.empty_like(signs)
    for j in range(layer.in_features):
        weight[:, j] = signs[:, j] * (layer.scales if layer.group is None else layer.scales[:, j // layer.group])
    return weight


def test_a_package_without_torch_has_interop() -> None:
    code = "import sys; sys.modules['torch'] = None; import kousei.interop; print('fine')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "fine\n"


def test_examples_run() -> None:
    # scipy-doctest takes those that torch writes for the methods of every module with them.
    results = doctest.testmod(sys.modules[SignLinear.__module__])
    assert results.failed == 0
    assert results.attempted > 10


def test_golden_layer() -> None:
    signs = kousei.pack_signs(np.array([[1, -1, 1, 1], [-1, -1, 1, -1]]))
    x = torch.tensor([1.0, 2.0, 4.0, 8.0])
    assert SignLinear.from_signs(signs)(x).tolist() == [11, -7]
    layer = SignLinear.from_signs(signs, torch.tensor([2.0, 0.5]), torch.tensor([1.0, -1.0]))
    assert layer(x).tolist() == [23, -4.5]
    layer(x).sum().backward()
    assert layer.scales.grad.tolist() == [11, -7]
    assert layer.bias.grad.tolist() == [1, 1]


@pytest.mark.parametrize("columns", [1, 31, 32, 33, 127, 128, 129, 300])
def test_values_are_those_of_the_dense_layer(group: int | None, columns: int, dtype: str) -> None:
    layer = random_layer(columns, 7, group, dtype=getattr(torch, dtype))
    for batch in [(), (0,), (1,), (5,), (2, 3), (33,)]:
        x = torch.randn(*batch, columns, dtype=layer.scales.dtype)
        values = layer(x)
        assert values.dtype == x.dtype
        assert values.shape == (*batch, 7)
        expected = x.double() @ dense_weight(layer).T + layer.bias.double()
        scale = x.double().abs() @ dense_weight(layer).abs().T + layer.bias.double().abs()
        assert ((values - expected).abs() <= 16 * torch.finfo(x.dtype).eps * scale).all()
        assert torch.equal(layer.weight.double(), dense_weight(layer))


@pytest.mark.parametrize("columns", [5, 40, 130])
@pytest.mark.parametrize("batch", [(), (3,), (2, 2)])
@pytest.mark.parametrize("bias", [True, False])
def test_gradients(group: int | None, columns: int, batch: tuple[int, ...], bias: bool) -> None:
    layer = random_layer(columns, 3, group, bias=bias)
    x = torch.randn(*batch, columns, dtype=torch.float64, requires_grad=True)
    parameters = dict(layer.named_parameters())
    assert len(parameters) == 1 + bias

    def values(x: Any, *tensors: Any) -> Any:
        return torch.func.functional_call(layer, dict(zip(parameters, tensors, strict=True)), x)

    assert torch.autograd.gradcheck(values, (x, *parameters.values()))
    if columns == 5:
        assert torch.autograd.gradgradcheck(values, (x, *parameters.values()), fast_mode=True)


def test_gradients_are_those_of_the_dense_layer(group: int | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules[SignLinear.__module__], "_BLOCK", 1000)  # several blocks, the last one shorter
    layer = random_layer(300, 20, group)
    x = torch.randn(9, 300, dtype=torch.float64, requires_grad=True)
    grad = torch.randn(9, 20, dtype=torch.float64)
    found = torch.autograd.grad(layer(x), [x, layer.scales, layer.bias], grad)
    expected = torch.autograd.grad(
        nn.functional.linear(x, layer.weight, layer.bias), [x, layer.scales, layer.bias], grad
    )
    for ours, theirs in zip(found, expected, strict=True):
        assert torch.allclose(ours, theirs, rtol=1e-12, atol=1e-12)


def test_only_what_is_asked_for_has_a_gradient() -> None:
    layer = random_layer(40, 3, None).requires_grad_(False)
    x = torch.randn(2, 40, dtype=torch.float64)
    assert not layer(x).requires_grad
    layer(x.requires_grad_()).sum().backward()
    assert torch.equal(x.grad, dense_weight(layer).sum(0).expand(2, 40))
    assert layer.scales.grad is None


def test_signs_and_mean_moduli_are_the_least_squares_choice(group: int | None) -> None:
    linear = nn.Linear(300, 6, dtype=torch.float64)
    layer = SignLinear.from_linear(linear, group)
    weight = linear.weight.detach()
    assert torch.equal(torch.from_numpy(layer.signs.unpack("float64")), weight.sign())
    assert torch.equal(layer.bias, linear.bias)
    for start in range(0, 300, group or 300):
        part = weight[:, start : start + (group or 300)].numpy()
        for r, row in enumerate(part):
            # The scale of these signs by a solver of least squares.
            best = np.linalg.lstsq(np.sign(row)[:, None], row, rcond=None)[0][0]
            mine = layer.scales[r] if group is None else layer.scales[r, start // group]
            assert mine.item() == pytest.approx(best, rel=1e-13)


def test_no_other_signs_are_nearer() -> None:
    linear = nn.Linear(6, 1, dtype=torch.float64)
    row = linear.weight.detach().numpy()[0]
    every = np.array(np.meshgrid(*[[-1, 1]] * 6)).reshape(6, -1).T
    best = min(((row - (signs @ row / 6) * signs) ** 2).sum() for signs in every)
    error = ((SignLinear.from_linear(linear).weight - linear.weight) ** 2).sum().item()
    assert error == pytest.approx(best, rel=1e-13)


def test_a_new_layer_is_as_a_new_linear_one(group: int | None) -> None:
    layer, linear = SignLinear(200, 300, group=group), nn.Linear(200, 300)
    assert layer.scales.detach().flatten().unique().item() == pytest.approx(
        linear.weight.abs().mean().item(), rel=0.02
    )
    assert abs(layer.signs.unpack("float64").mean()) < 0.02
    assert layer.bias.shape == linear.bias.shape
    assert 0.95 < layer.bias.abs().max() * math.sqrt(200) <= 1
    assert SignLinear(200, 300, bias=False, group=group).bias is None
    other = SignLinear(200, 300, group=group)
    assert layer.signs != other.signs
    torch.manual_seed(1)
    layer.reset_parameters()
    torch.manual_seed(1)
    other.reset_parameters()
    assert layer.signs == other.signs


def test_it_shows_as_a_linear_layer() -> None:
    assert repr(SignLinear(4, 2)) == "SignLinear(in_features=4, out_features=2, bias=True, group=None)"
    unscaled = SignLinear.from_signs(kousei.pack_signs(np.ones((2, 4))))
    assert repr(unscaled) == "SignLinear(in_features=4, out_features=2, bias=False, group=None, scales=None)"
    assert list(unscaled.state_dict()) == ["words"]


def test_state_dict_goes_to_a_file_and_back(group: int | None) -> None:
    model = nn.Sequential(SignLinear(130, 20, group=group), nn.ReLU(), SignLinear(20, 3, group=group))
    other = nn.Sequential(SignLinear(130, 20, group=group), nn.ReLU(), SignLinear(20, 3, group=group))
    x = torch.randn(4, 130)
    before = other(x)
    assert not torch.equal(before, model(x))
    file = io.BytesIO()
    torch.save(model.state_dict(), file)
    file.seek(0)
    other.load_state_dict(torch.load(file, weights_only=True))
    assert torch.equal(other(x), model(x))
    empty = nn.Sequential(*(SignLinear(*sizes, group=group, device="meta") for sizes in [(130, 20), (20, 3)]))
    empty.load_state_dict({key.replace("2.", "1."): value for key, value in model.state_dict().items()}, assign=True)
    assert torch.equal(empty[1](empty[0](x).relu()), model(x))


def test_a_state_of_other_signs_is_refused() -> None:
    layer, wrong = SignLinear(40, 2), SignLinear(60, 2).state_dict()
    assert layer(torch.ones(40)).shape == (2,)
    wrong["words"][:] = -1
    layer.load_state_dict(wrong)  # of the same shape: both have 4 words in a row
    with pytest.raises(ValueError, match=r"words\[0\] has a bit past column 39"):
        layer(torch.ones(40))
    with pytest.raises(RuntimeError, match="size mismatch for words"):
        layer.load_state_dict(SignLinear(200, 2).state_dict())


def test_signs_written_in_place_are_seen() -> None:
    layer = random_layer(40, 3, None)
    x = torch.randn(40, dtype=torch.float64)
    before = layer(x)
    signs = layer.signs
    assert layer.signs is signs
    layer.words.copy_(SignLinear.from_signs(kousei.pack_signs(-signs.unpack())).words)
    assert torch.allclose(layer(x) - layer.bias, layer.bias - before)


@pytest.mark.parametrize("points", [2, 20])
def test_signs_in_other_memory_are_seen(points: int) -> None:
    layer = random_layer(40, 64, None, bias=False)
    x = torch.randn(points, 40, dtype=torch.float64)
    before = layer(x)
    layer.words.data = SignLinear.from_signs(kousei.pack_signs(-layer.signs.unpack())).words
    assert torch.equal(layer(x), -before)
    layer.share_memory()  # frees the memory that the signs were in
    assert np.shares_memory(layer.signs.words, layer.words.numpy())
    assert torch.equal(layer(x), -before)


def test_scales_written_in_place_are_seen(group: int | None) -> None:
    layer = random_layer(40, 3, group, bias=False)
    x = torch.randn(40, dtype=torch.float64)
    before = layer(x)
    layer.scales.data.mul_(2)
    assert torch.equal(layer(x), 2 * before)
    layer.scales.data = torch.zeros_like(layer.scales)
    assert not layer(x).any()


def test_layers_of_inference_mode() -> None:
    with torch.inference_mode():
        layer = SignLinear(40, 3)
        x = torch.randn(2, 40)
        before = layer(x)
        assert torch.equal(layer(x), before)
        layer.words.zero_()
        assert torch.allclose(layer(x), -x.sum(1, keepdim=True) * layer.scales + layer.bias, atol=1e-6)


def test_dtype_and_copies(group: int | None) -> None:
    layer = random_layer(70, 5, group, dtype=torch.float32)
    x = torch.randn(3, 70)
    values = layer(x)
    for other in (copy.deepcopy(layer), pickle.loads(pickle.dumps(layer))):
        assert torch.equal(other(x), values)
        other.words.zero_()
        assert torch.equal(layer(x), values)
    double = copy.deepcopy(layer).to(torch.float64)
    assert double.words.dtype == torch.int32
    assert double.scales.dtype == torch.float64
    assert torch.allclose(double(x.double()).float(), values, atol=1e-5)


def test_shares_no_memory() -> None:
    linear = nn.Linear(40, 3)
    scales, bias = torch.ones(3), torch.ones(3)
    signs = kousei.pack_signs(np.ones((3, 40)))
    for layer, given in [
        (SignLinear.from_linear(linear), (linear.weight, linear.bias)),
        (SignLinear.from_signs(signs, scales, bias), (scales, bias)),
    ]:
        before = layer(torch.ones(40))
        with torch.no_grad():
            for tensor in given:
                tensor.zero_()
            layer.words[0, 0] ^= 1
        assert layer(torch.ones(40))[1] == before[1]
    assert signs.unpack().all()


@pytest.mark.skipif(bool(why_no_cuda()) or not torch.cuda.is_available(), reason="no CUDA")
def test_on_a_device(group: int | None) -> None:
    layer = random_layer(300, 20, group, dtype=torch.float32)
    x = torch.randn(40, 300)
    for points in (x[:3], x):
        there, here = (points.to(device).requires_grad_() for device in ("cuda", "cpu"))
        on_device = copy.deepcopy(layer).cuda()
        values = on_device(there)
        assert values.is_cuda
        assert torch.allclose(values.cpu(), layer(here), atol=1e-4)
        values.square().sum().backward()
        layer.zero_grad()
        layer(here).square().sum().backward()
        for mine, expected in ((there, here), (on_device.scales, layer.scales), (on_device.bias, layer.bias)):
            assert torch.allclose(mine.grad.cpu(), expected.grad, rtol=1e-3, atol=1e-2)
    assert SignLinear.from_linear(nn.Linear(40, 3, device="cuda"), group).words.is_cuda


@pytest.mark.parametrize("layout", [lambda x: x.mT.contiguous().mT, lambda x: x.repeat(2, 1)[::2], lambda x: -x])
def test_any_layout_of_points(layout: Any) -> None:
    layer = random_layer(40, 3, 32)
    x = layout(torch.randn(4, 40, dtype=torch.float64))
    assert torch.equal(layer(x), layer(x.clone(memory_format=torch.contiguous_format)))


def test_trains_beside_other_layers() -> None:
    model = nn.Sequential(nn.Linear(2, 64), nn.ReLU(), SignLinear(64, 64, group=32), nn.ReLU(), SignLinear(64, 1))
    x = torch.rand(256, 2) * 2 - 1
    y = x[:, :1] * x[:, 1:]
    optimizer = torch.optim.Adam(model.parameters(), 0.01)
    words = model[2].words.clone()
    losses = []
    for _ in range(100):
        optimizer.zero_grad()
        loss = ((model(x) - y) ** 2).mean()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0] / 20
    assert torch.equal(model[2].words, words)


@pytest.mark.filterwarnings("ignore:Initializing zero-element tensors")
def test_wrong_arguments_are_named() -> None:
    for bad, error, message in [
        (lambda: SignLinear(0, 2), ValueError, "in_features was 0; 1 to 2147483647 is accepted"),
        (lambda: SignLinear(2, 2.0), TypeError, "out_features was 2.0; an integer is accepted"),
        (lambda: SignLinear(2, 2, group=64), ValueError, "group was 64; None, 32 and 128 are accepted"),
        (lambda: SignLinear(2, 2, group=32.0), ValueError, "group was 32.0; None, 32 and 128 are accepted"),
        (lambda: SignLinear.from_linear(nn.Linear(0, 2)), ValueError, "linear.in_features was 0; at least 1 is"),
        (lambda: SignLinear.from_linear(nn.Linear(2, 0)), ValueError, "linear.out_features was 0; at least 1 is"),
        (lambda: SignLinear(2, 2, dtype=torch.float16), TypeError, "dtype was torch.float16; torch.float32 and"),
        (lambda: SignLinear.from_linear(nn.ReLU()), TypeError, "linear was ReLU; a torch.nn.Linear is accepted"),
        (lambda: SignLinear.from_linear(nn.Linear(2, 2), 16), ValueError, "group was 16; None, 32 and 128"),
        (
            lambda: SignLinear.from_linear(nn.Linear(2, 2, dtype=torch.bfloat16)),
            TypeError,
            "linear.weight has dtype bfloat16; float32 and float64 are accepted",
        ),
    ]:
        with pytest.raises(error, match=message):
            bad()
    linear = nn.Linear(2, 2)
    linear.weight.data[1, 0] = math.nan
    with pytest.raises(ValueError, match=r"linear.weight is not finite"):
        SignLinear.from_linear(linear)


def test_wrong_signs_scales_and_biases_are_named() -> None:
    signs = kousei.pack_signs(np.ones((3, 200)))
    one, many = torch.ones(3), torch.ones(3, 5)
    for arguments, error, message in [
        ((np.ones((3, 2)),), TypeError, "signs was ndarray; a kousei.PackedSigns is accepted"),
        ((signs, np.ones(3)), TypeError, "scales was ndarray; a torch.Tensor is accepted"),
        ((signs, one, [1, 1, 1]), TypeError, "bias was list; a torch.Tensor is accepted"),
        ((signs, one.half()), TypeError, "scales has dtype float16; float32 and float64 are accepted"),
        ((signs, one, one.double()), TypeError, "bias has dtype float64 and scales has float32; they must agree"),
        ((signs, many), ValueError, r"scales has shape \(3, 5\); one of \(3, 2\), \(3, 7\), \(3,\) is accepted"),
        ((signs, one, one[:2]), ValueError, r"bias has shape \(2,\); \(3,\) is accepted"),
        ((signs, one, one.to("meta")), ValueError, "bias lies on meta and scales on cpu; they must agree"),
    ]:
        with pytest.raises(error, match=message):
            SignLinear.from_signs(*arguments)


def test_wrong_points_are_named() -> None:
    layer = SignLinear(40, 3)
    with pytest.raises(TypeError, match="x was ndarray; a torch.Tensor is accepted"):
        layer(np.ones(40, np.float32))
    with pytest.raises(TypeError, match="scales has dtype float32 and x has float64; they must agree"):
        layer(torch.ones(40, dtype=torch.float64))
    with pytest.raises(TypeError, match="x has dtype bfloat16; float32 and float64 are accepted"):
        layer(torch.ones(40, dtype=torch.bfloat16))
    for shape in [(), (41,), (40, 1)]:
        with pytest.raises(ValueError, match=r"x has shape .*; \(\.\.\., 40\) is accepted"):
            layer(torch.ones(shape))
