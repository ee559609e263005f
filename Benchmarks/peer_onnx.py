"""Times timm's model, exported to ONNX, in ONNX Runtime or OpenVINO on random images: one configuration, one line of JSON.

    .venv-bench/bin/python Benchmarks/peer_onnx.py --runtime onnxruntime --model convit_tiny --batch-size 32
    .venv-bench/bin/python Benchmarks/peer_onnx.py --runtime openvino --precision auto --model convit_tiny --batch-size 32

For inference alone. A batch goes through as requests of one image, as many at a time as there are threads, which is quicker in fp32 than
a request of the whole batch; `--together` makes it one, which is quicker for OpenVINO in bf16. A batch of 1 has all threads.

The model is exported once, by another process, so that PyTorch is not in the memory that is reported; it lies in the environment's
folder `onnx`, with images and the logits that timm makes of them. An export counts only if ONNX Runtime makes these logits of it in
fp32, to 1e-4 of the largest; nothing is timed whose own logits are further off than that, or in bf16 than 5e-2. `--precision auto`
leaves the precision to OpenVINO: bf16 where the processor has instructions for it.
"""

import argparse
import hashlib
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from pathlib import Path

import measure
import numpy

CACHE = Path(sys.prefix) / "onnx"
LIMITS = {"fp32": 1e-4, "bf16": 5e-2}


# Exporting


def request_size(options):
    return options.batch_size if options.together else 1


def exported(options):
    """The folder of the exported model; its name tells what it was made of, so that nothing old is taken for it."""
    parts = [Path(__file__).read_bytes(), *(version(package).encode() for package in ("torch", "timm", "onnx"))]
    digest = hashlib.sha256(b"\0".join(parts)).hexdigest()[:8]
    return CACHE / f"{options.model}-{request_size(options)}x{options.input_size}-{digest}"


def attention(torch, layer, patches):
    """A GPSA layer's `get_attention` with the positional map computed beforehand, and without the division of rows that sum to 1 already."""
    with torch.no_grad():
        position = layer.pos_proj(layer.get_rel_indices(patches)).permute(0, 3, 1, 2).softmax(dim=-1)
        gate = torch.sigmoid(layer.gating_param).view(1, -1, 1, 1)
        content, position = 1 - gate, gate * position

    def weights(x):
        b, n, c = x.shape
        qk = layer.qk(x).reshape(b, n, 2, layer.num_heads, c // layer.num_heads).permute(2, 0, 3, 1, 4)
        return content * (layer.scale * qk[0] @ qk[1].transpose(-2, -1)).softmax(dim=-1) + position

    return weights


def export(options):
    """Writes the model, its images and logits, and a product like the first layer of the MLP; a folder that is there is complete."""
    torch, timm = measure.import_timm()
    torch.set_num_threads(options.threads)
    torch.manual_seed(0)
    model = timm.create_model(options.model, num_classes=1000, img_size=options.input_size).eval()
    images = torch.randn(request_size(options), 3, options.input_size, options.input_size)
    with torch.no_grad():
        # So that no parameter is 0 or 1, which an export might leave out unseen.
        for parameter in model.parameters():
            parameter += 0.02 * torch.randn_like(parameter)
        logits = torch.cat([model(image[None]) for image in images]).numpy()
    for block in model.blocks:
        if hasattr(block.attn, "gating_param"):
            block.attn.get_attention = attention(torch, block.attn, (options.input_size // 16) ** 2)

    folder = exported(options)
    for old in CACHE.glob(folder.name.rpartition("-")[0] + "-*"):
        remove(old)
    part = folder.with_name(f"{folder.name}.{os.getpid()}")
    part.mkdir(parents=True)
    write = lambda module, x, name, **more: torch.onnx.export(
        module, (x,), str(part / name), opset_version=17, dynamo=False, input_names=["input"], output_names=["output"], **more
    )  # fmt: skip
    try:
        with torch.no_grad():
            write(model, images, "model.onnx")
            product, width = torch.nn.Linear(model.embed_dim, 4 * model.embed_dim, bias=False), model.embed_dim
            write(product, torch.zeros(1, width), "product.onnx", dynamic_axes={"input": {0: "rows"}, "output": {0: "rows"}})
        numpy.save(part / "images.npy", images.numpy())
        numpy.save(part / "logits.npy", logits)
        call, _ = onnxruntime(part / "model.onnx", 1, options.threads, "fp32")
        check(call([images.numpy()])[0], logits, "fp32")
        part.rename(folder)
    finally:
        remove(part)


def remove(folder):
    for file in folder.glob("*"):
        file.unlink()
    if folder.is_dir():
        folder.rmdir()


def check(found, wanted, precision):
    """The largest difference from timm's logits, relative to the largest of them."""
    difference = float(abs(found - wanted).max() / abs(wanted).max())
    if not difference <= LIMITS[precision]:
        raise ValueError(f"logits differ from timm's by {difference:.1e} of the largest, where {LIMITS[precision]:g} is allowed")
    return difference


# The runtimes: each gives a function from the inputs of requests to their outputs, and what to report


def onnxruntime(file, requests, threads, precision):
    import onnxruntime

    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = threads // requests
    settings.inter_op_num_threads = 1
    settings.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
    session = onnxruntime.InferenceSession(file, settings, providers=["CPUExecutionProvider"])
    one = lambda x: session.run(None, {"input": x})[0]
    more = {"precision": "fp32", "kernels": "MLAS", "threads_of_a_request": threads // requests}
    if requests == 1:
        return lambda inputs: [one(x) for x in inputs], more
    pool = ThreadPoolExecutor(requests)
    return lambda inputs: list(pool.map(one, inputs)), more


def openvino(file, requests, threads, precision):
    import openvino

    settings = {"PERFORMANCE_HINT": "LATENCY" if requests == 1 else "THROUGHPUT", "NUM_STREAMS": requests, "INFERENCE_NUM_THREADS": threads}
    if precision == "fp32":
        settings["INFERENCE_PRECISION_HINT"] = "f32"
    compiled = openvino.Core().compile_model(file, "CPU", settings)
    more = {
        "precision": {"f32": "fp32"}.get(found := compiled.get_property("INFERENCE_PRECISION_HINT").get_type_name(), found),
        "kernels": openvino_kernels(compiled),
        "hint": settings["PERFORMANCE_HINT"].lower(),
    }
    if requests == 1:
        request = compiled.create_infer_request()
        return lambda inputs: [request.infer([x], share_inputs=True)[0] for x in inputs], more
    queue = openvino.AsyncInferQueue(compiled, requests)
    found = {}
    queue.set_callback(lambda request, index: found.__setitem__(index, request.get_output_tensor(0).data.copy()))

    def call(inputs):
        for index, x in enumerate(inputs):
            queue.start_async([x], index, share_inputs=True)
        queue.wait_all()
        return [found[index] for index in range(len(inputs))]

    return call, more


def openvino_kernels(compiled):
    """What multiplies matrices, as OpenVINO names it."""
    nodes = [node.get_rt_info() for node in compiled.get_runtime_model().get_ops()]
    products = [node for node in nodes if node["layerType"].astype(str) in ("FullyConnected", "MatMul", "ScaledDotProductAttention")]
    return ", ".join(sorted({node["primitiveType"].astype(str) for node in products}))


RUNTIMES = {"onnxruntime": onnxruntime, "openvino": openvino}


# What is run


def time_onnx(options):
    if options.mode != "inference":
        raise ValueError("ONNX is for inference alone")
    folder = exported(options)
    if not folder.is_dir():
        done = subprocess.run([sys.executable, __file__, *sys.argv[1:], "--export"], stdout=sys.stderr, stderr=subprocess.PIPE, text=True)
        if done.returncode:
            raise ValueError("export: " + (done.stderr.strip().splitlines() or [f"exit status {done.returncode}"])[-1])

    make = RUNTIMES[options.runtime]
    logits, size = numpy.load(folder / "logits.npy"), request_size(options)
    random = numpy.random.default_rng(1)
    shape = (size, 3, options.input_size, options.input_size)
    inputs = [numpy.load(folder / "images.npy")]
    inputs += [random.standard_normal(shape, "float32") for _ in range(options.batch_size // size - 1)]
    call, more = make(folder / "model.onnx", min(len(inputs), options.threads), options.threads, options.precision)
    more["logits_error"] = float(f"{check(call(inputs)[0], logits, more['precision']):.1e}")
    seconds = measure.time_steps(lambda: call(inputs), options)
    more["peak_rss_mb"] = measure.peak_rss_mb()

    product, _ = make(folder / "product.onnx", 1, options.threads, "fp32")
    width = measure.MODELS[options.model]
    x = random.standard_normal((measure.rows(options), width), "float32")
    more["gemm_gflops"] = measure.gflops(lambda: product([x]), len(x), width, 4 * width)
    return version(options.runtime), seconds, more


if __name__ == "__main__":
    options = measure.arguments(__doc__)
    options.add_argument("--runtime", choices=RUNTIMES, required=True)
    options.add_argument("--precision", choices=("fp32", "auto"), default="fp32")
    options.add_argument("--together", action="store_true", help="one request of the whole batch")
    options.add_argument("--export", action="store_true", help=argparse.SUPPRESS)
    options.set_defaults(mode="inference")
    options = options.parse_args()
    if options.export:
        export(options)
    else:
        measure.run(options.runtime, options, time_onnx)
