"""Comparisons with what is trained, the functions that they are made on, and their table."""

import importlib
import itertools
import math
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import kousei
from kousei.front import NotReachedError, Report, benchmark_functions
from kousei.front.comparing import comparison
from kousei.front.comparing.regressions import chebyshev, nystroem, rbf_sampler
from kousei.front.comparing.training import adam, lbfgs, mlp_regressor
from kousei.front.comparing.trials import Run, Task, Watch

LINE = [(-1.0, 1.0)]


def wave(x: np.ndarray) -> np.ndarray:
    return np.asarray(np.sin(3 * x[..., 0]))


def task(target: float, budget: float = 20.0, **changes: Any) -> Task:
    """Return sin(3x), scaled already, for networks of 8 units."""
    x, at = (np.linspace(-1, 1, count)[:, None] for count in (200, 301))
    given = {"f": wave, "x": x, "y": wave(x), "at": at, "values": wave(at), "scale": 1.0, "widths": (8,)}
    return Task(**given | {"target": target, "budget": budget, "seeds": 2} | changes)


@pytest.fixture
def constructed(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Have construct make one network of 3 units for everything, but to no less than 1e-3; return what was asked."""
    asked = []
    net = kousei.MLP([np.ones((3, 1)), np.zeros((1, 3))], [np.zeros(3), np.zeros(1)], ["tanh"])

    def construct(f: Any, bounds: Any, tol: float, *, rng: Any) -> kousei.MLP:
        asked.append(tol)
        if tol < 1e-3:
            raise NotReachedError("it is too much. What was tried:\nnothing", Report([]))
        return net

    monkeypatch.setattr(comparison, "construct", construct)
    return asked


def test_names_and_dimensions_of_the_functions() -> None:
    functions = benchmark_functions()
    assert len(functions) == 3 + 4 + 5 * 8
    for name, (f, bounds, tol, most) in functions.items():
        lo, hi = np.transpose(bounds)
        x = np.random.default_rng(0).uniform(lo, hi, (3, 4, len(bounds)))
        assert f(x).shape == (3, 4)
        assert np.isfinite(f(x)).all()
        assert tol == (1e-2 if "continuous" in name else 1e-6)
        assert most is None or len(bounds) <= 3


def test_known_values_of_the_functions() -> None:
    functions = benchmark_functions([1, 2, 3])
    value = {name: lambda *x, f=function.f: float(f(np.array(x))) for name, function in functions.items()}
    assert value["quartic"](5.0) == 24
    assert value["quartic"](2.0) == 0
    assert value["XOR"](0.0, 1.0) == 1
    assert value["Franke"](0.0, 0.0) == pytest.approx(0.7664205912849231)  # by hand: four exponentials
    assert value["Runge 2-D"](0.6, 0.8) == pytest.approx(1 / 26)
    assert value["Ackley 3-D"](0.0, 0.0, 0.0) == pytest.approx(0, abs=1e-14)
    assert value["Ackley 1-D"](1.0) == pytest.approx(20 - 20 * np.exp(-0.2))
    assert value["Rosenbrock 3-D"](-1.0, 2.0, 0.0) == 100 + 4 + 1600 + 1


@pytest.mark.parametrize("dim", [1, 2, 3, 5])
def test_difficulties_of_genz_are_scaled(dim: int) -> None:
    functions = {name.rpartition(" ")[0]: function.f for name, function in benchmark_functions([dim]).items()}
    zero, half, one = (np.full(dim, t) for t in (0.0, 0.5, 1.0))
    # cos(c) and cos(c + 9/2) + cos(c - 9/2) of the middle of the diagonal.
    f = functions["oscillatory"]
    assert f(zero) + f(one) == pytest.approx(2 * np.cos(4.5) * f(half), abs=1e-12)
    f = functions["corner peak"]
    assert (f(zero), f(one)) == pytest.approx((1, 2.85 ** -(dim + 1)))
    assert np.log(functions["continuous"](np.stack([zero, one]))).sum() == pytest.approx(-20.4)
    assert functions["discontinuous"](zero) == 1
    assert functions["discontinuous"](one) == 0
    # -ln f and 1/f are quadratic along an axis, with a^2 and 1 before the square.
    along = np.array([zero, half, one])
    along[:, 1:] = 0.5
    logs = np.log(functions["Gaussian"](along))
    assert dim > 1 or logs @ [-2, 4, -2] == pytest.approx(7.03**2)
    inverse = 1 / functions["product peak"](along)
    assert dim > 1 or inverse @ [2, -4, 2] == pytest.approx(1)


def test_functions_are_those_of_their_seed_alone() -> None:
    x = np.random.default_rng(1).random((5, 2))
    alone, among = (benchmark_functions(dims)["Gaussian 2-D"].f(x) for dims in ([2], [3, 2, 1]))
    assert (alone == among).all()
    assert (alone != benchmark_functions([2], rng=1)["Gaussian 2-D"].f(x)).all()
    with pytest.raises(ValueError, match="dims was 0; at least 1 is accepted"):
        benchmark_functions([0])
    with pytest.raises(TypeError, match="dims was 2.0"):
        benchmark_functions([2.0])  # type: ignore[list-item]


def test_looking_takes_no_time(monkeypatch: pytest.MonkeyPatch) -> None:
    now, looks = [0.0], []
    monkeypatch.setattr("kousei.front.comparing.trials.time.perf_counter", lambda: now[0])

    def predict(at: np.ndarray) -> np.ndarray:
        now[0] += 100.0
        looks.append(now[0])
        return np.zeros(len(at))

    watch = Watch(task(0.1), 1.0)
    steps = 0
    while watch.goes_on(predict):
        steps += 1
        now[0] += 1 / 128
    run = watch.run("some", "how", 8)
    assert steps == 128
    seconds = [second for second, _ in run.curve]
    assert seconds[-1] == pytest.approx(1)
    assert all(1.29 * a < b < 1.3 * a + 0.01 for a, b in itertools.pairwise(seconds[:-1]))
    assert {error for _, error in run.curve} == {np.abs(np.sin(3 * np.linspace(-1, 1, 301))).max()}
    assert (run.seconds, run.units) == (seconds[0], 8)


def test_a_training_ends_where_it_is_near_or_stuck() -> None:
    watch = Watch(task(1e-3), 1e9)
    assert watch.goes_on(wave)
    assert not watch.goes_on(wave, stuck=True)
    watch = Watch(task(1e-3), 1e-9)
    assert not watch.goes_on(wave)
    assert watch.run("some", "how", 8).error == 0


@pytest.mark.parametrize(("method", "target"), [(adam, 0.4), (lbfgs, 1e-2), (mlp_regressor, 0.4)])
def test_networks_are_trained_to_their_target(method: Any, target: float) -> None:
    pytest.importorskip("torch" if method is not mlp_regressor else "sklearn")
    x, at = (np.linspace(-1, 1, count)[:, None] for count in (200, 301))
    runs = method(task(target, widths=(8, 64), y=x[:, 0], values=at[:, 0]))
    assert min(run.error for run in runs) <= target
    assert [run.units for run in runs] == [8, 8, 64, 64] * (3 if method is adam else 1)
    for run in runs:
        assert run.error == min(error for _, error in run.curve)
        assert (run.seconds, run.error) in run.curve


@pytest.mark.parametrize(("method", "count"), [(adam, 12), (lbfgs, 4)])
def test_the_best_start_has_the_whole_budget(method: Any, count: int) -> None:
    pytest.importorskip("torch")
    *starts, last = method(task(0.0, budget=0.3, widths=(4, 8)))
    assert len(starts) == count
    best = min(starts, key=lambda run: run.error)
    assert last.setting == best.setting.rpartition(",")[0] + ", 0.3 s"
    assert last.units == best.units
    assert f"{0.15 / count:.3g} s" in best.setting
    assert last.curve[-1][0] >= 0.3


def test_lbfgs_learns_from_steps_of_a_small_loss() -> None:
    """Of the loss as it is, PyTorch's comes to 1.3e-3 here, within a second, and no nearer."""
    pytest.importorskip("torch")
    assert lbfgs(task(1e-3, budget=60.0, seeds=1))[0].error <= 1e-3


def test_standstill_of_lbfgs() -> None:
    pytest.importorskip("torch")
    # Of a constant every gradient is 0 once the network is one: then no step changes anything.
    runs = lbfgs(task(0.0, budget=1e6, seeds=1, y=np.zeros(200), values=np.zeros(301), widths=(1,)))
    assert runs[0].error < 1e-6


@pytest.mark.parametrize("method", [rbf_sampler, nystroem])
def test_features_take_the_best_kernel(method: Any) -> None:
    pytest.importorskip("sklearn")
    x = np.linspace(-1, 1, 600)[:, None]
    given = task(0.0, x=x, y=wave(x))
    runs = method(given)
    assert [run.units for run in runs] == [32, 128, 512]
    assert runs[-1].error < 1e-6
    assert len(method(given._replace(budget=1e-9))) == 1
    assert all(run.setting.startswith("gamma ") for run in runs)


def test_polynomials_are_reproduced() -> None:
    def f(x: np.ndarray) -> np.ndarray:
        return np.asarray(x[:, 0] ** 3 * x[:, 1] - 2 * x[:, 2] ** 2 + x[:, 1])

    at = np.random.default_rng(0).uniform(-1, 1, (50, 3))
    runs = chebyshev(task(0.0, f=f, x=at[:5], at=at, values=f(at)))
    assert [(run.units, run.setting) for run in runs] == [
        (8, "2 points along each axis"),
        (64, "4 points along each axis"),
    ]
    assert runs[0].error > 0.1
    assert runs[1].error < 1e-14


def test_tolerances_down_to_what_is_refused(constructed: list[float]) -> None:
    found = kousei.compare(wave, LINE, 1e-4, methods=["Chebyshev"], rng=0)
    assert constructed == pytest.approx([1e-4, 1e-3, 1e-2, 0.1])
    assert found.left_out == {"construct to 0.0001": "it is too much."}
    assert found.tol == pytest.approx(1e-3)
    assert [run.setting for run in found.runs[:3]] == ["tol 0.001", "tol 0.01", "tol 0.1"]
    assert {run.units for run in found.runs[:3]} == {3}
    # The network is 0 everywhere.
    assert found.best("construct").error == pytest.approx(1, abs=1e-6)
    assert found.seconds_to(1e-3, "construct") == math.inf
    assert found.methods == ["construct", "Chebyshev"]
    lines = str(found).splitlines()
    assert lines[0].split() == ["method", "units", "largest", "error", "seconds", "to", "0.001", "setting"]
    assert lines[1].split()[:3] == ["construct", "3", "1.0e+00"]
    assert "never" in lines[1]
    assert lines[-1] == "left out: construct to 0.0001: it is too much."


def test_what_others_are_given(constructed: list[float], monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[Task] = []

    def method(task: Task) -> list[Run]:
        given.append(task)
        return [Run("Adam", "", task.widths[0], 0.5, 1.0, ((0.1, 0.7), (1.0, 0.5), (2.0, 0.6)))]

    monkeypatch.setattr(comparison, "_METHODS", {"Adam": (method, "numpy"), "L-BFGS": (method, "no_such_library")})
    methods = ["Adam", "Adam", "L-BFGS"]

    def f(x: np.ndarray) -> np.ndarray:
        return 7 + 5 * wave(x)

    found = kousei.compare(f, [(0, 4)], 1e-3, methods=methods, budget=4, seeds=2, rng=0)
    assert found.left_out == {"L-BFGS": "no_such_library is not installed"}
    (task,) = given
    assert (task.widths, task.target, task.budget, task.seeds) == ((3, 64), 1e-3, 4, 2)
    assert task.x.shape == (1024, 1)
    assert task.at.shape == (10_000, 1)
    assert (task.y.mean(), task.y.std()) == pytest.approx((0, 1))
    scale = task.scale
    assert np.ptp(task.y * scale - f(2 + 2 * task.x)) < 1e-12
    assert np.ptp(task.values * scale - f(2 + 2 * task.at)) < 1e-12
    assert task.error(lambda at: task.f(at) + 0.1) == pytest.approx(0.1 * scale)
    assert task.error(lambda at: np.full(len(at), np.nan)) == math.inf
    assert [found.seconds_to(error, "Adam") for error in (0.7, 0.6, 0.5, 0.4)] == [0.1, 1.0, 1.0, math.inf]


def test_where_nothing_is_constructed_others_have_512_units(constructed: list[float]) -> None:
    found = kousei.compare(wave, [(-1, 1)] * 4, 1e-12, methods=["Chebyshev"], budget=1e-9, rng=0)
    assert constructed == [1e-12]
    assert (found.runs, found.tol) == ((), 1e-12)
    assert list(found.left_out) == ["construct to 1e-12", "Chebyshev"]
    assert found.left_out["Chebyshev"] == "a grid in 4 dimensions has too many points"
    with pytest.raises(ValueError, match=r"method was 'construct'; one of those that have runs, \[\], is accepted"):
        found.best("construct")


def test_everything_at_once() -> None:
    pytest.importorskip("torch")
    pytest.importorskip("sklearn")
    found = kousei.compare(wave, LINE, 1e-4, budget=0.05, seeds=1, rng=0)
    assert found.methods == ["construct", *comparison._METHODS]
    assert found.best("construct").error <= 1e-4
    assert found.best("Chebyshev").error <= 1e-2  # and less, by the clock
    assert {run.units for run in found.runs if run.method == "Adam"} <= {found.best("construct").units, 64}
    assert len(str(found).splitlines()) == 8
    again = kousei.compare(wave, LINE, 1e-4, methods=[], rng=0)
    assert again.best("construct")[:4] == found.best("construct")[:4]
    plt = pytest.importorskip("matplotlib.pyplot")
    axes = found.draw()
    for panel in axes:
        assert [line.get_label() for line in panel.lines][:-1] == found.methods
        assert panel.get_xscale() == panel.get_yscale() == "log"
    errors = axes[1].lines[1].get_ydata()
    assert (np.diff(errors) <= 0).all()
    assert found.draw(axes) is axes
    plt.close("all")


@pytest.mark.parametrize("f", [lambda x: 2 * x[:, 0] - 1, lambda x: 0 * x[:, 0] + 3])
def test_functions_that_need_no_units(f: Any) -> None:
    pytest.importorskip("sklearn")
    found = kousei.compare(f, LINE, 1e-6, methods=["Nystroem", "Chebyshev"], rng=0)
    assert found.best("construct").units == 0
    assert found.best("Nystroem").error < 1e-3
    assert found.best("Chebyshev").error < 1e-14


def test_functions_of_coordinates() -> None:
    with pytest.warns(UserWarning, match="one array for each coordinate") as warned:
        found = kousei.compare(lambda x, y: x * y, [(0, 2)] * 2, 1e-6, methods=["Chebyshev"], rng=0)
    assert len(warned) == 1
    assert max(found.best(method).error for method in found.methods) < 1e-6
    cubic = np.polynomial.Polynomial([0, -1, 0, 1])
    assert kousei.compare(cubic, LINE, methods=[], rng=0).best("construct").error < 1e-12


def test_drawing_says_what_is_missing(constructed: list[float], monkeypatch: pytest.MonkeyPatch) -> None:
    found = kousei.compare(wave, LINE, 1e-3, methods=[], rng=0)
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    with pytest.raises(ImportError, match=r"pip install 'kousei\[plot\]'"):
        found.draw()


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"methods": "Adam"}, TypeError, "methods was 'Adam'; a sequence of names is accepted"),
        ({"methods": None}, TypeError, "methods was None; a sequence of names is accepted"),
        ({"methods": iter(["Adam"])}, TypeError, "methods was <list_iterator"),
        ({"methods": ["SGD"]}, ValueError, "methods was 'SGD'; 'Adam', 'L-BFGS', .* and 'Chebyshev' are accepted"),
        ({"tol": 0}, ValueError, "tol was 0"),
        ({"tol": "1"}, TypeError, "tol was '1'"),
        ({"budget": math.inf}, ValueError, "budget was inf"),
        ({"seeds": 0}, ValueError, "seeds was 0; at least 1"),
        ({"seeds": True}, TypeError, "seeds was True"),
        ({"bounds": [(1, 0)]}, ValueError, "bounds was"),
        ({"rng": -1}, ValueError, "rng was -1"),
        ({"f": lambda x: x[:, 0] * np.nan}, ValueError, "finite"),
        ({"f": lambda x: x[:, 0] * 1j}, TypeError, "complex128; real values"),
    ],
)
def test_bad_input(changes: dict[str, Any], error: type[Exception], message: str) -> None:
    arguments = {"f": wave, "bounds": LINE} | changes
    with pytest.raises(error, match=message):
        kousei.compare(**arguments)


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> Any:
    folder = Path(__file__).parents[2] / "benchmarks"
    if not folder.is_dir():
        pytest.skip("benchmarks are not part of what is installed")
    monkeypatch.syspath_prepend(str(folder))
    return importlib.import_module("front_table")


def test_the_table_tells_who_wins(script: Any) -> None:
    ours = {"units": 9, "error": 2e-7, "seconds": 0.004, "tol": 1e-6, "sooner": ["Chebyshev"]}
    coarse = ours | {"tol": 1e-5, "sooner": ["Chebyshev", "Adam"]}
    other = {"units": 9, "error": 3e-2, "seconds": 5.0, "setting": "", "to tol": None}
    row = {"function": "A 1-D", "dim": 1, "asked": 1e-6, "most": 10, "budget": 6.0, "constant": 1.0, "tol": 1e-6}
    row |= {"ours": [ours, coarse], "others": {"Adam": other, "L-BFGS": other | {"to tol": 0.1}, "RBFSampler": other}}
    refused = row | {
        "function": "B 5-D",
        "dim": 5,
        "most": None,
        "budget": 2.0,
        "ours": [],
        "others": {"Adam": other},
    }
    record = {"command": "run it", "seeds": 3, "rows": [row, refused]}
    lines = script.table(record).splitlines()
    assert lines[2] == "| A 1-D | 1e-6 | 9 | 2e-7 | 4 ms | 3e-2, 5 s | 3e-2, 5 s |  | 3e-2, 5 s |  |"
    assert lines[3] == "| B 5-D | 1e-6 | refused |  |  | **3e-2, 5 s** |  |  |  |  |"
    text = "\n".join(lines[4:])
    assert "**A training wins** on B 5-D." in text
    assert "Of the 2 tolerances that ours meets" in text
    assert "Adam at 1, L-BFGS at 0," in text
    assert "and Chebyshev at 2 are met sooner" in text
    assert "Adam reaches our tolerance on 0; it takes 1,500× as long as ours" in text
    assert "L-BFGS reaches our tolerance on 1; it takes 25× as long as ours" in text
    assert "`run it`: 3 seeds, 2 to 6 s for each method." in text
    assert script.met(record["rows"])
    assert not script.met([row | {"most": 8}])
    assert not script.met([row | {"budget": 0.19}])
    sooner = row | {"ours": [coarse]}
    assert "| 9, to 1e-5 | 2e-7 | 4 ms | **3e-2, 5 s** |" in script.table(record | {"rows": [sooner]})
    nowhere = refused | {"constant": 0.05}
    assert "On none of these does a training win." in script.table(record | {"rows": [row, nowhere]})


@pytest.mark.slow
@pytest.mark.parametrize("name", list(benchmark_functions()))
def test_every_function_is_met_by_few_units_or_refused(name: str) -> None:
    f, bounds, tol, most = benchmark_functions()[name]
    lo, hi = np.transpose(bounds)
    x = np.random.default_rng(1).uniform(lo, hi, (10_000, len(bounds)))
    try:
        net = kousei.construct(f, bounds, tol, rng=0)
    except NotReachedError as refusal:
        why = str(refusal)
    else:
        why = ""
        assert np.abs(net(x) - f(x)).max() <= net.error_bound().total <= tol
        assert net.units <= (most or 10_000)
    assert why == "" or most is None
    assert ("jumps" in why) == ("discontinuous" in name)
