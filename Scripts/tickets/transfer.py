#!/usr/bin/env python3
"""Tickets of one architecture found on the critical images of another, and on as many random ones.

    make ticket-transfer        # DATA=data/fashion-mnist OUT=tickets/transfer

DeiT and ConViT of the size of Configs/tickets.yaml each search by PrAC and by iterative magnitude pruning
on all images. Then each searches by the latter, in rounds on the set that the other's PrAC left, and on a
random set of its size. All tickets are trained on all images. Searches that are there are not run again.
OUT/transfer.csv gets a line for each; docs/experiments/ticket-transfer.csv is a copy, of which `make findings`
makes the table.
"""

import argparse
import csv
import json
import pathlib
import random
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
    with open(arguments.out / "transfer.csv", "w", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(["model", "found_by", "seed", "share", "accuracy", "steps"])
        for seed in range(arguments.seeds):
            for model in MODELS:
                own = search(arguments, f"{model}-{seed}", model, seed, ["--method", "prac", "imp"])
                table.writerow([model, "IMP on all images", seed, 1, *own["imp"]])
                table.writerow([model, "PrAC", seed, "", *own["prac"]])
            for model, other in [("DeiT", "ConViT"), ("ConViT", "DeiT")]:
                ticket = arguments.out / f"{other}-{seed}/seed-{seed}/prac/ticket-{ROUNDS}.safetensors"
                drawn = arguments.out / f"random-{other}-{seed}.safetensors"
                share = randomized(ticket, drawn, seed)
                for name, path in [(f"IMP on {other}'s set", ticket), ("IMP on a random set", drawn)]:
                    flags = ["--method", "imp", "--prac-set", str(path)]
                    found = search(arguments, f"{model}-{seed}-{path.stem}", model, seed, flags)
                    table.writerow([model, name, seed, share, *found["imp"]])
                print(f"seed {seed}, {model}: done", flush=True)


if __name__ == "__main__":
    main()
