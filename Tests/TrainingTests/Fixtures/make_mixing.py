"""Makes mixing.safetensors: images and targets that timm's Mixup mixes with given draws, what it draws of itself, and DeiT's losses.

    python make_mixing.py [--output DIRECTORY]
"""

import argparse
import sys
from pathlib import Path
from unittest import mock

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "Scripts" / "parity"))
import reference  # before torch: it sets the threads

import numpy as np
import torch
import torch.nn.functional as F
from timm.data.mixup import Mixup, cutmix_bbox_and_lam, mixup_target
from timm.loss import BinaryCrossEntropy, SoftTargetCrossEntropy

SEED = 13
IMAGE = (6, 3, 7, 10)
CLASSES = 5
CLASS_WEIGHTS = [0.5, 2.0, 1.25, 0.8, 3.0]
DRAWS = 4000
DRAWN_IMAGE = (2, 3, 20, 28)
STATISTICS = {
    "default": dict(mixup_alpha=0.8, cutmix_alpha=1.0, prob=1.0, switch_prob=0.5),
    "shares": dict(mixup_alpha=0.2, cutmix_alpha=0.5, prob=0.7, switch_prob=0.3),
    "cutmix": dict(mixup_alpha=0.0, cutmix_alpha=0.3, prob=1.0, switch_prob=0.5),
    "minmax": dict(mixup_alpha=0.0, cutmix_minmax=(0.2, 0.8), prob=1.0, switch_prob=0.5),
}


class Recorder(Mixup):
    """Keeps what becomes of each image: its share, and its box if there is one."""

    def __call__(self, x, target):
        boxes = []

        def recorded(*arguments, **options):
            box, share = cutmix_bbox_and_lam(*arguments, **options)
            boxes.append([int(edge) for edge in box])
            return box, share

        parameters = []
        for name in ("_params_per_batch", "_params_per_elem"):
            original = getattr(self, name)

            def drawn(*arguments, original=original):
                shares, cuts = original(*arguments)
                parameters.append((np.array(shares).copy(), np.array(cuts)))
                return shares, cuts

            setattr(self, name, drawn)
        with mock.patch("timm.data.mixup.cutmix_bbox_and_lam", recorded):
            out, target = super().__call__(x.clone(), target)
        (shares, cuts), boxes = parameters[0], iter(boxes)
        count = len(x)
        mixes = []
        for share, cut in zip(np.atleast_1d(shares), np.atleast_1d(cuts)):
            box = next(boxes) if cut and share != 1 else None
            mixes.append({"share": float(share), "box": box})
        if self.mode == "batch":
            mixes *= count
        elif self.mode == "pair":
            mixes += mixes[::-1]
        return out, target, mixes


def mixed(random):
    images = random.normal(size=IMAGE).astype(np.float32)
    labels = np.array([4, 0, 2, 2, 1, 4])  # of three pairs one has a class in common
    tensors, cases = {"images": images, "labels": labels.astype(np.int64)}, {}
    recipes = {
        "mixup": dict(mixup_alpha=0.8),
        "cutmix": dict(mixup_alpha=0.0, cutmix_alpha=1.0),
        "minmax": dict(mixup_alpha=0.0, cutmix_minmax=(0.2, 0.9)),
        "pair": dict(mixup_alpha=0.8, cutmix_alpha=1.0, mode="pair"),
        "elem": dict(mixup_alpha=0.8, cutmix_alpha=1.0, mode="elem", prob=0.8),
        "off": dict(mixup_alpha=0.8, prob=0.0),
    }
    for name, options in recipes.items():
        for smoothing in (0.1, 0.0):
            case = f"{name}_{smoothing}"
            mixup = Recorder(label_smoothing=smoothing, num_classes=CLASSES, **options)
            out, target, mixes = mixup(torch.from_numpy(images), torch.from_numpy(labels))
            tensors |= {f"{case}.images": out.numpy(), f"{case}.targets": target.numpy()}
            cases[case] = {"smoothing": smoothing, "mode": mixup.mode, "mixes": mixes}
    return tensors, cases


def statistics():
    """The shares of images after correction, whether they were cut (2), blended (1) or left (0), and the boxes."""
    tensors = {}
    for name, options in STATISTICS.items():
        mixup = Mixup(num_classes=CLASSES, **options)
        shares, kinds, boxes = [], [], []
        for _ in range(DRAWS):
            share, cut = mixup._params_per_batch()
            box = (0, 0, 0, 0)
            kind = 0 if share == 1 else 1
            if cut and share != 1:
                kind = 2
                box, share = cutmix_bbox_and_lam(DRAWN_IMAGE, share, ratio_minmax=mixup.cutmix_minmax, correct_lam=True)
            shares.append(share), kinds.append(kind), boxes.append([int(edge) for edge in box])
        tensors |= {
            f"statistics.{name}.shares": np.array(shares, np.float32),
            f"statistics.{name}.kinds": np.array(kinds, np.uint8),
            f"statistics.{name}.boxes": np.array(boxes, np.uint8),  # top, bottom, left, right
        }
    return tensors


def deit_loss(outputs, outputs_kd, teacher, targets, base, kind, alpha, tau):
    """The formulas of DistillationLoss in DeiT's losses.py."""
    if kind == "none":
        return base(outputs, targets)
    if kind == "soft":
        taught = F.kl_div(
            F.log_softmax(outputs_kd / tau, 1), F.log_softmax(teacher / tau, 1), reduction="sum", log_target=True
        ) * (tau * tau) / outputs_kd.numel()  # fmt: skip
    else:
        taught = F.cross_entropy(outputs_kd, teacher.argmax(1))
    return base(outputs, targets) * (1 - alpha) + taught * alpha


def losses(random):
    heads = {name: (2 * random.normal(size=(4, CLASSES))).astype(np.float32) for name in ("head", "distillation", "teacher")}
    labels, share, smoothing = np.array([3, 0, 0, 1]), 0.3, 0.1
    tensors = {f"losses.{name}": value for name, value in heads.items()} | {"losses.labels": labels.astype(np.int64)}
    weights = torch.tensor(CLASS_WEIGHTS, dtype=torch.float64)
    recipes = {
        "cross_entropy": dict(kind="none"),
        "weighted": dict(kind="none", base=lambda x, t: F.cross_entropy(x, t, weight=weights)),
        "weighted_soft": dict(kind="soft", base=lambda x, t: F.cross_entropy(x, t, weight=weights)),
        # Of class indices the mean divides by the sum of weights: here by images, as it does for probabilities.
        "weighted_labels": dict(
            kind="none", share=1.0,
            base=lambda x, t: F.cross_entropy(x, torch.from_numpy(labels), weight=weights, label_smoothing=smoothing, reduction="sum") / 4,
        ),  # fmt: skip
        "binary": dict(kind="none", base=BinaryCrossEntropy(smoothing=smoothing)),
        "binary_0.25": dict(kind="none", base=BinaryCrossEntropy(smoothing=smoothing, target_threshold=0.25)),
        "binary_deit": dict(kind="none", smoothing=0.0, base=lambda x, t: F.binary_cross_entropy_with_logits(x, t.gt(0.0).type(t.dtype))),
        "soft": dict(kind="soft", alpha=0.5, tau=1.0),
        "soft_3": dict(kind="soft", alpha=0.2, tau=3.0),
        "hard": dict(kind="hard", alpha=0.5, tau=1.0),
        "hard_0.9": dict(kind="hard", alpha=0.9, tau=1.0),
    }
    cases = {}
    for name, recipe in recipes.items():
        recipe = {"alpha": 0.5, "tau": 1.0, "base": SoftTargetCrossEntropy(), "smoothing": smoothing, "share": share} | recipe
        targets = mixup_target(torch.from_numpy(labels), CLASSES, recipe["share"], recipe["smoothing"]).double()
        head, distillation = (torch.from_numpy(heads[key]).double().requires_grad_() for key in ("head", "distillation"))
        loss = deit_loss(
            head, distillation, torch.from_numpy(heads["teacher"]).double(), targets,
            recipe["base"], recipe["kind"], recipe["alpha"], recipe["tau"],
        )  # fmt: skip
        gradients = torch.autograd.grad(loss, (head, distillation), allow_unused=True)
        tensors[f"losses.{name}.loss"] = np.array([loss.item()], np.float32)
        for key, gradient in zip(("head", "distillation"), gradients):
            if gradient is not None:
                tensors[f"losses.{name}.{key}_gradient"] = gradient.numpy().astype(np.float32)
        cases[name] = {key: recipe[key] for key in ("kind", "alpha", "tau", "smoothing", "share")}
    return tensors, cases


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--output", type=Path, default=Path(__file__).resolve().parent)
    output = options.parse_args().output
    random = np.random.default_rng(SEED)
    np.random.seed(SEED)  # what timm draws from
    tensors, cases = mixed(random)
    tensors |= statistics()
    more, loss_cases = losses(random)
    tensors |= more
    metadata = {
        "cases": cases, "losses": loss_cases, "class_weights": CLASS_WEIGHTS, "provenance": reference.provenance(__file__, SEED),
        "statistics": {"image": DRAWN_IMAGE[2:], "recipes": STATISTICS},
    }  # fmt: skip
    reference.write_safetensors(output / "mixing.safetensors", tensors, metadata)


if __name__ == "__main__":
    main()
