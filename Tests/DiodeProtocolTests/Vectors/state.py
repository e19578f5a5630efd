"""Vectors of W-37: slots and the digest that a checkpoint says of them."""

import hashlib
import struct

PROPERTIES = b"\x01\x01\x26\x00\x01k\x00\x01v"
RETAINED, EVENT, STATE, TOMBSTONE = 0x11, 0x12, 0x13, 0x14
EPOCH = 1763716000000


def slot_hash(kind, topic, epoch, sequence, qos, properties, payload):
    name = struct.pack(">I", len(topic)) + topic
    rest = struct.pack(">BQQBI", kind, epoch, sequence, qos, len(properties))
    return hashlib.sha256(b"\x08" + name + rest + properties + payload).digest()


def vector(about, slots):
    hashes = [slot_hash(*slot) for slot in slots if slot[0] != TOMBSTONE]
    total = sum(int.from_bytes(value, "big") for value in hashes) % 2**256
    return {
        "about": about, "kind": "state", "result": "accept",
        "slots": [
            {"kind": kind, "topic": topic.hex(), "epoch": str(epoch), "sequence": str(sequence), "qos": qos,
             "properties": properties.hex(), "payload": payload.hex()}
            for kind, topic, epoch, sequence, qos, properties, payload in slots
        ],
        "hashes": [value.hex() for value in hashes], "digest": total.to_bytes(32, "big").hex(),
    }


def vectors():
    a, b = b"acme/press/temperature", "acme/Straße/°C".encode()
    yield "accept-empty", vector("no slots", [])
    one = (RETAINED, a, EPOCH, 1, 1, b"", b"21.5")
    yield "accept-one", vector("one retained value", [one])
    yield "accept-several", vector("all kinds; a tombstone adds nothing, an empty payload does", [
        one, (EVENT, a, EPOCH, 2, 2, PROPERTIES, b""), (STATE, b, EPOCH + 1, 2**63 - 1, 0, b"", bytes(range(256))),
        (TOMBSTONE, b"gone", EPOCH, 7, 1, b"", b"")])
    yield "accept-wraps", vector("enough slots that the sum passes 2²⁵⁶ more than once", [
        (RETAINED, b"t/%d" % index, EPOCH, index + 1, index % 3, PROPERTIES[: index % 2 * 9], b"x" * index)
        for index in range(24)])
