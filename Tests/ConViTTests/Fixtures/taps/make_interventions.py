"""Makes interventions_vit.safetensors and interventions_convit.safetensors: what hooks that change values make of timm's models.

    python make_interventions.py [--output DIRECTORY]

The models, weights and images are those of vit.safetensors and convit.safetensors, in float64. Logits (3, 5) of each image:

    ablated.<layer>             without head 1 of a layer: zeros in front of the projection
    replaced.<layer>            with `value` (16) in the place of what heads 0 and 1 see
    knocked_out.<layer>         in which tokens 0 and 2 of head 0 cannot look at tokens 1 and 3
    deaf.<layer>                in which no token of any head can look at token 1
    patched.<layer>             with the block's output of the images in reverse order in the place of rows 1 ..< 4
    silent.<layer>              without what the block's attention adds
    lens.<layer>                (3, N, 5), the head behind the last normalisation, of each token of the block's output

and as `part.<name>` (3, 5) what heads and MLPs add to the logits of the class token, the last normalisation's deviations held.
"""

import argparse
from pathlib import Path

from make_taps import CASES, reference  # before torch: it sets the threads

import torch
from safetensors.numpy import load_file

HERE = Path(__file__).resolve().parent


def run(model, images, module, change, before=False):
    """Logits where `change` makes another value of what a module returns, or receives."""
    module = model.get_submodule(module)
    if before:
        handle = module.register_forward_pre_hook(lambda _, inputs: (change(inputs[0]),))
    else:
        handle = module.register_forward_hook(lambda _, inputs, output: change(output))
    logits = model(images)
    handle.remove()
    return logits


def seen(model, images, module, before=False):
    kept = []
    run(model, images, module, lambda value: kept.append(value) or value, before)
    return kept[0]


def without(value, queries, keys, heads):
    """Weights whose rows `queries` are zero at `keys`, and sum to 1."""
    value = value.clone()
    for head in heads:
        for query in queries:
            value[:, head, query, keys] = 0
    return value / value.sum(-1, keepdim=True)


def interventions(model, config, images, value):
    heads, result = config["heads"], {}
    width = config["embed_dim"] // heads

    def columns(x, first, last, by):
        x = x.clone()
        x[..., first * width : last * width] = by
        return x

    for i in range(config["depth"]):
        block, flipped = f"blocks.{i}", seen(model, images.flip(0), f"blocks.{i}")

        def patch(output):
            output = output.clone()
            output[:, 1:4] = flipped[:, 1:4]
            return output

        def knocked_out(map):
            return without(map, [0, 2], [1, 3], [0])

        def deaf(map):
            return without(map, range(map.shape[2]), [1], range(heads))

        result[f"ablated.{i}"] = run(model, images, f"{block}.attn.proj", lambda x: columns(x, 1, 2, 0), before=True)
        result[f"replaced.{i}"] = run(model, images, f"{block}.attn.proj", lambda x: columns(x, 0, 2, value[: 2 * width]), before=True)
        result[f"knocked_out.{i}"] = run(model, images, f"{block}.attn.attn_drop", knocked_out)
        result[f"deaf.{i}"] = run(model, images, f"{block}.attn.attn_drop", deaf)
        result[f"patched.{i}"] = run(model, images, block, patch)
        result[f"silent.{i}"] = run(model, images, f"{block}.attn", lambda x: 0 * x)
        result[f"lens.{i}"] = model.head(model.norm(seen(model, images, block)))
    return result | {f"part.{name}": part for name, part in parts(model, config, images).items()}


def parts(model, config, images):
    """What is added to the class token, by itself through the last normalisation and the head."""
    heads, width = config["heads"], config["embed_dim"] // config["heads"]
    last = seen(model, images, f"blocks.{config['depth'] - 1}")[:, 0]
    deviation = (last.var(-1, unbiased=False, keepdim=True) + model.norm.eps).sqrt()

    def logits(part):
        return ((part - part.mean(-1, keepdim=True)) / deviation * model.norm.weight) @ model.head.weight.T

    first = config["local_up_to_layer"]  # before that there is no class token
    found = {"start": logits(model.cls_token[:, 0].expand(len(images), -1) if first else seen(model, images, "blocks.0", before=True)[:, 0])}
    for i in range(first, config["depth"]):
        proj = model.blocks[i].attn.proj
        x = seen(model, images, f"blocks.{i}.attn.proj", before=True)[:, 0]
        for head in range(heads):
            columns = slice(head * width, (head + 1) * width)
            found[f"blocks.{i}.attn.head.{head}"] = logits(x[:, columns] @ proj.weight[:, columns].T)
        found[f"blocks.{i}.attn.bias"] = logits(proj.bias.expand(len(images), -1))
        found[f"blocks.{i}.mlp"] = logits(seen(model, images, f"blocks.{i}.mlp")[:, 0])
    found["bias"] = (model.head.bias + model.norm.bias @ model.head.weight.T).expand(len(images), -1)
    difference = (sum(found.values()) - model(images)).abs().max().item()
    assert difference < 1e-12, difference
    return found


@torch.no_grad()
def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--output", type=Path, default=HERE)
    output = options.parse_args().output
    for case, config in CASES.items():
        tensors = load_file(HERE / f"{case}.safetensors")
        images = torch.from_numpy(tensors["images"]).double()
        model = reference.timm_model(config).double().eval()
        prefix = "weights."
        model.load_state_dict({n.removeprefix(prefix): torch.from_numpy(t).double() for n, t in tensors.items() if n.startswith(prefix)})
        value = (torch.arange(config["embed_dim"], dtype=torch.float64) / 16).sin()
        result = interventions(model, config, images, value) | {"value": value}
        arrays = {name: tensor.numpy().astype("float32") for name, tensor in result.items()}
        metadata = {"config": config, "provenance": reference.provenance(__file__, 0, computed_by="timm")}
        reference.write_safetensors(output / f"interventions_{case}.safetensors", arrays, metadata)


if __name__ == "__main__":
    main()
