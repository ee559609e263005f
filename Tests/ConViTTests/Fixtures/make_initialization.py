"""Makes presets.json: parameters, shapes and multiply-adds of the presets, the statistics of a fresh model, and the locality of a fresh head.

    python make_initialization.py [--output DIRECTORY]
"""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "Scripts" / "parity"))
import reference  # before torch: it sets the threads

import torch
from torch.utils.flop_counter import FlopCounterMode

SEED = 0
PRESETS = ["convit_tiny", "convit_small", "convit_base"] + [
    f"deit_{size}{distilled}_patch16_224" for distilled in ("", "_distilled") for size in ("tiny", "small", "base")
]
PLUS = {"convit_tiny_plus": (4, 64), "convit_small_plus": (9, 64), "convit_base_plus": (16, 64)}


def shapes(model):
    return [[name, list(value.shape)] for name, value in model.named_parameters()]


def count(model):
    return sum(value.numel() for value in model.parameters())


def describe(model):
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        model.eval()(torch.zeros(1, 3, 224, 224))
    by_operator = {str(key): value // 2 for key, value in counter.get_flop_counts()["Global"].items()}
    return {
        "parameters": count(model),
        "multiply_adds": counter.get_total_flops() // 2,
        "multiply_adds_by_operator": by_operator,
        "shapes": shapes(model),
    }


def statistics(model):
    """Mean, standard deviation and extremes of every parameter, in timm's order."""
    values = {name: value.detach().double() for name, value in model.named_parameters()}
    return {
        name: {
            "count": value.numel(),
            "mean": value.mean().item(),
            "std": value.std(correction=0).item(),
            "min": value.min().item(),
            "max": value.max().item(),
        }
        for name, value in values.items()
    }


def fresh_head(heads, strength=1.0):
    """timm's GPSA with its convolutional start, in float64."""
    torch.manual_seed(SEED)
    module = reference.timm.models.convit.GPSA(heads, num_heads=heads, locality_strength=strength).double()
    torch.nn.init.zeros_(module.pos_proj.bias)
    module.local_init()
    return module


def locality():
    """Non-locality of the convolutional start: of the position alone, and with the gate σ(1) and uniform content."""
    answers = []
    for rows, columns, origin in ((14, 14, "timm"), (4, 7, "Scripts/parity/reference.py")):
        for heads in (4, 9, 16):
            for strength in (0.5, 1.0, 2.0):
                module = fresh_head(heads, strength)
                position = reference.positional_attention(
                    module.pos_proj.weight.detach(), module.pos_proj.bias.detach(), rows, columns
                )
                if origin == "timm":
                    module.gating_param.data.fill_(torch.inf)  # the gate wide open: nothing but the position
                    x = torch.zeros(1, rows * columns, heads, dtype=torch.float64)
                    module(x)  # builds the relative positions
                    assert (module.get_attention(x)[0] - position).abs().max() < 1e-14
                    alone = module.get_attention_map(x).detach()
                    assert (alone - reference.non_locality(position, rows, columns)).abs().max() < 1e-12
                    module.gating_param.data.fill_(1)
                    gated = module.get_attention_map(x).detach()  # x = 0: every content score is 0, so content is uniform
                else:
                    gate = torch.ones((), dtype=torch.float64).sigmoid()
                    alone = reference.non_locality(position, rows, columns)
                    gated = reference.non_locality((1 - gate) / (rows * columns) + gate * position, rows, columns)
                answers.append(
                    {
                        "grid": [rows, columns], "heads": heads, "locality_strength": strength, "computed_by": origin,
                        "position_only": alone.tolist(), "position_only_mean": alone.mean().item(),
                        "gated": gated.tolist(), "gated_mean": gated.mean().item(),
                    }
                )  # fmt: skip
    return answers


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--output", type=Path, default=Path(__file__).resolve().parent)
    output = options.parse_args().output

    result = {"provenance": reference.provenance(__file__, SEED), "presets": {}, "plus": {}, "statistics": {}}
    for name in PRESETS:
        torch.manual_seed(SEED)
        model = reference.timm.create_model(name, pretrained=False)
        result["presets"][name] = describe(model)
        if name in ("convit_tiny", "deit_tiny_patch16_224"):
            result["statistics"][name] = statistics(model)
        print(name, result["presets"][name]["parameters"], f"{result['presets'][name]['multiply_adds'] / 1e9:.4f} GMACs")
    for name, (heads, width) in PLUS.items():
        with torch.device("meta"):
            model = reference.timm.models.convit.ConVit(
                num_heads=heads, embed_dim=width, depth=12, patch_size=16, local_up_to_layer=10
            )
        result["plus"][name] = {"heads": heads, "head_dim": width, "depth": 12, "parameters": count(model)}
        print(name, count(model))
    result["pos_proj"] = [
        {"heads": heads, "locality_strength": strength, "rows": fresh_head(heads, strength).pos_proj.weight.tolist()}
        for heads in (4, 9, 16)
        for strength in (0.5, 1.0, 2.0)
    ]
    for entry in result["pos_proj"]:
        ours = torch.from_numpy(reference.convolutional_start(entry["heads"], entry["locality_strength"]))
        assert torch.equal(ours, torch.tensor(entry["rows"], dtype=torch.float64))
    result["nonlocality"] = locality()
    for entry in result["nonlocality"]:
        if entry["locality_strength"] == 1:
            print(entry["grid"], entry["heads"], entry["position_only_mean"], entry["gated_mean"])
    reference.write_json(output / "presets.json", result)


if __name__ == "__main__":
    main()
