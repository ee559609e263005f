"""Times ConViT and DeiT in JAX on random images: one configuration, one line of JSON. Or checks them against timm.

    .venv-bench/bin/python Benchmarks/peer_jax.py --model convit_tiny --mode train --batch-size 32
    .venv-bench/bin/python Benchmarks/peer_jax.py --model convit_tiny --check

There is no ConViT in JAX to pick, so this is one, written as a user of JAX would: parameters in a dictionary with timm's names, the
whole training step (forward, cross-entropy, backward, AdamW) in one jit with its buffers donated, the positional map once a layer
and not once an image, no division of rows that sum to 1 already. `--check` holds logits, every gradient and the parameters after
two steps of AdamW against timm and PyTorch in float64.
"""

import os

import measure


def configure(options):
    """XLA takes as many threads as NPROC says, or as there are processors; both are read when JAX is imported. The models are made for
    images of this size."""
    if options.threads < len(measure.processors()):
        os.sched_setaffinity(0, measure.processors()[: options.threads])
    os.environ["NPROC"] = str(options.threads)
    os.environ.setdefault("JAX_PLATFORMS", "cpu")
    global GRID, jax, jnp, lax, numpy
    GRID = options.input_size // PATCH
    import jax
    import jax.numpy as jnp
    import numpy
    from jax import lax


# The models

SIZES = {
    "convit_tiny": (192, 4), "convit_small": (432, 9), "convit_base": (768, 16),
    "deit_tiny_patch16_224": (192, 3), "deit_small_patch16_224": (384, 6), "deit_base_patch16_224": (768, 12),
}  # fmt: skip
DEPTH, GRID, PATCH, CLASSES = 12, 14, 16, 1000


def gpsa_blocks(model):
    return 10 if model.startswith("convit") else 0


def shapes(model):
    """The shapes of the parameters by timm's names."""
    c, heads = SIZES[model]
    convit, patches = gpsa_blocks(model) > 0, GRID * GRID
    found = {"cls_token": (1, 1, c), "pos_embed": (1, patches if convit else patches + 1, c)}

    def linear(name, rows, columns, bias=True):
        found[f"{name}.weight"] = (rows, columns)
        if bias:
            found[f"{name}.bias"] = (rows,)

    def norm(name):
        found[f"{name}.weight"] = found[f"{name}.bias"] = (c,)

    found["patch_embed.proj.weight"], found["patch_embed.proj.bias"] = (c, 3, PATCH, PATCH), (c,)
    for i in range(DEPTH):
        block = f"blocks.{i}"
        norm(f"{block}.norm1")
        if i < gpsa_blocks(model):
            linear(f"{block}.attn.qk", 2 * c, c, bias=False)
            linear(f"{block}.attn.v", c, c, bias=False)
            linear(f"{block}.attn.pos_proj", heads, 3)
            found[f"{block}.attn.gating_param"] = (heads,)
        else:
            linear(f"{block}.attn.qkv", 3 * c, c, bias=not convit)
        linear(f"{block}.attn.proj", c, c)
        norm(f"{block}.norm2")
        linear(f"{block}.mlp.fc1", 4 * c, c)
        linear(f"{block}.mlp.fc2", c, 4 * c)
    norm("norm")
    linear("head", CLASSES, c)
    return found


def initial(model):
    """Random parameters, of a plausible size; the time does not depend on them."""
    random = numpy.random.default_rng(0)

    def value(name, shape):
        if "norm" in name and name.endswith("weight") or name.endswith("gating_param"):
            return numpy.ones(shape, "float32")
        return random.normal(0, 0.02, shape).astype("float32")

    return {name: jnp.asarray(value(name, shape)) for name, shape in shapes(model).items()}


def offsets():
    """(N, N, 3): differences of column and row from patch i to patch j, and the squared distance."""
    rows, columns = numpy.divmod(numpy.arange(GRID * GRID), GRID)
    x, y = columns[None, :] - columns[:, None], rows[None, :] - rows[:, None]
    return numpy.stack([x, y, x * x + y * y], axis=-1)


def linear(p, name, x):
    y = x @ p[f"{name}.weight"].T
    return y + p[f"{name}.bias"] if f"{name}.bias" in p else y


def norm(p, name, x):
    x = x - x.mean(-1, keepdims=True)
    x = x * lax.rsqrt((x * x).mean(-1, keepdims=True) + 1e-6)
    return x * p[f"{name}.weight"] + p[f"{name}.bias"]


def split(x, parts, heads):
    """(B, N, parts · H · D) → parts of (B, H, N, D)."""
    b, n, c = x.shape
    return x.reshape(b, n, parts, heads, c // parts // heads).transpose(2, 0, 3, 1, 4)


def attention(p, name, x, heads, gpsa):
    b, n, c = x.shape
    if gpsa:
        q, k = split(linear(p, f"{name}.qk", x), 2, heads)
        (v,) = split(linear(p, f"{name}.v", x), 1, heads)
    else:
        q, k, v = split(linear(p, f"{name}.qkv", x), 3, heads)
    scores = (q * (c // heads) ** -0.5) @ k.transpose(0, 1, 3, 2)
    a = jax.nn.softmax(scores, axis=-1)
    if gpsa:
        position = linear(p, f"{name}.pos_proj", jnp.asarray(offsets(), x.dtype))
        position = jax.nn.softmax(position.transpose(2, 0, 1), axis=-1)
        gate = jax.nn.sigmoid(p[f"{name}.gating_param"])[:, None, None]
        a = (1 - gate) * a + gate * position
    return linear(p, f"{name}.proj", (a @ v).transpose(0, 2, 1, 3).reshape(b, n, c))


def gelu(x):
    return 0.5 * x * (1 + lax.erf(x * 0.5**0.5))


def forward(model, p, images):
    c, heads = SIZES[model]
    b = images.shape[0]
    x = images.reshape(b, 3, GRID, PATCH, GRID, PATCH).transpose(0, 2, 4, 1, 3, 5).reshape(b, GRID * GRID, 3 * PATCH * PATCH)
    x = x @ p["patch_embed.proj.weight"].reshape(c, -1).T + p["patch_embed.proj.bias"]
    token = jnp.broadcast_to(p["cls_token"], (b, 1, c))
    local = gpsa_blocks(model)
    if local:
        x = x + p["pos_embed"]
    for i in range(DEPTH):
        if i == local:
            x = jnp.concatenate([token, x], axis=1)
            if not local:
                x = x + p["pos_embed"]
        block = f"blocks.{i}"
        x = x + attention(p, f"{block}.attn", norm(p, f"{block}.norm1", x), heads, i < local)
        x = x + linear(p, f"{block}.mlp.fc2", gelu(linear(p, f"{block}.mlp.fc1", norm(p, f"{block}.norm2", x))))
    return linear(p, "head", norm(p, "norm", x[:, 0]))


# Training


def loss(model, p, images, labels):
    logits = jax.nn.log_softmax(forward(model, p, images))
    return -jnp.take_along_axis(logits, labels[:, None], axis=1).mean()


def train_step(model, state, images, labels, rate=5e-4, decay=0.05):
    """The state after one step of AdamW (β 0.9 and 0.999, ε 1e-8), and the loss before."""
    p, first, second, count = state
    value, gradients = jax.value_and_grad(lambda p: loss(model, p, images, labels))(p)
    each = jax.tree_util.tree_map
    count = count + 1
    first = each(lambda m, g: 0.9 * m + 0.1 * g, first, gradients)
    second = each(lambda v, g: 0.999 * v + 0.001 * g * g, second, gradients)
    t = count.astype(value.dtype)
    p = each(
        lambda w, m, v: w * (1 - rate * decay) - rate * m / (1 - 0.9**t) / (jnp.sqrt(v / (1 - 0.999**t)) + 1e-8), p, first, second
    )
    return (p, first, second, count), value


def start(p):
    # Buffers are donated, so each needs memory of its own.
    return p, jax.tree_util.tree_map(jnp.zeros_like, p), jax.tree_util.tree_map(jnp.zeros_like, p), jnp.zeros((), "int32")


# What is run


def time_jax(options):
    configure(options)
    random = numpy.random.default_rng(1)
    images = jnp.asarray(random.standard_normal((options.batch_size, 3, options.input_size, options.input_size), "float32"))
    labels = jnp.asarray(random.integers(0, CLASSES, options.batch_size))
    state = start(initial(options.model))

    width, rows = SIZES[options.model][0], measure.rows(options)
    x, w = jnp.asarray(random.standard_normal((rows, width), "float32")), jnp.asarray(random.standard_normal((4 * width, width), "float32"))
    product = jax.jit(lambda x, w: x @ w.T)
    more = {
        "precision": "fp32",
        "compiled": True,
        "kernels": "XLA" + (f" with {os.environ['XLA_FLAGS']}" if os.environ.get("XLA_FLAGS") else ""),
        "gemm_gflops": measure.gflops(lambda: product(x, w).block_until_ready(), rows, width, 4 * width),
    }

    if options.mode == "train":
        function = jax.jit(lambda state, images, labels: train_step(options.model, state, images, labels), donate_argnums=0)

        def step():
            nonlocal state
            state, value = function(state, images, labels)
            return float(jax.block_until_ready((state, value))[1])
    else:
        function = jax.jit(lambda p, images: forward(options.model, p, images))
        step = lambda: function(state[0], images).block_until_ready()

    seconds = measure.time_steps(step, options)
    return jax.__version__, seconds, more


def check(options):
    """Prints the largest differences from timm in float64, relative to the largest value, and fails above 1e-9."""
    configure(options)
    jax.config.update("jax_enable_x64", True)
    torch, timm = measure.import_timm()
    torch.set_num_threads(options.threads)
    torch.manual_seed(0)
    model = timm.create_model(options.model, num_classes=CLASSES, img_size=options.input_size).double().train()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter += 0.02 * torch.randn_like(parameter)
    images = torch.randn(2, 3, options.input_size, options.input_size, dtype=torch.float64)
    labels = torch.randint(0, CLASSES, (2,))

    def values(tensors):
        return {name: jnp.asarray(tensor.detach().numpy().copy()) for name, tensor in tensors}

    p, x, y = values(model.named_parameters()), jnp.asarray(images.numpy()), jnp.asarray(labels.numpy())
    assert {name: value.shape for name, value in p.items()} == shapes(options.model)
    worst = {}

    def compare(what, ours, theirs):
        for name in theirs:
            # Its gradient is zero, up to rounding, which Adam blows up.
            if not name.endswith("pos_proj.bias"):
                scale = abs(theirs[name]).max()
                worst[what] = max(worst.get(what, 0), float(abs(ours[name] - theirs[name]).max() / scale))

    compare("logits", {"": forward(options.model, p, x)}, {"": jnp.asarray(model(images).detach().numpy())})
    adamw = torch.optim.AdamW(model.parameters(), lr=5e-4, weight_decay=0.05)
    state = start(p)
    for number in (1, 2):
        adamw.zero_grad()
        torch.nn.functional.cross_entropy(model(images), labels).backward()
        theirs = values((name, parameter.grad) for name, parameter in model.named_parameters())
        compare(f"gradients {number}", jax.grad(lambda p: loss(options.model, p, x, y))(state[0]), theirs)
        adamw.step()
        state, _ = train_step(options.model, state, x, y)
        compare(f"step {number}", state[0], values(model.named_parameters()))
    for what, difference in worst.items():
        print(f"{options.model} {what}: {difference:.1e}{'' if difference < 1e-9 else '   FAILED'}")
    raise SystemExit(not all(difference < 1e-9 for difference in worst.values()))


if __name__ == "__main__":
    options = measure.arguments(__doc__)
    options.add_argument("--check", action="store_true", help="compare with timm instead of timing")
    options = options.parse_args()
    if options.check:
        check(options)
    measure.run("jax", options, time_jax)
