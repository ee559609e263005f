import ConViT

/// Names of flags and keys that other training programs have, timm's and DeiT's first of all.
///
/// All are without dashes in front, and with dashes inside.
package enum ForeignNames {
  /// Other words for what is here under another name.
  package static let meanings: [String: String] = [
    "learning-rate": "lr", "init-lr": "lr", "base-lr": "lr", "lr-base": "lr",
    "lr-min": "min-lr", "lr-max": "lr", "final-lr": "min-lr",
    "batch": "batch-size", "bs": "batch-size", "b": "batch-size",
    "batch-size-per-gpu": "batch-size", "validation-batch-size": "batch-size",
    "num-epochs": "epochs", "n-epochs": "epochs", "max-epochs": "epochs", "epoch": "epochs",
    "wd": "weight-decay", "decay": "weight-decay", "workers": "num-workers", "j": "num-workers",
    "num-threads": "threads", "cpus": "threads",
    "img-size": "input-size", "image-size": "input-size", "imgsz": "input-size",
    "crop-pct": "eval-crop-ratio", "resolution": "input-size", "size": "input-size",
    "num-classes": "nb-classes", "n-classes": "nb-classes", "classes": "nb-classes",
    "num-heads": "heads", "n-heads": "heads", "num-layers": "depth", "layers": "depth",
    "warmup": "warmup-epochs", "optimizer": "opt", "optim": "opt", "scheduler": "sched",
    "label-smoothing": "smoothing", "dropout": "drop", "drop-rate": "drop",
    "attn-drop-rate": "attn-drop", "drop-path-rate": "drop-path", "drop-connect": "drop-path",
    "stochastic-depth": "drop-path", "betas": "opt-betas", "eps": "opt-eps",
    "class-weight": "class-weights", "weighted-loss": "class-weights",
    "early-stopping": "early-stop", "early-stopping-patience": "early-stop",
    "max-time": "time-budget", "time-limit": "time-budget",
    "eval-interval": "eval-every", "val-interval": "eval-every", "eval-freq": "eval-every",
    "check-val-every-n-epoch": "eval-every", "power": "decay-rate",
    "clip-grad-norm": "clip-grad", "grad-clip": "clip-grad", "gradient-clip": "clip-grad",
    "max-grad-norm": "clip-grad", "ema": "model-ema", "ema-decay": "model-ema-decay",
    "grad-checkpointing": "recompute", "gradient-checkpointing": "recompute",
    "use-checkpoint": "recompute", "no-aug": "no-augment", "aug-repeats": "repeated-aug",
    "interpolation": "train-interpolation", "log-interval": "log-every",
    "print-freq": "log-every", "save-freq": "save-every", "random-seed": "seed",
    "arch": "model", "architecture": "model", "model-name": "model", "a": "model",
    "data": "data-path", "data-dir": "data-path", "dataset-path": "data-path",
    "data-root": "data-path", "root": "data-path",
    "output": "output-dir", "out": "output-dir", "out-dir": "output-dir",
    "save-dir": "output-dir", "log-dir": "output-dir", "outdir": "output-dir", "o": "output-dir",
    "initial-checkpoint": "finetune", "pretrained-path": "finetune",
    "weights-path": "weights", "weight": "weights", "checkpoint": "weights", "ckpt": "weights",
    "model-path": "weights", "top-k": "topk", "k": "topk", "cfg": "config", "c": "config",
    "precision-mode": "precision", "patch": "patch-size", "in-chans": "channels",
    "in-channels": "channels", "input-channels": "channels", "embed": "head-dim",
  ]

  /// What to do instead of asking for what is not here.
  package static let advice: [String: String] = [
    "pretrained":
      "nothing is downloaded; fetch a weights file, and give it to --finetune in training and to "
      + "--weights elsewhere",
    "amp": "--precision bf16 multiplies matrices as PyTorch's autocast does",
    "amp-dtype": "--precision bf16 multiplies matrices as PyTorch's autocast does",
    "fp16": "the precisions are fp32 and bf16: --precision bf16",
    "bf16": "write --precision bf16",
    "embed-dims": "the embedding is --heads times --head-dim",
    "hidden-dim": "the embedding is --heads times --head-dim",
    "dim": "the embedding is --heads times --head-dim",
    "grad-accum-steps": "--global-batch-size N makes a step of several batches",
    "accum-iter": "--global-batch-size N makes a step of several batches",
    "update-freq": "--global-batch-size N makes a step of several batches",
    "no-prefetcher": "leave it out: --num-workers is what decides how images are read",
    "hflip": "training images are mirrored with probability 0.5; --no-augment leaves it out",
    "vflip": "images are not turned upside down",
    "scale": "random crops have 0.08 to 1 of an image's area, as in DeiT",
    "ratio": "random crops have sides of 3/4 to 4/3, as in DeiT",
    "jsd-loss": "there is no JSD loss; --bce-loss is binary cross-entropy",
    "aug-splits": "there is no augmentation in splits; --repeated-aug repeats images",
    "epoch-repeats": "give more --epochs, or --scale-epochs with --sampling-ratio",
    "checkpoint-hist": "the last two checkpoints are kept; --save-every N keeps weights as well",
    "recovery-interval": "--save-every-steps N writes checkpoints inside of an epoch",
    "experiment": "each run is a folder of its own: --output-dir",
    "log-wandb": "logs are log.jsonl and steps.jsonl; --tensorboard writes them for TensorBoard",
    "wandb": "logs are log.jsonl and steps.jsonl; --tensorboard writes them for TensorBoard",
    "dataset": "--data-path is a folder of images; --data-set says how it is laid out",
    "dataset-download": "nothing is downloaded in training; convit dataset makes folders of images",
    "class-map": "classes are the folders of --data-path, in the order of their names",
    "eval": "use convit evaluate", "evaluate": "use convit evaluate",
    "test": "use convit evaluate", "throughput": "use convit bench",
    "start-epoch": "--resume goes on where a run was",
    "no-resume-opt": "--finetune W starts from weights without what the optimiser remembers",
    "cosub": "training of pairs of submodels is not there",
    "train-mode": "a model is always in the mode of what it is used for",
    "drop-block": "there is no DropBlock; --drop-path is stochastic depth",
    "torchcompile": "leave it out: there is nothing to compile",
    "torchscript": "leave it out: there is nothing to compile",
    "verbose": "leave it out: progress is shown on standard error",
    "v": "leave it out: progress is shown on standard error",
    "quiet": "leave it out: 2>/dev/null hides progress",
  ]

  /// What to say of a name that is not among `names`: what to do instead, or what may have been
  /// meant; nothing if nothing is known.
  ///
  /// - Parameter prefix: what stands before a name here, as `--`.
  package static func answer(
    to name: String, among names: [String], prefix: String = ""
  ) -> String {
    let name = name.replacing("_", with: "-")
    if let meant = meanings[name], names.contains(meant) {
      return "." + NearNames.question([prefix + meant])
    }
    if let advice = advice[name] { return ": " + advice }
    let near = NearNames.of(name, among: names)
    return near.isEmpty ? "" : "." + NearNames.question(near.map { prefix + $0 })
  }
}
