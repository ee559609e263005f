"""Compares the logits of `convit predict` with timm's for every preset of the zoo, and at other sizes of images.

    .venv/bin/python Scripts/parity/zoo.py [--binary .build/release/convit] [--all] [--only NAME …]

Weights are random but lively (logits.py), images two photographs of exactly the size of the model, so that nothing is resampled. Models
of more than 120 million parameters are left out without --all. At other sizes the position embedding is resampled by both.
"""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

import reference  # before torch: it sets the threads

import numpy as np
import torch
from safetensors.torch import save_file
from timm.models.vision_transformer import checkpoint_filter_fn

import logits

TOLERANCE = 1e-3  # of the logits' deviation; single precision is at 1e-6
LARGEST = 120e6
OTHER_SIZES = {
    "convit_tiny": [384, 512],
    "deit_tiny_patch16_224": [384, 512],
    "deit_tiny_distilled_patch16_224": [384],
    "deit3_small_patch16_224": [320],
    "vit_tiny_patch16_224": [384],
    "vit_base_patch32_224": [416],
    "vit_small_patch14_dinov2": [224],
    "vit_wee_patch16_reg1_gap_256": [384],
}


def names(binary):
    lines = subprocess.run([str(binary), "models"], capture_output=True, text=True, check=True).stdout.splitlines()
    rows = [line.split() for line in lines]
    return {row[0]: int(row[1]) for row in rows if len(row) == 7 and row[1].isdigit() and not row[0].endswith("_plus")}


def timm_logits(name, weights, size, pixels):
    options = {} if name.startswith("convit") else {"img_size": size}
    model = reference.timm.create_model(name, num_classes=1000, **options)
    weights = {key: value.clone() for key, value in weights.items()}
    if options:
        weights = checkpoint_filter_fn(weights, model) if "distilled" not in name else resampled(weights, model)
    elif size != 224:
        model = convit(name, weights, size)
        weights = None
    if weights is not None:
        model.load_state_dict(weights, strict=True)
    cfg = model.pretrained_cfg
    mean, std = (torch.tensor(cfg[key], dtype=torch.float64).view(1, 3, 1, 1) for key in ("mean", "std"))
    with torch.no_grad():
        return model.double().eval()((pixels - mean) / std).numpy()


def resampled(weights, model):
    from timm.layers import resample_abs_pos_embed

    embed = weights["pos_embed"]
    if embed.shape != model.pos_embed.shape:
        weights["pos_embed"] = resample_abs_pos_embed(embed, model.patch_embed.grid_size, num_prefix_tokens=2)
    return weights


def convit(name, weights, size):
    """timm's ConViT for another size: it takes img_size at last when it is made from its class."""
    from timm.layers import resample_abs_pos_embed
    from timm.models.convit import ConVit

    heads = {"convit_tiny": 4, "convit_small": 9, "convit_base": 16}[name]
    model = ConVit(img_size=size, embed_dim=48, num_heads=heads, local_up_to_layer=10, locality_strength=1.0)
    grid = (size // 16, size // 16)
    weights["pos_embed"] = resample_abs_pos_embed(weights["pos_embed"], grid, num_prefix_tokens=0)
    model.load_state_dict(weights, strict=True)
    model.pretrained_cfg = reference.timm.create_model(name).pretrained_cfg
    return model


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--binary", type=Path, default=reference.REPOSITORY / ".build" / "release" / "convit")
    options.add_argument("--all", action="store_true")
    options.add_argument("--only", nargs="+")
    arguments = options.parse_args()
    known = names(arguments.binary)
    chosen = arguments.only or [name for name, count in known.items() if arguments.all or count <= LARGEST]
    failed, greatest = [], 0
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        for name in chosen:
            model = reference.timm.create_model(name, num_classes=1000)
            own = model.pretrained_cfg["input_size"][1]
            weights = {key: torch.from_numpy(value) for key, value in logits.lively_weights(model, 7).items()}
            path = folder / "weights.safetensors"
            save_file(weights, path)
            for size in [own] + OTHER_SIZES.get(name, []):
                paths, pixels = logits.exact(folder, ("chelsea", "coffee"), size)
                expected = timm_logits(name, weights, size, pixels)
                command = [str(arguments.binary), "predict", "--model", name, "--weights", str(path), "--json", "--logits"]
                command += ["--eval-crop-ratio", "1", "--input-size", str(size), *map(str, paths)]
                run = subprocess.run(command, capture_output=True, text=True)
                if run.returncode:
                    sys.exit(f"{' '.join(command)}: exit status {run.returncode}\n{run.stderr}")
                unexpected = [line for line in run.stderr.splitlines() if "resampled" not in line or size == own]
                distance = np.abs(logits.parse(run.stdout, paths) - expected).max() / expected.std()
                good = distance <= TOLERANCE and not unexpected
                greatest = max(greatest, distance)
                print(f"{name:36} {size:4} px {distance:.1e}{'' if good else '  FAILED ' + ' '.join(unexpected)}", flush=True)
                if not good:
                    failed.append(f"{name} at {size}")
    if failed:
        sys.exit(f"{len(failed)} above {TOLERANCE}, or with a note: {', '.join(failed)}")
    print(f"all {len(chosen)} within {TOLERANCE}, the greatest {greatest:.1e}")


if __name__ == "__main__":
    main()
