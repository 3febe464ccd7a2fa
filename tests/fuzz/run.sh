#!/usr/bin/env bash
# Runs harnesses over inputs that grow out of their corpora, `tests/fuzz/run.sh [NAME ...]`, as many side by side as there
# are cores, and prints "fuzz NAME: RUNS runs, FINDINGS findings" of each; without names all of them. C++ by libFuzzer
# where there is clang++, with FUZZ_CPP inputs (10^7), Python by atheris, of the `python` that is on PATH, with
# FUZZ_PYTHON (10^5). Logs, findings and what the corpora grew to lie in build/fuzzing.
set -euo pipefail
cd "$(dirname "$0")/../.."
[ $# -gt 0 ] || set -- fuzz_network fuzz_safetensors fuzz_saved bindings loaders
out=build/fuzzing failed=0 running=0
cores=$(nproc) # which OMP_NUM_THREADS, below, would change
mkdir -p $out

# NAME COMMAND ...: a finding ends a harness, not the others.
fuzz() {
    local name=$1 log=$out/$1.log runs findings=0
    mkdir -p "$out/corpus/$name"
    "${@:2}" -artifact_prefix="$out/$name-" -timeout=60 "$out/corpus/$name" "tests/fuzz/corpus/$name" \
        >"$log" 2>&1 || findings=1
    runs=$(sed -nE 's/^Done ([0-9]+) runs .*/\1/p; s/^([0-9]+) inputs$/\1/p; s/^#([0-9]+)\s.*/\1/p' "$log" | tail -n 1)
    echo "fuzz $name: ${runs:-0} runs, $findings findings"
    [ $findings -eq 0 ] || tail -n 40 "$log"
    return $findings
}

# Until fewer harnesses run than that.
wait_for_fewer_than() {
    for (( ; running >= $1; --running)); do
        wait -n || failed=1
    done
}

preset=fuzz
command -v clang++ >/dev/null || preset=sanitizers
if [[ " $* " == *" fuzz_"* ]]; then
    cmake --preset $preset >$out/build.log
    cmake --build build/$preset --target fuzz_network fuzz_safetensors fuzz_saved >>$out/build.log
fi
if [[ " $* " == *" bindings "* || " $* " == *" loaders "* ]]; then
    python -c 'import atheris' 2>/dev/null || pip install -q --target $out/atheris atheris
fi
# What is freed is kept for a while, to catch its use: little enough for the processor's cache.
export ASAN_OPTIONS=detect_leaks=0:quarantine_size_mb=4:malloc_context_size=8 OMP_NUM_THREADS=1
export PYTHONPATH=${PYTHONPATH:-}:$PWD/$out/atheris PYTHONWARNINGS=ignore
declare -A longest=([fuzz_network]=4096 [fuzz_safetensors]=512 [fuzz_saved]=128)
for name in "$@"; do
    wait_for_fewer_than "$cores"
    if [ -f "tests/fuzz/$name.cpp" ]; then
        fuzz "$name" "build/$preset/tests/fuzz/$name" -runs="${FUZZ_CPP:-10000000}" -max_len="${longest[$name]}" \
            -len_control=0 -entropic=0 &
    else
        fuzz "$name" python "tests/fuzz/$name.py" -runs="${FUZZ_PYTHON:-100000}" &
    fi
    running=$((running + 1))
done
wait_for_fewer_than 1
exit $failed
