"""Scores and predictions on transformers that others have trained (Auto-Prox), from the raw numbers of `make vit-bench`."""

from grid import lines, mean
from scores import NAMES, VARIANTS
from statistic import kendall_signs, tau

TASKS = {
    "c100_base_acc": "CIFAR-100", "c100_kd_acc": "distilled", "chaoyang_base_acc": "Chaoyang", "chaoyang_kd_acc": "distilled",
    "flower_base_acc": "Flowers", "flower_kd_acc": "distilled", "imagenet_super_acc": "ImageNet, supernet",
}


def table(raw):
    """τ of each score with each task's accuracies."""
    networks = lines(raw / "others-scores.csv")

    def values(key):
        return [float(network[key]) for network in networks]

    rows = [["score", *TASKS.values()]]
    for score, name in (NAMES | VARIANTS).items():
        found = [tau(kendall_signs(values(score), values(task))) for task in TASKS]
        rows.append([name, *map(two_digits, found)])
    return rows


def two_digits(value):
    return f"{round(value, 2) + 0.0:.2f}".replace("-", "−")


def predicted(raw):
    """How well a regression on 24 networks orders the others, and the number of parameters all: mean and worst over tasks."""
    tasks = lines(raw / "others-regression.csv")
    rows = [["order by", f"τ, mean of {len(tasks)} tasks", "worst"]]
    for key, name in (("ridge", "regression on 24 trained networks"), ("size", "number of parameters")):
        found = [float(task[key]) for task in tasks]
        rows.append([name, two_digits(mean(found)), two_digits(min(found))])
    return rows
