"""How benchmarks/tables.py writes tables, and what stands under them."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence

from records import Record

#: The cells of a row, and the records that they are of: none if that is not measured.
Row = tuple[list[str], list[Record]]


def markdown(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [f"| {' | '.join(row)} |" for row in (heads, *rows)]
    return "\n".join([lines[0], "|---" * len(heads) + "|", *lines[1:]])


def measured(heads: Sequence[str], rows: Sequence[Row]) -> str:
    """Return a table with what measured it; with a column for the machine if not all rows are of the same."""
    machines = {machine(record) for _, records in rows for record in records}
    if len(machines) > 1:
        heads = [*heads, "on"]
        rows = [([*cells, "; ".join(sorted(set(map(machine, records))))], records) for cells, records in rows]
    # What is not measured says so in place of its numbers.
    empty = [""] * (len(heads) - 2)
    lines = [cells if len(cells) == len(heads) else [cells[0], "not measured", *empty] for cells, _ in rows]
    return f"{markdown(heads, lines)}\n\n{origin(record for _, records in rows for record in records)}"


def machine(record: Record) -> str:
    return f"{processor(record)}, {record['machine']['instruction_set']}"


def processor(record: Record) -> str:
    return re.sub(r"\((R|TM)\)| Processor| CPU", "", record["machine"]["cpu"])


def origin(records: Iterable[Record]) -> str:
    """Return where and when records were measured, and with which versions."""
    of_processor: dict[str, list[Record]] = {}
    for record in records:
        of_processor.setdefault(processor(record), []).append(record)
    sentences = []
    for name, some in sorted(of_processor.items()):
        sets = " and ".join(sorted({record["machine"]["instruction_set"] for record in some}))
        dates = sorted({record["date"][:10] for record in some})
        versions = sorted({library for record in some for library in record["versions"].items() if library[1]})
        told = ", ".join(" ".join(library) for library in versions)
        sentences.append(f"{name}, {sets}, {' to '.join(dict.fromkeys((dates[0], dates[-1])))}: {told}.")
    return "\n".join(sentences)


def lasting(seconds: float) -> str:
    from ratios import as_time

    return as_time(seconds)


def times(ratio: float) -> str:
    digits = 2 - math.floor(math.log10(float(f"{ratio:.3g}")))
    return f"{ratio:,.{max(0, digits)}f}×"


def judged(text: str, row: Record) -> str:
    return f"**{text}: missed**" if row["met"] is False else text
