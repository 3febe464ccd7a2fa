#!/usr/bin/env bash
# The two commands of the README on a machine with Python and g++ alone, a chroot that debootstrap makes.
#   tests/clean_machine.sh            needs root, debootstrap, and the network for packages; some ten minutes
#   tests/clean_machine.sh TOOLKIT    with the CUDA toolkit of that folder, read-only, whose kernels are built too
# benchmarks/results/clean-machine.json, with a toolkit clean-machine-cuda.json, has the seconds of the first command in
# install_and_demo_seconds and of the second in install_and_test_seconds, tests_passed and extension_module_bytes.
set -euo pipefail
cd "$(dirname "$0")/.."
toolkit=${1:+$(realpath "$1")}
record=clean-machine${toolkit:+-cuda}
root=$(mktemp -d)
trap 'rm -rf --one-file-system "$root"' EXIT

# Debian 12 has the oldest compiler and the oldest Python that are supported.
debootstrap --variant=minbase --include=python3-dev,python3-venv,g++,ca-certificates bookworm "$root" >"$root.log" ||
    { cat "$root.log"; exit 1; }
rm "$root.log"
git clone -q . "$root/kousei"

# How this machine reaches a package index, its certificates among it, holds there too; folders of packages are not there.
mapfile -t settings < <(env | grep -E '^(PIP_|SSL_CERT_FILE=|https?_proxy=)' | grep -v ^PIP_FIND_LINKS= || true)
[ -z "${PIP_CERT:-}" ] || install -D -m 644 "$PIP_CERT" "$root$PIP_CERT"

cat >"$root/trial.sh" <<'TRIAL'
set -euo pipefail
cd /kousei
! command -v cmake ninja make git
mapfile -t readme < <(sed -n '/^```bash$/,/^```$/{/^```/!p}' README.md | head -n 2)
seconds=()
for command in "${readme[@]}"; do
    printf '\n$ %s\n' "$command"
    begin=$SECONDS
    eval "$command" 2>&1 | tee -a /trial.log
    seconds+=($((SECONDS - begin)))
done
test -s kousei-demo.png
kousei-env/bin/python -m kousei info
if [ "$RECORD" = clean-machine-cuda ]; then
    kousei-env/bin/python -c "from kousei._lib._core import cuda"
fi
kousei-env/bin/python - "${seconds[@]}" <<'PYTHON' >/record.json
import json, os, platform, re, sys
from datetime import UTC, datetime
from pathlib import Path
from subprocess import check_output

passed = re.findall(r"(\d+) passed", Path("/trial.log").read_text())[-1]
processor = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
module = next(Path("kousei-env").glob("lib/python*/site-packages/kousei/_lib/_core*.so"))
record = {
    "case": os.environ["RECORD"],
    "command": os.environ["COMMAND"],
    "machine": {
        "cpu": processor[1] if processor else platform.machine(),
        "cores": len(os.sched_getaffinity(0)),
        "system": "Debian 12",
    },
    "commit": os.environ["COMMIT"],
    "date": datetime.now(UTC).isoformat(timespec="seconds"),
    "versions": {"python": platform.python_version(), "g++": check_output(["g++", "-dumpfullversion"], text=True).strip()},
    "install_and_demo_seconds": int(sys.argv[1]),
    "install_and_test_seconds": int(sys.argv[2]),
    "tests_passed": int(passed),
    "extension_module_bytes": module.stat().st_size,
}
print(json.dumps(record, indent=2))
PYTHON
TRIAL

tools=/usr/bin:/bin
[ -z "$toolkit" ] || tools=$toolkit/bin:$tools
# What is mounted is seen in there alone, and gone when the last of its processes is.
unshare --mount --pid --fork bash -euc '
    root=$1 toolkit=$2
    mount -t proc proc "$root/proc"
    mount -t tmpfs tmpfs "$root/dev/shm"
    if [ -n "$toolkit" ]; then
        mkdir -p "$root$toolkit"
        mount --bind "$toolkit" "$root$toolkit"
        mount -o remount,bind,ro "$root$toolkit"
    fi
    exec chroot "$root" "${@:3}"
' - "$root" "$toolkit" env -i HOME=/root PATH="$tools" RECORD="$record" \
    COMMIT="$(git rev-parse HEAD)" \
    COMMAND="tests/clean_machine.sh${toolkit:+ TOOLKIT}" "${settings[@]}" bash /trial.sh
cp "$root/record.json" "benchmarks/results/$record.json"
cat "benchmarks/results/$record.json"
