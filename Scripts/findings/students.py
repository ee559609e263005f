"""Trains students towards the mirror average of models of the middle form, and measures what they keep of it.

    python3 Scripts/findings/students.py --convit convit --data data/fashion-mnist --runs runs/sample-efficiency-middle --output-dir runs/students

Six epochs on all images, as they are and without labels; students that are there are not trained again. Writes
docs/experiments/students.csv: squared error and accuracy of each model alone, averaged, and of its student.
"""

import argparse
import csv
import json
import subprocess
from pathlib import Path

from grid import lines, mean, spread

RAW = Path(__file__).resolve().parents[2] / "docs/experiments"
MODELS = [("100", "ConViT"), ("100", "DeiT"), ("5", "ConViT"), ("5", "DeiT")]
COLUMNS = ["images", "model", "seed", "alone", "averaged", "student", "accuracy", "student_accuracy"]


def table(raw):
    """Squared errors, and the share of what averaging takes off that a student keeps."""
    runs = lines(raw / "students.csv")
    rows = [["model", "alone", "averaged", "student", "share", "top-1", "of the student"]]
    for images, model in MODELS:
        own = [run for run in runs if (run["images"], run["model"]) == (f"{images} %", model)]
        errors = {key: [float(run[key]) for run in own] for key in COLUMNS[3:]}
        kept = mean(errors["alone"]) - mean(errors["student"])
        share = 100 * kept / (mean(errors["alone"]) - mean(errors["averaged"]))
        cells = [spread(errors[key], 4) for key in ("alone", "averaged", "student")]
        top1 = [spread(errors[key], 2) for key in ("accuracy", "student_accuracy")]
        rows.append([f"{model}, {600 * int(images):,} images", *cells, f"{share:.0f} %".replace("-", "−"), *top1])
    return rows


def measured(options, weights):
    command = [options.convit, "symmetry", "--weights", weights, "--data-path", options.data, "--group", "hflip", "--json"]
    return json.loads(subprocess.run(command, check=True, capture_output=True).stdout)["groups"][0]["labelled"]


def student(options, weights, folder):
    if not (folder / "model.safetensors").exists():
        command = [options.convit, "train", "--config", weights.parent / "config.yaml", "--data-path", options.data]
        command += ["--finetune", weights, "--teacher-path", weights, "--distill-average", "hflip", "--distillation-alpha", "1"]
        command += ["--sampling-ratio", "1", "--no-scale-epochs", "--no-augment", "--smoothing", "0", "--drop-path", "0", "--epochs", "6"]
        command += ["--warmup-epochs", "0", "--lr", "5e-4", "--min-lr", "1e-6", "--eval-every", "6", "--locality-every", "0"]
        command += ["--threads", options.threads, "--output-dir", folder, "--resume", "auto"]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return folder / "model.safetensors"


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name in ("convit", "data", "runs"):
        options.add_argument(f"--{name}", required=True)
    options.add_argument("--output-dir", required=True, type=Path)
    options.add_argument("--threads", default="2")
    options = options.parse_args()
    rows = [COLUMNS]
    for images, model in MODELS:
        for run in sorted(Path(options.runs).glob(f"{images}/{model}/seed-*")):
            teacher = measured(options, run / "model.safetensors")
            own = measured(options, student(options, run / "model.safetensors", options.output_dir / images / model / run.name))
            errors = [teacher["risk"], teacher["averaged_risk"], own["risk"]]
            rows.append([f"{images} %", model, run.name[5:], *errors, teacher["accuracy"], own["accuracy"]])
    with open(RAW / "students.csv", "w", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(rows)


if __name__ == "__main__":
    main()
