"""Sends a server (Examples/Sources/HTTPServer) 10,000 requests, a tenth of them malformed, and looks at every answer.

    python3 Scripts/serve_check.py SERVER WEIGHTS IMAGE… [--requests 10000 --callers 16]

Good requests must be answered with the bytes that a lone caller gets, which must be what `convit predict` says where
--convit names it; malformed ones with the status and a sentence that say what is wrong. The memory of the server after
a fifth of the requests and after the last tells whether it leaks. Exit code 1 if anything is wrong.
"""

import argparse
import http.client
import json
import pathlib
import random
import socket
import statistics
import subprocess
import sys
import threading
import time

LIMIT = 1 << 20


def malformed(image: bytes) -> list:
    """What is sent, and the status that is expected of it: (name, method, path, body, status)."""
    return [
        ("no body", "POST", "/classify", b"", 422),
        ("a sentence", "POST", "/classify", b"this is not an image", 422),
        ("half an image", "POST", "/classify", image[: len(image) // 2], 422),
        ("a JPEG that says PNG", "POST", "/classify", b"\x89PNG" + image[4:], 422),
        ("two megabytes", "POST", "/classify", b"\x89PNG" + bytes(2 << 20), 413),
        ("another path", "POST", "/nothing", image, 404),
        ("another method", "GET", "/classify", None, 404),
        ("no HTTP", None, None, b"\x00\x01\x02 nonsense\r\n\r\n", None),
        ("half a request", None, None, b"POST /classify HTTP/1.1\r\nHost: x\r\nContent-Length: 500\r\n\r\nabc", None),
    ]


class Caller(threading.Thread):
    """One connection after another, as browsers do it: kept while answers come, made anew after an error."""

    def __init__(self, port, plan):
        super().__init__()
        self.port, self.plan = port, plan
        self.wrong, self.times = [], []
        self.connection = None

    def run(self):
        for name, method, path, body, status, expected in self.plan:
            begin = time.perf_counter()
            try:
                found, answer = self.ask(method, path, body)
            except Exception as error:  # what it is goes into the report
                found, answer = None, repr(error).encode()
                self.connection = None
            self.times.append(time.perf_counter() - begin)
            if status is not None and found != status:
                self.wrong.append(f"{name}: status {found}, expected {status}: {answer[:200]!r}")
            elif expected is not None and json.loads(answer) != expected:  # keys are in any order
                self.wrong.append(f"{name}: another answer: {answer[:200]!r}")
            elif status == 422 and len(json.loads(answer)["error"]["message"]) < 10:
                self.wrong.append(f"{name}: the answer does not say what is wrong: {answer[:200]!r}")

    def ask(self, method, path, body):
        if method is None:  # bytes as they are; the server may answer or hang up
            with socket.create_connection(("127.0.0.1", self.port), timeout=20) as raw:
                raw.sendall(body)
                raw.shutdown(socket.SHUT_WR)
                while raw.recv(65536):
                    pass
            return None, b""
        self.connection = self.connection or http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            self.connection.request(method, path, body=body)
        except (BrokenPipeError, ConnectionResetError):
            if body is None or len(body) <= LIMIT:
                raise
            # The server may answer before it has read all of a body that is too large.
        response = self.connection.getresponse()
        answer = response.read()
        if response.will_close or (body is not None and len(body) > LIMIT):
            self.connection.close()
            self.connection = None
        return response.status, answer


def resident(process) -> float:
    """Megabytes of memory."""
    for line in pathlib.Path(f"/proc/{process.pid}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    return 0


def spread(plan, count):
    """Sends a plan from `count` callers; the wrong answers and the times."""
    callers = [Caller(options.port, plan[i::count]) for i in range(count)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    return sum((c.wrong for c in callers), []), sum((c.times for c in callers), [])


def wait_for(port, process):
    for _ in range(300):
        if process.poll() is not None:
            sys.exit(f"serve: the server ended with {process.returncode}")
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.1)
    sys.exit("serve: the server does not answer")


def main():
    images = options.images
    server = subprocess.Popen([options.server, options.weights, str(options.port)], stderr=subprocess.DEVNULL)
    try:
        wait_for(options.port, server)
        alone = Caller(options.port, [])
        good = []
        for path in images:
            body = path.read_bytes()
            status, answer = alone.ask("POST", "/classify", body)
            good.append((path.name, "POST", "/classify", body, status, json.loads(answer)))
        check_command(images, good)
        draw = random.Random(0)
        bad = [case + (None,) for case in malformed(images[0].read_bytes())]
        plan = [draw.choice(bad) if i % 10 == 9 else draw.choice(good) for i in range(options.requests)]
        first = options.requests // 5
        wrong, _ = spread(plan[:first], options.callers)
        wrong += [f"{name}: status {status}: {answer!r}" for name, _, _, _, status, answer in good if status != 200]
        before = resident(server)
        begin = time.perf_counter()
        more, times = spread(plan[first:], options.callers)
        seconds = time.perf_counter() - begin
        wrong += more
        after = resident(server)
        status, answer = alone.ask("POST", "/classify", good[0][3])
        if (status, json.loads(answer)) != (200, good[0][5]):
            wrong.append("the first image is answered otherwise at the end")
    finally:
        server.terminate()
        server.wait(20)
    times.sort()
    print(
        f"serve: {options.requests} requests by {options.callers} callers, {sum(c[4] != 200 for c in plan)} malformed;"
        f" {len(times) / seconds:.0f} a second, median {1e3 * statistics.median(times):.1f} ms,"
        f" 99 % within {1e3 * times[len(times) * 99 // 100]:.1f} ms; {len(wrong)} wrong;"
        f" {before:.0f} MB after {first} requests, {after:.0f} MB at the end"
    )
    print("\n".join(wrong[:20]))
    if wrong or after > before + 16:
        sys.exit(1)


def check_command(images, good):
    """The answers are what the command says of the same files."""
    if not options.convit:
        return
    command = [options.convit, "predict", "--weights", options.weights, "--json", *map(str, images)]
    lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    for line, (name, *_, answer) in zip(lines, good, strict=True):
        assert json.loads(line)["top"] == answer["top"], (name, line, answer)


parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("server")
parser.add_argument("weights")
parser.add_argument("images", type=pathlib.Path, nargs="+", help="which the model can read")
parser.add_argument("--requests", type=int, default=10_000)
parser.add_argument("--callers", type=int, default=16)
parser.add_argument("--port", type=int, default=8093)
parser.add_argument("--convit", help="the command, to compare with")
options = parser.parse_args()
main()
