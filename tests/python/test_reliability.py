"""How benchmarks/reliability.py finds figures in what commands print, and how its tables show them."""

import importlib
import json
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
            "echo 'a: 0'; echo 'b: 2'; exit 1",
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
    assert re.fullmatch(r"\| peak \| [\d.,]+ MiB \| ≥ 1 MiB \| `echo 'a: 0'; echo 'b: 2'; exit 1` \|", peak)
    assert lines == [
        "|  | is | asked | command |",
        "|---|---|---|---|",
        "| tests | **exit code 4: missed** |  | `echo 3 passed; exit 4` |",
        "| reports of … | **nothing printed of reports of {}: missed** | 0 | `true` |",
        "| reports of a | 0 | 0 | `echo 'a: 0'; echo 'b: 2'; exit 1` |",
        "| reports of b | **2: missed** | 0 | `echo 'a: 0'; echo 'b: 2'; exit 1` |",
        "| more | not measured | ≥ 95 % | `false \\| true` |",
        "",
        "Some, avx2, 2026-01-02: kousei 1.0. Commit 0123456.",
    ]


def test_an_unknown_name_is_refused(reliability: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SystemExit, match="no nonsense; there are contract, refusals, "):
        measure(reliability, monkeypatch, "nonsense")


def test_packages_and_clean_machines(reliability: Any, tmp_path: Path) -> None:
    tables = importlib.import_module("reliability_tables")
    assert tables.installed().count("| not measured |") == 1
    assert tables.clean_machines().count("| not measured |") == 2
    wheel = {
        "build_seconds": 61.0,
        "wheel_bytes": 21e6,
        "platforms": ["manylinux_2_34"],
        "installed_bytes": 9e6,
        "install_seconds_with_dependencies": 12.0,
    }
    package = {
        "sdist_bytes": 1e6,
        "cpu": wheel,
        "imports": {"kousei": {"seconds": 0.08, "peak_bytes": 5e7}},
        "types": {"withKnownType": 1234, "withAmbiguousType": 1, "withUnknownType": 0},
    }
    (tmp_path / "installation.json").write_text(json.dumps(reliability.described("ci") | package))
    told = tables.installed()
    assert "| CPU wheel | **21 MB: missed** | ≤ 20 MB |" in told
    assert "| `import kousei` | 80 ms |" in told
    assert "| public symbols without, or with an ambiguous one | **1: missed** | 0 |" in told
    assert "CUDA" not in told
    machine = {
        "command": "tests/clean_machine.sh",
        "machine": {"cpu": "Some(R) CPU", "cores": 2, "system": "Debian 12"},
        "commit": "0123456789",
        "date": "2026-11-27T03:00:00+00:00",
        "versions": {"python": "3.11.2", "g++": "12.2.0"},
        "install_and_demo_seconds": 90,
        "install_and_test_seconds": 300,
        "tests_passed": 20000,
        "extension_module_bytes": 9e6,
    }
    (tmp_path / "clean-machine.json").write_text(json.dumps(machine))
    told = tables.clean_machines()
    where = "Debian 12, Some, 2 cores, 2026-11-27: python 3.11.2, g++ 12.2.0, commit 0123456"
    assert f"| tests passed | 20,000 | {where} |" in told
    assert told.count("| not measured |") == 1


def test_memory_is_that_of_the_command(reliability: Any, tmp_path: Path) -> None:
    _, of_any = reliability.run("python -c 'b = bytes([1]) * (300 << 20)'", tmp_path / "log")
    assert of_any["memory"] > 300
