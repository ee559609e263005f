"""The lines of a run, and what TensorBoard's own writer makes of them: tensorboard/.

Run with tensorboard 2.21.0 and protobuf 7.36.2 (Scripts/tensorboard/environment.sh):

  .venv-tensorboard/bin/python make_tensorboard.py

`log.jsonl` and `steps.jsonl` are made up: lists, zeros, numbers that a float rounds, values that are
no numbers. `events` has a record a line, at the time 1735689600.5, in the order in which a run
writes them: the steps of an epoch, then the epoch.
"""

import io
import json
import pathlib

from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.summary.writer.record_writer import RecordWriter

STEPS = [
    {"epoch": 0, "loss": 2.302585092994046, "lr": 0.0, "step": 0},
    {"epoch": 0, "grad_norm": 1e-12, "loss": 2.25, "lr": 0.001, "step": 50},
    {"epoch": 1, "loss": 1.1, "lr": 1e300, "note": "é", "step": 100},
    {"epoch": 3, "loss": -0.5, "lr": 5e-06, "step": 70000},
]
LOG = [
    {
        "epoch": 0, "train_loss": 2.27, "train_lr": 0.001, "test_loss": 2.2, "test_acc1": 0,
        "test_acc5": 51.25, "bad_images": 0, "n_parameters": 5717416, "seconds": 12.75,
    },
    {
        "epoch": 1, "train_loss": 1.0, "ema_test_acc1": 33.333333333333336, "is_best": True,
        "nonlocality_0": [0.1, 4.7, None, 2], "distances_10": 1.5, "gating_params_3": [[0.5], []],
        "nothing": None, "words": ["a"], "inner": {"x": 1},
    },
]
TIME = 1735689600.5


class Kept(io.BytesIO):
    def close(self):
        pass


def numbers(tag, value):
    if isinstance(value, list):
        return [pair for i, item in enumerate(value) for pair in numbers(f"{tag}/{i}", item)]
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return []
    return [(tag, value)]


def event(line, step, tag):
    event = Event(wall_time=TIME, step=step)
    for key in sorted(line.keys() - {"epoch", "step"}):
        for name, value in numbers(tag(key), line[key]):
            event.summary.value.add(tag=name, simple_value=value)
    return event


def main():
    folder = pathlib.Path(__file__).parent / "tensorboard"
    folder.mkdir(exist_ok=True)
    events = [Event(wall_time=TIME, file_version="brain.Event:2")]
    of_step = [event(line, line["step"], lambda key: f"step/{key}") for line in STEPS]
    of_epoch = [event(line, line["epoch"], lambda key: "/".join(key.rsplit("_", 1))) for line in LOG]
    events += [*of_step[:2], of_epoch[0], of_step[2], of_epoch[1], of_step[3]]
    file = Kept()
    writer = RecordWriter(file)
    for record in events:
        writer.write(record.SerializeToString(deterministic=True))
    (folder / "events").write_bytes(file.getvalue())
    for name, lines in [("log", LOG), ("steps", STEPS)]:
        text = "".join(json.dumps(line, sort_keys=True) + "\n" for line in lines)
        (folder / f"{name}.jsonl").write_text(text)


main()
