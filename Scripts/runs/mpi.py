"""Checks runs of several processes, which mpirun starts, against runs of one.

    python3 Scripts/runs/mpi.py --convit .build/mpi/release/convit --mpirun mpirun.openmpi [--kills 3]

Losses of 1, 2 and 4 ranks with the same images a step, the bits of any number of threads, what is said when a rank is not
as the others, SIGUSR1, SIGTERM while one hangs, and SIGKILL to one rank at a random moment: the job must end within ten
seconds, and the run that resumes must end in the weights of one that was left alone.
"""

import argparse
import json
import os
import pathlib
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import images

STEPS_OF_24 = [*images.MODEL, "--epochs", "6", "--lr", "1e-3", "--unscale-lr", "--log-every", "1", "--mixup", "0.8"]
STEPS_OF_24 += ["--cutmix", "1", "--save-every-steps", "3", "--locality-every", "2", "--locality-sample", "7"]
# Both refuse root and more ranks than processors unless told; each ignores what is the other's.
ENVIRONMENT = os.environ | {
    "OMPI_ALLOW_RUN_AS_ROOT": "1",
    "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
    "OMPI_MCA_rmaps_base_oversubscribe": "1",
    "OMPI_MCA_hwloc_base_binding_policy": "none",
}


class Check:
    def __init__(self, arguments):
        self.convit, self.mpirun = os.path.abspath(arguments.convit), arguments.mpirun
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="mpi-"))
        self.ranks = self.folder / "ranks"  # a file for each process of the last job, by its number
        images.make(self.convit, f"{self.folder}/data")

    def start(self, ranks, run, *more, settings=STEPS_OF_24, own=(), place=()):
        """Starts a run; `own` is said to the last rank alone, and `place` to mpirun about it."""
        shutil.rmtree(self.ranks, ignore_errors=True)
        self.ranks.mkdir()
        train = ["sh", "-c", f': > {self.ranks}/$$ && exec "$@"', "sh", self.convit, "train", "--data-path", "data"]
        train += ["--output-dir", run, "--resume", "auto", *settings, *more]
        command = train
        if ranks > 1 and (own or place):
            command = [self.mpirun, "-np", str(ranks - 1), *train, ":", "-np", "1", *place, *train, *own]
        elif ranks > 1:
            command = [self.mpirun, "-np", str(ranks), *train]
        return subprocess.Popen(
            command, cwd=self.folder, env=ENVIRONMENT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
        )

    def train(self, ranks, run, *more, **keywords):
        """Trains to the end, and returns the losses of the steps and the lines of the epochs."""
        process = self.start(ranks, run, *more, **keywords)
        messages = process.communicate(timeout=300)[1]
        if process.returncode:
            sys.exit(f"{run} ended with {process.returncode}:\n{messages}")
        return self.losses(run), self.lines(run, "log.jsonl")

    def lines(self, run, name):
        return [json.loads(line) for line in (self.folder / run / name).read_text().splitlines()]

    def losses(self, run):
        return [line["loss"] for line in self.lines(run, "steps.jsonl")]

    def weights(self, run):
        return (self.folder / run / "model.safetensors").read_bytes()


def check_splits(check):
    alone, epochs = check.train(1, "one", "--batch-size", "24")
    for ranks in (2, 4):
        losses, lines = check.train(ranks, f"of{ranks}", "--batch-size", str(24 // ranks), "--threads", "1")
        error = max(abs(a - b) / abs(b) for a, b in zip(losses, alone, strict=True))
        accuracies = [(line["test_acc1"], line["test_acc5"]) for line in lines]
        if error > 1e-5 or accuracies != [(line["test_acc1"], line["test_acc5"]) for line in epochs]:
            sys.exit(f"{ranks} ranks: losses differ by {error}, accuracies are {accuracies}")
        speeds = lines[-1]["ranks"]
        if len(speeds) != ranks or not all(0 <= rank["waiting"] <= 1 for rank in speeds):
            sys.exit(f"{ranks} ranks: log.jsonl says {speeds}")
        print(f"{ranks} ranks: {len(losses)} steps, losses within {error:.1e} of one rank's, accuracies equal", flush=True)
    check.train(2, "threads", "--batch-size", "12", "--threads", "2")
    if check.weights("threads") != check.weights("of2"):
        sys.exit("2 ranks: the weights depend on the number of threads")
    print("2 ranks: the same bits with 1 and 2 threads", flush=True)


def check_messages(check):
    elsewhere = check.folder / "elsewhere"
    shutil.copytree(check.folder / "data", elsewhere / "data")
    pictures = sorted((elsewhere / "data/train").rglob("*.png"))
    shutil.copy(pictures[-1], pictures[0])
    differs = r"rank 2 on \S+ differs from rank 0 on \S+: "
    for name, own, place, wanted in [
        ("other settings", ["--seed", "7"], [], differs + "the settings differ: 'seed: 7'"),
        ("other images", [], ["-wdir", str(elsewhere)], differs + "images of train have the same names and other"),
        ("no data", ["--data-path", "nowhere"], [], r"rank 2: nowhere"),
    ]:
        process = check.start(3, "refused", "--batch-size", "8", own=own, place=place)
        messages = process.communicate(timeout=60)[1]
        found = [line for line in messages.splitlines() if line.startswith("convit: ")]
        if process.returncode == 0 or len(found) != 1 or not re.search(wanted, found[0]):
            sys.exit(f"{name}: ended with {process.returncode}:\n{messages}")
        print(f"{name}: {found[0]}", flush=True)


def ranks_of(check):
    """The processes of the last job that run; not those that have ended and wait for their parent."""
    found = []
    for name in os.listdir(check.ranks):
        try:
            if pathlib.Path(f"/proc/{name}/stat").read_text().rpartition(")")[2].split()[0] != "Z":
                found.append(int(name))
        except FileNotFoundError:
            pass
    return found


def wait_for_ranks(check, process, count):
    while process.poll() is None:
        found = ranks_of(check)
        if len(found) == count:
            return found
        time.sleep(0.01)
    sys.exit(f"a job ended before it had {count} ranks:\n{process.stderr.read()}")


def check_stop(check):
    process = check.start(2, "stopped", "--batch-size", "12", "--threads", "1")
    ranks = wait_for_ranks(check, process, 2)
    while not (check.folder / "stopped/steps.jsonl").exists() or not check.losses("stopped"):
        time.sleep(0.02)
    os.kill(ranks[0], signal.SIGUSR1)  # one is enough
    messages = process.communicate(timeout=60)[1]
    if "stopped and saved after step" not in messages:
        sys.exit(f"SIGUSR1 to one rank: ended with {process.returncode}:\n{messages}")
    check.train(2, "stopped", "--batch-size", "12", "--threads", "1")
    if check.weights("stopped") != check.weights("of2"):
        sys.exit("a run that was stopped and resumed has other weights than one that was left alone")
    print("SIGUSR1 to one rank: all stop and save; resumed to the same bits", flush=True)


def check_hanging(check):
    process = check.start(2, "hanging", "--batch-size", "12", "--threads", "1")
    ranks = wait_for_ranks(check, process, 2)
    while not (check.folder / "hanging/steps.jsonl").exists() or not check.losses("hanging"):
        time.sleep(0.02)
    os.kill(ranks[0], signal.SIGSTOP)  # as one that has died where nobody ends the others
    os.kill(ranks[1], signal.SIGTERM)
    messages = process.communicate(timeout=60)[1]
    found = [line for line in messages.splitlines() if line.startswith("convit: ")]
    # The other may have been stopped after it had agreed to the last step: then there is time to save.
    wanted = "gets no answer from the other ranks|stopped and saved after step"
    if process.returncode == 0 or len(found) != 1 or not re.search(wanted, found[0]):
        sys.exit(f"a rank that hangs: ended with {process.returncode}:\n{messages}")
    print(f"a rank that hangs, and SIGTERM: {found[0]}", flush=True)


def check_kills(check, kills, seed):
    begun = time.monotonic()
    check.train(2, "reference", "--batch-size", "12", "--threads", "1")
    duration = time.monotonic() - begun
    draw = random.Random(seed)
    done, runs, slowest = 0, 0, 0.0
    while done < kills:
        run = f"killed{runs}"
        while True:
            process = check.start(2, run, "--batch-size", "12", "--threads", "1")
            victim = draw.choice(wait_for_ranks(check, process, 2))
            if done < kills:
                try:
                    process.wait(timeout=draw.uniform(0, duration / 2))
                except subprocess.TimeoutExpired:
                    os.kill(victim, signal.SIGKILL)
                    killed = time.monotonic()
                    process.communicate(timeout=60)
                    while ranks_of(check):
                        time.sleep(0.01)
                    slowest = max(slowest, time.monotonic() - killed)
                    if slowest > 10:
                        sys.exit(f"after SIGKILL to one rank the job ran on for {slowest:.1f} s")
                    done += 1
                    continue
            messages = process.communicate(timeout=300)[1]
            if process.returncode:
                sys.exit(f"{run} ended with {process.returncode}:\n{messages}")
            break
        if check.weights(run) != check.weights("reference") or check.losses(run) != check.losses("reference"):
            sys.exit(f"{run} differs from the run that was left alone")
        if any(path.name.endswith(".tmp") for path in (check.folder / run).iterdir()):
            sys.exit(f"{run} has the beginnings of files left")
        runs += 1
    print(f"SIGKILL to one rank: {done} times in {runs} runs, the job ended within {slowest:.1f} s; all as if left alone")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--convit", default=".build/mpi/release/convit")
    parser.add_argument("--mpirun", default="mpirun")
    parser.add_argument("--kills", type=int, default=3)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--weights", help="where to copy those that two ranks train, for another library's to be held against")
    arguments = parser.parse_args()
    print(subprocess.run([arguments.mpirun, "--version"], capture_output=True, text=True).stdout.splitlines()[0])
    check = Check(arguments)
    check_splits(check)
    check_messages(check)
    check_stop(check)
    check_hanging(check)
    check_kills(check, arguments.kills, arguments.seed)
    if arguments.weights:
        shutil.copy(check.folder / "of2/model.safetensors", arguments.weights)
    shutil.rmtree(check.folder)


if __name__ == "__main__":
    main()
