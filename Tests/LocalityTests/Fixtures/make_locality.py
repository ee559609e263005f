"""Makes <case>.safetensors, the weights of a small model of timm's, and <case>_expected.safetensors: images, and what NumPy makes of
the attention that hooks see in timm's forward pass, in float64.

    .venv/bin/python Tests/LocalityTests/Fixtures/make_locality.py

The weights file is one that `convit` reads. Every parameter is away from its initial value.
"""

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "Scripts" / "parity"))
import reference  # before torch: it sets the threads

import numpy as np
import timm
import torch
from safetensors.numpy import save_file
from timm.models.convit import ConVit
from timm.models.vision_transformer import VisionTransformer

SEED = 20210618
HERE = Path(__file__).resolve().parent
COMMON = {"channels": 3, "classes": 5, "dropPathRate": 0, "dropRate": 0, "isDistilled": False, "mlpRatio": 2, "pooling": "token",
          "usePosEmbed": True, "start": {"convolutional": {"strength": 1}}}  # fmt: skip
CASES = {
    "convit": COMMON | {"family": "convit", "imageHeight": 24, "imageWidth": 24, "patchSize": 4, "embedDim": 24, "heads": 4, "depth": 4,
                        "localUpToLayer": 2, "qkvBias": False},
    "vit": COMMON | {"family": "vit", "imageHeight": 20, "imageWidth": 20, "patchSize": 4, "embedDim": 24, "heads": 3, "depth": 2,
                     "localUpToLayer": 0, "qkvBias": True},
}  # fmt: skip


def build(c):
    common = dict(img_size=c["imageHeight"], patch_size=c["patchSize"], num_classes=c["classes"], embed_dim=c["embedDim"], depth=c["depth"],
                  num_heads=c["heads"], mlp_ratio=c["mlpRatio"], qkv_bias=c["qkvBias"])  # fmt: skip
    if c["family"] == "convit":
        common["embed_dim"] //= c["heads"]  # timm's is the width of a head there
        return ConVit(**common, local_up_to_layer=c["localUpToLayer"], use_pos_embed=True)
    return VisionTransformer(**common)


def attention(module, x):
    """The probabilities [B, H, N, N] of an attention module that receives x."""
    if hasattr(module, "gating_param"):
        return module.get_attention(x)
    b, n, width = x.shape
    d = width // module.num_heads
    q, k, _ = module.qkv(x).reshape(b, n, 3, module.num_heads, d).permute(2, 0, 3, 1, 4)
    return (q @ k.transpose(-1, -2) * d**-0.5).softmax(-1)


def metrics(maps, side):
    """Of probabilities [B, H, T + N, T + N] on side × side patches."""
    patches = side * side
    tokens = maps.shape[-1] - patches
    share = 1 - maps[:, :, tokens:, tokens:].sum(-1).mean(-1)
    a = maps[:, :, tokens:, tokens:]
    a = a / a.sum(-1, keepdims=True)
    y, x = np.divmod(np.arange(patches), side)
    dx, dy = x[None] - x[:, None], y[None] - y[:, None]
    distance = np.hypot(dx, dy)
    nonlocality = (a * distance).sum((-1, -2)) / patches
    entropy = -(a * np.log(a)).sum(-1).mean(-1)
    flat = a.reshape(*a.shape[:2], -1)
    flat = flat / np.linalg.norm(flat, axis=-1, keepdims=True)
    inner = (np.minimum(x, side - 1 - x) >= side // 4) & (np.minimum(y, side - 1 - y) >= side // 4)
    mean = a.mean(0)[:, inner]
    cx, cy = (mean * dx[inner]).sum(-1), (mean * dy[inner]).sum(-1)
    variance = (mean * distance[inner] ** 2).sum(-1) - cx**2 - cy**2
    return {
        "nonlocality": nonlocality.mean(0),
        "nonlocality_sd": nonlocality.std(0, ddof=1),
        "entropy": entropy.mean(0),
        "center": np.stack([cx.mean(-1), cy.mean(-1)], -1),
        "width": np.sqrt(variance.mean(-1) / 2),
        "similarity": np.einsum("bhn,bgn->bhg", flat, flat).mean(0),
        "token_share": share.mean(0),
    }


def rollout(maps, side):
    """Of the first image, from the class token through all layers."""
    length = side * side + 1
    product = np.eye(length)
    for layer in maps:
        a = np.eye(length)
        n = layer.shape[-1]
        a[length - n :, length - n :] = layer[0].mean(0)
        product = (a + np.eye(length)) / 2 @ product
    row = product[0, 1:]
    return row / row.sum()


def main():
    for case, c in CASES.items():
        generator = torch.Generator().manual_seed(SEED)
        model = build(c).double().eval()
        for name, parameter in model.named_parameters():
            scale = 0.6 if "pos_proj" in name or "gating" in name else 0.25
            noise = torch.randn(parameter.shape, generator=generator, dtype=torch.float64) * scale
            parameter.data = (parameter.data + noise).float().double()
        images = torch.randn((5, 3, c["imageHeight"], c["imageWidth"]), generator=generator).double()
        received = []
        for block in model.blocks:
            block.attn.register_forward_pre_hook(lambda module, inputs: received.append((module, inputs[0])))
        side = c["imageHeight"] // c["patchSize"]
        out = {}
        with torch.no_grad():
            model(images)
            maps = [attention(module, x).numpy() for module, x in received]
            embedded = model.patch_embed(images)
            for layer, (module, _) in enumerate(received):
                for name, value in metrics(maps[layer], side).items():
                    out[f"{layer}.{name}"] = value
                if hasattr(module, "gating_param"):
                    theirs = module.get_attention_map(embedded).numpy()
                    out[f"{layer}.gate"] = torch.sigmoid(module.gating_param).numpy()
                else:
                    theirs = metrics(attention(module, embedded).numpy(), side)["nonlocality"]
                out[f"{layer}.reference_nonlocality"] = theirs
                out[f"{layer}.map_of_first_image"] = maps[layer][0]
        out["rollout"] = rollout(maps, side)
        out["images"] = images.numpy()
        provenance = json.dumps(reference.provenance(__file__, SEED))
        save_file(
            {name: p.detach().numpy().astype(np.float32) for name, p in model.named_parameters()},
            HERE / f"{case}.safetensors",
            metadata={"format": "pt", "configuration": json.dumps(c), "provenance": provenance},
        )
        save_file(
            {name: np.ascontiguousarray(value, dtype=np.float32) for name, value in out.items()},
            HERE / f"{case}_expected.safetensors",
            metadata={"provenance": provenance},
        )


main()
