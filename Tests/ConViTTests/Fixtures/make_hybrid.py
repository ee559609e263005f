"""Writes hybrid.safetensors: convolutions of PyTorch, and timm's ConViT with a convolutional net in front, with derivatives.

    python make_hybrid.py

Made with torch 2.13.0 and timm 1.0.31, in double precision; numbers are random and seeded. `conv.N.*` are convolutions, whose stride and
padding the metadata has; `param.*`, `images`, `logits`, `cotangent` and `grad.*` are of the model.
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
from timm.models.convit import ConVit  # noqa: E402

random = np.random.default_rng(11)


def normal(*shape):
    return torch.tensor(random.normal(size=shape).astype(np.float32), dtype=torch.float64)


tensors, convolutions = {}, []
for images, weight, stride, padding in [
    ((2, 3, 7, 9), (4, 3, 3, 3), 1, 1), ((1, 2, 8, 6), (3, 2, 5, 5), 3, 2), ((2, 5, 4, 4), (6, 5, 1, 1), 1, 0),
    ((1, 3, 9, 9), (2, 3, 4, 4), 4, 0), ((1, 1, 1, 2), (2, 1, 3, 3), 2, 3),
]:
    x, w, b = (normal(*shape).requires_grad_() for shape in (images, weight, weight[:1]))
    y = torch.nn.functional.conv2d(x, w, b, stride, padding)
    cotangent = normal(*y.shape)
    y.backward(cotangent)
    number = len(convolutions)
    convolutions.append([stride, padding])
    for name, value in dict(x=x, w=w, b=b, y=y, dy=cotangent, dx=x.grad, dw=w.grad, db=b.grad).items():
        tensors[f"conv.{number}.{name}"] = value

backbone = torch.nn.Sequential(
    torch.nn.Conv2d(3, 6, 3, 2, 1), torch.nn.ReLU(), torch.nn.Conv2d(6, 8, 5, 2, 2, bias=False), torch.nn.ReLU()
)
model = ConVit(
    img_size=16, embed_dim=4, depth=2, num_heads=4, local_up_to_layer=1, num_classes=3, mlp_ratio=2, use_pos_embed=True,
    hybrid_backbone=backbone,
).double().eval()
for parameter in model.parameters():
    parameter.data += 0.2 * normal(*parameter.shape)
images, cotangent = normal(2, 3, 16, 16), normal(2, 3)
logits = model(images)
logits.backward(cotangent)
tensors.update(images=images, cotangent=cotangent, logits=logits)
for name, parameter in model.named_parameters():
    tensors["param." + name] = parameter
    tensors["grad." + name] = parameter.grad
save_file(
    {name: value.detach().float().contiguous() for name, value in tensors.items()}, Path(__file__).parent / "hybrid.safetensors",
    {"convolutions": json.dumps(convolutions)},
)
