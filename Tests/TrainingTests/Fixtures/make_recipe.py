"""Makes optimizers.safetensors (steps, clipping and moving averages of torch and timm, in float64) and recipe.json (timm's
schedules and layer-wise rates, DeiT's attention-only training).

    python make_recipe.py [--output DIRECTORY]

Start and gradients are those of adamw.safetensors.
"""

import argparse
import sys
import warnings
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "Scripts" / "parity"))
import reference  # before torch: it sets the threads

import numpy as np
import timm.optim
import timm.utils
import torch
from safetensors.numpy import load_file

SEED = 11
NAMES = ("weight", "bias")
DECAY = {"weight": 0.05, "bias": 0.0}
RATES = [1e-6, 2e-4, 4e-4, 6e-4, 8e-4, 1e-3, 9e-4, 5e-4, 1e-2, 1e-5]
OPTIMIZERS = {
    "sgd": dict(opt="sgd", momentum=0.9), "momentum": dict(opt="momentum", momentum=0.8), "lion": dict(opt="lion", betas=(0.9, 0.99)),
    "adam": dict(opt="adam", betas=(0.9, 0.999), eps=1e-8),
}  # fmt: skip
CLIPS = {"norm": 0.5, "value": 0.2, "agc": 0.05}


def optimizers(output):
    """Two tensors, one with weight decay, one without; given gradients, clipping of them, and averages of what AdamW made."""
    given = load_file(output / "adamw.safetensors")
    tensors = {}
    for label, options in OPTIMIZERS.items():
        values = {name: torch.from_numpy(given[f"{name}.initial"]).double().requires_grad_() for name in NAMES}
        groups = [{"params": [values[name]], "weight_decay": DECAY[name]} for name in NAMES]
        optimizer = timm.optim.create_optimizer_v2(groups, lr=RATES[0], weight_decay=0.0, **options)
        trajectory = {name: [] for name in NAMES}
        for step, rate in enumerate(RATES):
            for group in optimizer.param_groups:
                group["lr"] = rate
            for name in NAMES:
                values[name].grad = torch.from_numpy(given[f"{name}.gradients"][step]).double()
            optimizer.step()
            for name in NAMES:
                trajectory[name].append(values[name].detach().numpy().copy())
        for name in NAMES:
            states = optimizer.state[values[name]]
            state = states["exp_avg_sq"] if label == "adam" else next(iter(states.values()))
            tensors[f"{label}.{name}.values"] = np.stack(trajectory[name]).astype(np.float32)
            tensors[f"{label}.{name}.state"] = state.numpy().astype(np.float32)
    for mode, bound in CLIPS.items():
        values = [torch.from_numpy(given[f"{name}.initial"]).double().requires_grad_() for name in NAMES]
        for name, value in zip(NAMES, values):
            value.grad = torch.from_numpy(given[f"{name}.gradients"][1]).double()
        timm.utils.clip_grad.dispatch_clip_grad(values, bound, mode=mode)
        for name, value in zip(NAMES, values):
            tensors[f"clip.{mode}.{name}"] = value.grad.numpy().astype(np.float32)
    model = torch.nn.ParameterDict({name: torch.from_numpy(given[f"{name}.initial"]).double() for name in NAMES})
    averages = {"plain": timm.utils.ModelEma(model, decay=0.9), "warm": timm.utils.ModelEmaV3(model, decay=0.7, use_warmup=True)}
    taken = {label: {name: [] for name in NAMES} for label in averages}
    for step in range(len(RATES)):
        for name in NAMES:
            model[name].data = torch.from_numpy(given[f"{name}.values"][step]).double()
        averages["plain"].update(model)
        averages["warm"].update(model, step=step + 1)
        for label, average in averages.items():
            state = average.ema.state_dict() if label == "plain" else average.module.state_dict()
            for name in NAMES:
                taken[label][name].append(state[name].numpy().copy())
    for label in averages:
        for name in NAMES:
            tensors[f"average.{label}.{name}"] = np.stack(taken[label][name]).astype(np.float32)
    metadata = {"learning_rates": RATES, "clip": CLIPS, "provenance": reference.provenance(__file__, SEED)}
    reference.write_safetensors(output / "optimizers.safetensors", tensors, metadata)


def course(sched, updates=0, metrics=None, **options):
    """The rate that each epoch, or each update, has to train with: timm's scheduler stepped to it, with the metric of the one before."""
    options = dict(lr=1e-3, num_epochs=12, warmup_epochs=3, warmup_lr=1e-6, min_lr=1e-5, decay_rate=0.1) | options
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=options.pop("lr"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        scheduler, total = reference.timm.scheduler.create_scheduler_v2(
            optimizer, sched=sched, step_on_epochs=updates == 0, updates_per_epoch=updates, **options
        )
    rates = []
    for time in range(total * max(updates, 1)):
        if metrics is not None:
            if time > 0:  # as timm's train.py: stepped to 0, a plateau without warm-up would start at warmup_lr and stay there
                scheduler.step(time, metrics[time - 1])
        elif updates:
            scheduler.step_update(time)
        else:
            scheduler.step(time)
        rates.append(optimizer.param_groups[0]["lr"])
    return {"updates_per_epoch": max(updates, 1), "metrics": metrics or [], "total_epochs": total, "values": rates}


def layers(name, **options):
    """timm's groups for layer-wise decay, and what DeiT's main.py trains with --attn-only."""
    model = reference.timm.create_model(name, **options)
    groups = timm.optim.param_groups_layer_decay(model, weight_decay=0.05, no_weight_decay_list=model.no_weight_decay(), layer_decay=0.75)
    names = {id(parameter): name for name, parameter in model.named_parameters()}
    scales = {
        names[id(parameter)]: [group["lr_scale"], group["weight_decay"]] for group in groups for parameter in group["params"]
    }
    for name, parameter in model.named_parameters():
        parameter.requires_grad = ".attn." in name
    for parameter in (model.head.weight, model.head.bias, model.pos_embed):
        parameter.requires_grad = True
    for parameter in model.patch_embed.parameters():
        parameter.requires_grad = False
    trained = [name for name, parameter in model.named_parameters() if parameter.requires_grad]
    return {"layer_decay": 0.75, "scales": {name: scales[name] for name in names.values()}, "attention_only": trained}


def noisy(**options):
    """The epochs that timm's scheduler adds noise to."""
    plain, noise = (course("constant", **extra)["values"] for extra in ({}, {"noise": options["noise"]}))
    return [epoch for epoch, (a, b) in enumerate(zip(plain, noise)) if a != b]


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--output", type=Path, default=Path(__file__).resolve().parent)
    output = options.parse_args().output
    optimizers(output)
    accuracies = [10.0, 12.0, 12.0, 30.0, 30.002, 29.0, 30.003, 31.0, 30.0, 30.0, 30.0, 30.0, 30.0, 30.0, 30.0, 40.0, 39.0, 39.0, 39.0, 39.0]
    small = dict(img_size=32, embed_dim=12, depth=3, num_heads=4, num_classes=5)
    reference.write_json(
        output / "recipe.json",
        {
            "provenance": reference.provenance(__file__, SEED),
            "courses": {
                "cosine_cooldown": course("cosine", cooldown_epochs=3),
                "cosine_updates": course("cosine", updates=7),
                "linear": course("poly", decay_rate=1.0),  # timm's polynomial of power 1
                "linear_updates": course("poly", decay_rate=1.0, updates=5),
                "poly": course("poly", decay_rate=0.9, cooldown_epochs=2),
                "poly_default": course("poly"),
                "poly_updates": course("poly", decay_rate=2.0, updates=4),
                "step": course("step", decay_epochs=4),
                "step_fraction": course("step", decay_epochs=2.4, decay_rate=0.7),
                "step_updates": course("step", decay_epochs=2.5, updates=3),
                "multistep": course("multistep", decay_milestones=[2, 6, 9], decay_rate=0.5),
                "constant": course("constant"),
                "plateau": course("plateau", num_epochs=20, patience_epochs=2, metrics=accuracies),
                "plateau_cold": course("plateau", num_epochs=20, warmup_epochs=0, patience_epochs=1, decay_rate=0.3, metrics=accuracies),
            },
            "noisy_epochs": {"0.42 0.9": noisy(noise=[0.42, 0.9]), "0.5": noisy(noise=[0.5])},
            "layers": {
                "convit_tiny": layers("convit_tiny", local_up_to_layer=2, **(small | dict(embed_dim=3))),
                "deit_tiny_patch16_224": layers("deit_tiny_patch16_224", **small),
                "vit_wee_patch16_reg1_gap_256": layers("vit_wee_patch16_reg1_gap_256", **small),
            },
        },
    )


if __name__ == "__main__":
    main()
