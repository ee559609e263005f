"""Training on two ranks beside one of two threads: on this host, and over a link of 1 Gbit/s and 1 ms.

python3 Benchmarks/cluster.py --convit .build/mpi-release/release/convit [--rounds 5] [--seconds 8]

The link joins two network namespaces, each of which Open MPI takes for a host: a pair of virtual interfaces at each end, held to
the rate by `tbf`, and `link.py` between them for the delay. It needs root, Open MPI and ethtool; what it made it takes away again.
A round is one measurement of each, in turn; the table has the medians, and the ratios to one rank of the same round.
"""

import argparse
import json
import math
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).parent
HOSTS = {"convit-a": "10.99.0.1", "convit-b": "10.99.0.2"}
ENVIRONMENT = {k: v for k, v in os.environ.items() if not k.startswith("OPENBLAS_")} | {
    "OMPI_ALLOW_RUN_AS_ROOT": "1",
    "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
    "OMPI_MCA_rmaps_base_oversubscribe": "1",
}
OVER_TCP = "--mca pml ob1 --mca btl tcp,self --mca btl_tcp_if_include eth0 --mca oob_tcp_if_include eth0".split()


def run(*command):
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


class Link:
    """Two namespaces with an interface each, and what is between them."""

    def __init__(self, milliseconds, rate):
        self.remove()
        for host, address in HOSTS.items():
            end = f"link-{host[-1]}"
            run("ip", "netns", "add", host)
            run("ip", "link", "add", end, "type", "veth", "peer", "name", "eth0", "netns", host)
            inside = ("ip", "netns", "exec", host)
            # Large packets, since link.py handles them one by one; and none larger than the link takes.
            run("ip", "link", "set", end, "mtu", "65000", "up")
            run("ip", "-n", host, "link", "set", "eth0", "mtu", "65000", "up")
            run("ip", "-n", host, "link", "set", "lo", "up")
            run("ip", "-n", host, "addr", "add", f"{address}/24", "dev", "eth0")
            for place, name in (((), end), (inside, "eth0")):
                run(*place, "ethtool", "-K", name, "tso", "off", "gso", "off", "gro", "off", "tx", "off", "rx", "off")
            run(*inside, *f"tc qdisc add dev eth0 root tbf rate {rate} burst 256kb latency 100ms".split())
        self.process = subprocess.Popen([sys.executable, HERE / "link.py", "link-a", "link-b", str(milliseconds)])
        time.sleep(1)

    def remove(self):
        for host in HOSTS:
            subprocess.run(["ip", "netns", "del", host], stderr=subprocess.DEVNULL, check=False)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.remove()


def commands(arguments, folder):
    """The contestants' command lines, and those that time sums alone."""
    bench = [str(arguments.convit.resolve()), "bench", "--json", "--seconds", str(arguments.seconds)]
    bench += ["--model", arguments.model]
    rank = [*bench, "--threads", "1", "--batch-size", str(arguments.batch_size // 2)]
    hosts = folder / "hosts"
    hosts.write_text("".join(f"{host} slots=1\n" for host in HOSTS))
    # In the place of ssh: HOST COMMAND, in the host's namespace and under its name.
    enter = folder / "enter.sh"
    enter.write_text(
        '#!/bin/bash\nhost=$1; shift\nexec ip netns exec "$host" unshare -u bash -c "hostname $host; $*"\n'
    )
    enter.chmod(0o755)
    # Each rank on a processor of its own: the two hosts are one machine.
    pinned = folder / "rank.sh"
    pinned.write_text('#!/bin/bash\nexec taskset -c "$OMPI_COMM_WORLD_RANK" "$@"\n')
    pinned.chmod(0o755)
    over = ["mpirun", "-np", "2", "--hostfile", str(hosts), "--map-by", "node", "--bind-to", "none"]
    over += ["--mca", "plm_rsh_agent", str(enter), *OVER_TCP, str(pinned)]
    over = [str(enter), next(iter(HOSTS)), *over]
    here = ["mpirun", "-np", "2", "--bind-to", "core"]
    sums = folder / "sums"
    sources = HERE.parent / "Sources/CMPI"
    run("mpicc", "-O2", "-DCONVIT_MPI", f"-I{sources}/include", f"-I{sources}", HERE / "sums.c", *sources.glob("*.c"), "-o", sums)
    speeds = {
        "1 rank × 2 threads": [*bench, "--threads", "2", "--batch-size", str(arguments.batch_size)],
        "2 ranks × 1 thread": [*here, *rank],
        "2 ranks × 1 thread, over the link": [*over, *rank],
    }
    return speeds, {"on this host": [*here, str(sums)], "over the link": [*over, str(sums)]}


def output(command):
    """The lines of JSON that a command prints."""
    done = subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True, timeout=600, check=False)
    lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
    if not lines:
        sys.exit(f"{' '.join(command)}\n{done.stderr[-2000:]}")
    return [json.loads(line) for line in lines]


def predict():
    """Prints the share of a step's time that is a rank's own work, by the model of docs/CLUSTER.md."""
    spread, message, ranks = 0.02, 2e-6, (2, 8, 64, 1000)
    print("model         seconds  Gbit/s  latency  " + "".join(f"{n:>6} ranks" for n in ranks))
    for model, parameters, own in ("convit_tiny", 5_717_416, 2.0), ("convit_base", 86_500_000, 8.0):
        size = 4 * parameters
        messages = 2 * math.ceil(size / 2**22)
        for gigabits, latency in (1, 1e-3), (10, 50e-6), (100, 5e-6):
            bandwidth = 0.82 * gigabits * 1e9 / 8
            shares = []
            for n in ranks:
                sent = 2 * (n - 1) / n * size / bandwidth + 6 * latency + (messages + 3) * (n - 1) * message
                shares.append(own / (own * (1 + spread * math.sqrt(2 * math.log(n))) + sent))
            print(f"{model:12} {own:8} {gigabits:7} {latency:8}  " + "".join(f"{share:12.2f}" for share in shares))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--convit", type=pathlib.Path, default=".build/release/convit", help="a build with the trait MPI")
    parser.add_argument("--predict", action="store_true", help="print what the model of the cost says, and measure nothing")
    parser.add_argument("--model", default="convit_tiny")
    parser.add_argument("--batch-size", type=int, default=32, help="images of a step, in all ranks")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=8)
    parser.add_argument("--rate", default="1gbit")
    parser.add_argument("--delay", type=float, default=1, help="milliseconds each way")
    arguments = parser.parse_args()
    if arguments.predict:
        return predict()
    hosts = pathlib.Path("/etc/hosts")
    before = hosts.read_text()
    rates = {}
    try:
        hosts.write_text(before.rstrip("\n") + "\n" + "".join(f"{a} {h}\n" for h, a in HOSTS.items()))
        with tempfile.TemporaryDirectory() as folder, Link(arguments.delay, arguments.rate):
            speeds, sums = commands(arguments, pathlib.Path(folder))
            for place, command in sums.items():
                for line in output(command):
                    print(f"a sum of {line['numbers']:>7} numbers on two ranks {place}: {line['ms']:.2f} ms", flush=True)
            for _ in range(arguments.rounds):
                for name, command in speeds.items():
                    rates.setdefault(name, []).append(output(command)[-1]["images_per_second"])
    finally:
        hosts.write_text(before)
    alone = rates["1 rank × 2 threads"]
    print(f"{arguments.model}, {arguments.batch_size} images a step, link {arguments.rate} and {arguments.delay:g} ms")
    for name, own in rates.items():
        ratios = [a / b for a, b in zip(own, alone)]
        print(
            f"{name:36} {statistics.median(own):6.1f} images/s ({min(own):.1f} to {max(own):.1f})"
            f"  {statistics.median(ratios):.2f} of one rank ({min(ratios):.2f} to {max(ratios):.2f})"
        )


if __name__ == "__main__":
    main()
