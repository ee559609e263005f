"""Times Hugging Face's TimesformerForVideoClassification in PyTorch on random clips: one configuration, one line of JSON.

    .venv-bench/bin/python Benchmarks/peer_video.py --scheme divided --mode train --batch-size 8 --input-size 112

A training step is zero_grad, forward, cross-entropy, backward and AdamW; an inference step is a forward pass under inference_mode.
The model is made by its configuration, for the frames that it is then given: of another number its time embedding is resampled in
each step. Its `temporal_dense` is drawn at random where the authors have zeros, which costs the same.
"""

import measure
import peer_torch

# What transformers calls each way to look along space and time.
SCHEMES = {"divided": "divided_space_time", "joint": "joint_space_time", "space": "space_only"}


def time_video(options):
    torch, _ = measure.import_timm()  # transformers imports torchvision, too
    import transformers

    torch.set_num_threads(options.threads)
    torch.manual_seed(0)
    train = options.mode == "train"
    config = transformers.TimesformerConfig(
        image_size=options.input_size, patch_size=16, num_frames=options.frames, hidden_size=options.dim,
        num_hidden_layers=options.depth, num_attention_heads=options.heads, intermediate_size=4 * options.dim,
        drop_path_rate=0, attention_type=SCHEMES[options.scheme], num_labels=10,
    )  # fmt: skip
    model = transformers.TimesformerForVideoClassification(config).train(train)
    clips = torch.randn(options.batch_size, options.frames, 3, options.input_size, options.input_size)
    labels = torch.randint(0, 10, (options.batch_size,))
    more = {
        "scheme": options.scheme,
        "frames": options.frames,
        "parameters": sum(parameter.numel() for parameter in model.parameters()),
        "kernels": peer_torch.kernels(torch),
        "torch": torch.__version__,
    }
    if train:
        adamw, more["optimiser"] = peer_torch.optimiser(torch, list(model.parameters()))

        def step():
            adamw.zero_grad(set_to_none=True)
            # Of space_only, it has logits for each frame and averages nothing.
            logits = model(clips).logits.unflatten(0, (len(labels), -1)).mean(1)
            loss = torch.nn.functional.cross_entropy(logits, labels)
            loss.backward()
            adamw.step()
            return loss.item()

        seconds = measure.time_steps(step, options)
    else:
        with torch.inference_mode():
            seconds = measure.time_steps(lambda: model(clips).logits, options)
    return transformers.__version__, seconds, more


if __name__ == "__main__":
    options = measure.arguments(__doc__)
    options.set_defaults(model="timesformer", batch_size=8, input_size=112)
    options.add_argument("--scheme", choices=SCHEMES, default="divided")
    options.add_argument("--frames", type=int, default=8)
    options.add_argument("--dim", type=int, default=192)
    options.add_argument("--depth", type=int, default=12)
    options.add_argument("--heads", type=int, default=3)
    measure.run("transformers", options.parse_args(), time_video)
