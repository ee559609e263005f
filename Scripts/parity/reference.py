"""What the fixture and parity scripts share: timm, a second float64 implementation of the models, and files that come out the same every time.

`logits` below is written from the formulas (explicit grid of rows and columns, one loop per pair of patches) and shares no
code with timm, so the two can be held against each other; only it can do grids that are not square.
"""

import json
import os
import struct
import sys
from pathlib import Path

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(variable, "1")
sys.dont_write_bytecode = True

import numpy as np
import torch
import torch.nn.functional as F

torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))


def _skip_compiled_torchvision_operators():
    """torchvision registers fake versions of compiled operators that a CPU build of PyTorch may not have; nothing here uses them."""
    register = torch.library.register_fake

    def register_fake(name, *arguments, **options):
        if isinstance(name, str) and name.startswith("torchvision::"):
            return lambda function: function
        return register(name, *arguments, **options)

    torch.library.register_fake = register_fake


_skip_compiled_torchvision_operators()

import PIL
import safetensors
import timm
import timm.loss
import timm.scheduler
import torchvision
from safetensors.numpy import load_file, save_file

timm.layers.set_fused_attn(False)

REPOSITORY = Path(__file__).resolve().parents[2]
IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)


def provenance(script, seed, **more):
    """Where a fixture comes from: script, seed and the versions it was made with."""
    return {
        "script": Path(script).name,
        "seed": seed,
        "python": sys.version.split()[0],
        "torch": torch.__version__,
        "torchvision": torchvision.__version__,
        "timm": timm.__version__,
        "numpy": np.__version__,
        "pillow": PIL.__version__,
        "safetensors": safetensors.__version__,
        **more,
    }


# Files


def write_safetensors(path, tensors, metadata):
    """Writes tensors with the official library, then orders the metadata, which the library leaves in hash order."""
    arrays = {name: np.ascontiguousarray(value) for name, value in tensors.items()}
    strings = {key: value if isinstance(value, str) else json.dumps(value) for key, value in metadata.items()}
    save_file(arrays, path, metadata=strings)
    content = Path(path).read_bytes()
    length = struct.unpack("<Q", content[:8])[0]
    header = json.loads(content[8 : 8 + length])
    header["__metadata__"] = dict(sorted(header["__metadata__"].items()))
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % 8)
    Path(path).write_bytes(struct.pack("<Q", len(text)) + text + content[8 + length :])
    os.chmod(path, 0o644)
    back = load_file(path)
    assert back.keys() == arrays.keys() and all(np.array_equal(back[n], arrays[n]) for n in arrays), path
    print(f"{Path(path).name}: {len(arrays)} tensors, {Path(path).stat().st_size:,} bytes")


def write_json(path, value):
    """Writes JSON with short values on one line each, so that a change shows up in a diff."""

    def render(item, indent):
        if isinstance(item, dict) and item and (indent == "" or len(json.dumps(item)) > 150):
            rows = [f"{indent}  {json.dumps(key)}: {render(entry, indent + '  ')}" for key, entry in item.items()]
            return "{\n" + ",\n".join(rows) + f"\n{indent}}}"
        if isinstance(item, list) and item and any(isinstance(entry, (dict, list)) for entry in item):
            flat = all(not isinstance(entry, dict) and len(json.dumps(entry)) < 120 for entry in item)
            rows = [f"{indent}  {json.dumps(entry) if flat else render(entry, indent + '  ')}" for entry in item]
            return "[\n" + ",\n".join(rows) + f"\n{indent}]"
        return json.dumps(item)

    Path(path).write_text(render(value, "") + "\n")
    print(f"{Path(path).name}: {Path(path).stat().st_size:,} bytes")


# The models, from the formulas


def convolutional_start(heads, strength=1.0):
    """Rows (a, b, c) of pos_proj for which head h1 + k·h2 looks at offset (h1 − c, h2 − c); rows beyond k² are NaN."""
    kernel = int(np.floor(np.sqrt(heads)))
    centre = (kernel - 1) / 2 if kernel % 2 == 0 else kernel // 2
    rows = np.full((heads, 3), np.nan)
    for first in range(kernel):
        for second in range(kernel):
            rows[first + kernel * second] = strength * np.array([2 * (second - centre), 2 * (first - centre), -1])
    return rows


def relative_positions(rows, columns):
    """(N, N, 3): column difference, row difference and squared distance from patch i to patch j, patches in row-major order."""
    patches = rows * columns
    offsets = np.zeros((patches, patches, 3))
    for i in range(patches):
        for j in range(patches):
            x = j % columns - i % columns
            y = j // columns - i // columns
            offsets[i, j] = (x, y, x * x + y * y)
    return torch.from_numpy(offsets)


def positional_scores(weight, bias, rows, columns):
    """(H, N, N): the relative positions seen through pos_proj."""
    offsets = relative_positions(rows, columns).to(weight.dtype)
    return (offsets @ weight.T + bias).permute(2, 0, 1)


def positional_attention(weight, bias, rows, columns):
    """(H, N, N): softmax over j of the positional scores."""
    return positional_scores(weight, bias, rows, columns).softmax(dim=-1)


def non_locality(attention, rows, columns):
    """(H): attention-weighted distance in patches, averaged over queries, of attention (H, N, N)."""
    distances = relative_positions(rows, columns)[..., 2].sqrt()
    return (attention.double() * distances).sum(dim=(1, 2)) / (rows * columns)


def _linear(p, name, x):
    y = x @ p[f"{name}.weight"].T
    return y + p[f"{name}.bias"] if f"{name}.bias" in p else y


def _norm(p, name, x, epsilon=1e-6):
    centred = x - x.mean(dim=-1, keepdim=True)
    return centred / (centred.square().mean(dim=-1, keepdim=True) + epsilon).sqrt() * p[f"{name}.weight"] + p[f"{name}.bias"]


def _heads(x, heads):
    return x.unflatten(-1, (heads, -1)).transpose(1, 2)


def _content(q, k):
    return (q @ k.transpose(-2, -1) / q.shape[-1] ** 0.5).softmax(dim=-1)


def gpsa(p, name, x, heads, rows, columns):
    """Gated positional self-attention over a grid of patches; returns the output and the attention (B, H, N, N)."""
    query, key = (_heads(part, heads) for part in _linear(p, f"{name}.qk", x).chunk(2, dim=-1))
    value = _heads(_linear(p, f"{name}.v", x), heads)
    position = positional_attention(p[f"{name}.pos_proj.weight"], p[f"{name}.pos_proj.bias"], rows, columns)
    gate = p[f"{name}.gating_param"].sigmoid().view(-1, 1, 1)
    attention = (1 - gate) * _content(query, key) + gate * position
    attention = attention / attention.sum(dim=-1, keepdim=True)
    return _linear(p, f"{name}.proj", (attention @ value).transpose(1, 2).flatten(2)), attention


def psa(p, name, x, heads, rows, columns):
    """Positional self-attention without a gate (equation 4 of the paper); returns the output and the attention (B, H, N, N)."""
    query, key = (_heads(part, heads) for part in _linear(p, f"{name}.qk", x).chunk(2, dim=-1))
    value = _heads(_linear(p, f"{name}.v", x), heads)
    position = positional_scores(p[f"{name}.pos_proj.weight"], p[f"{name}.pos_proj.bias"], rows, columns)
    attention = (query @ key.transpose(-2, -1) / query.shape[-1] ** 0.5 + position).softmax(dim=-1)
    return _linear(p, f"{name}.proj", (attention @ value).transpose(1, 2).flatten(2)), attention


def mhsa(p, name, x, heads):
    """Ordinary self-attention; returns the output and the attention (B, H, N, N)."""
    query, key, value = (_heads(part, heads) for part in _linear(p, f"{name}.qkv", x).chunk(3, dim=-1))
    attention = _content(query, key)
    return _linear(p, f"{name}.proj", (attention @ value).transpose(1, 2).flatten(2)), attention


def logits(p, config, images):
    """Logits of `images` for parameters `p` under timm's names and a configuration with the keys of the gradient fixtures."""
    size, depth, heads = config["patch_size"], config["depth"], config["heads"]
    rows, columns = (side // size for side in config["image_size"])
    count = images.shape[0]
    patches = images.unflatten(3, (columns, size)).unflatten(2, (rows, size))  # B, C, rows, size, columns, size
    patches = patches.permute(0, 2, 4, 1, 3, 5).reshape(count, rows * columns, -1)
    x = patches @ p["patch_embed.proj.weight"].flatten(1).T + p["patch_embed.proj.bias"]

    prefix = []
    if config["class_token"]:
        prefix.append(p["cls_token"].expand(count, -1, -1))
    if config["distilled"]:
        prefix.append(p["dist_token"].expand(count, -1, -1))
    local = config["local_up_to_layer"] if config["kind"] == "convit" else 0
    if config["kind"] == "vit":
        x = torch.cat(prefix + [x], dim=1)
    if config["use_pos_embed"]:
        x = x + p["pos_embed"]
    for i in range(depth):
        if config["kind"] == "convit" and i == local:
            x = torch.cat(prefix + [x], dim=1)
        normalised = _norm(p, f"blocks.{i}.norm1", x)
        name = f"blocks.{i}.attn"
        positional = gpsa if config.get("gated", True) else psa
        mixed, _ = positional(p, name, normalised, heads, rows, columns) if i < local else mhsa(p, name, normalised, heads)
        x = x + mixed
        hidden = _linear(p, f"blocks.{i}.mlp.fc1", _norm(p, f"blocks.{i}.norm2", x))
        hidden = hidden * 0.5 * (1 + torch.erf(hidden / 2**0.5))
        x = x + _linear(p, f"blocks.{i}.mlp.fc2", hidden)
    x = _norm(p, "norm", x)
    if config["distilled"]:
        return (_linear(p, "head", x[:, 0]) + _linear(p, "head_dist", x[:, 1])) / 2
    if config["pool"] == "token":
        assert config["class_token"] and local < depth
        return _linear(p, "head", x[:, 0])
    return _linear(p, "head", x[:, len(prefix) if local < depth else 0 :].mean(dim=1))


def timm_model(config):
    """timm's model for a configuration, or None where timm has none."""
    if config["kind"] == "vit":
        from timm.models.deit import VisionTransformerDistilled
        from timm.models.vision_transformer import VisionTransformer

        options = dict(
            img_size=tuple(config["image_size"]), patch_size=config["patch_size"], in_chans=config["in_chans"],
            num_classes=config["num_classes"], embed_dim=config["embed_dim"], depth=config["depth"],
            num_heads=config["heads"], mlp_ratio=config["mlp_ratio"], qkv_bias=config["qkv_bias"],
            class_token=config["class_token"], global_pool=config["pool"], fc_norm=False,
            pos_embed="learn" if config["use_pos_embed"] else "none",
        )  # fmt: skip
        return (VisionTransformerDistilled if config["distilled"] else VisionTransformer)(**options)
    rows, columns = (side // config["patch_size"] for side in config["image_size"])
    if rows != columns or not config["class_token"] or not config.get("gated", True):
        return None
    return timm.models.convit.ConVit(
        img_size=config["image_size"][0], patch_size=config["patch_size"], in_chans=config["in_chans"],
        num_classes=config["num_classes"], embed_dim=config["embed_dim"] // config["heads"], depth=config["depth"],
        num_heads=config["heads"], mlp_ratio=config["mlp_ratio"], qkv_bias=config["qkv_bias"],
        local_up_to_layer=config["local_up_to_layer"], use_pos_embed=config["use_pos_embed"], global_pool=config["pool"],
    )  # fmt: skip


def folder_batch(images, dtype):
    """Gray images (n, h, w) of bytes, repeated to RGB and normalised as ImageNet's."""
    pixels = torch.from_numpy(np.ascontiguousarray(images)).to(dtype).div(255).unsqueeze(1).expand(-1, 3, -1, -1)
    mean = torch.tensor(IMAGENET_MEAN, dtype=dtype).view(1, 3, 1, 1)
    std = torch.tensor(IMAGENET_STD, dtype=dtype).view(1, 3, 1, 1)
    return ((pixels - mean) / std).contiguous()
