#!/usr/bin/env python3
"""Reads the vectors of frames, seals and cards with docs/verify/wire.py: three readings of one text have to agree.

Prints each disagreement and how many files agree. Exit: 0 all agree, 1 one does not.
"""
import hashlib, json, pathlib, sys, tempfile

FOLDER = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(FOLDER.parents[2] / "docs" / "verify"))
import keys
import wire
from wire import Ed25519PublicKey, InvalidSignature, Refused, X25519PrivateKey


def read_frame(datagram, key):
    header, esi, _, root, signature = wire.read_frame(datagram)
    if header.link != hashlib.sha256(key).digest()[:16]:
        raise Refused("unknown_link")
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, b"\2" + header.bytes + root)
    except InvalidSignature:
        raise Refused("bad_signature") from None
    return esi, root.hex()


def outcome(vector):
    """Whether the reader gets what a vector has."""
    if vector["kind"] == "transmission":
        key = bytes.fromhex(vector["publicKey"])
        read = [read_frame(bytes.fromhex(frame["frame"]), key) for frame in vector["frames"]]
        return [esi for esi, _ in read] == [frame["encodingSymbol"] for frame in vector["frames"]] and all(
            root == vector["root"] for _, root in read)
    if vector["kind"] == "frame":
        read_frame(bytes.fromhex(vector["bytes"]), bytes.fromhex(vector["publicKey"]))
    if vector["kind"] == "seal":
        key = X25519PrivateKey.from_private_bytes(bytes.fromhex(vector["receiverKey"]))
        plain = wire.open_sealed(wire.Header(bytes.fromhex(vector["header"])), bytes.fromhex(vector["packed"]), [key])
        if plain is None:
            raise Refused("sealed")
        return plain.hex() == vector.get("plain")
    if vector["kind"] == "card":
        with tempfile.NamedTemporaryFile() as file:
            file.write(bytes.fromhex(vector["bytes"]))
            file.flush()
            try:
                wire.read_card(file.name)
            except (ValueError, InvalidSignature):
                raise Refused("card") from None
        return True
    if vector["kind"] == "rotation":
        key = keys.next_key(bytes.fromhex(vector["bytes"]), bytes.fromhex(vector["formerKey"]), "plant-a")
        return key.hex() == vector.get("nextKey")
    return False


agreeing = differing = 0
for path in sorted(path for folder in ("frames", "seals", "cards", "rotations") for path in (FOLDER / folder).glob("*.json")):
    vector = json.loads(path.read_text())
    try:
        agrees = outcome(vector) and vector["result"] == "accept"
    except Refused as refused:
        agrees = vector["result"] == "refuse" and str(refused).startswith(vector["counter"])
    agreeing, differing = agreeing + agrees, differing + (not agrees)
    if not agrees:
        print(f"{path.parent.name}/{path.name}: {vector['about']}")
print(f"{agreeing} agree")
sys.exit(1 if differing else 0)
