#!/usr/bin/env bash
# How many reports the sanitizers give: `tests/sanitizers.sh address` runs all tests under AddressSanitizer and
# UndefinedBehaviorSanitizer, `tests/sanitizers.sh thread` those of threads under ThreadSanitizer. What follows goes to
# pytest, in place of these. Needs the extra "test"; leaks are looked for in the C++ tests, CPython has some of its own.
set -euo pipefail
cd "$(dirname "$0")/.."
kind=${1:-address}
shift || true
python=$(command -v python)
case $kind in
address)
    name="ASan and UBSan" preset=sanitizers libraries="libasan.so libubsan.so"
    [ $# -gt 0 ] || set -- tests/python
    ;;
thread)
    name=TSan preset=threads libraries=libtsan.so
    [ $# -gt 0 ] || set -- tests/python -k "thread or at_once or kernels or long_calls"
    ;;
*)
    echo "the sanitizer was $kind; address and thread are accepted" >&2
    exit 2
    ;;
esac
build=build/$preset
reports=$PWD/$build/reports
rm -rf "$reports"
mkdir -p "$reports"
export ASAN_OPTIONS=log_path=$reports/asan UBSAN_OPTIONS=log_path=$reports/ubsan,print_stacktrace=1
# A forked child may start threads; without history a report lacks the other stack.
export TSAN_OPTIONS=log_path=$reports/tsan,suppressions=$PWD/tests/tsan.supp,die_after_fork=0,history_size=7
export OMP_NUM_THREADS=1 # OpenBLAS, which is not compiled for it, has threads that seem to race

cmake --preset $preset -DKOUSEI_BUILD_PYTHON=ON -DKOUSEI_CUDA=AUTO -DPython_EXECUTABLE="$python" \
    -Dpybind11_DIR="${pybind11_DIR:-$("$python" -m pybind11 --cmakedir)}" >/dev/null
cmake --build --preset $preset --target kousei_tests _core fuzz_network fuzz_safetensors fuzz_saved
failed=0
ctest --preset $preset -R '^(cpp_|fuzz_)' -V >"$build/ctest.log" || failed=1

# The package with this extension module, in a folder of its own.
package=$PWD/$build-package
rm -rf "$package"
mkdir "$package"
cp -r python/kousei "$package/kousei"
rm -f "$package"/kousei/_lib/_core*.so
cp $build/python/bindings/_core*.so "$package/kousei/_lib/"
preload=$(for library in $libraries libstdc++.so; do printf '%s ' "$(g++ -print-file-name=$library)"; done)
sanitized() {
    LD_PRELOAD=$preload PYTHONMALLOC=malloc ASAN_OPTIONS=$ASAN_OPTIONS,detect_leaks=0 PYTHONPATH=$package \
        "$python" "$@"
}
sanitized -m pytest -q -n 2 -p no:cacheprovider "$@" 2>&1 | tee "$build/pytest.log" || failed=1
if [ $kind = address ]; then # fuzzing in short
    sanitized -W ignore tests/fuzz/bindings.py -runs=500 || failed=1
    sanitized -W ignore tests/fuzz/loaders.py -runs=200 || failed=1
fi

cat "$reports"/* >"$build/reports.log" 2>/dev/null || true
cat "$build/reports.log"
found=$(grep -cE 'ERROR: (Address|Leak)Sanitizer|WARNING: ThreadSanitizer|runtime error:' "$build/reports.log" || true)
passed=$({ sed -nE 's/.*test cases: +([0-9]+) .*/\1/p' "$build/ctest.log"; sed -nE 's/(^|.*[^0-9])([0-9]+) passed.*/\2/p' "$build/pytest.log"; } | paste -sd+)
echo "$name: $found reports in $((passed)) tests"
[ "$failed" = 0 ] && [ "$found" = 0 ]
