"""Cases of the package as a whole."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable

from . import Case, Check, case


@case("import-time")
def import_time() -> Case:
    return Case(
        work=1,
        sizes={},
        ours=import_seconds("kousei"),
        others={"import numpy": lambda: import_seconds("numpy")},
        floors={"import numpy": 0.5},
        checks={"optional_imports": Check(optional_imports, "of cupy and torch, loaded by import kousei", 0)},
        clock=told_seconds,
    )


def told_seconds(run: Callable[[], float]) -> float:
    """Return what a fresh process says its import took, without the start of the interpreter."""
    return run()


def import_seconds(module: str) -> Callable[[], float]:
    code = f"import time; start = time.perf_counter(); import {module}; print(time.perf_counter() - start)"
    return lambda: float(_output(code))


def optional_imports() -> float:
    return float(_output("import kousei, sys; print(len({'cupy', 'torch'} & set(sys.modules)))"))


def _output(code: str) -> str:
    # With bytecode kept, as that of an installed package is.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    command = [sys.executable, "-c", code]
    return subprocess.run(command, check=True, capture_output=True, text=True, env=environment).stdout
