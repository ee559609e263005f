#!/usr/bin/env python3
"""Times `convit bench` and what one would use instead, in turn, and writes Benchmarks/RESULTS.md.

    python3 Benchmarks/peers.py                                all cases but longer sequences, three rounds of each
    python3 Benchmarks/peers.py --only train-tiny-32 --rounds 5 --seconds 20
    python3 Benchmarks/peers.py --only sequence                longer sequences, which take hours
    python3 Benchmarks/peers.py --level x86-64-v3              all of them held to AVX2
    python3 Benchmarks/peers.py --list                         the cases and the contestants
    python3 Benchmarks/peers.py --render                       RESULTS.md again from results.jsonl, nothing is run

Every measurement is a process of its own; a round is one of each contestant, ours first. Each line of JSON that a process prints is
appended to Benchmarks/results.jsonl; RESULTS.md (report.py) shows of every case the latest run on each kind of processor. What fails
stands in the table with its error. Needs the standard library only; Benchmarks/environment.sh makes the environment of the peers.
"""

import argparse
import datetime
import json
import os
import platform
import resource
import subprocess
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).resolve().parent
REPOSITORY = HERE.parent
RESULTS = HERE / "results.jsonl"

# What keeps a library from the best kernels of the processor, or sets threads behind the back of --threads.
KERNEL_VARIABLES = (
    "OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE", "MKL_ENABLE_INSTRUCTIONS", "MKL_DEBUG_CPU_TYPE", "MKL_CBWR", "ONEDNN_MAX_CPU_ISA",
    "DNNL_MAX_CPU_ISA", "ATEN_CPU_CAPABILITY", "TORCHINDUCTOR_CPP_MARCH", "CONVIT_LEVEL",
)  # fmt: skip
# What makes the peers quicker at no cost to their user: glibc keeps freed memory instead of returning it to the system each step, and
# backs JAX's with large pages. For speed only: kept memory is fragmented, so memory is measured without.
ALLOCATOR = {
    "torch": {"MALLOC_MMAP_THRESHOLD_": str(1 << 32), "MALLOC_TRIM_THRESHOLD_": str(1 << 34), "MALLOC_TOP_PAD_": str(1 << 26)},
    "jax": {"GLIBC_TUNABLES": "glibc.malloc.hugetlb=1"},
}
# What holds a contestant to instructions that its processor exceeds. ONNX Runtime has nothing for it; OpenVINO is held in oneDNN, but
# not in its copy of MLAS and some loops of its own; XLA's products in YNNPACK cannot be held, so it makes them by oneDNN.
LEVELS = {
    "x86-64-v3": {
        "convit": {"CONVIT_LEVEL": "x86-64-v3", "OPENBLAS_CORETYPE": "Haswell"},
        "torch": {
            "ATEN_CPU_CAPABILITY": "avx2", "ONEDNN_MAX_CPU_ISA": "AVX2", "MKL_ENABLE_INSTRUCTIONS": "AVX2",
            "TORCHINDUCTOR_CPP_MARCH": "x86-64-v3", "TORCHINDUCTOR_CACHE_DIR": str(REPOSITORY / ".venv-bench" / "inductor-x86-64-v3"),
        },
        "jax": {"XLA_FLAGS": "--xla_cpu_max_isa=AVX2 --xla_cpu_experimental_ynn_fusion_type=", "ONEDNN_MAX_CPU_ISA": "AVX2"},
        "openvino": {"ONEDNN_MAX_CPU_ISA": "AVX2"},
    },
}  # fmt: skip
THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "GOTO_NUM_THREADS", "MKL_NUM_THREADS", "NPROC")


class Case(NamedTuple):
    title: str
    model: str
    mode: str
    batch: int
    peers: bool = True
    memory: bool = False
    pixels: int = 224
    sequence: bool = False  # one of the cases that differ in the pixels alone


CASES = {
    "train-tiny-32": Case("Training, `convit_tiny`, batch 32", "convit_tiny", "train", 32),
    "train-small-16": Case("Training, `convit_small`, batch 16", "convit_small", "train", 16),
    "infer-tiny-32": Case("Inference, `convit_tiny`, batch 32", "convit_tiny", "inference", 32),
    "infer-tiny-1": Case("Inference, `convit_tiny`, batch 1", "convit_tiny", "inference", 1),
    "train-deit-32": Case("Training, `deit_tiny_patch16_224`, batch 32", "deit_tiny_patch16_224", "train", 32),
    "infer-deit-32": Case("Inference, `deit_tiny_patch16_224`, batch 32", "deit_tiny_patch16_224", "inference", 32),
    "infer-deit-1": Case("Inference, `deit_tiny_patch16_224`, batch 1", "deit_tiny_patch16_224", "inference", 1),
    "memory-tiny-32": Case("Memory of training, `convit_tiny`, batch 32", "convit_tiny", "train", 32, memory=True),
    "memory-tiny-1024": Case("Memory of training, `convit_tiny`, batch 1024", "convit_tiny", "train", 1024, peers=False, memory=True),
}
for name, model in (("deit", "deit_tiny_patch16_224"), ("tiny", "convit_tiny")):
    for mode, title in (("train", "training"), ("inference", "inference")):
        for pixels in (224, 384, 512, 896):
            CASES[f"{mode[:5]}-{name}-{pixels}"] = Case(
                f"Sequence length: {title}, `{model}`, batch 4", model, mode, 4, pixels=pixels, sequence=True
            )  # fmt: skip
SEQUENCE = [key for key, case in CASES.items() if case.sequence]

CONTESTANTS = {
    "convit": "this package, fp32",
    "convit-bf16": "this package, bf16",
    "convit-blas": "this package, fp32, BLAS library",
    "torch": "PyTorch, eager, fp32",
    "torch-compiled": "PyTorch, compiled, fp32",
    "torch-bf16": "PyTorch, eager, bf16",
    "torch-bf16-compiled": "PyTorch, compiled, bf16",
    "torch-bf16-plain": "PyTorch, compiled without freezing, bf16",
    "jax": "JAX, jit, fp32",
    "onnxruntime": "ONNX Runtime, fp32",
    "openvino": "OpenVINO, fp32",
    "openvino-auto": "OpenVINO, precision of its choice",
}
# The script of each kind of peer, and what a contestant gives it.
SCRIPTS = {"torch": "peer_torch.py", "jax": "peer_jax.py", "onnxruntime": "peer_onnx.py", "openvino": "peer_onnx.py"}
FLAGS = {
    "torch": [],
    "torch-compiled": ["--compile"],
    "torch-bf16": ["--precision", "bf16"],
    "torch-bf16-compiled": ["--precision", "bf16", "--compile"],
    "torch-bf16-plain": ["--precision", "bf16", "--compile", "--no-freezing"],
    "onnxruntime": ["--runtime", "onnxruntime"],
    "openvino": ["--runtime", "openvino"],
    "openvino-auto": ["--runtime", "openvino", "--precision", "auto", "--together"],
}
# Who is left out unless --contestants names it: of sequences, those that tell little more than another; of AVX2, whatever is for bf16.
NOT_IN_SEQUENCES = ("convit-blas", "torch-bf16", "torch-bf16-plain")
NOT_HELD_BACK = ("convit-bf16", "torch-bf16", "torch-bf16-compiled", "torch-bf16-plain", "openvino-auto")


# Running


def is_ours(contestant):
    return contestant.startswith("convit")


def kind(contestant):
    """What it is a configuration of: convit, torch, jax, onnxruntime, openvino."""
    return contestant.partition("-")[0]


def takes_part(contestant, case, options):
    if not is_ours(contestant) and not case.peers:
        return False
    if contestant == "torch-bf16-plain" and case.mode == "train":  # nothing is frozen in training
        return False
    if SCRIPTS.get(kind(contestant)) == "peer_onnx.py" and case.mode == "train":
        return False
    if options.contestants:
        return contestant in options.contestants
    return not (case.sequence and contestant in NOT_IN_SEQUENCES or options.level and contestant in NOT_HELD_BACK)


def command(contestant, case, options):
    what = ["--model", case.model, "--mode", case.mode, "--batch-size", str(case.batch), "--input-size", str(case.pixels)]
    what += ["--threads", str(options.threads)]
    # Two steps are enough to see the memory: the second has the optimiser's state.
    what += ["--steps", "2", "--warmup", "0"] if case.memory else ["--seconds", str(options.seconds)]
    what += ["--warmup", "1"] if case.sequence else []
    if is_ours(contestant):
        precision = "bf16" if contestant == "convit-bf16" else "fp32"
        return [str(options.binary), "bench", *what, "--precision", precision, "--json"]
    return [str(options.python), str(HERE / SCRIPTS[kind(contestant)]), *what, *FLAGS.get(contestant, [])]


def environment(contestant, case, options):
    removed = THREAD_VARIABLES + (KERNEL_VARIABLES if options.kernels == "free" else ())
    found = {name: value for name, value in os.environ.items() if name not in removed}
    if contestant == "convit-blas":
        found |= {"CONVIT_PRODUCTS": "blas"}
    if options.level:
        found |= LEVELS[options.level].get(kind(contestant), {})
    if case.memory or options.allocator == "default":
        return found
    return found | ALLOCATOR.get(kind(contestant), {})


def limit_memory():
    """In the process that is to be: memory that the machine has not is refused, rather than taken from others."""
    if available := field("/proc/meminfo", "MemAvailable"):
        limit = int(available.split()[0]) * 1024 * 9 // 10
        resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))


def last_line(text, default):
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1][:300].replace(str(REPOSITORY) + os.sep, "") if lines else default


def measure(contestant, case, options):
    """The object that the process printed last, or one with the field `error`."""
    arguments = command(contestant, case, options)
    try:
        done = subprocess.run(
            arguments, env=environment(contestant, case, options), stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace",
            timeout=options.timeout, preexec_fn=limit_memory,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return {"error": f"not done after {options.timeout} s"}
    except OSError as error:
        return {"error": f"{Path(arguments[0]).name}: {error.strerror}"}
    for line in reversed(done.stdout.splitlines()):
        try:
            found = json.loads(line)
        except ValueError:
            continue
        if isinstance(found, dict) and ("images_per_second" in found or "error" in found):
            if options.level and is_ours(contestant) and found.get("level") != options.level:
                return {"error": f"held to {options.level}, but the level was {found.get('level', 'not said')}"}
            return found
    if done.returncode < 0:
        return {"error": f"ended by signal {-done.returncode}"}
    return {"error": last_line(done.stderr, f"exit status {done.returncode}, no JSON")}


def run(options):
    import report  # which imports this

    start = {
        "record": "run",
        "run": datetime.datetime.now().astimezone().isoformat(timespec="seconds"),
        "kernels": options.kernels,
        "variables": {name: os.environ[name] for name in KERNEL_VARIABLES if options.kernels == "default" and name in os.environ},
        "commit": commit(),
        "rounds": options.rounds,
        "seconds": options.seconds,
        "allocator": options.allocator,
        "level": options.level,
        "machine": machine(),
    }
    written = False
    for key in options.only:
        case = CASES[key]
        for number in range(1 if case.memory else options.rounds):
            for contestant in (name for name in CONTESTANTS if takes_part(name, case, options)):
                result = {"record": "result", "run": start["run"], "case": key, "contestant": contestant, "round": number}
                result |= {"load_before": round(os.getloadavg()[0], 2)} | measure(contestant, case, options)
                with RESULTS.open("a") as file:
                    if not written:
                        file.write(json.dumps(start) + "\n")
                        written = True
                    file.write(json.dumps(result) + "\n")
                print(f"{key} {number + 1} {contestant:20} {result.get('error') or shown(result)}", flush=True)
        report.render()


def shown(result):
    return f"{result['images_per_second']:.2f} images/s, {result.get('peak_rss_mb', 0):.0f} MB"


# The machine


def commit():
    git = lambda *words: subprocess.run(["git", "-C", str(REPOSITORY), *words], capture_output=True, text=True).stdout.strip()
    changed = git("status", "--porcelain", "--", "Sources", "Package.swift")
    return (git("rev-parse", "--short=10", "HEAD") or "unknown") + (" with changes" if changed else "")


def field(path, name):
    try:
        for line in Path(path).read_text().splitlines():
            if line.partition(":" if ":" in line else "=")[0].strip() == name:
                return line.partition(":" if ":" in line else "=")[2].strip().strip('"')
    except OSError:
        pass
    return None


def cpu_model():
    name = field("/proc/cpuinfo", "model name") or platform.processor() or platform.machine()
    numbers = [field("/proc/cpuinfo", word) for word in ("cpu family", "model", "stepping")]
    details = f"family {numbers[0]}, model {numbers[1]}, stepping {numbers[2]}; " if all(numbers) else ""
    flags = (field("/proc/cpuinfo", "flags") or "").split()
    vectors = [word for word in ("avx2", "avx512f", "avx512_bf16", "amx_bf16") if word in flags]
    return f"{name} ({details}{' '.join(vectors) or platform.machine()})"


def machine():
    kilobytes = field("/proc/meminfo", "MemTotal")
    return {
        "cpu": cpu_model(),
        "processors": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "memory_gb": round(int(kilobytes.split()[0]) / 2**20, 1) if kilobytes else None,
        "os": field("/etc/os-release", "PRETTY_NAME") or platform.system(),
        "kernel": platform.release(),
    }


def main():
    start, _, rest = __doc__.partition("\n")
    parser = argparse.ArgumentParser(description=start, epilog=rest, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--only", nargs="+", metavar="CASE", choices=[*CASES, "sequence"], default=[key for key in CASES if key not in SEQUENCE],
        help="these cases; `sequence` is all those of longer sequences",
    )  # fmt: skip
    parser.add_argument("--contestants", nargs="+", metavar="NAME", choices=CONTESTANTS, help="these contestants")
    parser.add_argument("--level", choices=LEVELS, help="hold all to these instructions; x86-64-v3 has AVX2 and not AVX-512")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=10, help="of timed steps in each process, at least three steps")
    parser.add_argument("--threads", type=int, default=machine()["processors"])
    parser.add_argument("--timeout", type=int, default=1200, help="seconds for one process, compiling and warm-up included")
    parser.add_argument(
        "--kernels", choices=("free", "default"), default="free",
        help="free: remove the variables that choose kernels, such as OPENBLAS_CORETYPE, for all alike; default: leave them",
    )  # fmt: skip
    parser.add_argument(
        "--allocator", choices=("tuned", "default"), default="tuned",
        help="tuned: the peers keep freed memory, which is quicker; default: as they come. Memory is always measured as they come",
    )  # fmt: skip
    parser.add_argument("--binary", type=Path, default=REPOSITORY / ".build" / "release" / "convit")
    parser.add_argument("--python", type=Path, default=REPOSITORY / ".venv-bench" / "bin" / "python")
    parser.add_argument("--list", action="store_true", help="print cases and contestants")
    parser.add_argument("--render", action="store_true", help="write RESULTS.md from results.jsonl and run nothing")
    options = parser.parse_args()
    if options.list:
        titles = {key: case.title + (f", {case.pixels} pixels" if case.sequence else "") for key, case in CASES.items()}
        for names in (titles, CONTESTANTS):
            print("\n".join(f"{key:20} {title}" for key, title in names.items()), end="\n\n")
    elif options.render:
        import report  # which imports this

        report.render()
    else:
        options.only = [key for word in options.only for key in (SEQUENCE if word == "sequence" else [word])]
        run(options)


if __name__ == "__main__":
    main()
