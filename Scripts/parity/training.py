"""Trains the fixture model with `convit train` and holds every step's loss against PyTorch's.

    .venv/bin/python Scripts/parity/training.py [--binary .build/release/convit] [--keep DIRECTORY] [-- more flags for convit train]
    .venv/bin/python Scripts/parity/training.py --self-check

Images, initial weights and PyTorch's losses are the fixtures in Tests/TrainingTests/Fixtures. PyTorch's float32 and float64 runs
differ by 2e-7, the faults listed in training_curve.json by 7e-5 and more: hence the default tolerance. Exit status: 0 all within
the tolerance, 1 not, 2 nothing to run.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import reference  # before torch: it sets the threads

from PIL import Image

FIXTURES = reference.REPOSITORY / "Tests" / "TrainingTests" / "Fixtures"


def write_folder(folder):
    """The fixture's images as an image folder: train/<class>/<index>.png and val/<class>/<index>.png."""
    tensors = reference.load_file(FIXTURES / "training_images.safetensors")
    for split, (start, stop) in curve()["recipe"]["split"].items():
        for index in range(start, stop):
            path = folder / split / str(tensors["labels"][index]) / f"{index:05d}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(tensors["images"][index]).save(path)


def curve():
    return json.loads((FIXTURES / "training_curve.json").read_text())


def flags(recipe, data, run):
    config = recipe["config"]
    return [
        "train", "--data-path", str(data), "--output-dir", str(run), "--model", "convit_tiny",
        "--finetune", str(FIXTURES / "training_initial.safetensors"),
        "--input-size", config["image_size"][0], "--patch-size", config["patch_size"], "--heads", config["heads"],
        "--head-dim", config["embed_dim"] // config["heads"], "--depth", config["depth"],
        "--local-up-to-layer", config["local_up_to_layer"], "--nb-classes", config["num_classes"],
        "--batch-size", recipe["batch_size"], "--epochs", recipe["epochs"],
        "--lr", recipe["learning_rate"], "--unscale-lr", "--sched", "constant", "--warmup-epochs", 0,
        "--weight-decay", recipe["weight_decay"], "--smoothing", recipe["label_smoothing"],
        "--drop", 0, "--drop-path", 0, "--mixup", 0, "--cutmix", 0,
        "--no-shuffle", "--no-augment", "--no-repeated-aug", "--log-every", 1, "--seed", 0,
    ]  # fmt: skip


def read_lines(path):
    return [json.loads(line) for line in path.read_text().splitlines() if line.strip()]


def compare(losses, validation, expected, first_tolerance, tolerance):
    """Prints a table and returns how many numbers are outside the tolerance."""
    if len(losses) != len(expected["losses"]):
        sys.exit(f"{len(losses)} steps, expected {len(expected['losses'])}")
    failed = 0

    def row(label, ours, theirs, limit):
        nonlocal failed
        difference = abs(ours - theirs) / abs(theirs)
        good = difference <= limit  # false for NaN
        failed += not good
        print(f"{label:>16} {ours:14.8f} {theirs:14.8f} {difference:10.1e}{'' if good else '   FAILED'}")

    print(f"{'step':>16} {'convit':>14} {'PyTorch':>14} {'relative':>10}")
    for step, (ours, theirs) in enumerate(zip(losses, expected["losses"])):
        row(str(step), ours, theirs, first_tolerance if step < 10 else tolerance)
    if validation is not None:
        row("validation loss", validation["test_loss"], expected["validation_loss"], tolerance)
        row("validation acc1", validation["test_acc1"], expected["validation_accuracy"], 1e-6)
    return failed


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--binary", type=Path, default=reference.REPOSITORY / ".build" / "release" / "convit")
    options.add_argument("--keep", type=Path, help="write the image folder and the run here and leave them")
    options.add_argument("--first-tolerance", type=float, default=2e-5, help="relative, for the first ten steps")
    options.add_argument("--tolerance", type=float, default=2e-5, help="relative, for the other steps and the validation loss")
    options.add_argument("--self-check", action="store_true", help="show without a binary that a wrong loss fails")
    options.add_argument("more", nargs="*", help="further flags for convit train, after --")
    arguments = options.parse_args()
    limits = arguments.first_tolerance, arguments.tolerance
    expected = curve()["float64"]

    if arguments.self_check:
        losses = curve()["float32"]["losses"]
        if compare(losses, None, expected, *limits):
            sys.exit("self-check: PyTorch's own float32 losses do not pass")
        for step, limit in ((4, limits[0]), (20, limits[1])):
            wrong = list(losses)
            wrong[step] *= 1 + 2 * limit
            if compare(wrong, None, expected, *limits) != 1:
                sys.exit("self-check: a wrong loss was not noticed, or not alone")
        print("\nself-check: a loss off by twice the tolerance fails, and nothing else does")
        return
    if not arguments.binary.is_file():
        print(f"{arguments.binary} is not there: `swift build -c release` makes it, --binary names another", file=sys.stderr)
        sys.exit(2)

    with tempfile.TemporaryDirectory() as temporary:
        folder = arguments.keep or Path(temporary)
        data, run = folder / "images", folder / "run"
        write_folder(data)
        command = [str(arguments.binary), *map(str, flags(curve()["recipe"], data, run)), *arguments.more]
        print(" ".join(command))
        status = subprocess.run(command, stdout=subprocess.DEVNULL).returncode
        if status != 0:
            sys.exit(f"convit train: exit status {status}")
        losses = [step["loss"] for step in read_lines(run / "steps.jsonl")]
        failed = compare(losses, read_lines(run / "log.jsonl")[-1], expected, *limits)
    if failed:
        print(f"\n{failed} outside the tolerance")
        sys.exit(1)
    print("\nall within the tolerance")


if __name__ == "__main__":
    main()
