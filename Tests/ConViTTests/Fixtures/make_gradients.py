"""Makes gradients_<case>.safetensors: logits, loss and every gradient of small models, in float64.

Inputs and weights are rounded to float32 before anything is computed, so that whoever reads them starts from the same numbers.
Where timm has the model, timm computes it and the implementation in Scripts/parity/reference.py has to agree to 1e-12; where it
has none (grids that are not square, no class token), that implementation computes it.

    python make_gradients.py [--output DIRECTORY]
"""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "Scripts" / "parity"))
import reference  # before torch: it sets the threads

import numpy as np
import torch
import torch.nn.functional as F

SEED = 20210310


def configuration(image_size, patch_size, embed_dim, heads, depth, local_up_to_layer, kind="convit", **changes):
    config = {
        "image_size": list(image_size), "patch_size": patch_size, "in_chans": 3, "num_classes": 5, "embed_dim": embed_dim,
        "depth": depth, "heads": heads, "local_up_to_layer": local_up_to_layer, "mlp_ratio": 2, "qkv_bias": kind == "vit",
        "class_token": True, "use_pos_embed": True, "pool": "token", "distilled": False, "kind": kind, "gated": True,
    }  # fmt: skip
    assert changes.keys() <= config.keys()
    return config | changes


CASES = {
    "convit_square": (3, configuration((16, 16), 4, 16, 4, 3, 2, mlp_ratio=1.5)),
    "convit_wide": (2, configuration((10, 25), 5, 12, 4, 3, 2)),
    "convit_nine_heads": (2, configuration((12, 12), 4, 36, 9, 2, 1, mlp_ratio=0.25)),
    "convit_zero_gpsa": (2, configuration((12, 12), 4, 12, 3, 2, 0)),
    "gpsa_only": (
        3,
        configuration((8, 12), 4, 15, 5, 2, 2, qkv_bias=True, class_token=False, use_pos_embed=False, pool="avg"),
    ),
    "mhsa_token": (3, configuration((16, 16), 4, 16, 2, 2, 0, kind="vit", mlp_ratio=3)),
    "mhsa_avg": (
        2,
        configuration(
            (8, 16), 4, 12, 3, 2, 0, kind="vit", qkv_bias=False, class_token=False, use_pos_embed=False, pool="avg"
        ),
    ),
    "deit_distilled": (2, configuration((12, 12), 4, 12, 3, 2, 0, kind="vit", distilled=True)),
    "psa_wide": (2, configuration((8, 12), 4, 12, 4, 3, 2, gated=False)),
}


def parameter_shapes(config):
    """Names and shapes in timm's order; checked against timm wherever it has the model."""
    width, classes, heads = config["embed_dim"], config["num_classes"], config["heads"]
    size = config["patch_size"]
    patches = (config["image_size"][0] // size) * (config["image_size"][1] // size)
    hidden = int(width * config["mlp_ratio"])
    prefix = config["class_token"] + config["distilled"] if config["kind"] == "vit" else 0

    def linear(name, inputs, outputs, bias=True):
        return {f"{name}.weight": (outputs, inputs)} | ({f"{name}.bias": (outputs,)} if bias else {})

    def norm(name):
        return {f"{name}.weight": (width,), f"{name}.bias": (width,)}

    shapes = {}
    if config["class_token"]:
        shapes["cls_token"] = (1, 1, width)
    if config["use_pos_embed"]:
        shapes["pos_embed"] = (1, patches + prefix, width)
    if config["distilled"]:
        shapes["dist_token"] = (1, 1, width)
    shapes |= {"patch_embed.proj.weight": (width, config["in_chans"], size, size), "patch_embed.proj.bias": (width,)}
    for i in range(config["depth"]):
        block = f"blocks.{i}"
        shapes |= norm(f"{block}.norm1")
        if config["kind"] == "convit" and i < config["local_up_to_layer"]:
            shapes |= {f"{block}.attn.gating_param": (heads,)} if config["gated"] else {}
            shapes |= linear(f"{block}.attn.qk", width, 2 * width, config["qkv_bias"])
            shapes |= linear(f"{block}.attn.v", width, width, config["qkv_bias"])
            shapes |= linear(f"{block}.attn.proj", width, width) | linear(f"{block}.attn.pos_proj", 3, heads)
        else:
            shapes |= linear(f"{block}.attn.qkv", width, 3 * width, config["qkv_bias"])
            shapes |= linear(f"{block}.attn.proj", width, width)
        shapes |= norm(f"{block}.norm2")
        shapes |= linear(f"{block}.mlp.fc1", width, hidden) | linear(f"{block}.mlp.fc2", hidden, width)
    shapes |= norm("norm") | linear("head", width, classes)
    return shapes | (linear("head_dist", width, classes) if config["distilled"] else {})


def random_parameters(config, random):
    """Every parameter away from its initial value: weights N(0, 0.2), norms around 1, gates over −2 … 2, offset heads."""
    values = {}
    for name, shape in parameter_shapes(config).items():
        value = random.normal(0, 0.2, shape)
        if name.endswith("gating_param"):
            value = random.permutation(np.linspace(-2, 2, shape[0]))
        elif name.endswith("pos_proj.weight"):
            value = np.nan_to_num(reference.convolutional_start(shape[0])) + 0.5 * random.normal(size=shape)
        elif "norm" in name and name.endswith("weight"):
            value = 1 + value
        elif name in ("cls_token", "dist_token", "pos_embed"):
            value = random.normal(0, 0.5, shape)
        values[name] = value.astype(np.float32)
    return values


def evaluate(forward, parameters, labels):
    outputs = forward()
    loss = F.cross_entropy(outputs, labels)
    gradients = torch.autograd.grad(loss, list(parameters.values()))
    return outputs.detach(), loss.detach(), dict(zip(parameters, gradients))


def largest_difference(one, other):
    values = zip([one[0], one[1], *one[2].values()], [other[0], other[1], *(other[2][n] for n in one[2])])
    return max((a - b).abs().max().item() for a, b in values)


def check_attention():
    """The grid implementation of GPSA against timm's on square grids: output and attention."""
    for side, heads in ((4, 4), (5, 9), (3, 5)):
        torch.manual_seed(SEED)
        module = reference.timm.models.convit.GPSA(heads * 3, num_heads=heads).double()
        module.local_init()
        for parameter in module.parameters():
            parameter.data += 0.3 * torch.randn_like(parameter)
        x = torch.randn(2, side * side, heads * 3, dtype=torch.float64)
        p = {f"attn.{name}": value for name, value in module.named_parameters()}
        output, attention = reference.gpsa(p, "attn", x, heads, side, side)
        difference = max((output - module(x)).abs().max(), (attention - module.get_attention(x)).abs().max()).item()
        print(f"GPSA on {side}x{side}, {heads} heads: differs from timm by {difference:.1e}")
        assert difference < 1e-12


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--output", type=Path, default=Path(__file__).resolve().parent)
    output = options.parse_args().output
    check_attention()
    for index, (case, (count, config)) in enumerate(CASES.items()):
        random = np.random.default_rng([SEED, index])
        values = random_parameters(config, random)
        images = random.normal(0, 1, (count, 3, *config["image_size"])).astype(np.float32)
        labels = torch.from_numpy(random.permutation(config["num_classes"])[:count])
        parameters = {name: torch.from_numpy(value).double().requires_grad_() for name, value in values.items()}
        pixels = torch.from_numpy(images).double()
        result = evaluate(lambda: reference.logits(parameters, config, pixels), parameters, labels)
        source = "Scripts/parity/reference.py"
        model = reference.timm_model(config)
        if model is not None:
            model = model.double().eval()
            names = {name: tuple(value.shape) for name, value in model.named_parameters()}
            assert names == parameter_shapes(config), f"{case}: {set(names) ^ set(values)}"
            assert list(names) == list(values), f"{case}: another order than timm's"
            model.load_state_dict({name: value.detach() for name, value in parameters.items()})
            theirs = evaluate(lambda: model(pixels), dict(model.named_parameters()), labels)
            difference = largest_difference(result, theirs)
            assert difference < 1e-12, f"{case}: {difference}"
            print(f"{case}: differs from timm by {difference:.1e}")
            result, source = theirs, "timm"
        outputs, loss, gradients = result
        tensors = {"input": images, "labels": labels.numpy().astype(np.int64)}
        tensors |= {"logits": outputs.numpy().astype(np.float32), "loss": loss.numpy().astype(np.float32).reshape(1)}
        tensors |= {f"param.{name}": value for name, value in values.items()}
        tensors |= {f"grad.{name}": gradients[name].numpy().astype(np.float32) for name in values}
        flat = [n for n in gradients if not n.endswith("pos_proj.bias") and gradients[n].abs().max() < 1e-6]
        assert not flat, f"{case}: degenerate gradients {flat}"
        metadata = {"config": config, "provenance": reference.provenance(__file__, SEED, computed_by=source)}
        reference.write_safetensors(output / f"gradients_{case}.safetensors", tensors, metadata)


if __name__ == "__main__":
    main()
