"""The libraries that the wheels of cufinufft need and do not name."""

import shutil
import sys
from pathlib import Path

import pytest

from kousei._lib.fourier import cufinufft


def place(folder: Path, library: str) -> Path:
    path = folder / "nvidia" / library
    path.parent.mkdir(parents=True)
    return path


def test_they_are_loaded_from_the_packages_that_have_them(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    loaded = {line.split()[-1] for line in Path("/proc/self/maps").read_text().splitlines() if "/libm.so" in line}
    path = place(tmp_path, "cufft/lib/libcufft.so.11")
    shutil.copy(loaded.pop(), path)
    monkeypatch.syspath_prepend(str(tmp_path))
    cufinufft.__wrapped__()
    assert str(path) in Path("/proc/self/maps").read_text()


def test_what_is_no_library_is_passed_over(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    place(tmp_path, "cuda_runtime/lib/libcudart.so.12").write_bytes(b"no library")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert cufinufft.__wrapped__() is sys.modules.get("cufinufft")
