"""Makes lie.safetensors, the weights of a small model of timm's, and lie_expected.safetensors: images, and the errors of Lie derivatives
that PyTorch's grid_sample and hooks in timm's forward pass give, in float64.

    .venv/bin/python Tests/SymmetryTests/Fixtures/make_lie.py

For an error e of motion m with boundary b, the tensor m.b.e: logits, stem, patches and own (a number a layer), tokens (of the last layer).
Made with PyTorch 2.13 and timm 1.0.31.
"""

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "Scripts" / "parity"))
import reference  # before torch: it sets the threads

import numpy as np
import torch
from safetensors.numpy import save_file
from timm.models.convit import ConVit

SEED = 20230501
HERE = Path(__file__).resolve().parent
SIDE, PATCH, DISTANCE = 15, 3, 0.1
GRID = SIDE // PATCH
C = {"channels": 1, "classes": 4, "dropPathRate": 0, "dropRate": 0, "isDistilled": False, "mlpRatio": 2, "pooling": "token",
     "usePosEmbed": True, "start": {"convolutional": {"strength": 1}}, "family": "convit", "imageHeight": SIDE, "imageWidth": SIDE,
     "patchSize": PATCH, "embedDim": 12, "heads": 4, "depth": 2, "localUpToLayer": 1, "qkvBias": False}  # fmt: skip


def moved(planes, motion, t, boundary):
    """T_t of planes [..., n, n], t in their pixels, radians or the logarithm of a factor."""
    n = planes.shape[-1]
    if boundary == "cyclic":  # of translations
        axis = -1 if motion == "translation-x" else -2
        step = 1 if t > 0 else -1
        return (1 - abs(t)) * planes + abs(t) * torch.roll(planes, step, axis)
    p = torch.arange(n, dtype=torch.float64) - (n - 1) / 2
    y, x = torch.meshgrid(p, p, indexing="ij")
    if motion == "translation-x":
        x = x - t
    elif motion == "translation-y":
        y = y - t
    elif motion == "rotation":
        turned = torch.stack([x, y], -1) @ torch.tensor([[np.cos(-t), np.sin(-t)], [-np.sin(-t), np.cos(-t)]])
        x, y = turned[..., 0], turned[..., 1]
    else:
        x, y = x / np.exp(t), y / np.exp(t)
    at = torch.stack([x, y], -1)[None] * 2 / (n - 1)
    flat = planes.reshape(1, -1, n, n)
    return torch.nn.functional.grid_sample(flat, at, align_corners=True).reshape(planes.shape)


def moved_tokens(z, *how):
    """The same of the last patches of z [B, T + N, C]; other tokens stay."""
    first = z.shape[1] - GRID**2
    planes = z[:, first:].transpose(1, 2).reshape(len(z), -1, GRID, GRID)
    return torch.cat([z[:, :first], moved(planes, *how).reshape(len(z), -1, GRID**2).transpose(1, 2)], 1)


def error(derivative, values):
    """Of rows [..., C]: √(mean ‖derivative‖² / mean ‖values − their mean‖²)."""
    values = values.reshape(-1, values.shape[-1])
    return ((derivative**2).sum(-1).mean() / ((values - values.mean(0)) ** 2).sum(-1).mean()).sqrt().item()


def main():
    torch.manual_seed(SEED)
    generator = torch.Generator().manual_seed(SEED)
    model = ConVit(img_size=SIDE, patch_size=PATCH, in_chans=1, num_classes=4, embed_dim=3, depth=2, num_heads=4, mlp_ratio=2,
                   local_up_to_layer=1, use_pos_embed=True).double().eval()  # fmt: skip
    for name, parameter in model.named_parameters():
        scale = 0.6 if "pos_proj" in name or "gating" in name else 0.25
        parameter.data = (parameter.data + torch.randn(parameter.shape, generator=generator, dtype=torch.float64) * scale).float().double()
    images = torch.randn((3, 1, SIDE, SIDE), generator=generator).double()
    seen = []
    for block in model.blocks:
        block.register_forward_hook(lambda module, inputs, output: seen.append((inputs[0], output)))

    def run(x):
        seen.clear()
        logits = model(x)
        return logits, [seen[0][0]] + [output for _, output in seen], [z for z, _ in seen]

    out = {"images": images.numpy()}
    cases = [("translation-x", "cyclic"), ("translation-y", "cyclic")]
    cases += [(m, "zeros") for m in ("translation-x", "translation-y", "rotation", "scale")]
    with torch.no_grad():
        logits, outputs, inputs = run(images)
        for motion, boundary in cases:
            is_translation = motion.startswith("translation")
            h = DISTANCE if is_translation else DISTANCE / (np.sqrt(2) * (SIDE - 1) / 2)
            step = h / PATCH if is_translation else h
            # The patches that need nothing from beyond the border: there, a plane of ones stays.
            ones = [moved(torch.ones((GRID, GRID), dtype=torch.float64), motion, t, boundary) for t in (step, -step)]
            mask = ((ones[0] - 1).abs() + (ones[1] - 1).abs() < 1e-9).flatten()

            def patches(z):
                return z[:, z.shape[1] - GRID**2 :]

            def lie(after, before, base):
                g = (moved_tokens(base, motion, step, boundary) - moved_tokens(base, motion, -step, boundary)) / (2 * h)
                return patches((after - before) / (2 * h) - g)[:, mask]

            (f1, z1, _), (f2, z2, _) = (run(moved(images, motion, t, boundary)) for t in (h, -h))
            name = f"{motion}.{boundary}."
            out[name + "logits"] = [error((f1 - f2) / (2 * h), logits)]
            errors = [error(lie(a, b, z), patches(z)) for a, b, z in zip(z1, z2, outputs)]
            out[name + "stem"], out[name + "patches"] = errors[:1], errors[1:]
            out[name + "tokens"] = [error((z1[-1] - z2[-1])[:, :1] / (2 * h), outputs[-1][:, :1])]
            own = []
            for layer, block in enumerate(model.blocks):
                z = inputs[layer]
                a, b = (block(moved_tokens(z, motion, t, boundary)) for t in (step, -step))
                own.append(error(lie(a, b, outputs[layer + 1]), patches(outputs[layer + 1] - z)))
            out[name + "own"] = own
    provenance = json.dumps(reference.provenance(__file__, SEED))
    expected = {name: np.array(value, np.float32) for name, value in out.items()}
    save_file(expected, HERE / "lie_expected.safetensors", {"provenance": provenance})
    weights = {name: p.detach().float().numpy() for name, p in model.named_parameters()}
    save_file(weights, HERE / "lie.safetensors", {"format": "pt", "configuration": json.dumps(C), "provenance": provenance})
    for name, value in out.items():
        if name != "images":
            print(name, np.round(value, 5))


main()
