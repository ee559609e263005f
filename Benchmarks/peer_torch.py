"""Times timm's model in PyTorch on random images: one configuration, one line of JSON.

    .venv-bench/bin/python Benchmarks/peer_torch.py --model convit_tiny --mode train --batch-size 32 [--precision bf16] [--compile]

A training step is zero_grad, forward, cross-entropy, backward and AdamW; an inference step is a forward pass under
inference_mode. bf16 is autocast, with weights in float32. With --compile the model goes through torch.compile, for inference with
constants folded (`freezing`), which users must ask for; --no-freezing leaves it as it comes. Everything that PyTorch does once for a
model (compiling, choosing) falls into the warm-up.
"""

import argparse
import contextlib
import os
import time
from pathlib import Path

import measure

CACHE = Path(__file__).resolve().parents[1] / ".venv-bench" / "inductor"


def optimiser(torch, parameters):
    """AdamW in the quicker of PyTorch's two implementations, and its name."""
    sizes = [torch.zeros_like(p) for p in parameters]
    seconds = {}
    for kind in ("fused", "foreach"):
        copies = [torch.nn.Parameter(s.clone()) for s in sizes]
        for copy in copies:
            copy.grad = torch.full_like(copy, 1e-3)
        trial = torch.optim.AdamW(copies, lr=1e-3, weight_decay=0.05, **{kind: True})
        trial.step()
        seconds[kind] = float("inf")
        for _ in range(3):
            before = time.perf_counter()
            trial.step()
            seconds[kind] = min(seconds[kind], time.perf_counter() - before)
    best = min(seconds, key=seconds.get)
    return torch.optim.AdamW(parameters, lr=5e-4, weight_decay=0.05, **{best: True}), best


def kernels(torch):
    """What multiplies matrices: MKL in fp32, oneDNN in bf16, and the vectors of everything else."""
    config = torch.__config__.show()
    mkl = config.partition("Math Kernel Library Version ")[2].partition("-")[0] or "none"
    onednn = config.partition("MKL-DNN v")[2].partition(" ")[0] or "none"
    return f"MKL {mkl}, oneDNN {onednn}, ATen {torch.backends.cpu.get_cpu_capability()}"


def sgemm(torch, options, width):
    """The rate of fp32 products of the shape of the first layer of the MLP."""
    rows, inner, columns = measure.rows(options), width, 4 * width
    with torch.inference_mode():
        x, w = torch.randn(rows, inner), torch.randn(columns, inner)
        return measure.gflops(lambda: torch.nn.functional.linear(x, w), rows, inner, columns)


def time_torch(options):
    os.environ.setdefault("TORCHINDUCTOR_CACHE_DIR", str(CACHE))
    os.environ.setdefault("TORCHINDUCTOR_COMPILE_THREADS", "1")
    torch, timm = measure.import_timm()
    torch.set_num_threads(options.threads)
    torch.manual_seed(0)
    train = options.mode == "train"

    model = timm.create_model(options.model, num_classes=1000, img_size=options.input_size)
    images = torch.randn(options.batch_size, 3, options.input_size, options.input_size)
    labels = torch.randint(0, 1000, (options.batch_size,))
    if options.channels_last:
        model = model.to(memory_format=torch.channels_last)
        images = images.contiguous(memory_format=torch.channels_last)
    model.train(train)
    more = {
        "precision": options.precision,
        "compiled": options.compile,
        "channels_last": options.channels_last,
        "kernels": kernels(torch),
        "gemm_gflops": sgemm(torch, options, model.embed_dim),
    }

    autocast = contextlib.nullcontext
    if options.precision == "bf16":
        autocast = lambda: torch.autocast("cpu", dtype=torch.bfloat16)

    call = model
    if options.compile:
        import torch._inductor.config

        torch._inductor.config.freezing = options.freezing and not train
        call = torch.compile(model, mode=options.compile_mode)
        more["compile_mode"] = options.compile_mode

    if train:
        adamw, more["optimiser"] = optimiser(torch, list(model.parameters()))

        def step():
            adamw.zero_grad(set_to_none=True)
            with autocast():
                loss = torch.nn.functional.cross_entropy(call(images).float(), labels)
            loss.backward()
            adamw.step()
            return loss.item()

        seconds = measure.time_steps(step, options)
    else:
        # One autocast around all steps keeps the weights that it has converted.
        with torch.inference_mode(), autocast():
            seconds = measure.time_steps(lambda: call(images), options)
    return torch.__version__, seconds, more


if __name__ == "__main__":
    options = measure.arguments(__doc__)
    options.add_argument("--precision", choices=("fp32", "bf16"), default="fp32")
    options.add_argument("--compile", action=argparse.BooleanOptionalAction, default=False)
    options.add_argument("--compile-mode", choices=("default", "max-autotune"), default="default")
    options.add_argument("--freezing", action=argparse.BooleanOptionalAction, default=True)
    options.add_argument("--channels-last", action=argparse.BooleanOptionalAction, default=False)
    measure.run("torch", options.parse_args(), time_torch)
