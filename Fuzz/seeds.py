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
# Packets of a server: CONNACK, PUBLISH of each QoS, acknowledgements, SUBACK, UNSUBACK, PINGRESP, DISCONNECT, AUTH.
PACKETS = [
    "2003000000",
    "2018010015110000000e21001424012500270001000013001e2a00",
    "3008000361" "2f6200" "6869",
    "350c0001740201" "0401012600" "00",
    "3d1a000174000109" "0101" "0200000" "03c" "230005" "68656c6c6f0000000000",
    "40020001",
    "5003000110",
    "6206000292021f00",
    "70020001",
    "9004000100" "01",
    "b004000200" "00",
    "d000",
    "e0078b051f00026279",
    "f000",
]
# Bundles: one run, several epochs, the largest numbers.
BUNDLE_HEAD = (
    "UNS-DIODE-BUNDLE 1\nlink plant-a\nfingerprint SHA256:" + "A" * 43 + "\nwritten 2026-11-21T09:30:00.000Z\n"
)
BUNDLES = [
    "epoch 1763716000000\nblocks 31\nend 1\n",
    "epoch 1763716000000\nblocks 31\nblocks 40-77\nepoch 1763802400000\nblocks 1-9\nend 48\n",
    "epoch 9223372036854775807\nblocks 1-9223372036854775806\nend 9223372036854775806\n",
]
# Sparkplug: a birth with template and properties, data for it.
BIRTH = (
    "0880d095ffbc3112120a0562645365711880d095ffbc312004580312210a144e6f646520436f6e74726f6c2f526562697274"
    "681880d095ffbc31200b700012550a074d6f746f72203110011880d095ffbc31201392013e0a013112170a0372706d1880d0"
    "95ffbc31200a690000000000229740120f0a026f6e1880d095ffbc31200b7001220d5f74797065735f2f4d6f746f72280012"
    "3f0a0b74656d706572617475726510031880d095ffbc3120094a200a075175616c6974790a07656e67556e69741205080318"
    "c0011205080c420143650000ac411800"
)
DATA = (
    "08f4d395ffbc311223100118f4d395ffbc3192011712150a0372706d18f4d395ffbc316900000000004897401220100318f4"
    "d395ffbc314a100a075175616c6974791205080318f403650000b4411801"
)
# What FuzzSession does before and between packets: open, publish, subscribe, acknowledge, tick, lose.
SCRIPTS = ["00", "000301", "00030a07", "000b0c0d", "0002" "0307", "00030f00"]


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
        yield from (vector["bytes"] for folder in ("cards", "rotations") for vector in read(folder))
    elif target == "FuzzBundle":
        yield from ((BUNDLE_HEAD + bundle).encode().hex() for bundle in BUNDLES)
    elif target == "FuzzMQTT":
        for version in ("04", "05"):
            yield from (version + packet for packet in PACKETS)
            yield version + "".join(PACKETS)
    elif target == "FuzzSession":
        for script in SCRIPTS:
            for packet in PACKETS[2:]:
                yield "%02x" % (len(script) // 2) + script + PACKETS[0] + packet + packet
    elif target == "FuzzReceive":
        for first in range(0, 256, 37):
            yield "%02x" % first + "".join(PACKETS[2:])
            # Larger than what is kept, at each QoS, with a small one behind it.
            for header, identifier in (("30", ""), ("32", "0009"), ("34", "000a")):
                body = "000161" + identifier + "00" + "78" * 400
                length = len(body) // 2
                large = header + "%02x%02x" % (length & 127 | 128, length >> 7) + body
                yield "%02x" % first + large + "3005000161" + "0031"
    elif target == "FuzzSparkplug":
        for types in ((0,), (0, 2), (0, 1, 3), (0, 2, 0x82, 4, 0), (1, 0x80, 3, 5), (2, 0, 0x42)):
            yield "".join(message(kind, DATA if kind & 7 in (2, 3) else BIRTH) for kind in types)
    elif target == "FuzzStatements":
        yield from scripts()


def scripts():
    """Beats, blocks, slices and restarts with every number of the list."""
    for number in range(16):
        yield "00" + "%02x" % number * 40
        yield ("00%02x" % number + "01" * 20 + "0307%02x" % number + "04" * 12) * 4
        yield "%02x" % (number % 8) + "ff%02x" % number * 60


def message(kind, payload):
    return "%02x%04x" % (kind, len(payload) // 2) + payload


def read(folder):
    return [json.loads(path.read_text()) for path in sorted((VECTORS / folder).glob("*.json"))]


def main():
    target, folder = sys.argv[1], pathlib.Path(sys.argv[2])
    folder.mkdir(parents=True, exist_ok=True)
    for index, text in enumerate(inputs(target)):
        (folder / f"vector-{index}").write_bytes(bytes.fromhex(text))


main()
