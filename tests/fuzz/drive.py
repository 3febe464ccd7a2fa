"""Runs a harness: by atheris where it is installed, else over its corpus and inputs of a fixed random source.

python tests/fuzz/NAME.py [-runs=N] [-seed=N] [other options of libFuzzer] [folder ...]

Without folders, the corpus that is kept is gone over. By atheris, what led elsewhere goes into the first folder.
"""

import sys
import tempfile
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import numpy as np

#: Harness, and what makes an input of another.
Target = Callable[[bytes], None]
Change = Callable[[bytes, np.random.Generator], bytes]


def instrumented() -> AbstractContextManager[Any]:
    """Return a context in which the package is imported, so that atheris sees where an input leads."""
    try:
        import atheris
    except ImportError:
        return nullcontext()
    return atheris.instrument_imports(include=["kousei"])


def drive(target: Target, change: Change, seeds: list[bytes]) -> None:
    """`seeds` are inputs beside those of the folders."""
    folders = [word for word in sys.argv[1:] if not word.startswith("-")]
    kept = [] if folders else [str(Path(__file__).parent / "corpus" / Path(sys.argv[0]).stem)]
    try:
        import atheris
    except ImportError:
        return at_random(target, change, seeds, folders + kept)

    def changed(data: bytes, most: int, seed: int) -> bytes:
        # Every other one as libFuzzer does it.
        return (atheris.Mutate(data, most) if seed % 2 else change(data, np.random.default_rng(seed)))[:most]

    with tempfile.TemporaryDirectory() as folder:
        for number, seed in enumerate(seeds):
            (Path(folder) / str(number)).write_bytes(seed)
        atheris.Setup([*sys.argv, folder, *kept], target, custom_mutator=changed)
        return atheris.Fuzz()


def at_random(target: Target, change: Change, seeds: list[bytes], folders: list[str]) -> None:
    options = dict(word.split("=") for word in sys.argv[1:] if word.startswith("-"))
    corpus = [path.read_bytes() for folder in folders for path in sorted(Path(folder).iterdir())]
    rng = np.random.default_rng(int(options.get("-seed", 0)))
    runs = int(options.get("-runs", 10_000))
    inputs = seeds + corpus
    for run in range(len(corpus) + runs):
        data = corpus[run] if run < len(corpus) else change(inputs[rng.integers(len(inputs))], rng)
        try:
            target(data)
        except BaseException:
            sys.stderr.write(f"run {run}: {data.hex()}\n")
            raise
    sys.stdout.write(f"{len(corpus) + runs} inputs\n")
