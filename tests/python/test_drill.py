"""The list of formulas that are broken on purpose, tests/drill.py: that it fits the tree."""

import runpy
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
drill = runpy.run_path(str(ROOT / "tests" / "drill.py"))


@pytest.mark.parametrize("at", drill["BREAKS"], ids=lambda at: at.file)
def test_a_formula_and_its_test_are_there(at: Any) -> None:
    assert at.old != at.new
    assert (ROOT / at.file).read_text().count(at.old) == 1
    path, _, name = at.seen_by.partition("::")
    quoted = f'"{name}"' if path.endswith(".cpp") else f"def {name}("
    assert (ROOT / path).read_text().count(quoted) == 1


def test_contributing_shows_the_list() -> None:
    assert drill["table"]() in (ROOT / "CONTRIBUTING.md").read_text(), "tests/drill.py has another"
