"""Fills the tables of README.md and of the documentation from the records: `python benchmarks/tables.py`.

A table stands between `<!-- begin NAME -->` and `<!-- end -->`. A test holds the pages against the records.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import reliability_tables
from records import Record, found, recorded
from reliability import HARNESSES
from rendering import Row, judged, lasting, markdown, measured, origin, times

ROOT = Path(__file__).resolve().parents[1]
PAGES = (
    "README.md",
    "docs/guide/scaling.md",
    "docs/performance.md",
    "docs/reliability.md",
    "docs/theory/attribution.md",
    "docs/theory/fashion.md",
    "docs/theory/front_compare.md",
    "docs/theory/front_fit.md",
    "docs/theory/funahashi.md",
    "docs/theory/isotonic.md",
    "docs/theory/recommend.md",
    "docs/theory/recommend_delivery.md",
    "docs/theory/ridgelet.md",
)


def main() -> None:
    for page in PAGES:
        path = ROOT / page
        path.write_text(filled(path.read_text()))


def filled(text: str) -> str:
    """Return a page with its tables as the records have them."""

    def fill(match: re.Match[str]) -> str:
        return f"{match[1]}\n{TABLES[match[2]]()}\n\n{match[3]}"

    return re.sub(r"(<!-- begin ([\w-]+) -->)\n.*?(<!-- end -->)", fill, text, flags=re.DOTALL)


def compared(record: Record, other: str) -> str:
    """Return how many times as long another side takes, and what was asked."""
    row = record["ratios"].get(other)
    if row is None:
        return ""
    if "unavailable" in row:
        return "n/a"
    asked = "" if row["target"] is None else f" (≥ {row['target']:g})"
    return judged(f"{times(row['median'])}{asked}", row)


def taken(record: Record, key: str = "ours_seconds", other: str | None = None) -> str:
    """Return the time of one call: ours, or that of another side."""
    rows = [row for name, row in record["ratios"].items() if key in row and other in (None, name)]
    return lasting(rows[0][key] / record["sizes"].get("calls", 1)) if rows else "n/a"


def described(record: Record) -> str:
    """Return the dtype and the sizes."""
    sizes = (f"{name} {size:,}" for name, size in record["sizes"].items() if name != "calls")
    return ", ".join([*filter(None, [record["dtype"]]), *sizes])


def against(columns: dict[str, str], label: Callable[[Record], str], names: Sequence[str]) -> str:
    """Return a row for each case, whose columns are other sides, `{dtype}` in their names that of the case."""
    rows: list[Row] = []
    for name in names:
        records = found(name)
        cells = [label(records[0]) if records else name]
        for record in records:
            sides = (other.format(dtype=record["dtype"]) for other in columns.values())
            cells += [taken(record), *(compared(record, side) for side in sides)]
        rows.append((cells, records))
    return measured(["", "kousei takes", *columns], rows)


def comparisons(names: Iterable[str]) -> str:
    """Return a row for each comparison of some cases."""
    rows: list[Row] = []
    for name in names:
        records = found(name)
        rows += [([name], [])] * (not records)
        for record in records:
            for other in record["ratios"]:
                sides = [taken(record, other=other), other, taken(record, "other_seconds", other)]
                rows.append(([name, described(record), *sides, compared(record, other)], [record]))
    return measured(["case", "of", "kousei", "beside it", "takes", "ratio"], rows)


def registered() -> dict[str, str]:
    """Return the file that each case stands in, in the order of their names and of the numbers in these."""
    import cases

    def parts(name: str) -> list[Any]:
        return [int(part) if part.isdigit() else part for part in re.split(r"(\d+)", name)]

    registry = cases.load()
    return {name: registry[name].func.__module__.replace(".", "/") + ".py" for name in sorted(registry, key=parts)}


def all_comparisons() -> str:
    """Return the comparisons of every case, by the file that it stands in."""
    of_file: dict[str, list[str]] = {}
    for name, file in registered().items():
        of_file.setdefault(file, []).append(name)
    return "\n\n".join(f"`benchmarks/{file}`\n\n{comparisons(of_file[file])}" for file in sorted(of_file))


def checks() -> str:
    """Return what every case checks beside its times."""
    rows: list[Row] = []
    for name in registered():
        for record in found(name):
            for check, value in record.items():
                if isinstance(value, dict) and "unit" in value:
                    asked = "" if value["target"] is None else f"{value['target']:.2g}"
                    cells = [name, check, judged(f"{value['value']:.2g}", value), asked]
                    rows.append(([*cells, value["unit"].replace("|", "\\|")], [record]))
    return measured(["case", "", "is", "at most", "in"], rows)


def layers() -> str:
    """Return the times of networks of three hidden layers: a row for each width."""
    kinds = [(dtype, points) for dtype in ("float32", "float64") for points in (1, 256)]
    rows: list[Row] = []
    for width in (16, 64, 256, 512, 1024):
        cells, of_row = [str(width)], []
        for dtype, points in kinds:
            records = found(f"mlp-torch-{dtype}-{width}-{points}")
            of_row += records
            cells.append(
                f"{taken(records[0])}, {compared(records[0], f'torch {dtype}')}" if records else "not measured"
            )
        rows.append((cells, of_row))
    return measured(["width", *(f"{dtype}, {points} point{'s'[points == 1 :]}" for dtype, points in kinds)], rows)


def growth() -> str:
    """Return how times grow with sizes."""
    record = recorded("funahashi-scaling")
    rows: list[Row] = []
    for name, sweep in record["sweeps"].items():
        sizes = ", ".join(f"{size} {number:,}" for size, number in sweep["sizes"].items())
        first, last = sweep["fitted"]
        exponent = judged(f"{sweep['exponent']:.2f}", sweep)
        asked = "{:g} to {:g}".format(*sweep["target"]) if sweep["target"] else ""
        rows.append(([name, sizes, f"{first:,} to {last:,} {sweep['along']}", exponent, asked], [record]))
    return measured(["sweep", "of", "from", "exponent", "asked"], rows)


def costs() -> str:
    """Return what ridgelet transforms cost."""
    import ridgelet_costs

    record = recorded(ridgelet_costs.NAME)
    return f"{ridgelet_costs.table(record).strip()}\n\n{origin([record])}"


def clusters() -> str:
    """Return what two workers are worth, and where."""
    told = of_script("distributed_costs"), origin(found("distributed-costs"))
    return "\n\n".join(filter(None, told))


def of_script(module: str) -> str:
    """Return the table that a script makes of its own record, if there is one."""
    script = import_module(module)
    return "".join(map(script.table, found(script.NAME))) or "Not measured."


def units(record: Record) -> str:
    method, sizes = record["case"].split("-")[1], record["sizes"]
    order = f"N = {sizes['order']}, " if "order" in sizes else ""
    return (
        f"{method}, {record['dtype']}: {sizes['dim']}-D, {order}{sizes['units']:,} units, {sizes['points']:,} points"
    )


def signs(record: Record) -> str:
    sizes = record["sizes"]
    return f"{sizes['rows']} × {sizes['columns']}, {sizes['points']} point{'s'[sizes['points'] == 1 :]}"


#: Values a second that the machine code of kernels allows an H200, as docs/performance.md reads it; null: not read.
LIMITS = {
    "network_evaluate float32 dim 2 logistic full": 2.1e12,
    "network_evaluate float32 dim 2 logistic fast": 4.2e12,
    "network_evaluate float64 dim 2 logistic full": 5.8e11,
    "network_evaluate float32 dim 2 tanh full": 1.6e12,
    "network_evaluate float64 dim 2 tanh full": 5.6e11,
    "network_evaluate float32 dim 2 erf full": 9.6e11,
    "network_evaluate float64 dim 2 erf full": 3.6e11,
    "network_evaluate float32 dim 2 arctan full": 1.4e12,
    "network_evaluate float64 dim 2 arctan full": 5.8e11,
    "network_evaluate float32 dim 2 relu full": 6.0e12,
    "network_evaluate float64 dim 2 relu full": 4.2e12,
    "network_evaluate float32 dim 5 tanh full": None,
    "network_evaluate float32 dim 2 outputs 3 tanh full": None,
    "funahashi_gradient float32 dim 2 dense": 2.1e12,
    "funahashi_gradient float64 dim 2 dense": 5.2e11,
    "funahashi_evaluate float32 dim 1 shared": 1.2e13,
    "funahashi_evaluate float64 dim 2 shared": 4.2e12,
    "ridgelet_sum_over_points float32 dim 2 relu transform": 3.0e12,
    "ridgelet_sum_over_points float64 dim 2 relu transform": 7.2e11,
    "ridgelet_sum_over_units float32 dim 2 relu adjoint": 3.0e12,
    "ridgelet_sum_over_units float64 dim 2 relu adjoint": 7.3e11,
}
DEVICE = "nvidia-h200"


def device_records() -> dict[str, Record]:
    """Return the record of each kernel."""
    path = ROOT / "benchmarks" / "device" / "results" / f"{DEVICE}.json"
    return {record["name"]: record for record in json.loads(path.read_text())}


def device_summary() -> str:
    """Return what was measured, and how much of it is right."""
    records = list(device_records().values())
    (where,) = {f"{record['device']}, driver {record['driver']}" for record in records}
    commits = ", ".join(sorted({record["commit"][:7] for record in records}))
    passed = sum(record["passed"] for record in records)
    clean = sum(record["sanitizer_clean"] for record in records)
    return (
        f"{where}, commits {commits}: of {len(records)} combinations of kernel, dtype, dimension and activation "
        f"{passed} within tolerance, {clean} with nothing found by compute-sanitizer."
    )


def device_sums() -> str:
    """Return the rates of the kernels whose loops were read."""
    records = device_records()
    lines = []
    for name, limit in LIMITS.items():
        rate = records[name]["rate"]
        lines.append([name, short(rate), f"{rate / limit:.0%}" if limit else "not read"])
    return markdown(["kernel", "values/s", "of the limit below"], lines)


def device_signs() -> str:
    """Return the times of products of signs, beside those of cuBLAS."""
    lines = []
    for name, record in device_records().items():
        if name.startswith("packed_matmul"):
            same, half = (
                times(seconds / record["time"])
                for kind in (name.split()[1], "float16")
                for other, seconds in record["others"].items()
                if other == f"torch {kind}"
            )
            lines.append([name, lasting(record["time"]), same, half])
    return markdown(["kernel", "takes", "cuBLAS, same dtype", "cuBLAS float16"], lines)


def device_others() -> str:
    """Return the times of kernels that no loop limits, or whose loops were not read."""
    lines = []
    for name, record in device_records().items():
        elementwise = name.startswith("activation_apply")
        if elementwise or name.startswith(("cufinufft", "network_derive", "rbm_")) or name.endswith("dual"):
            lines.append([name, lasting(record["time"]), f"{record['share']:.0%}" if elementwise else ""])
    return markdown(["kernel", "takes", "of the copied bytes"], lines)


def short(number: float) -> str:
    return re.sub(r"e\+0?", "e", f"{number:.2e}")


TABLES: dict[str, Callable[[], str]] = {
    "units": lambda: against(
        {
            "NumPy float64": "numpy float64",
            "PyTorch, same dtype": "torch {dtype}",
            "KeOps, same dtype": "keops {dtype}",
            "Fourier sum in NumPy": "numpy Fourier sum",
        },
        units,
        [
            "funahashi-dense-float64",
            "funahashi-dense-float32",
            "funahashi-shared-2d",
            "funahashi-shared-3d",
            "funahashi-window-1d",
            "funahashi-table-2d",
            "funahashi-nufft-2d",
        ],
    ),
    "layers": layers,
    "signs": lambda: against(
        {
            "NumPy float32": "numpy float32",
            "PyTorch float32": "torch float32",
            "PyTorch bfloat16": "torch bfloat16",
            "ggml Q1_0": "ggml Q1_0",
        },
        signs,
        [
            "packed-gemv-8192",
            "packed-gemv-8192-avx2",
            "packed-gemm-4096-4",
            "packed-gemm-4096-16",
            "packed-gemm-4096-64",
            "packed-gemm-4096-256",
        ],
    ),
    "others": lambda: comparisons(
        [
            "binary-ranks-1",
            "binary-ranks-64",
            "ridgelet-slice-float64",
            "ridgelet-slice-float32",
            "ridgelet-direct",
            "funahashi-threads",
            "import-time",
        ]
    ),
    "comparisons": all_comparisons,
    "checks": checks,
    "growth": growth,
    "ridgelet-costs": costs,
    "chosen-frequencies": lambda: of_script("chosen_frequencies"),
    "attribution-bags": lambda: of_script("attribution_bags"),
    "fashion-table": lambda: of_script("fashion_table"),
    "front-table": lambda: of_script("front_table"),
    "monotone-designs": lambda: of_script("monotone_designs"),
    "front-fit": lambda: of_script("front_fit"),
    "recommend-ml100k": lambda: of_script("recommend_ml100k"),
    "recommend-bandit": lambda: of_script("recommend_bandit"),
    "recommend-missing": lambda: of_script("recommend_missing"),
    "recommend-off-policy": lambda: of_script("recommend_off_policy"),
    "recommend-phases": lambda: of_script("recommend_phases"),
    "distributed-costs": clusters,
    "distributed-scaling": lambda: of_script("distributed_scaling"),
    "reliability-contract": lambda: reliability_tables.figures("contract", "refusals"),
    "reliability-tests": lambda: reliability_tables.figures("suite", "cpp", "threads"),
    "reliability-accuracy": lambda: reliability_tables.figures("bounds", "references"),
    "reliability-coverage": lambda: reliability_tables.figures("coverage"),
    "reliability-sanitizers": lambda: reliability_tables.figures("address", "thread"),
    "reliability-allocations": lambda: reliability_tables.figures("allocations"),
    "reliability-interrupts": lambda: reliability_tables.figures("interrupts"),
    "reliability-fuzzing": lambda: reliability_tables.figures(*HARNESSES),
    "reliability-memory": lambda: reliability_tables.figures("import", "import numpy", "demo"),
    "reliability-packages": reliability_tables.installed,
    "reliability-machines": reliability_tables.clean_machines,
    "reliability-practice": lambda: reliability_tables.figures("review", "ci"),
    "device-summary": device_summary,
    "device-sums": device_sums,
    "device-signs": device_signs,
    "device-others": device_others,
}


if __name__ == "__main__":
    main()
