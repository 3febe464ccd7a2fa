"""Arrays of any library, checked and seen in place."""

from __future__ import annotations

import os
import reprlib
from functools import cache
from typing import Any, TypeAlias

import numpy as np
from array_api_compat import array_namespace, is_cupy_array, is_numpy_array, is_torch_array

from kousei._lib import _core
from kousei._lib.errors import SizeError

#: An array of NumPy, CuPy, torch or another library that speaks DLPack.
Array: TypeAlias = Any
#: The namespace of an array library.
Namespace: TypeAlias = Any

_ACCEPTED = "a NumPy, CuPy or torch array, or another DLPack array, is accepted"
_HOST_DEVICES = (1, 3)  # DLPack's kDLCPU and kDLCUDAHost


def _refuse_mask(name: str, value: Any) -> None:
    # numpy.ma is loaded by its first use, and takes longer than kousei.
    if isinstance(value, np.ndarray) and type(value) is not np.ndarray and isinstance(value, np.ma.MaskedArray):
        raise TypeError(f"{name} is masked; an array without a mask is accepted")


def known(name: str, array: Array) -> Array:
    """Return `array` once it is known to be one.

    An array by protocol alone, without a shape or a dtype, becomes one of NumPy or CuPy, in place.
    """
    _refuse_mask(name, array)
    if is_torch_array(array):
        _check_tensor(name, array)
    if not (hasattr(array, "__dlpack__") or hasattr(array, "__cuda_array_interface__")):
        raise TypeError(f"{name} was {type(array).__name__}; {_ACCEPTED}")
    if hasattr(array, "shape") and hasattr(array, "dtype"):
        return array
    xp = _native(array)
    return xp.from_dlpack(array) if hasattr(array, "__dlpack__") else xp.asarray(array)


def _check_tensor(name: str, tensor: Array) -> None:
    if str(tensor.layout) != "torch.strided" or tensor.device.type not in ("cpu", "cuda"):
        raise TypeError(
            f"{name} is a {tensor.layout} tensor on {tensor.device.type}; "
            "a torch.strided one on cpu or cuda is accepted"
        )
    if tensor.requires_grad:
        raise ValueError(f"{name} requires grad; {name}.detach() is accepted")


def real_numbers(name: str, value: Any, kinds: str = "iuf") -> np.ndarray[Any, Any]:
    """Return array_like numbers as a new NumPy array of float64, or of complex128 where `kinds` has them.

    Raises
    ------
    TypeError
        If they are masked, in CUDA memory, or not numbers of these kinds.
    ValueError
        If they are ragged.
    """
    array = array_like(name, value)
    if array.dtype.kind not in kinds and array.size > 0:
        accepted = "numbers are" if "c" in kinds else "real numbers are"
        raise TypeError(f"{name} has dtype {array.dtype}; {accepted} accepted")
    # In one order whatever the layout was, on which the last digits of products depend.
    return array.astype(np.complex128 if "c" in kinds else np.float64, order="C")


def array_like(name: str, value: Any) -> np.ndarray[Any, Any]:
    """Return an array_like as a NumPy array.

    Raises
    ------
    TypeError
        If it is masked or in CUDA memory.
    ValueError
        If it is ragged.
    """
    _refuse_mask(name, value)
    if (hasattr(value, "__dlpack__") or hasattr(value, "__cuda_array_interface__")) and not on_host(value):
        raise TypeError(f"{name} lies in CUDA memory; host memory is accepted")
    try:
        return np.asarray(value)
    except ValueError:
        raise ValueError(f"{name} was {reprlib.repr(value)}; rows of the same length are accepted") from None


def finite_numbers(name: str, value: Any, kinds: str = "iuf") -> np.ndarray[Any, Any]:
    """As `real_numbers`; ValueError unless all of them are finite."""
    array = real_numbers(name, value, kinds)
    require_finite(name, array)
    return array


def require_finite(name: str, *arrays: Array) -> None:
    """Raise ValueError unless all numbers of arrays of NumPy or SciPy are finite."""
    if not all(map(is_finite, arrays)):
        raise ValueError(f"{name} has NaN or infinite values; finite numbers are accepted")


def is_finite(array: Array) -> bool:
    """Tell whether all that an array of NumPy or SciPy stores is finite."""
    return bool(np.isfinite(array.data if is_sparse(array) else array).all())


def require_memory(count: float, item_bytes: int, what: str) -> None:
    """Raise SizeError where 64 bits cannot count the bytes of `what`, MemoryError where this machine has fewer.

    Before they are asked for: the system grants more than it has, and ends the process that writes to it.
    """
    if count * item_bytes >= 2**63:
        raise SizeError(f"{what}, {item_bytes} bytes each, is not representable in 64 bits")
    installed = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    if count * item_bytes > installed:
        raise MemoryError(
            f"{what} takes {count * item_bytes / 1e9:.3g} GB; this machine has {installed / 1e9:.3g} GB"
        )


def dtype_name(array: Array) -> str:
    """Return the name of an array's dtype, spelled alike for every library.

    A byte order that is not this machine's stays in the name, so that it equals no plain one.
    """
    return _name_of_dtype(type(array.dtype).__module__, array.dtype)


@cache
def _name_of_dtype(_: str, dtype: Any) -> str:
    # By library first: dtypes of two libraries can have one hash, and some warn where they are compared.
    return str(dtype).rpartition(".")[2]


def real_dtype(**named: Array) -> np.dtype[Any]:
    """Return the dtype that all the named arrays share, float32 or float64."""
    (first, array), *others = named.items()
    name = dtype_name(array)
    if name not in ("float32", "float64"):
        raise TypeError(f"{first} has dtype {name}; float32 and float64 are accepted")
    for other, its in others:
        if dtype_name(its) != name:
            raise TypeError(f"{other} has dtype {dtype_name(its)} and {first} has {name}; they must agree")
    return np.dtype(name)


def check_dtype(value: Any, *accepted: str) -> np.dtype[Any]:
    """Return the argument `dtype` as one of NumPy; TypeError unless it is one of those named, in native order."""
    try:
        dtype = None if value is None else np.dtype(value)
    except TypeError:  # of another library, or none
        dtype = None
    if str(dtype) not in accepted:
        *first, last = accepted
        raise TypeError(f"dtype was {value}; {', '.join(first)} and {last} are accepted")
    return np.dtype(value)


def is_sparse(array: Array) -> bool:
    """Tell whether an array is one of SciPy's, or CuPy's, sparse ones, without importing either."""
    return hasattr(array, "tocsr") and hasattr(array, "nnz")


def dense(array: Array) -> Array:
    """Return an array itself, or the dense one of a sparse one."""
    return array.toarray() if is_sparse(array) else array


def _is_sparse_of_cupy(array: Array) -> bool:
    return type(array).__module__.partition(".")[0] == "cupyx"


def shape_of(array: Array) -> tuple[int, ...]:
    """Return the shape of an array as a tuple of int."""
    return tuple(int(extent) for extent in array.shape)


def require_shape(name: str, array: Array, wanted: tuple[int, ...]) -> None:
    """Raise ValueError unless an array has this shape."""
    if shape_of(array) != wanted:
        raise ValueError(f"{name} has shape {shape_of(array)}; {wanted} is accepted")


def batch_axes(name: str, array: Array, shape: tuple[int, ...]) -> tuple[int, ...]:
    """Return the extents before `shape`, which an array ends with; ValueError where it does not."""
    given = shape_of(array)
    batch = given[: max(0, len(given) - len(shape))]
    if given != batch + shape:
        raise ValueError(f"{name} has shape {given}; ({', '.join(map(str, ('...', *shape)))}) is accepted")
    return batch


def on_host(array: Array) -> bool:
    """Tell whether an array lies in host memory; otherwise it lies in CUDA memory."""
    if is_numpy_array(array):
        return True
    if is_torch_array(array):
        return bool(array.device.type != "cuda")
    if is_sparse(array):
        return not _is_sparse_of_cupy(array)
    if hasattr(array, "__dlpack_device__"):
        return int(array.__dlpack_device__()[0]) in _HOST_DEVICES
    return not hasattr(array, "__cuda_array_interface__")


def device_index(array: Array) -> int:
    """Return the number of the CUDA device whose memory an array lies in."""
    if _is_sparse_of_cupy(array):
        return int(array.data.device.id)
    if hasattr(array, "__dlpack_device__"):
        return int(array.__dlpack_device__()[1])
    return int(_core.cuda.device_of(array.__cuda_array_interface__["data"][0]))  # type: ignore[attr-defined, unused-ignore]


def place(array: Array) -> str:
    """Return the memory an array lies in, as errors call it."""
    return "host memory" if on_host(array) else f"the memory of CUDA device {device_index(array)}"


def require_one_place(name: str, array: Array, other: str, its: Array, cure: str = "they must agree") -> None:
    """Raise TypeError unless two arrays, named, lie in the same memory."""
    if place(array) != place(its):
        raise TypeError(f"{name} lies in {place(array)} and {other} in {place(its)}; {cure}")


def namespace(array: Array) -> Namespace:
    """Return the namespace results are made with; NumPy or CuPy for arrays of a library that has none."""
    if (
        is_numpy_array(array)
        or is_cupy_array(array)
        or is_torch_array(array)
        or hasattr(array, "__array_namespace__")
    ):
        return array_namespace(array)
    return _native(array)


def _native(array: Array) -> Namespace:
    if on_host(array):
        return np
    import cupy

    return cupy


def host_view(name: str, array: Array, *, copy: bool = True) -> np.ndarray[Any, Any]:
    """Return `array`, which lies in host memory, as a C-contiguous NumPy array.

    It is copied only for its layout or alignment; without `copy` that is a ValueError.
    """
    if is_torch_array(array) and array.is_neg() and not copy:
        raise ValueError(f"{name} is a negated view; an array of its own is accepted")
    array = _of_numpy(array)
    if not array.flags.aligned:
        if not copy:
            raise ValueError(f"{name} is not aligned; an aligned array is accepted")
        return array.copy(order="C")
    # Unlike ascontiguousarray this keeps zero axes.
    return np.asarray(array, order="C", copy=None if copy else False)


def _of_numpy(array: Array) -> np.ndarray[Any, Any]:
    if is_torch_array(array):
        return array.resolve_conj().resolve_neg().numpy()
    return array if isinstance(array, np.ndarray) else np.from_dlpack(array)


def extent(array: Array) -> range:
    """Return the addresses from the first to the last byte of an array in host memory, whatever its layout."""
    return range(*np.lib.array_utils.byte_bounds(_of_numpy(array)))


def to_host(array: Array) -> np.ndarray[Any, Any]:
    """Return the values of an array as one of NumPy; copied from a device, else only for its layout."""
    if not on_host(array):
        array = array.get() if is_cupy_array(array) else array.cpu()
    return host_view("array", array)


def from_host(result: np.ndarray[Any, Any], model: Array) -> Array:
    """Return `result` as an array of the library of `model`, without a copy."""
    return result if isinstance(model, np.ndarray) else namespace(model).from_dlpack(result)


def contiguous(array: Array) -> Array:
    """Return `array`, which lies in CUDA memory, as a C-contiguous one of its library; copied only for its layout."""
    if is_torch_array(array):
        return array.resolve_neg().contiguous()
    if is_cupy_array(array) and not array.flags.c_contiguous:
        import cupy

        return cupy.ascontiguousarray(array)
    return array


def beside(array: np.ndarray[Any, Any], model: Array) -> Array:
    """Return an array where calls on `model` compute: itself in host memory, else a copy on the device."""
    return array if on_host(model) else like(array, model)


def like(array: Array, model: Array) -> Array:
    """Return `array` in the library and on the device of `model`, copied as needed.

    A copy from the host is complete, for whatever stream uses it first.
    """
    xp = namespace(model)
    if on_host(array) or on_host(model):
        array = to_host(array)
    if isinstance(model, np.ndarray):
        return np.asarray(array)
    if is_cupy_array(model):
        copied = xp.asarray(array)
        if isinstance(array, np.ndarray):
            import cupy

            with cupy.cuda.Device(device_index(copied)):
                cupy.cuda.get_current_stream().synchronize()
        return copied
    if isinstance(array, np.ndarray) and not array.flags.writeable:
        array = array.copy()
    return xp.asarray(array, device=model.device)
