"""Reads a file that the tests wrote with the format's own Python library.

    SAFETENSORS_KEEP=/tmp/written.safetensors swift test --filter RoundTripTests
    python check_written.py /tmp/written.safetensors
"""

import sys

import torch
from safetensors import safe_open

EXPECTED = {
    "blocks.0.attn.qk.weight": torch.tensor([[1.0, -2.0, 0.5], [3.0, 1e-45, 3e38]]),
    "scalar": torch.tensor(7.0),
    "empty": torch.zeros(2, 0),
    "größe \"\\\n\x01 😀": torch.tensor([1.0]),
    "bytes": torch.tensor([1, 2, 255], dtype=torch.uint8),
    "lent": torch.tensor([4.0, 5.0]),
    "steps": torch.tensor([3, -(2**63), 2**63 - 1], dtype=torch.int64),
    "half": torch.tensor([[1.0], [-0.5]], dtype=torch.float16),
}
METADATA = {"format": "pt", "größe": "权重 😀", "text": 'a "b" \\ /\n\t\x00\x1f', "": ""}

with safe_open(sys.argv[1], framework="pt") as file:
    assert file.metadata() == METADATA, file.metadata()
    assert set(file.keys()) == set(EXPECTED), set(file.keys()) ^ set(EXPECTED)
    for name, expected in EXPECTED.items():
        found = file.get_tensor(name)
        assert found.dtype == expected.dtype and found.shape == expected.shape, (name, found)
        assert torch.equal(found, expected), (name, found)
print(f"{len(EXPECTED)} tensors and {len(METADATA)} metadata are as expected")
