"""Writes the fixtures of the Safetensors tests with the format's own Python library.

    python make_fixtures.py

They were made with Python 3.11, torch 2.13.0, numpy 2.4.6 and safetensors 0.8.0. There are no
random numbers. expected.json holds what torch makes of every tensor: the bits of its numbers as
F32, and as whole numbers where it has those.
"""

import json
import pathlib

import torch
from safetensors.torch import save_file

HERE = pathlib.Path(__file__).parent
INF, NAN = float("inf"), float("nan")

TYPES = {
    "F64": torch.tensor([[0.1, -2.5, 1e-60], [1 / 3, 3e38, INF]], dtype=torch.float64),
    "F32": torch.tensor([[0.1, -0.0, 1e-45], [3.4e38, -INF, NAN]], dtype=torch.float32),
    "F16": torch.tensor([1.5, -0.1, 6e-8, 65504, 6.1e-5, INF, -INF], dtype=torch.float16),
    "BF16": torch.tensor([1.5, -0.1, 1e-40, 3.3e38, -INF], dtype=torch.bfloat16),
    "I64": torch.tensor([0, -1, 2**63 - 1, -(2**63), 16777217], dtype=torch.int64),
    "I32": torch.tensor([0, -1, 2**31 - 1, -(2**31)], dtype=torch.int32),
    "I16": torch.tensor([0, -1, 2**15 - 1, -(2**15)], dtype=torch.int16),
    "I8": torch.tensor([0, -1, 127, -128, 5], dtype=torch.int8),
    "U64": torch.tensor([0, 1, 2**63 - 1], dtype=torch.uint64),
    "U32": torch.tensor([0, 1, 2**32 - 1], dtype=torch.uint32),
    "U16": torch.tensor([0, 1, 2**16 - 1], dtype=torch.uint16),
    "U8": torch.tensor([0, 1, 255], dtype=torch.uint8),
    "BOOL": torch.tensor([[True], [False], [True]]),
    "F8_E4M3": torch.arange(256, dtype=torch.uint8).view(torch.float8_e4m3fn),
    "F8_E5M2": torch.arange(256, dtype=torch.uint8).view(torch.float8_e5m2),
}

SHAPES = {
    "scalar": torch.tensor(7.0),
    "empty": torch.zeros(0),
    "empty.middle": torch.zeros(2, 0, 3),
    "rank6": torch.arange(12.0).reshape(1, 2, 1, 3, 2, 1),
    "": torch.tensor([1.0]),
    "größe.权重.😀": torch.tensor([2.0]),
    "e\u0301": torch.tensor([3.0]),
    'quote " slash / \\ \n\t\r\b\f\x01\x7f': torch.tensor([4.0]),
    "blocks.0.attn.qk.weight": torch.tensor([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]),
}
METADATA = {"format": "pt", "größe": "权重 😀", "text": 'a "b" \\ /\n\t\x00\x1f', "": ""}

# What the writer of this package is to write byte for byte, given the same in this order.
GOLDEN = {
    "steps": torch.tensor([3, -4], dtype=torch.int64),
    "blocks.0.norm1.bias": torch.tensor([0.5, -0.25, 3.0]),
    "größe \"\\\n\x01": torch.tensor([[1.0], [2.0]]),
    "half": torch.tensor([1.0, 2.0, -0.5], dtype=torch.float16),
    "random": torch.tensor([1, 2, 255], dtype=torch.uint8),
}

expected = {}


def save(file, tensors, metadata=None):
    save_file(tensors, HERE / file, metadata=metadata)
    for name, tensor in tensors.items():
        entry = {"shape": list(tensor.shape)}
        floats = tensor.to(torch.float32).flatten()
        entry["bits"] = [bits & 0xFFFFFFFF for bits in floats.view(torch.int32).tolist()]
        if not tensor.is_floating_point():
            entry["integers"] = [int(value) for value in tensor.flatten().tolist()]
        expected.setdefault(file, {})[name] = entry


save("types.safetensors", TYPES)
save("shapes.safetensors", SHAPES, METADATA)
save("golden.safetensors", GOLDEN, {"model": "convit_tiny \"1\""})
(HERE / "expected.json").write_text(json.dumps(expected, indent=1))
