"""Which images DeiT's samplers visit, as sampling.json.

Run with torch 2.13.0 (CPU):

  python make_sampling.py

`repeated`: the rule of `RASampler` in DeiT's samplers.py (facebookresearch/deit 7e160fe; ConViT has
the same file), written anew here: the order with every index three times in a row, filled up from
its beginning to a multiple of the processes; process r takes every n-th from place r on; of these
it keeps the first floor(images // 256 * 256 / processes). `distributed`: torch's
DistributedSampler itself. Both without shuffling; the permutation does not change places.

Sequences are there for sets of up to 1000 images, for larger ones only their lengths.
"""

import json
import math
import pathlib

import torch
from torch.utils.data import DistributedSampler


def repeated(images, processes, process):
    order = [image for image in range(images) for _ in range(3)]
    each = math.ceil(3 * images / processes)
    order += order[: each * processes - len(order)]
    kept = math.floor(images // 256 * 256 / processes)
    return order[process : each * processes : processes][:kept]


def distributed(images, processes, process):
    return list(DistributedSampler(range(images), processes, process, shuffle=False))


def cases(sampler):
    for images in [100, 255, 256, 300, 512, 1000, 50_000, 1_281_167]:
        for processes in [1, 2, 3, 8]:
            for process in sorted({0, processes - 1}):
                indices = sampler(images, processes, process)
                case = dict(images=images, processes=processes, process=process, count=len(indices))
                yield case | (dict(indices=indices) if images <= 1000 else {})


result = dict(
    provenance=dict(script="make_sampling.py", torch=torch.__version__),
    repeated=list(cases(repeated)),
    distributed=list(cases(distributed)),
)
path = pathlib.Path(__file__).with_name("sampling.json")
path.write_text(json.dumps(result, separators=(",", ":")) + "\n")
