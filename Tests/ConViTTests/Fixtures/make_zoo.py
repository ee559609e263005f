"""Makes zoo.json: what timm's vision transformers are that are presets here: parameters, shapes, layer norms, inputs.

    python make_zoo.py NAME…      (.build/release/convit models lists the names)

Made with timm 1.0.31. Models without a head in timm get one of 1000 classes. `shapes` is FNV-1a of the lines "name [sizes]" in the
order of their letters, so that the file stays small. timm's names of presets with tags are not in it.
"""

import json
import sys
from pathlib import Path

import torch

register = torch.library.register_fake
torch.library.register_fake = lambda name, *a, **k: (
    (lambda function: function) if str(name).startswith("torchvision::") else register(name, *a, **k)
)
import timm  # noqa: E402


def fnv1a(data):
    value = 0xCBF29CE484222325
    for byte in data:
        value = (value ^ byte) * 0x100000001B3 % 2**64
    return value


def describe(name):
    with torch.device("meta"):
        model = timm.create_model(name, num_classes=1000)
    lines = sorted(f"{key} {list(value.shape)}" for key, value in model.state_dict().items())
    cfg = model.pretrained_cfg
    block = model.blocks[0]
    return {
        "parameters": sum(value.numel() for value in model.parameters()),
        "shapes": f"{fnv1a(chr(10).join(lines).encode()):016x}",
        "size": cfg["input_size"][1],
        "epsilon": block.norm1.eps,
        "layer_scale": float(block.ls1.init_values) if hasattr(getattr(block, "ls1", None), "init_values") else None,
        "mean": list(cfg["mean"]),
        "std": list(cfg["std"]),
        "crop": cfg["crop_pct"],
        "interpolation": cfg["interpolation"],
    }


models = ",\n".join(f'"{name}": {json.dumps(describe(name))}' for name in sys.argv[1:])
(Path(__file__).parent / "zoo.json").write_text(f"{{\n{models}\n}}\n")
