"""How benchmarks/reliability.py finds figures in what commands print, and how its tables show them."""

import importlib
import re
from pathlib import Path
from typing import Any

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
if not (BENCHMARKS / "results").is_dir():
    pytest.skip("records are not part of the source distribution", allow_module_level=True)


@pytest.fixture
def reliability(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """Records and logs in a folder of its own, on some machine."""
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    module = importlib.import_module("reliability")
    machine = {"cpu": "Some(R) CPU", "instruction_set": "avx2"}
    monkeypatch.setattr(module, "LOGS", tmp_path / "logs")
    monkeypatch.setattr(importlib.import_module("records"), "RESULTS", tmp_path)
    monkeypatch.setattr(
        module,
        "described",
        lambda name: {
            "case": name,
            "command": module.COMMANDS[name].line,
            "machine": machine,
            "versions": {"kousei": "1.0"},
            "commit": "0123456789",
            "date": "2026-01-02T03:04:05+00:00",
        },
    )
    return module


def measure(module: Any, monkeypatch: pytest.MonkeyPatch, *names: str) -> int:
    monkeypatch.setattr("sys.argv", ["reliability.py", *names])
    code: int = module.main()
    return code


def test_numbers_are_added_counted_or_named(reliability: Any) -> None:
    text = "fuzz one: 30 runs, 0 findings\nfuzz two: 12 runs, 1 findings\n"

    def values(found_by: str) -> list[tuple[str, float]]:
        return list(reliability.Figure("", found_by).values(text, {"seconds": 2.5}))

    assert values(r"(\d+) runs") == [("", 42.0)]
    assert values(r"^fuzz") == [("", 2.0)]
    assert values(r"^fuzz (\w+): \d+ runs, (\d+)") == [("one", 0.0), ("two", 1.0)]
    assert values("seconds") == [("", 2.5)]
    assert values("nothing of it") == []


def test_what_fails_is_recorded_and_the_rest_goes_on(reliability: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    Command, Figure = reliability.Command, reliability.Figure
    commands = {
        "broken": Command("echo 3 passed; exit 4", (Figure("tests", r"(\d+) passed"),)),
        "silent": Command("true", (Figure("reports of {}", r"(\w+): (\d+)", most=0),)),
        "fine": Command(
            "echo 'a: 0'; echo 'b: 2'",
            (Figure("reports of {}", r"(\w+): (\d+)", most=0), Figure("peak", "memory", "MiB", least=1)),
        ),
        "later": Command("false | true", (Figure("more", r"\d", least=95, unit="%"),)),
    }
    monkeypatch.setattr(reliability, "COMMANDS", commands)
    tables = importlib.import_module("reliability_tables")
    assert measure(reliability, monkeypatch, "fine") == 1
    assert measure(reliability, monkeypatch, "broken", "silent") == 1
    lines = tables.figures(*commands).splitlines()
    peak = lines.pop(6)
    assert re.fullmatch(r"\| peak \| [\d.,]+ MiB \| ≥ 1 MiB \| `echo 'a: 0'; echo 'b: 2'` \|", peak)
    assert lines == [
        "|  | is | asked | command |",
        "|---|---|---|---|",
        "| tests | **exit code 4: missed** |  | `echo 3 passed; exit 4` |",
        "| reports of each | **nothing printed of reports of {}: missed** | ≤ 0 | `true` |",
        "| reports of a | 0 | ≤ 0 | `echo 'a: 0'; echo 'b: 2'` |",
        "| reports of b | **2: missed** | ≤ 0 | `echo 'a: 0'; echo 'b: 2'` |",
        "| more | not measured | ≥ 95 % | `false \\| true` |",
        "",
        "Some, avx2, 2026-01-02: kousei 1.0. Of 0123456.",
    ]


def test_an_unknown_name_is_refused(reliability: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SystemExit, match="no nonsense; there are contract, refusals, "):
        measure(reliability, monkeypatch, "nonsense")


def test_the_parts_of_the_package_are_told(reliability: Any, tmp_path: Path) -> None:
    tables = importlib.import_module("reliability_tables")
    assert "| not measured |" in tables.installed()
    assert tables.clean_machines().count("| not measured |") == 2


def test_memory_is_that_of_the_command(reliability: Any, tmp_path: Path) -> None:
    _, of_any = reliability.run("python -c 'b = bytes([1]) * (300 << 20)'", tmp_path / "log")
    assert of_any["memory"] > 300
