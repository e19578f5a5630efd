#!/usr/bin/env python3
"""Writes first inputs for a target into a folder: the vectors of the protocol, as the target wants to read them.

    seeds.py FuzzFrame FOLDER
"""

import json
import pathlib
import sys

VECTORS = pathlib.Path(__file__).resolve().parent.parent / "Tests/DiodeProtocolTests/Vectors"
# The first byte of FuzzContent's input.
DECODERS = {"live": 0, "slice": 1, "beat": 2}


def inputs(target):
    if target == "FuzzFrame":
        for vector in read("frames"):
            yield from (frame["frame"] for frame in vector.get("frames", []))
            if "bytes" in vector:
                yield vector["bytes"]
    elif target == "FuzzContent":
        for vector in read("contents"):
            yield "%02x" % DECODERS[vector["kind"]] + vector["bytes"]
        for vector in read("packing"):
            if vector["flags"] == 1:
                yield "03%04x" % (vector["plainBytes"] - 1) + vector["packed"]
    elif target == "FuzzCard":
        yield from (vector["bytes"] for vector in read("cards"))


def read(folder):
    return [json.loads(path.read_text()) for path in sorted((VECTORS / folder).glob("*.json"))]


def main():
    target, folder = sys.argv[1], pathlib.Path(sys.argv[2])
    folder.mkdir(parents=True, exist_ok=True)
    for index, text in enumerate(inputs(target)):
        (folder / f"vector-{index}").write_bytes(bytes.fromhex(text))


main()
