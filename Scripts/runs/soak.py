"""Watches the resident memory of a training run on a folder of images, and fails if it grows.

    python3 Scripts/runs/soak.py [--steps 2400] [--convit .build/release/convit]

What the run has after a twelfth of its steps is compared with the most that it has later, as read
ten times a second from /proc. There are checkpoints and evaluations all along.
"""

import argparse
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

import images

BATCH = 16
IMAGES = 1600  # 100 steps an epoch
ALLOWED = 1.03


def resident(process):
    """Megabytes of memory that a process has now."""
    with open(f"/proc/{process}/status") as status:
        for line in status:
            if line.startswith("VmRSS"):
                return int(line.split()[1]) / 1024
    return 0


def steps(run):
    log = run / "steps.jsonl"
    return log.read_bytes().count(b"\n") if log.exists() else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=2400)
    parser.add_argument("--convit", type=os.path.abspath, default=".build/release/convit")
    arguments = parser.parse_args()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="soak-"))
    images.make(os.path.abspath(arguments.convit), f"{folder}/data", train=IMAGES, val=300)
    epochs = arguments.steps * BATCH // IMAGES
    command = [os.path.abspath(arguments.convit), "train", "--data-path", f"{folder}/data"]
    command += ["--output-dir", f"{folder}/run", *images.MODEL, "--batch-size", str(BATCH)]
    command += ["--epochs", str(epochs), "--log-every", "1", "--save-every-steps", "40"]
    with open(f"{folder}/messages.txt", "w") as messages:
        process = subprocess.Popen(command, stderr=messages)
    samples = []  # (steps made, megabytes)
    while process.poll() is None:
        samples.append((steps(folder / "run"), resident(process.pid)))
        time.sleep(0.1)
    if process.returncode:
        sys.exit(f"convit ended with {process.returncode}: see {folder}/messages.txt")
    samples = [sample for sample in samples if sample[0] > 0 and sample[1] > 0]
    early = [mb for step, mb in samples if arguments.steps / 12 <= step < arguments.steps / 6]
    late = [mb for step, mb in samples if step >= arguments.steps / 6]
    for tenth in range(1, 11):
        near = [mb for step, mb in samples if step <= tenth * arguments.steps / 10]
        print(f"step {tenth * arguments.steps // 10:5}: {near[-1]:.1f} MB")
    growth = max(late) / max(early)
    print(f"{steps(folder / 'run')} steps, {epochs} epochs: at most {max(early):.1f} MB in the second "
          f"twelfth, {max(late):.1f} MB after it ({100 * (growth - 1):+.1f} %)")
    if growth > ALLOWED:
        sys.exit(f"resident memory grew by more than {100 * (ALLOWED - 1):.0f} %")
    shutil.rmtree(folder)


if __name__ == "__main__":
    main()
