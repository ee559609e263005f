"""Makes zoo_tags.json and zoo_pooling.json: the inputs of timm's published weights by tag, and what `model_args` make of a model.

    python make_zoo_inputs.py      (zoo.json, which make_zoo.py writes, has the names)

Made with timm 1.0.31, whose models are made without numbers. `shapes` leaves the blocks out;
`mean` says whether the head reads the mean over the patches.
"""

import json
from pathlib import Path

import torch

register = torch.library.register_fake
torch.library.register_fake = lambda name, *a, **k: (
    (lambda function: function) if str(name).startswith("torchvision::") else register(name, *a, **k)
)
import timm  # noqa: E402

FOLDER = Path(__file__).parent
ARGUMENTS = [
    ("vit_base_patch16_224", {"global_pool": "avg"}),
    ("vit_base_patch16_224", {"global_pool": "avg", "class_token": False}),
    ("vit_base_patch16_224", {"global_pool": "avg", "fc_norm": False}),
    ("vit_base_patch16_224", {"global_pool": "avg", "reg_tokens": 4, "no_embed_class": True}),
    ("vit_base_patch16_224", {"fc_norm": False, "init_values": 1e-5}),
    ("vit_base_patch16_gap_224", {"class_token": True}),
    ("vit_base_patch16_gap_224", {"class_token": True, "global_pool": "token"}),
    ("vit_medium_patch16_reg4_gap_256", {"class_token": True}),
    ("vit_medium_patch16_reg4_gap_256", {"fc_norm": False}),
    ("deit3_small_patch16_224", {"global_pool": "avg"}),
    ("convit_tiny", {"global_pool": "avg"}),
]


def tags():
    for name in json.loads((FOLDER / "zoo.json").read_text()):
        for tagged in timm.list_models(name + ".*", pretrained=True):
            cfg = timm.models.get_pretrained_cfg(tagged)
            yield tagged, {"mean": list(cfg.mean), "std": list(cfg.std), "crop": cfg.crop_pct}


def pooling(name, arguments):
    with torch.device("meta"):
        model = timm.create_model(name, **arguments)
    return {
        "architecture": name,
        "model_args": arguments,
        "shapes": sorted(f"{key} {list(value.shape)}" for key, value in model.state_dict().items() if "blocks" not in key),
        "mean": model.global_pool == "avg",
    }


def write(name, lines):
    (FOLDER / name).write_text(",\n".join(lines).join(["{\n", "\n}\n"]))


write("zoo_tags.json", (f"{json.dumps(name)}: {json.dumps(value)}" for name, value in tags()))
write("zoo_pooling.json", (f'"{index}": {json.dumps(pooling(*case))}' for index, case in enumerate(ARGUMENTS)))
