"""The tree as it is kept: small files, and a map that names those which are there."""

import re
import shutil
import subprocess
from itertools import product
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
if not (ROOT / ".git").exists() or not shutil.which("git"):
    pytest.skip("which files are kept, git knows", allow_module_level=True)

LONGEST = 500
SOURCES = {".py", ".pyi", ".hpp", ".cpp", ".inl", ".cu", ".cuh", ".h"}
# Where wheels are tested, the checkout is another user's.
LIST = ["git", "-c", "safe.directory=*", "ls-files", "-z"]
listed = subprocess.run(LIST, cwd=ROOT, check=True, capture_output=True, text=True).stdout
FILES = [name for name in listed.split("\0") if Path(name).suffix in SOURCES and (ROOT / name).is_file()]


def written_out(name: str) -> list[str]:
    """Return `room/a.py` and `room/b.py` for `room/{a,b}.py`."""
    parts = [part.split(",") for part in re.split(r"[{}]", name)]
    return ["".join(choice) for choice in product(*parts)]


def test_no_file_is_long() -> None:
    lines = {name: (ROOT / name).read_bytes().count(b"\n") for name in FILES}
    long = {name: count for name, count in lines.items() if count > LONGEST}
    assert not long, f"up to {LONGEST} lines are accepted; a file with more becomes several, or a folder of its name"


def test_the_map_names_files_that_are_there() -> None:
    text = (ROOT / "docs" / "map.md").read_text()
    named = [
        each for name in re.findall(r"`([\w/{},]+\.(?:py|[ch]pp|inl|cuh?))`", text) for each in written_out(name)
    ]
    assert len(named) > 100
    missing = {name for name in named if not any(f"/{file}".endswith(f"/{name}") for file in FILES)}
    assert not missing
