#!/usr/bin/env bash
# How much of the package the tests run: branches of python/kousei, and lines of cpp (kernels of CUDA are apart, and the
# emulator's are not counted). Needs the extra "test", pytest-cov and gcovr.
set -euo pipefail
cd "$(dirname "$0")/.."
python=$(command -v python)
cmake -S . -B build/coverage -G Ninja -DCMAKE_BUILD_TYPE=Debug -DCMAKE_CXX_FLAGS="--coverage -O1 -g0" \
    -DKOUSEI_CUDA=OFF -DKOUSEI_BUILD_TESTS=ON -DKOUSEI_BUILD_PYTHON=ON -DPython_EXECUTABLE="$python" \
    -Dpybind11_DIR="$("$python" -m pybind11 --cmakedir)" >/dev/null
cmake --build build/coverage --target kousei_tests fuzz_network fuzz_safetensors fuzz_saved _core >/dev/null
find build/coverage -name '*.gcda' -delete
ctest --test-dir build/coverage -R '^(cpp_|fuzz_)' >/dev/null
rm -rf build/covered
mkdir build/covered
cp -r python/kousei build/covered/kousei
rm -f build/covered/kousei/_lib/_core*.so
cp build/coverage/python/bindings/_core*.so build/covered/kousei/_lib/
PYTHONPATH=build/covered "$python" -m pytest -q -n 2 -p no:cacheprovider --cov=kousei --cov-branch \
    --cov-report=json:build/covered/python.json >build/covered/pytest.log || { tail -30 build/covered/pytest.log; exit 1; }
gcovr -r . --object-directory build/coverage --filter 'cpp/' --filter 'python/bindings/' --gcov-ignore-parse-errors=all \
    --exclude-throw-branches --json-summary build/covered/cpp.json >/dev/null
"$python" - <<'END'
import json

python = json.load(open("build/covered/python.json"))["totals"]
print(f"Python branches: {100 * python['covered_branches'] / python['num_branches']:.1f}")
print(f"Python lines: {100 * python['covered_lines'] / python['num_statements']:.1f}")
print(f"C++ lines: {json.load(open('build/covered/cpp.json'))['line_percent']:.1f}")
END
