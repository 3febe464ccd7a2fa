"""Networks in safetensors files."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from kousei._lib import _core
from kousei._lib.errors import check_callable, check_type, said
from kousei._lib.whole_files import replacing
from kousei.activation import Activation
from kousei.io import mlp, packed
from kousei.io.state import Arrays, Config, check_names, entry, one_of, shown
from kousei.network import MLP
from kousei.packed import PackedSigns, ScaledSigns

#: A weight, a bias and an activation.
SignedLayer: TypeAlias = tuple[Any, Any, Activation | None]

#: Version of what the files say. A file of a newer one is refused.
FORMAT: int = _core.file_format

_CODES = {"F64": "f8", "F32": "f4", "I64": "i8", "I32": "i4", "I8": "i1", "U32": "u4", "U16": "u2"}
_DTYPES = {name: np.dtype(code) for name, code in _CODES.items()}


class _Kind(NamedTuple):
    cls: type
    to_state: Callable[[Any], tuple[Config, Arrays]]
    from_state: Callable[[Config, Arrays], Any]
    to_layers: Callable[[Any], Sequence[SignedLayer]] | None = None


_kinds = {
    "MLP": _Kind(MLP, mlp.to_state, mlp.from_state),
    "PackedSigns": _Kind(PackedSigns, packed.to_state, packed.from_state),
    "ScaledSigns": _Kind(ScaledSigns, packed.scaled_to_state, packed.scaled_from_state),
}

#: Rooms that `kousei` imports later, by the names of classes that are registered once these are asked for there.
HOMES: dict[str, str] = {}


def register(
    cls: type,
    to_state: Callable[[Any], tuple[Config, Arrays]],
    from_state: Callable[[Config, Arrays], Any],
    to_layers: Callable[[Any], Sequence[SignedLayer]] | None = None,
) -> None:
    """Make `save` and `load` know a class of networks, and `to_onnx` one that is no MLP.

    Parameters
    ----------
    cls : type
        The class, known in files by its name. Subclasses are other classes.
    to_state : callable
        Takes a network, returns what makes it one: a dict for JSON, and a dict of NumPy arrays of float32, float64,
        int64, int32, int8, uint32 or uint16.
    from_state : callable
        Takes the two, with nothing but JSON's types in the first, and returns the network. What they say comes from
        a file and may be anything: ValueError and TypeError are its answers to what makes no network.
    to_layers : callable, optional
        Takes a network, returns the weight, the bias and the activation of each layer, as `to_onnx` writes them: a
        weight is an array or a `PackedSigns`, an activation positively homogeneous, or None.

    Examples
    --------
    An MLP with a name:

    >>> import kousei
    >>> from kousei.io import mlp
    >>> class Named(kousei.MLP):
    ...     name = ""
    >>> def to_state(net):
    ...     config, arrays = mlp.to_state(net)
    ...     return {"name": net.name, "network": config}, arrays
    >>> def from_state(config, arrays):
    ...     plain = mlp.from_state(config["network"], arrays)
    ...     net = Named(plain.weights, plain.biases, plain.activations)
    ...     net.name = config["name"]
    ...     return net
    >>> kousei.io.register(Named, to_state, from_state)
    """
    check_type("cls", cls, type, "a class")
    check_callable("to_state", to_state)
    check_callable("from_state", from_state)
    if to_layers is not None:
        check_callable("to_layers", to_layers)
    _kinds[cls.__name__] = _Kind(cls, to_state, from_state, to_layers)


def layers_of_kind(net: Any) -> Sequence[SignedLayer] | None:
    """Return the layers of a network by `to_layers` of its class; None where that has none."""
    kind = _kinds.get(type(net).__name__)
    return kind.to_layers(net) if kind and kind.cls is type(net) and kind.to_layers else None


def save(path: str | os.PathLike[str], net: Any) -> None:
    """Write a network into a safetensors file.

    A file that is there is replaced once the new one is complete.

    Parameters
    ----------
    path : str or os.PathLike
        The file.
    net : MLP, FunahashiNetwork, BinaryNetwork, PolynomialNetwork, ConstructedNetwork, PackedSigns or ScaledSigns
        With arrays of any library; those on a device are copied from it. Or a VisualSemanticEmbedding, a PartialVSE
        or an OutfitScorer, of `kousei.fashion`.

    Raises
    ------
    TypeError
        If `path` is no path, or the class of the network is not known to `register`.
    ValueError
        If an activation is a Python function, which no file holds, or `load` would refuse the file: its header is
        longer than 4 MiB, or a number is not finite that has to be.
    OSError
        If the file cannot be written.

    Examples
    --------
    >>> import os, tempfile
    >>> import kousei
    >>> net = kousei.MLP.random([2, 10, 1], "tanh", rng=0)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = os.path.join(folder, "net.safetensors")
    ...     kousei.save(path, net)
    ...     kousei.load(path)
    MLP(2 -> 10 tanh -> 1, float64, 41 parameters)
    """
    _check_path(path)
    name = type(net).__name__
    kind = _kinds.get(name)
    if kind is None or kind.cls is not type(net):
        raise TypeError(f"net was {name}; {one_of(_known())} are accepted")
    config, arrays = kind.to_state(net)
    # The largest elements first, so that each tensor is aligned.
    arrays = dict(sorted(arrays.items(), key=lambda of: (-of[1].itemsize, of[0])))
    metadata = {"kousei": json.dumps({"format": FORMAT, "class": name, "config": config}, allow_nan=False)}
    start = _header(metadata, arrays)
    # What `load` would refuse is not written.
    _core.read_safetensors_header(start, len(start) + sum(array.nbytes for array in arrays.values()))
    _network_of(metadata, lambda: arrays)
    with replacing(path) as written, open(written, "wb") as file:
        file.write(start)
        for array in arrays.values():
            array.tofile(file)


def _check_path(path: Any) -> None:
    check_type("path", path, str | bytes | os.PathLike, "a str, bytes or os.PathLike")


def load(path: str | os.PathLike[str]) -> Any:
    """Read a network from a safetensors file that `save` wrote.

    Nothing of the file is run, and nothing is allocated that is not in it.

    Parameters
    ----------
    path : str or os.PathLike
        The file.

    Returns
    -------
    MLP, FunahashiNetwork, BinaryNetwork, PolynomialNetwork, ConstructedNetwork, PackedSigns or ScaledSigns
        Of the class that was saved, with NumPy arrays of the same values and dtype; ``net.like(x)`` brings them to
        another library or device. Sparse weights are `scipy.sparse.csr_array`. Modules of `kousei.fashion` are on
        the CPU.

    Raises
    ------
    TypeError
        If `path` is no path.
    ValueError
        If the file is not a safetensors file, is cut off, has a header of more than 4 MiB, is not a network of
        kousei, was written by a newer version, or is not consistent: the message names the file and says which.
    OSError
        If the file cannot be read.
    ImportError
        If it holds a module of `kousei.fashion`, and torch is not installed.

    Examples
    --------
    See `save`.
    """
    _check_path(path)
    name = os.fspath(path)
    with open(name, "rb") as file:
        try:
            size = os.fstat(file.fileno()).st_size
            start = file.read(8)
            start += file.read(_core.safetensors_header_bytes(start, size))
            tensors, metadata = _core.read_safetensors_header(start, size)
            return _network_of(
                metadata, lambda: {tensor: _read(file, tensor, *tensors[tensor]) for tensor in tensors}
            )
        except (TypeError, ValueError) as error:
            raise ValueError(f"{name}: {said(error)}") from error


def _header(metadata: dict[str, str], arrays: Arrays) -> bytes:
    """Return what a file begins with: the length of its header, and the header."""
    names = {dtype: name for name, dtype in _DTYPES.items()}
    header: Config = {"__metadata__": metadata}
    first = 0
    for name, array in arrays.items():
        if array.dtype not in names:
            raise TypeError(f"array {name!r} has dtype {array.dtype}; {one_of(map(str, names))} are accepted")
        offsets = [first, first + array.nbytes]
        header[name] = {"dtype": names[array.dtype], "shape": array.shape, "data_offsets": offsets}
        first += array.nbytes
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text


def _network_of(metadata: dict[str, str], read: Callable[[], Arrays]) -> Any:
    if "kousei" not in metadata:
        raise ValueError("there is no 'kousei' in its metadata; a file of kousei.save is accepted")
    file = _parse(metadata["kousei"])
    version = entry(file, "format", int)
    if version != FORMAT:
        newer = ", written by a newer kousei" if version > FORMAT else ""
        raise ValueError(f"it is of format {shown(version)}{newer}; {FORMAT} is accepted")
    check_names("metadata", file, ("format", "class", "config"))
    name = entry(file, "class", str)
    if name not in _known():
        raise ValueError(f"the class of the network is {shown(name)}; {one_of(_known())} are accepted")
    if name not in _kinds:
        getattr(import_module(HOMES[name]), name)
    with np.errstate(all="ignore"):  # what is not finite is for from_state to accept or to refuse
        return _kinds[name].from_state(entry(file, "config", dict), read())


def _known() -> list[str]:
    return [*dict.fromkeys((*_kinds, *HOMES))]


def _parse(text: str) -> Config:
    def members(pairs: list[tuple[str, Any]]) -> Config:
        names = dict(pairs)
        if len(names) < len(pairs):
            raise ValueError("a name is there twice")
        return names

    def constant(name: str) -> float:
        raise ValueError(f"{name} is no JSON")

    try:
        parsed = json.loads(text, object_pairs_hook=members, parse_constant=constant)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"its metadata 'kousei' is malformed: {error}") from None
    if not isinstance(parsed, dict):
        raise ValueError("its metadata 'kousei' is malformed: a JSON object is accepted")
    return parsed


def _read(file: Any, name: str, dtype: str, shape: tuple[int, ...], first: int) -> np.ndarray[Any, Any]:
    if dtype not in _DTYPES:
        raise ValueError(f"tensor {shown(name)} has dtype {dtype}; {', '.join(_DTYPES)} are accepted")
    array = np.empty(shape, _DTYPES[dtype])
    file.seek(first)
    if file.readinto(array.reshape(-1).view(np.uint8)) != array.nbytes:
        raise ValueError("it has become shorter while it was read")
    return array
