"""What the peers share: their command line, the clock, and the one line of JSON."""

import argparse
import json
import os
import resource
import statistics
import sys
import time
import traceback

# The width of each.
MODELS = {
    "convit_tiny": 192, "convit_small": 432, "convit_base": 768,
    "deit_tiny_patch16_224": 192, "deit_small_patch16_224": 384, "deit_base_patch16_224": 768,
}  # fmt: skip


def processors():
    """The processors this process may run on."""
    return sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else list(range(os.cpu_count()))


def arguments(description):
    options = argparse.ArgumentParser(description=description.splitlines()[0])
    options.add_argument("--model", choices=MODELS, default="convit_tiny")
    options.add_argument("--mode", choices=("train", "inference"), default="train")
    options.add_argument("--batch-size", type=int, default=32)
    options.add_argument("--input-size", type=int, default=224, help="pixels a side")
    options.add_argument("--threads", type=int, default=len(processors()))
    options.add_argument("--warmup", type=int, default=3, help="steps before the timed ones")
    options.add_argument("--steps", type=int, help="timed steps; otherwise as many as --seconds hold, at least three")
    options.add_argument("--seconds", type=float, default=10)
    return options


def rows(options):
    """The rows of the product that is timed: the patches of a batch, of 32 images at most."""
    return (options.input_size // 16) ** 2 * min(options.batch_size, 32)


def peak_rss_mb():
    """The most memory that the process had until now, in units of 2²⁰ bytes."""
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1)


def time_steps(step, options):
    """Calls `step`, which returns only when its result is there, and returns the seconds of each timed call."""
    for _ in range(options.warmup):
        step()
    seconds = []
    start = time.perf_counter()
    while len(seconds) < options.steps if options.steps else len(seconds) < 3 or time.perf_counter() - start < options.seconds:
        before = time.perf_counter()
        step()
        seconds.append(time.perf_counter() - before)
    return seconds


def gflops(multiply, rows, inner, columns):
    """The best rate of seven calls of `multiply`, the product of (rows, inner) and (inner, columns)."""
    multiply()
    best = float("inf")
    for _ in range(7):
        before = time.perf_counter()
        multiply()
        best = min(best, time.perf_counter() - before)
    return round(2e-9 * rows * inner * columns / best, 1)


def message(error):
    """Its first line, and as many more as it takes to one that does not end in a colon."""
    words = []
    for line in str(error).splitlines():
        words += line.split()
        if words and not words[-1].endswith(":"):
            break
    return " ".join(words) or "no message"


def run(framework, options, measure):
    """Prints the JSON line of `measure(options)`, which returns a version, the seconds of each step and further fields; an exception
    becomes the field `error`."""
    line = {
        "framework": framework,
        "model": options.model,
        "mode": options.mode,
        "batch_size": options.batch_size,
        "input_size": options.input_size,
        "threads": options.threads,
    }
    try:
        version, seconds, more = measure(options)
        line |= {
            "version": version,
            "images_per_second": round(options.batch_size / statistics.median(seconds), 3),
            "images_per_second_best": round(options.batch_size / min(seconds), 3),
            "steps": len(seconds),
            "peak_rss_mb": peak_rss_mb(),
            **more,
        }
    except Exception as error:
        traceback.print_exc()
        line["error"] = f"{type(error).__name__}: {message(error)}"[:300]
    print(json.dumps(line), flush=True)
    sys.exit("error" in line)


def import_timm():
    """torch and timm. torchvision, which timm imports, registers fake versions of compiled operators that a CPU build of PyTorch may
    not have; nothing here uses them."""
    import torch

    register = torch.library.register_fake

    def register_fake(name, *arguments, **keywords):
        if isinstance(name, str) and name.startswith("torchvision::"):
            return lambda function: function
        return register(name, *arguments, **keywords)

    torch.library.register_fake = register_fake
    try:
        import timm
    finally:
        torch.library.register_fake = register
    return torch, timm
