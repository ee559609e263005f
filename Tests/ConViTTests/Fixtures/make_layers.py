"""Makes layers.safetensors: values and gradients of operators that models of one's own need, by PyTorch in float64 from float32 inputs.

Names are those of operators.safetensors. Rotary positions are complex products, as in the paper, and not the form that is tested.

    python make_layers.py [--output DIRECTORY]
"""

import argparse
from pathlib import Path

from make_operators import differentiate, reference  # before torch: it sets the threads

import numpy as np
import torch
import torch.nn.functional as F

SEED = 19


def rotated(x, angles):
    """x [..., N, D] times exp(i · angles [N, D/2]), features k and k + D/2 being a complex number."""
    real, imaginary = x.chunk(2, -1)
    turned = torch.complex(real, imaginary) * torch.polar(torch.ones_like(angles), angles)
    return torch.cat([turned.real, turned.imag], -1)


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--output", type=Path, default=Path(__file__).resolve().parent)
    output = options.parse_args().output
    random = np.random.default_rng(SEED)
    tensors = {}

    def add(name, function, **arguments):
        shapes = {key: torch.from_numpy(np.asarray(value, np.float32)).double() for key, value in arguments.items()}
        upstream = random.normal(size=tuple(function(**shapes).shape))
        tensors.update(differentiate(name, function, arguments, upstream))

    add("silu", F.silu, input=np.concatenate([np.linspace(-8, 8, 33), [-100, -20, 0, 20, 100]]))
    rows = random.normal(size=(5, 21)) * np.array([1, 1000, 1e-3, 1e-4, 0])[:, None]
    add("rms_norm", lambda input, weight: F.rms_norm(input, (21,), weight, 1e-6), input=rows, weight=1 + 0.3 * random.normal(size=21))
    for size, stride, padding in ((2, 2, 0), (3, 2, 1), (3, 1, 0)):
        images, name = random.normal(size=(2, 3, 7, 6)), f"{size}_{stride}_{padding}"
        add(f"max_pool_{name}", lambda input: F.max_pool2d(input, size, stride, padding), input=images)
        add(f"average_pool_{name}", lambda input: F.avg_pool2d(input, size, stride, padding), input=images)
    condition = (random.random((4, 1, 5)) > 0.5).astype(np.float32)
    add(
        "where", lambda a, b: torch.where(torch.from_numpy(condition) != 0, a, b),
        a=random.normal(size=(3, 5)), b=random.normal(size=(4, 1, 1)),
    )  # fmt: skip
    tensors["where.condition"] = condition
    things = [3, 0, 3, 6, 1, 3]
    add("embedding", lambda weight: F.embedding(torch.tensor(things), weight), weight=random.normal(size=(7, 4)))
    place = torch.arange(6, dtype=torch.float64)[:, None]
    line = place * 10_000.0 ** (-torch.arange(4, dtype=torch.float64) / 4)
    add("rotary", lambda input: rotated(input.unflatten(-1, (3, 8)).transpose(-2, -3), line).transpose(-2, -3).flatten(-2), input=random.normal(size=(2, 6, 24)))
    pitch = 100.0 ** (-torch.arange(2, dtype=torch.float64) / 2)
    grid = torch.cat([(place // 3) * pitch, (place % 3) * pitch], -1)  # two rows of three
    add("rotary_grid", lambda input: rotated(input, grid), input=random.normal(size=(2, 6, 8)))
    for name, function in {
        "times": lambda a: a * 3, "over": lambda a: a / 3, "under": lambda a: 3 / a, "plus": lambda a: 3 + a,
        "minus": lambda a: a - 3, "negative": lambda a: -a,
    }.items():  # fmt: skip
        add(f"number_{name}", function, a=random.normal(size=(2, 5)) + 4)
    largest = random.integers(0, 4, size=(3, 4, 2)).astype(np.float32)
    tensors["argmax.input"] = largest
    tensors["argmax.axis_1"] = torch.from_numpy(largest).argmax(1).numpy()
    tensors["argmax.axis_2"] = torch.from_numpy(largest).argmax(2).numpy()
    reference.write_safetensors(output / "layers.safetensors", tensors, {"provenance": reference.provenance(__file__, SEED)})


if __name__ == "__main__":
    main()
