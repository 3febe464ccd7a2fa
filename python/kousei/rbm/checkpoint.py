"""Machines in HDF5 files, with all that their training goes on from."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from kousei._lib import _core
from kousei._lib.errors import check_integer, check_type, said, shown
from kousei._lib.whole_files import replacing
from kousei.packed import PackedSigns
from kousei.rbm.distribution import PARAMETERS, parameter_shapes
from kousei.rbm.sampling import Draws
from kousei.rbm.training import Progress

if TYPE_CHECKING:
    from kousei.rbm.machine import RBM

Machine = TypeVar("Machine", bound="RBM")

_FORMAT, _VERSION = "kousei.RBM", 1
#: A file begins with this and the SHA-256 of what follows the block.
_SEAL, _SEALED = b"kousei.RBM\0SHA-256\0", 512


def write(machine: RBM, path: str | os.PathLike[str]) -> None:
    """Write a machine to a file; one of this name is replaced once the new one is whole."""
    import h5py

    check_type("path", path, str | os.PathLike, "a path")
    progress = machine._progress
    with replacing(path) as written:
        with h5py.File(written, "w", userblock_size=_SEALED) as file:
            file.attrs.update({"format": _FORMAT, "version": _VERSION} | machine.get_params() | {"rng": ""})
            file.attrs.update({"key": np.uint64(progress.draws.key), "count": np.uint64(progress.draws.count)})
            file.attrs["epoch"] = progress.epoch
            for name in PARAMETERS:
                file.create_dataset(name, data=getattr(machine, name))
            for group, arrays in (("training", progress.arrays), ("history", progress.history)):
                file.create_group(group)
                for name, values in arrays.items():
                    file[group].create_dataset(name, data=values)
        seal(written)


def seal(path: str | os.PathLike[str]) -> None:
    """Write the checksum of a file into the block that HDF5 leaves free at its start.

    HDF5 itself may not come back from a file that is damaged.
    """
    with open(path, "r+b") as file:
        file.seek(_SEALED)
        digest = hashlib.file_digest(file, "sha256").digest()
        file.seek(0)
        file.write(_SEAL + digest)


def _require_sealed(path: Path) -> None:
    with open(path, "rb") as file:
        start = file.read(_SEALED)
        if not start.startswith(_SEAL):
            raise ValueError("it does not begin as one")
        if start[len(_SEAL) :] != hashlib.file_digest(file, "sha256").digest().ljust(_SEALED - len(_SEAL), b"\0"):
            raise ValueError("its bytes do not have their checksum")


def read(cls: type[Machine], path: str | os.PathLike[str]) -> Machine:
    """Return the machine of a file; ValueError where it is not one."""
    import h5py

    check_type("path", path, str | os.PathLike, "a path")
    path = Path(path)
    if not path.exists():
        raise FileNotFoundError(f"{path} does not exist")
    try:
        _require_sealed(path)
    except (OSError, ValueError) as error:
        raise ValueError(f"{path} is no whole file of a kousei.RBM: {error}") from None
    try:
        with h5py.File(path, "r") as file:
            return _machine(cls, file)
    except (OSError, KeyError, RuntimeError) as error:  # of HDF5, which does not find what it looks for
        raise ValueError(f"{path} is no file of a kousei.RBM: {said(error)}") from None
    except (TypeError, ValueError) as error:
        raise ValueError(f"{path}: {error}") from None


def _machine(cls: type[Machine], file: Any) -> Machine:
    found = file.attrs.get("format"), file.attrs.get("version")
    if found[0] != _FORMAT:
        raise ValueError(f"the format was {shown(found[0])}; {_FORMAT!r} is accepted")
    if found[1] != _VERSION:
        raise ValueError(f"the version was {shown(found[1])}; {_VERSION} is accepted")
    values = {name: _plain(value) for name, value in file.attrs.items()}
    shapes = _shapes(*(check_integer(name, values[name], 1) for name in ("visible", "hidden")))
    parameters = {name: _array(file, name, shapes[name], ("float32", "float64")) for name in PARAMETERS}
    machine = cls(**{name: values[name] for name in cls._parameter_names()} | {"rng": 0})
    for name, array in parameters.items():
        setattr(machine, name, array)
    training = file["training"]
    unknown = set(training) - set(shapes)
    if unknown:
        raise ValueError(f"training has an array {min(unknown)!r} that is not known")
    held = {
        name: _array(training, name, shapes[name], ("uint32",) if name == "chains" else ("float32",))
        for name in training
    }
    if "chains" in held:
        PackedSigns(held["chains"], (len(held["chains"]), machine.visible))
    history = {name: _array(file["history"], name, (None,), ("float64",)).tolist() for name in file["history"]}
    draws = Draws(
        check_integer("key", values["key"], 0, 2**64 - 1), check_integer("count", values["count"], 0, 2**63 - 1)
    )
    machine._progress = Progress(draws, check_integer("epoch", values["epoch"], 0), held, history)
    return machine


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value


def _shapes(visible: int, hidden: int) -> dict[str, tuple[int | None, ...]]:
    parameters = parameter_shapes(visible, hidden)
    velocities = {f"{name}_velocity": shape for name, shape in parameters.items()}
    centers = {"visible_center": (visible,), "hidden_center": (hidden,)}
    return {**parameters, **velocities, **centers, "chains": (None, _core.packed_stride(visible))}


def _array(group: Any, name: str, shape: tuple[int | None, ...], dtypes: tuple[str, ...]) -> np.ndarray[Any, Any]:
    import h5py

    data = group[name]
    if not isinstance(data, h5py.Dataset):
        raise ValueError(f"{name} was {data!r}; an array is accepted")
    if data.dtype not in map(np.dtype, dtypes):
        raise ValueError(f"{name} has dtype {data.dtype}; {' and '.join(dtypes)} are accepted")
    wanted = tuple(data.shape[axis] if size is None else size for axis, size in enumerate(shape[: data.ndim]))
    if data.shape != wanted or data.ndim != len(shape):
        raise ValueError(f"{name} has shape {data.shape}; {shape} is accepted")
    if data.id.get_storage_size() < data.nbytes:  # as much as is declared would be made up of zeros
        raise ValueError(f"{name} has shape {data.shape}, {data.nbytes} bytes; the file has not as many")
    array = np.ascontiguousarray(data[()])
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        raise ValueError(f"{name} has NaN or infinite values; finite numbers are accepted")
    return array
