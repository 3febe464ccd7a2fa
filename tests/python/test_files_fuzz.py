"""Files that were valid: whatever is changed, `kousei.load` gives a network or a ValueError, in bounded memory."""

import copy
import json
import tracemalloc
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import kousei
import test_files_binary
from test_files import dense, sparse, wave

#: What stands in for a value of JSON.
HOSTILE: list[Any] = [
    *(None, True, False, 0, 1, -1, 2, 2**31, 2**62, 2**63 - 1, 2**63, 2**64, 10**30, 0.5, -0.0, 1e308, 1e-320),
    *(
        "",
        "MLP",
        "FunahashiNetwork",
        "BinaryNetwork",
        "bits",
        "relu",
        "repu3",
        "F32",
        "F64",
        "I32",
        "U8",
        "BOOL",
        "é\0",
        "x" * 3000,
    ),
    *([], {}, [[]], [0, 8], [8, 0], [0, 2**62], [2**62, 2**62], [0] * 40, {"a": {}}, [["relu", 2]]),
]


def sources() -> list[Any]:
    binary = [make() for make in test_files_binary.NETWORKS.values()]
    return [*networks(), *binary, binary[0].layers[0]]


def networks() -> list[kousei.MLP]:
    formula = kousei.funahashi.fourier_series({(1, 0): 1.0, (1, 3): 0.5j}, [(-1, 1)] * 2, 1e-2)
    return [dense(), sparse(), wave(offset=0.5), formula, formula.astype("float32"), kousei.MLP.random([2, 1], rng=0)]


def split(file: bytes) -> tuple[dict[str, Any], bytes]:
    end = 8 + int.from_bytes(file[:8], "little")
    header = json.loads(file[8:end])
    return header, file[end:]


def joined(header: Any, data: bytes) -> bytes:
    text = json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + data


def changed_json(value: Any, rng: np.random.Generator) -> Any:
    """The value with one node of it replaced, doubled or dropped."""
    value = copy.deepcopy(value)
    node: Any = value
    while True:
        keys = list(node) if isinstance(node, dict) else list(range(len(node)))
        if not keys:
            return HOSTILE[rng.integers(len(HOSTILE))]
        key = keys[rng.integers(len(keys))]
        if not isinstance(node[key], dict | list) or rng.random() < 0.3:
            break
        node = node[key]
    action = rng.integers(4)
    if action == 0:
        del node[key]
    elif action == 1 and isinstance(node, dict):
        node[f"{key}x"] = node.pop(key)
    elif action == 1:
        node.insert(key, node[key])
    else:
        node[key] = HOSTILE[rng.integers(len(HOSTILE))]
    return value


def changed_bytes(file: bytes, others: list[bytes], rng: np.random.Generator) -> bytes:
    at, end = sorted(rng.integers(0, len(file) + 1, 2))
    action = rng.integers(5)
    if action == 0:
        flipped = bytearray(file)
        for _ in range(rng.integers(1, 5)):
            flipped[rng.integers(len(file))] ^= 1 << int(rng.integers(8))
        return bytes(flipped)
    if action == 1:
        return file[:at]
    if action == 2:
        return file[:at] + file[end:]
    if action == 3:
        other = others[rng.integers(len(others))]
        return file[:at] + other[at:]
    return file[:at] + rng.bytes(int(rng.integers(1, 20))) + file[at:]


def changed(file: bytes, others: list[bytes], rng: np.random.Generator) -> bytes:
    header, data = split(file)
    action = rng.integers(6)
    if action == 0:
        return changed_bytes(file, others, rng)
    if action == 1:  # the data alone
        return joined(header, changed_bytes(data or b"\0", others, rng))
    if action == 2 and data:  # one number
        numbers = bytearray(data)
        at = int(rng.integers(len(data))) // 4 * 4
        numbers[at : at + 4] = [b"\0\0\xc0\x7f", b"\xff\xff\xff\xff", b"\xff\xff\xff\x7f", rng.bytes(4)][
            rng.integers(4)
        ]
        return joined(header, bytes(numbers))
    if action in (3, 4):
        state = json.loads(header["__metadata__"]["kousei"])
        for _ in range(rng.integers(1, 3)):
            state = changed_json(state, rng)
            if not isinstance(state, dict | list):
                break
        header["__metadata__"]["kousei"] = json.dumps(state)
        return joined(header, data)
    return joined(changed_json(header, rng), data)


def fuzz(path: Path, runs: int, seed: int) -> dict[str, int]:
    rng = np.random.default_rng(seed)
    files = []
    for net in sources():
        kousei.save(path, net)
        files.append(path.read_bytes())
        kousei.load(path)
    outcomes = {"network": 0, "refused": 0}
    file = path.open("wb", buffering=0)
    tracemalloc.start()
    try:
        for _ in range(runs):
            content = changed(files[rng.integers(len(files))], files, rng)
            # Opened once: creating a file may take longer than reading it.
            file.seek(0)
            file.write(content)
            file.truncate()
            before, _ = tracemalloc.get_traced_memory()
            tracemalloc.reset_peak()
            try:
                net = kousei.load(path)
            except ValueError as error:
                assert len(str(error)) < 2000  # noqa: PT017
                outcomes["refused"] += 1
                continue
            finally:
                _, peak = tracemalloc.get_traced_memory()
                assert peak - before < 64 * len(content) + 500_000
            outcomes["network"] += 1
            if not isinstance(net, kousei.PackedSigns) and max(net.sizes) < 10_000:
                evaluate(net)
    finally:
        tracemalloc.stop()
        file.close()
    return outcomes


def evaluate(net: kousei.MLP | kousei.BinaryNetwork) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # overflow
        try:
            # The dense sum: what a method costs is estimated for numbers of moderate size.
            method = {"method": "dense"} if isinstance(net, kousei.FunahashiNetwork) else {}
            values = net(np.full((3, net.dim), 0.5, net.dtype), **method)
        except ValueError as error:
            assert "cannot hold" in str(error)  # noqa: PT017
            return
    assert values.shape[0] == 3


def test_changed_files(tmp_path: Path) -> None:
    outcomes = fuzz(tmp_path / "net", 1500, seed=0)
    assert min(outcomes.values()) > 50


@pytest.mark.slow
def test_many_changed_files(tmp_path: Path) -> None:
    outcomes = fuzz(tmp_path / "net", 100_000, seed=1)
    assert min(outcomes.values()) > 1000
