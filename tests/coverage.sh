#!/usr/bin/env bash
# How much of the package the tests run: branches of python/kousei, and lines of cpp and python/bindings. Fails where either
# is below 95 %. A line of C++ is run if one of its copies is, those of a template or of an instruction set. What is for
# CUDA arrays runs on emulated kernels; lines of cuda are a number of their own. Needs the extras "test" and "coverage".
set -euo pipefail
cd "$(dirname "$0")/.."
python=$(command -v python)
build=build/coverage
# The counters are atomic: lines are counted by differences of them, which threads would make wrong. pybind11 asserts that
# no error is set where it throws one, which does not hold where memory has run out.
cmake -S . -B $build -G Ninja -DCMAKE_BUILD_TYPE=Debug \
    -DCMAKE_CXX_FLAGS_DEBUG="--coverage -fprofile-update=atomic -O1 -DNDEBUG" -DKOUSEI_CUDA=OFF -DKOUSEI_BUILD_TESTS=ON \
    -DKOUSEI_BUILD_PYTHON=ON -DPython_EXECUTABLE="$python" -Dpybind11_DIR="$("$python" -m pybind11 --cmakedir)" >/dev/null
cmake --build $build >/dev/null
find $build -name '*.gcda' -delete
ctest --test-dir $build -j 2 >$build/ctest.log || { tail -30 $build/ctest.log; exit 1; }

# The Python tests in a copy of the package with an extension module; they add to the counts of both languages.
rm -rf build/covered .coverage .coverage.*
mkdir build/covered
cp -r python/kousei build/covered/kousei
run_python() {
    rm -f build/covered/kousei/_lib/_core*.so
    cp "$1"/_core*.so build/covered/kousei/_lib/
    PYTHONPATH=build/covered${3:+:$3} "$python" -m pytest -q -n 2 -p no:cacheprovider -k "$2" \
        --cov=kousei --cov-append --cov-report= >build/covered/pytest.log || { tail -30 build/covered/pytest.log; failed=1; }
}
failed=0
run_python $build/python/bindings ""
run_python $build/tests/cuda cupy tests/cuda/python
"$python" -m coverage json -q -o build/covered/python.json

# Objects for wider instruction sets than this machine has cannot run here.
case $("$python" -c "import sys; sys.path.insert(0, 'build/covered'); import kousei; print(kousei._lib._core.instruction_set_name())") in
    avx512) wider='^$' ;;
    avx2) wider=/avx512.cpp ;;
    *) wider=/avx ;;
esac
lines() {
    xargs gcovr -r . --object-directory $build --merge-lines --gcov-suspicious-hits-threshold 0 \
        --json-summary "build/covered/$1.json" "${@:2}" >/dev/null
}
find $build -name '*.gcda' | grep -Ev "$wider" >build/covered/objects
grep -v /tests/cuda/ build/covered/objects | lines cpp --filter cpp/ --filter python/bindings/
grep /tests/cuda/ build/covered/objects | lines cuda --filter cuda/ --filter python/bindings/cuda.cpp --filter python/bindings/device_array

"$python" - <<'END'
import json
import sys

totals = json.load(open("build/covered/python.json"))["totals"]
branches = 100 * totals["covered_branches"] / totals["num_branches"]
cpp, cuda = (json.load(open(f"build/covered/{name}.json"))["line_percent"] for name in ("cpp", "cuda"))
print(f"Python branches: {branches:.1f}")
print(f"Python lines: {100 * totals['covered_lines'] / totals['num_statements']:.1f}")
print(f"C++ lines: {cpp:.1f}")
print(f"CUDA lines (emulated): {cuda:.1f}")
sys.exit(min(branches, cpp) < 95 and "less than 95 % of the branches of Python, or of the lines of C++, are run")
END
exit $failed
