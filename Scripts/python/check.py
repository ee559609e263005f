"""Runs every line of docs/PYTHON.md, in a folder of its own, from the first to the last.

    python3 Scripts/python/check.py --binary .build/release/convit --data data/fashion-mnist

Indented blocks are commands of a shell, blocks of `python` are run in one namespace. The first that fails ends it.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPOSITORY / "Scripts" / "parity"))
import reference  # noqa: F401  before timm: see _skip_compiled_torchvision_operators there


def blocks(text):
    """('shell' or 'python', the lines) of each block, in their order."""
    pattern = re.compile(r"^```python\n(?P<python>.*?)^```$|(?P<shell>(?:^ {4}[^\n]*\n)+)", re.M | re.S)
    for match in pattern.finditer(text):
        if match["python"] is not None:
            yield "python", match["python"]
        else:
            yield "shell", re.sub(r"^ {4}", "", match["shell"], flags=re.M)


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--binary", type=Path, default=REPOSITORY / ".build/release/convit")
    options.add_argument("--data", type=Path, default=REPOSITORY / "data/fashion-mnist")
    options = options.parse_args()
    found = list(blocks((REPOSITORY / "docs/PYTHON.md").read_text()))
    assert [kind for kind, _ in found].count("python") >= 5 and [kind for kind, _ in found].count("shell") >= 2, found
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        (folder / "bin").mkdir()
        (folder / "data").mkdir()
        (folder / "bin/convit").symlink_to(options.binary.resolve())
        (folder / "data/fashion-mnist").symlink_to(options.data.resolve())
        for name in ("Weights", "Configs"):
            (folder / name).symlink_to(REPOSITORY / name)
        os.chdir(folder)
        os.environ["PATH"] = f"{folder}/bin:{os.environ['PATH']}"
        names = {}
        for kind, text in found:
            print(f"--- {kind}\n{text}", flush=True)
            if kind == "shell":
                subprocess.run(["bash", "-euc", text], check=True)
            else:
                exec(compile(text, "docs/PYTHON.md", "exec"), names)
        os.chdir(REPOSITORY)
    print(f"docs/PYTHON.md: {len(found)} blocks ran")


if __name__ == "__main__":
    main()
