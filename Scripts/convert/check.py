#!/usr/bin/env python3
"""Checks what convert_pth.py makes of checkpoints of all shapes; needs no PyTorch.

    python3 Scripts/convert/check.py

A stand-in takes the place of torch, since only names and sizes are looked at.
"""

import contextlib
import io
import os
import sys
import types
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
sys.dont_write_bytecode = True


class Tensor:
    """As much of a tensor as the script asks for."""

    layout = "strided"

    def __init__(self, count=4, dtype="float32", axes=1):
        self.count, self.dtype, self.axes = count, dtype, axes

    def numel(self):
        return self.count

    def dim(self):
        return self.axes

    def is_floating_point(self):
        return self.dtype.startswith("float")

    def detach(self):
        return self

    clone = contiguous = detach


torch = types.ModuleType("torch")
torch.Tensor, torch.strided = Tensor, "strided"
for bits in (8, 16, 32, 64):
    for kind in ("int", "uint", "float"):
        setattr(torch, f"{kind}{bits}", f"{kind}{bits}")
torch.bfloat16, torch.bool = "bfloat16", "bool"
sys.modules["torch"] = torch

import convert_pth  # noqa: E402

NAMES = (
    ["cls_token", "pos_embed", "patch_embed.proj.weight", "patch_embed.proj.bias"]
    + [f"blocks.{i}.attn.{part}.weight" for i in range(12) for part in ("qk", "v", "proj")]
    + ["norm.weight", "norm.bias", "head.weight", "head.bias"]
)


def model(prefix="", **others):
    return {**{prefix + name: Tensor() for name in NAMES}, **others}


def converted(content, key=None, prefix=None):
    """The names of the result, and what was said."""
    said = io.StringIO()
    with contextlib.redirect_stderr(said):
        found = convert_pth.state_dict(content, key, "a.pth")[0]
        tensors = convert_pth.checked(found, "a.pth", prefix)
    return list(tensors), said.getvalue()


class Prefixes(unittest.TestCase):
    def test_any_prefix_is_dropped_and_named(self):
        for prefix in ("module.", "_orig_mod.", "model.", "module._orig_mod.model.", "a.b.c-d.e."):
            names, said = converted(model(prefix))
            self.assertEqual(names, NAMES)
            self.assertIn(f"drops the prefix '{prefix}'", said)

    def test_names_as_published_stay(self):
        self.assertEqual(converted(model()), (NAMES, ""))
        other = {"conv1.weight": Tensor(), "layer1.0.conv1.weight": Tensor()}
        self.assertEqual(converted(other), (list(other), ""))
        names, _ = converted({"module.conv1.weight": Tensor(), "module.fc.bias": Tensor()})
        self.assertEqual(names, ["conv1.weight", "fc.bias"])

    def test_counts_are_named_and_left(self):
        extras = {"n_averaged": Tensor(1, "int64"), "total_ops": Tensor(1, "float64"),
                  "module.step": Tensor(1, axes=0), "epoch": 3}
        names, said = converted(model("module.", **extras))
        self.assertEqual(names, NAMES)
        self.assertTrue(all(f"'{name}'" in said for name in extras), said)

    def test_other_tensors_stay(self):
        names, _ = converted(model("module.", **{"module.decoder.weight": Tensor(), "loss.w": Tensor()}))
        self.assertEqual(names, NAMES + ["decoder.weight", "loss.w"])

    def test_dino(self):
        for prefix in ("", "module."):
            head = {prefix + "head.mlp.0.weight": Tensor(), prefix + "head.last_layer.weight_g": Tensor()}
            names, said = converted(model(prefix + "backbone.", **head))
            self.assertEqual(names, NAMES)
            self.assertIn("leaves 2 that are no weights", said)
            self.assertIn("head.last_layer.weight_g", said)

    def test_two_models(self):
        both = model("student.") | model("teacher.", **{"step": Tensor(1, "int64")})
        with self.assertRaisesRegex(convert_pth.Refused, "'student.', 'teacher.'; .* --prefix"):
            converted(both)
        names, said = converted(both, prefix="teacher.")
        self.assertEqual(names, NAMES)
        self.assertIn(f"leaves {len(NAMES)} of the models behind 'student.'", said)
        with self.assertRaisesRegex(convert_pth.Refused, "'ema.' .* choices: 'student.', 'teacher.'"):
            converted(both, prefix="ema.")
        with self.assertRaisesRegex(convert_pth.Refused, "a.pth: 'extra' is there twice"):
            converted(model("module.", **{"module.extra": Tensor(), "extra": Tensor()}))


class Keys(unittest.TestCase):
    optimizer = {"state": {0: {"exp_avg": Tensor()}}, "param_groups": [{"lr": 1}]}

    def test_usual_containers(self):
        for key in convert_pth.CONTAINERS:
            content = {key: model(), "optimizer": self.optimizer, "loss": Tensor(1), "epoch": 2}
            self.assertEqual(converted(content), (NAMES, ""))

    def test_the_only_state_dict(self):
        names, said = converted({"net": model(), "acc": 1.5, "criterion": {"center": Tensor()}})
        self.assertEqual(names, NAMES)
        self.assertIn("takes 'net', the only state dict that is there (--key net)", said)
        self.assertEqual(converted({"state": {"weights": model()}})[0], NAMES)

    def test_several(self):
        content = {"student": model(), "teacher": model(), "dino_loss": {"center": Tensor()}}
        with self.assertRaisesRegex(convert_pth.Refused, "--key: 'student', 'teacher'"):
            converted(content)
        self.assertEqual(converted(content, "teacher")[0], NAMES)
        _, said = converted({"model": model(), "model_ema": model()})
        self.assertIn("takes 'model'; also there: 'model_ema' (--key)", said)

    def test_none(self):
        with self.assertRaisesRegex(convert_pth.Refused, "'nett' .--key.; choices: 'net'"):
            converted({"net": model()}, "nett")
        with self.assertRaisesRegex(convert_pth.Refused, "no tensors in it; keys: 'epoch'"):
            converted({"epoch": 3})
        with self.assertRaisesRegex(convert_pth.Refused, "expected a dictionary, found list"):
            converted([Tensor()])


if __name__ == "__main__":
    unittest.main()
