#!/usr/bin/env python3
"""The public declarations of each library, a line each, in docs/api.

  Scripts/api.py write    from the modules that `make test` built
  Scripts/api.py check    ends with 1 where docs/api is not what the modules have

So a change of the API is seen where it is reviewed, and none happens by accident.
"""
import difflib
import json
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD = ROOT / ".build/plain"
FOLDER = ROOT / "docs/api"
LIBRARY = re.compile(r'\.library\(name: "(\w+)"')
# Members that the compiler makes for every enum and every Hashable type.
MADE = {"hashValue", "hash(into:)", "encode(to:)", "init(from:)", "==(_:_:)", "!=(_:_:)", "allCases", "AllCases"}


def extraction():
    """The command that lets the compiler write what is public, without the module and the folder."""
    modules = next(BUILD.glob("*/release/Modules"), None)
    if modules is None:
        sys.exit("api: there are no modules in .build/plain: run `make test` first")
    maps = [path.parent for place in (ROOT / "Sources", BUILD / "checkouts") for path in place.rglob("module.modulemap")]
    maps += [path.parent for path in modules.parent.glob("C*.build/module.modulemap")]  # that the build wrote
    target = json.loads(subprocess.check_output(["swift", "-print-target-info"]))["target"]["triple"]
    command = ["swift", "symbolgraph-extract", "-target", target, "-minimum-access-level", "public"]
    for path in [modules, *maps]:
        command += ["-I", path]
    return command


def declarations(module, command):
    """Lines such as `MHSA.proj: let proj: Linear`, sorted; a type with what it conforms to."""
    lines = set()
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([*command, "-module-name", module, "-output-dir", folder], check=True)
        for file in sorted(pathlib.Path(folder).glob(f"{module}*.symbols.json")):
            graph = json.loads(file.read_text())
            conformances = {}
            for relation in graph["relationships"]:
                if relation["kind"] in ("conformsTo", "inheritsFrom"):
                    name = relation.get("targetFallback", relation["target"]).split(".")[-1]
                    conformances.setdefault(relation["source"], set()).add(name)
            names = {s["identifier"]["precise"]: s["names"]["title"] for s in graph["symbols"]}
            for symbol in graph["symbols"]:
                precise, path = symbol["identifier"]["precise"], symbol["pathComponents"]
                if "::SYNTHESIZED::" in precise or path[-1] in MADE:
                    continue
                text = "".join(f["spelling"] for f in symbol["declarationFragments"])
                kind = symbol["kind"]["identifier"]
                known = sorted(names.get(c, c) for c in conformances.get(precise, ()))
                known = [c for c in known if not c.startswith("s:") and c not in ("Copyable", "Escapable", "SendableMetatype")]
                lines.add(f"{'.'.join(path)}: {' '.join(text.split())}" + (f" : {', '.join(known)}" if known and kind != "swift.protocol" else ""))
    return sorted(lines)


def main():
    if sys.argv[1:] not in (["write"], ["check"]):
        sys.exit(__doc__)
    modules = LIBRARY.findall((ROOT / "Package.swift").read_text())
    command, differs = extraction(), False
    for module in modules:
        lines, path = declarations(module, command), FOLDER / f"{module}.txt"
        if sys.argv[1] == "write":
            path.write_text("".join(line + "\n" for line in lines))
            continue
        before = path.read_text().splitlines() if path.exists() else []
        for line in difflib.unified_diff(before, lines, f"docs/api/{module}.txt", "the module", n=0, lineterm=""):
            differs = True
            print(line)
    if differs:
        sys.exit(
            "api: the public declarations are others than docs/api says. If that is meant, `make api` writes "
            "them there; lines with - are gone, which breaks programs that use them: tell it in CHANGELOG.md"
        )
    print(f"api: docs/api has the public declarations of {len(modules)} libraries")


main()
