"""Vectors of §1 to §3: frames, transmissions, signatures."""

import struct

from wire import Key, Transmission, encoding_symbol

SEED = bytes(range(32))
KEY = Key(SEED)
OTHER = Key(bytes(range(1, 33)))
PACKED = bytes(i * 37 % 251 for i in range(70))


def transmission(**fields):
    return Transmission(KEY, PACKED, **fields)


def accepted(about, sent, shown=None):
    return {
        "about": about,
        "kind": "transmission",
        "result": "accept",
        "seed": sent.key.seed.hex(),
        "publicKey": sent.key.public.hex(),
        "channel": sent.channel,
        "flags": sent.flags,
        "link": sent.link.hex(),
        "epoch": str(sent.epoch),
        "incarnation": str(sent.incarnation),
        "block": str(sent.block),
        "transmission": sent.number,
        "firstEncodingSymbol": sent.first_esi,
        "sourceSymbols": sent.source_symbols,
        "encodingSymbols": sent.symbol_count,
        "symbolBytes": sent.symbol_bytes,
        "part": sent.part,
        "parts": sent.parts,
        "packedBytes": sent.packed_bytes,
        "plainBytes": sent.plain_bytes,
        "firstSequence": str(sent.first_sequence),
        "lastSequence": str(sent.last_sequence),
        **({"salt": sent.salt.hex()} if sent.salt else {}),
        "contentHash": sent.content.hex(),
        "header": sent.header.hex(),
        "sourceLeaves": [sent.leaf(esi).hex() for esi in range(sent.source_symbols)],
        "leaves": [leaf.hex() for leaf in sent.levels[0]],
        "root": sent.root.hex(),
        "signedMessage": sent.signed.hex(),
        "signature": sent.key.sign(sent.signed).hex(),
        "frames": [
            {"leaf": index, "encodingSymbol": sent.esis[index], "path": [node.hex() for node in sent.path(index)],
             "symbol": encoding_symbol(sent.source, sent.esis[index]).hex(), "frame": sent.frame(index).hex()}
            for index in (shown if shown is not None else range(sent.symbol_count))
        ],
    }


def refused(rule, about, frame, counter="malformed"):
    return {
        "about": about,
        "rule": rule,
        "kind": "frame",
        "result": "refuse",
        "counter": counter,
        "publicKey": KEY.public.hex(),
        "bytes": frame.hex(),
    }


def changed(frame, offset, value):
    return frame[:offset] + value + frame[offset + len(value) :]


def accept_vectors():
    yield "accept-version-1-one-symbol", accepted("version 1, K = 1", Transmission(KEY, b"\x2a" * 20, version=1))
    yield "accept-version-1-odd-tree", accepted("version 1, K = 3, N = 5", transmission(version=1))
    yield "accept-version-1-beat", accepted(
        "version 1, a compressed block of a beat",
        transmission(version=1, channel=2, flags=1, plain_bytes=1000, first_sequence=0, last_sequence=0))
    yield "accept-other-salt", accepted(
        "the block of accept-odd-tree with another salt: no hash is the same", transmission(salt=bytes(16)))
    yield "accept-one-symbol", accepted("K = 1: the symbol and two repairs", Transmission(KEY, b"\x2a" * 20))
    yield "accept-no-repair", accepted(
        "N = 1: no path, the root is the leaf", Transmission(KEY, b"\x2a" * 20, symbol_count=1))
    yield "accept-odd-tree", accepted("K = 3, N = 5: missing right children on two heights", transmission())
    yield "accept-wrapped", accepted(
        "a repetition that begins at ESI 253 and goes on at 0", transmission(first_esi=253, symbol_count=6, number=1))
    yield "accept-later-transmission", accepted(
        "the fourth sending from ESI 17 on: other root, same content hash",
        transmission(first_esi=17, symbol_count=4, number=3))
    yield "accept-full-tree", accepted(
        "N = 255: a path of 8 nodes; three of the frames", transmission(symbol_count=255, symbol_bytes=2), [0, 127, 254])
    yield "accept-compressed", accepted(
        "a compressed block of a beat; sequences are 0",
        transmission(channel=2, flags=1, plain_bytes=1000, first_sequence=0, last_sequence=0))
    yield "accept-snapshot-part", accepted(
        "the last of three parts of a slice",
        transmission(channel=1, part=2, parts=3, block=9, first_sequence=0, last_sequence=0))
    yield "accept-no-sequence", accepted(
        "a live block of control items only: last = first - 1", transmission(first_sequence=1, last_sequence=0))
    yield "accept-highest-numbers", accepted(
        "every number at its highest",
        transmission(
            epoch=2**63 - 1, block=2**63 - 1, number=65535, incarnation=2**64 - 1, first_sequence=2**63 - 2**32,
            last_sequence=2**63 - 1, part=0, parts=1))


def length_vectors(good):
    yield "W-01-one-byte-short", refused("W-01", "the last byte is missing", good[:-1])
    yield "W-01-one-byte-long", refused("W-01", "a byte more than header and path say", good + b"\x00")
    yield "W-01-under-161-bytes", refused("W-01", "160 bytes", good[:160])
    yield "W-01-under-178-bytes", refused("W-01", "177 bytes of version 2", good[:177])
    old = transmission(version=1).frame(0)
    yield "W-01-version-1-short", refused("W-01", "version 1, the last byte is missing", old[:-1])
    yield "W-01-header-only", refused("W-01", "96 bytes", good[:96])
    yield "W-01-empty", refused("W-01", "an empty datagram", b"")
    yield "W-02-other-magic", refused("W-02", "UNSE", changed(good, 0, b"UNSE"))
    yield "W-02-lower-case-magic", refused("W-02", "unsd", changed(good, 0, b"unsd"))
    yield "W-03-version-0", refused("W-03", "version 0", changed(good, 4, b"\x00"), "version")
    yield "W-03-version-3", refused("W-03", "version 3, signed and all", transmission(version=3).frame(0), "version")
    old = transmission(version=1).frame(0)
    yield "W-44-version-1-as-2", refused(
        "W-44", "version 1 that calls itself version 2: the ESI stands where the suite should", changed(old, 4, b"\x02"),
        "version")
    yield "W-44-suite-0", refused("W-44", "suite 0, signed and all", transmission(suite=0).frame(0), "version")
    yield "W-44-suite-2", refused("W-44", "suite 2, signed and all", transmission(suite=2).frame(0), "version")
    other = transmission(link=OTHER.link).frame(0)
    yield "W-04-unknown-link", refused("W-04", "names the link of another key", other, "unknown_link")


def field_vectors():
    def frame(**fields):
        return transmission(**fields).frame(0)

    yield "W-05-channel-3", refused("W-05", "channel 3", frame(channel=3))
    yield "W-05-flag-bit-2", refused("W-05", "flag bit 2", frame(flags=4))
    yield "W-05-flag-bit-7", refused("W-05", "flag bit 7", frame(flags=128))
    yield "W-05-no-source-symbol", refused("W-05", "K = 0", frame(source_symbols=0))
    yield "W-05-first-esi-255", refused("W-05", "first ESI 255", changed(frame(), 50, b"\xff"))
    yield "W-05-no-encoding-symbol", refused("W-05", "N = 0", changed(frame(), 51, b"\x00"))
    yield "W-05-symbols-of-no-bytes", refused("W-05", "T = 0", changed(frame(), 52, b"\x00\x00"))
    yield "W-05-symbols-of-65001-bytes", refused("W-05", "T = 65,001", changed(frame(), 52, struct.pack(">H", 65001)))
    yield "W-06-one-symbol-too-many", refused("W-06", "70 bytes in 4 symbols of 32", frame(source_symbols=4))
    yield "W-06-one-symbol-too-few", refused("W-06", "70 bytes in 2 symbols of 32", frame(source_symbols=2))
    yield "W-06-no-packed-bytes", refused("W-06", "packed = 0", frame(packed_bytes=0, plain_bytes=0))
    yield "W-07-esi-outside-transmission", refused("W-07", "ESI 5 of 0 to 4", changed(frame(), 113, b"\x05"))
    wrapped = transmission(first_esi=253, symbol_count=6).frame(0)
    yield "W-07-esi-before-wrapped-transmission", refused("W-07", "ESI 252 of 253 to 3", changed(wrapped, 113, b"\xfc"))
    yield "W-07-esi-255", refused("W-07", "ESI 255 = 0 modulo 255, but no ESI", changed(frame(), 113, b"\xff"))
    yield "W-08-live-from-0", refused("W-08", "first = 0", frame(first_sequence=0, last_sequence=5))
    yield "W-08-backwards", refused("W-08", "last = first - 2", frame(first_sequence=7, last_sequence=5))
    yield "W-08-too-many", refused("W-08", "2^32 + 1 sequences", frame(first_sequence=1, last_sequence=2**32 + 1))
    yield "W-08-beyond-63-bits", refused("W-08", "last = 2^63", frame(first_sequence=2**63, last_sequence=2**63))
    yield "W-08-snapshot-with-sequences", refused(
        "W-08", "a snapshot block that takes a sequence", frame(channel=1, first_sequence=1, last_sequence=1))
    yield "W-08-beat-with-sequences", refused(
        "W-08", "a beat with last = first - 1 = 0", frame(channel=2, first_sequence=1, last_sequence=0))
    yield "W-09-no-parts", refused("W-09", "parts = 0", frame(parts=0))
    yield "W-09-part-outside", refused("W-09", "part 3 of 0 to 2", frame(part=3, parts=3))
    yield "W-09-65-parts", refused("W-09", "parts = 65", frame(parts=65))
    yield "W-09-parts-of-two-records", refused("W-09", "live parts with two sequences", frame(parts=2, last_sequence=2))
    yield "W-09-parts-of-no-record", refused("W-09", "live parts with no sequence", frame(parts=2, last_sequence=0))
    yield "W-10-epoch-0", refused("W-10", "epoch 0", frame(epoch=0))
    yield "W-10-epoch-beyond-63-bits", refused("W-10", "epoch 2^63", frame(epoch=2**63))
    yield "W-10-block-0", refused("W-10", "block 0", frame(block=0))
    yield "W-10-block-beyond-63-bits", refused("W-10", "block 2^63", frame(block=2**63))
    yield "W-25-plain-differs", refused("W-25", "uncompressed, but plain is not packed", frame(plain_bytes=71))
    yield "W-26-packed-above-1-MiB", refused(
        "W-26", "packed = 2^20 + 1 in 255 symbols of 4,113",
        frame_of_large_block(packed_bytes=2**20 + 1, plain_bytes=2**20 + 1))
    yield "W-26-plain-above-4-MiB", refused("W-26", "plain = 2^22 + 1", frame(flags=1, plain_bytes=2**22 + 1))
    yield "W-26-no-plain-bytes", refused("W-26", "plain = 0", frame(flags=1, plain_bytes=0))


def frame_of_large_block(**fields):
    small = Transmission(KEY, bytes(4113), symbol_bytes=4113, source_symbols=255, symbol_count=1, **fields)
    return small.frame(0)


def signature_vectors(good):
    def forged(name, about, frame):
        return name, refused("W-15", about, frame, "bad_signature")

    end = 178 + 3 * 16
    yield forged("W-15-symbol-changed", "one bit of the symbol", changed(good, end, bytes([good[end] ^ 1])))
    yield forged("W-15-path-changed", "one bit of the path", changed(good, 178, bytes([good[178] ^ 1])))
    yield forged("W-15-path-nodes-swapped", "two nodes of the path", good[:178] + good[194:210] + good[178:194] + good[210:])
    yield forged("W-15-signature-changed", "one bit of R", changed(good, 114, bytes([good[114] ^ 1])))
    yield forged("W-15-header-changed", "the block number after signing", changed(good, 47, b"\x02"))
    yield forged("W-15-salt-changed", "one bit of the salt", changed(good, 97, bytes([good[97] ^ 1])))
    yield forged("W-15-version-changed", "version 1's bytes under version 2's signature", stolen_version())
    yield forged("W-15-transmission-changed", "the transmission after signing", changed(good, 49, b"\x01"))
    yield forged("W-15-symbol-moved", "the symbol of ESI 0 as ESI 1", changed(good, 113, b"\x01"))
    sent = transmission()
    yield forged("W-15-other-key", "signed by another key", sent.frame(0, OTHER.sign(sent.signed)))
    yield forged("W-15-no-domain", "the signature leaves the first byte out", sent.frame(0, KEY.sign(sent.signed[1:])))
    other = transmission(block=2)
    stolen = sent.header + other.frame(0)[113:]
    yield forged("W-15-signature-of-other-block", "signature, path and symbol of another block", stolen)


def stolen_version():
    """A frame of version 1, whole in itself, with the signature over the same block in version 2."""
    return transmission(version=1).frame(0, KEY.sign(transmission().signed))


def vectors():
    good = transmission().frame(0)
    yield from accept_vectors()
    yield from length_vectors(good)
    yield from field_vectors()
    yield from signature_vectors(good)
