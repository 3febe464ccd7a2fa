"""The drill: formulas broken on purpose, one at a time, to see that a test fails of each.

    python tests/drill.py        all of them
    python tests/drill.py 3 8    some, by their numbers in CONTRIBUTING.md

It works on a copy of the tree, in build/drill, where C++ is built at first, and again what includes a broken file.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
COPY = ROOT / "build" / "drill"
#: What runs the C++ tests of a folder.
PROGRAMS = {"tests/cpp": "kousei_tests", "tests/cuda": "kousei_cuda_tests"}


class Break(NamedTuple):
    """A formula, and the test that must fail where `old` reads `new`: a file and a name, of doctest in C++."""

    file: str
    old: str
    new: str
    what: str
    seen_by: str


BREAKS = (
    Break(
        "cpp/include/kousei/math/exp2.hpp",
        "return power * (fraction * detail::exp2_slope<0>(fraction)) + (power - scalar_t<V>(1));",
        "return (power * (fraction * detail::exp2_slope<0>(fraction)) + power) - scalar_t<V>(1);",
        "2^x - 1 subtracts last: near 0 its digits cancel, and those of tanh and erf",
        "tests/cpp/test_formulas.cpp::erf",
    ),
    Break(
        "cpp/include/kousei/funahashi_unit.hpp",
        "(net.ranges.starts[middle] <= unit ? low : high)",
        "(net.ranges.starts[middle] < unit ? low : high)",
        "the first unit of a frequency is looked for in the one before",
        "tests/cuda/test_funahashi.cpp::every method on the device",
    ),
    Break(
        "cpp/include/kousei/ridgelet_unit.hpp",
        "(kernel.derivative ? 2 : 1)",
        "1",
        "the derivative of a kernel falls off as the kernel does, from t = 16 on",
        "tests/python/test_ridgelet.py::test_kernel_over_the_whole_line",
    ),
    Break(
        "cpp/src/simd/packed_dot.inl",
        "together = 31;",
        "together = 32;",
        "256 signs that differ are counted in a byte",
        "tests/cpp/test_packed_dot.cpp::rows that agree and rows that are opposite",
    ),
    Break(
        "cuda/src/ridgelet_sums.cu",
        "return (high - other.high) + (low - other.low);",
        "return high - other.high;",
        "on a device, float32 differences of large numbers lose the digits that cancel",
        "tests/cuda/test_ridgelet.cpp::differences of large projections and biases on the device",
    ),
    Break(
        "python/kousei/funahashi/parameters.py",
        "bound = 2 * h * tails / peak",
        "bound = h * tails / peak",
        "the bound on the missing thresholds is too small by a factor of 2",
        "tests/python/test_funahashi_tolerance.py::test_the_bound_of_an_end_is_that_of_the_missing_bumps",
    ),
    Break(
        "python/kousei/binary/error.py",
        "np.maximum(upper[kept, None], 0) + off)",
        "np.maximum(upper[kept, None], 0))",
        "the slope of a power is taken at the end of the exact interval",
        "tests/python/test_binary_calibration.py::test_bound_of_a_power",
    ),
    Break(
        "python/kousei/network/rewriting.py",
        "sign = 1.0 if i > anchor else -1.0",
        "sign = 1.0 if i >= 1 else -1.0",
        "Theorem 3: a kink between the first and the anchor opens to the wrong side",
        "tests/python/test_rewriting.py::test_units_of_relu_by_hand",
    ),
    Break(
        "python/kousei/network/bounds.py",
        " + np.abs(slopes) @ rounding",
        "",
        "linear bounds leave out how the layers below round",
        "tests/python/test_bounds.py::test_lines_hold_the_rounding_of_layers_below",
    ),
    Break(
        "python/kousei/ridgelet/pair.py",
        "(2 * math.pi) ** (dim - 1) * _PEAK",
        "(2 * math.pi) ** min(dim - 1, 1) * _PEAK",
        "the constant K is wrong from dimension 3 on",
        "tests/python/test_ridgelet.py::test_constants_golden",
    ),
    Break(
        "python/kousei/ridgelet/slices.py",
        "factor = np.conj(coefs) *",
        "factor = coefs *",
        "slices take the kernel mirrored, which only an odd one shows",
        "tests/python/test_ridgelet_transform.py::test_slices_and_sums_are_the_closed_form",
    ),
    Break(
        "python/kousei/io/onnx/operators.py",
        "(1, _scale(builder, node, c, np.array([beta])))",
        "(1, c)",
        "beta of Gemm leaves an addend alone that depends on the input",
        "tests/python/test_onnx.py::test_operators",
    ),
    Break(
        "cpp/include/kousei/math/repu.hpp",
        "const V low = power == 2 ? step : repu(power - 2, z);",
        "const V low = repu(power - 2, z);",
        "the second derivative of max(z, 0)^2 is 2 for z < 0 too",
        "tests/cpp/test_jet.cpp::powers and slopes",
    ),
    Break(
        "python/kousei/repu/derivative.py",
        "scale = np.nonzero(live)[1], balance[i][live]",
        "scale = np.nonzero(live)[1], np.ones(live.sum())",
        "products by squares have the digits of their larger factor",
        "tests/python/test_repu_derivative.py::test_factors_of_different_sizes",
    ),
    Break(
        "python/kousei/repu/tree.py",
        "np.where(live, power_of_two(a_bound + b_bound), np.abs(a))",
        "np.where(live, 1.0, np.abs(a))",
        "the numbers of a tree are not divided by their bounds",
        "tests/python/test_repu.py::test_coefficients_of_any_size",
    ),
    Break(
        "python/kousei/network/torch_jet.py",
        "2 * (z > 0)",
        "2 * (z >= 0)",
        "in torch the second derivative of max(z, 0)^2 is 2 at 0",
        "tests/python/test_torch_jet.py::test_derivatives_are_those_of_the_compiled_kernels",
    ),
    Break(
        "python/kousei/score/moments.py",
        "drift[i] += features.T @ (y @ linear)",
        "drift[i] += features.T @ y",
        "units are matched as if the linear field were y itself",
        "tests/python/test_score.py::test_moments_are_those_of_the_loss",
    ),
    Break(
        "python/kousei/isotonic/fitting.py",
        "_added(sums[:i] + sums[i + 1 :])",
        "_added(sums)",
        "samples that are left out take part in the moments of their own fit",
        "tests/python/test_isotonic.py::test_cross_validation_by_hand",
    ),
    Break(
        "python/kousei/isotonic/spline.py",
        "np.clip((x - lo) / width, -1, cells + 1)",
        "np.clip((x - lo) / width, 0, cells)",
        "a spline is constant from the edge of its box on, and its network is not",
        "tests/python/test_isotonic.py::test_outside_of_the_box_slopes_fall_to_0_over_a_cell",
    ),
    Break(
        "cpp/include/kousei/ising_unit.hpp",
        "(at == length - 1 ? 1 - length : 1) * step",
        "(at == length - 1 ? 1 - length : step)",
        "planes of a cube: the site above is one row up, not one plane",
        "tests/cpp/test_ising.cpp::sweeps of many chains are those of one spin after the other",
    ),
    Break(
        "cpp/src/ising.cpp",
        "std::ldexp(15.0 / 16, 32)",
        "4294967295.0",
        "Metropolis: what may be accepted always is, and stripes lead to stripes alone",
        "tests/python/test_ising_sampling.py::test_stripes_are_left",
    ),
    Break(
        "python/kousei/rg/decimation.py",
        "log_cosh(2 * a) / 2, log_cosh(2 * K) / 2",
        "log_cosh(2 * K) / 2, log_cosh(2 * K) / 2",
        "with a finite b the hidden units of a ring have the coupling that they have for b = inf",
        "tests/python/test_rg.py::test_both_marginals_of_a_finite_b",
    ),
    Break(
        "python/kousei/rbm/annealing.py",
        "(self._products[1] - self._products[0])",
        "(self._products[0] - self._products[1])",
        "chains on the way to a machine are drawn from the product of the other phase",
        "tests/python/test_rbm_partition.py::test_an_ordered_lattice",
    ),
    Break(
        "python/kousei/ising/exact.py",
        "log_scale, sign = Taylor(0.0, 0.0, 0.0), -1",
        "log_scale, sign = Taylor(0.0, 0.0, 0.0), 1",
        "Kaufman: the mode of k = 0 keeps its sign below the critical coupling",
        "tests/python/test_ising_exact.py::test_golden",
    ),
    Break(
        "cpp/src/ising_clusters.cpp",
        "favoured(model.field > 0)",
        "favoured(1)",
        "clusters hold to a negative field as to a positive one",
        "tests/python/test_ising_clusters.py::test_magnetization_in_a_field",
    ),
    Break(
        "cpp/include/kousei/rbm_unit.hpp",
        'asm("" : "+v"(rounded));',
        "",
        "a product is rounded with the sum behind it where the machine has an operation for both",
        "tests/cpp/test_rbm.cpp::every instruction set forms and rounds the same sums",
    ),
    Break(
        "python/kousei/rbm/training.py",
        "place[upper + 1] -= traded",
        "place[upper + 1] += 0",
        "of two replicas that trade their states one keeps its own too",
        "tests/python/test_rbm_training.py::test_trades_are_fair",
    ),
    Break(
        "cpp/include/kousei/attribution_unit.hpp",
        "return other + (other >= item ? 1 : 0);",
        "return other + (other > item ? 1 : 0);",
        "Owen values: an item keeps its own company, and the one behind it is left out",
        "tests/cpp/test_attribution.cpp::Owen values are the sums that define them",
    ),
    Break(
        "cpp/include/kousei/attribution_samples_unit.hpp",
        "at(r, c) += c == r ? 2 * ridge : ridge;",
        "at(r, c) += c == r ? ridge : 0;",
        "least squares with a given sum: the ridge leaves out the coefficient that has what is left of the total",
        "tests/cpp/test_attribution.cpp::least squares with a given sum",
    ),
    Break(
        "python/kousei/fashion/embedding.py",
        "self.shares(embeddings @ self.tags().T) / lengths",
        "self.shares(embeddings @ self.tags().T)",
        "heat maps are those of an embedding that is not of length 1",
        "tests/python/test_fashion.py::test_heat_adds_up_to_scores",
    ),
    Break(
        "python/kousei/fashion/losses.py",
        "negatives.isfinite().sum(dim=1, keepdim=True).clamp(min=1)",
        "negatives.shape[1]",
        "where fewer tags are wrong than are taken, hinges to none are counted with them",
        "tests/python/test_fashion.py::test_triplets_by_hand",
    ),
    Break(
        "cpp/include/kousei/recommend_unit.hpp",
        "preferences.weight[user] * (average + good)",
        "preferences.weight[user] * good",
        "a shop that is Excellent is preferred to those that are Good alone",
        "tests/cpp/test_recommend.cpp::what users prefer is what the pairs of their ratings say",
    ),
    Break(
        "cpp/include/kousei/recommend_unit.hpp",
        "(product == other && index < its)",
        "(product == other && index > its)",
        "of equal cosines the last row comes first",
        "tests/cpp/test_recommend.cpp::the first products of a row, ties by number",
    ),
    Break(
        "python/kousei/recommend/preference.py",
        "good + excellent, excellent",
        "good + excellent, good",
        "the edges that leave a shop that is Good are as many as those to it",
        "tests/python/test_recommend.py::test_networkx_on_the_materialised_graph",
    ),
    Break(
        "python/kousei/recommend/delivery.py",
        "fit(x[other], n[other], c[other])",
        "fit(x, n, c)",
        "rates of a page are predicted by its own clicks, too",
        "tests/python/test_recommend_delivery.py::test_predictions_do_not_know_the_clicks_of_their_shop",
    ),
    Break(
        "python/kousei/recommend/ctr.py",
        "n * p * (1 - p)",
        "n * p",
        "logits weigh as counts of clicks, whose variance is that of small rates alone",
        "tests/python/test_recommend_ctr.py::test_weights_are_those_of_the_logits",
    ),
    Break(
        "python/kousei/front/construction.py",
        "worst = np.argsort(errors)[-_WORST:]",
        "worst = np.argsort(errors)[:_WORST]",
        "larger differences are looked for around the best points, not around the worst ones",
        "tests/python/test_front_construct.py::test_differences_are_looked_for_around_the_worst_points",
    ),
    Break(
        "python/kousei/front/network.py",
        "back = back @ weight * slopes[i - 1]",
        "back = back @ weight",
        "roundings go through a unit as if its slope were 1",
        "tests/python/test_front_construct.py::test_rounding_by_hand",
    ),
    Break(
        "python/kousei/front/trains/fibres.py",
        "np.linalg.solve(self._cross.T, rows.T).T",
        "rows @ np.linalg.inv(self._cross)",
        "crosses of small pivots are inverted",
        "tests/python/test_front_tensor.py::test_crosses_are_solved_to_rounding",
    ),
    Break(
        "python/kousei/front/trains/products.py",
        "sign, shift = -1.0, ",
        "sign, shift = 1.0, ",
        "products of wide matrices leave out what the larger factor adds, with the sign of tall ones",
        "tests/python/test_front_tensor.py::test_products_of_matrices_are_exact",
    ),
    Break(
        "python/kousei/front/fits/leave_one_out.py",
        "(1 / n + centred**2 @ inverse)",
        "(centred**2 @ inverse)",
        "a sample that is left out keeps its part of the mean",
        "tests/python/test_front_fit.py::test_left_out_by_hand",
    ),
    Break(
        "python/kousei/front/fits/fitting.py",
        "Samples(points, mean, total / total.mean())",
        "Samples(points, mean, np.ones(len(points)))",
        "samples at one point weigh as one of them",
        "tests/python/test_front_fit.py::test_order_repetition_and_weights",
    ),
    Break(
        "python/kousei/distributed/units.py",
        "offset = 0.0 if block.start else net.offset",
        "offset = net.offset",
        "the sum of the parts of a network has the bias of the output once for each",
        "tests/python/test_distributed.py::test_parts_add_up_to_the_network",
    ),
    Break(
        "python/kousei/distributed/attribution.py",
        "game.tables.owen_values(item, 1)",
        "game.tables.owen_values(game.n - 1 - item, 1)",
        "items have the Owen values of those at the other end",
        "tests/python/test_distributed_attribution.py::test_the_values_are_those_of_one_machine",
    ),
    Break(
        "python/kousei/distributed/cosines.py",
        "(its_cosines[:, 0] >= cosines[places, -1])",
        "(its_cosines[:, 0] > cosines[places, -1])",
        "of equal cosines of two blocks that which is found first stays",
        "tests/python/test_distributed_recommend.py::test_equal_cosines_are_merged_by_index",
    ),
    Break(
        "python/kousei/distributed/pagerank.py",
        'latest(frame.sort_values("place"))',
        "latest(frame)",
        "the latest rating is the last that a shuffle brings",
        "tests/python/test_distributed_recommend.py::test_a_shuffle_does_not_say_what_is_latest",
    ),
    Break(
        "python/kousei/ising/tempering.py",
        "counter = 8 * pairs * self._first",
        "counter = pairs * self._first",
        "exchanges of 32 chains are drawn where those of the 32 before are not over",
        "tests/python/test_ising_sampling.py::test_chains_of_a_run_that_are_drawn_apart",
    ),
    Break(
        "python/kousei/distributed/training.py",
        "draws = Draws(batch.draws.key, batch.draws.count, first_row=first)",
        "draws = Draws(batch.draws.key, batch.draws.count)",
        "every block of a batch draws by the random numbers of the first one",
        "tests/python/test_distributed_training.py::test_training_is_that_of_one_machine",
    ),
    Break(
        "python/kousei/ridgelet/transform.py",
        'super().__getstate__() | {"_sampling": self._sampling, "_kind": self._kind}',
        "super().__getstate__()",
        "blocks of directions have samplings of their own, which tolerances hide",
        "tests/python/test_distributed_transforms.py::test_parts_are_sampled_alike",
    ),
    Break(
        "python/kousei/equivariant/finite_sums.py",
        "[slice(1, None)] if first else [slice(v, v + 1) for v in range(1, self._slices)]",
        "[slice(1, None)]",
        "slices of a whose first number is 0 are lost where others go to the same place",
        "tests/python/test_distributed_transforms.py::test_parts_of_a_finite_transform",
    ),
    Break(
        "cpp/include/kousei/ridgelet_unit.hpp",
        "inline constexpr int largest_order = 9,",
        "inline constexpr int largest_order = 12,",
        "Hermite's functions by a recurrence up to the order 12, where it errs by 11 eps",
        "tests/python/test_reference.py::test_kernels_of_ridgelets",
    ),
)


def table() -> str:
    """Return the table of CONTRIBUTING.md."""
    rows = [f"| {i} | `{at.file}` | {at.what} | `{at.seen_by}` |" for i, at in enumerate(BREAKS, 1)]
    return "\n".join(["| | file | what is broken | the test that sees it |", "|---|---|---|---|", *rows])


def run(*command: str | Path) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"PYTHONPATH": str(COPY / "python"), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(command, cwd=COPY, env=environment, capture_output=True, text=True)


def copy() -> None:
    """Bring the copy up to date; what has not changed keeps its time, and is not built again."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    for name in filter(None, listed.split("\0")):
        source, target = ROOT / name, COPY / name
        if not target.exists() or target.read_bytes() != source.read_bytes():
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(source.read_bytes())


def build() -> None:
    """Build what the tests run, or raise what the compiler said."""
    import pybind11

    options = {
        "CMAKE_BUILD_TYPE": "Release",
        "KOUSEI_BUILD_PYTHON": "ON",
        "KOUSEI_BUILD_TESTS": "ON",
        "KOUSEI_CUDA": "OFF",
        "Python_EXECUTABLE": sys.executable,
        "pybind11_DIR": pybind11.get_cmake_dir(),
    }
    defined = [f"-D{name}={value}" for name, value in options.items()]
    for command in (
        ["cmake", "-S", ".", "-B", "build", "-G", "Ninja", *defined],
        ["cmake", "--build", "build", "--target", "_core", *PROGRAMS.values()],
    ):
        done = run(*command)
        if done.returncode:
            raise RuntimeError(done.stdout + done.stderr)
    for module in (COPY / "build" / "python" / "bindings").glob("_core*.so"):
        shutil.copy(module, COPY / "python" / "kousei" / "_lib")


def fails(test: str) -> bool:
    """Run a test; RuntimeError where it neither passes nor fails."""
    path, _, name = test.partition("::")
    if path.endswith(".py"):
        done = run(sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", test)
        known = done.returncode in (0, 1)
    else:
        folder = path.rpartition("/")[0]
        # A comma would end the name, and a template's goes on with its type.
        done = run(COPY / "build" / folder / PROGRAMS[folder], f"--test-case={name.replace(',', '?')}*")
        known = re.search(r"test cases: +[1-9]", done.stdout) is not None
    if not known:
        raise RuntimeError(done.stdout + done.stderr)
    return done.returncode != 0


def sees(at: Break) -> bool:
    """Return whether the test of a formula passes, and fails where it is broken."""
    file = COPY / at.file
    text = file.read_text()
    build()
    if fails(at.seen_by):
        return False
    try:
        file.write_text(text.replace(at.old, at.new))
        build()
        return fails(at.seen_by)
    finally:
        file.write_text(text)


def main(numbers: Sequence[str]) -> int:
    copy()
    wrong = 0
    for i, at in enumerate(BREAKS, 1):
        if not numbers or str(i) in numbers:
            seen = sees(at)
            wrong += not seen
            print(f"{i:3} {'seen' if seen else 'NOT SEEN'}: {at.what}", flush=True)
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
