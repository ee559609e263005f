"""Writes zoo_*.safetensors: small models of timm with layer scale, registers, fc_norm, another epsilon: logits and derivatives.

    python make_zoo_models.py

Made with torch 2.13.0 and timm 1.0.31, in double precision; weights are random, but lively and seeded. `cotangent` is the derivative by
the logits that the derivatives by the parameters, grad.*, follow from.
"""

import json
from pathlib import Path

import numpy as np
import torch

register = torch.library.register_fake
torch.library.register_fake = lambda name, *a, **k: (
    (lambda function: function) if str(name).startswith("torchvision::") else register(name, *a, **k)
)
from safetensors.torch import save_file  # noqa: E402
from timm.models.deit import VisionTransformerDistilled  # noqa: E402
from timm.models.vision_transformer import VisionTransformer  # noqa: E402

SIZES = dict(img_size=8, patch_size=4, embed_dim=8, depth=2, num_heads=2, num_classes=3, mlp_ratio=2)
CONFIGURATION = dict(
    family="vit", imageHeight=8, imageWidth=8, patchSize=4, channels=3, classes=3, embedDim=8, depth=2, heads=2, mlpRatio=2,
    qkvBias=True, localUpToLayer=0, start={"random": {}}, usePosEmbed=True, pooling="token", isDistilled=False, dropRate=0,
    dropPathRate=0,
)
LOOSE = torch.nn.LayerNorm
MODELS = {
    "zoo_deit3": (VisionTransformer(**SIZES, init_values=1e-6, no_embed_class=True), dict(layerScale=1e-6, embedsTokens=False)),
    "zoo_registers": (
        VisionTransformer(
            **SIZES, init_values=1e-5, class_token=False, no_embed_class=True, reg_tokens=3, global_pool="avg"
        ),
        dict(layerScale=1e-5, embedsTokens=False, registers=3, pooling="average", normFollowsPooling=True),
    ),
    "zoo_average": (
        VisionTransformer(**SIZES, global_pool="avg", reg_tokens=2),
        dict(pooling="average", keepsClassToken=True, registers=2, normFollowsPooling=True),
    ),
    "zoo_distilled_epsilon": (
        VisionTransformerDistilled(**SIZES, norm_layer=lambda dim, **_: LOOSE(dim, eps=0.1)),
        dict(isDistilled=True, normEpsilon=0.1),
    ),
}
for name, (model, configuration) in MODELS.items():
    model = model.double().eval()
    for index, (key, parameter) in enumerate(model.named_parameters()):
        noise = np.random.default_rng([5, index]).normal(size=tuple(parameter.shape))
        if key.endswith("gamma") or (parameter.ndim == 1 and "norm" in key and key.endswith("weight")):
            value = 1 + 0.3 * noise
        elif parameter.ndim == 1:
            value = 0.2 * noise
        else:
            value = 0.3 * noise if "token" in key or "pos" in key else noise / np.prod(parameter.shape[1:]) ** 0.5
        parameter.data = torch.tensor(value.astype(np.float32), dtype=torch.float64)
    random = np.random.default_rng(9)
    images = torch.tensor(random.normal(size=(2, 3, 8, 8)).astype(np.float32), dtype=torch.float64)
    cotangent = torch.tensor(random.normal(size=(2, 3)).astype(np.float32), dtype=torch.float64)
    logits = model(images)
    logits.backward(cotangent)
    tensors = {"images": images, "cotangent": cotangent, "logits": logits.detach()}
    for key, parameter in model.named_parameters():
        tensors["param." + key], tensors["grad." + key] = parameter.detach(), parameter.grad
    tensors = {key: value.float().contiguous() for key, value in tensors.items()}
    text = json.dumps(CONFIGURATION | configuration)
    save_file(tensors, Path(__file__).parent / f"{name}.safetensors", metadata={"configuration": text})
