#!/usr/bin/env python3
"""Tickets of one architecture found on the critical images of another, and on as many random ones.

    make ticket-transfer        # DATA=data/fashion-mnist OUT=tickets/transfer

DeiT and ConViT of the size of Configs/tickets.yaml each search by PrAC and by iterative magnitude pruning
on all images. Then each searches by the latter, in rounds on the set that the other's PrAC left, and on a
random set of its size. All tickets are trained on all images. Searches that are there are not run again.
"""

import argparse
import json
import pathlib
import random
import statistics
import struct
import subprocess

import tables

ROUNDS = "6"
MODELS = {
    "DeiT": ["--model", "deit_tiny_patch16_224"],
    "ConViT": ["--model", "convit_tiny", "--local-up-to-layer", "1"],
}


def search(arguments, name, model, seed, flags):
    """The accuracy of the last ticket, and the steps of finding it, by method."""
    folder = arguments.out / name
    command = [arguments.convit, "ticket", "--config", "Configs/tickets.yaml", *MODELS[model], "--seed", str(seed)]
    command += ["--data-path", str(arguments.out / "data/train.csv"), "--val-path", str(arguments.out / "data/val.csv")]
    command += ["--output-dir", str(folder), "--resume", "auto", "--rounds", ROUNDS, "--rate", "0.36"]
    command += ["--rewind-step", "40", "--patch-embed", *flags]
    if arguments.threads:
        command += ["--threads", arguments.threads]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    found = json.loads((folder / "tickets.json").read_text())["tickets"]
    last = [ticket for ticket in found if ticket["round"] == int(ROUNDS)]
    return {ticket["method"]: (ticket["trained"]["accuracy"], ticket["steps"]) for ticket in last}


def randomized(ticket, out, seed):
    """A copy of a ticket with as many critical images, drawn at random."""
    raw = ticket.read_bytes()
    size = struct.unpack("<Q", raw[:8])[0]
    header, data = json.loads(raw[8 : 8 + size]), bytearray(raw[8 + size :])
    entry = header["prac.indices"]
    begin, end = entry["data_offsets"]
    count = entry["shape"][0]
    classes = json.loads(header["__metadata__"]["ticket_data"])
    whole = sum(part["images"] for part in classes)
    data[begin:end] = struct.pack(f"<{count}q", *sorted(random.Random(seed).sample(range(whole), count)))
    out.write_bytes(raw[: 8 + size] + bytes(data))
    return count / whole


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--convit", default=".build/release/convit")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--threads", help="of a training (the processors)")
    parser.add_argument("data", type=pathlib.Path)
    parser.add_argument("out", type=pathlib.Path)
    arguments = parser.parse_args()
    if not (arguments.out / "data/train.csv").exists():
        tables.make(arguments.data, arguments.out / "data")
    found, shares = {}, {}

    def note(model, ticket, outcome):
        found.setdefault((model, ticket), []).append(outcome)

    for seed in range(arguments.seeds):
        for model in MODELS:
            own = search(arguments, f"{model}-{seed}", model, seed, ["--method", "prac", "imp"])
            note(model, "IMP", own["imp"])
            note(model, "PrAC", own["prac"])
        for model, other in [("ConViT", "DeiT"), ("DeiT", "ConViT")]:
            ticket = arguments.out / f"{other}-{seed}/seed-{seed}/prac/ticket-{ROUNDS}.safetensors"
            drawn = arguments.out / f"random-{other}-{seed}.safetensors"
            shares.setdefault(other, []).append(randomized(ticket, drawn, seed))
            for name, file in [(f"IMP on {other}'s set", ticket), ("IMP on a random set", drawn)]:
                folder = f"{model}-{seed}-{file.stem}"
                flags = ["--method", "imp", "--prac-set", str(file)]
                note(model, name, search(arguments, folder, model, seed, flags)["imp"])
            print(f"seed {seed}, {model}: done", flush=True)
    print("| model | ticket | acc@1 | steps | of IMP |\n|---|---|---:|---:|---:|")
    for (model, name), outcomes in found.items():
        accuracy, steps = zip(*outcomes)
        spread = statistics.stdev(accuracy) if len(accuracy) > 1 else 0
        whole = sum(steps) / sum(outcome[1] for outcome in found[model, "IMP"])
        print(f"| {model} | {name} | {statistics.mean(accuracy):.2f} ± {spread:.2f} ", end="")
        print(f"| {statistics.mean(steps):.0f} | {100 * whole:.0f} % |")
    for model, parts in shares.items():
        print(f"The set of {model} has {100 * statistics.mean(parts):.0f} % of the images.")


if __name__ == "__main__":
    main()
