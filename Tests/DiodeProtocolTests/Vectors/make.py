#!/usr/bin/env python3
"""Writes the vectors of this folder from docs/WIRE.md, without the Swift implementation.

    python3 make.py            writes them; `git diff` then shows what the specification changed
    python3 make.py --check    exits 1 if a file differs, is missing or has nobody who writes it
"""

import json
import pathlib
import sys

sys.dont_write_bytecode = True

import cards
import contents
import frames
import packing
import rotations
import seals
import state

HERE = pathlib.Path(__file__).resolve().parent


def main():
    wanted = {}
    folders = {"frames": frames, "contents": contents, "packing": packing, "cards": cards, "rotations": rotations, "seals": seals,
               "state": state}
    for folder, vectors in folders.items():
        for name, vector in vectors.vectors():
            path = HERE / folder / (name + ".json")
            if path in wanted:
                sys.exit(f"{path} is made twice")
            wanted[path] = json.dumps(vector, indent=1, ensure_ascii=True) + "\n"
    present = set(HERE.glob("*/*.json"))
    if sys.argv[1:] == ["--check"]:
        stale = [path for path, text in wanted.items() if path not in present or path.read_text() != text]
        stale += present - set(wanted)
        for path in sorted(stale):
            print(f"{path.relative_to(HERE)} is not what make.py makes")
        sys.exit(1 if stale else 0)
    for path in present - set(wanted):
        path.unlink()
    for path, text in wanted.items():
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)


main()
