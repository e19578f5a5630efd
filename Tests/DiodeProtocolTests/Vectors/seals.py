"""Vectors of W-27: sealed blocks, and what is none."""

from frames import KEY
from sealing import public, seal
from wire import Transmission

RECEIVER = bytes(range(64, 96))
EPHEMERAL = bytes(range(128, 160))
CONTENT = b"a content of forty bytes, and it is secret"[:40]


def block(packed, **fields):
    return Transmission(KEY, packed, flags=2, plain_bytes=len(CONTENT), symbol_bytes=64, **fields)


def sealed(about=None, receiver=RECEIVER, **fields):
    plain = about or block(CONTENT, **fields)
    return block(seal(CONTENT, plain, EPHEMERAL, public(receiver)), **fields)


def vector(about, sent, result="accept"):
    out = {
        "about": about, "kind": "seal", "result": result, "receiverKey": RECEIVER.hex(), "header": sent.header.hex(),
        "packed": sent.packed.hex(),
    }
    if result == "accept":
        out.update(receiver=public(RECEIVER).hex(), ephemeralKey=EPHEMERAL.hex(), plain=CONTENT.hex())
    else:
        out.update(rule="W-27", counter="sealed")
    return out


def vectors():
    good = sealed()
    yield "accept-live", vector("a live block", good)
    yield "accept-beat", vector("a beat", sealed(channel=2, first_sequence=0, last_sequence=0))
    yield "accept-part", vector("the second of two parts of a slice", sealed(channel=1, part=1, parts=2, first_sequence=0, last_sequence=0))
    yield "accept-echo", vector("the same in another transmission", sealed(number=3, first_esi=7))

    def refused(name, about, sent):
        return "W-27-" + name, vector(about, sent, "refuse")

    def changed(at):
        return block(good.packed[:at] + bytes([good.packed[at] ^ 1]) + good.packed[at + 1 :])

    yield refused("other-key", "sealed for another receiver", sealed(receiver=EPHEMERAL))
    yield refused("ephemeral-changed", "one bit of the ephemeral key", changed(0))
    yield refused("nonce-changed", "one bit of the nonce", changed(32))
    yield refused("ciphertext-changed", "one bit of the ciphertext", changed(44))
    yield refused("tag-changed", "one bit of the tag", changed(len(good.packed) - 1))
    yield refused("cut-off", "the last byte is missing", block(good.packed[:-1]))
    yield refused("no-bytes", "a seal of nothing", block(good.packed[:60]))
    yield refused("other-block", "sealed as block 2", sealed(about=block(CONTENT, block=2)))
    yield refused("other-salt", "sealed under another salt", sealed(about=block(CONTENT, salt=bytes(16))))
    yield refused("other-channel", "sealed as a snapshot", sealed(about=block(CONTENT, channel=1, first_sequence=0, last_sequence=0)))
    weak = block(bytes(32) + good.packed[32:])
    yield refused("weak-key", "an ephemeral key that shares a secret with nobody", weak)
