"""Writes hub/: weights under the names of Hugging Face's transformers, torchvision and others, and the logits that these give.

    python make_hub.py

Made with torch 2.13.0, transformers 5.24.0, torchvision 0.28.0 and safetensors 0.8.0. The weights are random, but lively and seeded.
hub/expected.safetensors holds `pixels`, normalised already, and under the name of each folder or file the logits in double precision.
"""

import json
import pathlib
import shutil

import numpy as np
import torch

register = torch.library.register_fake
torch.library.register_fake = lambda name, *a, **k: (
    (lambda function: function) if str(name).startswith("torchvision::") else register(name, *a, **k)
)
import torchvision  # noqa: E402
import transformers  # noqa: E402
from safetensors.torch import load_file, save_file  # noqa: E402

HUB = pathlib.Path(__file__).parent / "hub"
SIZES = dict(hidden_size=8, num_hidden_layers=2, num_attention_heads=2, intermediate_size=20, image_size=8, patch_size=4)
LABELS = {0: "cat", 1: "crane", 2: "crane"}
PIXELS = torch.from_numpy(np.random.default_rng(7).normal(size=(3, 3, 8, 8)).astype(np.float32))
expected = {"pixels": PIXELS}


def lively(model):
    for index, (name, parameter) in enumerate(model.named_parameters()):
        noise = np.random.default_rng([1, index]).normal(size=tuple(parameter.shape))
        if parameter.ndim == 1:
            value = 1 + 0.2 * noise if name.endswith("weight") else 0.1 * noise
        elif "token" in name or "pos" in name:
            value = 0.3 * noise
        else:
            value = noise / np.prod(parameter.shape[1:]) ** 0.5
        parameter.data = torch.tensor(value, dtype=torch.float32)
    return model.eval()


def logits(name, model, choose=lambda output: output.logits):
    with torch.no_grad():
        expected[name] = choose(model.double()(PIXELS.double())).float()


def stored(name, model, **options):
    model.save_pretrained(HUB / name, **options)
    mean, std = [0.5, 0.25, 0.5], [0.5, 0.5, 0.25]
    transformers.ViTImageProcessor(size={"height": 8, "width": 8}, image_mean=mean, image_std=std).save_pretrained(HUB / name)


shutil.rmtree(HUB, ignore_errors=True)
config = transformers.ViTConfig(**SIZES, id2label=LABELS, label2id={})
vit = lively(transformers.ViTForImageClassification(config))
stored("vit", vit)
stored("vit_sharded", vit, max_shard_size="2KB")
logits("vit", vit)

deit = lively(transformers.DeiTForImageClassificationWithTeacher(transformers.DeiTConfig(**SIZES, num_labels=3)))
stored("deit", deit)
logits("deit", deit)

decoder = dict(decoder_hidden_size=4, decoder_num_hidden_layers=1, decoder_num_attention_heads=1, decoder_intermediate_size=4)
mae = lively(transformers.ViTMAEForPreTraining(transformers.ViTMAEConfig(**SIZES, **decoder)))
stored("mae", mae)

vision = torchvision.models.VisionTransformer(
    image_size=8, patch_size=4, num_layers=2, num_heads=2, hidden_dim=8, mlp_dim=20, num_classes=3
)
lively(vision)
(HUB / "torchvision").mkdir()
save_file(vision.state_dict(), HUB / "torchvision" / "model.safetensors")
# No program writes this file for torchvision; it says how many heads there are.
(HUB / "torchvision" / "config.json").write_text((HUB / "vit" / "config.json").read_text().replace("1e-12", "1e-06"))
logits("torchvision", vision, lambda output: output)

save_file(expected, HUB / "expected.safetensors")
print(sum(file.stat().st_size for file in HUB.rglob("*") if file.is_file()), "bytes")
