"""Compares the logits of `convit predict` with timm's on real photographs, model by model and image by image.

    .venv/bin/python Scripts/parity/logits.py [--binary .build/release/convit] [--models convit_tiny …] [--keep DIRECTORY]
    .venv/bin/python Scripts/parity/logits.py --self-check

The weights are random but lively (seeded; no downloads): heads that look to different sides, gates open and shut, logits that
depend on the image. The photographs are the ones that scikit-image and scikit-learn ship, cut, scaled and written anew in the
sizes, colour modes and qualities that people have. Exit status: 0 all within the tolerance, 1 not, 2 nothing to run.

What the tolerance of 1e-3 notices: one pixel byte in a hundred off by one comes to 8e-4, noise of one in every byte to 7e-3,
a crop shifted by a pixel to 8e-2. PyTorch's float32 is at 2e-6.

--self-check needs no binary: timm's own float32 logits stand in for it and pass, then one logit is moved and has to fail.
"""

import argparse
import contextlib
import importlib.util
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import reference  # before torch: it sets the threads

import numpy as np
import torch
from PIL import Image
from torchvision import transforms

MODELS = ["convit_tiny", "convit_small", "deit_tiny_patch16_224"]
SEED = 42
TOLERANCE = 1e-3


# Photographs


def shipped(package, path):
    """A file inside an installed package, found without importing the package."""
    specification = importlib.util.find_spec(package)
    if specification is None:
        sys.exit(f"{package} is not installed: run Scripts/parity/environment.sh")
    file = Path(specification.submodule_search_locations[0]) / path
    if not file.is_file():
        sys.exit(f"{package} does not ship {path}")
    return file


PHOTOGRAPHS = {
    "china": ("sklearn", "datasets/images/china.jpg"),
    "flower": ("sklearn", "datasets/images/flower.jpg"),
    "rocket": ("skimage", "data/rocket.jpg"),
    "hubble": ("skimage", "data/hubble_deep_field.jpg"),
    "retina": ("skimage", "data/retina.jpg"),
    "astronaut": ("skimage", "data/astronaut.png"),
    "chelsea": ("skimage", "data/chelsea.png"),
    "coffee": ("skimage", "data/coffee.png"),
    "camera": ("skimage", "data/camera.png"),
    "motorcycle": ("skimage", "data/motorcycle_left.png"),
}


def collect(folder):
    """Writes the images and returns their paths: the shipped files as they are, then derived ones."""
    files = {name: shipped(*place) for name, place in PHOTOGRAPHS.items()}
    paths = []

    def keep(name):
        paths.append(folder / name)
        return paths[-1]

    def scaled(name, size):
        return Image.open(files[name]).convert("RGB").resize(size, Image.Resampling.LANCZOS)

    for name, file in files.items():
        shutil.copyfile(file, keep(f"{name}{file.suffix}"))

    # JPEG: sizes, qualities, chroma subsampling (0 = 4:4:4, 1 = 4:2:2, 2 = 4:2:0), progressive, gray, CMYK
    scaled("china", (97, 61)).save(keep("tiny_97x61.jpg"), quality=95, subsampling=0)
    scaled("flower", (1200, 800)).save(keep("large_1200x800_q75.jpg"), quality=75, subsampling=2)
    scaled("coffee", (500, 375)).save(keep("q30_500x375.jpg"), quality=30, subsampling=2)
    scaled("astronaut", (333, 501)).save(keep("odd_333x501_422.jpg"), quality=85, subsampling=1)
    scaled("rocket", (640, 360)).save(keep("progressive_640x360.jpg"), quality=90, progressive=True)
    scaled("motorcycle", (401, 299)).convert("L").save(keep("gray_401x299.jpg"), quality=88)
    scaled("flower", (480, 320)).convert("CMYK").save(keep("cmyk_480x320.jpg"), quality=92)
    orientation = Image.Exif()
    orientation[0x0112] = 6  # turned by a camera; neither DeiT's loader nor timm's looks at it
    scaled("chelsea", (300, 451)).save(keep("exif_300x451.jpg"), quality=90, exif=orientation)
    # Extreme shapes, exact sizes
    scaled("china", (1200, 90)).save(keep("wide_1200x90.jpg"), quality=90)
    scaled("rocket", (61, 900)).save(keep("tall_61x900.png"))
    scaled("coffee", (224, 224)).save(keep("exact_224x224.png"))
    scaled("chelsea", (256, 256)).save(keep("exact_256x256.png"))
    scaled("astronaut", (257, 255)).save(keep("off_by_one_257x255.png"))
    # PNG: every colour type of 8 bits, alpha that has to be dropped, a palette, one bit
    rows, columns = 310, 465
    ramp = np.add.outer(np.arange(rows), np.arange(columns)) * 255 // (rows + columns)
    alpha = Image.fromarray(ramp.astype(np.uint8))
    picture = scaled("china", (columns, rows))
    rgba = picture.copy()
    rgba.putalpha(alpha)
    rgba.save(keep("rgba_465x310.png"))
    gray = scaled("camera", (columns, rows)).convert("L")
    gray.save(keep("gray_465x310.png"))
    Image.merge("LA", (gray, alpha)).save(keep("gray_alpha_465x310.png"))
    picture.quantize(200).save(keep("palette_465x310.png"))
    picture.quantize(13).save(keep("palette_4bit_465x310.png"), bits=4)
    picture.quantize(64).save(keep("palette_transparent_465x310.png"), transparency=3)
    gray.convert("1").save(keep("one_bit_465x310.png"))
    return paths


def exact(folder, names, size):
    """Photographs of exactly `size` pixels, and their numbers from 0 to 1: [photographs, 3, size, size]."""
    paths = [folder / f"{name}_{size}.png" for name in names]
    for name, path in zip(names, paths):
        picture = Image.open(shipped(*PHOTOGRAPHS[name])).convert("RGB")
        picture.resize((size, size), Image.Resampling.LANCZOS).save(path)
    pixels = np.stack([np.asarray(Image.open(path)) for path in paths]).transpose(0, 3, 1, 2) / 255
    return paths, torch.from_numpy(pixels)


def evaluation_pixels(path, size=224):
    """DeiT's evaluation transform as far as the bytes: shorter side to 256/224 of the size with Pillow's bicubic, centre crop."""
    steps = [transforms.Resize(int(256 / 224 * size), transforms.InterpolationMode.BICUBIC), transforms.CenterCrop(size)]
    return np.asarray(transforms.Compose(steps)(Image.open(path).convert("RGB")))


def normalised(pixels, dtype):
    x = torch.from_numpy(np.stack(pixels)).permute(0, 3, 1, 2).to(dtype) / 255
    mean = torch.tensor(reference.IMAGENET_MEAN, dtype=dtype).view(1, 3, 1, 1)
    return (x - mean) / torch.tensor(reference.IMAGENET_STD, dtype=dtype).view(1, 3, 1, 1)


# Models


def lively_weights(model, seed):
    """Seeded values for every parameter under which attention is uneven and the logits depend on the image."""
    values = {}
    for index, (name, parameter) in enumerate(model.named_parameters()):
        random = np.random.default_rng([seed, index])
        shape = tuple(parameter.shape)
        noise = random.normal(size=shape)
        if name.endswith("gating_param"):
            value = 1.5 * noise
        elif name.endswith("pos_proj.weight"):
            value = np.nan_to_num(reference.convolutional_start(shape[0])) + 0.5 * noise
        elif "norm" in name and name.endswith("weight"):
            value = 1 + 0.2 * noise
        elif name.endswith("bias"):
            value = 0.1 * noise
        elif name.endswith(("_token", "pos_embed")):
            value = 0.3 * noise
        elif name.startswith("head"):
            value = 2 * noise / shape[1] ** 0.5
        else:
            value = noise / np.prod(shape[1:]) ** 0.5
        values[name] = value.astype(np.float32)
    return values


def timm_logits(name, weights, pixels, dtype, autocast=False):
    model = reference.timm.create_model(name, pretrained=False).to(dtype).eval()
    model.load_state_dict({key: torch.from_numpy(value).to(dtype) for key, value in weights.items()})
    half = torch.autocast("cpu", dtype=torch.bfloat16) if autocast else contextlib.nullcontext()
    with torch.no_grad(), half:
        logits = [model(normalised(pixels[i : i + 4], dtype)) for i in range(0, len(pixels), 4)]
    return torch.cat(logits).to(dtype).numpy()


def convit_logits(binary, name, weights_path, paths, precision="fp32"):
    """Runs `convit predict` and returns its logits in the order of `paths`, after checking that what it says agrees with itself."""
    command = [str(binary), "predict", "--no-exif", "--model", name, "--weights", str(weights_path), "--json", "--logits"]
    command += ["--precision", precision]
    run = subprocess.run(command + [str(path) for path in paths], stdout=subprocess.PIPE, text=True)
    if run.returncode != 0:
        sys.exit(f"{' '.join(command)} …: exit status {run.returncode}")
    return parse(run.stdout, paths)


def parse(text, paths):
    """Logits from the JSON lines of `convit predict`."""
    answers = {}
    for line in text.splitlines():
        answer = json.loads(line)
        logits = np.array(answer["logits"], dtype=np.float64)
        probabilities = np.exp(logits - logits.max())
        probabilities /= probabilities.sum()
        top = answer["top"]
        if top[0]["index"] != logits.argmax() or any(abs(t["probability"] - probabilities[t["index"]]) > 1e-4 for t in top):
            sys.exit(f"{answer['path']}: `top` does not follow from `logits`")
        answers[answer["path"]] = logits
    missing = [str(path) for path in paths if str(path) not in answers]
    if missing:
        sys.exit(f"no answer for {missing}")
    return np.stack([answers[str(path)] for path in paths])


# Verdict


def compare(name, paths, expected, single, answers):
    """Prints a table and returns the files outside the tolerance."""
    if answers.shape != expected.shape:
        sys.exit(f"{name}: logits of shape {answers.shape}, expected {expected.shape}")
    scale = expected.std(axis=1)
    spread = (expected.std(axis=0).mean()) / scale.mean()
    print(f"\n{name}: {len(paths)} images, {expected.shape[1]} classes; spread across images / across classes {spread:.2f}")
    assert spread > 0.2, "these weights hardly look at the image"
    print(f"  {'image':36} {'convit':>10} {'PyTorch f32':>12}   max |difference to float64| / std of the logits")
    failed = []
    for index, path in enumerate(paths):
        ours, theirs = (np.abs(x[index] - expected[index]).max() / scale[index] for x in (answers, single))
        good = ours <= TOLERANCE  # false for NaN
        print(f"  {path.name:36} {ours:10.1e} {theirs:12.1e}{'' if good else '   FAILED'}")
        if not good:
            failed.append(path.name)
    return failed


def bf16_is_as_exact(expected, autocast, answers):
    """Prints how far both are from double precision, and whether ours is at most as far as PyTorch's, a tenth for chance."""
    ours, theirs = (np.sqrt(np.mean((x - expected) ** 2)) / expected.std() for x in (answers, autocast))
    print(f"  in bf16, all images, root mean square / std of the logits: convit {ours:.1e}, PyTorch autocast {theirs:.1e}")
    return ours <= 1.1 * theirs


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--binary", type=Path, default=reference.REPOSITORY / ".build" / "release" / "convit")
    options.add_argument("--models", nargs="+", default=MODELS, help="timm names of models with 224 px input and 1000 classes")
    options.add_argument("--seed", type=int, default=SEED)
    options.add_argument("--keep", type=Path, help="write images, weights and expected logits here and leave them")
    options.add_argument("--self-check", action="store_true", help="show without a binary that a moved logit fails")
    arguments = options.parse_args()
    if not arguments.self_check and not arguments.binary.is_file():
        print(f"{arguments.binary} is not there: `swift build -c release` makes it, --binary names another", file=sys.stderr)
        sys.exit(2)

    failed = []
    with tempfile.TemporaryDirectory() as temporary:
        folder = arguments.keep or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        paths = collect(folder)
        pixels = [evaluation_pixels(path) for path in paths]
        for name in arguments.models[:1] if arguments.self_check else arguments.models:
            weights = lively_weights(reference.timm.create_model(name, pretrained=False), arguments.seed)
            single = timm_logits(name, weights, pixels, torch.float32)
            expected = timm_logits(name, weights, pixels, torch.float64)
            if arguments.self_check:
                if compare(name, paths, expected, single, single):
                    sys.exit("self-check: PyTorch's own float32 logits do not pass")
                moved = single.astype(np.float64)
                moved[3, 17] += 2 * TOLERANCE * expected[3].std()
                if compare(name, paths, expected, single, moved) != [paths[3].name]:
                    sys.exit("self-check: a moved logit was not noticed, or not alone")
                print("\nself-check: one logit moved by twice the tolerance fails, and nothing else does")
                return
            path = folder / f"{name}.safetensors"
            reference.save_file(weights, path)
            if arguments.keep:
                logits = {image.name: values for image, values in zip(paths, expected)}
                reference.save_file(logits, folder / f"{name}.logits.safetensors")
            answers = convit_logits(arguments.binary, name, path, paths)
            failed += [f"{name} {image}" for image in compare(name, paths, expected, single, answers)]
            autocast = timm_logits(name, weights, pixels, torch.float32, autocast=True)
            if not bf16_is_as_exact(expected, autocast, convit_logits(arguments.binary, name, path, paths, "bf16")):
                failed.append(f"{name} in bf16")
            if not arguments.keep:
                path.unlink()
    if failed:
        print(f"\n{len(failed)} above {TOLERANCE}: {', '.join(failed)}")
        sys.exit(1)
    print(f"\nall within {TOLERANCE}")


if __name__ == "__main__":
    main()
