"""Makes adamw.safetensors (ten steps of PyTorch's AdamW, in float64) and schedule.json (timm's cosine schedule).

    python make_optimisation.py [--output DIRECTORY]
"""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "Scripts" / "parity"))
import reference  # before torch: it sets the threads

import numpy as np
import torch

SEED = 11
STEPS = 10
SHAPES = {"weight": (4, 5), "bias": (7,)}
DECAY = {"weight": 0.05, "bias": 0.0}


def adamw(output):
    """Two tensors, one with weight decay, one without; the gradients are given, the learning rate changes every step."""
    random = np.random.default_rng(SEED)
    initial = {name: random.normal(size=shape).astype(np.float32) for name, shape in SHAPES.items()}
    gradients = {name: random.normal(0, 0.3, (STEPS, *shape)).astype(np.float32) for name, shape in SHAPES.items()}
    gradients["weight"][:, 0, 0] = 0  # never a gradient: only decay moves it
    gradients["weight"][:, 1] *= 1e-7  # comparable with epsilon
    gradients["bias"][3:, 0] = 0  # moments that fade
    gradients["bias"][:, 1] *= 1e4
    rates = [1e-6, 2e-4, 4e-4, 6e-4, 8e-4, 1e-3, 9e-4, 5e-4, 1e-2, 1e-5]
    values = {name: torch.from_numpy(value).double().requires_grad_() for name, value in initial.items()}
    groups = [{"params": [values[name]], "weight_decay": DECAY[name]} for name in SHAPES]
    optimizer = torch.optim.AdamW(groups, lr=rates[0], betas=(0.9, 0.999), eps=1e-8)
    trajectory = {name: [] for name in SHAPES}
    for step, rate in enumerate(rates):
        for group in optimizer.param_groups:
            group["lr"] = rate
        for name in SHAPES:
            values[name].grad = torch.from_numpy(gradients[name][step]).double()
        optimizer.step()
        for name in SHAPES:
            trajectory[name].append(values[name].detach().numpy().copy())
    tensors = {"learning_rates": np.array(rates, np.float32)}
    for name in SHAPES:
        state = optimizer.state[values[name]]
        tensors |= {
            f"{name}.initial": initial[name],
            f"{name}.gradients": gradients[name],
            f"{name}.values": np.stack(trajectory[name]).astype(np.float32),
            f"{name}.first_moment": state["exp_avg"].numpy().astype(np.float32),
            f"{name}.second_moment": state["exp_avg_sq"].numpy().astype(np.float32),
        }
    metadata = {
        "optimizer": {
            "name": "AdamW", "betas": [0.9, 0.999], "epsilon": 1e-8, "weight_decay": DECAY, "steps": STEPS,
            "learning_rates": rates,
        },
        "provenance": reference.provenance(__file__, SEED),
    }  # fmt: skip
    reference.write_safetensors(output / "adamw.safetensors", tensors, metadata)


def cosine(lr, epochs, warmup_epochs, warmup_lr, min_lr, cooldown_epochs):
    """What timm's scheduler says at every epoch, and what DeiT's training loop, which steps it once too late, really used."""
    parameter = torch.nn.Parameter(torch.zeros(1))
    optimizer = torch.optim.AdamW([parameter], lr=lr)
    scheduler, total = reference.timm.scheduler.create_scheduler_v2(
        optimizer, sched="cosine", num_epochs=epochs, warmup_epochs=warmup_epochs, warmup_lr=warmup_lr, min_lr=min_lr,
        cooldown_epochs=cooldown_epochs, noise=None, cycle_mul=1.0, cycle_limit=1, decay_rate=0.1,
    )  # fmt: skip
    rate = lambda: optimizer.param_groups[0]["lr"]
    lagged = []
    for epoch in range(epochs):
        lagged.append(rate())
        scheduler.step(epoch)
    values = []
    for epoch in range(total):
        scheduler.step(epoch)
        values.append(rate())
    assert len(values) == epochs + cooldown_epochs
    return {
        "lr": lr, "epochs": epochs, "warmup_epochs": warmup_epochs, "warmup_lr": warmup_lr, "min_lr": min_lr,
        "cooldown_epochs": cooldown_epochs, "values": values, "deit_loop": lagged,
    }  # fmt: skip


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--output", type=Path, default=Path(__file__).resolve().parent)
    output = options.parse_args().output
    adamw(output)
    deit = dict(epochs=300, warmup_epochs=5, warmup_lr=1e-6, min_lr=1e-5, cooldown_epochs=10)
    reference.write_json(
        output / "schedule.json",
        {
            "provenance": reference.provenance(__file__, SEED),
            "meaning": {
                "lr": "the peak: 5e-4 · global batch / 512; warmup_lr and min_lr are not scaled",
                "values": "timm's CosineLRScheduler at epoch 0, 1, …; after `epochs` come `cooldown_epochs` at min_lr",
                "deit_loop": "the rate that epoch 0, 1, … trains with in DeiT's main.py, which calls step(epoch) after the epoch "
                "and stops at `epochs`: one epoch late, no cool-down",
            },
            "schedules": {
                "deit_batch_64": cosine(lr=5e-4 * 64 / 512, **deit),
                "deit_batch_1024": cosine(lr=5e-4 * 1024 / 512, **deit),
                "short": cosine(lr=1e-3, epochs=12, warmup_epochs=3, warmup_lr=1e-6, min_lr=1e-5, cooldown_epochs=2),
                "no_warmup": cosine(lr=1e-3, epochs=6, warmup_epochs=0, warmup_lr=1e-6, min_lr=1e-5, cooldown_epochs=0),
            },
        },
    )


if __name__ == "__main__":
    main()
