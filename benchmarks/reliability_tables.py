"""The tables of docs/reliability.md, for benchmarks/tables.py."""

from __future__ import annotations

from collections.abc import Iterator

import reliability
from records import Record, found
from rendering import Row, judged, lasting, markdown, measured, processor

HEADS = ("", "is", "asked", "command")


def figures(*names: str) -> str:
    """Return the figures of some commands, each beside its command."""
    done = reliability.recorded()
    rows: list[Row] = []
    for name in names:
        command = reliability.COMMANDS[name]
        beside = code(command.line)
        if name in done:
            cells = [
                [row["what"], judged(reliability.shown(row), row), row["asked"]] for row in done[name]["figures"]
            ]
        else:
            cells = [[figure.what.format("…"), "not measured", figure.asked] for figure in command.figures]
        rows += [([*row, beside], [done[name]] if name in done else []) for row in cells]
    return with_commits(rows)


def with_commits(rows: list[Row]) -> str:
    """Return a table of figures with what was measured under it."""
    commits = ", ".join(sorted({record["commit"][:7] for _, records in rows for record in records}))
    return (measured(HEADS, rows) + (f" Commit {commits}." if commits else "")).rstrip()


def code(line: str) -> str:
    return f"`{line}`".replace("|", "\\|")


def installed() -> str:
    """Return sizes, times and types of what is installed."""
    rows: list[Row] = []
    for record in found("installation"):
        for what, is_, asked, met in of_packages(record):
            rows.append(([what, judged(is_, {"met": met}), asked, code(record["command"])], [record]))
    unmeasured: Row = (["packages, installed", "not measured", "", code("python benchmarks/installation.py")], [])
    return with_commits(rows or [unmeasured])


def of_packages(record: Record) -> Iterator[tuple[str, str, str, bool]]:
    """Yield what, its figure, what is asked of it, and whether that is met."""
    yield "source distribution", megabytes(record["sdist_bytes"]), "", True
    for kind, name, most in (("cpu", "CPU", 20_000_000), ("cuda", "CUDA", None)):
        if kind in record:
            of = record[kind]
            size, asked = of["wheel_bytes"], f"≤ {megabytes(most)}" if most else ""
            yield f"{name} wheel", megabytes(size), asked, most is None or size <= most
            yield f"{name} wheel, runs with", ", ".join(of["platforms"]), "", True
            yield f"{name} wheel, to build it from the source distribution", lasting(of["build_seconds"]), "", True
            seconds = of["install_seconds_with_dependencies"]
            yield f"{name} wheel, to install it with what it needs", lasting(seconds), "", True
            yield f"{name} package, installed", megabytes(of["installed_bytes"]), "", True
    for module, of in record["imports"].items():
        yield f"`import {module}`", lasting(of["seconds"]), "", True
        yield f"`import {module}`, peak memory", megabytes(of["peak_bytes"]), "", True
    types = record["types"]
    yield "public symbols with a type", f"{types['withKnownType']:,}", "", True
    unknown = types["withAmbiguousType"] + types["withUnknownType"]
    yield "public symbols without, or with an ambiguous one", f"{unknown:,}", "0", unknown == 0


def megabytes(size: float) -> str:
    return f"{size / 1e6:.3g} MB"


def clean_machines() -> str:
    """Return what the two commands of the README do on machines that have nothing."""
    scripts = {"clean-machine": "tests/clean_machine.sh", "clean-machine-cuda": "tests/clean_machine.sh TOOLKIT"}
    lines = []
    for name, command in scripts.items():
        for record in found(name):
            versions = ", ".join(" ".join(version) for version in record["versions"].items())
            for what, is_ in (
                ("first command: install, and demonstration", lasting(record["install_and_demo_seconds"])),
                ("second command: install, and tests", lasting(record["install_and_test_seconds"])),
                ("tests passed", f"{record['tests_passed']:,}"),
                ("extension module", megabytes(record["extension_module_bytes"])),
            ):
                machine = f"{record['machine']['system']}, {processor(record)}, {record['machine']['cores']} cores"
                where = f"{machine}, {record['date'][:10]}: {versions}, commit {record['commit'][:7]}"
                lines.append([what, is_, where, code(record["command"])])
        if not found(name):
            lines.append(["the two commands", "not measured", "", code(command)])
    return markdown(["", "is", "on", "command"], lines)
