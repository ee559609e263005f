#!/usr/bin/env python3
"""Converts a PyTorch checkpoint (.pth, .pt, .bin) into a safetensors file.

    python Scripts/convert_pth.py convit_tiny.pth Weights/convit_tiny.safetensors

Takes a state dict, or a dictionary that holds one at any depth, as checkpoints do; --key chooses
among several (state_dict, model.ema), --prefix among several models in one state dict ('teacher.').
Names and types stay as they are, but for a prefix that training put before the names of a model
('module.', '_orig_mod.', 'backbone.', …, in any nesting). What is no weight of the model (counts
such as 'n_averaged', the projection head of DINO) is named and left out.

A checkpoint is a program to Python's pickle. It is loaded with weights_only=True, which runs none
of it; that needs torch 2.6 or later (CVE-2025-32434). Needs the packages torch and safetensors.
"""

import argparse
import os
import re
import sys
import warnings

# What is taken first where a checkpoint holds several state dicts.
CONTAINERS = ("model", "state_dict", "model_ema", "state_dict_ema")
# The names of the weights of ViT, DeiT and ConViT.
PUBLISHED = re.compile(
    r"(?:cls_token|dist_token|pos_embed"
    r"|(?:patch_embed\.proj|norm|head|head_dist)\.(?:weight|bias)"
    r"|blocks\.\d+\.(?:attn\.gating_param"
    r"|(?:norm1|norm2|mlp\.fc1|mlp\.fc2|attn\.(?:qkv|qk|v|proj|pos_proj))\.(?:weight|bias)))"
)


class Refused(Exception):
    """Why a checkpoint is not converted, in one line."""


def load(path):
    """The content of a checkpoint, from plain data and tensors only."""
    import torch

    version = tuple(int(part) for part in torch.__version__.split("+")[0].split(".")[:2])
    if version < (2, 6):
        raise Refused(f"expected torch 2.6 or later, found {torch.__version__}, which is unsafe")
    try:
        warnings.simplefilter("ignore")  # what is wrong is said below, in one line
        # DeiT's training script stores its arguments, which are a Namespace and plain data.
        with torch.serialization.safe_globals([argparse.Namespace]):
            return torch.load(path, map_location="cpu", weights_only=True)
    except OSError as error:
        raise Refused(f"{path}: {error.strerror or error}") from error
    except Exception as error:  # what a damaged pickle raises depends on the damage
        # Not torch's own words, which go on to recommend the unsafe way.
        reason = f"{type(error).__name__}: {' '.join(str(error).split())[:120]}"
        if "Weights only load failed" in reason:
            reason = "it holds objects other than tensors and plain data"
        elif "TorchScript" in reason:
            reason = "it is a TorchScript archive: torch.jit.load reads it; save its state_dict()"
        elif "central directory" in reason:
            reason = "it is cut short; download it again"
        elif "not in a subdirectory" in reason:
            reason = "it is a zip archive of another program, such as NumPy's .npz"
        raise Refused(f"{path}: not a checkpoint of plain tensors ({reason})") from error


def state_dicts(content, depth=3, path=""):
    """The dictionaries of tensors within a dictionary, by their keys joined with dots."""
    import torch

    found = {}
    for key, value in content.items():
        if not isinstance(key, str) or not isinstance(value, dict):
            continue
        if any(isinstance(inner, torch.Tensor) for inner in value.values()):
            found[path + key] = value
        elif depth > 1:
            found.update(state_dicts(value, depth - 1, f"{path}{key}."))
    return found


def state_dict(content, key, path):
    """The state dict within a checkpoint, and the key it was under, or None."""
    import torch

    if not isinstance(content, dict):
        raise Refused(f"{path}: expected a dictionary, found {type(content).__name__}")
    found = state_dicts(content)
    if key is not None:
        if key not in found:
            choices = f"choices: {listed(found)}" if found else f"keys: {listed(content)}"
            raise Refused(f"{path}: no state dict under '{key}' (--key); {choices}")
        return found[key], key
    most = max(map(len, found.values()), default=0)
    if sum(isinstance(value, torch.Tensor) for value in content.values()) > most:
        return content, None
    # Not a loss or the like, which has a tensor or two.
    models = [name for name, value in found.items() if 4 * len(value) >= most]
    known = [name for name in CONTAINERS if name in found]
    if not known and len(models) > 1:
        raise Refused(f"{path}: holds several state dicts; choose one with --key: {listed(models)}")
    if not known and not models:
        raise Refused(f"{path}: no tensors in it; keys: {listed(content)}")
    key = known[0] if known else models[0]
    others = [name for name in models if name != key]
    if others:
        note(f"takes '{key}'; also there: {listed(others)} (--key)")
    elif not known:
        note(f"takes '{key}', the only state dict that is there (--key {key})")
    return found[key], key


def common_prefix(names, chosen=None):
    """What stands before the published names, or before all: the longest such text with a dot.

    Returns it, and the prefixes of other models beside the chosen one.
    """
    counts, models = {}, []
    for name in names:
        parts = name.split(".")
        for place in range(max(0, len(parts) - 5), len(parts)):  # no published name has more parts
            if PUBLISHED.fullmatch(rest := ".".join(parts[place:])):
                prefix = name[: len(name) - len(rest)]
                counts[prefix] = counts.get(prefix, 0) + 1
                if rest == "patch_embed.proj.weight":
                    models.append(prefix)
    fitting = [prefix for prefix, count in counts.items() if prefix in models or 2 * count > len(names)]
    if chosen is not None:
        if chosen not in fitting:
            choices = f"; choices: {listed(fitting)}" if fitting else ""
            raise Refused(f"no model in the state dict behind '{chosen}' (--prefix){choices}")
        others = [prefix for prefix in models if prefix != chosen]
        return chosen, [other for other in others if other and not chosen.startswith(other)]
    if not fitting:
        return ("module." if all(name.startswith("module.") for name in names) else ""), []
    best = sorted(fitting, key=lambda prefix: (-counts[prefix], prefix))
    rivals = [prefix for prefix in best if 2 * counts[prefix] >= counts[best[0]]]
    if "" in fitting:
        return "", []
    if len(rivals) > 1:
        raise Refused(
            f"several models in one state dict, behind {listed(rivals)}; choose one with --prefix"
        )
    return best[0], []


def without_prefix(tensors, chosen=None):
    """The tensors under the names of the model, without what is no weight of it."""
    import torch

    prefix, others = common_prefix(tensors, chosen)
    foreign = [name for name in tensors if name.startswith(tuple(others))]
    if foreign:
        note(f"leaves {len(foreign)} of the models behind {listed(others)}")
        tensors = {name: value for name, value in tensors.items() if name not in set(foreign)}
    if prefix:
        note(f"drops the prefix '{prefix}' of the names")
    parent = prefix[: prefix.rstrip(".").rfind(".") + 1]
    kept, left = {}, []
    for name, value in tensors.items():
        is_ours = name.startswith(prefix)
        short = name[len(prefix) :] if is_ours else name
        # DINO's projection head stands beside the backbone.
        is_projection = prefix and not is_ours and name.startswith(parent + "head.")
        is_count = (
            not value.is_floating_point()
            or value.dim() == 0
            or (value.dtype == torch.float64 and value.numel() <= 1)  # total_ops of thop
        )
        if is_projection or (is_count and not (is_ours and PUBLISHED.fullmatch(short))):
            left.append(name)
        elif short in kept:
            raise Refused(f"'{short}' is there twice, with the prefix '{prefix}' and without")
        else:
            kept[short] = value
    if left:
        note(f"leaves {len(left)} that are no weights: {listed(left, 5)}")
    return kept


def checked(tensors, path, prefix=None):
    """The tensors under the names of the model, each with memory of its own."""
    import torch

    others = [name for name, value in tensors.items() if not isinstance(value, torch.Tensor)]
    tensors = {name: value for name, value in tensors.items() if isinstance(value, torch.Tensor)}
    if not tensors:
        raise Refused(f"{path}: the state dict is empty")
    if others:
        note(f"leaves {len(others)} that are no tensors: {listed(others, 5)}")
    types = (
        *(torch.float64, torch.float32, torch.float16, torch.bfloat16, torch.bool),
        *(torch.int64, torch.int32, torch.int16, torch.int8),
        *(torch.uint64, torch.uint32, torch.uint16, torch.uint8),
    )
    for name, value in tensors.items():
        if value.dtype not in types or value.layout != torch.strided:
            raise Refused(f"{path}: tensor '{name}' is {value.dtype}, {value.layout}")
    try:
        tensors = without_prefix(tensors, prefix)
    except Refused as error:
        raise Refused(f"{path}: {error}") from error
    return {name: value.detach().clone().contiguous() for name, value in tensors.items()}


def note(text):
    print(f"convert_pth.py: {text}", file=sys.stderr)


def listed(names, limit=20):
    names = [repr(name) for name in names]
    more = f" and {len(names) - limit} more" if len(names) > limit else ""
    return ", ".join(names[:limit]) + more


def convert(source, target, key, prefix, force):
    from safetensors.torch import save_file

    if os.path.exists(target) and not force:
        raise Refused(f"{target}: is there already; --force replaces it")
    tensors, key = state_dict(load(source), key, source)
    tensors = checked(tensors, source, prefix)
    metadata = {"format": "pt", "source": os.path.basename(source)}
    temporary = target + ".tmp"
    try:
        save_file(tensors, temporary, metadata=metadata)
        os.replace(temporary, target)
    except Exception as error:
        raise Refused(f"{target}: cannot be written: {error}") from error
    finally:
        if os.path.exists(temporary):
            os.remove(temporary)
    count = sum(value.numel() for value in tensors.values())
    print(f"{target}: {len(tensors)} tensors, {count} numbers" + (f", from '{key}'" if key else ""))


def main():
    start, _, rest = __doc__.partition("\n\n")
    parser = argparse.ArgumentParser(
        description=start, epilog=rest, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("source", help="the checkpoint")
    parser.add_argument("target", help="the safetensors file to write")
    parser.add_argument("--key", help="the entry of the checkpoint that holds the state dict")
    parser.add_argument("--prefix", help="what the names of the model begin with, of several models")
    parser.add_argument("--force", action="store_true", help="replace a file that is there")
    options = parser.parse_args()
    try:
        convert(options.source, options.target, options.key, options.prefix, options.force)
    except ImportError as error:
        sys.exit(f"convert_pth.py: {error}; pip install torch safetensors")
    except Refused as error:
        sys.exit(f"convert_pth.py: {error}")


if __name__ == "__main__":
    main()
