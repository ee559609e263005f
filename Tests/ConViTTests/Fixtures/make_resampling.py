"""Makes resampling.safetensors: position embeddings that timm's resample_abs_pos_embed brings to another grid.

    python make_resampling.py [--output DIRECTORY]
"""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "Scripts" / "parity"))
import reference  # before torch: it sets the threads

import numpy as np
import torch
from timm.layers import resample_abs_pos_embed

SEED = 17
FEATURES = 8
CASES = [  # rows and columns before and after, tokens in front
    ((14, 14), (24, 24), 1), ((14, 14), (7, 7), 2), ((7, 7), (14, 14), 0), ((4, 4), (3, 5), 1),
    ((2, 5), (4, 3), 0), ((10, 18), (14, 14), 1), ((3, 3), (1, 8), 2), ((1, 1), (4, 4), 1),
]  # fmt: skip


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--output", type=Path, default=Path(__file__).resolve().parent)
    output = options.parse_args().output
    random = np.random.default_rng(SEED)
    tensors, cases = {}, []
    for old, new, tokens in CASES:
        name = f"{old[0]}x{old[1]}_{new[0]}x{new[1]}_{tokens}"
        before = random.normal(size=(1, tokens + old[0] * old[1], FEATURES)).astype(np.float32)
        after = resample_abs_pos_embed(torch.from_numpy(before), list(new), list(old), num_prefix_tokens=tokens)
        tensors |= {f"{name}.before": before, f"{name}.after": after.numpy()}
        cases.append({"name": name, "old": old, "new": new, "tokens": tokens})
    metadata = {"cases": cases, "provenance": reference.provenance(__file__, SEED)}
    reference.write_safetensors(output / "resampling.safetensors", tensors, metadata)


if __name__ == "__main__":
    main()
