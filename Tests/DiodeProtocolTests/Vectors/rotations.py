"""Vectors of §10: how one key hands over to the next."""

import hashlib

from cards import KEY, OTHER
from wire import card, card_lines


def name(key):
    return hashlib.sha256(key.public).digest()[:16]


def statement(former=KEY, text=None, signer=None, magic=b"UNSD", version=2, channel=3, zero=b"\0\0", length=None):
    text = card(OTHER, card_lines(OTHER)) if text is None else text
    count = (len(text) if length is None else length).to_bytes(2, "big")
    head = magic + bytes([version, channel]) + zero + name(former) + count
    return head + text + (signer or former).sign(b"\x04" + text)


def vectors():
    def vector(about, data, **fields):
        return {"about": about, "kind": "rotation", "formerKey": KEY.public.hex(), "bytes": data.hex(), **fields}

    yield "accept-rotation", vector(
        "the key of the cards hands over to another", statement(), result="accept", nextKey=OTHER.public.hex(),
        next=name(OTHER).hex())
    longest = card(OTHER, card_lines(OTHER) + [b"x-" + b"y" * (1024 - len(card(OTHER, card_lines(OTHER))) - 3)])
    yield "accept-longest", vector(
        "a card of 1,024 bytes", statement(text=longest), result="accept", nextKey=OTHER.public.hex(), next=name(OTHER).hex())

    def refused(rule, about, data, counter="malformed"):
        return rule, vector(about, data, result="refuse", rule=rule[:4], counter=counter)

    yield refused("W-50-magic", "another magic", statement(magic=b"UNSE"))
    yield refused("W-50-version-1", "version 1 has no rotations", statement(version=1), "version")
    yield refused("W-50-version-3", "a version that is to come", statement(version=3), "version")
    yield refused("W-50-reserved", "a reserved byte is set", statement(zero=b"\0\1"))
    yield refused("W-50-no-card", "a card of no bytes", statement(text=b""))
    yield refused("W-50-long-card", "a card of 1,025 bytes", statement(text=longest[:-1] + b"\n\n"))
    yield refused("W-50-longer", "a byte behind the signature", statement() + b"\0")
    yield refused("W-50-cut-off", "the last byte is missing", statement()[:-1])
    yield refused("W-51-other-signer", "the next key has signed it itself", statement(signer=OTHER), "bad_signature")
    yield refused("W-51-other-former", "it names another key than the one that has signed", statement(former=OTHER, signer=KEY),
                  "bad_signature")
    broken = bytearray(card(OTHER, card_lines(OTHER)))
    broken[20] ^= 1
    yield refused("W-51-broken-card", "the key has signed a card that is none", statement(text=bytes(broken)), "refused_rotations")
