"""Writes timesformer/: models of clips of Hugging Face's transformers in three schemes, and the logits that these give.

    python make_timesformer.py

Made with torch 2.13.0, transformers 5.24.0 and safetensors 0.8.0 (Scripts/parity/hub.txt). The weights are random, but lively and seeded,
those of temporal_dense too, which start as zero in the authors' code and not here. timesformer/expected.safetensors holds `clips`, normalised
already, `labels`, and under the name of each folder the logits in double precision. gradients.safetensors beside it holds every gradient of
the mean cross entropy of `divided`, under the names of the weights.

The logits of `space` are of the mean of the class token over the frames, taken in front of the last normalisation, as in the authors' code
(timesformer/models/vit.py): TimesformerForVideoClassification itself gives a row for each frame.
"""

import json
import pathlib
import shutil

import numpy as np
import torch

# torchvision's operators, which transformers import, are not registered with this build of torch.
register = torch.library.register_fake
torch.library.register_fake = lambda name, *a, **k: (
    (lambda function: function) if str(name).startswith("torchvision::") else register(name, *a, **k)
)
import transformers  # noqa: E402
from safetensors.torch import save_file  # noqa: E402

FOLDER = pathlib.Path(__file__).parent / "timesformer"
FRAMES, CLIPS = 3, 2
SIZES = dict(hidden_size=8, num_hidden_layers=2, num_attention_heads=2, intermediate_size=20, image_size=12, patch_size=4)
SCHEMES = {"space": "space_only", "joint": "joint_space_time", "divided": "divided_space_time"}
LABELS = {0: "left", 1: "right", 2: "up", 3: "down"}
clips = torch.from_numpy(np.random.default_rng(7).normal(size=(CLIPS, FRAMES, 3, 12, 12)).astype(np.float32))
labels = torch.tensor([2, 0])
expected = {"clips": clips, "labels": labels}


def lively(model):
    for index, (name, parameter) in enumerate(model.named_parameters()):
        noise = np.random.default_rng([20, index]).normal(size=tuple(parameter.shape))
        if parameter.ndim == 1:
            value = 1 + 0.2 * noise if "norm" in name and name.endswith("weight") else 0.1 * noise
        elif "token" in name or "embeddings." in name and "projection" not in name:
            value = 0.3 * noise
        else:
            value = noise / np.prod(parameter.shape[1:]) ** 0.5
        parameter.data = torch.tensor(value, dtype=torch.float32)
    return model.eval()


def logits(model, scheme):
    if scheme != "space":
        return model(clips.double()).logits
    inner = model.timesformer
    tokens = inner.encoder(inner.embeddings(clips.double()))[0]
    mean = tokens.reshape(CLIPS, FRAMES, *tokens.shape[1:]).mean(1)
    return model.classifier(inner.layernorm(mean)[:, 0])


shutil.rmtree(FOLDER, ignore_errors=True)
for scheme, theirs in SCHEMES.items():
    config = transformers.TimesformerConfig(
        **SIZES, num_frames=FRAMES, attention_type=theirs, id2label=LABELS, label2id={}
    )
    model = lively(transformers.TimesformerForVideoClassification(config))
    model.save_pretrained(FOLDER / scheme)
    # What the authors' folders on the hub say of their inputs.
    reading = dict(do_normalize=True, image_mean=[0.45] * 3, image_std=[0.225] * 3, do_center_crop=True, crop_size=dict(height=12, width=12))
    (FOLDER / scheme / "preprocessor_config.json").write_text(json.dumps(reading | dict(size=dict(shortest_edge=12), resample=2), indent=2))
    model.double()
    output = logits(model, scheme)
    expected[scheme] = output.detach().float()
    if scheme == "divided":
        torch.nn.functional.cross_entropy(output, labels).backward()
        gradients = {name: parameter.grad.float().contiguous() for name, parameter in model.named_parameters()}
        save_file(gradients, FOLDER / "gradients.safetensors")
save_file(expected, FOLDER / "expected.safetensors")
print(sum(file.stat().st_size for file in FOLDER.rglob("*") if file.is_file()), "bytes")
