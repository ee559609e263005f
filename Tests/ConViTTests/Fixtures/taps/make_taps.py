"""Makes vit.safetensors and convit.safetensors: values inside a small model of timm's, and the derivatives of the loss by them.

    python make_taps.py [--output DIRECTORY]

Hooks take both in float64, from weights and images that were first rounded to float32; the loss is the mean cross-entropy over the
images. Tensors: `weights.<timm's name>` (away from the initial values), `images` (3, 3, 16, 16), `labels` (3) I64, `logits` (3, 5),
`loss` (1), and as `value.<place>` and `derivative.<place>` for each block i, of N tokens:

    blocks.i.input          (3, N, 16)     what the block receives; in ConViT with the class token from block 2 on
    blocks.i.attn.map       (3, H, N, N)   what multiplies the values: after the softmax, in GPSA after the gate
    blocks.i.mlp.fc1.output (3, N, 12)     with the bias, before GELU
    blocks.i.output         (3, N, 16)     what the block returns; in ConViT without the class token before block 2

The head reads the class token alone: in the last block, derivatives are zero for the other tokens of the output and of fc1, and for
the map's other rows. Metadata `config` as in gradients_<case>.safetensors.
"""

import argparse
import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[4] / "Scripts" / "parity"), str(Path(__file__).resolve().parents[1])]
import reference  # before torch: it sets the threads

import numpy as np
import torch
import torch.nn.functional as F
from make_gradients import configuration, parameter_shapes, random_parameters

SEED = 20211122
IMAGES = 3
CASES = {
    "vit": configuration((16, 16), 4, 16, 2, 3, 0, kind="vit", mlp_ratio=0.75),
    "convit": configuration((16, 16), 4, 16, 4, 3, 2, mlp_ratio=0.75),
}


def places(config):
    """Name, module, and whether it is what the module receives: of every value that is taken."""
    for block in (f"blocks.{i}" for i in range(config["depth"])):
        yield f"{block}.input", block, True
        yield f"{block}.attn.map", f"{block}.attn.attn_drop", False
        yield f"{block}.mlp.fc1.output", f"{block}.mlp.fc1", False
        yield f"{block}.output", block, False


def taken(model, config, images, labels):
    """Logits, loss, and the values and derivatives at all places."""
    values, handles = {}, []
    for name, module, is_input in places(config):

        def keep(_, inputs, output, name=name, is_input=is_input):
            values[name] = inputs[0] if is_input else output
            values[name].retain_grad()

        handles.append(model.get_submodule(module).register_forward_hook(keep))
    logits = model(images)
    loss = F.cross_entropy(logits, labels)
    loss.backward()
    for handle in handles:
        handle.remove()
    result = {"logits": logits, "loss": loss.reshape(1)}
    result |= {f"value.{name}": value for name, value in values.items()}
    result |= {f"derivative.{name}": value.grad for name, value in values.items()}
    return {name: value.detach() for name, value in result.items()}


@torch.no_grad()
def moved_loss(model, module, is_input, images, labels, step):
    """The loss if `step` is added to what a module receives or returns."""
    module = model.get_submodule(module)
    if is_input:
        handle = module.register_forward_pre_hook(lambda _, inputs: (inputs[0] + step,))
    else:
        handle = module.register_forward_hook(lambda _, inputs, output: output + step)
    loss = F.cross_entropy(model(images), labels).item()
    handle.remove()
    return loss


def check_differences(model, config, images, labels, result, random):
    """Each derivative against central differences of the loss along a random direction."""
    worst = 0
    for name, module, is_input in places(config):
        derivative = result[f"derivative.{name}"]
        direction = torch.from_numpy(random.normal(size=tuple(derivative.shape)))
        step = 1e-5 * direction
        ahead, behind = (moved_loss(model, module, is_input, images, labels, sign * step) for sign in (1, -1))
        slope = (derivative * direction).sum().item()
        worst = max(worst, abs((ahead - behind) / 2e-5 - slope) / abs(slope))
    assert worst < 1e-6, worst
    return worst


def noise(result, model, config, images, labels):
    """The largest difference that float32 throughout makes to a number, and as a share of the largest in its tensor."""
    single = taken(model.float(), config, images.float(), labels)
    differences = [((single[name].double() - value).abs().max().item(), value.abs().max().item()) for name, value in result.items()]
    return max(difference for difference, _ in differences), max(difference / scale for difference, scale in differences)


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--output", type=Path, default=Path(__file__).resolve().parent)
    output = options.parse_args().output
    for index, (case, config) in enumerate(CASES.items()):
        random = np.random.default_rng([SEED, index])
        weights = random_parameters(config, random)
        images = random.normal(0, 1, (IMAGES, config["in_chans"], *config["image_size"])).astype(np.float32)
        labels = torch.from_numpy(random.permutation(config["num_classes"])[:IMAGES])
        parameters = {name: torch.from_numpy(value).double() for name, value in weights.items()}
        pixels = torch.from_numpy(images).double()

        model = reference.timm_model(config).double().eval()
        names = {name: tuple(value.shape) for name, value in model.named_parameters()}
        assert names == parameter_shapes(config) and not any(getattr(block.attn, "fused_attn", False) for block in model.blocks)
        model.load_state_dict(parameters)
        result = taken(model, config, pixels, labels)

        difference = (result["logits"] - reference.logits(parameters, config, pixels)).abs().max().item()
        assert difference < 1e-12, difference
        slopes = check_differences(model, config, pixels, labels, result, random)
        single, share = noise(result, model, config, pixels, labels)
        assert single < 2e-6 and share < 2e-6, (single, share)
        print(
            f"{case}: differs from reference.py by {difference:.1e}, from finite differences by {slopes:.1e} of the slope, "
            f"float32 by {single:.1e}, {share:.1e} of the largest"
        )

        tensors = {"images": images, "labels": labels.numpy().astype(np.int64)}
        tensors |= {f"weights.{name}": value for name, value in weights.items()}
        tensors |= {name: value.numpy().astype(np.float32) for name, value in result.items()}
        metadata = {"config": config, "provenance": reference.provenance(__file__, SEED, computed_by="timm")}
        reference.write_safetensors(output / f"{case}.safetensors", tensors, metadata)


if __name__ == "__main__":
    main()
