#!/usr/bin/env python3
"""Exports models of every family and holds ONNX Runtime's logits of photographs against `convit predict --logits`.

    .venv-onnx/bin/python Scripts/onnx/check.py [--convit .build/release/convit] [--models convit_tiny …]

The weights are random but lively (seeded): heads that look to different sides, gates open and shut. Each model is exported for any batch
and for batches of 1 and of 7; each file must pass onnx's checker, with shape inference, give the logits to 1e-4 for batches of 1 and 7,
have the parameters of the weights file under their names with their bits, and come out with the same bytes twice. Status 1 if one does not.
"""

import argparse
import importlib.util
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from PIL import Image
from safetensors.numpy import save_file

SEED = 42
TOLERANCE = 1e-4
PHOTOGRAPHS = ("astronaut.png", "chelsea.png", "coffee.png", "hubble_deep_field.jpg", "motorcycle_left.png", "retina.jpg", "rocket.jpg")
MEAN, STD = np.array([[0.485, 0.456, 0.406], [0.229, 0.224, 0.225]], dtype=np.float32)


def configuration(family, heads, dim, **changes):
    """A model's configuration as weights files have it."""
    convit = family == "convit"
    values = dict(
        family=family, imageHeight=224, imageWidth=224, patchSize=16, channels=3, classes=1000, embedDim=dim, depth=12, heads=heads, mlpRatio=4,
        qkvBias=not convit, localUpToLayer=10 if convit else 0, start={"random": {}}, isGated=True, gateStart=1, usePosEmbed=True,
        pooling="token", isDistilled=False, dropRate=0, attnDropRate=0, dropPathRate=0,
    )
    return values | changes


small = dict(depth=4, classes=10)
MODELS = {
    "convit_tiny": configuration("convit", 4, 192),
    "convit_small": configuration("convit", 9, 432),
    "convit_small_plus": configuration("convit", 9, 576),
    "deit_tiny_patch16_224": configuration("vit", 3, 192),
    "deit_tiny_distilled_patch16_224": configuration("vit", 3, 192, isDistilled=True),
    "deit3_small_patch16_224": configuration("vit", 6, 384, layerScale=1e-6, embedsTokens=False),
    "vit_small_patch14_dinov2, 224 pixels": configuration("vit", 6, 384, patchSize=14, layerScale=1e-5),
    "vit_wee_patch16_reg1_gap_256": configuration(
        "vit", 4, 256, depth=14, mlpRatio=5, imageHeight=256, imageWidth=256, registers=1, layerScale=1e-5, embedsTokens=False, pooling="average",
        normFollowsPooling=True,
    ),
    "convit, average pooling": configuration("convit", 4, 48, localUpToLayer=4, pooling="average", **small),
    "vit, average pooling": configuration("vit", 3, 48, pooling="average", **small),
    "convit without gates": configuration("convit", 4, 48, localUpToLayer=3, isGated=False, **small),
    "convit without position embedding, with biases": configuration("convit", 4, 48, localUpToLayer=3, usePosEmbed=False, qkvBias=True, **small),
    "convit, 160 x 224 pixels": configuration("convit", 4, 48, localUpToLayer=3, imageHeight=160, **small),
    "vit, 224 x 96 pixels": configuration("vit", 4, 48, imageWidth=96, **small),
    "convit, 48 x 40 patches": configuration("convit", 4, 32, localUpToLayer=2, imageHeight=384, imageWidth=320, patchSize=8, depth=3, classes=10),
    "vit, layer scale, registers, no_embed_class": configuration("vit", 4, 48, registers=3, layerScale=1e-5, embedsTokens=False, **small),
    "convit, heads and units pruned": configuration(
        "convit", 4, 48, localUpToLayer=3, headDim=12, headsByLayer=[3, 1, 4, 2], hiddenDimByLayer=[96, 7, 150, 1], **small
    ),
    "a single block": configuration("vit", 2, 16, depth=1, classes=3),
}


def shapes(c):
    """The names and shapes of a model's parameters, from its configuration."""
    dim, width = c["embedDim"], c.get("headDim") or c["embedDim"] // c["heads"]
    every_heads = c.get("headsByLayer") or [c["heads"]] * c["depth"]
    every_hidden = c.get("hiddenDimByLayer") or [int(dim * c["mlpRatio"])] * c["depth"]
    patches = (c["imageHeight"] // c["patchSize"]) * (c["imageWidth"] // c["patchSize"])
    tokens = 0 if c["pooling"] == "average" else 1 + c["isDistilled"]

    def linear(name, outputs, inputs, bias=True):
        yield f"{name}.weight", (outputs, inputs)
        if bias:
            yield f"{name}.bias", (outputs,)

    def norm(name):
        yield f"{name}.weight", (dim,)
        yield f"{name}.bias", (dim,)

    for name in ("cls_token", "dist_token")[:tokens]:
        yield name, (1, 1, dim)
    if c["usePosEmbed"]:
        yield "pos_embed", (1, patches + (tokens + c.get("registers", 0) if c["family"] == "vit" and c.get("embedsTokens", True) else 0), dim)
    if c.get("registers"):
        yield "reg_token", (1, c["registers"], dim)
    yield "patch_embed.proj.weight", (dim, c["channels"], c["patchSize"], c["patchSize"])
    yield "patch_embed.proj.bias", (dim,)
    for block in range(c["depth"]):
        at, heads, hidden = f"blocks.{block}", every_heads[block], every_hidden[block]
        inside = heads * width
        yield from norm(f"{at}.norm1")
        if block < c["localUpToLayer"]:
            yield from linear(f"{at}.attn.qk", 2 * inside, dim, c["qkvBias"])
            yield from linear(f"{at}.attn.v", inside, dim, c["qkvBias"])
            yield from linear(f"{at}.attn.pos_proj", heads, 3)
            if c["isGated"]:
                yield f"{at}.attn.gating_param", (heads,)
        else:
            yield from linear(f"{at}.attn.qkv", 3 * inside, dim, c["qkvBias"])
        yield from linear(f"{at}.attn.proj", dim, inside)
        yield from norm(f"{at}.norm2")
        yield from linear(f"{at}.mlp.fc1", hidden, dim)
        yield from linear(f"{at}.mlp.fc2", dim, hidden)
        if "layerScale" in c:
            yield f"{at}.ls1.gamma", (dim,)
            yield f"{at}.ls2.gamma", (dim,)
    yield from norm("fc_norm" if c.get("normFollowsPooling") else "norm")
    for name in ("head", "head_dist")[: max(tokens, 1)]:
        yield from linear(name, c["classes"], dim)


def lively_weights(c):
    """Seeded values under which attention is uneven and the logits depend on the image."""
    weights = {}
    for index, (name, shape) in enumerate(shapes(c)):
        noise = np.random.default_rng([SEED, index]).normal(size=shape)
        if name.endswith("gating_param"):
            value = 1.5 * noise
        elif name.endswith("pos_proj.weight"):
            value = 0.5 * noise - np.array([0, 0, 0.5])
        elif name.endswith("gamma") or "norm" in name and name.endswith("weight"):
            value = 1 + 0.2 * noise
        elif name.endswith("bias"):
            value = 0.1 * noise
        elif name.endswith(("_token", "pos_embed")):
            value = 0.3 * noise
        else:
            value = noise / np.prod(shape[1:]) ** 0.5
        weights[name] = value.astype(np.float32)
    return weights


def photographs(c, folder):
    """Photographs of the size that an evaluation crops in the middle without scaling: their files, and what the model gets of them."""
    skimage = Path(importlib.util.find_spec("skimage").submodule_search_locations[0]) / "data"
    height, width = c["imageHeight"], c["imageWidth"]
    whole = int(height / 0.875), int(width / 0.875)
    top, left = (whole[0] - height) // 2, (whole[1] - width) // 2
    paths, inputs = [], []
    for name in PHOTOGRAPHS:
        picture = Image.open(skimage / name).convert("RGB").resize(whole[::-1], Image.Resampling.BICUBIC)
        paths.append(str(folder / f"{Path(name).stem}.png"))
        picture.save(paths[-1])
        pixels = np.asarray(picture)[top : top + height, left : left + width].astype(np.float32) / 255
        inputs.append(((pixels - MEAN) / STD).transpose(2, 0, 1))
    return paths, np.ascontiguousarray(np.stack(inputs))


def run(command):
    process = subprocess.run(command, stdout=subprocess.PIPE, text=True)
    if process.returncode != 0:
        sys.exit(f"{' '.join(command)}: status {process.returncode}")
    return process.stdout


def expected(convit, path, images):
    text = run([convit, "predict", "--weights", path, "--json", "--logits", *images])
    answers = {answer["path"]: answer["logits"] for answer in map(json.loads, text.splitlines())}
    return np.array([answers[image] for image in images], dtype=np.float32)


def session(path):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def check_file(path, c, weights, batch):
    """What is wrong with a file by itself."""
    onnx.checker.check_model(path, full_check=True)
    model = onnx.load(path)
    faults = []
    opset = [(entry.domain, entry.version) for entry in model.opset_import]
    if opset != [("", 17)]:
        faults.append(f"opset {opset}")
    sizes = [d.dim_param or d.dim_value for d in model.graph.input[0].type.tensor_type.shape.dim]
    if sizes != [batch or "N", 3, c["imageHeight"], c["imageWidth"]]:
        faults.append(f"input {sizes}")
    stored = {tensor.name: onnx.numpy_helper.to_array(tensor) for tensor in model.graph.initializer}
    for name, value in weights.items():
        folded = ".attn." in name and ("pos_proj" in name or "gating_param" in name)
        if not folded and (name not in stored or stored[name].tobytes() != value.tobytes() or stored[name].shape != value.shape):
            faults.append(f"parameter {name}")
    properties = {entry.key: entry.value for entry in model.metadata_props}
    if json.loads(properties["class_names"])[:2] != ["class 0", "class 1"] or not np.allclose(json.loads(properties["mean"]), MEAN):
        faults.append(f"properties {properties}")
    return faults


def check(convit, name, folder):
    c = MODELS[name]
    weights = lively_weights(c)
    path = str(folder / "weights.safetensors")
    metadata = {"format": "pt", "configuration": json.dumps(c), "class_names": json.dumps([f"class {i}" for i in range(c["classes"])])}
    save_file(weights, path, metadata)
    images, inputs = photographs(c, folder)
    logits = expected(convit, path, images)
    spread = float(logits.std(axis=0).mean() / logits.std())
    worst, faults, seconds = 0.0, [] if spread > 0.02 else [f"logits hardly depend on the image ({spread:.3f})"], 0.0
    for batch in (None, 1, 7):
        file = str(folder / "model.onnx")
        command = [convit, "export", "--weights", path, "--onnx", file, "--batch", str(batch or "dynamic")]
        start = time.monotonic()
        run(command)
        seconds = max(seconds, time.monotonic() - start)
        content = Path(file).read_bytes()
        run(command)
        if Path(file).read_bytes() != content:
            faults.append("other bytes the second time")
        faults += check_file(file, c, weights, batch)
        runtime = session(file)
        for count in (1, 7) if batch is None else (batch,):
            parts = [runtime.run(["logits"], {"images": inputs[i : i + count]})[0] for i in range(0, 7, count)]
            difference = float(np.abs(np.concatenate(parts) - logits).max())
            worst = max(worst, difference)
            if not difference <= TOLERANCE:
                faults.append(f"batch {batch or 'dynamic'}, {count} at a time: {difference:.1e}")
    size = len(content) / 1e6
    print(f"{name:48} {size:7.1f} MB {seconds:6.1f} s to export   std {logits.std():5.2f}, spread {spread:.2f}   largest difference {worst:.1e}", flush=True)
    return [f"{name}: {fault}" for fault in faults]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--convit", default=".build/release/convit")
    parser.add_argument("--models", nargs="+", default=list(MODELS), choices=list(MODELS))
    options = parser.parse_args()
    print(f"onnx {onnx.__version__}, ONNX Runtime {onnxruntime.__version__}, {len(PHOTOGRAPHS)} photographs, batches of 1 and 7, dynamic and fixed")
    faults = []
    for name in options.models:
        with tempfile.TemporaryDirectory() as folder:
            faults += check(options.convit, name, Path(folder))
    for fault in faults:
        print(f"FAILED {fault}")
    if faults:
        sys.exit(1)
    print(f"all within {TOLERANCE}")


if __name__ == "__main__":
    main()
