"""Makes vit_small_timm.safetensors: a small vision transformer of timm's as it starts, under timm's names.

    Scripts/parity/environment.sh
    .venv/bin/python Examples/Weights/make_weights.py [--output DIRECTORY]

Images of 32 pixels, patches of 8, 32 features, 4 blocks of 4 heads, 10 classes, MLPs of 4 · 32 units; timm 1.0.31, torch 2.13.0+cpu,
seed 0. In half precision, which halves the file; it has no metadata, as weights of others have none that this package knows.
"""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "Scripts" / "parity"))
import reference  # before torch: it sets the threads

import torch
from safetensors.torch import save_file
from timm.models.vision_transformer import VisionTransformer

SEED = 0


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--output", type=Path, default=Path(__file__).resolve().parent)
    path = options.parse_args().output / "vit_small_timm.safetensors"
    torch.manual_seed(SEED)
    model = VisionTransformer(img_size=32, patch_size=8, embed_dim=32, depth=4, num_heads=4, num_classes=10)
    weights = model.half().state_dict()
    save_file(weights, path)
    path.chmod(0o644)
    count = sum(value.numel() for value in weights.values())
    print(f"{path.name}: {len(weights)} tensors, {count:,} numbers, {path.stat().st_size:,} bytes; timm {reference.timm.__version__}")


if __name__ == "__main__":
    main()
