"""Writes the fixtures of the PyTorchFiles tests with PyTorch.

    python make_fixtures.py

Made with Python 3.11, torch 2.13.0 and numpy 2.4.6; random numbers are seeded. types.safetensors has the numbers of types_*.pth, and
opcodes.json Python's own list of the opcodes of pickles.
"""

import argparse
import collections
import json
import pathlib
import pickletools

import numpy as np
import torch
from safetensors.torch import save_file

HERE = pathlib.Path(__file__).parent
torch.manual_seed(1)
a = torch.randn(6, 4)

TENSORS = {
    "plain": a,
    "transposed": a.t(),
    "slice": a[1:4, 1:3],
    "every_second": a[::2],
    "expanded": torch.arange(3.0).expand(5, 3),
    "shared": a.view(-1)[4:10],
    "permuted": torch.randn(2, 3, 4).permute(2, 0, 1),
    "one": a[2:3].t(),
    "f64": a.double().t(),
    "f16": a.half().t(),
    "bf16": a.bfloat16(),
    "f8e4m3": torch.arange(16, dtype=torch.uint8).view(torch.float8_e4m3fn),
    "f8e5m2": torch.arange(16, dtype=torch.uint8).view(torch.float8_e5m2),
    "i64": torch.tensor([1, -(2**63)]),
    "i32": torch.tensor([[1], [-2]], dtype=torch.int32),
    "i16": torch.tensor([1, -2], dtype=torch.int16),
    "i8": torch.tensor([1, -2], dtype=torch.int8),
    "u8": torch.tensor([1, 255], dtype=torch.uint8),
    "u16": torch.tensor([1, 65535], dtype=torch.uint16),
    "u32": torch.tensor([1, 2**32 - 1], dtype=torch.uint32),
    "u64": torch.tensor([1, 2**63 - 1], dtype=torch.uint64),
    "bool": torch.tensor([True, False, True]),
    "parameter": torch.nn.Parameter(torch.randn(3)),
    "scalar": torch.tensor(7.0),
    "empty": torch.zeros(2, 0),
    "größe.权重": torch.tensor([2.0]),
}
save_file({name: value.detach().clone().contiguous() for name, value in TENSORS.items()}, HERE / "types.safetensors")
torch.save(TENSORS, HERE / "types_zip.pth")
for protocol in (2, 4):
    torch.save(TENSORS, HERE / f"types_older_{protocol}.pth", pickle_protocol=protocol, _use_new_zipfile_serialization=False)

# A whole training checkpoint, as scripts write them.
model = torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.BatchNorm1d(2))
optimizer = torch.optim.AdamW(model.parameters())
model(torch.randn(4, 3)).sum().backward()
optimizer.step()
state = model.state_dict()
checkpoint = {
    "epoch": 3,
    "args": argparse.Namespace(lr=0.1, output=pathlib.PosixPath("runs/a"), size=[2, 3]),
    "optimizer": optimizer.state_dict(),
    "loss": np.float64(0.5),
    "history": np.arange(3.0),
    "names": collections.defaultdict(list, a=[1]),
    "rng": torch.get_rng_state(),
    "sparse": torch.eye(2).to_sparse(),
    "complex": torch.zeros(2, dtype=torch.complex64),
    "model": state,
    "model_ema": {f"module.{name}": value.clone() for name, value in state.items()} | {"n_averaged": torch.tensor(5)},
}
torch.save(checkpoint, HERE / "checkpoint.pth")
torch.save(checkpoint, HERE / "checkpoint_older.pth", _use_new_zipfile_serialization=False)
# What holds no state dict, or several.
torch.save({"a": dict(state), "b": dict(state)}, HERE / "two.pth")
torch.save({"net": dict(state), "acc": torch.tensor(0.5)}, HERE / "one.pth")
torch.save(model, HERE / "module.pth")
torch.save({"model": model, "epoch": 1}, HERE / "module_inside.pth")
torch.save(a, HERE / "tensor.pth")
torch.save([a, a], HERE / "list.pth")
torch.save({"epoch": 1, "loss": [1.0]}, HERE / "nothing.pth")
torch.jit.save(torch.jit.script(torch.nn.Linear(2, 2)), HERE / "script.pt")
(HERE / "opcodes.json").write_text(json.dumps({op.name: ord(op.code) for op in pickletools.opcodes}, indent=0) + "\n")
