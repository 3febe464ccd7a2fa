"""Binary networks as objects: by ranks and by bits, their fields, and what they refuse."""

import copy
import pickle
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import kousei
from kousei.activation import Mixed, PiecewiseLinear, leaky_relu
from kousei.binary import Chain, Multiples
from kousei.binary.chain import chain_of
from kousei.binary.decomposition import chain
from kousei.binary.multiples import multiples_of
from support import Library, random_network, same_for_threads

FORMS = ["auto", "ranks", "packed"]


def small_network(rng: np.random.Generator, most: int = 2000) -> kousei.MLP:
    while np.prod((net := random_network(rng, ["relu", "leaky_relu", "abs"], least_depth=0)).sizes[1:]) > most:
        pass
    return net


def size_of(binary: kousei.BinaryNetwork, x: np.ndarray) -> float:
    """What the moduli of the weights add up."""
    net = binary.to_mlp()
    size = np.abs(x)
    for weight, bias in zip(net.weights, net.biases, strict=True):
        size = size @ np.abs(weight.T) + np.abs(bias)
    return float(size.max())


@pytest.mark.parametrize("seed", range(60))
def test_forms_agree(seed: int, dtype: str) -> None:
    rng = np.random.default_rng(seed)
    net = small_network(rng).astype(dtype)
    binary = kousei.binarize(net, bias=["affine", "strict"][seed % 2])
    x = rng.normal(size=(int(rng.integers(1, 70)), net.dim)).astype(dtype)
    expected = binary.to_mlp()(x)
    bound = 20 * np.finfo(dtype).eps * size_of(binary, x)
    for form in FORMS:
        assert np.abs(binary(x, form=form) - expected).max() <= bound


def test_a_wide_network_by_its_ranks(rng: np.random.Generator, dtype: str) -> None:
    net = kousei.MLP.random([16, 32, 16, 10], rng=0).astype(dtype)
    binary = kousei.binarize(net)
    assert binary.sizes == (16, 5120, 160, 10)
    for points in (1, 3, 33, 300):
        x = rng.normal(size=(points, 16)).astype(dtype)
        assert binary(x) == pytest.approx(net(x), rel=0, abs=1e-12 if dtype == "float64" else 2e-4)


def test_layers_of_both_kinds_in_one_network(rng: np.random.Generator) -> None:
    binary = kousei.binarize(kousei.MLP.random([3, 6, 5, 2], rng=0))
    mixed = replace(binary, chains=(None, binary.chains[1]))
    x = rng.normal(size=(50, 3))
    assert mixed(x) == pytest.approx(binary(x), rel=1e-12)
    with pytest.raises(
        ValueError, match=re.escape("form was 'ranks' and layers[0] does not consist of chains; 'auto'")
    ):
        mixed(x, form="ranks")
    with pytest.raises(ValueError, match="form was 'bits'; 'auto', 'ranks' and 'packed' are accepted"):
        mixed(x, form="bits")


@pytest.mark.parametrize("activation", ["repu2", "leaky_relu", Mixed([("repu3", 2), ("abs", 1), ("relu", 1)])])
def test_rows_are_activated_and_their_multiples_taken(activation: Any, rng: np.random.Generator, dtype: str) -> None:
    """Unit k is f(scales[k] z) = scales[k]^p f(z)."""
    sources = np.array([3, 0, 0, 2, 1, 0], np.int32)
    signs = rng.choice([-1, 1], (5, 6))
    binary = kousei.BinaryNetwork(
        weight=rng.normal(size=(4, 3)).astype(dtype),
        bias=rng.normal(size=4).astype(dtype),
        sources=sources,
        scales=rng.uniform(0.5, 2, 6),
        layers=(kousei.pack_signs(signs),),
        biases=(np.zeros(5, dtype),),
        activations=(
            kousei.MLP([np.zeros((4, 1)), np.zeros((1, 4))], [np.zeros(4), np.zeros(1)], [activation]).activations[0],
        ),
        chains=(None,),
        method="dyadic",
    )
    x = rng.normal(size=(20, 3)).astype(dtype)
    rtol = 100 * np.finfo(dtype).eps
    np.testing.assert_allclose(binary(x), binary.to_mlp()(x), rtol=rtol, atol=rtol)


def test_threads(rng: np.random.Generator) -> None:
    binary = kousei.binarize(kousei.MLP.random([8, 20, 10, 5], rng=0))
    for points in (1, 9, 500):
        x = rng.normal(size=(points, 8))
        same_for_threads(lambda x=x: [binary(x, form=form) for form in FORMS])


def test_chains_of_a_matrix(rng: np.random.Generator) -> None:
    cases = [rng.normal(size=(7, 5)), rng.integers(-2, 3, (9, 20)), np.zeros((3, 2)), np.zeros((0, 3)), [[5.0]]]
    cases += [[[2.0, 0, 1], [-2, 0, 1]], [[5e-324], [0.0]], [[1e308, -1e308], [-1e308, -1e308]]]
    for case in cases:
        matrix = np.array(case, float)
        units, found = chain(matrix), chain_of(matrix)
        assert np.array_equal(found.pack().unpack(), units.signs(matrix))
        assert np.array_equal(np.repeat(found.sources, found.counts), units.sources)
        assert found.shape == (len(matrix), len(units.coefs))
    assert repr(chain_of(np.array([[3.0], [1.0], [-2.0]]))) == "Chain(3 x 3, of 1 columns)"


def test_signs_are_made_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    binary = kousei.binarize(kousei.MLP.random([3, 6, 5, 2], rng=0))
    kousei.save(tmp_path / "net", binary)
    for net in (binary, kousei.load(tmp_path / "net")):
        assert all(layer is chain.pack() for layer, chain in zip(net.layers, net.chains, strict=True))
        monkeypatch.setattr("kousei.binary.chain._core.cpu.binary_signs", None)
        net.astype("float32")
        monkeypatch.undo()


def test_ranks_of_many_rows() -> None:
    matrix = np.arange(70000.0)[:, None]
    found = chain_of(matrix)
    assert found.ranks.dtype == np.uint32
    assert found.ranks[:, 0].tolist() == list(range(69999, -1, -1))
    net = kousei.MLP([np.ones((1, 1)), matrix], [np.zeros(1), np.zeros(70000)], ["relu"])
    found = kousei.BinaryNetwork(
        weight=np.ones((1, 1)),
        bias=np.zeros(1),
        sources=np.zeros(2, np.int32),
        scales=np.ones(2),
        layers=(kousei.PackedSigns(np.zeros((70000, 4), np.uint32), (70000, 2)),),
        biases=(np.zeros(70000),),
        activations=net.activations,
        chains=(Chain(np.full((70000, 1), 1, np.uint32), np.zeros(1, np.int32), np.array([-1], np.int8)),),
        method="chain",
    )
    assert np.array_equal(found(np.array([[3.0]])), np.full((1, 70000), -6.0))


def test_fields_are_read_only_and_pickled(rng: np.random.Generator) -> None:
    binary = kousei.binarize(kousei.MLP.random([3, 4, 4, 2], rng=0))
    x = rng.normal(size=(5, 3))
    values = binary(x)
    for net in (binary, pickle.loads(pickle.dumps(binary)), copy.copy(binary), copy.deepcopy(binary)):
        multiples, chain = net.multiples[0], net.chains[0]
        arrays = [net.weight, net.bias, net.sources, net.scales, *net.biases, *(layer.words for layer in net.layers)]
        arrays += [multiples.rows, multiples.scales, multiples.kept, multiples.sources]
        arrays += [chain.ranks, chain.sources, chain.signs, chain.counts]
        for array in arrays:
            with pytest.raises(ValueError, match="read-only"):
                array[:1] = 0
        assert net.layers[0] is chain.pack()
        assert np.array_equal(net(x), values)
        assert net.error_bound([(-1, 1)] * 3).total == 0
    chain = chain_of(rng.normal(size=(200, 3)))
    size = len(pickle.dumps(chain))
    chain.pack()
    assert len(pickle.dumps(chain)) == size


def test_bits_alone_are_brought_to_the_kernels_once(rng: np.random.Generator) -> None:
    net = kousei.MLP.random([3, 4, 4, 2], rng=0)
    x = rng.normal(size=(5, 3))
    for method, bits, ways in (("bits", 3, 1), ("dyadic", None, 2), ("chain", None, 2)):
        binary = kousei.binarize(net, method, bits)
        for form in ("auto", "packed", "auto"):
            binary(x, form=form)
        assert len(binary._kept) == ways


def test_other_dtypes(rng: np.random.Generator) -> None:
    binary = kousei.binarize(kousei.MLP.random([3, 4, 2], rng=0))
    x = rng.normal(size=(5, 3))
    single = binary.astype("float32")
    assert single.dtype == np.float32
    assert single(x.astype(np.float32)) == pytest.approx(binary(x), rel=1e-5, abs=1e-5)
    assert binary.like(x.astype(np.float32)).dtype == np.float32
    with pytest.raises(TypeError, match="dtype was int8; float32 and float64 are accepted"):
        binary.astype("int8")
    with pytest.raises(ValueError, match="scales, to the power of their activation, has an entry that float32"):
        replace(binary, scales=np.full(binary.sizes[1], 1e40)).astype("float32")


def test_tensors(rng: np.random.Generator) -> None:
    torch = pytest.importorskip("torch")
    binary = kousei.binarize(kousei.MLP.random([3, 4, 2], rng=0))
    x = rng.normal(size=(5, 3))
    out = torch.empty(5, 2, dtype=torch.float64)
    assert binary(torch.from_numpy(x), out=out) is out
    assert np.array_equal(out.numpy(), binary(x))


@pytest.mark.parametrize("method", ["chain", "dyadic"])
def test_in_the_memory_of_the_points(
    library: Library, dtype: str, method: str, monkeypatch: pytest.MonkeyPatch, rng: np.random.Generator
) -> None:
    net = kousei.MLP.random([3, 4, 3, 2], rng=0)
    weights, biases = ([np.rint(8 * array) / 8 for array in group] for group in (net.weights, net.biases))
    net = kousei.MLP(weights, biases, [Mixed([("leaky_relu", 2), ("relu", 2)]), "repu2"]).astype(dtype)
    binary = kousei.binarize(net, method)
    x = rng.normal(size=(2, 9, 3)).astype(dtype)
    points = library.asarray(x)
    there = binary.like(points)
    expected = binary(x)
    tolerance = 1000 * np.finfo(dtype).eps * np.abs(expected).max()
    values = there(points)
    assert type(values) is type(points)
    np.testing.assert_allclose(library.numpy(values), expected, rtol=0, atol=tolerance)
    np.testing.assert_allclose(library.numpy(there.to_mlp().like(points)(points)), expected, rtol=0, atol=tolerance)
    assert str(there.summary()) == str(binary.summary())
    assert library.numpy(there(library.asarray(x[:, :0]))).shape == (2, 0, 2)
    if library.name != "numpy:read-only":
        out = library.asarray(np.full(expected.shape, np.nan, dtype))
        assert there(points, out=out) is out
        np.testing.assert_array_equal(library.numpy(out), library.numpy(values))
    back = there.like(x)
    assert np.array_equal(back(x), expected)
    if library.on_gpu:
        monkeypatch.setattr("kousei.binary.device._BLOCK_BYTES", 1000)
        for form in ("auto", "packed"):
            values = library.numpy(there(points, form=form))
            np.testing.assert_allclose(values, expected, rtol=0, atol=tolerance)
        where = "x lies in CUDA memory" if method == "chain" else "layers.0. does not consist of chains"
        with pytest.raises(ValueError, match=f"form was 'ranks' and {where}"):
            there(points, form="ranks")
        with pytest.raises(TypeError, match="x lies in the memory of CUDA device 0 and the network in host memory"):
            binary(points)
        with pytest.raises(TypeError, match=r"layers\[0\] lies in host memory and weight in the memory of CUDA"):
            replace(there, layers=binary.layers)


def test_error_bound_of_a_network_whose_source_is_not_there() -> None:
    net = kousei.MLP.random([3, 4, 3, 2], rng=0)
    box = [(-1, 1)] * 3
    for bias in ("affine", "strict"):
        binary = kousei.binarize(net, "bits", bits=8, bias=bias)
        read = replace(binary, source=None)
        assert read.error_bound(box, net) == binary.error_bound(box)
        assert str(read.summary()) == str(binary.summary())
        with pytest.raises(ValueError, match="net was None; the network this one was made from is accepted"):
            read.error_bound(box)
        with pytest.raises(ValueError, match="which is not the network this one was made from"):
            read.error_bound(box, kousei.MLP.random([3, 4, 3, 2], rng=1))
    exact = replace(kousei.binarize(net), source=None)
    assert exact.error_bound(box).total == 0


def refused(kind: type[Exception], message: str, binary: kousei.BinaryNetwork, **fields: Any) -> None:
    with pytest.raises(kind, match=re.escape(message)):
        replace(binary, **fields)


def test_fields_that_do_not_fit() -> None:
    net = kousei.MLP.random([2, 4, 3, 2], rng=0)
    binary = kousei.binarize(net)  # 2 -> 24 -> 6 -> 2
    weight, scales, sources = np.array(binary.weight), np.array(binary.scales), np.array(binary.sources)
    first, second = binary.biases
    refused(TypeError, "weight was list; a NumPy, CuPy or torch array", binary, weight=[[1.0]])
    refused(TypeError, "bias has dtype float32 and weight has float64", binary, bias=binary.bias.astype("float32"))
    refused(TypeError, "weight has dtype int64; float32 and float64 are accepted", binary, weight=weight.astype(int))
    refused(TypeError, "sources has dtype int64; int32 is accepted", binary, sources=sources.astype(int))
    refused(TypeError, "scales has dtype float32; float64 is accepted", binary, scales=scales.astype("float32"))
    refused(ValueError, "weight has shape (8,); (rows, dim), not empty", binary, weight=weight.reshape(-1))
    refused(ValueError, "bias has shape (3,); (4,) is accepted", binary, bias=binary.bias[:3])
    refused(ValueError, "scales has shape (23,); (24,) is accepted", binary, scales=scales[:23])
    refused(ValueError, "sources has shape (4, 6); (24,) is accepted", binary, sources=sources.reshape(4, 6))
    for wrong in (-1, 4):
        refused(
            ValueError,
            "sources has an entry that is not 0 to 3",
            binary,
            sources=np.where(sources, sources, wrong).astype(np.int32),
        )
    for bad in (0, -1, np.nan, np.inf):
        refused(ValueError, "scales has an entry that is not positive and finite", binary, scales=scales * bad)
    refused(ValueError, "there are 1 biases and 2 layers", binary, biases=(first,))
    refused(ValueError, "there are 3 chains and 2 layers", binary, chains=(*binary.chains, None))
    refused(ValueError, "there are 0 activations and 2 layers", binary, activations=())
    refused(ValueError, "biases[1] has shape (6,); (2,) is accepted", binary, biases=(first, first))
    refused(ValueError, "layers[0] has 6 columns; 24 are accepted", binary, layers=binary.layers[::-1])
    refused(TypeError, "layers[0] was ndarray; a kousei.PackedSigns", binary, layers=(np.ones((6, 24)), second))
    refused(TypeError, "layers[0] was int; a kousei.PackedSigns", binary, layers=(1, binary.layers[1]))
    refused(TypeError, "activations[0] was str; a kousei.Activation", binary, activations=("relu", "relu"))
    refused(ValueError, "method was 'signs'; 'chain', 'dyadic', 'auto' and 'bits' are", binary, method="signs")
    refused(ValueError, "bits was None; with method='bits' 1 to 24", binary, method="bits")
    refused(ValueError, "bits was 3 and method 'chain', which is exact", binary, bits=3)
    refused(ValueError, "bias was 'none'; 'affine' and 'strict' are accepted", binary, bias_mode="none")
    refused(ValueError, "there are 0 errors; 2 are accepted for method 'bits'", binary, method="bits", bits=3)
    refused(ValueError, "chains[0] does not give the signs of layers[0]", binary, chains=binary.chains[::-1])
    rows = np.array([0, 0, 2, 3, 4, 5], np.int32)
    multiples = Multiples(rows, np.where(np.arange(6) == 1, 0.5, 1))
    refused(ValueError, "there are 1 multiples and 2 layers; as many are", binary, multiples=(multiples,))
    refused(
        ValueError, "multiples[1] was Multiples(6 units, of 5) for the outputs", binary, multiples=(None, multiples)
    )
    refused(TypeError, "multiples[0] was str; a kousei.binary.Multiples or None", binary, multiples=("a", None))
    refused(TypeError, "chains[0] was str; a kousei.binary.Chain or None is accepted", binary, chains=("a", None))
    listed = replace(binary, **{name: list(getattr(binary, name)) for name in ("multiples", "chains", "layers")})
    assert (listed.multiples, listed.chains) == (binary.multiples, binary.chains)
    assert listed.layers == binary.layers
    short = Multiples(rows[:4], multiples.scales[:4])
    refused(ValueError, "multiples[0] is of 4 units; 6 are accepted", binary, multiples=(short, None))
    mixed = (binary.activations[0], Mixed([(leaky_relu(0.1), 1), ("relu", 5)]))
    refused(
        ValueError,
        "multiples[0] has a unit of another activation than its multiple",
        binary,
        multiples=(multiples, None),
        activations=mixed,
    )
    other = kousei.pack_signs(-binary.layers[1].unpack())
    refused(ValueError, "chains[1] does not give the signs of layers[1]", binary, layers=(binary.layers[0], other))
    smooth = kousei.Activation("tanh")
    relu = binary.activations[0]
    refused(ValueError, "activations[1] was 'tanh'; a positively homogeneous", binary, activations=(relu, smooth))
    kinked = PiecewiseLinear([1.0], [0, 1], 0.0)
    refused(ValueError, "a positively homogeneous one is accepted", binary, activations=(kinked, relu))
    refused(ValueError, "for 3 units; the layer has 4", binary, activations=(Mixed([(relu, 2), ("abs", 1)]), relu))
    refused(
        ValueError,
        "there are no outputs",
        kousei.binarize(kousei.MLP.random([2, 3], rng=0)),
        sources=np.empty(0, np.int32),
        scales=np.empty(0),
    )


def test_multiples_that_are_none() -> None:
    rows, scales = np.array([1, 1, 2], np.int32), np.array([0.5, 1, 1])
    assert Multiples(rows, scales).sources.tolist() == [0, 0, 1]
    for error, message, arrays in (
        (TypeError, "rows has dtype int64; int32 is accepted", (rows.astype(int), scales)),
        (TypeError, "scales was list; a NumPy array", (rows, [0.5, 1, 1])),
        (ValueError, "scales has shape (2,); (3,) is accepted", (rows, scales[:2])),
        (ValueError, "rows has shape (1, 3); (3,) is accepted", (rows[None], scales)),
        (ValueError, "rows has an entry that is not 0 to 2, a unit", (rows + 1, scales)),
        (ValueError, "rows has an entry that is not 0 to 2, a unit", (rows - 2, scales)),
        (ValueError, "rows has an entry that is a multiple itself", (np.array([1, 2, 2], np.int32), scales)),
        (ValueError, "scales has an entry that is not in (0, 1]", (rows, scales * [0, 1, 1])),
        (ValueError, "scales has an entry that is not in (0, 1]", (rows, scales * [4, 1, 1])),
        (ValueError, "scales has an entry that is not in (0, 1]", (rows, scales * [np.nan, 1, 1])),
        (ValueError, "or not 1 for a unit of itself", (rows, scales * [1, 0.5, 1])),
    ):
        with pytest.raises(error, match=re.escape(message)):
            Multiples(*arrays)


def test_biases_are_held_against_multiples(dtype: str) -> None:
    net = kousei.MLP.random([2, 4, 3, 2], rng=0)
    net = kousei.MLP(net.weights, [bias + 1 for bias in net.biases], ["relu", "repu3"]).astype(dtype)
    binary = kousei.binarize(net)
    multiples, bias = binary.multiples[0], binary.biases[0]
    rows = np.arange(len(bias))
    multiple = int(np.flatnonzero(multiples.rows != rows)[0])
    row = int(multiples.rows[multiple])
    message = f"biases[0] are not the multiples that multiples[0] says: unit {multiple} has "
    refused(ValueError, message, binary, biases=(np.where(rows == multiple, -bias, bias), binary.biases[1]))
    for unit in (multiple, row):
        for wrong in (np.inf, -np.inf, np.nan, 2 * bias[unit], bias[unit] * 1.00001):
            biases = (np.where(rows == unit, wrong, bias).astype(dtype), binary.biases[1])
            refused(ValueError, "biases[0] are not the multiples", binary, biases=biases)
            assert replace(binary, biases=biases, multiples=()).multiples == (None, None)


@pytest.mark.parametrize("bias", ["affine", "strict"])
@pytest.mark.parametrize("activation", ["relu", "repu2", Mixed([("repu3", 2), ("leaky_relu", 1), ("relu", 3)])])
def test_rows_of_signs_are_multiples(activation: Any, bias: str, rng: np.random.Generator) -> None:
    """Of unit (p, q) of a hidden layer, c_pq^(1/r) times the sum that its unit p has in the given network."""
    net = kousei.MLP.random([3, 6, 6, 6, 2], rng=0)
    coarse = [np.rint(4 * array) / 4 for array in net.weights]
    net = kousei.MLP(coarse, [np.rint(4 * array) / 4 for array in net.biases], [activation] * 3)
    for method in ("chain", "auto", "dyadic"):
        binary = kousei.binarize(net, method, bias=bias)
        assert binary.multiples[-1] is None
        for layer, multiples in enumerate(binary.multiples[:-1]):
            assert len(multiples.kept) <= 6 + (bias == "strict") < len(multiples.rows)
            below = binary.to_mlp()
            weights, biases = below.weights[: layer + 2], below.biases[: layer + 2]
            sums = kousei.MLP(weights, biases, below.activations[: layer + 1])(rng.normal(size=(20, 3)))
            expected = multiples.scales * sums[:, multiples.rows]
            assert np.abs(sums - expected).max() <= 1e-11 * np.abs(sums).max()
    assert kousei.binarize(kousei.MLP.random([3, 4, 4, 2], rng=0), "bits", bits=3).multiples == (None, None)


def test_a_multiple_that_underflows_stands_for_itself() -> None:
    found = multiples_of(np.array([0, 0, 0, 2, 0]), np.array([1e-300, 1e300, 1, 5.0, 1e-10]))
    assert found.rows.tolist() == [0, 1, 1, 3, 4]
    assert found.scales.tolist() == [1, 1, 1e-300, 1, 1]
    assert multiples_of(np.arange(3), np.array([0.5, 2, 3])) is None


def test_chains_that_are_none() -> None:
    ranks, sources, signs = np.array([[0, 0], [1, 0]], np.uint16), np.arange(2, dtype=np.int32), np.ones(2, np.int8)
    assert Chain(ranks, sources, signs).shape == (2, 3)
    for error, message, arrays in (
        (TypeError, "ranks was list; a NumPy array", ([[0]], sources, signs)),
        (ValueError, "ranks has shape (4,); (rows, columns)", (ranks.reshape(-1), sources, signs)),
        (TypeError, "ranks has dtype uint32; uint16 is accepted for 2 rows", (ranks.astype("u4"), sources, signs)),
        (TypeError, "sources has dtype int64; int32", (ranks, sources.astype(int), signs)),
        (TypeError, "signs has dtype float64; int8", (ranks, sources, signs.astype(float))),
        (ValueError, "signs has shape (1,); (2,)", (ranks, sources, signs[:1])),
        (ValueError, "sources does not ascend", (ranks, sources[::-1], signs)),
        (ValueError, "sources does not ascend from 0 on", (ranks, sources - 1, signs)),
        (ValueError, "signs has an entry that is not -1, 0 or 1", (ranks, sources, np.array([1, -128], np.int8))),
        (ValueError, "ranks has the entry 2; less than the number of rows, 2", (ranks * 2, sources, signs)),
        (
            ValueError,
            "ranks and signs are 0 in column 1",
            (ranks, sources, signs * np.array([1, 0], np.int8)),
        ),
    ):
        with pytest.raises(error, match=re.escape(message)):
            Chain(*arrays)
