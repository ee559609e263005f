import ConViT

/// Names of flags and keys that other training programs have, timm's and DeiT's first of all.
///
/// All are without dashes in front, and with dashes inside.
package enum ForeignNames {
  /// Other words for what is here under another name.
  package static let meanings = table([
    "lr": "learning-rate init-lr base-lr lr-base lr-max", "min-lr": "lr-min final-lr",
    "batch-size": "batch bs b batch-size-per-gpu validation-batch-size",
    "epochs": "num-epochs n-epochs max-epochs epoch", "weight-decay": "wd decay",
    "num-workers": "workers j", "threads": "num-threads cpus",
    "input-size": "img-size image-size imgsz resolution size", "eval-crop-ratio": "crop-pct",
    "nb-classes": "num-classes n-classes classes", "heads": "num-heads n-heads",
    "depth": "num-layers layers", "warmup-epochs": "warmup", "opt": "optimizer optim",
    "sched": "scheduler", "smoothing": "label-smoothing", "drop": "dropout drop-rate",
    "attn-drop": "attn-drop-rate", "drop-path": "drop-path-rate drop-connect stochastic-depth",
    "opt-betas": "betas", "opt-eps": "eps", "class-weights": "class-weight weighted-loss",
    "early-stop": "early-stopping early-stopping-patience", "time-budget": "max-time time-limit",
    "eval-every": "eval-interval val-interval eval-freq check-val-every-n-epoch",
    "decay-rate": "power", "clip-grad": "clip-grad-norm grad-clip gradient-clip max-grad-norm",
    "model-ema": "ema", "model-ema-decay": "ema-decay",
    "recompute": "grad-checkpointing gradient-checkpointing use-checkpoint", "no-augment": "no-aug",
    "repeated-aug": "aug-repeats", "train-interpolation": "interpolation",
    "log-every": "log-interval print-freq", "save-every": "save-freq", "seed": "random-seed",
    "model": "arch architecture model-name a",
    "data-path": "data data-dir dataset-path data-root root",
    "output-dir": "output out out-dir save-dir log-dir outdir o",
    "finetune": "initial-checkpoint pretrained-path",
    "weights": "weights-path weight checkpoint ckpt model-path", "topk": "top-k k",
    "config": "cfg c", "precision": "precision-mode", "patch-size": "patch",
    "frames": "num-frames n-frames clip-len clip-length", "attention": "attention-type",
    "frame-stride": "sampling-rate frame-interval",
    "channels": "in-chans in-channels input-channels", "head-dim": "embed",
    "global-pool": "gp pool pooling",
  ])

  /// What to do instead of asking for what is not here.
  package static let advice = table([
    "nothing is downloaded unasked; get a file by 'convit fetch NAME', and give it to --finetune "
      + "in training and to --weights elsewhere": "pretrained",
    "--precision bf16 multiplies matrices as PyTorch's autocast does": "amp amp-dtype",
    "the precisions are fp32 and bf16: --precision bf16": "fp16",
    "write --precision bf16": "bf16",
    "the embedding is --heads times --head-dim": "embed-dims hidden-dim dim",
    "--global-batch-size N makes a step of several batches":
      "grad-accum-steps accum-iter update-freq",
    "leave it out: --num-workers is what decides how images are read": "no-prefetcher",
    "training images are mirrored with probability 0.5; --no-augment leaves it out": "hflip",
    "images are not turned upside down": "vflip",
    "random crops have 0.08 to 1 of an image's area, as in DeiT": "scale",
    "random crops have sides of 3/4 to 4/3, as in DeiT": "ratio",
    "there is no JSD loss; --bce-loss is binary cross-entropy": "jsd-loss",
    "there is no augmentation in splits; --repeated-aug repeats images": "aug-splits",
    "give more --epochs, or --scale-epochs with --sampling-ratio": "epoch-repeats",
    "the last two checkpoints are kept; --save-every N keeps weights as well": "checkpoint-hist",
    "--save-every-steps N writes checkpoints inside of an epoch": "recovery-interval",
    "each run is a folder of its own: --output-dir": "experiment",
    "logs are log.jsonl and steps.jsonl; --tensorboard writes them for TensorBoard":
      "log-wandb wandb",
    "--data-path is a folder of images; --data-set says how it is laid out": "dataset",
    "nothing is downloaded in training; convit dataset makes folders of images": "dataset-download",
    "classes are the folders of --data-path, in the order of their names": "class-map",
    "use convit evaluate": "eval evaluate test",
    "use convit bench": "throughput",
    "--resume resumes a run where it was": "start-epoch",
    "--finetune W starts from weights without what the optimiser remembers": "no-resume-opt",
    "training of pairs of submodels is not there": "cosub",
    "a model is always in the mode of what it is used for": "train-mode",
    "there is no DropBlock; --drop-path is stochastic depth": "drop-block",
    "leave it out: there is nothing to compile": "torchcompile torchscript",
    "leave it out: progress is shown on standard error": "verbose v",
    "leave it out: 2>/dev/null hides progress": "quiet",
  ])

  /// What each name leads to, of lists of names.
  private static func table(_ lists: KeyValuePairs<String, String>) -> [String: String] {
    Dictionary(
      uniqueKeysWithValues: lists.flatMap { answer, names in
        names.split(separator: " ").map { (String($0), answer) }
      })
  }

  /// What to do instead of a name that is not among `names`, or what may have been meant, if known.
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
