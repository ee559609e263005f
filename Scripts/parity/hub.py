"""Compares logits for weights as hubs give them (transformers, torchvision, timm) with those of the programs that wrote them.

    .venv/bin/python Scripts/parity/hub.py [--binary .build/release/convit]

`make parity-hub` installs what it needs (hub.txt). Each model has random but lively weights
(logits.py), is written by its own program (`save_pretrained`, `save_file`, `torch.save` in both forms, shards), and read by its
path alone. Images have the size of the model, so that nothing is resampled. Then the other way round: what `convit convert` makes of
them is loaded by the safetensors package, and by timm with strict=True where the model is timm's, and gives the same bytes again.
"""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

import reference  # before torch: it sets the threads

import numpy as np
import torch
import torchvision
import transformers
from safetensors.torch import load_file, save_file

import logits

TOLERANCE = 1e-3  # of the logits' deviation; single precision is at 1e-6


def lively(model, seed=3):
    with torch.no_grad():
        for name, value in logits.lively_weights(model, seed).items():
            model.get_parameter(name).copy_(torch.from_numpy(value))
    return model.eval()


def run(binary, *arguments):
    done = subprocess.run([str(binary), *map(str, arguments)], capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(map(str, arguments))}: exit status {done.returncode}\n{done.stderr}")
    return done.stdout


def hugging_face(folder):
    """Name, size of the images, path, model, and mean and deviation that its inputs are normalised by."""
    tiny = dict(hidden_size=192, num_attention_heads=3, intermediate_size=768)
    processor = dict(do_center_crop=False)
    for name, size, make, config in [
        ("ViT", 224, transformers.ViTForImageClassification, transformers.ViTConfig(**tiny, num_labels=37)),
        ("ViT, 384", 384, transformers.ViTForImageClassification, transformers.ViTConfig(**tiny, image_size=384, num_labels=5)),
        ("DeiT with its teacher", 224, transformers.DeiTForImageClassificationWithTeacher, transformers.DeiTConfig(**tiny, num_labels=9)),
    ]:
        model = lively(make(config))
        place = folder / name.replace(" ", "_")
        model.save_pretrained(place)
        transformers.ViTImageProcessor(size={"height": size, "width": size}, **processor).save_pretrained(place)
        yield name, size, place, model, (0.5, 0.5)
        if name == "ViT":
            shards = folder / "shards"
            model.float().save_pretrained(shards, max_shard_size="3MB")
            (shards / "preprocessor_config.json").write_text((place / "preprocessor_config.json").read_text())
            yield f"{name}, {len(list(shards.glob('*.safetensors')))} shards", size, shards, model, (0.5, 0.5)
            for form, zipped in (("zip", True), ("older", False)):
                other = folder / f"bin_{form}"
                other.mkdir()
                torch.save(load_file(place / "model.safetensors"), other / "pytorch_model.bin", _use_new_zipfile_serialization=zipped)
                for file in ("config.json", "preprocessor_config.json"):
                    (other / file).write_text((place / file).read_text())
                yield f"{name}, .bin, {form} form", size, other, model, (0.5, 0.5)


def torchvisions(folder):
    model = lively(torchvision.models.vit_b_16())
    path = folder / "vit_b_16.pth"
    torch.save(model.state_dict(), path)
    yield "torchvision's vit_b_16, .pth", 224, path, model, (reference.IMAGENET_MEAN, reference.IMAGENET_STD)


def timms(folder):
    for name in ("convit_tiny", "deit_tiny_distilled_patch16_224", "vit_tiny_patch16_224", "deit3_small_patch16_224"):
        model = lively(reference.timm.create_model(name, num_classes=11))
        reference.timm.models.save_for_hf(model, folder / name, safe_serialization=True)
        cfg = model.pretrained_cfg
        yield f"timm's folder of {name}", cfg["input_size"][1], folder / name, model, (cfg["mean"], cfg["std"])


def returned(binary, name, path, folder):
    """The converted file loads in Python, in timm if it is timm's, and gives itself when it is converted again."""
    first, second = folder / "first.safetensors", folder / "second.safetensors"
    run(binary, "convert", path, first, "--force")
    run(binary, "convert", first, second, "--force")
    same = first.read_bytes() == second.read_bytes()
    tensors = load_file(first)
    if name.startswith("timm"):
        model = reference.timm.create_model(path.name, num_classes=11)
        model.load_state_dict(tensors, strict=True)
    return same


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--binary", type=Path, default=reference.REPOSITORY / ".build" / "release" / "convit")
    arguments = options.parse_args()
    failed = []
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        print(f"{'':48} |difference to float64| / std of the logits")
        for source in (hugging_face, torchvisions, timms):
            for name, size, path, model, (mean, std) in source(folder):
                paths, pixels = logits.exact(folder, ("chelsea", "coffee", "astronaut"), size)
                shape = (1, 3, 1, 1) if np.ndim(mean) else ()
                mean, std = (torch.tensor(value, dtype=torch.float64).reshape(shape) for value in (mean, std))
                with torch.no_grad():
                    output = model.double()((pixels - mean) / std)
                expected = getattr(output, "logits", output).numpy()
                extra = [] if name.startswith(("ViT", "DeiT")) else ["--eval-crop-ratio", "1"]  # theirs resize images of their own size
                lines = run(arguments.binary, "predict", "--json", "--logits", "--weights", path, *extra, *paths)
                distance = np.abs(logits.parse(lines, paths) - expected).max() / expected.std()
                same = returned(arguments.binary, name, path, folder)
                good = distance <= TOLERANCE and same
                print(f"{name:48} {distance:.1e}{'' if same else ', not the same bytes again'}{'' if good else '  FAILED'}")
                if not good:
                    failed.append(name)
    if failed:
        sys.exit(f"{len(failed)} above {TOLERANCE} or not as written: {', '.join(failed)}")
    print(f"all within {TOLERANCE}")


if __name__ == "__main__":
    main()
