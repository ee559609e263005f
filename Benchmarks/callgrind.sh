#!/usr/bin/env bash
# Counts the instructions of one training step and one inference of convit_tiny, an image: those inside the BLAS library and those
# outside, by object file. The counts do not depend on what else the machine is doing.
#
#   Benchmarks/callgrind.sh [--model NAME] [--batch-size N] [--mode train|inference] [--functions N] [--kernels NAME] [BINARY]
#
# What two steps take more than one is the step, without start-up. The BLAS library makes the products (CONVIT_PRODUCTS=blas), so that
# what is outside is everything else. Valgrind knows no AVX-512, so these are the AVX2 variants of all loops. It emulates each lane of a fused multiply-add by a call, so OpenBLAS runs its Sandybridge kernels, which have none:
# --kernels Haswell counts those of AVX2 processors, and takes ten times as long. One thread, since valgrind runs one at a time. It
# cannot read the binary's DWARF, so a copy without debug information runs, which keeps the names of functions; --functions N lists
# the N heaviest outside BLAS.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

model=convit_tiny batch=2 modes=(train inference) functions=0 kernels=Sandybridge binary=.build/release/convit
while (($#)); do
  case $1 in
    --model) model=$2; shift 2 ;;
    --batch-size) batch=$2; shift 2 ;;
    --mode) modes=("$2"); shift 2 ;;
    --functions) functions=$2; shift 2 ;;
    --kernels) kernels=$2; shift 2 ;;
    -*) echo "callgrind: unknown option $1" >&2; exit 2 ;;
    *) binary=$1; shift ;;
  esac
done
for tool in valgrind strip python3; do
  command -v "$tool" >/dev/null || { echo "callgrind: $tool is missing; apt-get install valgrind binutils python3" >&2; exit 1; }
done
[[ -x $binary ]] || { echo "callgrind: there is no $binary; run make build" >&2; exit 1; }

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
strip --strip-debug -o "$work/convit" "$binary"

export CONVIT_PRODUCTS=blas OPENBLAS_CORETYPE=$kernels OPENBLAS_NUM_THREADS=1
unset OPENBLAS_L2_SIZE

count() {  # mode, steps
  valgrind --tool=callgrind --callgrind-out-file="$work/$1.$2" "$work/convit" bench --model "$model" --mode "$1" \
    --batch-size "$batch" --threads 1 --steps "$2" --warmup 0 --json >"$work/$1.$2.json" 2>"$work/$1.$2.log" || {
    echo "callgrind: $1 with $2 steps failed:" >&2
    tail -n 8 "$work/$1.$2.log" >&2
    exit 1
  }
}

for mode in "${modes[@]}"; do
  count "$mode" 1
  count "$mode" 2
  python3 - "$work/$mode.1" "$work/$mode.2" "$batch" "$functions" "$model, $mode, batch $batch" <<'END'
import collections, re, subprocess, sys

def exclusive(path):
    """Instructions by (object, function), from callgrind's file format with its compressed names: `ob=(id) name`, `fn=(id) name`."""
    names = {"ob": {}, "fn": {}}
    found, current, call = collections.Counter(), {"ob": "?", "fn": "?"}, False
    for line in open(path, errors="replace"):
        match = re.match(r"(c?)(ob|fn)=\((\d+)\)(?: (.*))?$", line.rstrip("\n"))
        if match:
            callee, kind, key, name = match.groups()
            if name is not None:
                names[kind][key] = name
            if not callee:
                current[kind] = names[kind].get(key, "?")
        elif line.startswith("calls="):
            call = True  # the next line is the inclusive cost of the callee
        elif re.match(r"[+*\-\d]", line):
            if not call:
                found[current["ob"], current["fn"]] += int(line.split()[1])
            call = False
    return found

first, second = exclusive(sys.argv[1]), exclusive(sys.argv[2])
batch, limit, title = int(sys.argv[3]), int(sys.argv[4]), sys.argv[5]
step = second.copy()
step.subtract(first)

def label(path):
    return path.rpartition("/")[2]

objects = collections.Counter()
for (path, _), count in step.items():
    objects[label(path)] += count
blas = sum(count for name, count in objects.items() if re.search("blas|blis|mkl", name))
total = sum(objects.values())

def row(name, count):
    print(f"  {name:<28} {count / batch / 1e6:12.3f} M  {100 * count / total:6.2f} %")

print(f"{title}: instructions an image")
row("all", total)
row("BLAS", blas)
row("outside BLAS", total - blas)
for name, count in objects.most_common():
    if abs(count) > 1e-4 * total:
        row("  " + name, count)
if limit:
    outside = [(fn, n) for (path, fn), n in step.most_common() if not re.search("blas|blis|mkl", label(path))][:limit]
    text = "\n".join(fn.partition("'")[0] for fn, _ in outside)
    try:
        text = subprocess.run(["swift", "demangle", "--simplified"], input=text, capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        pass
    for name, (_, count) in zip(text.splitlines(), outside):
        print(f"    {count / batch / 1e6:12.3f} M  {name[:110]}")
END
done
