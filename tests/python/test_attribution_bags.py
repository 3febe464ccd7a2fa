"""Errors of Owen values of bags of digits, as benchmarks/attribution_bags.py measures them, for ours alone."""

import importlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("sklearn")

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"
if not (BENCHMARKS / "attribution_bags.py").exists():
    pytest.skip("benchmarks are not part of the source distribution", allow_module_level=True)


@pytest.fixture
def benchmark(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    return importlib.import_module("attribution_bags")


@pytest.mark.usefixtures("one_thread_of_torch")
def test_errors_of_bags_of_digits(benchmark: Any) -> None:
    images, labels, bags = benchmark.digits()
    f, baseline = benchmark.trained(images, labels), images.mean(axis=0)
    exact = [benchmark.attributed(benchmark.owen_values(f, bag, baseline, groups=benchmark.GROUPS)) for bag in bags]
    methods = benchmark.methods(f, baseline)
    for budget, ceiling in benchmark.CEILINGS.items():
        found = benchmark.measured(methods["owen_kernel"], bags, budget, exact)
        assert found["features"] <= ceiling
        assert found["consistency gap"] <= 1e-12
        assert found["completeness gap"] <= 1e-12
    # Tables and the function itself agree.
    one = benchmark.owen_values(lambda x, mask: f(x, mask), bags[0], baseline, groups=benchmark.GROUPS)
    np.testing.assert_allclose(exact[0][0], one.features, rtol=0, atol=1e-12)
