"""The tables that benchmarks/tables.py makes of the records, and how benchmarks/ratios.py goes through its cases."""

import functools
import importlib
import json
import re
from pathlib import Path
from typing import Any

import pytest

import kousei

ROOT = Path(__file__).parents[2]
BENCHMARKS = ROOT / "benchmarks"
if not (BENCHMARKS / "results").is_dir():
    pytest.skip("records are not part of the source distribution", allow_module_level=True)

PAGES = ["README.md", *sorted(str(path.relative_to(ROOT)) for path in (ROOT / "docs").rglob("*.md"))]
#: "3.1×" and "3 times as long", but neither "64 points × 4096" nor "8 × 8".
BY_HAND = re.compile(r"\d ?×(?! ?[\d$])|\d times as (long|fast)")


@pytest.fixture
def tables(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    return importlib.import_module("tables")


@pytest.fixture
def ratios(tables: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """Measures on this machine as it is, and records in a folder of its own."""
    ratios = importlib.import_module("ratios")
    monkeypatch.setattr(ratios, "fix_environment", lambda: None)
    monkeypatch.setattr(kousei, "set_num_threads", lambda count: None)
    monkeypatch.setattr(ratios, "other_load", lambda: "")
    monkeypatch.setattr(ratios, "commit", lambda: "")  # git may not be here
    monkeypatch.delenv("KOUSEI_SIMD", raising=False)
    monkeypatch.setattr(importlib.import_module("records"), "RESULTS", tmp_path)
    return ratios


def without_tables(text: str) -> str:
    return re.sub(r"<!-- begin [\w-]+ -->.*?<!-- end -->", "", text, flags=re.DOTALL)


def record(**changes: Any) -> dict[str, Any]:
    side = {"ours_seconds": 2e-3, "other_seconds": 9e-3, "median": 4.5, "target": 4.0, "met": True}
    machine = {"cpu": "Some(R) CPU", "instruction_set": "avx2"}
    return {
        "case": "packed-dot",
        "machine": machine,
        "versions": {"numpy": "2.0", "torch": None},
        "date": "2026-01-02T03:04:05+00:00",
        "sizes": {"rows": 4096, "calls": 2},
        "dtype": "float32",
        "ratios": {"numpy float32": side},
    } | changes


def write(folder: Path, name: str, **changes: Any) -> None:
    (folder / f"{name}.json").write_text(json.dumps(record(**changes)))


@pytest.mark.parametrize("page", PAGES)
def test_a_page_is_what_the_records_say(tables: Any, page: str) -> None:
    text = (ROOT / page).read_text()
    if page in tables.PAGES:
        assert tables.filled(text) == text, "python benchmarks/tables.py fills it anew"
    else:
        assert "<!-- begin " not in text
    assert not BY_HAND.search(without_tables(text))


def test_each_table_stands_on_one_page(tables: Any) -> None:
    text = "".join((ROOT / page).read_text() for page in tables.PAGES)
    assert sorted(re.findall(r"<!-- begin ([\w-]+) -->", text)) == sorted(tables.TABLES)
    assert text.count("<!-- end -->") == len(tables.TABLES)


def test_a_number_changed_by_hand_is_found(tables: Any) -> None:
    text = (ROOT / "README.md").read_text()
    found = re.search(r"\d+×", text)
    assert found is not None
    changed = text[: found.start()] + "9" + text[found.start() :]
    assert tables.filled(changed) == text
    assert BY_HAND.search("is 3.1× and")
    assert BY_HAND.search("takes 12 times as long")
    assert not BY_HAND.search("chunks of 64 points × 4096 units, 8 × 8")


def test_every_case_has_a_row(tables: Any) -> None:
    text = (ROOT / "docs" / "performance.md").read_text()
    for name in importlib.import_module("cases").load():
        assert f"| {name} |" in text


def test_limits_are_those_that_were_read(tables: Any) -> None:
    read = (ROOT / "docs" / "performance.md").read_text().partition("### By reading")[2]
    for name, limit in tables.LIMITS.items():
        assert limit is None or f"{limit:.1e}".replace("e+", "e") in read, name


def test_a_comparison_is_a_row(tables: Any, ratios: Any, tmp_path: Path) -> None:
    write(tmp_path, "one")
    assert tables.comparisons(["one"]).splitlines() == [
        "| case | of | kousei | beside it | takes | ratio |",
        "|---|---|---|---|---|---|",
        "| one | float32, rows 4,096 | 1 ms | numpy float32 | 4.5 ms | 4.50× (≥ 4) |",
        "",
        "Some, avx2, 2026-01-02: numpy 2.0.",
    ]


def test_what_is_missing_or_missed_is_said(tables: Any, ratios: Any, tmp_path: Path) -> None:
    sides = record()["ratios"]
    write(tmp_path, "slow", ratios={"numpy float32": sides["numpy float32"] | {"median": 3.996, "met": False}})
    write(tmp_path, "alone", ratios={"torch float32": {"unavailable": "No module named 'torch'"}})
    made = tables.comparisons(["slow", "alone", "none"])
    assert "| 1 ms | numpy float32 | 4.5 ms | **4.00× (≥ 4): missed** |" in made
    assert "| alone | float32, rows 4,096 | n/a | torch float32 | n/a | n/a |" in made
    assert "| none | not measured |  |  |  |  |" in made
    beside = tables.against({"NumPy": "numpy {dtype}", "torch": "torch {dtype}"}, lambda r: "it", ["slow", "none"])
    assert "| it | 1 ms | **4.00× (≥ 4): missed** |  |" in beside
    assert "| none | not measured |  |  |" in beside
    with pytest.raises(FileNotFoundError, match="funahashi-scaling"):
        tables.growth()


def test_rows_of_several_machines_name_theirs(tables: Any, ratios: Any, tmp_path: Path) -> None:
    write(tmp_path, "here")
    write(tmp_path, "wider", machine={"cpu": "Some(R) CPU", "instruction_set": "avx512"}, versions={"numpy": "2.1"})
    write(tmp_path, "there", machine={"cpu": "Other", "instruction_set": "avx2"}, date="2026-02-01")
    lines = tables.comparisons(["here", "wider", "there"]).splitlines()
    assert [line.split(" | ")[-1] for line in lines[2:5]] == ["Some, avx2 |", "Some, avx512 |", "Other, avx2 |"]
    assert lines[6:] == [
        "Other, avx2, 2026-02-01: numpy 2.0.",
        "Some, avx2 and avx512, 2026-01-02: numpy 2.0, numpy 2.1.",
    ]


@pytest.mark.parametrize(
    ("ratio", "text"),
    [(0.05564, "0.0556×"), (0.9996, "1.00×"), (1.007, "1.01×"), (36.49, "36.5×"), (3328.4, "3,328×")],
)
def test_ratios_have_three_digits(tables: Any, ratio: float, text: str) -> None:
    assert tables.times(ratio) == text


def go(ratios: Any, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr("sys.argv", ["ratios.py", *arguments, "--pairs", "5"])
    code: int = ratios.main()
    return code


def test_a_measured_case_is_recorded(
    tables: Any, ratios: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    cases = importlib.import_module("cases")

    def build() -> Any:
        others = {"slower": lambda: lambda: 8.0, "absent": lambda: importlib.import_module("no_such_module")}
        floors = {"slower": 5.0}
        checks = {"error": cases.Check(lambda: 1e-3, "of | it", 1e-2)}
        return cases.Case(
            4, {"points": 4}, lambda: 2.0, others, "float64", None, floors, checks, lambda f: float(f())
        )

    cases.load()
    monkeypatch.setattr(cases, "registry", {"some": functools.partial(build)})
    monkeypatch.setattr(cases, "load", lambda: cases.registry)
    assert go(ratios, monkeypatch) == 1
    made = tables.comparisons(["some"])
    assert "| some | float64, points 4 | 2 s | slower | 8 s | **4.00× (≥ 5): missed** |" in made
    assert "| absent | n/a | n/a |" in made
    assert "| some | error | 0.001 | 0.01 | of \\| it |" in tables.checks()


def test_a_missed_target_does_not_end_a_run_and_a_busy_machine_does(
    ratios: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    codes = {"packed-dot": 1, "deep-mlp": 0, "import-time": 0}
    monkeypatch.setattr(ratios, "run", lambda name, pairs: ran.append(name) or codes[name])
    ran: list[str] = []
    assert go(ratios, monkeypatch, *codes) == 1
    assert ran == list(codes)
    codes["deep-mlp"], ran[:] = 2, []
    assert go(ratios, monkeypatch, *codes) == 2
    assert ran == ["packed-dot", "deep-mlp"]
    assert "left: deep-mlp import-time" in capsys.readouterr().err


def test_a_case_of_another_instruction_set_has_a_process_of_its_own(
    ratios: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    started = []

    def start(command: list[str], env: dict[str, str], **_: Any) -> Any:
        started.append((command[2:], env["KOUSEI_SIMD"]))
        return importlib.import_module("subprocess").CompletedProcess(command, 2)

    monkeypatch.setattr(ratios.subprocess, "run", start)
    assert go(ratios, monkeypatch, "packed-gemv-8192-avx2") == 2
    assert started == [(["packed-gemv-8192-avx2", "--pairs", "5"], "avx2")]
    assert not list(tmp_path.iterdir())


def test_an_instruction_set_that_a_machine_lacks_is_not_measured(
    ratios: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("KOUSEI_SIMD", "avx2")
    monkeypatch.setattr(kousei._lib._core, "instruction_set_name", lambda: "baseline")
    assert go(ratios, monkeypatch, "packed-gemv-8192-avx2") == 0
    assert "packed-gemv-8192-avx2: n/a, this machine has no avx2" in capsys.readouterr().out
    assert not list(tmp_path.iterdir())


def test_a_busy_machine_is_refused(ratios: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(ratios, "other_load", lambda: "it is busy")
    assert go(ratios, monkeypatch, "packed-dot") == 2
    assert not list(tmp_path.iterdir())
