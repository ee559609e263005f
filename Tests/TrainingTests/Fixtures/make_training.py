"""Makes training_images.safetensors, training_initial.safetensors and training_curve.json: a small ConViT trained by PyTorch in fixed order.

    python make_training.py [--data DIRECTORY] [--output DIRECTORY]

DIRECTORY holds Fashion-MNIST's four files as published (train-images-idx3-ubyte.gz and so on); only the training files are read.
"""

import argparse
import gzip
import struct
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "Scripts" / "parity"))
import reference  # before torch: it sets the threads

import numpy as np
import torch
import torch.nn.functional as F

SEED = 0
EPOCHS, BATCH = 5, 32
RECIPE = {
    "learning_rate": 1e-3, "betas": [0.9, 0.999], "epsilon": 1e-8, "weight_decay": 0.05, "decay_everything": False, "smoothing": 0.1,
}  # fmt: skip
FAULTS = {
    "no weight decay": {"weight_decay": 0},
    "weight decay on every parameter": {"decay_everything": True},
    "epsilon 1e-6": {"epsilon": 1e-6},
    "second beta 0.99": {"betas": [0.9, 0.99]},
    "learning rate 1 % up": {"learning_rate": 1.01e-3},
    "label smoothing 0.09": {"smoothing": 0.09},
}
SCALE = 4  # of timm's initial weights: at σ = 0.02 the logits hardly depend on the image
TRAIN, PER_CLASS, CLASSES = 256, 32, 10
CONFIG = {
    "image_size": [28, 28], "patch_size": 4, "in_chans": 3, "num_classes": CLASSES, "embed_dim": 32, "depth": 4, "heads": 4,
    "local_up_to_layer": 3, "mlp_ratio": 4, "qkv_bias": False, "class_token": True, "use_pos_embed": True, "pool": "token",
    "distilled": False, "kind": "convit",
}  # fmt: skip


def read_idx(path):
    content = gzip.decompress(path.read_bytes())
    dimensions = struct.unpack(f">{content[3]}I", content[4 : 4 + 4 * content[3]])
    return np.frombuffer(content, np.uint8, offset=4 + 4 * content[3]).reshape(dimensions)


def choose(data):
    """The first 32 images of each class: 26 or 25 of them to train with, the rest to validate with, both ordered by class."""
    images, labels = read_idx(data / "train-images-idx3-ubyte.gz"), read_idx(data / "train-labels-idx1-ubyte.gz")
    first = [TRAIN // CLASSES + (label < TRAIN % CLASSES) for label in range(CLASSES)]
    members = [np.flatnonzero(labels == label)[:PER_CLASS] for label in range(CLASSES)]
    order = np.concatenate([m[:n] for m, n in zip(members, first)] + [m[n:] for m, n in zip(members, first)])
    return images[order], labels[order].astype(np.int64)


def initial_weights():
    """timm's initialisation with every Linear weight but those of `v` and `pos_proj` times SCALE."""
    torch.manual_seed(SEED)
    model = reference.timm_model(CONFIG)
    values = {name: value.detach().numpy().copy() for name, value in model.named_parameters()}
    for name, value in values.items():
        if value.ndim == 2 and not name.endswith((".v.weight", ".pos_proj.weight")):
            value *= SCALE
    return values


def train(initial, images, labels, dtype, recipe=RECIPE):
    model = reference.timm_model(CONFIG).to(dtype)
    model.load_state_dict({name: torch.from_numpy(value).to(dtype) for name, value in initial.items()})
    plain = [n for n, p in model.named_parameters() if p.ndim <= 1 or n in model.no_weight_decay()]
    groups = [
        {
            "params": [p for n, p in model.named_parameters() if (n in plain) == exempt],
            "weight_decay": 0 if exempt and not recipe["decay_everything"] else recipe["weight_decay"],
        }
        for exempt in (True, False)
    ]
    optimizer = torch.optim.AdamW(groups, lr=recipe["learning_rate"], betas=recipe["betas"], eps=recipe["epsilon"])
    x, y = reference.folder_batch(images, dtype), torch.from_numpy(labels)
    losses = []
    model.train()
    for _ in range(EPOCHS):
        for start in range(0, TRAIN, BATCH):
            stop = start + BATCH
            loss = F.cross_entropy(model(x[start:stop]), y[start:stop], label_smoothing=recipe["smoothing"])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
    model.eval()
    with torch.no_grad():
        outputs = model(x[TRAIN:])
    return {
        "losses": losses,
        "validation_loss": F.cross_entropy(outputs, y[TRAIN:]).item(),
        "validation_correct": int((outputs.argmax(1) == y[TRAIN:]).sum()),
        "validation_accuracy": (outputs.argmax(1) == y[TRAIN:]).double().mean().item() * 100,
    }, plain


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--data", type=Path, default=reference.REPOSITORY / "data" / "fashion-mnist")
    options.add_argument("--output", type=Path, default=Path(__file__).resolve().parent)
    arguments = options.parse_args()

    images, labels = choose(arguments.data)
    initial = initial_weights()
    single, plain = train(initial, images, labels, torch.float32)
    double, _ = train(initial, images, labels, torch.float64)
    differences = lambda run: [abs(a - b) / abs(b) for a, b in zip(run["losses"], double["losses"])]
    drift = differences(single)
    faults = {}
    for name, change in FAULTS.items():
        faults[name] = max(differences(train(initial, images, labels, torch.float64, RECIPE | change)[0]))
        print(f"{name}: {faults[name]:.1e}")
    assert max(drift) < 1e-6 and min(faults.values()) > 5e-5
    print("losses:", " ".join(f"{loss:.4f}" for loss in single["losses"]))
    print(f"float32 against float64: {max(drift[:10]):.1e} in the first ten steps, {max(drift):.1e} in all")
    print(single["validation_accuracy"], double["validation_accuracy"], single["validation_loss"], double["validation_loss"])

    source = reference.provenance(__file__, SEED)
    split = {"train": [0, TRAIN], "val": [TRAIN, len(labels)]}
    reference.write_safetensors(
        arguments.output / "training_images.safetensors",
        {"images": images, "labels": labels},
        {"split": split, "provenance": {**source, "source": "Fashion-MNIST training files (MIT licence)"}},
    )
    reference.write_safetensors(
        arguments.output / "training_initial.safetensors", initial, {"config": CONFIG, "provenance": source}
    )
    reference.write_json(
        arguments.output / "training_curve.json",
        {
            "provenance": source,
            "recipe": {
                "config": CONFIG, "initial_scale": SCALE, "split": split, "epochs": EPOCHS, "batch_size": BATCH, "steps_per_epoch": TRAIN // BATCH,
                "files": "<split>/<class>/<index>.png, class one digit, index five digits (position in `images`); gray 8-bit PNG",
                "order": "image-folder order in every epoch: classes sorted by folder name, files by name, which is the order of `images`",
                "transform": "gray repeated to RGB, / 255, ImageNet mean and standard deviation; no resize, no crop (input 28 <= 32)",
                "optimizer": "AdamW", "betas": RECIPE["betas"], "epsilon": RECIPE["epsilon"],
                "learning_rate": RECIPE["learning_rate"],
                "learning_rate_meaning": "constant, and what the optimiser really uses (not scaled by batch / 512)",
                "weight_decay": RECIPE["weight_decay"], "no_weight_decay": plain,
                "loss": "cross-entropy with label smoothing, mean over the batch, before the step",
                "label_smoothing": RECIPE["smoothing"], "drop_path": 0, "dropout": 0, "clip_grad": None,
                "validation": "cross-entropy without smoothing, mean over the 64 images; accuracy in per cent",
            },
            "float32": single,
            "float64": double,
            "largest_relative_difference": {"float32 against float64": max(drift), **faults},
        },
    )  # fmt: skip


if __name__ == "__main__":
    main()
