#!/usr/bin/env python3
"""Converts a PyTorch checkpoint (.pth, .pt, .bin) into a safetensors file.

    python Scripts/convert_pth.py convit_tiny.pth Weights/convit_tiny.safetensors

Takes a state dict, or a dictionary that holds one, as the checkpoints of ConViT, DeiT and timm do
(under 'model', 'state_dict', 'model_ema' or 'state_dict_ema'; choose with --key). Names and types
stay as they are, but for the prefix 'module.' that parallel training puts before every name.

A checkpoint is a program to Python's pickle. It is loaded with weights_only=True, which runs none
of it; that needs torch 2.6 or later (CVE-2025-32434). Needs the packages torch and safetensors.
"""

import argparse
import os
import sys

CONTAINERS = ("model", "state_dict", "model_ema", "state_dict_ema")
PREFIX = "module."


class Refused(Exception):
    """Why a checkpoint is not converted, in one line."""


def load(path):
    """The content of a checkpoint, from plain data and tensors only."""
    import torch

    version = tuple(int(part) for part in torch.__version__.split("+")[0].split(".")[:2])
    if version < (2, 6):
        raise Refused(f"expected torch 2.6 or later, found {torch.__version__}, which is unsafe")
    try:
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
        raise Refused(f"{path}: not a checkpoint of plain tensors ({reason})") from error


def state_dict(content, key, path):
    """The state dict within a checkpoint, and the key it was under, or None."""
    import torch

    if not isinstance(content, dict):
        raise Refused(f"{path}: expected a dictionary, found {type(content).__name__}")
    if key is None and not any(isinstance(value, torch.Tensor) for value in content.values()):
        found = [name for name in CONTAINERS if isinstance(content.get(name), dict)]
        key = found[0] if found else None
        if len(found) > 1:
            print(f"takes '{key}'; also there: {', '.join(found[1:])} (--key)", file=sys.stderr)
    if key is None:
        return content, None
    if not isinstance(content.get(key), dict):
        raise Refused(f"{path}: no state dict under '{key}'; keys: {listed(content)}")
    return content[key], key


def checked(tensors, path):
    """The tensors, without the prefix of parallel training, each with memory of its own."""
    import torch

    if not tensors:
        raise Refused(f"{path}: the state dict is empty")
    others = [name for name, value in tensors.items() if not isinstance(value, torch.Tensor)]
    if others:
        raise Refused(f"{path}: expected tensors, but these are none: {listed(others)}")
    types = (
        *(torch.float64, torch.float32, torch.float16, torch.bfloat16, torch.bool),
        *(torch.int64, torch.int32, torch.int16, torch.int8),
        *(torch.uint64, torch.uint32, torch.uint16, torch.uint8),
    )
    for name, value in tensors.items():
        if value.dtype not in types or value.layout != torch.strided:
            raise Refused(f"{path}: tensor '{name}' is {value.dtype}, {value.layout}")
    if all(name.startswith(PREFIX) for name in tensors):
        tensors = {name[len(PREFIX) :]: value for name, value in tensors.items()}
    return {name: value.detach().clone().contiguous() for name, value in tensors.items()}


def listed(names, limit=20):
    names = [repr(name) for name in names]
    more = f" and {len(names) - limit} more" if len(names) > limit else ""
    return ", ".join(names[:limit]) + more


def convert(source, target, key, force):
    from safetensors.torch import save_file

    if os.path.exists(target) and not force:
        raise Refused(f"{target}: is there already; --force replaces it")
    tensors, key = state_dict(load(source), key, source)
    tensors = checked(tensors, source)
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
    parser.add_argument("--force", action="store_true", help="replace a file that is there")
    options = parser.parse_args()
    try:
        convert(options.source, options.target, options.key, options.force)
    except ImportError as error:
        sys.exit(f"convert_pth.py: {error}; pip install torch safetensors")
    except Refused as error:
        sys.exit(f"convert_pth.py: {error}")


if __name__ == "__main__":
    main()
