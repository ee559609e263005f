"""Makes operators.safetensors: values and gradients of single operators, computed by PyTorch in float64 from float32 inputs.

`<operator>.upstream` is the gradient that arrives at the output; `<operator>.<argument>_gradient` is what leaves. Losses are
means over the batch with an upstream gradient of 1.

    python make_operators.py [--output DIRECTORY]
"""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "Scripts" / "parity"))
import reference  # before torch: it sets the threads

import numpy as np
import torch
import torch.nn.functional as F

SEED = 7


def differentiate(name, function, arguments, upstream=None):
    """Inputs, output and gradients of one operator, as float32."""
    arguments = {key: np.asarray(value, np.float32) for key, value in arguments.items()}
    leaves = {key: torch.from_numpy(value).double().requires_grad_() for key, value in arguments.items()}
    output = function(**leaves)
    tensors = {f"{name}.{key}": value for key, value in arguments.items()}
    if upstream is not None:
        upstream = np.asarray(upstream, np.float32)
        tensors[f"{name}.upstream"] = upstream
    gradients = torch.autograd.grad(output, list(leaves.values()), torch.from_numpy(upstream).double() if upstream is not None else None)
    tensors[f"{name}.output"] = output.detach().numpy().astype(np.float32).reshape(output.shape or (1,))
    for key, gradient in zip(leaves, gradients):
        tensors[f"{name}.{key}_gradient"] = gradient.numpy().astype(np.float32)
    return tensors


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--output", type=Path, default=Path(__file__).resolve().parent)
    output = options.parse_args().output
    random = np.random.default_rng(SEED)
    tensors, notes = {}, {}

    x = np.concatenate([np.linspace(-8, 8, 65), [-100, -20, -1e-3, 0, 1e-3, 20, 100]])
    tensors |= differentiate("gelu", lambda input: F.gelu(input), {"input": x}, random.normal(size=x.shape))
    notes["gelu"] = "x · (1 + erf(x / √2)) / 2"

    rows = random.normal(size=(6, 21))
    rows[1] += 1000
    rows[2] = 1e-3 * rows[2] - 3
    rows[3] = 0.5  # no variance at all
    rows[4] *= 300
    rows[5] = 1e-4 * rows[5]  # variance below epsilon
    tensors |= differentiate(
        "layer_norm",
        lambda input, weight, bias: F.layer_norm(input, (21,), weight, bias, 1e-6),
        {"input": rows, "weight": 1 + 0.3 * random.normal(size=21), "bias": 0.3 * random.normal(size=21)},
        random.normal(size=rows.shape),
    )
    notes["layer_norm"] = "over the last axis, epsilon 1e-6; rows: usual, mean 1000, mean −3 with spread 1e-3, constant, spread 300, spread 1e-4"

    rows = random.normal(size=(6, 13))
    rows[1] *= 30
    rows[2] = np.where(np.arange(13) == 4, 1e4, -1e4)
    rows[3] = 7
    rows[4] += 1e4
    rows[5] = -200 + 100 * np.arange(13)
    upstream = random.normal(size=rows.shape)
    tensors |= differentiate("softmax", lambda input: input.softmax(-1), {"input": rows}, upstream)
    tensors |= differentiate("log_softmax", lambda input: input.log_softmax(-1), {"input": rows}, upstream)
    notes["softmax"] = notes["log_softmax"] = (
        "over the last axis; rows: usual, spread 30, ±1e4, all equal, around 1e4, steps of 100"
    )

    logits = random.normal(size=(6, 7)) * 2
    logits[4] = [100, -100, 0, 50, -50, 1, 2]
    logits[5] += 1000
    labels = np.array([0, 3, 6, 2, 1, 5])
    target = torch.from_numpy(labels)
    soft = random.dirichlet(np.full(7, 0.5), size=6).astype(np.float32)
    targets = torch.from_numpy(soft).double()
    for name, function in {
        "cross_entropy": lambda input: F.cross_entropy(input, target),
        "cross_entropy_smoothed": lambda input: F.cross_entropy(input, target, label_smoothing=0.1),
        "cross_entropy_soft": lambda input: F.cross_entropy(input, targets),
    }.items():
        tensors |= differentiate(name, function, {"input": logits})
    tensors |= {"cross_entropy.labels": labels.astype(np.int64), "cross_entropy_smoothed.labels": labels.astype(np.int64)}
    tensors["cross_entropy_soft.targets"] = soft
    per_sample = F.cross_entropy(torch.from_numpy(logits.astype(np.float32)).double(), target, reduction="none")
    tensors["cross_entropy.per_sample"] = per_sample.numpy().astype(np.float32)
    notes["cross_entropy"] = "mean over the batch; per_sample before the mean"
    notes["cross_entropy_smoothed"] = "label smoothing 0.1: target 0.9 on the label plus 0.1 / 7 on every class"
    notes["cross_entropy_soft"] = "targets: one distribution a row (rows sum to 1 within float32)"
    input = torch.from_numpy(logits.astype(np.float32)).double()
    for theirs, name in (
        (reference.timm.loss.LabelSmoothingCrossEntropy(0.1)(input, target), "cross_entropy_smoothed"),
        (reference.timm.loss.SoftTargetCrossEntropy()(input, targets), "cross_entropy_soft"),
    ):
        assert np.allclose(theirs.item(), tensors[f"{name}.output"][0], rtol=1e-7), name

    student, teacher = random.normal(size=(4, 5)) * 2, (random.normal(size=(4, 5)) * 2).astype(np.float32)
    taught = torch.from_numpy(teacher).double()
    for tau in (1, 3):
        soft_loss = lambda input: (
            F.kl_div((input / tau).log_softmax(1), (taught / tau).log_softmax(1), reduction="sum", log_target=True)
            * (tau * tau) / input.numel()
        )  # fmt: skip
        tensors |= differentiate(f"distillation_soft_{tau}", soft_loss, {"input": student})
        tensors[f"distillation_soft_{tau}.teacher"] = teacher
        notes[f"distillation_soft_{tau}"] = f"DeiT's soft distillation at temperature {tau}: the Kullback-Leibler sum · τ² / (batch · classes)"
    tensors |= differentiate("distillation_hard", lambda input: F.cross_entropy(input, taught.argmax(1)), {"input": student})
    tensors["distillation_hard.teacher"] = teacher
    notes["distillation_hard"] = "DeiT's hard distillation: cross-entropy with the teacher's largest class"

    assert all(np.isfinite(value).all() for value in tensors.values())
    metadata = {"operators": notes, "provenance": reference.provenance(__file__, SEED)}
    reference.write_safetensors(output / "operators.safetensors", tensors, metadata)


if __name__ == "__main__":
    main()
