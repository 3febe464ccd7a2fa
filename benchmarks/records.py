"""The records of what was measured: one file of JSON for each case, under benchmarks/results."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).resolve().parent / "results"

Record = dict[str, Any]


def write(record: Record) -> None:
    """Keep a record under the name of its case."""
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"{record['case']}.json").write_text(json.dumps(record, indent=2) + "\n")


def recorded(name: str) -> Record:
    """Return the record of a case."""
    return json.loads((RESULTS / f"{name}.json").read_text())


def found(name: str) -> list[Record]:
    """Return the record of a case; nothing if it has not been measured."""
    return [recorded(name)] if (RESULTS / f"{name}.json").exists() else []
